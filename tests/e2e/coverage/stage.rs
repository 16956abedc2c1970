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

/// Where the in-tree policies are.
const POLICIES: &str = "manifests/policies";

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
    /// What the dangerous requests without a namespace led to before anything
    /// of ours was installed.
    before: BTreeMap<(String, String), u16>,
    _rolegate: Rolegate,
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
            _rolegate: rolegate,
        };
        stage.let_bob_do_everything();
        for namespace in [&stage.open, &stage.enforced] {
            stage.store_accounts(Place(namespace));
            stage.store(Place(namespace), &NAMESPACED);
        }
        stage.store(stage.place(), &CLUSTER_SCOPED);
        stage.before = stage.try_without_namespace();
        stage.install();
        stage
    }

    /// The enforced namespace.
    pub(crate) fn place(&self) -> Place<'_> {
        Place(&self.enforced)
    }

    fn install(&self) {
        self.cluster.install(VALIDATING, &self._rolegate);
        for policy in self.cluster.read_manifest(POLICIES) {
            self.cluster.apply_as_admin(&policy);
        }
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
        // The kinds arrive in the order in which they were made.
        for (resource, verb) in [
            ("secrets", "patch"),
            ("namespaces", "patch"),
            (
                "mutatingwebhookconfigurations.admissionregistration.k8s.io",
                "create",
            ),
        ] {
            wait::until("the in-tree policies to be in effect", || {
                let answer = self.attempt(self.place(), resource, verb)?;
                (answer.status == 403).then_some(()).ok_or(answer.body)
            });
        }
    }

    /// What the dangerous request leads to where rolegate is not.
    pub(crate) fn without_rolegate(&self, resource: &str, verb: &str) -> Result<u16, String> {
        let key = (resource.to_owned(), verb.to_owned());
        match self.before.get(&key) {
            Some(status) => Ok(*status),
            None => Ok(self.attempt(Place(&self.open), resource, verb)?.status),
        }
    }

    fn try_without_namespace(&self) -> BTreeMap<(String, String), u16> {
        let mut statuses = BTreeMap::new();
        for served in discovery::served(&self.cluster) {
            if served.namespaced || !Place::knows(&served.name) {
                continue;
            }
            for verb in &served.verbs {
                if let Ok(answer) = self.attempt(self.place(), &served.name, verb) {
                    statuses.insert((served.name.clone(), verb.clone()), answer.status);
                }
            }
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
            "patch" => self
                .bobs("PATCH", &target, Some((MERGE, &probe.change)))
                .send(),
            "update" => {
                let mut whole = self.cluster.get(&object);
                merge(&mut whole, &probe.change);
                self.bobs("PUT", &target, Some((JSON, &whole))).send()
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

    /// Service accounts of others: one that nobody lists for bob, and another
    /// role's; and the rights that a driver has.
    fn store_accounts(&self, place: Place<'_>) {
        let others = emr_service_account("spark", "executor", "111122223333", "team-c-etl");
        for name in ["others", &others] {
            let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
            self.cluster.create(&place.core("serviceaccounts"), &account);
        }
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

/// RFC 7386, as the API server applies it.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        match (value, target.as_object_mut()) {
            (Value::Null, Some(map)) => {
                map.remove(key);
            }
            (value, Some(_)) => merge(&mut target[key], value),
            (_, None) => {}
        }
    }
}
