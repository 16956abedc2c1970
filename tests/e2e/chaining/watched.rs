//! The watcher of every pod, behind a rolegate that mutates.

use serde_json::{Value, json};

use super::job::{self, Job};
use super::scene::{self, CONFIG};
use crate::harness::every_pod::{self, Fate, Sighting};

/// What the watcher has seen of a stored pod, dry runs of it included.
fn seen(job: &Job, pod: &Value) -> Vec<Sighting> {
    let mut seen = every_pod::sightings(&job.namespace);
    seen.retain(|sighting| pod["metadata"]["name"] == sighting.name);
    seen
}

#[test]
fn pods_are_settled_when_they_come_and_chained_elsewhere() {
    for mode in ["profile", "java-v2", "exclusive", "pod-identity"] {
        let job = scene::job(&format!("mode-{mode}"));
        let seen = seen(&job, &job.driver());
        let is_well =
            |pod: &Sighting| pod.judged.was_settled && matches!(pod.judged.fate, Fate::Chained(_));
        assert!(!seen.is_empty() && seen.iter().all(is_well), "{seen:#?}");
    }
}

/// Where rolegate waits for EKS's webhook the watcher waits for rolegate.
#[test]
fn rolegates_last_call_is_seen_in_either_order() {
    let job = scene::job("front-exclusive");
    let seen = seen(&job, &job.driver());
    let settled: Vec<_> = seen.iter().map(|pod| pod.judged.was_settled).collect();
    assert!(
        settled.contains(&false) && settled.ends_with(&[true]),
        "{seen:#?}"
    );
}

/// A profile that is not as rolegate leaves it: no pod like this comes to the
/// watcher, so one is handed to it.
#[test]
fn a_pod_that_rolegate_would_change_again_is_found() {
    let job = scene::job("mode-profile");
    let mut pod = job::as_sent(&job.driver());
    let inspect = |pod: &Value| {
        let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
        let resource = json!({"group": "", "version": "v1", "resource": "pods"});
        let review = json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {
                "uid": "u", "kind": kind, "resource": resource, "requestKind": kind,
                "requestResource": resource, "name": pod["metadata"]["name"],
                "namespace": job.namespace.name, "operation": "CREATE", "dryRun": true,
                "userInfo": {"username": "alice"}, "object": pod,
            },
        });
        let watcher = job.namespace.cluster.watcher();
        watcher.inspect(&review, review.to_string().as_bytes())
    };
    assert!(inspect(&pod).is_ok_and(|judged| judged.was_settled));
    pod["metadata"]["annotations"][CONFIG] = "[default]\n".into();
    let wrong = inspect(&pod).expect_err("something wrong");
    assert!(
        wrong.contains("a second call changes the pod again"),
        "{wrong}"
    );
}
