//! The bodies that `bad_input` sends.

use serde_json::{Value, json};

/// Stands in every body, where a secret might.
pub(super) const MARKER: &str = "hunter2-the-secret-in-the-body";

/// A tenant's CREATE, refused when it is read.
pub(super) fn review(resource: &str, object: &Value) -> Value {
    let (group, resource) = resource.split_once('/').unwrap_or(("", resource));
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": "v1", "kind": "Thing"},
            "resource": {"group": group, "version": "v1", "resource": resource},
            "name": "new", "namespace": "spark-a", "operation": "CREATE",
            "userInfo": {"username": "alice", "groups": ["team-a"]},
            "object": object,
        },
    })
}

pub(super) fn config_map() -> Value {
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
pub(super) fn nested(depth: usize) -> String {
    format!(
        "{}\"{MARKER}\"{}",
        r#"{"a":"#.repeat(depth),
        "}".repeat(depth)
    )
}

const OBJECT: &str = r#""object":{"#;
const UID: &str = r#""uid":"705ab4f5-6393-11e8-b7cc-42010a800002""#;

/// Name, body, status, and the words of the sentence.
type Body = (&'static str, Vec<u8>, u16, &'static str);

const EARLY: &str = "ends too early";
const SYNTAX: &str = "is not valid JSON";
const DATA: &str = "has a field twice or of the wrong type";
const KIND: &str = "this endpoint accepts apiVersion `admission.k8s.io/v1`, kind `AdmissionReview`";

/// All of them.
pub(super) fn bodies() -> Vec<Body> {
    [no_reviews(), damaged_reviews()].concat()
}

fn no_reviews() -> Vec<Body> {
    let whole = config_map().to_string().into_bytes();
    let mut not_utf8 = whole.clone();
    let at = whole
        .windows(MARKER.len())
        .position(|part| part == MARKER.as_bytes());
    not_utf8[at.expect("it is there")] = 0xff;
    let mut huge = whole.clone();
    huge.resize(40 * 1024 * 1024, b' ');
    let cut = whole[..whole.len() - 20].to_vec();
    let tail = [&whole[..], b"{}"].concat();
    let bytes = |text: String| text.into_bytes();
    vec![
        ("nothing", Vec::new(), 400, EARLY),
        ("cut short", cut, 400, EARLY),
        ("with a tail", tail, 400, SYNTAX),
        ("not JSON", bytes(format!("secret: {MARKER}")), 400, SYNTAX),
        ("a list", bytes(format!("[\"{MARKER}\"]")), 400, DATA),
        ("not UTF-8", not_utf8, 400, "the body is not UTF-8"),
        (
            "40 MiB",
            huge,
            413,
            "larger than the 32 MiB a review may have",
        ),
        ("10,000 deep", bytes(nested(10_000)), 400, KIND),
        (
            "10,000 lists deep",
            bytes("[".repeat(10_000) + MARKER),
            400,
            SYNTAX,
        ),
        (
            "another kind",
            with("AdmissionReview", "SubjectAccessReview"),
            400,
            KIND,
        ),
        (
            "another version",
            with("k8s.io/v1", "k8s.io/v1beta1"),
            400,
            KIND,
        ),
        ("no kind", without("", "kind"), 400, KIND),
    ]
}

fn damaged_reviews() -> Vec<Body> {
    let twice = |part: &str| with(part, &format!("{part},{part}"));
    let user = r#""userInfo":{"groups":["team-a"],"username":"alice"}"#;
    let in_request = |key| without("/request", key);
    vec![
        (
            "no request",
            without("", "request"),
            400,
            "`request` is missing",
        ),
        ("no uid", in_request("uid"), 400, "`request.uid` is missing"),
        (
            "an empty uid",
            with(UID, r#""uid":"""#),
            400,
            "`request.uid` is missing",
        ),
        (
            "no user",
            in_request("userInfo"),
            400,
            "`request.userInfo` is missing",
        ),
        (
            "no operation",
            in_request("operation"),
            400,
            "`request.operation` is missing",
        ),
        (
            "no resource",
            in_request("resource"),
            400,
            "`request.resource` is missing",
        ),
        ("a new operation", with("CREATE", "CONJURE"), 400, DATA),
        ("two uids", twice(UID), 400, DATA),
        ("two users", twice(user), 400, DATA),
        (
            "two objects",
            with(OBJECT, r#""object":{},"object":{"#),
            400,
            DATA,
        ),
        (
            "two names",
            with(r#""name":"new""#, r#""name":"new","name":"old""#),
            400,
            DATA,
        ),
    ]
}
