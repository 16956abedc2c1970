//! An unusable review gets one clear sentence and is never allowed.
//! The sentence names positions and fields, never what the body held.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]
#![allow(
    unreachable_pub,
    reason = "support is a module of test crates, not an API"
)]

mod support;

use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;

const SECRET: &str = "hunter2";

/// The sentence a body gets; panics where it is judged after all.
fn sentence(body: &[u8]) -> String {
    let error = match AdmissionReview::parse(body) {
        Err(error) => error,
        Ok(review) => {
            support::judge(&review.request, Door::Enforce, &Policy::builtin()).expect_err("judged")
        }
    };
    let sentence = error.to_string();
    assert!(
        !sentence.contains(SECRET) && !sentence.contains('\n') && sentence.len() < 300,
        "{sentence}"
    );
    sentence
}

fn review(request: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#
    )
}

/// A tenant's CREATE of a pod with `object` as given.
fn pod(object: &str) -> String {
    review(&format!(
        r#"{{"uid":"1","resource":{{"group":"","version":"v1","resource":"pods"}},"name":"p","namespace":"a","operation":"CREATE","userInfo":{{"username":"alice"}},"object":{object}}}"#
    ))
}

#[test]
fn one_sentence_each() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (body, words) in [
        (
            String::new(),
            "the AdmissionReview ends too early at line 1, column 1",
        ),
        ("{".to_owned(), "ends too early"),
        (format!("{{\"a\":\"{SECRET}"), "ends too early"),
        (SECRET.to_owned(), "is not valid JSON"),
        ("[]".to_owned(), "has a field twice or of the wrong type"),
        ("null".to_owned(), "has a field twice or of the wrong type"),
        ("{}".to_owned(), "the body has no apiVersion, no kind;"),
        (pod("{}") + "x", "is not valid JSON"),
        (deep(10_000), "wrong type"),
        (
            pod("{}").replace("AdmissionReview", "Pod"),
            "the body has apiVersion `admission.k8s.io/v1`, kind `Pod`;",
        ),
        (
            pod("{}").replace("io/v1", "io/v1beta1"),
            "list `v1` in admissionReviewVersions",
        ),
        (
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#.to_owned(),
            "`request` is missing",
        ),
        (review("null"), "`request` is missing"),
        (review("{}"), "`request.resource` is missing"),
        (
            pod("{}").replace(r#""uid":"1","#, ""),
            "`request.uid` is missing",
        ),
        (
            pod("{}").replace(r#""uid":"1""#, r#""uid":"""#),
            "`request.uid` is missing",
        ),
        (pod("{}").replace("CREATE", SECRET), "wrong type"),
        (
            pod("{}").replace(r#""operation":"CREATE","#, ""),
            "`request.operation` is missing",
        ),
        (
            pod("{}").replace(r#""userInfo":{"username":"alice"},"#, ""),
            "`request.userInfo` is missing",
        ),
        (
            pod("{}").replace(r#""uid":"1""#, r#""uid":"1","uid":"2""#),
            "has a field twice",
        ),
        (
            pod("{}").replace(
                r#""username":"alice""#,
                r#""username":"alice","username":"root""#,
            ),
            "has a field twice",
        ),
        (
            pod("{}").replace(r#""object":"#, r#""object":{},"object":"#),
            "has a field twice",
        ),
        // Parts that a rule must judge and cannot read.
        (pod("null"), "`request.object` is missing"),
        (
            pod(&format!("\"{SECRET}\"")),
            "request.object has a field twice or of the wrong type",
        ),
        (
            pod(r#"{"spec":{"serviceAccountName":"a","serviceAccountName":"b"}}"#),
            "request.object has a field twice",
        ),
        (
            pod(r#"{"spec":{},"spec":{}}"#),
            "request.object has a field twice",
        ),
        (
            pod(r#"{"spec":{"serviceAccountName":7}}"#),
            "request.object has a field twice or of the wrong type",
        ),
        (
            pod("{}").replace("CREATE", "UPDATE"),
            "`request.oldObject` is missing",
        ),
    ] {
        let sentence = sentence(body.as_bytes());
        assert!(
            sentence.contains(words),
            "expected `{words}`, got `{sentence}`"
        );
    }
}

#[test]
fn bytes_that_are_no_text() {
    assert!(sentence(b"\xff\xfe{}").contains("the body is not UTF-8 (byte 0)"));
    let mut body = pod(r#"{"spec":{}}"#).into_bytes();
    let at = body.len() - 4;
    body[at] = 0xc3;
    assert!(sentence(&body).contains(&format!("(byte {at})")));
}

#[test]
fn ten_thousand_levels_inside_an_object_no_rule_reads_do_no_harm() {
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let body = pod(&deep);
    let review = AdmissionReview::parse(body.as_bytes()).expect("an envelope");
    let request = &review.request;
    assert!(
        support::judge(request, Door::Enforce, &Policy::builtin())
            .expect("judged")
            .allowed()
    );
}
