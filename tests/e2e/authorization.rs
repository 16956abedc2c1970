//! The authorization webhook, as `manifests/authorization` configures it: C1, C12, D2.
//!
//! alice may do everything by RBAC, in the namespaces and, for Secrets, impersonation and
//! admission policies, in the cluster. What is refused is refused by rolegate.

use std::sync::{LazyLock, Mutex};

use serde_json::{Value, json};

use crate::harness::accounts::pod_spec;
use crate::harness::authorizer::Authorizer;
use crate::harness::cast::{JOB, ROLE, job_account, role_arn};
use crate::harness::http::Answer;
use crate::harness::users::User;
use crate::harness::{Cluster, Namespace, wait};

mod conditions;

const ENFORCED: &str = "e2e-authorized";

fn policy() -> String {
    let role = role_arn(ROLE);
    format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  admins: {{groups: [system:masters, cluster-operators]}}
  platform: [{{users: ["system:serviceaccount:argocd:controller"], capabilities: [configmaps]}}]
  operators: [{{serviceAccount: spark-operator/operator, roles: ["{role}"]}}]
doors: {{authorize: {{clusterScoped: enforce}}}}
virtualClusters:
- namespaces: [{ENFORCED}]
  submitters: [{{users: [alice], roles: ["{role}"], secrets: ["app-*"]}}]
"#
    )
}

struct Stage {
    cluster: &'static Cluster,
    open: Namespace<'static>,
    enforced: Namespace<'static>,
    authorizer: Mutex<Authorizer>,
}

fn stage() -> &'static Stage {
    static STAGE: LazyLock<Stage> = LazyLock::new(Stage::set);
    &STAGE
}

impl Stage {
    fn set() -> Self {
        let (mut authorizer, cluster) = Authorizer::start();
        let rules = [
            json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}),
            json!({"apiGroups": [""], "resources": ["users", "groups", "serviceaccounts"], "verbs": ["impersonate"]}),
            json!({"apiGroups": ["admissionregistration.k8s.io"], "resources": ["*"], "verbs": ["*"]}),
            json!({"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["*"]}),
        ];
        let alice =
            json!({"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "alice"});
        cluster.grant_in_the_cluster("authorization-alice", &rules, &alice);
        authorizer.let_it_look_up(cluster, &policy());
        let stage = Self {
            cluster,
            open: Namespace::unmanaged(cluster),
            enforced: Namespace::named(cluster, ENFORCED, &json!({"rolegate.dev/mode": "enforce"})),
            authorizer: Mutex::new(authorizer),
        };
        for namespace in [&stage.open, &stage.enforced] {
            for name in ["db", "app-db"] {
                stage.secret(namespace, name);
            }
        }
        stage
    }

    fn secret(&self, namespace: &Namespace<'_>, name: &str) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
            "stringData": {"password": "hunter2"},
        });
        self.cluster.create(&namespace.core("secrets"), &secret);
    }

    fn log(&self) -> String {
        let authorizer = self.authorizer.lock().expect("nobody panicked");
        authorizer.rolegate.log_text()
    }

    fn get(&self, user: &User, path: &str) -> Answer {
        self.cluster.request(user, "GET", path).send()
    }

    /// 200 without rolegate's label, and refused in our words where it enforces.
    fn reads(&self, rest: &str) {
        let alice = self.cluster.alice();
        let open = self.get(alice, &self.open.core(rest));
        assert_eq!(open.status, 200, "{rest}: {}", open.body);
        let answer = self.get(alice, &self.enforced.core(rest));
        refused(
            &answer,
            "rolegate refused this request: secret-read: alice may not ",
        );
    }
}

#[track_caller]
fn refused(answer: &Answer, says: &str) {
    assert_eq!(answer.status, 403, "{}", answer.body);
    let message = answer.message();
    assert!(
        message.contains(says) && message.contains("(policy "),
        "{message}"
    );
    assert!(!answer.body.contains("hunter2"), "{}", answer.body);
}

