//! What the API server's audit log says that rolegate thought of it all.

use serde_json::Value;

use crate::harness::Namespace;

const POLICY: &str = "enforce.rolegate.dev/policy";

/// A request that rolegate must have seen: who, verb, resource.
pub(super) type Seen<'a> = (&'a str, &'a str, &'a str);

/// Panics unless rolegate was asked about each of `seen` in the namespace, and
/// had nothing to say about these or any other request.
pub(super) fn expect_no_finding(namespace: &Namespace<'_>, seen: &[Seen<'_>]) {
    for seen in seen {
        expect_passed(namespace, seen);
    }
    for event in namespace.wait_for_audit("any request", |_| true) {
        expect_nothing_said(&event);
    }
}

/// Panics unless rolegate was asked about such a request, and it went through
/// without a word.
pub(super) fn expect_passed(namespace: &Namespace<'_>, (user, verb, resource): &Seen<'_>) {
    let what = format!("a review of {user}'s {verb} {resource}");
    let events = namespace.wait_for_audit(&what, |event| {
        event["user"]["username"] == *user
            && event["verb"] == *verb
            && event["objectRef"]["resource"] == *resource
            && matches!(event["responseStatus"]["code"].as_u64(), Some(200 | 201))
            && event["annotations"][POLICY].is_string()
    });
    events.iter().for_each(expect_nothing_said);
}

/// An annotation beside `policy` is a finding; `failed-open` is a webhook that
/// was not asked.
fn expect_nothing_said(event: &Value) {
    let annotations = event["annotations"].as_object();
    for key in annotations.into_iter().flat_map(serde_json::Map::keys) {
        let said = key.contains("rolegate.dev/") && key != POLICY;
        assert!(!said && !key.starts_with("failed-open"), "{key}: {event}");
    }
    // The authorization webhook, where the API server asks it.
    let reason = event["annotations"]["authorization.k8s.io/reason"].as_str();
    assert!(!reason.unwrap_or_default().contains("rolegate"), "{event}");
    let message = event["responseStatus"]["message"].as_str();
    assert!(!message.unwrap_or_default().contains("webhook"), "{event}");
}
