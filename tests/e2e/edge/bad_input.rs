//! Bodies no API server sends: each gets a status and one clear sentence,
//! nothing is allowed, nothing of the body is logged, and the server goes on.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::rolegate::Rolegate;

use super::raw::{Ending, Reply, post};

/// Stands in every body, where a secret might.
const MARKER: &str = "hunter2-the-secret-in-the-body";

fn rolegate() -> &'static Rolegate {
    static ROLEGATE: LazyLock<Rolegate> = LazyLock::new(|| Rolegate::start(None));
    &ROLEGATE
}

/// A tenant's CREATE, refused when it is read.
fn review(resource: &str, object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Thing"},
            "resource": {"group": "", "version": "v1", "resource": resource},
            "name": "new", "namespace": "spark-a", "operation": "CREATE",
            "userInfo": {"username": "alice", "groups": ["team-a"]},
            "object": object,
        },
    })
}

fn config_map() -> Value {
    review(
        "configmaps",
        &json!({"metadata": {"name": "new"}, "data": {"password": MARKER}}),
    )
}

/// The review with one part of its text replaced.
fn with(from: &str, to: &str) -> Vec<u8> {
    let text = config_map().to_string();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

fn without(pointer: &str, key: &str) -> Vec<u8> {
    let mut review = config_map();
    let parent = review.pointer_mut(pointer).and_then(Value::as_object_mut);
    parent
        .expect("a part of a review")
        .remove(key)
        .expect("there");
    review.to_string().into_bytes()
}

/// `{"a":{"a": ... }}` around the marker.
fn nested(depth: usize) -> String {
    format!(
        "{}\"{MARKER}\"{}",
        r#"{"a":"#.repeat(depth),
        "}".repeat(depth)
    )
}

const OBJECT: &str = r#""object":{"#;
const UID: &str = r#""uid":"705ab4f5-6393-11e8-b7cc-42010a800002""#;

/// Name, body, status, and the words of the sentence.
fn bodies() -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let whole = config_map().to_string().into_bytes();
    let mut not_utf8 = whole.clone();
    let at = whole
        .windows(MARKER.len())
        .position(|part| part == MARKER.as_bytes());
    not_utf8[at.expect("it is there")] = 0xff;
    let mut huge = whole.clone();
    huge.resize(40 * 1024 * 1024, b' ');
    let twice = |part: &str| with(part, &format!("{part},{part}"));
    let wrong = "has a field twice or of the wrong type";
    let kind = "this endpoint takes apiVersion `admission.k8s.io/v1`, kind `AdmissionReview`";
    vec![
        ("nothing", Vec::new(), 400, "ends too early"),
        (
            "cut short",
            whole[..whole.len() - 20].to_vec(),
            400,
            "ends too early",
        ),
        (
            "with a tail",
            [&whole[..], b"{}"].concat(),
            400,
            "is not valid JSON",
        ),
        (
            "not JSON",
            format!("secret: {MARKER}").into_bytes(),
            400,
            "is not valid JSON",
        ),
        (
            "another type",
            format!("[\"{MARKER}\"]").into_bytes(),
            400,
            wrong,
        ),
        (
            "40 MiB",
            huge,
            413,
            "larger than the 32 MiB a review may have",
        ),
        (
            "another kind",
            with("AdmissionReview", "SubjectAccessReview"),
            400,
            kind,
        ),
        (
            "another version",
            with("k8s.io/v1", "k8s.io/v1beta1"),
            400,
            kind,
        ),
        ("no kind", without("", "kind"), 400, kind),
        (
            "no request",
            without("", "request"),
            400,
            "`request` is missing",
        ),
        (
            "no uid",
            without("/request", "uid"),
            400,
            "`request.uid` is missing",
        ),
        (
            "an empty uid",
            with(UID, r#""uid":"""#),
            400,
            "`request.uid` is missing",
        ),
        (
            "no user",
            without("/request", "userInfo"),
            400,
            "`request.userInfo` is missing",
        ),
        (
            "no operation",
            without("/request", "operation"),
            400,
            "`request.operation` is missing",
        ),
        ("a new operation", with("CREATE", "CONJURE"), 400, wrong),
        (
            "no object",
            without("/request", "object"),
            400,
            "`request.object` is missing",
        ),
        ("not UTF-8", not_utf8, 400, "the body is not UTF-8"),
        ("10,000 deep", nested(10_000).into_bytes(), 400, kind),
        ("two uids", twice(UID), 400, wrong),
        (
            "two users",
            twice(r#""userInfo":{"groups":["team-a"],"username":"alice"}"#),
            400,
            wrong,
        ),
        (
            "two objects",
            with(OBJECT, r#""object":{},"object":{"#),
            400,
            wrong,
        ),
        (
            "two names",
            with(r#""name":"new""#, r#""name":"new","name":"old""#),
            400,
            wrong,
        ),
    ]
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
    assert_refused("cut", &cut, 400, "The body ended before it was whole.");
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

/// Objects that cannot be read to their end, or in two ways: refused in one
/// way or the other, never allowed, whatever they claim to be.
#[test]
fn unreadable_objects_are_never_allowed() {
    const JOB: &str = "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98";
    let rolegate = rolegate();
    let deep = nested(10_000);
    let two_accounts = format!(
        r#"{{"metadata":{{"annotations":{{"a":"{MARKER}"}}}},"spec":{{"serviceAccountName":"{JOB}","serviceAccountName":"default"}}}}"#
    );
    let two_specs = format!(
        r#"{{"metadata":{{"annotations":{{"a":"{MARKER}"}}}},"spec":{{"serviceAccountName":"{JOB}"}},"spec":{{"serviceAccountName":"default"}}}}"#
    );
    for (name, resource, object, status, words) in [
        (
            "deep pod",
            "pods",
            format!(r#"{{"spec":{deep}}}"#),
            400,
            "request.object",
        ),
        (
            "deep ConfigMap",
            "configmaps",
            deep.clone(),
            200,
            "configmap-mutation",
        ),
        (
            "deep custom resource",
            "sparkapplications",
            deep,
            200,
            "nested deeper than 100 levels",
        ),
        (
            "two accounts",
            "pods",
            two_accounts,
            400,
            "request.object has a field twice",
        ),
        (
            "two specs",
            "pods",
            two_specs,
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
