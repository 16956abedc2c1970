//! `rolegate scan` of a cluster: what was written where rolegate was not in the way is
//! found, with the right rule, severity and object. That honest flows are not is shown
//! where they run (`harness::scan::expect_honest`).

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{OTHER_ROLE, ROLE, job_account, service_account};
use crate::harness::scan::Scanned;
use crate::harness::users::User;
use crate::harness::workloads::deployment;
use crate::harness::{Cluster, Namespace, wait};
use crate::view;

const RBAC: &str = "rbac.authorization.k8s.io";
const RBAC_V1: &str = "rbac.authorization.k8s.io/v1";
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";
const TENANTS: &str = "e2e-scan-tenants";
/// Objects of one kind, more than a page holds.
const MANY: usize = 600;

/// A managed namespace that nobody has rights in.
fn bare(cluster: &'static Cluster, name: &str, labels: &Value) -> Namespace<'static> {
    cluster.create(
        "/api/v1/namespaces",
        &json!({"metadata": {"name": name, "labels": labels}}),
    );
    let name = name.to_owned();
    let namespace = Namespace { cluster, name };
    wait::until("the default service account", || {
        let path = namespace.core("serviceaccounts/default");
        let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    namespace
}

fn bind(namespace: &Namespace<'_>, name: &str, role: &str, group: &str) {
    namespace.cluster.create(
        &namespace.group(RBAC_V1, "rolebindings"),
        &json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group}],
        }),
    );
}

fn service(name: &str, selector: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 4040}]},
    })
}

fn host_path(name: &str) -> Value {
    let mut pod = pod(name, "default");
    pod["spec"]["volumes"] = json!([{"name": "node", "hostPath": {"path": "/var/lib/kubelet"}}]);
    pod
}

/// Hostile objects beside honest ones, all written by an administrator before the
/// namespaces had a label and rolegate's manifests were there.
struct Stage {
    cluster: &'static Cluster,
    attacked: Namespace<'static>,
    open: Namespace<'static>,
    /// What a scan of everything prints, by an administrator and with the built-in policy.
    all: Scanned,
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(Stage::set);
    &STAGE
}

impl Stage {
    fn set() -> Self {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        let managed = json!({"rolegate.dev/mode": "enforce"});
        let attacked = bare(cluster, "e2e-scan-attacked", &managed);
        let account = job_account("driver", OTHER_ROLE);
        cluster.create(
            &attacked.core("serviceaccounts"),
            &service_account(&account),
        );
        cluster.create(&attacked.core("pods"), &host_path("reads-the-node"));
        let web = deployment("web", &account);
        cluster.create(&attacked.group("apps/v1", "deployments"), &web);
        let drivers = json!({"spark-role": "driver"});
        cluster.create(&attacked.core("services"), &service("ui", &drivers));
        let shop = json!({"app": "shop"});
        cluster.create(&attacked.core("services"), &service("shop", &shop));
        cluster.create(&attacked.core("pods"), &pod("honest", "default"));
        bind(&attacked, "editors", "edit", TENANTS);
        // `view` gets what this role has by its label.
        cluster.create(
            &format!("/apis/{RBAC_V1}/clusterroles"),
            &json!({
                "metadata": {"name": "e2e-more-view", "labels": {
                    "rbac.authorization.k8s.io/aggregate-to-view": "true",
                }},
                "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}],
            }),
        );
        bind(&attacked, "viewers", "view", "e2e-scan-viewers");
        let open = bare(cluster, "e2e-scan-open", &json!({}));
        bind(&open, "editors", "edit", TENANTS);
        let safe = json!({"pod-security.kubernetes.io/enforce": "baseline"});
        let safe = bare(cluster, "e2e-scan-safe", &safe);
        bind(&safe, "editors", "edit", TENANTS);
        cluster.create(
            "/api/v1/namespaces/kube-system/configmaps",
            &json!({
                "metadata": {"name": "aws-auth"},
                "data": {"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/ops\n  username: '{{SessionName}}'\n"},
            }),
        );
        view::install(cluster);
        let ignore =
            json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
        let path = format!("{ADMISSION}/validatingwebhookconfigurations/rolegate");
        let request = cluster.request(cluster.admin(), "PATCH", &path);
        let request = request.body("application/json-patch+json", ignore.to_string());
        request.send().expect_status(200);
        let role = format!("/apis/{RBAC_V1}/clusterroles/view");
        wait::until("the role to be aggregated", || {
            let role = cluster.get(&role)["rules"].to_string();
            role.contains("\"secrets\"").then_some(()).ok_or(role)
        });
        let all = cluster.scan(cluster.admin(), None, &[]);
        Self {
            cluster,
            attacked,
            open,
            all,
        }
    }

