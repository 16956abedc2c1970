//! What the real controllers go on doing in an enforce namespace.

use serde_json::{Value, json};

use crate::harness::cast::JOB;
use crate::harness::{Namespace, wait};

use super::running;
use super::stage::Stage;

/// Waits until an object of the core group is there.
pub(super) fn eventually_there(namespace: &Namespace<'_>, rest: &str) {
    eventually(namespace, &namespace.core(rest), 200);
}

fn eventually(namespace: &Namespace<'_>, path: &str, status: u16) {
    let cluster = namespace.cluster;
    wait::until(&format!("{path} to answer {status}"), || {
        let answer = cluster.request(cluster.admin(), "GET", path).try_send()?;
        (answer.status == status)
            .then_some(())
            .ok_or_else(|| format!("{} {}", answer.status, answer.body))
    });
}

#[test]
fn a_running_job_turns_complete() {
    let job = Stage::get().job("completes");
    let namespace = &job.namespace;
    running::report(namespace, &job.driver.0.name, "Succeeded");
    running::report(namespace, &job.runner.0.name, "Succeeded");
    wait::until("the Job to be Complete", || {
        let path = namespace.group("batch/v1", &format!("jobs/{JOB}"));
        let stored = namespace.cluster.get(&path);
        let conditions = stored["status"]["conditions"].as_array();
        let complete = conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Complete" && condition["status"] == "True");
        complete
            .then_some(())
            .ok_or_else(|| stored["status"].to_string())
    });
    // Its pod is free to go: the controller took its finalizer off.
    wait::until("the finalizer to be gone", || {
        let pod = namespace
            .cluster
            .get(&namespace.core(&format!("pods/{}", job.runner.0.name)));
        let finalizers = &pod["metadata"]["finalizers"];
        finalizers
            .is_null()
            .then_some(())
            .ok_or_else(|| finalizers.to_string())
    });
}

#[test]
fn the_garbage_collector_collects() {
    let stage = Stage::get();
    let namespace = &stage.job("enforce").namespace;
    let map = |name: &str, owners: Value| {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "ownerReferences": owners},
        });
        stage.cluster.create(&namespace.core("configmaps"), &object)["metadata"]["uid"].clone()
    };
    let uid = map("owner", json!([]));
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}]);
    map("owned", owner);
    let path = namespace.core("configmaps/owner");
    let request = stage
        .cluster
        .request(stage.cluster.admin(), "DELETE", &path);
    request.send().expect_status(200);
    eventually(namespace, &namespace.core("configmaps/owned"), 404);
    namespace.wait_for_audit("the collector's own DELETE", |event| {
        event["verb"] == "delete"
            && event["objectRef"]["name"] == "owned"
            && event["user"]["username"]
                == "system:serviceaccount:kube-system:generic-garbage-collector"
            && event["responseStatus"]["code"] == 200
    });
}

#[test]
fn a_namespace_with_an_unfinished_job_deletes_completely() {
    let stage = Stage::get();
    let cluster = stage.cluster;
    let namespace = &stage.job("leaves").namespace;
    let path = format!("/api/v1/namespaces/{}", namespace.name);
    let request = cluster.request(cluster.admin(), "DELETE", &path);
    request.send().expect_status(200);
    wait::until("the namespace to be gone", || {
        kubelet_ends_pods(namespace);
        let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
        (answer.status == 404).then_some(()).ok_or(answer.body)
    });
}

/// What a kubelet does with a pod that is marked for deletion: stops it, and
/// deletes it for good.
fn kubelet_ends_pods(namespace: &Namespace<'_>) {
    let cluster = namespace.cluster;
    let pods = cluster.get(&namespace.core("pods"));
    for pod in pods["items"].as_array().into_iter().flatten() {
        let metadata = &pod["metadata"];
        let grace = &metadata["deletionGracePeriodSeconds"];
        if pod["spec"]["nodeName"] != running::NODE
            || metadata["deletionTimestamp"].is_null()
            || *grace == 0
        {
            continue;
        }
        let name = metadata["name"].as_str().unwrap_or_default();
        let path = namespace.core(&format!("pods/{name}?gracePeriodSeconds=0"));
        let answer = cluster.request(cluster.node(), "DELETE", &path).send();
        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
    }
}
