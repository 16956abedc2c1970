//! A watcher of every pod that any test makes, on whatever control plane and by
//! whatever road: kubectl, a raw request, a Job, Spark. What rolegate gives to
//! such a pod must be taken by the real API server, and once given, a second
//! call must change nothing.
//!
//! It is a mutating webhook in this process, the last one called, that changes
//! nothing: what a test made goes on as it was. For each pod it has rolegate's
//! patch made under a policy of its own (`policy`), sends a copy as a dry run
//! into a namespace of its own, answers the API server's call for that copy
//! with the patch, and looks at what comes back (`judge`).
//!
//! Where a test has rolegate itself mutate pods, they come with a profile. Of
//! those the watcher shows two things: a second call under the policy in force
//! there changes nothing (`in_force`); and the patch of the watcher's own
//! policy, to another role and in a mode of its own, applies on top, is taken
//! and settles. It has none for a pod that asks for a role by name.
//!
//! What fails is refused, by a message that no test takes for an answer: the
//! clients of this harness panic at it ([`panic_at_denial`]). It is also noted
//! (`ledger`), for pods that no client of ours sends.
//!
//! Each control plane has one of its own, from before a test sees it. It is
//! served until the process ends, so no test that stops a part of its own stops
//! the watcher.

mod copy;
mod difference;
mod in_force;
mod judge;
mod ledger;
mod policy;

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::namespace::Namespace;
use super::{accounts, https, wait};
use copy::Copies;
use in_force::InForce;
use ledger::Ledger;

pub(crate) use judge::{Watcher, apply_in_full};
pub(crate) use ledger::{Fate, Sighting, expect_denial_of, sightings, violations};

/// What each refusal begins with.
const DENIAL: &str = "every-pod watcher:";
/// Sorts behind all other configurations, which is the order they are called in.
pub(crate) const CONFIGURATION: &str = "zz-every-pod";

/// Puts a watcher in front of a control plane that nobody uses yet: before
/// rolegate and its guards, which would look at the configuration. `started` is
/// the line that starts the control plane.
pub(super) fn install(cluster: &Cluster, started: &Location<'_>) -> Arc<Watcher> {
    let namespace = Namespace::unmanaged(cluster).name;
    let folder = cluster.dir.file_name().unwrap_or_default();
    let watcher = Arc::new(Watcher {
        copies: Copies::new(cluster.api.clone(), cluster.admin().clone(), namespace),
        in_force: InForce::default(),
        ledger: Ledger::new(folder.to_string_lossy().into_owned(), started),
    });
    let serving = Arc::clone(&watcher);
    let port = https::serve(&cluster.authority, move |body| answer(&serving, body));
    let path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": CONFIGURATION},
        "webhooks": [{
            "name": "every-pod.e2e.rolegate.dev",
            "clientConfig": {
                "url": format!("https://127.0.0.1:{port}/"),
                "caBundle": STANDARD.encode(cluster.authority.certificate()),
            },
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            // Called before EKS's webhook, rolegate is called once more, and
            // only then done.
            "reinvocationPolicy": "IfNeeded",
            // The copies are dry runs themselves.
            "sideEffects": "None",
            "timeoutSeconds": 30,
            "admissionReviewVersions": ["v1"],
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}],
        }],
    });
    cluster.create(path, &configuration);
    wait_until_called(cluster, &watcher);
    watcher
}

/// Dry-runs a pod until the watcher has seen it.
fn wait_until_called(cluster: &Cluster, watcher: &Watcher) {
    let namespace = watcher.copies.namespace();
    let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
    wait::until("the watcher of every pod to be in effect", || {
        cluster
            .request(cluster.admin(), "POST", &path)
            .json(&accounts::pod("probe", "default"))
            .try_send()?
            .expect_status(201);
        let seen = !watcher.ledger.sightings(namespace).is_empty();
        seen.then_some(()).ok_or_else(|| "not called".to_owned())
    });
}

impl Watcher {
    /// From now on rolegate mutates pods here, in namespaces with these labels
    /// and under this policy.
    pub(super) fn expect_rolegate(&self, labels: Value, policy: Policy) {
        self.in_force.add(labels, policy);
    }
}

/// Answers one `AdmissionReview`.
fn answer(watcher: &Watcher, body: &[u8]) -> Vec<u8> {
    let review: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(answer) = watcher.copies.answer(&review) {
        return answer;
    }
    let judged = catch_unwind(AssertUnwindSafe(|| watcher.inspect(&review, body)));
    let judged = judged.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(format!("a panic: {}", text.unwrap_or_default()))
    });
    let mut response = json!({"uid": review["request"]["uid"], "allowed": true});
    if let Err(wrong) = watcher.ledger.note(&review, judged) {
        response["allowed"] = false.into();
        response["status"] = json!({"code": 403, "message": format!("{DENIAL} {wrong}")});
    }
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
        .to_string()
        .into_bytes()
}

/// Ends the test whose request met a refusal of the watcher's: a test that
/// waits for just any refusal must not take it for one.
#[track_caller]
pub(super) fn panic_at_denial(what: &str, text: &str) {
    assert!(!text.contains(DENIAL), "{what}: {text}");
}