    fn finds(&self, resource: &str, namespace: &str, name: &str, what: &[&str]) {
        let found = self.all.about(resource, namespace, name);
        assert_eq!(
            found, what,
            "{resource} {namespace}/{name}\n{}",
            self.all.text
        );
    }
}

/// Each hostile object, and nothing else of the namespace.
#[test]
fn what_rolegate_would_have_refused_is_found() {
    let stage = stage();
    let namespace = stage.attacked.name.as_str();
    let under_anothers = ["foreign-service-account critical", "waiting-workload low"];
    for (resource, name, what) in [
        (
            "pods",
            "reads-the-node",
            &["credential-provider critical"][..],
        ),
        ("deployments", "web", &under_anothers),
        ("services", "ui", &["endpoint-exposure high"]),
        ("rolebindings", "editors", &["rbac-grant critical"]),
        ("rolebindings", "viewers", &["rbac-grant critical"]),
        ("services", "shop", &[]),
        ("pods", "honest", &[]),
        ("serviceaccounts", "default", &[]),
        ("serviceaccounts", &job_account("driver", OTHER_ROLE), &[]),
    ] {
        stage.finds(resource, namespace, name, what);
    }
    let says = stage.all.message("rolebindings", "viewers");
    assert!(says.contains("list secrets"), "{says}");
    let says = stage.all.message("services", "ui");
    assert!(says.contains("a tenant may not"), "{says}");
    // The Deployment's replica set says it once more.
    let others = stage.all.of_type("finding").filter(|line| {
        let name = line["object"]["name"].as_str().unwrap_or_default();
        line["object"]["namespace"] == namespace
            && !name.starts_with("web")
            && !["reads-the-node", "ui", "editors", "viewers"].contains(&name)
    });
    assert_eq!(others.count(), 0, "{}", stage.all.text);
}

#[test]
fn what_reaches_managed_namespaces_from_outside_is_found() {
    let stage = stage();
    // The harness has a mutator of its own, which an administrator would want to know of.
    let webhooks = "mutatingwebhookconfigurations";
    stage.finds(webhooks, "", "zz-every-pod", &["mutating-webhook critical"]);
    let ours = "validatingwebhookconfigurations";
    stage.finds(ours, "", "rolegate", &["mutating-webhook critical"]);
    let says = stage.all.message(ours, "rolegate");
    assert!(says.contains("failurePolicy of webhook"), "{says}");
    stage.finds(webhooks, "", "rolegate", &[]);
    stage.finds(
        "configmaps",
        "kube-system",
        "aws-auth",
        &["emr-access critical"],
    );
    let namespace = stage.open.name.as_str();
    stage.finds("namespaces", "", namespace, &["node-access high"]);
    let says = stage.all.message("namespaces", namespace);
    assert!(says.contains(TENANTS), "{says}");
    stage.finds("namespaces", "", "e2e-scan-safe", &[]);
    stage.finds("namespaces", "", "kube-system", &[]);
    let readers = ["pod-readers low"];
    stage.finds("namespaces", "", &stage.attacked.name, &readers);
    // Kubernetes' own bindings give nobody of a tenant's anything.
    let bindings = stage
        .all
        .of_type("finding")
        .filter(|line| line["object"]["resource"] == "clusterrolebindings");
    let bindings: Vec<&Value> = bindings.map(|line| &line["object"]["name"]).collect();
    assert_eq!(bindings, ["cluster-operators"; 2], "{}", stage.all.text);
    let rules = ["node-access high", "rbac-grant critical"];
    stage.finds("clusterrolebindings", "", "cluster-operators", &rules);
}

