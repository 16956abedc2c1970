//! The attacks work: in a namespace rolegate does not manage, a tenant with
//! the permissions that teams hand out takes every road to a job's role.
//!
//! So that a refusal in the other tests is rolegate's doing, and for the
//! reader who doubts that there is anything to refuse.

use serde_json::{Value, json};

use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{OTHER_ROLE, config_map, job_account};
use crate::harness::http::{APPLY, Answer, JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::{Cluster, Namespace};

/// A namespace with one EMR driver, and alice's way to send requests to it.
struct Scene {
    namespace: Namespace<'static>,
    job_account: String,
}

impl Scene {
    fn new() -> Self {
        let namespace = Namespace::unmanaged(Cluster::shared());
        let job_account = job_account("driver", OTHER_ROLE);
        namespace.service_account(&job_account);
        namespace.pod("driver", &job_account);
        Self {
            namespace,
            job_account,
        }
    }

    fn alice(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Answer {
        let cluster = self.namespace.cluster;
        cluster
            .request(cluster.alice(), method, path)
            .body(content_type, body.to_string())
            .send()
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.alice("POST", path, "application/json", body)
    }
}

#[test]
fn exec_and_its_kin_reach_the_pod() {
    let scene = Scene::new();
    let cluster = scene.namespace.cluster;
    for method in ["GET", "POST"] {
        for road in [
            "exec?command=id",
            "attach",
            "portforward?ports=80",
            "proxy/",
        ] {
            let path = scene.namespace.core(&format!("pods/driver/{road}"));
            let answer = cluster.request(cluster.alice(), method, &path).send();
            // Admitted; what fails afterwards is that the pod has no node.
            assert!(
                matches!(answer.status, 400 | 404 | 500 | 503),
                "{method} {road}: {} {}",
                answer.status,
                answer.body
            );
        }
    }
    let kubectl = cluster.kubectl(cluster.alice()).namespace(&scene.namespace);
    let stderr = kubectl
        .run(&["exec", "driver", "--", "id"])
        .expect_refused();
    assert!(!stderr.contains("forbidden"), "{stderr}");
}

#[test]
fn ephemeral_container_joins_the_pod() {
    let scene = Scene::new();
    let container = json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "registry.example/debug:1"}]}});
    let path = scene.namespace.core("pods/driver/ephemeralcontainers");
    scene
        .alice("PATCH", &path, STRATEGIC, &container)
        .expect_status(200);
}

#[test]
fn config_maps_change_by_every_road() {
    let scene = Scene::new();
    let all = scene.namespace.core("configmaps");
    let one = scene.namespace.core("configmaps/shape");
    let map = |value: &str| {
        let mut map = config_map("shape");
        map["data"] = json!({"key": value});
        map
    };
    scene
        .post(&format!("{all}?dryRun=All"), &map("0"))
        .expect_status(201);
    scene.post(&all, &map("1")).expect_status(201);
    scene
        .alice("PUT", &one, "application/json", &map("2"))
        .expect_status(200);
    let data = json!({"data": {"key": "3"}});
    scene.alice("PATCH", &one, MERGE, &data).expect_status(200);
    scene
        .alice("PATCH", &one, STRATEGIC, &data)
        .expect_status(200);
    let replace = json!([{"op": "replace", "path": "/data/key", "value": "4"}]);
    scene
        .alice("PATCH", &one, JSON_PATCH, &replace)
        .expect_status(200);
    let applied = format!("{one}?fieldManager=e2e&force=true");
    scene
        .alice("PATCH", &applied, APPLY, &map("5"))
        .expect_status(200);
    // A body with DELETE: DeleteOptions.
    let dry_run = json!({"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": ["All"]});
    scene
        .alice("DELETE", &one, "application/json", &dry_run)
        .expect_status(200);
    assert_eq!(scene.namespace.cluster.get(&one)["data"]["key"], "5");

    let cluster = scene.namespace.cluster;
    cluster
        .request(cluster.alice(), "DELETE", &all)
        .send()
        .expect_status(200);
    cluster
        .request(cluster.admin(), "GET", &one)
        .send()
        .expect_status(404);

    let kubectl = cluster.kubectl(cluster.alice()).namespace(&scene.namespace);
    kubectl
        .stdin(map("6").to_string())
        .run(&["apply", "-f", "-"])
        .expect_ok();
}

