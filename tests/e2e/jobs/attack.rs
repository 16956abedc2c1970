//! A request that must work where rolegate is not, and be refused where it is.

use serde_json::Value;

use super::client::Client;
use crate::harness::http::{Answer, MERGE};

/// One request of an attacker.
pub(super) struct Attack {
    /// For messages: what is tried.
    pub(super) what: String,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Value,
    /// The rule that refuses it, and words of its sentence.
    pub(super) rule: &'static str,
    pub(super) says: String,
}

impl Attack {
    fn send(&self, attacker: &Client<'_>) -> Answer {
        let kind = match self.method {
            "PATCH" => MERGE,
            _ => "application/json",
        };
        attacker.send(self.method, &self.path, kind, &self.body)
    }

    /// Sends it where nobody stops it.
    pub(super) fn expect_works(&self, attacker: &Client<'_>) {
        let answer = self.send(attacker);
        // Who connects to a pod gets past admission, and then no further: the
        // test's node has no kubelet to connect to.
        let works = if self.path.contains("/exec?") {
            matches!(answer.status, 400 | 500..)
        } else {
            answer.status < 300
        };
        assert!(works, "{}: {} {}", self.what, answer.status, answer.body);
    }

    /// Sends it where rolegate enforces.
    pub(super) fn expect_refused(&self, attacker: &Client<'_>) {
        let answer = self.send(attacker);
        let message = answer.message();
        let expected = answer.refused_by_webhook()
            && message.contains(&format!("{}: {} may not", self.rule, attacker.user.name))
            && message.contains(&self.says);
        assert!(
            expected,
            "{} should be refused with {:?}: {} {}",
            self.what, self.says, answer.status, answer.body
        );
    }
}

/// What there is in the namespace, for a look before and after: every object
/// of these kinds with its uid, and with its version where no controller writes.
pub(super) fn state(client: &Client<'_>) -> Vec<String> {
    let namespace = client.namespace;
    let mut state = vec![];
    for (path, version) in [
        (namespace.core("configmaps"), "resourceVersion"),
        (namespace.core("pods"), "uid"),
        (namespace.group("apps/v1", "deployments"), "uid"),
        (namespace.group("batch/v1", "jobs"), "uid"),
    ] {
        let list = namespace.cluster.get(&path);
        for item in list["items"].as_array().into_iter().flatten() {
            let (name, version) = (&item["metadata"]["name"], &item["metadata"][version]);
            // It comes with the namespace, a moment later.
            if name != "kube-root-ca.crt" {
                state.push(format!("{path} {name} {version}"));
            }
        }
    }
    state.sort();
    state
}
