//! The API server's audit log: who asked what, and what webhooks noted on it.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::cluster::Cluster;
use super::namespace::Namespace;
use super::wait;

impl Cluster {
    /// The audit events, so far, whose line contains `needle` and that satisfy
    /// `predicate`. The needle is looked for first: parsing every line of a
    /// whole run is slow.
    pub(crate) fn audit_events(
        &self,
        needle: &str,
        predicate: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let path = self.audit_log();
        let file = std::fs::File::open(&path)
            .unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
        BufReader::new(file)
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.contains(needle))
            // The last line may be half written; the next look finds it whole.
            .filter_map(|line| serde_json::from_str(&line).ok())
            .filter(predicate)
            .collect()
    }

    /// Waits until there is such an event; `what` is for the message.
    pub(crate) fn wait_for_audit(
        &self,
        what: &str,
        needle: &str,
        predicate: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        wait::until(what, || {
            let events = self.audit_events(needle, &predicate);
            if events.is_empty() {
                let near = self
                    .audit_events(needle, |_| true)
                    .pop()
                    .unwrap_or_default();
                return Err(format!(
                    "no such line in {}; the last with {needle:?}: {near}",
                    self.audit_log().display()
                ));
            }
            Ok(events)
        })
    }
}

impl Namespace<'_> {
    /// Waits for audit events of this namespace (its name is the needle).
    pub(crate) fn wait_for_audit(
        &self,
        what: &str,
        predicate: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        self.cluster.wait_for_audit(what, &self.name, predicate)
    }
}

/// The value of an audit annotation, such as `enforce.rolegate.dev/pod-exec`.
pub(crate) fn annotation<'e>(event: &'e Value, key: &str) -> Option<&'e str> {
    event["annotations"][key].as_str()
}
