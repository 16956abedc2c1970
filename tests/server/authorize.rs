//! `/authorize`: what the engine answers, and how often it asks for a namespace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::{Request, Response};
use jiff::Timestamp;
use kube::Client;
use kube::client::Body;
use rolegate::server::{Door, Engine, Reviewed, Reviewer, Round};
use rolegate_core::decision::PolicyStore;
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

/// An API server that knows the namespaces by their first letter, and how often it was
/// asked.
#[derive(Default)]
struct ApiServer {
    asked: AtomicUsize,
    broken: AtomicBool,
}

impl ApiServer {
    fn engine(self: &Arc<Self>) -> Engine {
        let server = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = Arc::clone(&server);
            async move {
                server.asked.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                let name = request.uri().path().strip_prefix("/api/v1/namespaces/");
                let name = name.expect("a namespace").to_owned();
                let labels = match name.as_bytes()[0] {
                    b'e' => json!({"rolegate.dev/mode": "enforce"}),
                    b'w' => json!({"rolegate.dev/mode": "warn"}),
                    b'a' => json!({"rolegate.dev/mode": "audit"}),
                    _ => json!({}),
                };
                let (code, body) = if server.broken.load(Ordering::Relaxed) {
                    let status = json!({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": ""});
                    (403, status)
                } else {
                    (200, json!({"metadata": {"name": name, "labels": labels}}))
                };
                let body = Body::from(body.to_string().into_bytes());
                Ok::<_, tower::BoxError>(Response::builder().status(code).body(body)?)
            }
        });
        engine(Some(Client::new(service, "default")))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn engine(cluster: Option<Client>) -> Engine {
    Engine::new(Arc::new(PolicyStore::new(Policy::builtin())), cluster)
}

fn question(version: &str, namespace: &str) -> Vec<u8> {
    json!({
        "apiVersion": format!("authorization.k8s.io/{version}"), "kind": "SubjectAccessReview",
        "spec": {"user": "alice", "resourceAttributes": {
            "verb": "get", "resource": "secrets", "namespace": namespace, "name": "db",
        }},
    })
    .to_string()
    .into_bytes()
}

async fn ask(engine: &Engine, namespace: &str) -> Reviewed {
    let body = question("v1", namespace);
    let review = |found| engine.review(Door::Authorize, &body, Timestamp::now(), found);
    let needs = match review(None).unwrap() {
        Round::Reviewed(reviewed) => return reviewed,
        Round::Needs(needs) => needs,
    };
    let found = engine.look_up(needs).await;
    match review(Some(&found)).unwrap() {
        Round::Reviewed(reviewed) => reviewed,
        Round::Needs(needs) => panic!("a third round for {needs:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_mode_of_the_namespace() {
    let server = Arc::new(ApiServer::default());
    let engine = server.engine();
    for (namespace, decision) in [
        ("e1", "deny"),
        ("w1", "warn"),
        ("a1", "audit"),
        ("x1", "no_opinion"),
        ("Not-A-Name", "no_opinion"),
        ("", "audit"),
    ] {
        let Reviewed { body, record } = ask(&engine, namespace).await;
        assert_eq!(record.decision, decision, "{namespace}");
        let said = (
            record.operation,
            record.class,
            record.user.as_str(),
            record.resource.as_str(),
        );
        assert_eq!(said, ("get", "tenant", "alice", "secrets"));
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["status"]["allowed"], false);
        assert_eq!(
            answer["status"]["denied"] == true,
            decision == "deny",
            "{answer}"
        );
    }
    assert_eq!(server.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn one_look_up_for_all_who_ask() {
    let server = Arc::new(ApiServer::default());
    let engine = Arc::new(server.engine());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let engine = Arc::clone(&engine);
        asking.spawn(async move { ask(&engine, "e1").await.record.decision });
    }
    assert_eq!(asking.join_all().await, ["deny"; 50]);
    assert_eq!(server.asked(), 1);
    tokio::time::advance(std::time::Duration::from_secs(4)).await;
    assert_eq!(ask(&engine, "e1").await.record.decision, "deny");
    assert_eq!(server.asked(), 1, "still fresh");
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    assert_eq!(ask(&engine, "e1").await.record.decision, "deny");
    assert_eq!(server.asked(), 2);
}

/// Somebody who asks about thousands of namespaces pushes out no label.
#[tokio::test(start_paused = true)]
async fn a_flood_and_a_failure_lift_no_mode() {
    let server = Arc::new(ApiServer::default());
    let engine = Arc::new(server.engine());
    assert_eq!(ask(&engine, "e1").await.record.decision, "deny");
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..5000 {
        let engine = Arc::clone(&engine);
        asking.spawn(async move { ask(&engine, &format!("x{number}")).await.record.decision });
    }
    asking.join_all().await;
    server.broken.store(true, Ordering::Relaxed);
    tokio::time::advance(std::time::Duration::from_mins(1)).await;
    assert_eq!(ask(&engine, "e1").await.record.decision, "deny");
    assert_eq!(
        ask(&engine, "e2").await.record.decision,
        "audit",
        "never known"
    );
    tokio::time::advance(std::time::Duration::from_mins(10)).await;
    assert_eq!(ask(&engine, "e1").await.record.decision, "audit", "too old");
}

#[tokio::test]
async fn without_a_cluster_it_only_records() {
    let Reviewed { record, .. } = ask(&engine(None), "e1").await;
    assert_eq!(record.decision, "audit");
    assert_eq!(record.findings.len(), 1);
}

#[tokio::test]
async fn what_it_is_sent() {
    let engine = engine(None);
    let review = |body: &[u8]| engine.review(Door::Authorize, body, Timestamp::now(), None);
    let answer = |body: &[u8]| match review(body).unwrap() {
        Round::Reviewed(reviewed) => (
            serde_json::from_slice::<Value>(&reviewed.body).unwrap(),
            reviewed.record.decision,
        ),
        Round::Needs(needs) => panic!("{needs:?}"),
    };
    let (old, _) = answer(&question("v1beta1", ""));
    assert_eq!(old["apiVersion"], "authorization.k8s.io/v1beta1");
    let url = br#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"a","nonResourceAttributes":{"path":"/healthz","verb":"get"}}}"#;
    let expected = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "status": {"allowed": false}});
    assert_eq!(answer(url), (expected, "no_opinion"));
    for bad in [
        &b""[..],
        b"{}",
        b"\xff",
        br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#,
    ] {
        assert_eq!(review(bad).unwrap_err().status, 400);
    }
}
