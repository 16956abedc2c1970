//! The controllers of kube-system that clean up and keep the furniture.

use serde_json::{Value, json};

use crate::harness::accounts::pod;

use super::call::{Call, Case, Who, config_map, past, post, sent};
use super::scene::Place;

/// Those the condition names, each with a reason. None of them starts a pod.
const LET_PAST: [&str; 17] = [
    "generic-garbage-collector",         // deletes what lost its owner
    "namespace-controller",              // empties a namespace that goes
    "pod-garbage-collector",             // deletes pods of nodes that are gone
    "ttl-after-finished-controller",     // deletes finished Jobs
    "node-controller",                   // marks pods of a node that is away
    "disruption-controller",             // marks pods, counts budgets
    "resourcequota-controller",          // counts
    "service-account-controller",        // makes `default`
    "root-ca-cert-publisher",            // makes kube-root-ca.crt
    "endpoint-controller",               // the addresses behind a Service
    "endpointslice-controller",          // likewise
    "endpointslicemirroring-controller", // likewise
    "service-controller",                // load balancers
    "persistent-volume-binder",          // claims
    "pvc-protection-controller",         // finalizers of claims
    "resource-claim-controller",         // reservations of claims
    "podgroup-protection-controller",    // finalizers of pod groups
];

/// Those that start pods, or more of them, and so must come.
const JUDGED: [&str; 10] = [
    "replicaset-controller",
    "deployment-controller",
    "statefulset-controller",
    "daemon-set-controller",
    "replication-controller",
    "job-controller",
    "cronjob-controller",
    "horizontal-pod-autoscaler",
    "clusterrole-aggregation-controller",
    // Not a controller of kube-system's, whatever it looks like.
    "generic-garbage-collector-2",
];

pub(super) fn namespaced(_: &Place) -> Vec<Case> {
    let mut cases = Vec::new();
    for name in LET_PAST {
        cases.extend([
            past(Who::Controller(name), config_map()),
            sent(Who::Controller(name), post("pods", pod("new", "default"))),
            sent(Who::Controller(name), claim()),
            sent(Who::PretendedController(name), config_map()),
        ]);
    }
    cases.extend(JUDGED.map(|name| sent(Who::Controller(name), config_map())));
    cases.extend([
        // A name of kube-system's, in a namespace of the tenant's.
        sent(Who::Account("generic-garbage-collector"), config_map()),
        sent(
            Who::Pretended("generic-garbage-collector", &[]),
            config_map(),
        ),
        sent(
            Who::Pretended("system:kube-controller-manager", &[]),
            config_map(),
        ),
    ]);
    cases
}

/// A device for a pod, which the claim controller makes from a template.
fn claim() -> Call {
    let request: Value = json!({"name": "device", "exactly": {"deviceClassName": "example.com"}});
    let claim = json!({
        "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": "new"},
        "spec": {"devices": {"requests": [request]}},
    });
    post("resource.k8s.io/v1:resourceclaims", claim)
}
