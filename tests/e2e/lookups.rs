//! rolegate with an API server to ask, under the rights of `manifests/lookups` and no
//! others: what `docs/bypasses.md` closes "where rolegate may look it up".
//!
//! Each attack works where rolegate is not, and is refused where it enforces; the honest
//! twin passes there, which without look-ups it would not in G3.

mod scaling;

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::bypasses::{FLINK, SESSION_JOB};
use crate::guards::overlays::{block, built};
use crate::harness::accounts::pod;
use crate::harness::audit::annotation;
use crate::harness::cast::{OTHER_ROLE, ROLE, job_account, role_arn, service_account};
use crate::harness::definitions::Kind;
use crate::harness::http::Answer;
use crate::harness::rolegate::Rolegate;
use crate::harness::users::User;
use crate::harness::webhook::VALIDATING;
use crate::harness::workloads::workload;
use crate::harness::{Cluster, Namespace, wait};

mod charts;
mod grants;

const ENFORCED: &str = "e2e-looks-up";
/// An account of that namespace to which the policy gives rights.
const TRUSTED: &str = "mover";

/// The jobs of two teams, by one operator; alice submits those of one.
fn policy() -> String {
    let (own, others) = (role_arn(ROLE), role_arn(OTHER_ROLE));
    format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
doors: {{cluster: enforce}}
identities:
  admins: {{groups: [system:masters, cluster-operators]}}
  operators: [{{serviceAccount: flink-operator/flink-operator, roles: ["{own}", "{others}"]}}]
  platform: [{{users: ["system:serviceaccount:{ENFORCED}:{TRUSTED}"], capabilities: [evict]}}]
virtualClusters:
- namespaces: [{ENFORCED}]
  submitters: [{{users: [alice], roles: ["{own}"]}}]
"#
    )
}

struct Stage {
    cluster: &'static Cluster,
    /// Where rolegate is not.
    open: Namespace<'static>,
    /// Where it enforces.
    enforced: Namespace<'static>,
    rolegate: Rolegate,
    /// rolegate's service account.
    account: User,
    /// What the overlay of docs/install.md makes of the manifests.
    objects: Vec<Value>,
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(Stage::set);
    &STAGE
}

impl Stage {
    fn set() -> Self {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        cluster.define(&[FLINK, SESSION_JOB]);
        let overlay = block("docs/install.md", "## Let rolegate look objects up");
        let objects = built(cluster, &overlay);
        let home = Namespace::named(cluster, "rolegate", &json!({}));
        cluster.create(&home.core("serviceaccounts"), &service_account("rolegate"));
        for object in &objects {
            if object["metadata"]["name"] == "rolegate-lookups" {
                cluster.apply_as_admin(object);
            }
        }
        let account = home.unbound_token("rolegate");
        let open = Namespace::unmanaged(cluster);
        wait::until("RBAC to know rolegate's role", || {
            let path = open.core("services/absent");
            let answer = cluster.request(&account, "GET", &path).try_send()?;
            (answer.status == 404).then_some(()).ok_or(answer.body)
        });
        grants::prepare(cluster);
        let rolegate = Rolegate::start_asking(&policy(), cluster.kubeconfig(&account));
        cluster.install(VALIDATING, &rolegate);
        let mode = json!({"rolegate.dev/mode": "enforce"});
        let enforced = Namespace::named(cluster, ENFORCED, &mode);
        cluster.wait_until_enforced();
        Self {
            cluster,
            open,
            enforced,
            rolegate,
            account,
            objects,
        }
    }

    fn both(&self) -> [&Namespace<'static>; 2] {
        [&self.open, &self.enforced]
    }

