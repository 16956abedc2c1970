//! Beside E1 and E2: what the real job controller does with a pod that has the labels
//! of EMR's Job.

use serde_json::{Value, json};

use crate::coverage::probes::Place;
use crate::coverage::stage::{Stage, stage};
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::audit::annotation;
use crate::harness::cast::{OTHER_ROLE, job_account};

/// A run of its own: the other rows have their pods.
const RUN: &str = "0000000337okspsc999";

/// EMR's Job for the run; gives its uid.
fn emrs_job(stage: &Stage, place: Place<'_>) -> String {
    let account = job_account("client", OTHER_ROLE);
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": RUN},
        "spec": {"template": {"spec": pod_spec(&account)}},
    });
    let made = stage.cluster.create(&place.group("batch/v1", "jobs"), &job);
    made["metadata"]["uid"].as_str().expect("a uid").to_owned()
}

fn thief(uid: &str) -> Value {
    let mut object = pod("thief", "default");
    object["metadata"]["labels"] = json!({"batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": RUN, "job-name": RUN, "controller-uid": uid});
    object
}

/// Waits for the job controller's adoption of the pod, and gives the audit event. Not
/// by the stored pod: a Job that has a pod already adopts the stray and ends it at once
/// as one too many.
fn adoption(stage: &Stage, place: Place<'_>, what: &str, code: u16) -> Value {
    let path = place.core("pods/thief");
    let mut events = stage.cluster.wait_for_audit(what, &path, |event| {
        event["user"]["username"] == "system:serviceaccount:kube-system:job-controller"
            && event["verb"] == "patch"
            && event["responseStatus"]["code"] == code
    });
    events.swap_remove(0)
}

#[test]
fn e2_the_job_controller_adopts_no_pod_of_another_account() {
    let stage = stage();
    // Without rolegate the Job takes the tenant's pod for its own.
    let open = Place(&stage.open);
    let uid = emrs_job(stage, open);
    let made = stage.bobs("POST", &open.core("pods"), None);
    made.json(&thief(&uid)).send().expect_status(201);
    adoption(stage, open, "the adoption", 200);

    let place = stage.place();
    let uid = emrs_job(stage, place);
    let refused = stage.bobs("POST", &place.core("pods"), None);
    let refused = refused.json(&thief(&uid)).send();
    assert!(
        refused.refused_by_webhook() && refused.message().contains("pod-tampering: "),
        "{}",
        refused.body
    );
    // One that was there before is not adopted either.
    stage.cluster.create(&place.core("pods"), &thief(&uid));
    let event = adoption(stage, place, "the refused adoption", 403);
    let said = annotation(&event, "enforce.rolegate.dev/pod-tampering").unwrap_or_default();
    assert!(said.contains("owner references"), "{said}");
    let stored = stage.cluster.get(&place.core("pods/thief"));
    assert_eq!(stored["metadata"]["ownerReferences"], Value::Null);
}
