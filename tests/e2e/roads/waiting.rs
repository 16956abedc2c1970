//! Templates that wait: made under a job's account before the namespace was
//! labelled, set going by a tenant afterwards. The controller's pod is judged
//! by what that controller starts for EMR, and that is nothing of the kind.

use serde_json::{Value, json};

use super::kinds::{BUILT_IN, Workload};
use super::pair::{account, becomes};
use super::refusal::{ACCOUNTS, assert_kubectl_refused};
use super::road::Road;
use crate::harness::audit::annotation;
use crate::harness::http::MERGE;
use crate::harness::users::User;
use crate::harness::webhook::guarded;
use crate::harness::{Namespace, wait};

/// A kind, what sets it going, and the controller that starts its pods.
const WAITING: [(&str, &str, &str); 5] = [
    (
        "Deployment",
        r#"{"spec":{"replicas":1}}"#,
        "replicaset-controller",
    ),
    (
        "ReplicaSet",
        r#"{"spec":{"replicas":1}}"#,
        "replicaset-controller",
    ),
    (
        "StatefulSet",
        r#"{"spec":{"replicas":1}}"#,
        "statefulset-controller",
    ),
    (
        "ReplicationController",
        r#"{"spec":{"replicas":1}}"#,
        "replication-controller",
    ),
    ("Job", r#"{"spec":{"suspend":false}}"#, "job-controller"),
];

fn kind(name: &str) -> &'static Workload {
    let found = BUILT_IN.iter().find(|kind| kind.kind == name);
    found.expect("it is in the table")
}

/// alice's workloads under a driver's account, not yet running, from the time
/// when nobody minded.
fn namespace_with_waiting_workloads() -> Namespace<'static> {
    let cluster = guarded().cluster;
    let namespace = Namespace::unmanaged(cluster);
    namespace.service_account(&account("driver"));
    for (name, _, _) in WAITING {
        let kind = kind(name);
        let object = kind.object(&kind.kind.to_lowercase(), &account("driver"));
        Road::create(kind.group_version, kind.plural, &object)
            .by(cluster.alice(), &namespace)
            .expect_status(201);
    }
    namespace
}

/// Puts the namespace under rolegate's care, and waits until it is.
fn label(namespace: &Namespace<'_>) {
    namespace.set_mode("enforce");
    wait::until("the label to take effect", || {
        let answer = namespace.try_config_map()?;
        answer.refused_by_webhook().then_some(()).ok_or(answer.body)
    });
}

fn set_going(namespace: &Namespace<'_>, by: &User) {
    for (name, patch, _) in WAITING {
        let kind = kind(name);
        let patch: Value = serde_json::from_str(patch).expect("JSON");
        let rest = format!("{}/{}", kind.plural, kind.kind.to_lowercase());
        Road::patch(kind.group_version, rest, MERGE, &patch)
            .by(by, namespace)
            .expect_status(200);
    }
}

fn pods_of(namespace: &Namespace<'_>, app: &str) -> Vec<Value> {
    let path = namespace.core(&format!("pods?labelSelector=app%3D{app}"));
    let pods = namespace.cluster.get(&path);
    pods["items"].as_array().cloned().unwrap_or_default()
}

fn controller(name: &str) -> String {
    format!("system:serviceaccount:kube-system:{name}")
}

#[test]
fn they_start_where_nobody_minds() {
    let namespace = namespace_with_waiting_workloads();
    set_going(&namespace, namespace.cluster.alice());
    for (name, _, _) in WAITING {
        wait::until("the workload's pod", || {
            let pods = pods_of(&namespace, &name.to_lowercase());
            let account = account("driver");
            let right = pods
                .iter()
                .any(|pod| pod["spec"]["serviceAccountName"] == account.as_str());
            right
                .then_some(())
                .ok_or_else(|| format!("{name}: {pods:?}"))
        });
    }
}

#[test]
fn their_pods_are_refused_once_the_namespace_is_labelled() {
    let namespace = namespace_with_waiting_workloads();
    label(&namespace);
    set_going(&namespace, namespace.cluster.admin());
    for (name, _, by) in WAITING {
        let app = name.to_lowercase();
        let events = namespace.wait_for_audit("the controller's refused pod", |event| {
            let said = annotation(event, "enforce.rolegate.dev/foreign-service-account");
            event["verb"] == "create"
                && event["objectRef"]["resource"] == "pods"
                && event["user"]["username"] == controller(by)
                && said.is_some_and(|said| said.contains(&format!("/{app}-")))
        });
        let event = &events[0];
        assert_eq!(event["responseStatus"]["code"], 403, "{event}");
        let said = annotation(event, "enforce.rolegate.dev/foreign-service-account");
        let expected = format!(
            "under service account {}: {}, and Kubernetes does not start its pods in this way (at spec.serviceAccountName)",
            account("driver"),
            becomes()
        );
        let said = said.unwrap_or_default();
        assert!(
            said.starts_with(&format!(
                "enforce: {} may not start pod {}/{app}-",
                controller(by),
                namespace.name
            )) && said.ends_with(&expected),
            "{said}"
        );
        assert_eq!(pods_of(&namespace, &app), Vec::<Value>::new(), "{name}");
    }
}