/// The lines are of the documented types, and the exit code goes by `--fail-on`.
#[test]
fn the_exit_code_goes_by_severity() {
    let stage = stage();
    assert_eq!(stage.all.code, Some(1), "{}", stage.all.text);
    for line in &stage.all.lines {
        let kind = line["type"].as_str().unwrap_or_default();
        let known = [
            "finding",
            "podsToCome",
            "right",
            "executionRole",
            "notJudged",
            "summary",
        ];
        assert!(known.contains(&kind), "{line}");
    }
    let last = stage.all.lines.last().expect("a summary");
    assert_eq!(last["type"], "summary");
    assert_eq!(last["installed"], true);
    let findings: u64 = ["critical", "high", "medium", "low"]
        .iter()
        .filter_map(|severity| last["findings"][severity].as_u64())
        .sum();
    assert_eq!(
        usize::try_from(findings).ok(),
        Some(stage.all.of_type("finding").count())
    );
    assert_eq!(
        stage.all.of_type("notJudged").count(),
        0,
        "{}",
        stage.all.text
    );
    let (cluster, admin) = (stage.cluster, stage.cluster.admin());
    let code = |args: &[&str]| cluster.scan(admin, None, args).code;
    assert_eq!(code(&["--fail-on", "critical"]), Some(1));
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    // Of another namespace only what concerns the whole cluster is told.
    let one = cluster.scan(admin, None, &["--namespace", "e2e-scan-safe"]);
    let inside = one
        .of_type("finding")
        .filter(|line| line["object"]["namespace"] == stage.attacked.name.as_str());
    assert_eq!(inside.count(), 0, "{}", one.text);
    assert_eq!(code(&["--no-such-flag"]), Some(2));
}

/// More than one page of a kind is read, to the last object, and honest ones stay silent.
/// The namespace is not ready while a hostile object is in it, and is when that is gone.
#[test]
fn a_namespace_is_ready_when_it_is_clean() {
    let stage = stage();
    let cluster = stage.cluster;
    let audit = json!({"rolegate.dev/mode": "audit"});
    let namespace = bare(cluster, "e2e-scan-many", &audit);
    let selector = json!({"app": "shop"});
    let services = namespace.core("services");
    for number in 0..MANY {
        let one = json!({
            "metadata": {"name": format!("s{number:04}")},
            "spec": {"clusterIP": "None", "selector": selector, "ports": [{"port": 80}]},
        });
        cluster.create(&services, &one);
    }
    // The last by name, so on the second page.
    let drivers = json!({"spark-role": "driver"});
    cluster.create(&services, &service("zz-ui", &drivers));
    cluster.create(&namespace.core("pods"), &pod("own", "default"));
    let ready = || {
        cluster.scan(
            cluster.admin(),
            None,
            &["--ready-to-enforce", &namespace.name],
        )
    };
    let before = ready();
    assert_eq!(before.code, Some(1), "{}", before.text);
    let found = before.about("services", &namespace.name, "zz-ui");
    assert_eq!(found, ["endpoint-exposure high"], "{}", before.text);
    let of_services = |scanned: &Scanned| {
        let all = scanned.of_type("finding");
        all.filter(|line| line["object"]["resource"] == "services")
            .count()
    };
    assert_eq!(of_services(&before), 1, "{}", before.text);
    let points = |scanned: &Scanned| scanned.of_type("readyToEnforce").next().cloned();
    let said = points(&before).expect("a line");
    assert_eq!(said["ready"], false, "{said}");
    let path = namespace.core("services/zz-ui");
    let request = cluster.request(cluster.admin(), "DELETE", &path);
    request.send().expect_status(200);
    let after = ready();
    assert_eq!(of_services(&after), 0, "{}", after.text);
    let said = points(&after).expect("a line");
    assert_eq!(said["ready"], true, "{}", after.text);
    assert!(said.to_string().contains("is not known"), "{said}");
    assert_eq!(after.code, Some(0), "{}", after.text);
    let missing = cluster.scan(
        cluster.admin(),
        None,
        &["--ready-to-enforce", "e2e-scan-absent"],
    );
    assert_eq!(missing.code, Some(1), "{}", missing.text);
    assert!(
        missing.text.contains("there is no namespace"),
        "{}",
        missing.text
    );
}

