//! A Job that turns Complete: its status, and the finalizer of its pods.

use serde_json::{Value, json};

use crate::harness::accounts::pod;

use super::call::{ALICE, Call, Case, Who, delete, past, patch, post, sent};
use super::lookalikes::LOOKALIKE;
use super::scene::{Place, metadata};

const CONTROLLER: Who = Who::Controller("job-controller");

/// Changes of a pod that are more than a finalizer, and ride along with one.
/// `bare` has no labels, annotations and owners, `full` has one of each.
fn more_than_a_finalizer() -> Vec<(&'static str, Value)> {
    let owner = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "work", "uid": "1"}]);
    vec![
        ("bare", json!({"labels": {"part": "driver"}})),
        ("full", json!({"labels": {"part": "executor"}})),
        ("full", json!({"labels": null})),
        ("bare", json!({"annotations": {"note": "first"}})),
        ("full", json!({"annotations": {"note": "second"}})),
        ("full", json!({"annotations": null})),
        // Adoption: the pod becomes another Job's.
        ("bare", json!({"ownerReferences": owner})),
        ("full", json!({"ownerReferences": owner})),
        ("full", json!({"ownerReferences": null})),
    ]
}

pub(super) fn table(_: &Place) -> Vec<Case> {
    let status = || patch("batch/v1:jobs/work/status", json!({"status": {"ready": 0}}));
    let release = |name: &str| metadata(&format!("pods/{name}"), json!({"finalizers": null}));
    let mut cases = vec![
        past(CONTROLLER, status()),
        past(CONTROLLER, release("bare")),
        past(CONTROLLER, release("full")),
        // The pod template, one resource away from the status.
        sent(
            CONTROLLER,
            patch("batch/v1:jobs/work", json!({"spec": {"suspend": false}})),
        ),
        sent(CONTROLLER, delete("batch/v1:jobs/work")),
        sent(CONTROLLER, deadline()),
        sent(
            CONTROLLER,
            patch("pods/bare/status", json!({"status": {"phase": "Failed"}})),
        ),
        sent(CONTROLLER, post("pods", pod("new", "default"))),
        sent(CONTROLLER, delete("pods/bare")),
        sent(
            CONTROLLER,
            metadata("configmaps/shape", json!({"finalizers": null})),
        ),
        sent(
            CONTROLLER,
            metadata(
                &format!("{LOOKALIKE}/v1:pods/bare"),
                json!({"finalizers": null}),
            ),
        ),
        sent(
            CONTROLLER,
            patch(
                &format!("{LOOKALIKE}/v1:jobs/bare/status"),
                json!({"status": {"ready": 0}}),
            ),
        ),
    ];
    for (name, mut change) in more_than_a_finalizer() {
        change["finalizers"] = Value::Null;
        cases.push(sent(CONTROLLER, metadata(&format!("pods/{name}"), change)));
    }
    for who in [
        ALICE,
        Who::PretendedController("job-controller"),
        Who::Controller("cronjob-controller"),
        Who::Controller("replicaset-controller"),
        Who::Account("job-controller"),
    ] {
        cases.extend([sent(who, status()), sent(who, release("bare"))]);
    }
    cases
}

/// One of the few fields of a pod's spec that may change.
fn deadline() -> Call {
    let change = json!({"metadata": {"finalizers": null}, "spec": {"activeDeadlineSeconds": 1}});
    patch("pods/bare", change)
}
