//! The rolegate that a test itself has mutating pods. It is called before the
//! watcher, so its work is seen here, as the API server has made it: default
//! values filled in, EKS's webhook called.

use std::sync::{Arc, Mutex};

use rolegate_core::mutation::CONFIG_ANNOTATION;
use rolegate_core::policy::Policy;
use serde_json::Value;

use super::copy::Copies;

/// The webhooks of a control plane that are rolegate's own and mutate.
#[derive(Default)]
pub(super) struct InForce(Mutex<Vec<Webhook>>);

struct Webhook {
    /// What a namespace must have for it.
    labels: Value,
    policy: Arc<Policy>,
}

impl InForce {
    pub(super) fn add(&self, labels: Value, policy: Policy) {
        let policy = Arc::new(policy);
        let mut webhooks = self.0.lock().expect("nobody panics with it");
        webhooks.push(Webhook { labels, policy });
    }

    /// The policy under which rolegate was called for the pod of a review.
    ///
    /// Only for a pod that came with a profile: without one nobody knows whether
    /// rolegate has seen the pod. A new configuration takes effect a moment
    /// late, and before EKS's webhook rolegate finds no credentials; the
    /// watcher is called again when it has found them.
    pub(super) fn over(
        &self,
        review: &Value,
        copies: &Copies,
    ) -> Result<Option<Arc<Policy>>, String> {
        let request = &review["request"];
        let is_begun = request["object"]["metadata"]["annotations"][CONFIG_ANNOTATION].is_string();
        let is_none = self.0.lock().expect("nobody panics with it").is_empty();
        if is_none || !is_begun {
            return Ok(None);
        }
        // A test may well write a profile by hand where rolegate is not called.
        let namespace = request["namespace"].as_str().unwrap_or_default();
        let labels = copies.labels_of(namespace)?;
        let webhooks = self.0.lock().expect("nobody panics with it");
        let called = webhooks.iter().find(|webhook| {
            let mut wanted = webhook.labels.as_object().into_iter().flatten();
            wanted.all(|(key, value)| labels[key] == *value)
        });
        Ok(called.map(|webhook| Arc::clone(&webhook.policy)))
    }
}
