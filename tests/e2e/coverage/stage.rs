//! A control plane with everything we ship, two namespaces with the same things
//! in them, and a tenant who may do everything but read Secrets and break glass.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::accounts::Pod;
use crate::harness::cast::{OTHER_ROLE, THIRD_ROLE, job_account, role_arn, service_account};
use crate::harness::http::{Answer, MERGE};
use crate::harness::rolegate::Rolegate;
use crate::harness::users::User;
use crate::harness::webhook::VALIDATING;
use crate::harness::workloads::deployment;
use crate::harness::{Cluster, Namespace, wait};

use super::probes::{CLUSTER_SCOPED, NAMESPACED, Place, driver, driver_pod};
use super::{discovery, forms};

/// Turns on what is off or only warns without being asked for, and names identities
/// with more rights than bob has: an operator, an add-on of its own, a submitter, an
/// exemption.
fn policy(managed: &str) -> String {
    let role = role_arn(OPERATED_ROLE);
    format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
doors: {{cluster: enforce}}
rules:
  job-lifecycle: {{mode: enforce}}
identities:
  admins: {{users: ["system:serviceaccount:{managed}:deployer"], groups: [system:masters]}}
  platform: [{{users: ["system:serviceaccount:{managed}:queue"], capabilities: [evict]}}]
  operators:
  - serviceAccount: {OPERATORS}/operator
    roles: ["{role}"]
    jobServiceAccounts: [{{name: {FIXED}, namespaces: [{managed}], role: "{role}"}}]
virtualClusters:
- namespaces: [{managed}]
  submitters:
  - {{users: ["system:serviceaccount:{managed}:airflow"], secrets: ["app-*"]}}
  - {{users: ["system:serviceaccount:{OPERATORS}:scheduler", "system:serviceaccount:{OPERATORS}:later"], roles: ["{role}"]}}
exemptions:
- rules: [pod-exec]
  users: ["system:serviceaccount:{managed}:debugger"]
  namespaces: [{managed}]
  until: {}
  reason: test
"#,
        in_a_month()
    )
}

fn in_a_month() -> String {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(30 * 24);
    format!("{end:.0}")
}

/// The role of the jobs that the operator starts.
const OPERATED_ROLE: &str = "operated-etl";
/// The operator's own namespace, without a label.
pub(crate) const OPERATORS: &str = "operators";
/// The service account of the operator's jobs.
pub(crate) const FIXED: &str = "operated-jobs";
/// The service accounts of either namespace that have rights in the enforced one.
pub(crate) const TRUSTED: [&str; 4] = ["airflow", "debugger", "queue", "deployer"];

