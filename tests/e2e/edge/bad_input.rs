//! Bodies no API server sends: each gets a status and one clear sentence,
//! nothing is allowed, nothing of the body is logged, and the server goes on.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::rolegate::Rolegate;

use super::bodies::{MARKER, bodies, config_map, nested, review};
use super::raw::{Ending, Reply, post};

fn rolegate() -> &'static Rolegate {
    static ROLEGATE: LazyLock<Rolegate> = LazyLock::new(|| Rolegate::start(None));
    &ROLEGATE
}

fn assert_refused(name: &str, reply: &Reply, status: u16, words: &str) {
    let Reply { status: got, body } = reply;
    assert_eq!(*got, status, "{name}: {body}");
    assert!(body.contains(words), "{name}: {body}");
    assert_eq!(
        body.trim_end().lines().count(),
        1,
        "{name}: one sentence: {body}"
    );
    assert!(body.len() < 400, "{name}: {body}");
    assert!(
        !body.contains("allowed") && !body.contains(MARKER),
        "{name}: {body}"
    );
}

/// It still judges, and judges right.
fn assert_alive(rolegate: &Rolegate, after: &str) {
    let body = config_map().to_string();
    let reply = post(
        rolegate,
        "/validate/enforce",
        body.as_bytes(),
        Ending::Whole,
    );
    assert_eq!(reply.status, 200, "after {after}: {}", reply.body);
    let answer: Value = serde_json::from_str(&reply.body).expect("an AdmissionReview");
    assert_eq!(answer["response"]["allowed"], false, "after {after}");
    assert_eq!(answer["response"]["status"]["code"], 403, "after {after}");
}

fn assert_nothing_logged(rolegate: &Rolegate) {
    let log = rolegate.log_text();
    assert!(!log.is_empty(), "no log, no proof");
    assert!(!log.contains(MARKER) && !log.contains("hunter2"), "{log}");
}

#[test]
fn bad_bodies_get_a_status_and_a_sentence_each() {
    let rolegate = rolegate();
    for (name, body, status, words) in bodies() {
        for path in ["/validate/enforce", "/validate/warn", "/validate/cluster"] {
            let reply = post(rolegate, path, &body, Ending::Whole);
            assert_refused(name, &reply, status, words);
        }
        assert_alive(rolegate, name);
    }
    assert_nothing_logged(rolegate);
}

#[test]
fn a_body_that_ends_early_or_never_is_refused() {
    let rolegate = rolegate();
    let body = config_map().to_string();
    let cut = post(rolegate, "/validate/enforce", body.as_bytes(), Ending::Cut);
    assert_refused("cut", &cut, 400, "The body ended before it was complete.");
    assert_alive(rolegate, "cut");
    // The API server's own patience, sent along, less the way back.
    let path = "/validate/enforce?timeout=1s";
    let stalled = post(rolegate, path, body.as_bytes(), Ending::Stalled);
    assert_refused("stalled", &stalled, 500, "not finished within 700 ms");
    assert_alive(rolegate, "stalled");
    assert_nothing_logged(rolegate);
}

#[test]
fn a_timeout_in_the_address_changes_no_decision() {
    let body = config_map().to_string();
    for query in [
        "",
        "?timeout=1s",
        "?timeout=3s",
        "?timeout=30s",
        "?timeout=soon",
    ] {
        let path = format!("/validate/enforce{query}");
        let reply = post(rolegate(), &path, body.as_bytes(), Ending::Whole);
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        assert!(
            reply.body.contains(r#""allowed":false"#),
            "{query}: {}",
            reply.body
        );
    }
}

/// Objects that are missing, too deep, or to be read in two ways: refused in
/// one way or another, never allowed.
#[test]
fn unreadable_objects_are_never_allowed() {
    const JOB: &str = "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98";
    let rolegate = rolegate();
    let deep = nested(10_000);
    let two = |part: &str| format!(r#"{{"metadata":{{"generateName":"{MARKER}"}},{part}}}"#);
    let job = format!(r#""serviceAccountName":"{JOB}""#);
    let default = r#""serviceAccountName":"default""#;
    for (name, resource, object, status, words) in [
        (
            "no pod",
            "pods",
            "null".to_owned(),
            400,
            "`request.object` is missing",
        ),
        (
            "a text for a pod",
            "pods",
            format!("\"{MARKER}\""),
            400,
            "request.object has a field",
        ),
        (
            "a deep ConfigMap",
            "configmaps",
            deep.clone(),
            200,
            "configmap-mutation",
        ),
        (
            "a deep custom resource",
            "sparkoperator.k8s.io/sparkapplications",
            deep.clone(),
            200,
            "nested deeper than 100 levels",
        ),
        // Nobody reads what is deep here; the pod is judged by the rest of it.
        (
            "a deep pod",
            "pods",
            format!(r#"{{"spec":{{{job},"a":{deep}}}}}"#),
            200,
            "foreign-service-account",
        ),
        (
            "a deep account",
            "pods",
            format!(r#"{{"spec":{{"serviceAccountName":{deep}}}}}"#),
            400,
            "request.object",
        ),
        (
            "two accounts",
            "pods",
            two(&format!(r#""spec":{{{job},{default}}}"#)),
            400,
            "request.object has a field twice",
        ),
        (
            "two specs",
            "pods",
            two(&format!(r#""spec":{{{job}}},"spec":{{{default}}}"#)),
            400,
            "request.object has a field twice",
        ),
    ] {
        let review = review(resource, &json!("HERE")).to_string();
        let body = review.replace("\"HERE\"", &object);
        let reply = post(
            rolegate,
            "/validate/enforce",
            body.as_bytes(),
            Ending::Whole,
        );
        assert_eq!(reply.status, status, "{name}: {}", reply.body);
        assert!(reply.body.contains(words), "{name}: {}", reply.body);
        assert!(
            !reply.body.contains(r#""allowed":true"#),
            "{name}: {}",
            reply.body
        );
        assert!(!reply.body.contains(MARKER), "{name}: {}", reply.body);
        assert_alive(rolegate, name);
    }
    assert_nothing_logged(rolegate);
}