fn enough() -> std::sync::MutexGuard<'static, ()> {
    // The test that stops rolegate has the stage for itself.
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// C1 of docs/bypasses.md.
#[test]
fn c1_a_tenant_with_all_rights_reads_no_secret() {
    let _turn = enough();
    let stage = stage();
    for rest in [
        "secrets/db",
        "secrets",
        "secrets?watch=true&timeoutSeconds=1",
        "secrets?fieldSelector=metadata.name%3Ddb",
        "secrets?labelSelector=a%3Db",
        "secrets?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Ddb",
        "secrets?limit=1",
    ] {
        stage.reads(rest);
    }
    let alice = stage.cluster.alice();
    for path in [
        "/api/v1/secrets",
        "/api/v1/secrets?watch=true&timeoutSeconds=1",
    ] {
        refused(&stage.get(alice, path), "secrets in all namespaces");
    }
    // By its name, as the policy lists it.
    for rest in [
        "secrets/app-db",
        "secrets?fieldSelector=metadata.name%3Dapp-db",
    ] {
        let answer = stage.get(alice, &stage.enforced.core(rest));
        assert_eq!(answer.status, 200, "{rest}: {}", answer.body);
    }
    let kubectl = stage.cluster.kubectl(alice).namespace(&stage.enforced);
    let output = kubectl.run(&["auth", "can-i", "get", "secrets"]);
    assert!(
        output
            .stdout
            .starts_with("no - rolegate refused this request: secret-read"),
        "{output}"
    );
    let shown = kubectl.run(&["get", "secret", "db"]).expect_refused();
    assert!(
        shown.contains("secret-read: alice may not get secrets"),
        "{shown}"
    );
    let log = stage.log();
    let line = log
        .lines()
        .find(|line| line.contains("secret-read=enforce") && line.contains("user=\"alice\""));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("tenant") && line.contains("deny"), "{line}");
}

/// C12: the API server shows the Secret in the error of a PATCH that fails.
#[test]
fn c12_a_patch_that_fails() {
    let _turn = enough();
    let stage = stage();
    let send = |namespace: &Namespace<'_>| {
        let path = namespace.core("secrets/db");
        let request = stage.cluster.request(stage.cluster.alice(), "PATCH", &path);
        let body = json!({"immutable": "x"}).to_string();
        request.body("application/merge-patch+json", body).send()
    };
    assert_ne!(send(&stage.open).status, 403);
    refused(&send(&stage.enforced), "may not patch secrets");
}

/// A6, A1, B11, D2, and what admission sees too.
#[test]
fn b11_d2_impersonation_exec_and_admission_policies() {
    let _turn = enough();
    let stage = stage();
    let alice = stage.cluster.alice();
    for rest in [
        "pods/absent/exec?command=id&stdout=true",
        "pods/absent/proxy/",
    ] {
        let open = stage.get(alice, &stage.open.core(rest));
        assert_ne!(open.status, 403, "{}", open.body);
        let answer = stage.get(alice, &stage.enforced.core(rest));
        refused(&answer, "pod-exec: alice may not get pods/");
    }
    for path in [
        "/api/v1/nodes/n1/proxy/pods",
        "/api/v1/nodes/n1:10250/proxy/metrics",
    ] {
        refused(
            &stage.get(alice, path),
            "pod-exec: alice may not get nodes/proxy",
        );
    }
    let kubectl = stage.cluster.kubectl(alice);
    for name in ["bob", "system:serviceaccount:e2e-authorized:default"] {
        let shown = kubectl
            .run(&["get", "pods", "-n", ENFORCED, "--as", name])
            .expect_refused();
        assert!(
            shown.contains("rbac-grant: alice may not impersonate"),
            "{shown}"
        );
    }
    for resource in [
        "validatingadmissionpolicies",
        "mutatingwebhookconfigurations",
    ] {
        let path = format!("/apis/admissionregistration.k8s.io/v1/{resource}/absent");
        let answer = stage.cluster.request(alice, "DELETE", &path).send();
        refused(&answer, "mutating-webhook: alice may not delete");
        assert_eq!(
            stage.get(alice, &path).status,
            404,
            "reads show no credential"
        );
    }
}