/// Somebody who may list all but some kinds is told which; who may not list roles is
/// told that nothing can be said.
#[test]
fn what_may_not_be_read_is_said() {
    let stage = stage();
    let cluster = stage.cluster;
    let home = bare(cluster, "e2e-scan-home", &json!({}));
    let may = |name: &str, rules: Value| -> User {
        cluster.create(&home.core("serviceaccounts"), &service_account(name));
        let roles = format!("/apis/{RBAC_V1}/clusterroles");
        cluster.create(&roles, &json!({"metadata": {"name": name}, "rules": rules}));
        cluster.create(
            &format!("/apis/{RBAC_V1}/clusterrolebindings"),
            &json!({
                "metadata": {"name": name},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
                "subjects": [{"kind": "ServiceAccount", "namespace": home.name, "name": name}],
            }),
        );
        home.unbound_token(name)
    };
    let list = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["list"]});
    let some = may(
        "reads-some",
        json!([
            list("", &["namespaces", "pods"]),
            list(
                RBAC,
                &[
                    "roles",
                    "clusterroles",
                    "rolebindings",
                    "clusterrolebindings"
                ]
            ),
            list("apps", &["*"]),
        ]),
    );
    wait::until("RBAC to know the reader", || {
        let answer = cluster
            .request(&some, "GET", "/api/v1/pods?limit=1")
            .try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    let scanned = cluster.scan(&some, None, &["--fail-on", "never"]);
    assert_eq!(scanned.code, Some(0), "{}", scanned.text);
    let left_out: Vec<&str> = scanned
        .of_type("notJudged")
        .filter_map(|line| line["what"].as_str())
        .collect();
    for what in [
        "cannot list services: ",
        "cannot list serviceaccounts: ",
        "cannot list jobs.batch: ",
        "cannot list mutatingwebhookconfigurations.admissionregistration.k8s.io: ",
        "cannot read ConfigMap kube-system/aws-auth: ",
    ] {
        let said = left_out
            .iter()
            .filter(|line| line.starts_with(what))
            .count();
        assert_eq!(said, 1, "{what}\n{}", scanned.text);
    }
    // What can be read is judged as before.
    let found = scanned.about("pods", &stage.attacked.name, "reads-the-node");
    assert_eq!(found, ["credential-provider critical"], "{}", scanned.text);
    // Not known is not missing.
    let ours = scanned.about("validatingwebhookconfigurations", "", "rolegate");
    assert!(ours.is_empty(), "{}", scanned.text);

    let few = may("reads-few", json!([list("", &["namespaces", "pods"])]));
    wait::until("RBAC to know the reader", || {
        let answer = cluster
            .request(&few, "GET", "/api/v1/pods?limit=1")
            .try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    let scanned = cluster.scan(&few, None, &["--fail-on", "never"]);
    assert_eq!(scanned.code, Some(2), "{}", scanned.text);
    assert!(scanned.text.contains("cannot list"), "{}", scanned.text);
    assert!(scanned.text.contains("roles"), "{}", scanned.text);
}

/// Everything of the role `ROLE` that Amazon EMR makes at `StartJobRun` is honest also
/// where no policy names the role, and a tenant's copy of it is not.
#[test]
fn a_copy_of_emrs_job_by_a_tenant_is_found() {
    let stage = stage();
    let cluster = stage.cluster;
    let managed = json!({"rolegate.dev/mode": "audit"});
    let namespace = bare(cluster, "e2e-scan-copies", &managed);
    let account = job_account("client", ROLE);
    cluster.create(
        &namespace.core("serviceaccounts"),
        &service_account(&account),
    );
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "report"},
        "spec": {"suspend": true, "template": {"spec": pod_spec(&account)}},
    });
    cluster.create(&namespace.group("batch/v1", "jobs"), &job);
    let scanned = cluster.scan(cluster.admin(), None, &["--namespace", &namespace.name]);
    let found = scanned.about("jobs", &namespace.name, "report");
    assert_eq!(
        found,
        ["foreign-service-account critical", "waiting-workload low"],
        "{}",
        scanned.text
    );
}