    /// The one object of that kind and name in the overlay.
    fn object(&self, kind: &str, name: &str) -> &Value {
        let mut all = self.objects.iter();
        let found = all.find(|one| one["kind"] == kind && one["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("the overlay has no {kind} {name}"))
    }

    /// alice creates it, without a trace.
    fn tries(&self, namespace: &Namespace<'_>, group: &str, plural: &str, body: &Value) -> Answer {
        let path = namespace.group(group, &format!("{plural}?dryRun=All"));
        let request = self.cluster.request(self.cluster.alice(), "POST", &path);
        request.json(body).send()
    }

    /// The attack works without rolegate, and the rule refuses it where it enforces.
    fn refuses(&self, (group, plural): (&str, &str), body: &Value, rule: &str, says: &str) {
        let open = self.tries(&self.open, group, plural, body);
        assert_eq!(open.status, 201, "without rolegate: {}", open.body);
        let answer = self.tries(&self.enforced, group, plural, body);
        let message = answer.message();
        assert!(
            answer.refused_by_webhook()
                && message.contains(&format!("{rule}: "))
                && message.contains(says),
            "{}\n{}",
            answer.body,
            self.rolegate.log_text()
        );
    }

    fn passes(&self, (group, plural): (&str, &str), body: &Value) {
        let answer = self.tries(&self.enforced, group, plural, body);
        let log = || self.rolegate.log_text();
        assert_eq!(answer.status, 201, "{}\n{}", answer.body, log());
    }
}

/// The overlay gives rolegate an API server, credentials and a way there.
#[test]
fn the_overlay_lets_rolegate_ask() {
    let stage = stage();
    let deployment = stage.object("Deployment", "rolegate");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], true);
    let args = pod["containers"][0]["args"].as_array().expect("arguments");
    let cluster: Vec<_> = args.iter().skip_while(|one| *one != "--cluster").collect();
    assert_eq!(cluster.get(1), Some(&&json!("auto")), "{args:?}");
    assert!(!args.contains(&json!("off")), "{args:?}");
    let egress = &stage.object("NetworkPolicy", "rolegate")["spec"]["egress"];
    assert_eq!(egress[0]["ports"][0]["port"], 443, "{egress}");
    let account = stage.object("ServiceAccount", "rolegate");
    assert_eq!(account["automountServiceAccountToken"], false);
}

/// Its token reads single objects, no lists and no Secret, and writes nothing.
#[test]
fn the_role_reads_what_a_rule_asks_for() {
    let stage = stage();
    let status = |method, path: &str| {
        let path = stage.enforced.core(path);
        let request = stage.cluster.request(&stage.account, method, &path);
        request.send().status
    };
    assert_eq!(status("GET", "services/absent"), 404);
    assert_eq!(status("GET", "pods/absent"), 404);
    for path in [
        "pods",
        "pods?watch=true",
        "services",
        "secrets",
        "secrets/absent",
        "configmaps/absent",
        "pods/absent/log",
    ] {
        assert_eq!(status("GET", path), 403, "{path}");
    }
    assert_eq!(status("DELETE", "pods/absent"), 403);
}

const INGRESSES: (&str, &str) = ("networking.k8s.io/v1", "ingresses");

fn ingress(service: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"rules": [{"host": "web.example.com", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": backend},
        ]}}]},
    })
}

/// The name and the port say nothing; the stored selector does.
#[test]
fn e10_an_ingress_to_a_flink_clusters_service() {
    let stage = stage();
    let flinks =
        json!({"app": "etl", "component": "jobmanager", "type": "flink-native-kubernetes"});
    for (name, selector) in [
        ("orders-rest", flinks),
        ("shop-rest", json!({"app": "shop"})),
    ] {
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8081}]},
        });
        for namespace in stage.both() {
            stage.cluster.create(&namespace.core("services"), &service);
        }
    }
    let attack = ingress("orders-rest");
    stage.refuses(INGRESSES, &attack, "endpoint-exposure", "orders-rest");
    stage.passes(INGRESSES, &ingress("shop-rest"));
    stage.passes(INGRESSES, &ingress("not-there-yet"));
}