#[test]
fn pods_and_workloads_start_under_the_jobs_identity() {
    let scene = Scene::new();
    let account = scene.job_account.as_str();
    scene
        .post(&scene.namespace.core("pods"), &pod("mine", account))
        .expect_status(201);

    let labels = json!({"app": "mine"});
    let mut spec = pod_spec(account);
    spec["restartPolicy"] = "Always".into();
    let template = json!({"metadata": {"labels": labels}, "spec": spec});
    let once = json!({"spec": pod_spec(account)});
    let workload = |group: &str, kind: &str, spec: Value| {
        let resource = format!("{}s", kind.to_lowercase());
        let object =
            json!({"apiVersion": group, "kind": kind, "metadata": {"name": "mine"}, "spec": spec});
        scene
            .post(&scene.namespace.group(group, &resource), &object)
            .expect_status(201);
    };
    let selected = json!({"selector": {"matchLabels": labels}, "template": template});
    workload("apps/v1", "Deployment", selected.clone());
    workload("apps/v1", "ReplicaSet", selected.clone());
    workload("apps/v1", "DaemonSet", selected.clone());
    workload("apps/v1", "StatefulSet", selected);
    workload("batch/v1", "Job", json!({"template": once}));
    workload(
        "batch/v1",
        "CronJob",
        json!({"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": once}}}),
    );

    let core = json!({
        "apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "mine"},
        "spec": {"selector": labels, "template": template},
    });
    scene
        .post(&scene.namespace.core("replicationcontrollers"), &core)
        .expect_status(201);
}

#[test]
fn tokens_and_secrets_are_there_for_the_asking() {
    let scene = Scene::new();
    let account = scene.job_account.as_str();
    let cluster = scene.namespace.cluster;
    let kubectl = cluster.kubectl(cluster.alice()).namespace(&scene.namespace);
    let token = kubectl
        .run(&[
            "create",
            "token",
            account,
            "--audience",
            "sts.amazonaws.com",
        ])
        .expect_ok();
    assert_eq!(token.trim().split('.').count(), 3, "a JWT");

    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "token", "annotations": {"kubernetes.io/service-account.name": account}},
    });
    scene
        .post(&scene.namespace.core("secrets"), &secret)
        .expect_status(201);
}

#[test]
fn impersonation_makes_a_job_of_a_tenant() {
    let scene = Scene::new();
    let cluster = scene.namespace.cluster;
    let kubectl = cluster.kubectl(cluster.alice()).namespace(&scene.namespace);
    let as_job = format!("--as={}", scene.namespace.account_user(&scene.job_account));
    let made = kubectl.run(&["create", "configmap", "as-a-job", &as_job]);
    made.expect_ok();
    scene
        .namespace
        .wait_for_audit("the impersonated CREATE", |event| {
            event["user"]["username"] == "alice"
                && event["impersonatedUser"]["username"].is_string()
                && event["objectRef"]["resource"] == "configmaps"
        });
}

#[test]
fn grants_hand_it_all_on() {
    let scene = Scene::new();
    let rbac = "rbac.authorization.k8s.io/v1";
    let role = json!({
        "apiVersion": rbac, "kind": "Role", "metadata": {"name": "exec"},
        "rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create", "get"]}],
    });
    scene
        .post(&scene.namespace.group(rbac, "roles"), &role)
        .expect_status(201);
    let binding = json!({
        "apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": "exec"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "exec"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}],
    });
    scene
        .post(&scene.namespace.group(rbac, "rolebindings"), &binding)
        .expect_status(201);
}
