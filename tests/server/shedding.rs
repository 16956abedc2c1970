//! Load shedding: a door at its limit answers 429, the others answer as usual.

use rolegate::server::Limits;

use crate::client::{Client, head};
use crate::harness::Server;

/// Sends the head of a request to `path` and no body.
async fn occupy(server: &Server, path: &str, length: usize) -> Client {
    let mut client = Client::connect(server.address).await;
    client.send(head(path, length)).await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_door_sheds_and_the_others_answer() {
    let server = Server::start(Limits {
        inflight_requests: 2,
        ..Limits::default()
    })
    .await;
    let mut first = occupy(&server, "/validate/enforce", 2).await;
    let second = occupy(&server, "/validate/enforce", 2).await;
    server
        .metric(r#"rolegate_admission_inflight_requests{door="enforce"} 2"#)
        .await;

    let mut client = Client::connect(server.address).await;
    let answer = client.post("/validate/enforce", "{}").await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    assert!(answer.body.contains("enforce door"), "{}", answer.body);
    for path in [
        "/validate/warn",
        "/validate/audit",
        "/validate/cluster",
        "/mutate",
    ] {
        assert_eq!(client.post(path, "{}").await.status, 200, "{path}");
    }

    first.send("{}").await;
    assert_eq!(
        first.answer().await.status,
        200,
        "a request in flight is answered"
    );
    assert_eq!(
        client.post("/validate/enforce", "{}").await.status,
        200,
        "and its slot is free"
    );
    drop(second);
    server
        .metric(r#"rolegate_admission_failures_total{door="enforce",reason="shed_requests"} 1"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_reserved_before_they_arrive() {
    let server = Server::start(Limits {
        inflight_bytes: 1000,
        ..Limits::default()
    })
    .await;
    let _held = occupy(&server, "/mutate", 900).await;
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 900"#)
        .await;
    let mut client = Client::connect(server.address).await;
    let answer = client.post("/mutate", &"x".repeat(101)).await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    assert_eq!(
        client.post("/mutate", &"x".repeat(100)).await.status,
        200,
        "a body that fits is answered"
    );
    assert_eq!(
        client
            .post("/validate/enforce", &"x".repeat(1000))
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_reserve_bytes_as_they_arrive() {
    let server = Server::start(Limits {
        inflight_bytes: 1000,
        ..Limits::default()
    })
    .await;
    let mut client = Client::connect(server.address).await;
    client
        .send(
            "POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
        )
        .await;
    let chunk = format!("258\r\n{}\r\n", "x".repeat(600));
    client.send(&chunk).await;
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 600"#)
        .await;
    client.send(&chunk).await;
    assert_eq!(client.answer().await.status, 429);
}
