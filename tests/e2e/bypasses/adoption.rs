//! Beside E1 and E2: what the real job controller does with a pod that has the labels
//! of EMR's Job.

use serde_json::{Value, json};

use crate::coverage::probes::Place;
use crate::coverage::stage::{Stage, stage};
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::audit::annotation;
use crate::harness::cast::{OTHER_ROLE, job_account};
use crate::harness::wait;

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

fn owner(stage: &Stage, place: Place<'_>) -> Value {
    let stored = stage.cluster.get(&place.core("pods/thief"));
    stored["metadata"]["ownerReferences"][0]["kind"].clone()
}

#[test]
fn e2_the_job_controller_adopts_no_pod_of_another_account() {
    let stage = stage();
    // Without rolegate the Job takes the tenant's pod for its own.
    let open = Place(&stage.open);
    let uid = emrs_job(stage, open);
    let made = stage.bobs("POST", &open.core("pods"), None);
    made.json(&thief(&uid)).send().expect_status(201);
    wait::until("the pod to be adopted", || {
        let owner = owner(stage, open);
        (owner == "Job").then_some(()).ok_or(owner.to_string())
    });

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
    let path = place.core("pods/thief");
    let events = stage
        .cluster
        .wait_for_audit("the refused adoption", &path, |event| {
            event["user"]["username"] == "system:serviceaccount:kube-system:job-controller"
                && event["responseStatus"]["code"] == 403
        });
    let said = annotation(&events[0], "enforce.rolegate.dev/pod-tampering").unwrap_or_default();
    assert!(said.contains("owner references"), "{said}");
    assert_eq!(owner(stage, place), Value::Null);
}
