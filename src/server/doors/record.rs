//! The log line of a review.

use std::time::Duration;

use super::Record;
use super::quota::Quota;
use super::refusal::Refusal;
use rolegate_core::decision::Door;

/// Logs a decision. Texts are quoted, so that none can forge a line.
pub(in crate::server) fn decided(door: Door, record: &Record, elapsed: Duration) {
    tracing::info!(
        door = door.as_str(),
        decision = record.decision,
        operation = record.operation,
        resource = record.resource.as_str(),
        subresource = record.subresource.as_str(),
        namespace = record.namespace.as_str(),
        name = record.name.as_str(),
        user = record.user.as_str(),
        class = record.class,
        findings = rules(record).as_str(),
        dry_run = record.dry_run,
        uid = record.uid.as_str(),
        policy = record.policy.as_str(),
        latency_us = micros(elapsed),
        "reviewed"
    );
}

/// Logs a request that got no decision, if the log still has room for it.
pub(in crate::server) fn refused(door: Door, refusal: &Refusal, elapsed: Duration, log: &Quota) {
    let Some(left_out) = log.take() else { return };
    tracing::warn!(
        door = door.as_str(),
        status = refusal.status().as_u16(),
        reason = refusal.reason(),
        latency_us = micros(elapsed),
        message = &*refusal.sentence(),
    );
    tell_left_out(door, left_out);
}

/// Logs a request whose client went away before the answer.
pub(in crate::server) fn client_gone(door: Door, log: &Quota) {
    let Some(left_out) = log.take() else { return };
    tracing::warn!(
        door = door.as_str(),
        "the client closed the connection before the answer"
    );
    tell_left_out(door, left_out);
}

fn tell_left_out(door: Door, lines: u64) {
    if lines > 0 {
        tracing::warn!(
            door = door.as_str(),
            lines,
            "more requests got no decision; the metrics count them"
        );
    }
}

fn rules(record: &Record) -> String {
    let mut joined = String::new();
    for (rule, mode) in &record.findings {
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(rule.as_str());
        joined.push('=');
        joined.push_str(mode.as_str());
    }
    joined
}

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}