fn custom((group_version, _, kind): Kind, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": group_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// The cluster that is joined says by its role whose it is.
#[test]
fn g3_a_session_job_in_anothers_flink_cluster() {
    let stage = stage();
    for (name, role) in [("payroll", OTHER_ROLE), ("clicks", ROLE)] {
        let cluster = custom(FLINK, name, &json!({"executionRoleArn": role_arn(role)}));
        for namespace in stage.both() {
            let path = namespace.group(FLINK.0, FLINK.1);
            stage.cluster.create(&path, &cluster);
        }
    }
    let joins = |cluster: &str| {
        let spec = json!({"deploymentName": cluster, "job": {"jarURI": "s3://mine/x.jar"}});
        custom(SESSION_JOB, "mine", &spec)
    };
    let kind = (SESSION_JOB.0, SESSION_JOB.1);
    let rule = "foreign-service-account";
    stage.refuses(kind, &joins("payroll"), rule, "payroll");
    stage.passes(kind, &joins("clicks"));
}

/// The replica set's template says under which account it starts pods.
#[test]
fn e2_a_replica_set_adopts_no_pod_of_another_account() {
    let stage = stage();
    let account = job_account("driver", OTHER_ROLE);
    for namespace in stage.both() {
        namespace.service_account(&account);
        for (name, account) in [("others", account.as_str()), ("own", "default")] {
            let mut stray = pod(name, "default");
            stray["metadata"]["labels"] = json!({"app": name});
            stray["spec"]["restartPolicy"] = "Always".into();
            let path = namespace.core("pods");
            let request = stage.cluster.request(stage.cluster.alice(), "POST", &path);
            request.json(&stray).send().expect_status(201);
            let mut set = workload("replicasets", name, account);
            set["spec"]["replicas"] = 1.into();
            let path = namespace.group("apps/v1", "replicasets");
            stage.cluster.create(&path, &set);
        }
    }
    let owner = |namespace: &Namespace<'_>, name: &str| {
        let stored = stage.cluster.get(&namespace.core(&format!("pods/{name}")));
        stored["metadata"]["ownerReferences"][0]["kind"].clone()
    };
    for (namespace, name) in [
        (&stage.open, "others"),
        (&stage.open, "own"),
        (&stage.enforced, "own"),
    ] {
        wait::until("the pod to be adopted", || {
            let owner = owner(namespace, name);
            (owner == "ReplicaSet")
                .then_some(())
                .ok_or(owner.to_string())
        });
    }
    let path = stage.enforced.core("pods/others");
    let refused = stage
        .cluster
        .wait_for_audit("the refused adoption", &path, |event| {
            event["user"]["username"] == "system:serviceaccount:kube-system:replicaset-controller"
                && event["responseStatus"]["code"] == 403
        });
    let said = annotation(&refused[0], "enforce.rolegate.dev/pod-tampering").unwrap_or_default();
    assert!(said.contains("owner references"), "{said}");
    assert_eq!(owner(&stage.enforced, "others"), Value::Null);
}

const RBAC: &str = "rbac.authorization.k8s.io";
const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";

fn role(name: &str, verbs: &[&str]) -> Value {
    json!({
        "apiVersion": RBAC_V1, "kind": "Role", "metadata": {"name": name},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": verbs}],
    })
}

fn bound(name: &str, kind: &str, role: &str, subject: &Value) -> Value {
    json!({
        "apiVersion": RBAC_V1, "kind": "RoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role}, "subjects": [subject],
    })
}

/// alice holds `bind` and `escalate` in both namespaces. Whichever of a role and its
/// binding is written second is refused, a moment after the first.
#[test]
fn d10_a_role_and_its_binding_in_either_order() {
    let stage = stage();
    let bob = json!({"kind": "User", "apiGroup": RBAC, "name": "bob"});
    let system = json!({"kind": "ServiceAccount", "namespace": "kube-system", "name": "x"});
    let (roles, bindings) = ((RBAC_V1, "roles"), (RBAC_V1, "rolebindings"));
    // The role first. Nobody is bound to it yet, so alice may write it.
    for namespace in stage.both() {
        let path = namespace.group(RBAC_V1, "roles");
        let request = stage.cluster.request(stage.cluster.alice(), "POST", &path);
        request
            .json(&role("first", &["get"]))
            .send()
            .expect_status(201);
    }
    let attack = bound("first", "Role", "first", &bob);
    stage.refuses(
        bindings,
        &attack,
        "rbac-grant",
        "gives user bob get secrets",
    );
    stage.passes(bindings, &bound("first", "Role", "first", &system));
    // The binding first, to a role that does not exist.
    for namespace in stage.both() {
        let path = namespace.group(RBAC_V1, "rolebindings");
        let request = stage.cluster.request(stage.cluster.alice(), "POST", &path);
        let waits = bound("second", "Role", "second", &bob);
        request.json(&waits).send().expect_status(201);
    }
    let says = "gives user bob list secrets by RoleBinding";
    stage.refuses(roles, &role("second", &["list"]), "rbac-grant", says);
    stage.passes(roles, &role("third", &["list"]));
}

/// `edit` gives more than a tenant may have, `view` does not, and no name is needed:
/// what counts is what the roles of this cluster have.
#[test]
fn d10_kubernetes_own_roles() {
    let stage = stage();
    let team = json!({"kind": "Group", "apiGroup": RBAC, "name": "team-a"});
    let bindings = (RBAC_V1, "rolebindings");
    for name in ["cluster-admin", "admin", "edit"] {
        let attack = bound("own", "ClusterRole", name, &team);
        stage.refuses(bindings, &attack, "rbac-grant", "get, list, watch secrets");
    }
    stage.passes(bindings, &bound("own", "ClusterRole", "view", &team));
    // The cluster's administrators bind it all the same.
    let path = stage.enforced.group(RBAC_V1, "rolebindings?dryRun=All");
    let request = stage.cluster.request(stage.cluster.admin(), "POST", &path);
    let edit = bound("own", "ClusterRole", "edit", &team);
    request.json(&edit).send().expect_status(201);
}
