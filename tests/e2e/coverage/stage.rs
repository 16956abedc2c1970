//! A control plane with everything we ship, two namespaces with the same things
//! in them, and a tenant who may do everything but read Secrets and break glass.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::accounts::emr_service_account;
use crate::harness::http::{Answer, MERGE};
use crate::harness::rolegate::Rolegate;
use crate::harness::users::User;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, wait};

use super::discovery;
use super::probes::{CLUSTER_SCOPED, JSON, NAMESPACED, Place, Probe, driver};

/// What is off or only warns without being asked for.
const POLICY: &str = "
apiVersion: rolegate.dev/v1alpha1
kind: Policy
doors: {cluster: enforce}
rules:
  job-lifecycle: {mode: enforce}
";

/// See the module.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    /// Where rolegate is not.
    pub(crate) open: String,
    /// Where it enforces.
    pub(crate) enforced: String,
    /// What every dangerous request led to before anything of ours was
    /// installed. The cluster door guards reserved names everywhere, so not
    /// even a namespace without a label is a place without rolegate.
    before: BTreeMap<String, u16>,
    rolegate: Rolegate,
}

/// The one that all tests share, set on first use.
pub(crate) fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(Stage::set);
    &STAGE
}

impl Stage {
    fn set() -> Self {
        let cluster = Cluster::start();
        let rolegate = Rolegate::start(Some(POLICY));
        // The API server takes a claim with an administrator's access to a
        // device in a namespace with this label only.
        let labels = json!({"resource.kubernetes.io/admin-access": "true"});
        let open = Namespace::with_labels(&cluster, &labels).name;
        let enforced = Namespace::with_labels(&cluster, &labels).name;
        let mut stage = Self {
            cluster,
            open,
            enforced,
            before: BTreeMap::new(),
            rolegate,
        };
        stage.cluster.define(&crate::bypasses::KINDS);
        stage.let_bob_do_everything();
        for namespace in [&stage.open, &stage.enforced] {
            stage.store_accounts(Place(namespace));
            stage.store(Place(namespace), &NAMESPACED);
        }
        stage.store(stage.place(), &CLUSTER_SCOPED);
        stage.before = stage.try_everything();
        stage.install();
        stage
    }

