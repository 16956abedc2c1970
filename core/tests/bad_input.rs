//! An unusable review gets one clear sentence and is never allowed.
//! The sentence names positions and fields, never what the body held.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a failed step fails the test; values read better where they are used once"
)]
#![allow(
    unreachable_pub,
    reason = "support is a module of test crates, not an API"
)]

mod support;

use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::{AccessReview, AdmissionReview, AuditEvent, Judgeable, ReviewError};

const SECRET: &str = "hunter2";

/// The sentence a body gets; panics where it is judged after all.
fn sentence(body: &[u8]) -> String {
    let error = match AdmissionReview::parse(body) {
        Err(error) => error,
        Ok(review) => {
            support::judge(&review.request, Door::Enforce, &Policy::builtin()).expect_err("judged")
        }
    };
    one_sentence(&error)
}

fn one_sentence(error: &ReviewError) -> String {
    let sentence = error.to_string();
    assert!(
        !sentence.contains(SECRET) && !sentence.contains('\n') && sentence.len() < 300,
        "{sentence}"
    );
    sentence
}

/// Each text gets a sentence with these words, and is no question and no event.
fn each_says(error: impl Fn(&str) -> Option<ReviewError>, table: &[(String, &str)]) {
    for (text, words) in table {
        let error = error(text).expect(text);
        let sentence = one_sentence(&error);
        assert!(
            sentence.contains(words),
            "expected `{words}`, got `{sentence}` for {text}"
        );
    }
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

#[test]
fn questions_of_authorization() {
    let good = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","metadata":{},"spec":{"resourceAttributes":{"namespace":"a","verb":"create","resource":"pods","subresource":"exec"},"user":"alice","groups":["hunter2"],"extra":{"k":["v"]}}}"#;
    let parse =
        |text: &str| AccessReview::parse(text.as_bytes()).map(|review| review.access.is_some());
    assert_eq!(parse(good), Ok(true));
    let with = |part: &str, other: &str| {
        assert!(good.contains(part), "{part}");
        good.replacen(part, other, 1)
    };
    let attributes = r#"{"namespace":"a","verb":"create","resource":"pods","subresource":"exec"}"#;
    let spec = |spec: &str| {
        let (head, _) = good.split_once(r#""spec":"#).unwrap();
        format!(r#"{head}"spec":{spec}}}"#)
    };
    let wrong_type = "the SubjectAccessReview has a field twice or of the wrong type";
    each_says(
        |text| AccessReview::parse(text.as_bytes()).err(),
        &[
            (String::new(), "the SubjectAccessReview ends too early"),
            (good[..good.len() - 9].to_owned(), "ends too early"),
            (format!("{good}x"), "is not valid JSON"),
            (SECRET.to_owned(), "is not valid JSON"),
            ("null".to_owned(), wrong_type),
            ("[]".to_owned(), wrong_type),
            (format!("[{good}]"), wrong_type),
            ("{}".to_owned(), "this is not a SubjectAccessReview"),
            (pod("{}"), "this is not a SubjectAccessReview"),
            (
                with("SubjectAccessReview", "SelfSubjectAccessReview"),
                "this is not a SubjectAccessReview",
            ),
            (with("io/v1", "io/v2"), "this is not a SubjectAccessReview"),
            (
                with("authorization.k8s.io/v1", "v1"),
                "this is not a SubjectAccessReview",
            ),
            (with(r#""spec""#, r#""Spec""#), "`spec` is missing"),
            (spec("null"), "`spec` is missing"),
            (spec("[]"), wrong_type),
            (spec("\"hunter2\""), wrong_type),
            (spec("{}"), "`spec.resourceAttributes` is missing"),
            (
                with(attributes, "null"),
                "`spec.resourceAttributes` is missing",
            ),
            (with(attributes, "[]"), wrong_type),
            (with(attributes, r#"["a","create","pods"]"#), wrong_type),
            (with(r#""create""#, "7"), wrong_type),
            (with(r#""create""#, r#"["create"]"#), wrong_type),
            (with(r#""verb""#, r#""verb":"get","verb""#), wrong_type),
            (with(r#""alice""#, r#"{"name":"alice"}"#), wrong_type),
            (with(r#"["hunter2"]"#, r#""hunter2""#), wrong_type),
            (with(r#"["hunter2"]"#, "[7]"), wrong_type),
            (with(r#"{"k":["v"]}"#, "[]"), wrong_type),
            (with(r#"{"k":["v"]}"#, r#"{"k":"v"}"#), wrong_type),
            (
                with(r#""subresource""#, r#""fieldSelector":[],"subresource""#),
                wrong_type,
            ),
        ],
    );
    // People may ask about nothing: no opinion.
    for text in [
        with("resourceAttributes", "nonResourceAttributes"),
        with(r#""create""#, r#""""#),
        with(r#""create""#, "null"),
        with(r#""verb""#, r#""Verb""#),
        with(r#""resource":"pods","#, ""),
        with(r#","user":"alice","groups":["hunter2"]"#, ""),
    ] {
        assert_eq!(parse(&text), Ok(false), "{text}");
    }
}

#[test]
fn events_of_an_audit_log() {
    let good = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"1","stage":"ResponseComplete","requestURI":"/hunter2","verb":"create","user":{"username":"alice","groups":["g"]},"objectRef":{"resource":"pods","namespace":"a","name":"p","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201},"requestObject":{"hunter2":1}}"#;
    assert!(AuditEvent::parse(good).is_ok_and(|event| event.is_some()));
    let with = |part: &str, other: &str| {
        assert!(good.contains(part), "{part}");
        good.replacen(part, other, 1)
    };
    let user = r#"{"username":"alice","groups":["g"]}"#;
    let reference = r#"{"resource":"pods","namespace":"a","name":"p","apiVersion":"v1"}"#;
    let status = r#"{"metadata":{},"code":201}"#;
    let wrong_type = "the audit event has a field twice or of the wrong type";
    each_says(
        |text| AuditEvent::parse(text).err(),
        &[
            (String::new(), "the audit event ends too early"),
            // As CloudWatch cuts what is too long.
            (good[..good.len() - 9].to_owned(), "ends too early"),
            (format!("{good}{good}"), "is not valid JSON"),
            // The format before JSON.
            (
                r#"2026-11-22T11:58:03Z AUDIT: id="1" stage="hunter2""#.to_owned(),
                wrong_type,
            ),
            ("null".to_owned(), wrong_type),
            ("[]".to_owned(), wrong_type),
            (format!("[{good}]"), wrong_type),
            (r#"["audit.k8s.io/v1","Event","1"]"#.to_owned(), wrong_type),
            ("{}".to_owned(), "this is not an audit event"),
            (pod("{}"), "this is not an audit event"),
            (with("Event", "EventList"), "this is not an audit event"),
            (
                with("audit.k8s.io/v1", "events.k8s.io/v1"),
                "not an audit event",
            ),
            (with("audit.k8s.io/v1", "v1"), "this is not an audit event"),
            (with(r#""user""#, r#""User""#), "`user` is missing"),
            (with(user, "null"), "`user` is missing"),
            (with(user, "[]"), wrong_type),
            (with(user, r#"["alice",null,["g"]]"#), wrong_type),
            (with(user, r#""alice""#), wrong_type),
            (
                with(
                    r#""objectRef""#,
                    r#""impersonatedUser":["root"],"objectRef""#,
                ),
                wrong_type,
            ),
            (with(r#""verb":"create","#, ""), "`verb` is missing"),
            (with(r#""create""#, r#""""#), "`verb` is missing"),
            (with(r#""create""#, "7"), wrong_type),
            (with(r#""verb""#, r#""verb":"get","verb""#), wrong_type),
            (with(reference, "{}"), "`objectRef.resource` is missing"),
            (with(reference, "[]"), wrong_type),
            (
                with(reference, r#"["","v1","pods","","a","p"]"#),
                wrong_type,
            ),
            (with(reference, r#""pods""#), wrong_type),
            (with(status, "[201]"), wrong_type),
            (with(status, r#"{"code":"201"}"#), wrong_type),
            (with(status, r#"{"code":-1}"#), wrong_type),
            (
                with(
                    r#""requestObject""#,
                    r#""requestObject":{},"requestObject""#,
                ),
                wrong_type,
            ),
        ],
    );
}

/// An object that a rule must judge and cannot read is no decision, whichever way
/// it came.
#[test]
fn events_whose_objects_cannot_be_read() {
    for object in [
        r"[]",
        r#""hunter2""#,
        r#"{"spec":[]}"#,
        r#"{"spec":{},"spec":{}}"#,
    ] {
        let text = format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"create","user":{{"username":"alice"}},"objectRef":{{"resource":"pods","namespace":"a","apiVersion":"v1"}},"responseStatus":{{"code":201}},"requestObject":{object}}}"#
        );
        let event = AuditEvent::parse(&text)
            .expect("an event")
            .expect("of a resource");
        let Judgeable::Write(request) = event.judgeable(None) else {
            panic!("{object} is a write");
        };
        let policy = Policy::builtin();
        let error = support::judge(&request, Door::Enforce, &policy).expect_err(object);
        assert!(one_sentence(&error).contains("wrong type"), "{error}");
    }
}