/// Administrators, EMR, nodes and controllers do not notice.
#[test]
fn trusted_subjects_do_not_notice() {
    let _turn = enough();
    let stage = stage();
    let cluster = stage.cluster;
    let before = stage.log().len();
    for user in [cluster.admin(), cluster.cluster_operator(), cluster.emr()] {
        for rest in ["secrets/db", "secrets"] {
            let answer = stage.get(user, &stage.enforced.core(rest));
            assert_eq!(answer.status, 200, "{}: {}", user.name, answer.body);
        }
    }
    assert_eq!(
        stage
            .get(cluster.cluster_operator(), "/api/v1/secrets")
            .status,
        200
    );
    // A node reads only what its pods name; the node authorizer says so, not rolegate.
    let answer = stage.get(cluster.node(), &stage.enforced.core("secrets/db"));
    assert!(!answer.body.contains("rolegate"), "{}", answer.body);
    cluster.create(
        &stage.enforced.group("batch/v1", "jobs"),
        &json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"},
            "spec": {"template": {"spec": pod_spec("default")}},
        }),
    );
    wait::until("the Job's pod", || {
        let pods = cluster.get(&stage.enforced.core("pods?labelSelector=job-name=job"));
        let made = pods["items"]
            .as_array()
            .is_some_and(|items| items.len() == 1);
        made.then_some(()).ok_or_else(|| pods.to_string())
    });
    let log = stage.log().split_off(before);
    for name in [
        "system:node:",
        "system:serviceaccount:kube-system:",
        "user=admin",
    ] {
        assert!(
            !log.contains(name),
            "the conditions keep {name} away:\n{log}"
        );
    }
}

/// A driver creates its executors, Service and ConfigMap, and cleans up.
#[test]
fn a_job_works() {
    let _turn = enough();
    let stage = stage();
    let account = job_account("driver", ROLE);
    let (_, driver) = stage.enforced.job(&account, &format!("spark-{JOB}-driver"));
    let send = |method: &str, path: &str, body: &Value| {
        let request = stage
            .cluster
            .request(&driver, method, &stage.enforced.core(path));
        if body.is_null() {
            request.send()
        } else {
            request.json(body).send()
        }
    };
    let executor = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "exec-1"},
        "spec": pod_spec(&account),
    });
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "spark-exec-1-conf-map"}});
    wait::until("RBAC to know the driver's rights", || {
        let answer = send("GET", "pods", &Value::Null);
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    send("POST", "pods", &executor).expect_status(201);
    send("POST", "configmaps", &map).expect_status(201);
    assert_eq!(send("GET", "pods/exec-1", &Value::Null).status, 200);
    let answer = send("GET", "secrets/db", &Value::Null);
    refused(
        &answer,
        "secret-read: system:serviceaccount:e2e-authorized:",
    );
    assert_eq!(
        send("DELETE", "pods?labelSelector=a%3Db", &Value::Null).status,
        200
    );
}

/// Dead, the failure policy decides; what the conditions keep away does not notice.
#[test]
fn without_rolegate_the_failure_policy_decides() {
    let _turn = enough();
    let stage = stage();
    let mut authorizer = stage.authorizer.lock().expect("nobody panicked");
    authorizer.rolegate.kill();
    let alice = stage.cluster.alice();
    let path = stage.enforced.core("secrets/db");
    let status_becomes = |expected: u16| {
        wait::until("the failure policy to decide", || {
            let answer = stage.get(alice, &path);
            (answer.status == expected)
                .then_some(answer.body.clone())
                .ok_or(format!("{} {}", answer.status, answer.body))
        })
    };
    // NoOpinion: RBAC decides.
    status_becomes(200);
    authorizer.set_failure_policy(stage.cluster, "Deny");
    // The API server calls it an internal error.
    let body = status_becomes(500);
    assert!(body.contains("connection refused"), "{body}");
    let admin = stage.cluster.admin();
    assert_eq!(stage.get(admin, &path).status, 200);
    assert_eq!(stage.get(alice, &stage.enforced.core("pods")).status, 200);
    authorizer.rolegate.restart();
    status_becomes(403);
    let app = stage.enforced.core("secrets/app-db");
    wait::until("rolegate to answer again", || {
        let answer = stage.get(alice, &app);
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    authorizer.set_failure_policy(stage.cluster, "NoOpinion");
}
