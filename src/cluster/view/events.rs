//! Kubernetes Events in rolegate's namespace, so that `kubectl get events` shows what
//! was found.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{Request, StatusCode};
use jiff::Timestamp;
use kube::Client;
use rolegate_core::names::{OWN_NAMESPACE, shorten};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::manifests::is_shipped;

/// As many at once, and one more each [`EACH`].
const BURST: u32 = 10;
const EACH: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(5);
/// Longest text of an Event.
const LONGEST: usize = 1024;

/// What an Event is about.
pub(super) struct About<'a> {
    /// The same in every replica.
    pub(super) id: u64,
    pub(super) resource: &'a str,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) note: &'a str,
    pub(super) helps: &'a str,
}

/// Sends Events, not too many.
pub(super) struct Events {
    client: Client,
    /// The namespace of rolegate's pod.
    home: Option<String>,
    left: Mutex<(u32, Instant)>,
    refused: AtomicBool,
}

impl Events {
    pub(super) fn new(client: Client) -> Self {
        // A kubeconfig without a namespace has this one.
        let home = Some(client.default_namespace().to_owned()).filter(|home| home != "default");
        Self {
            client,
            home,
            left: Mutex::new((BURST, Instant::now())),
            refused: AtomicBool::new(false),
        }
    }

    /// rolegate's namespace, if it runs in the cluster.
    pub(super) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// Sends one. Replicas give it the same name, so that there is one for all.
    pub(super) async fn send(&self, about: &About<'_>) {
        if !self.may_send() {
            tracing::info!(
                finding = about.note,
                "too many Events; this one is in the log only"
            );
            return;
        }
        let home = self.home().unwrap_or(OWN_NAMESPACE);
        let event = event(home, about, Timestamp::now());
        let request = Request::post(format!("/api/v1/namespaces/{home}/events"))
            .header("content-type", "application/json")
            .body(event.to_string().into_bytes());
        let Ok(request) = request else { return };
        match timeout(ANSWER, self.client.request_text(request)).await {
            Ok(Ok(_)) => {}
            Ok(Err(kube::Error::Api(status))) if status.code == StatusCode::CONFLICT => {}
            Ok(Err(error)) => self.failed(&error.to_string()),
            Err(_elapsed) => self.failed("no answer"),
        }
    }

    /// Once: without the right to create Events the log and the metrics have to do.
    fn failed(&self, problem: &str) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                problem,
                "no Event could be created; findings are in the log and in the metrics (manifests/view grants `create` on events)"
            );
        }
    }

    fn may_send(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *left;
        let more = since.elapsed().as_secs() / EACH.as_secs();
        let more = u32::try_from(more).unwrap_or(BURST);
        let tokens = tokens.saturating_add(more).min(BURST);
        let since = if more > 0 { Instant::now() } else { since };
        *left = (tokens.saturating_sub(1), since);
        tokens > 0
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

/// About rolegate's own Deployment, because an Event of a namespace can be about an object
/// there only; `related` names what was found.
fn event(home: &str, about: &About<'_>, now: Timestamp) -> serde_json::Value {
    let kind = match about.resource {
        "validatingwebhookconfigurations" => "ValidatingWebhookConfiguration",
        "mutatingwebhookconfigurations" => "MutatingWebhookConfiguration",
        "validatingadmissionpolicies" => "ValidatingAdmissionPolicy",
        "validatingadmissionpolicybindings" => "ValidatingAdmissionPolicyBinding",
        "mutatingadmissionpolicies" => "MutatingAdmissionPolicy",
        _ => "MutatingAdmissionPolicyBinding",
    };
    let reason = if is_shipped(about.resource, about.name) {
        "RolegateChanged"
    } else {
        "MutatorFound"
    };
    let now = format!("{now:.0}");
    let note = shorten(format!("{}. Instead: {}", about.note, about.helps), LONGEST);
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("rolegate.{:016x}", about.id), "namespace": home},
        "type": "Warning", "reason": reason, "action": "Report",
        "message": note,
        "involvedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": home, "name": "rolegate"},
        "related": {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "name": about.name, "uid": about.uid},
        "source": {"component": "rolegate"},
        "reportingComponent": "rolegate.dev/rolegate", "reportingInstance": "rolegate",
        "firstTimestamp": now, "lastTimestamp": now, "count": 1,
    })
}
