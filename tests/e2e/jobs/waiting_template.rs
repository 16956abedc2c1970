//! Templates that wait: made under a job's account in the days before rolegate,
//! set going afterwards. The controller's pod is judged by what that controller starts for
//! EMR and for the operators of the policy: nothing of the kind. Tenants cannot even set
//! them going, because rolegate may look the workload up here.

use serde_json::{Value, json};

use super::client::Client;
use super::flink;
use super::operators::{self, account};
use super::traces;
use crate::harness::audit::annotation;
use crate::harness::cast::{OTHER_ROLE, becomes, job_account};
use crate::harness::http::MERGE;
use crate::harness::users::User;
use crate::harness::workloads::{group_version, workload};
use crate::harness::{Namespace, wait};

/// A kind, and the controller that starts its pods.
const KINDS: [(&str, &str); 5] = [
    ("deployments", "replicaset-controller"),
    ("replicasets", "replicaset-controller"),
    ("statefulsets", "statefulset-controller"),
    ("replicationcontrollers", "replication-controller"),
    ("jobs", "job-controller"),
];

/// A Flink cluster's, of a role that the policy does not give to the operator.
const FLINK: &str = "old";

/// The label `app` of each one's pods, their account, and their controller.
fn waiting() -> Vec<(&'static str, String, &'static str)> {
    let driver = job_account("driver", OTHER_ROLE);
    let of_kind = |(plural, by)| (plural, driver.clone(), by);
    let mut all: Vec<_> = KINDS.map(of_kind).into();
    let manager = account("flink", "jobmanager", OTHER_ROLE);
    all.push((FLINK, manager, "replicaset-controller"));
    all
}

#[test]
fn without_rolegate_a_waiting_template_starts_when_it_is_set_going() {
    let namespace = namespace_with_waiting_templates();
    set_going(&namespace, namespace.cluster.alice());
    for (app, account, _) in waiting() {
        wait::until("the workload's pod", || {
            let pods = pods_of(&namespace, app);
            let right = |pod: &Value| pod["spec"]["serviceAccountName"] == account.as_str();
            pods.iter()
                .any(right)
                .then_some(())
                .ok_or_else(|| format!("{app}: {pods:?}"))
        });
    }
}

#[test]
fn a_waiting_template_starts_nothing_once_rolegate_enforces() {
    let namespace = namespace_with_waiting_templates();
    namespace.start_enforcing();
    // Of a tenant, letting a Job go is refused by itself.
    set_going(&namespace, namespace.cluster.admin());
    for (app, account, by) in waiting() {
        expect_refused(&namespace, app, &account, by);
    }
    expect_told(&namespace);
    // Whoever may not start its pods may not ask for more of them. The deployment controller
    // does what others have asked for.
    let alice = Client::new(&namespace, namespace.cluster.alice());
    let path = namespace.group("apps/v1", "deployments/deployments/scale");
    let two = json!({"spec": {"replicas": 2}});
    alice.send("PATCH", &path, MERGE, &two).expect_status(403);
    let controller = "system:serviceaccount:kube-system:deployment-controller";
    traces::expect_passed(&namespace, &(controller, "update", "replicasets"));
}

fn namespace_with_waiting_templates() -> Namespace<'static> {
    let cluster = operators::flink().unmanaged.cluster;
    let namespace = Namespace::unmanaged(cluster);
    namespace.service_account(&job_account("driver", OTHER_ROLE));
    namespace.service_account(&account("flink", "jobmanager", OTHER_ROLE));
    let alice = Client::new(&namespace, cluster.alice());
    for (plural, _) in KINDS {
        let object = workload(plural, plural, &job_account("driver", OTHER_ROLE));
        alice.create(plural, &object);
    }
    let mut old = flink::deployment(FLINK, OTHER_ROLE);
    old["spec"]["replicas"] = 0.into();
    alice.create("deployments", &old);
    // The two that the Deployments have, and the one that is there by itself.
    wait::until("the replica sets", || {
        let sets = cluster.get(&namespace.group("apps/v1", "replicasets"));
        let made = sets["items"].as_array().is_some_and(|all| all.len() == 3);
        made.then_some(()).ok_or_else(|| sets.to_string())
    });
    namespace
}

