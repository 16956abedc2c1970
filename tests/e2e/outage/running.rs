//! A running EMR job: what EMR, the Job controller, Spark, the scheduler and a
//! kubelet do until it runs, each under its own identity.

use serde_json::{Value, json};

use crate::harness::accounts::{Pod, pod, pod_spec};
use crate::harness::cast::{JOB, ROLE, job_account};
use crate::harness::http::{Answer, MERGE};
use crate::harness::users::User;
use crate::harness::{Cluster, Namespace, wait};

/// The node of `harness/users.rs`.
pub(super) const NODE: &str = "n1";

pub(super) struct Job {
    pub(super) namespace: Namespace<'static>,
    /// The pod that submits, made by the real Job controller, and its token.
    pub(super) runner: (Pod, User),
    pub(super) driver: (Pod, User),
}

/// The name of the service account of one of the job's parts.
pub(super) fn account(component: &str) -> String {
    job_account(component, ROLE)
}

pub(super) fn make_node(cluster: &Cluster) {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}});
    cluster.create("/api/v1/nodes", &node);
}

/// What EMR sends for `StartJobRun`, as far as it matters here.
pub(super) fn emr_job(name: &str) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod_spec(&account("client"))}},
    })
}

impl Job {
    pub(super) fn start(namespace: Namespace<'static>) -> Self {
        let cluster = namespace.cluster;
        for component in ["client", "driver", "executor"] {
            namespace.service_account(&account(component));
        }
        post(
            &namespace,
            cluster.emr(),
            &namespace.group("batch/v1", "jobs"),
            &emr_job(JOB),
        );
        let runner = runner_of(&namespace);
        bind(&namespace, &runner.name);
        report(&namespace, &runner.name, "Running");
        let client = namespace.bound_token(&account("client"), &runner);

        let name = format!("spark-{JOB}-driver");
        let pods = namespace.core("pods");
        let made = post(&namespace, &client, &pods, &pod(&name, &account("driver"))).json();
        let uid = made["metadata"]["uid"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let driver = Pod { name, uid };
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "spark-drv-0123456789abcdef-conf-map", "ownerReferences": [
                {"apiVersion": "v1", "kind": "Pod", "name": driver.name, "uid": driver.uid}]},
        });
        post(&namespace, &client, &namespace.core("configmaps"), &map);
        bind(&namespace, &driver.name);
        report(&namespace, &driver.name, "Running");
        let token = namespace.bound_token(&account("driver"), &driver);
        post(
            &namespace,
            &token,
            &pods,
            &pod("pi-0123456789abcdef-exec-1", &account("executor")),
        );
        Self {
            namespace,
            runner: (runner, client),
            driver: (driver, token),
        }
    }
}

fn post(namespace: &Namespace<'_>, user: &User, path: &str, object: &Value) -> Answer {
    let request = namespace.cluster.request(user, "POST", path);
    request.json(object).send().expect_status(201)
}

/// The pod the Job controller makes.
fn runner_of(namespace: &Namespace<'_>) -> Pod {
    wait::until("the Job's pod", || {
        let path = namespace.core(&format!("pods?labelSelector=job-name%3D{JOB}"));
        let pods = namespace.cluster.get(&path);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &pods["items"][0]["metadata"];
        metadata["name"]
            .is_string()
            .then(|| Pod {
                name: text(&metadata["name"]),
                uid: text(&metadata["uid"]),
            })
            .ok_or_else(|| pods.to_string())
    })
}

/// The scheduler puts a pod on the node.
pub(super) fn bind(namespace: &Namespace<'_>, pod: &str) {
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod},
        "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
    });
    let path = namespace.core(&format!("pods/{pod}/binding"));
    post(namespace, namespace.cluster.scheduler(), &path, &binding);
}

/// The kubelet tells how a pod is.
pub(super) fn report(namespace: &Namespace<'_>, pod: &str, phase: &str) {
    let cluster = namespace.cluster;
    let path = namespace.core(&format!("pods/{pod}/status"));
    let status = json!({"status": {"phase": phase}}).to_string();
    let request = cluster.request(cluster.node(), "PATCH", &path);
    request.body(MERGE, status).send().expect_status(200);
}
