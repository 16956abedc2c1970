//! A Deployment from the days before rolegate, under the job manager's account
//! of a role that no operator may run. It waits at zero replicas, and who may
//! scale it need not be who may start pods.

use serde_json::{Value, json};

use super::client::Client;
use super::emr::ACCOUNT;
use super::flink::deployment;
use super::interactive_endpoint::wait_for_pod;
use super::operators::{self, OTHER, account};
use super::traces;
use crate::harness::http::MERGE;
use crate::harness::{Namespace, wait};

const NAME: &str = "old";

#[test]
fn without_rolegate_a_waiting_template_starts_when_it_is_scaled_up() {
    let namespace = namespace_with_a_waiting_template();
    scale_up(&namespace);
    wait_for_pod(&namespace, NAME);
}

#[test]
fn a_waiting_template_starts_nothing_once_rolegate_enforces() {
    let namespace = namespace_with_a_waiting_template();
    namespace.set_mode("enforce");
    wait::until("the label to be in effect", || {
        let answer = namespace.try_config_map()?;
        let refused = answer.refused_by_webhook();
        refused.then_some(()).ok_or(answer.body)
    });
    scale_up(&namespace);
    expect_not_started(&namespace);
    // Scaling itself is nobody's harm: alice and the deployment controller pass.
    traces::expect_passed(&namespace, &("alice", "patch", "deployments"));
    let controller = "system:serviceaccount:kube-system:deployment-controller";
    traces::expect_passed(&namespace, &(controller, "update", "replicasets"));
}

fn namespace_with_a_waiting_template() -> Namespace<'static> {
    let cluster = operators::flink().unmanaged.cluster;
    let namespace = Namespace::unmanaged(cluster);
    namespace.service_account(&account("flink", "jobmanager", OTHER));
    let mut waiting = deployment(NAME, OTHER);
    waiting["spec"]["replicas"] = 0.into();
    cluster.create(&namespace.group("apps/v1", "deployments"), &waiting);
    wait::until("the replica set", || {
        let sets = cluster.get(&namespace.group("apps/v1", "replicasets"));
        let made = sets["items"].as_array().is_some_and(|all| all.len() == 1);
        made.then_some(()).ok_or_else(|| sets.to_string())
    });
    namespace
}

fn scale_up(namespace: &Namespace<'static>) {
    let alice = Client::new(namespace, namespace.cluster.alice());
    let path = namespace.group("apps/v1", &format!("deployments/{NAME}/scale"));
    let one = json!({"spec": {"replicas": 1}});
    alice.send("PATCH", &path, MERGE, &one).expect_status(200);
}

/// The replica set controller says in an Event what rolegate told it.
fn expect_not_started(namespace: &Namespace<'_>) {
    let says = format!(
        "becomes the IAM role {ACCOUNT}/{OTHER}, and Kubernetes does not start its pods in this way"
    );
    wait::until("the replica set controller to be refused", || {
        let events = namespace.cluster.get(&namespace.core("events"));
        let told = |event: &Value| {
            let message = event["message"].as_str().unwrap_or_default();
            event["source"]["component"] == "replicaset-controller"
                && event["reason"] == "FailedCreate"
                && message.contains(&says)
        };
        let found = events["items"]
            .as_array()
            .is_some_and(|all| all.iter().any(told));
        found.then_some(()).ok_or_else(|| events.to_string())
    });
    let pods = namespace.cluster.get(&namespace.core("pods"));
    assert_eq!(pods["items"], json!([]));
}
