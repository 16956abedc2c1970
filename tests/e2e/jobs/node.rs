//! What the scheduler and the kubelet of `n1` do with a job's pods.

use serde_json::{Value, json};

use crate::harness::accounts::Pod;
use crate::harness::cast::token_request;
use crate::harness::http::{Answer, STRATEGIC};
use crate::harness::users::User;
use crate::harness::{Cluster, Namespace, wait};

/// The scheduler gives the pod to `n1`, and its kubelet starts it.
pub(super) fn run(namespace: &Namespace<'_>, pod: &Pod) {
    let cluster = namespace.cluster;
    register(cluster);
    let path = namespace.core(&format!("pods/{}/binding", pod.name));
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod.name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    });
    let bound = cluster.request(cluster.scheduler(), "POST", &path);
    bound.json(&binding).send().expect_status(201);
    let ready = json!({"phase": "Running", "podIP": "10.1.0.7", "conditions": [
        {"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"},
    ]});
    report(namespace, pod, &ready);
}

/// The kubelet says that every container ended well.
pub(super) fn succeed(namespace: &Namespace<'_>, pod: &Pod) {
    report(namespace, pod, &json!({"phase": "Succeeded"}));
}

/// The kubelet has ended a deleted pod, and removes it.
pub(super) fn remove(namespace: &Namespace<'_>, pod: &Pod) {
    let path = namespace.core(&format!("pods/{}", pod.name));
    let now = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
        "preconditions": {"uid": pod.uid},
    });
    allowed("removal", || {
        let cluster = namespace.cluster;
        cluster
            .request(cluster.node(), "DELETE", &path)
            .json(&now)
            .try_send()
    });
}

/// A token that the kubelet asks for, as it mounts one: for the API server, or
/// for AWS STS.
pub(super) fn token(
    namespace: &Namespace<'_>,
    account: &str,
    pod: &Pod,
    audience: Option<&str>,
) -> User {
    let path = namespace.core(&format!("serviceaccounts/{account}/token"));
    let request = token_request(&json!({
        "audiences": audience.iter().collect::<Vec<_>>(),
        "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid},
    }));
    let cluster = namespace.cluster;
    let answer = allowed("token", || {
        cluster
            .request(cluster.node(), "POST", &path)
            .json(&request)
            .try_send()
    });
    User {
        name: namespace.account_user(account),
        token: text(&answer.expect_status(201).json()["status"]["token"]),
    }
}

/// The node authorizer learns from a watch which pods are whose: until then it
/// refuses what it allows a moment later.
fn allowed(what: &str, send: impl Fn() -> Result<Answer, String>) -> Answer {
    wait::until(&format!("the node's {what}"), || {
        let answer = send()?;
        if matches!(answer.status, 403) && !answer.refused_by_webhook() {
            return Err(answer.body);
        }
        assert!(answer.status < 300, "{what}: {}", answer.body);
        Ok(answer)
    })
}

fn report(namespace: &Namespace<'_>, pod: &Pod, status: &Value) {
    let path = namespace.core(&format!("pods/{}/status", pod.name));
    let cluster = namespace.cluster;
    allowed("report", || {
        cluster
            .request(cluster.node(), "PATCH", &path)
            .body(STRATEGIC, json!({"status": status}).to_string())
            .try_send()
    });
}

/// A kubelet makes its own Node; all tests of a cluster share it.
fn register(cluster: &Cluster) {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}});
    let answer = cluster
        .request(cluster.node(), "POST", "/api/v1/nodes")
        .json(&node)
        .send();
    if answer.status != 409 {
        answer.expect_status(201);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