/// Namespace and name of the add-on's service account.
const MESH: (&str, &str) = ("istio-system", "istiod");

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
        // The API server takes a claim with an administrator's access to a
        // device in a namespace with this label only.
        let labels = json!({"resource.kubernetes.io/admin-access": "true"});
        let open = Namespace::with_labels(&cluster, &labels).name;
        let enforced = Namespace::with_labels(&cluster, &labels).name;
        for name in [OPERATORS, "kueue-system"] {
            Namespace::named(&cluster, name, &json!({}));
        }
        let rolegate = Rolegate::start(Some(&policy(&enforced)));
        let mut stage = Self {
            cluster,
            open,
            enforced,
            before: BTreeMap::new(),
            rolegate,
        };
        stage.cluster.define(&crate::bypasses::KINDS);
        stage.let_bob_do_everything();
        stage.install_mesh();
        for namespace in [&stage.open, &stage.enforced] {
            stage.furnish(Place(namespace));
            stage.store(Place(namespace), &NAMESPACED);
        }
        stage.store(stage.place(), &CLUSTER_SCOPED);
        for namespace in [&stage.open, &stage.enforced] {
            stage.store_thing(Place(namespace));
        }
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
        let place = Place(&self.open);
        for served in discovery::served(&self.cluster) {
            if !Place::knows(&served.name) {
                continue;
            }
            for verb in &served.verbs {
                for (name, answer) in self.attempt(place, &served.name, verb).unwrap_or_default() {
                    statuses.insert(name, answer.status);
                }
            }
        }
        for way in crate::bypasses::ways() {
            if let Some((name, answer)) = way.send(self, place) {
                let twice = statuses.insert(name.clone(), answer.status);
                assert!(twice.is_none(), "two requests are called {name:?}");
            }
        }
        statuses
    }

    /// Sends bob's dangerous request of one verb on one resource in all its
    /// forms; gives each with its name.
    pub(crate) fn attempt(
        &self,
        place: Place<'_>,
        resource: &str,
        verb: &str,
    ) -> Result<Vec<(String, Answer)>, String> {
        let probe = place
            .probe(resource)
            .ok_or("tests/e2e/coverage/probes.rs has no dangerous request for it")?;
        let forms = forms::of(&probe, resource, verb, |path| self.cluster.get(path))?;
        let send = |form: forms::Form| {
            let body = form.body.as_ref().map(|(kind, body)| (*kind, body));
            let answer = self.bobs(form.method, &form.path, body).send();
            (line(resource, verb, form.name), answer)
        };
        Ok(forms.into_iter().map(send).collect())
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

    /// One of the two, for what a namespace can do.
    pub(crate) fn namespace(&self, place: Place<'_>) -> Namespace<'_> {
        Namespace {
            cluster: &self.cluster,
            name: place.0.to_owned(),
        }
    }

    /// Of the two the one that `place` is not.
    pub(crate) fn other(&self, place: Place<'_>) -> Place<'_> {
        if place.0 == self.open {
            Place(&self.enforced)
        } else {
            Place(&self.open)
        }
    }

    /// The path of the enforced object that stands for a resource.
    pub(crate) fn stored(&self, resource: &str) -> String {
        let place = self.place();
        match place.probe(resource) {
            Some(probe) => {
                let name = probe
                    .stored_name()
                    .unwrap_or_else(|why| panic!("{resource}: {why}"));
                format!("{}/{name}", probe.path)
            }
            None => place.group("stored.example.com/v1", "things/stored"),
        }
    }

    /// The driver with its pod's token.
    pub(crate) fn driver(&self, place: Place<'_>) -> User {
        let path = place.core(&format!("pods/{}", driver_pod()));
        let uid = self.cluster.get(&path)["metadata"]["uid"].clone();
        let pod = Pod {
            name: driver_pod(),
            uid: uid.as_str().expect("every object has one").to_owned(),
        };
        self.namespace(place).bound_token(&driver(), &pod)
    }

    /// A service account of a namespace that has no label.
    pub(crate) fn outsider(&self, home: &str, name: &str) -> User {
        self.namespace(Place(home)).unbound_token(name)
    }

    /// What no probe stores: service accounts of others, one that nobody lists
    /// for bob, with a token Secret, and another role's; those of the role's
    /// other components; a Deployment under none of them; the rights that
    /// drivers have, those of the other namespace too.
    fn furnish(&self, place: Place<'_>) {
        let namespace = self.namespace(place);
        for name in [
            "others".to_owned(),
            job_account("executor", THIRD_ROLE),
            job_account("client", OTHER_ROLE),
            job_account("jeg", OTHER_ROLE),
        ] {
            namespace.service_account(&name);
        }
        for name in TRUSTED {
            namespace.service_account(name);
        }
        let role = json!({"eks.amazonaws.com/role-arn": role_arn(OPERATED_ROLE)});
        namespace.annotated_service_account(FIXED, &role);
        for (home, name) in [
            (OPERATORS, "operator"),
            (OPERATORS, "scheduler"),
            ("kueue-system", "kueue-controller-manager"),
        ] {
            let path = format!("/api/v1/namespaces/{home}/serviceaccounts");
            let request = self.cluster.request(self.cluster.admin(), "POST", &path);
            let answer = request.json(&service_account(name)).send();
            assert!(matches!(answer.status, 201 | 409), "{}", answer.body);
            let user = format!("system:serviceaccount:{home}:{name}");
            namespace.grant_everything("User", &user);
        }
        for drivers in [place, self.other(place)] {
            let user = self.namespace(drivers).account_user(&driver());
            namespace.grant_everything("User", &user);
        }
        self.cluster.create(
            &place.core("secrets"),
            &json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                "metadata": {"name": "token", "annotations": {"kubernetes.io/service-account.name": "others"}},
            }),
        );
        self.cluster.create(
            &place.group("apps/v1", "deployments"),
            &deployment("plain", "default"),
        );
        self.cluster.create(
            &place.group("apps/v1", "deployments"),
            &crate::bypasses::gateways_deployment(),
        );
    }

    /// An add-on of the built-in table that writes `ConfigMaps`, with bob's rights.
    fn install_mesh(&self) {
        let namespace = Namespace {
            cluster: &self.cluster,
            name: MESH.0.to_owned(),
        };
        self.cluster.create(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": MESH.0}}),
        );
        self.cluster.create(
            &namespace.core("serviceaccounts"),
            &crate::harness::cast::service_account(MESH.1),
        );
        for place in [&self.open, &self.enforced] {
            self.namespace(Place(place))
                .grant_everything("User", &namespace.account_user(MESH.1));
        }
    }

    /// The add-on, with its own token.
    pub(crate) fn mesh(&self) -> User {
        let namespace = Namespace {
            cluster: &self.cluster,
            name: MESH.0.to_owned(),
        };
        namespace.unbound_token(MESH.1)
    }

    /// A custom resource that runs under the driver's account, once the API
    /// server serves its kind.
    fn store_thing(&self, place: Place<'_>) {
        let thing = json!({
            "apiVersion": "stored.example.com/v1", "kind": "Thing", "metadata": {"name": "stored"},
            "spec": {"driver": {"serviceAccount": driver()}},
        });
        let path = place.group("stored.example.com/v1", "things");
        wait::until("a custom resource to be served", || {
            let request = self.cluster.request(self.cluster.admin(), "POST", &path);
            let answer = request.json(&thing).try_send()?;
            (answer.status == 201).then_some(()).ok_or(answer.body)
        });
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

/// The name of one form of a line of `docs/coverage.md`.
fn line(resource: &str, verb: &str, form: &str) -> String {
    match form {
        "" => format!("{verb} {resource}"),
        form => format!("{verb} {resource}, {form}"),
    }
}
