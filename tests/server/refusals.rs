//! Requests that get no decision, and their answers.

use std::time::Duration;

use rolegate::server::{Door, Limits};

use crate::client::{Client, head, post};
use crate::harness::Server;

const KIB: usize = 1024;

#[tokio::test(flavor = "multi_thread")]
async fn every_door_answers_json() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    for door in Door::ALL {
        let answer = client.post(door.path(), "{}").await;
        assert_eq!(
            (answer.status, answer.body),
            (200, format!("{{\"door\":\"{door}\",\"found\":0}}"))
        );
        assert!(
            answer.head.contains("content-type: application/json"),
            "{}",
            answer.head
        );
    }
    server
        .metric(r#"rolegate_admission_requests_total{door="mutate",operation="CREATE",decision="deny"} 1"#)
        .await;
    server
        .metric(r#"rolegate_findings_total{rule="pod-exec",mode="enforce"} 6"#)
        .await;
    server.metric("rolegate_connections_open 1").await;
}

/// The engine may ask for facts about the cluster once. They are looked up and
/// it decides, for a small body and for one reviewed on a blocking thread.
#[tokio::test(flavor = "multi_thread")]
async fn needs_are_looked_up_once() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    for padding in [1, 2 * Limits::default().heavy_body] {
        let body = format!("needs {}", "x".repeat(padding));
        let answer = client.post("/validate/warn", &body).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, r#"{"door":"warn","found":1}"#)
        );
    }
    let answer = client.post("/validate/warn", "always-needs x").await;
    assert_eq!(answer.status, 500, "{}", answer.body);
    assert!(answer.body.contains("twice"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_path_method_or_type_is_explained() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    for path in [
        "/",
        "/validate",
        "/validate/enforce/",
        "/validate/typo",
        "/livez",
    ] {
        let answer = client.post(path, "{}").await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer.body.starts_with("There is nothing at this path"),
            "{}",
            answer.body
        );
    }
    client.send("GET /mutate HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, &*answer.body),
        (405, "This path accepts POST only.\n")
    );
    assert!(answer.head.contains("allow: post"), "{}", answer.head);
    for given in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/jsonp\r\n",
    ] {
        client
            .send(format!(
                "POST /mutate HTTP/1.1\r\nHost: x\r\n{given}Content-Length: 2\r\n\r\n{{}}"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 415, "{given}");
    }
    let given = "Content-Type: Application/JSON; charset=utf-8\r\n";
    client
        .send(format!(
            "POST /mutate HTTP/1.1\r\nHost: x\r\n{given}Content-Length: 2\r\n\r\n{{}}"
        ))
        .await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_length_over_the_limit_is_rejected_unread() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send(head("/mutate", 32 * KIB * KIB + 1)).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.body,
        "The body is larger than the 32 MiB a review may have.\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_everything_first_still_reads_413() {
    let server = Server::start(Limits {
        body: 64 * KIB,
        ..Limits::default()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    assert_eq!(
        client
            .post("/mutate", &"x".repeat(8 * KIB * KIB))
            .await
            .status,
        413
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_over_the_limit_are_rejected() {
    let server = Server::start(Limits {
        body: 64 * KIB,
        ..Limits::default()
    })
    .await;
    let chunked = "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("{:x}\r\n{}\r\n", 32 * KIB, "x".repeat(32 * KIB));
    let mut client = Client::connect(server.address).await;
    client
        .send(format!("{chunked}{chunk}{chunk}0\r\n\r\n"))
        .await;
    assert_eq!(client.answer().await.status, 200, "exactly the limit");
    client
        .send(format!("{chunked}{chunk}{chunk}1\r\nx\r\n0\r\n\r\n"))
        .await;
    assert_eq!(client.answer().await.status, 413, "one byte more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_review_is_400_and_never_a_success() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    let answer = client.post("/validate/warn", "bad").await;
    assert_eq!(
        (answer.status, &*answer.body),
        (400, "This is not an AdmissionReview.\n")
    );
    let answer = client.post("/validate/warn", "bad-with-status-200").await;
    assert_eq!(answer.status, 500);
    server
        .metric(r#"rolegate_admission_failures_total{door="warn",reason="bad_review"} 2"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_500_and_counted_in_both_sizes() {
    let server = Server::start(Limits {
        heavy_body: KIB,
        ..Limits::default()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    let big = format!("panic {}", "x".repeat(KIB));
    for body in ["panic", &big] {
        let answer = client.post("/validate/enforce", body).await;
        assert_eq!(answer.status, 500);
        assert!(answer.body.contains("internal error"), "{}", answer.body);
    }
    assert_eq!(
        client.post("/validate/enforce", "{}").await.status,
        200,
        "the server continues"
    );
    server
        .metric(r#"rolegate_admission_failures_total{door="enforce",reason="panic"} 2"#)
        .await;
    server
        .metric(r#"rolegate_admission_inflight_requests{door="enforce"} 0"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_reviews_and_bodies_end_at_the_deadline() {
    let server = Server::start(Limits {
        heavy_body: KIB,
        ..Limits::default()
    })
    .await;
    let big = format!("sleep {}", "x".repeat(KIB));
    for body in ["sleep", &big] {
        let mut client = Client::connect(server.address).await;
        let answer = client.post("/mutate?timeout=800ms", body).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (500, "The review was not finished within 500 ms.\n")
        );
        let mut client = Client::connect(server.address).await;
        assert_eq!(
            client.post("/mutate?timeout=10s", body).await.status,
            200,
            "within the deadline"
        );
    }
    let mut client = Client::connect(server.address).await;
    client.send(head("/mutate?timeout=800ms", 100)).await;
    client.send("{").await;
    assert_eq!(client.answer().await.status, 500, "an incomplete body");
    server
        .metric(r#"rolegate_admission_failures_total{door="mutate",reason="deadline"} 3"#)
        .await;
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 0"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_pieces_is_one_body() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    for piece in post("/mutate", &"x".repeat(40)).as_bytes().chunks(60) {
        client.send(piece).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_gives_its_slot_back() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    client.send(head("/validate/audit", 100)).await;
    client.send("x".repeat(60)).await;
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="audit"} 60"#)
        .await;
    drop(client);
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="audit"} 0"#)
        .await;
    server
        .metric(r#"rolegate_admission_inflight_requests{door="audit"} 0"#)
        .await;
}
