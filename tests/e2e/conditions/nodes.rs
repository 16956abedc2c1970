//! The kubelet and the scheduler.
//!
//! Part of what holds a kubelet to its own pods is Kubernetes' `NodeRestriction`,
//! which runs before any validating webhook: those lines say `kubernetes`.

use serde_json::{Value, json};

use super::call::{ALICE, Call, Case, Who, connect, delete, kubernetes, past, patch, post, sent};
use super::lookalikes::LOOKALIKE;
use super::scene::{FINALIZER, Place, metadata};
use crate::harness::cast;

const NODE: Who = Who::Person("system:node:n1");
const OTHER_NODE: Who = Who::Pretended("system:node:n2", &["system:nodes"]);
/// The name without the group. With no group at all, Kubernetes 1.36 may add
/// `system:nodes` by itself, to whoever holds `impersonate:arbitrary-node`.
const NAME_ONLY: Who = Who::Pretended("system:node:n1", &["system:authenticated"]);
/// The group without the name.
const GROUP_ONLY: Who = Who::Pretended("mallory", &["system:nodes"]);

pub(super) fn reports(place: &Place) -> Vec<Case> {
    let status = || patch("pods/bare/status", running());
    let gone = || delete("pods/bare");
    let mirror = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "mirror",
            "annotations": {"kubernetes.io/config.mirror": "x"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": place.node_uid, "controller": true}],
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "registry.example/main:1"}]},
    });
    let mut cases = vec![
        past(NODE, status()),
        past(NODE, gone()),
        // A pod of the node's own making is judged like any other.
        sent(NODE, post("pods", mirror)),
        sent(NODE, eviction()),
        // NodeRestriction lets a node connect to pods.
        sent(NODE, connect("pods/bare/exec?command=id")),
        sent(
            NODE,
            patch(&format!("{LOOKALIKE}/v1:pods/bare/status"), running()),
        ),
        sent(NODE, delete(&format!("{LOOKALIKE}/v1:pods/bare"))),
        sent(NODE, patch("batch/v1:jobs/work/status", job_status())),
        sent(NODE, delete("configmaps/shape")),
        kubernetes(
            "unexpected operation",
            NODE,
            metadata("pods/bare", json!({"finalizers": [FINALIZER, "a/b"]})),
        ),
        kubernetes(
            "unexpected pod subresource",
            NODE,
            patch("pods/bare/ephemeralcontainers", json!({})),
        ),
        kubernetes("can only update pod status", OTHER_NODE, status()),
        kubernetes("can only delete pods", OTHER_NODE, gone()),
    ];
    for who in [
        ALICE,
        NAME_ONLY,
        GROUP_ONLY,
        Who::Pretended("system:node", &["system:nodes"]),
    ] {
        cases.extend([sent(who, status()), sent(who, gone())]);
    }
    cases
}

pub(super) fn tokens(place: &Place) -> Vec<Case> {
    let target = format!("serviceaccounts/{}/token", place.job_account);
    let token = |body| post(&target, body);
    let bound = || token(place.token_request());
    let unbound = cast::token_request(&json!({}));
    let mut to_secret = place.token_request();
    to_secret["spec"]["boundObjectRef"] =
        json!({"apiVersion": "v1", "kind": "Secret", "name": "opaque"});
    vec![
        past(NODE, bound()),
        sent(ALICE, bound()),
        sent(NAME_ONLY, bound()),
        sent(GROUP_ONLY, bound()),
        sent(ALICE, token(unbound.clone())),
        // The account itself is not its token.
        sent(
            NODE,
            post(
                "serviceaccounts",
                cast::service_account("emr-containers-sa-spark-driver-1-0"),
            ),
        ),
        sent(
            NODE,
            metadata(
                &format!("serviceaccounts/{}", place.job_account),
                json!({"annotations": {"eks.amazonaws.com/role-arn": cast::role_arn("x")}}),
            ),
        ),
        sent(
            NODE,
            delete(&format!("serviceaccounts/{}", place.job_account)),
        ),
        kubernetes("not bound to a pod", NODE, token(unbound)),
        kubernetes("not bound to a pod", NODE, token(to_secret)),
        kubernetes("scheduled on a different node", OTHER_NODE, bound()),
    ]
}

pub(super) fn scheduler(_: &Place) -> Vec<Case> {
    let scheduler = Who::Person("system:kube-scheduler");
    let bind = || post("pods/free/binding", binding());
    let unschedulable = || {
        let condition =
            json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable"});
        patch(
            "pods/free/status",
            json!({"status": {"conditions": [condition]}}),
        )
    };
    let mut cases = vec![
        past(scheduler, bind()),
        past(scheduler, unschedulable()),
        // The old road to the same place, which it never takes.
        sent(scheduler, post("bindings", binding())),
        sent(
            scheduler,
            metadata("pods/free", json!({"labels": {"a": "b"}})),
        ),
        sent(scheduler, delete("pods/free")),
        sent(scheduler, eviction()),
        sent(scheduler, patch("batch/v1:jobs/work/status", job_status())),
        sent(
            scheduler,
            patch(&format!("{LOOKALIKE}/v1:pods/bare/status"), running()),
        ),
        sent(
            scheduler,
            patch(
                "services/web/status",
                json!({"status": {"loadBalancer": {}}}),
            ),
        ),
        sent(
            scheduler,
            post("pods", crate::harness::accounts::pod("new", "default")),
        ),
    ];
    for who in [
        ALICE,
        NAME_ONLY,
        Who::Controller("kube-scheduler"),
        Who::Pretended("system:kube-scheduler-2", &[]),
        Who::Pretended("mallory", &["system:kube-scheduler"]),
    ] {
        cases.extend([sent(who, bind()), sent(who, unschedulable())]);
    }
    cases
}

fn running() -> Value {
    json!({"status": {"phase": "Running"}})
}

fn job_status() -> Value {
    json!({"status": {"ready": 0}})
}

fn binding() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "free"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    })
}

fn eviction() -> Call {
    let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "bare"}});
    post("pods/bare/eviction", body)
}