/// Letting a Job go starts its pods at once, and under a job runner's account
/// the job controller's pod would pass for EMR's.
#[test]
fn a_tenant_lets_no_suspended_job_go() {
    let namespace = namespace_with_waiting_workloads();
    label(&namespace);
    let patch = json!({"spec": {"suspend": false}});
    let answer = Road::patch("batch/v1", "jobs/job", MERGE, &patch)
        .by(namespace.cluster.alice(), &namespace)
        .expect_status(403);
    let expected = format!(
        "may not change the pods of Job {}/job under service account",
        namespace.name
    );
    assert!(answer.message().contains(&expected), "{}", answer.body);
}

/// The owner of the workload reads why, where kubectl describes it.
#[test]
fn the_workload_says_why_it_has_no_pods() {
    let namespace = namespace_with_waiting_workloads();
    label(&namespace);
    let scale = json!({"spec": {"replicas": 1}});
    Road::patch("apps/v1", "replicasets/replicaset/scale", MERGE, &scale)
        .by(namespace.cluster.alice(), &namespace)
        .expect_status(200);
    wait::until("the ReplicaSet's condition", || {
        let stored = namespace
            .cluster
            .get(&namespace.group("apps/v1", "replicasets/replicaset"));
        let condition = &stored["status"]["conditions"][0];
        let told = condition["type"] == "ReplicaFailure"
            && condition["message"].as_str().is_some_and(|message| {
                message.contains("rolegate refused this request: foreign-service-account: ")
                    && message.contains(&becomes())
            });
        told.then_some(())
            .ok_or_else(|| stored["status"].to_string())
    });
}

/// A Job made of a waiting `CronJob` carries the template in the tenant's own
/// request.
#[test]
fn a_job_from_a_waiting_cron_job_is_refused() {
    let cluster = guarded().cluster;
    let namespace = Namespace::unmanaged(cluster);
    namespace.service_account(&account("client"));
    let cron = kind("CronJob").object("waiting", &account("client"));
    Road::create("batch/v1", "cronjobs", &cron)
        .by(cluster.alice(), &namespace)
        .expect_status(201);
    let job = |name: &str| {
        let kubectl = cluster.kubectl(cluster.alice()).namespace(&namespace);
        kubectl.run(&["create", "job", name, "--from=cronjob/waiting"])
    };
    job("before").expect_ok();
    label(&namespace);
    assert_kubectl_refused(
        &job("after").expect_refused(),
        &namespace,
        ACCOUNTS,
        "alice may not start pods by Job <ns>/after under service account",
    );
}

/// The history of a Deployment is a template that waits, too.
#[test]
fn a_rollback_to_a_jobs_account_is_refused() {
    let cluster = guarded().cluster;
    let namespace = Namespace::unmanaged(cluster);
    namespace.service_account(&account("driver"));
    let deployment = kind("Deployment");
    let object = deployment.object("app", &account("driver"));
    Road::create("apps/v1", "deployments", &object)
        .by(cluster.alice(), &namespace)
        .expect_status(201);
    let revisions = |count: usize| {
        wait::until("the revision's ReplicaSet", || {
            let sets = cluster.get(&namespace.group("apps/v1", "replicasets"));
            let found = sets["items"].as_array().map_or(0, Vec::len);
            (found == count)
                .then_some(())
                .ok_or_else(|| sets.to_string())
        });
    };
    let undo = |more: &[&str]| {
        let kubectl = cluster.kubectl(cluster.alice()).namespace(&namespace);
        kubectl.run(&[&["rollout", "undo", "deployment/app"], more].concat())
    };
    revisions(1);
    let to_default = deployment.switch("default");
    Road::patch("apps/v1", "deployments/app", MERGE, &to_default)
        .by(cluster.alice(), &namespace)
        .expect_status(200);
    revisions(2);
    // Dry, so that there is something to go back to afterwards.
    undo(&["--dry-run=server"]).expect_ok();
    label(&namespace);
    assert_kubectl_refused(
        &undo(&[]).expect_refused(),
        &namespace,
        ACCOUNTS,
        "alice may not change the pods of Deployment <ns>/app under service account",
    );
}