fn set_going(namespace: &Namespace<'static>, by: &User) {
    let client = Client::new(namespace, by);
    let mut all: Vec<_> = KINDS.map(|(plural, _)| (plural, plural)).into();
    all.push(("deployments", FLINK));
    for (plural, name) in all {
        let (rest, change) = match plural {
            "jobs" => (
                format!("{plural}/{name}"),
                json!({"spec": {"suspend": false}}),
            ),
            _ => (
                format!("{plural}/{name}/scale"),
                json!({"spec": {"replicas": 1}}),
            ),
        };
        let path = match group_version(plural) {
            Some("v1") | None => namespace.core(&rest),
            Some(group) => namespace.group(group, &rest),
        };
        client
            .send("PATCH", &path, MERGE, &change)
            .expect_status(200);
    }
}

fn pods_of(namespace: &Namespace<'_>, app: &str) -> Vec<Value> {
    let path = namespace.core(&format!("pods?labelSelector=app%3D{app}"));
    let pods = namespace.cluster.get(&path);
    pods["items"].as_array().cloned().unwrap_or_default()
}

fn expect_refused(namespace: &Namespace<'_>, app: &str, account: &str, by: &str) {
    const KEY: &str = "enforce.rolegate.dev/foreign-service-account";
    let controller = format!("system:serviceaccount:kube-system:{by}");
    let events = namespace.wait_for_audit("the controller's refused pod", |event| {
        let said = annotation(event, KEY).unwrap_or_default();
        event["verb"] == "create"
            && event["objectRef"]["resource"] == "pods"
            && event["user"]["username"] == controller.as_str()
            && said.contains(&format!("/{app}-"))
    });
    assert_eq!(events[0]["responseStatus"]["code"], 403, "{}", events[0]);
    let said = annotation(&events[0], KEY).unwrap_or_default();
    let starts = format!(
        "enforce: {controller} may not start pod {}/{app}-",
        namespace.name
    );
    let ends = format!(
        "under service account {account}: that service account {}, and Kubernetes does not start its pods in this way (at spec.serviceAccountName)",
        becomes(OTHER_ROLE)
    );
    assert!(said.starts_with(&starts) && said.ends_with(&ends), "{said}");
    assert_eq!(pods_of(namespace, app), Vec::<Value>::new(), "{app}");
}

/// The owner of the workload reads why: in its condition, and in the Event
/// that kubectl shows beneath.
fn expect_told(namespace: &Namespace<'_>) {
    let cluster = namespace.cluster;
    let told = |message: &Value| {
        let message = message.as_str().unwrap_or_default();
        message.contains("rolegate refused this request: foreign-service-account: ")
            && message.contains(&becomes(OTHER_ROLE))
    };
    wait::until("the ReplicaSet's condition", || {
        let path = namespace.group("apps/v1", "replicasets/replicasets");
        let stored = cluster.get(&path);
        let condition = &stored["status"]["conditions"][0];
        let right = condition["type"] == "ReplicaFailure" && told(&condition["message"]);
        right
            .then_some(())
            .ok_or_else(|| stored["status"].to_string())
    });
    wait::until("the Event", || {
        let events = cluster.get(&namespace.core("events"));
        let right = |event: &Value| {
            event["source"]["component"] == "replicaset-controller"
                && event["reason"] == "FailedCreate"
                && told(&event["message"])
        };
        let found = events["items"]
            .as_array()
            .is_some_and(|all| all.iter().any(right));
        found.then_some(()).ok_or_else(|| events.to_string())
    });
}
