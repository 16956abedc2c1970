//! Reading a Secret by writing it.

use serde_json::{Value, json};

use super::{assert_refused, user, with_guards};
use crate::harness::Namespace;
use crate::harness::audit::annotation;
use crate::harness::http::{APPLY, Answer, JSON_PATCH, MERGE, STRATEGIC};

/// `hunter2`, as the API shows it.
pub(super) const DATA: &str = "aHVudGVyMg==";

/// Everything but reading.
const WRITES: [&str; 5] = ["create", "update", "patch", "delete", "deletecollection"];

pub(super) fn secret(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {"password": DATA}})
}

/// A namespace with a Secret of somebody else's, which bob may write and not read.
fn vault(labels: &Value) -> Namespace<'static> {
    let namespace = Namespace::with_labels(with_guards(), labels);
    let cluster = namespace.cluster;
    cluster.create(&namespace.core("secrets"), &secret("theirs"));
    let mut held = secret("held");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.create(&namespace.core("secrets"), &held);
    namespace.grant(&user("bob"), &WRITES, &["secrets"]);
    let path = namespace.core("secrets/theirs");
    let read = cluster.request(cluster.bob(), "GET", &path).send();
    assert_eq!(read.status, 403, "bob may not read: {}", read.body);
    namespace
}

fn managed(mode: &str) -> Namespace<'static> {
    vault(&json!({"rolegate.dev/mode": mode}))
}

/// The roads to the data: name, method, rest of the path, content type, body.
fn roads() -> Vec<(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Value,
)> {
    let empty = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}});
    let options = |extra: Value| {
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        for (key, value) in extra.as_object().into_iter().flatten() {
            options[key] = value.clone();
        }
        options
    };
    let json = "application/json";
    let foreground = json!({"dryRun": ["All"], "propagationPolicy": "Foreground"});
    vec![
        (
            "empty merge patch",
            "PATCH",
            "secrets/theirs",
            MERGE,
            json!({}),
        ),
        (
            "the same as a dry run",
            "PATCH",
            "secrets/theirs?dryRun=All",
            MERGE,
            json!({}),
        ),
        (
            "empty strategic merge patch",
            "PATCH",
            "secrets/theirs",
            STRATEGIC,
            json!({}),
        ),
        (
            "empty JSON patch",
            "PATCH",
            "secrets/theirs",
            JSON_PATCH,
            json!([]),
        ),
        (
            "apply",
            "PATCH",
            "secrets/theirs?fieldManager=e2e&force=true",
            APPLY,
            empty.clone(),
        ),
        (
            "apply as a dry run",
            "PATCH",
            "secrets/theirs?fieldManager=e2e&dryRun=All",
            APPLY,
            empty,
        ),
        (
            "a label",
            "PATCH",
            "secrets/theirs",
            MERGE,
            json!({"metadata": {"labels": {"a": "b"}}}),
        ),
        (
            "foreground dry-run delete",
            "DELETE",
            "secrets/theirs",
            json,
            options(foreground),
        ),
        (
            "dry-run delete with a finalizer",
            "DELETE",
            "secrets/held",
            json,
            options(json!({"dryRun": ["All"]})),
        ),
        (
            "dry-run deletecollection",
            "DELETE",
            "secrets",
            json,
            options(json!({"dryRun": ["All"]})),
        ),
        (
            "deletecollection by field",
            "DELETE",
            "secrets?fieldSelector=metadata.name%3Dtheirs",
            json,
            options(json!({"dryRun": ["All"]})),
        ),
    ]
}

fn send(namespace: &Namespace<'_>, road: &(&str, &'static str, &str, &str, Value)) -> Answer {
    let (_, method, rest, content_type, body) = road;
    let cluster = namespace.cluster;
    cluster
        .request(cluster.bob(), method, &namespace.core(rest))
        .body(content_type, body.to_string())
        .send()
}

#[test]
fn every_road_returns_the_data_where_rolegate_is_not() {
    let namespace = vault(&json!({}));
    for road in roads() {
        let answer = send(&namespace, &road);
        assert_eq!(answer.status, 200, "{}: {}", road.0, answer.body);
        assert!(answer.body.contains(DATA), "{}: {}", road.0, answer.body);
    }
}

/// A value that is no mode counts as enforce, an empty one too.
#[test]
fn every_road_is_closed_where_it_enforces() {
    for mode in ["enforce", "enfroce", ""] {
        let namespace = managed(mode);
        for road in roads() {
            let answer = send(&namespace, &road);
            let what = format!("{mode}: {}", road.0);
            let said = format!(
                "rolegate secret-read: bob may not write or delete Secret {}/",
                namespace.name
            );
            assert_refused(&what, &answer, "secret-guard", &said);
            assert!(!answer.body.contains(DATA), "{what}: {}", answer.body);
        }
        let kept = namespace.cluster.get(&namespace.core("secrets/theirs"));
        assert!(kept["metadata"]["labels"].is_null(), "{kept}");
    }
}

/// What does not show the data is no more theirs to write.
#[test]
fn an_update_and_a_delete_are_closed_too() {
    let namespace = managed("enforce");
    let cluster = namespace.cluster;
    let path = namespace.core("secrets/theirs");
    let emptied = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"}});
    let put = cluster.request(cluster.bob(), "PUT", &path).json(&emptied);
    assert_refused("PUT", &put.send(), "secret-guard", "bob may not");
    let delete = cluster.request(cluster.bob(), "DELETE", &path);
    assert_refused("DELETE", &delete.send(), "secret-guard", "bob may not");
}

/// What the API server says of a failed validation in its audit log.
pub(super) const FAILURE: &str = "validation.policy.admission.k8s.io/validation_failure";

#[test]
fn warn_admits_and_tells_and_records() {
    let namespace = managed("warn");
    for road in roads() {
        let answer = send(&namespace, &road);
        assert_eq!(answer.status, 200, "{}: {}", road.0, answer.body);
        let warnings = answer.warnings().join("\n");
        for part in [
            "rolegate-secret-guard-warn",
            "bob may not write or delete Secret",
        ] {
            assert!(warnings.contains(part), "{}: {warnings}", road.0);
        }
    }
    recorded(&namespace, "rolegate-secret-guard-warn");
}

#[test]
fn audit_admits_in_silence_and_records() {
    let namespace = managed("audit");
    for road in roads() {
        let answer = send(&namespace, &road);
        assert_eq!(answer.status, 200, "{}: {}", road.0, answer.body);
        assert_eq!(answer.warnings(), [""; 0], "{}", road.0);
    }
    recorded(&namespace, "rolegate-secret-guard-audit");
}

#[test]
fn a_refusal_is_recorded_too() {
    let namespace = managed("enforce");
    for road in roads() {
        send(&namespace, &road);
    }
    recorded(&namespace, "rolegate-secret-guard-enforce");
}

/// As many events with the failure as there are roads, each naming the binding.
fn recorded(namespace: &Namespace<'_>, binding: &str) {
    let events = namespace.wait_for_audit("the policy's record", |event| {
        event["objectRef"]["resource"] == "secrets"
            && event["user"]["username"] == "bob"
            && annotation(event, FAILURE).is_some()
    });
    assert_eq!(events.len(), roads().len(), "one a request");
    for event in &events {
        let failure = annotation(event, FAILURE).unwrap_or_default();
        assert!(failure.contains(binding), "{failure}");
        assert!(!failure.contains(DATA), "{failure}");
    }
}