    /// The enforced namespace.
    pub(crate) fn place(&self) -> Place<'_> {
        Place(&self.enforced)
    }

    fn install(&self) {
        self.cluster.install(VALIDATING, &self.rolegate);
        self.cluster.install_guards();
        let path = format!("/api/v1/namespaces/{}", self.enforced);
        self.cluster
            .request(self.cluster.admin(), "PATCH", &path)
            .body(
                MERGE,
                json!({"metadata": {"labels": {"rolegate.dev/mode": "enforce"}}}).to_string(),
            )
            .send()
            .expect_status(200);
        self.cluster.wait_until_enforced();
    }

    /// What a dangerous request, by its name, led to without rolegate.
    pub(crate) fn without_rolegate(&self, name: &str) -> Option<u16> {
        self.before.get(name).copied()
    }

    fn try_everything(&self) -> BTreeMap<String, u16> {
        let mut statuses = BTreeMap::new();
        for served in discovery::served(&self.cluster) {
            if !Place::knows(&served.name) {
                continue;
            }
            for verb in &served.verbs {
                if let Ok(answer) = self.attempt(Place(&self.open), &served.name, verb) {
                    statuses.insert(line(&served.name, verb), answer.status);
                }
            }
        }
        for (name, send) in crate::bypasses::requests() {
            let status = send(self, Place(&self.open)).status;
            let twice = statuses.insert(name.to_owned(), status);
            assert!(twice.is_none(), "two requests are called {name:?}");
        }
        statuses
    }

    /// Sends bob's dangerous request of one verb on one resource, as a dry-run
    /// where it changes something: rolegate decides it like a real one.
    pub(crate) fn attempt(
        &self,
        place: Place<'_>,
        resource: &str,
        verb: &str,
    ) -> Result<Answer, String> {
        let probe = place
            .probe(resource)
            .ok_or("tests/e2e/coverage/probes.rs has no dangerous request for it")?;
        if let Some(method) = connects(resource, verb) {
            return Ok(self.bobs(method, &probe.path, None).send());
        }
        let collection = format!("{}?dryRun=All", probe.path);
        Ok(match verb {
            "create" => self
                .bobs("POST", &collection, Some((JSON, &probe.create)))
                .send(),
            "deletecollection" => self.bobs("DELETE", &collection, None).send(),
            _ => self.on_stored(&probe, resource, verb)?,
        })
    }

    fn on_stored(&self, probe: &Probe, resource: &str, verb: &str) -> Result<Answer, String> {
        let stored = probe.stored.as_ref().ok_or("nothing of it is stored")?;
        let name = stored["metadata"]["name"]
            .as_str()
            .ok_or("it has no name")?;
        let object = format!("{}/{name}", probe.path);
        let target = match resource.split_once('/') {
            Some((_, sub)) => format!("{object}/{sub}?dryRun=All"),
            None => format!("{object}?dryRun=All"),
        };
        Ok(match verb {
            "patch" | "update" => {
                let mut whole = self.cluster.get(&object);
                merge(&mut whole, &probe.change);
                if verb == "update" {
                    self.bobs("PUT", &target, Some((JSON, &whole))).send()
                } else {
                    let patch = touched(&whole, &probe.change);
                    self.bobs("PATCH", &target, Some((MERGE, &patch))).send()
                }
            }
            "delete" => self.bobs("DELETE", &target, None).send(),
            verb => return Err(format!("no way to send {verb}")),
        })
    }

    /// A request of bob's.
    pub(crate) fn bobs(
        &self,
        method: &'static str,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> crate::harness::http::Request<'_> {
        let request = self.cluster.request(self.bob(), method, path);
        match body {
            Some((kind, body)) => request.body(kind, body.to_string()),
            None => request,
        }
    }

    pub(crate) fn bob(&self) -> &User {
        self.cluster.bob()
    }

    /// A request of alice's, who may do everything in both namespaces, reading
    /// Secrets included: `rolegate-secret-guard` lets her write them.
    pub(crate) fn alices(
        &self,
        method: &'static str,
        path: &str,
        (kind, body): (&str, &Value),
    ) -> crate::harness::http::Request<'_> {
        let request = self.cluster.request(self.cluster.alice(), method, path);
        request.body(kind, body.to_string())
    }

    /// Service accounts of others: one that nobody lists for bob, with a token
    /// Secret, and another role's; and the rights that a driver has.
    fn store_accounts(&self, place: Place<'_>) {
        let others = emr_service_account("spark", "executor", "111122223333", "team-c-etl");
        for name in ["others", &others] {
            let account =
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
            self.cluster
                .create(&place.core("serviceaccounts"), &account);
        }
        self.cluster.create(
            &place.core("secrets"),
            &json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                "metadata": {"name": "token", "annotations": {"kubernetes.io/service-account.name": "others"}},
            }),
        );
        self.cluster.create(
            &place.group("rbac.authorization.k8s.io/v1", "rolebindings"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "driver"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "everything"},
                "subjects": [{"kind": "ServiceAccount", "name": driver(), "namespace": place.0}],
            }),
        );
    }

    fn store(&self, place: Place<'_>, resources: &[&str]) {
        for resource in resources {
            let probe = place
                .probe(resource)
                .unwrap_or_else(|| panic!("no probe for {resource}"));
            if let Some(stored) = &probe.stored {
                self.cluster.create(&probe.path, stored);
            }
        }
    }

    /// Everything that is served, by name: `*` on `*` would be break-glass.
    fn let_bob_do_everything(&self) {
        let mut rules = vec![
            json!({"apiGroups": ["certificates.k8s.io"], "resources": ["signers"], "verbs": ["*"]}),
            json!({"nonResourceURLs": ["*"], "verbs": ["*"]}),
            json!({"apiGroups": ["stored.example.com"], "resources": ["things"], "verbs": ["*"]}),
        ];
        for served in discovery::served(&self.cluster) {
            let (base, sub) = served.name.split_once('/').unwrap_or((&served.name, ""));
            let (plural, group) = base.split_once('.').unwrap_or((base, ""));
            let resource = match sub {
                "" => plural.to_owned(),
                sub => format!("{plural}/{sub}"),
            };
            let verbs = match base {
                "secrets" => json!(["create", "update", "patch", "delete", "deletecollection"]),
                _ => json!(["*"]),
            };
            rules.push(json!({"apiGroups": [group], "resources": [resource], "verbs": verbs}));
        }
        let rbac = "/apis/rbac.authorization.k8s.io/v1";
        self.cluster.create(
            &format!("{rbac}/clusterroles"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": "nearly-everything"}, "rules": rules,
            }),
        );
        self.cluster.create(
            &format!("{rbac}/clusterrolebindings"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": {"name": "nearly-everything"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "nearly-everything"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": self.bob().name}],
            }),
        );
        wait::until("RBAC to know bob's rights", || {
            let answer = self.bobs("GET", "/api/v1/nodes", None).try_send()?;
            (answer.status == 200).then_some(()).ok_or(answer.body)
        });
    }
}

/// The HTTP method of a verb on what one connects to.
fn connects(resource: &str, verb: &str) -> Option<&'static str> {
    let ends = ["/exec", "/attach", "/portforward", "/proxy"];
    if !ends.iter().any(|end| resource.ends_with(end)) {
        return None;
    }
    Some(match verb {
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        _ => "GET",
    })
}

/// The name of a line of `docs/coverage.md`.
pub(crate) fn line(resource: &str, verb: &str) -> String {
    format!("{verb} {resource}")
}

/// A merge patch, but lists are merged member by member.
fn merge(target: &mut Value, patch: &Value) {
    match (patch, &mut *target) {
        (Value::Object(patch), Value::Object(map)) => {
            for (key, value) in patch {
                if value.is_null() {
                    map.remove(key);
                } else {
                    merge(map.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Object(patch), other) => {
            *other = json!({});
            merge(other, &Value::Object(patch.clone()));
        }
        (Value::Array(patch), Value::Array(list)) if !patch.is_empty() => {
            list.resize(list.len().max(patch.len()), Value::Null);
            for (member, change) in list.iter_mut().zip(patch) {
                merge(member, change);
            }
        }
        (value, other) => *other = value.clone(),
    }
}

/// What a merge patch of `change` has to say so that `whole` comes of it.
fn touched(whole: &Value, change: &Value) -> Value {
    match change {
        Value::Object(fields) => {
            let field =
                |(key, change): (&String, &Value)| (key.clone(), touched(&whole[key], change));
            fields.iter().map(field).collect()
        }
        _ => whole.clone(),
    }
}
