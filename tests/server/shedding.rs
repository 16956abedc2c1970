//! Load shedding: a door at its limit answers 429, the others answer as usual.

use std::time::Duration;

use rolegate::server::{ConnectionLimits, Limits};
use tokio::io::AsyncWriteExt;

use crate::client::{Client, head, post};
use crate::harness::Server;

/// Sends the head of a request to `path` and no body.
async fn occupy(server: &Server, path: &str, length: usize) -> Client {
    let mut client = Client::connect(server.address).await;
    client.send(head(path, length)).await;
    client
}

/// Sends all but the last byte of a request of `length` bytes.
async fn nearly(server: &Server, from: u8, path: &str, length: usize) -> Client {
    let mut client = Client::connect_from(from, server.address).await;
    client.send(head(path, length)).await;
    client.send("x".repeat(length - 1)).await;
    client
}

/// Small limits: bodies are large from 100 bytes on, and share 1,000.
fn tight() -> Limits {
    Limits {
        small_body: 100,
        inflight_bytes: 1000,
        // Not what these tests are about; the machine may be busy.
        stall: Duration::from_mins(1),
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_door_sheds_and_the_others_answer() {
    let server = Server::start(Limits {
        inflight_requests: 2,
        heavy_body: 3,
        ..Limits::default()
    })
    .await;
    let mut asleep = Vec::new();
    for _ in 0..2 {
        let mut client = Client::connect(server.address).await;
        client.send(post("/validate/enforce", "sleep")).await;
        asleep.push(client);
    }
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
    for mut client in asleep {
        assert_eq!(client.answer().await.status, 200, "a review in flight");
    }
    assert_eq!(
        client.post("/validate/enforce", "{}").await.status,
        200,
        "and its slot is free"
    );
    server
        .metric(r#"rolegate_admission_failures_total{door="enforce",reason="shed_requests"} 1"#)
        .await;
}

/// Big bodies that wait for their turn take no slot from small ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_big_bodies_leaves_slots() {
    let server = Server::start(Limits {
        inflight_requests: 2,
        heavy_body: 3,
        heavy_reviews: 1,
        ..Limits::default()
    })
    .await;
    let mut queue = Vec::new();
    for _ in 0..10 {
        let mut client = Client::connect(server.address).await;
        client.send(post("/mutate", "sleep")).await;
        queue.push(client);
    }
    server
        .metric(r#"rolegate_admission_inflight_requests{door="mutate"} 10"#)
        .await;
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.post("/mutate", "{}").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_alone_take_no_slot_and_declared_bytes_no_room() {
    let server = Server::start(Limits {
        inflight_requests: 1,
        ..tight()
    })
    .await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(occupy(&server, "/mutate", 1000).await);
    }
    let mut client = Client::connect(server.address).await;
    for length in [1, 100, 1100] {
        let answer = client.post("/mutate", &"x".repeat(length)).await;
        assert_eq!(answer.status, 200, "{length}: {}", answer.body);
    }
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 0"#)
        .await;
    let last = waiting.last_mut().unwrap();
    last.send("x".repeat(1000)).await;
    assert_eq!(last.answer().await.status, 200, "and is answered itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_share_what_small_ones_do_not_need() {
    let server = Server::start(tight()).await;
    let mut held = nearly(&server, 1, "/mutate", 1000).await;
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 999"#)
        .await;
    let mut client = Client::connect(server.address).await;
    let answer = client.post("/mutate", &"x".repeat(202)).await;
    assert_eq!(answer.status, 429);
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    let mut client = Client::connect(server.address).await;
    for length in [100, 201] {
        let answer = client.post("/mutate", &"x".repeat(length)).await;
        assert_eq!(answer.status, 200, "{length}");
    }
    let other = client.post("/validate/enforce", &"x".repeat(1000)).await;
    assert_eq!(other.status, 200, "another door");
    held.send("x").await;
    assert_eq!(held.answer().await.status, 200);
    server
        .metric(r#"rolegate_admission_failures_total{door="mutate",reason="shed_bytes"} 1"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_gets_its_share() {
    let server = Server::start(tight()).await;
    let mut greedy = Vec::new();
    for _ in 0..4 {
        greedy.push(nearly(&server, 2, "/mutate", 350).await);
    }
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 1396"#)
        .await;
    let mut client = Client::connect(server.address).await;
    let answer = client.post("/mutate", &"x".repeat(550)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    server
        .metric(r#"rolegate_admission_failures_total{door="mutate",reason="displaced"} 2"#)
        .await;
    let mut statuses = Vec::new();
    for client in &mut greedy {
        // The displaced ones have their answer already.
        client.send("x").await;
        statuses.push(client.answer().await.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_arriving_gives_way_to_its_own_address() {
    let server = Server::start(Limits {
        stall: Duration::from_millis(50),
        ..tight()
    })
    .await;
    let mut stopped = nearly(&server, 1, "/mutate", 1000).await;
    server
        .metric(r#"rolegate_admission_inflight_bytes{door="mutate"} 999"#)
        .await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.post("/mutate", &"x".repeat(1100)).await.status, 200);
    assert_eq!(stopped.answer().await.status, 429);
}

/// Both have complete bodies: one is being reviewed, the other waits for its
/// turn on the blocking threads.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_waits_for_its_review_gives_way_too() {
    let server = Server::start(Limits {
        heavy_body: 100,
        heavy_reviews: 1,
        ..tight()
    })
    .await;
    let sleep = |length| post("/mutate", &format!("sleep {}", "x".repeat(length)));
    let mut running = Client::connect_from(2, server.address).await;
    running.send(sleep(300)).await;
    server
        .metric(r#"rolegate_admission_inflight_requests{door="mutate"} 1"#)
        .await;
    let mut waiting = Client::connect_from(2, server.address).await;
    waiting.send(sleep(800)).await;
    server
        .metric(r#"rolegate_admission_inflight_requests{door="mutate"} 2"#)
        .await;
    let mut client = Client::connect(server.address).await;
    let path = "/mutate?timeout=30s";
    assert_eq!(client.post(path, &"x".repeat(600)).await.status, 200);
    assert_eq!(waiting.answer().await.status, 429);
    assert_eq!(running.answer().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_take_room_as_they_arrive() {
    let server = Server::start(tight()).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_answered_408_and_closed() {
    let server = Server::start(Limits {
        connections: ConnectionLimits {
            body_grace: Duration::from_millis(200),
            body_rate: 1000,
            ..ConnectionLimits::default()
        },
        ..Limits::default()
    })
    .await;
    let mut trickle = occupy(&server, "/mutate", 1000).await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let _closed = trickle.stream.write_all(b"x").await;
        let _closed = trickle.stream.flush().await;
    }
    let answer = trickle.answer().await;
    assert_eq!(
        (answer.status, &*answer.body),
        (408, "The body arrives too slowly.\n")
    );
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    trickle.closed().await;
    server
        .metric(r#"rolegate_admission_failures_total{door="mutate",reason="slow_body"} 1"#)
        .await;
    // At the rate or above, it has all the time of a review.
    let mut steady = occupy(&server, "/mutate", 1000).await;
    for _ in 0..10 {
        steady.send("x".repeat(100)).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!(steady.answer().await.status, 200);
}
