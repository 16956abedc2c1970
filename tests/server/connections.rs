//! Handshakes, slow clients, limits on connections, their age.

use std::time::Duration;

use rolegate::runtime::Condition;
use rolegate::server::{ConnectionLimits, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, TIMEOUT, post};
use crate::harness::Server;

fn limits(connections: ConnectionLimits) -> Limits {
    Limits {
        connections,
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_http_1_1_is_supported() {
    let server = Server::start(Limits::default()).await;
    let client = Client::offering(server.address, &[b"h2", b"http/1.1"])
        .await
        .unwrap();
    assert_eq!(
        client.stream.get_ref().1.alpn_protocol(),
        Some(&b"http/1.1"[..])
    );
    assert!(Client::offering(server.address, &[b"h2"]).await.is_err());
    let mut silent = Client::offering(server.address, &[]).await.unwrap();
    assert_eq!(silent.post("/mutate", "{}").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_1_is_refused() {
    let server = Server::start(Limits::default()).await;
    // A ClientHello of TLS 1.1: one RSA cipher suite, no extensions.
    let mut hello = vec![0x03, 0x02];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0x00, 0x2f, 1, 0]);
    let mut record = vec![0x16, 0x03, 0x01, 0, u8::try_from(hello.len()).unwrap() + 4];
    record.extend([1, 0, 0, u8::try_from(hello.len()).unwrap()]);
    record.extend(hello);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&record).await.unwrap();
    let mut answer = Vec::new();
    let _end = tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut answer))
        .await
        .expect("an end");
    assert!(
        matches!(answer[..], [0x15, ..]),
        "an alert, not a ServerHello: {answer:?}"
    );
    server
        .metric(r#"rolegate_tls_handshake_failures_total{reason="failed"} 1"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_a_handshake_is_closed() {
    let handshake = Duration::from_millis(300);
    let server = Server::start(limits(ConnectionLimits {
        handshake,
        ..ConnectionLimits::default()
    }))
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut rest))
        .await
        .expect("closed")
        .unwrap();
    server
        .metric(r#"rolegate_tls_handshake_failures_total{reason="timeout"} 1"#)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_closed_and_an_idle_connection_is_not() {
    let header = Duration::from_millis(300);
    let server = Server::start(limits(ConnectionLimits {
        header,
        ..ConnectionLimits::default()
    }))
    .await;
    let mut idle = Client::connect(server.address).await;
    let mut used = Client::connect(server.address).await;
    assert_eq!(used.post("/mutate", "{}").await.status, 200);
    let mut slow = Client::connect(server.address).await;
    assert_eq!(slow.post("/mutate", "{}").await.status, 200);
    slow.send("POST /mutate HTTP/1.1\r\nHo").await;
    slow.closed().await;
    server
        .metric(r#"rolegate_connections_timed_out_total{reason="header"} 1"#)
        .await;
    // Bytes that come one by one do not buy time.
    let mut trickle = Client::connect(server.address).await;
    let started = std::time::Instant::now();
    for byte in b"POST /mutate HTTP/1.1\r\nHost: x".iter().cycle() {
        let sent = trickle.stream.write_all(&[*byte]).await;
        if sent.is_err() || trickle.stream.flush().await.is_err() {
            break;
        }
        assert!(started.elapsed() < TIMEOUT, "it is never closed");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    tokio::time::sleep(header * 3).await;
    assert_eq!(idle.post("/mutate", "{}").await.status, 200);
    assert_eq!(used.post("/mutate", "{}").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_in_the_end() {
    let idle = Duration::from_millis(300);
    let server = Server::start(limits(ConnectionLimits {
        idle,
        ..ConnectionLimits::default()
    }))
    .await;
    let mut client = Client::connect(server.address).await;
    assert_eq!(client.post("/mutate", "{}").await.status, 200);
    client.closed().await;
    server
        .metric(r#"rolegate_connections_timed_out_total{reason="idle"} 1"#)
        .await;
}

/// Requests that sleep, so that each connection has a review in flight.
async fn busy(server: &Server, count: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = Client::connect(server.address).await;
        client.send(post("/mutate", "sleep")).await;
        clients.push(client);
    }
    let line = format!("rolegate_admission_inflight_requests{{door=\"mutate\"}} {count}");
    server.metric(&line).await;
    clients
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_over_the_limit_is_answered_429() {
    let server = Server::start(Limits {
        heavy_body: 3,
        connections: ConnectionLimits {
            per_peer: 2,
            ..ConnectionLimits::default()
        },
        ..Limits::default()
    })
    .await;
    let mut busy = busy(&server, 2).await;
    let mut third = Client::connect(server.address).await;
    let answer = third.post("/validate/enforce", "{}").await;
    assert_eq!(answer.status, 429);
    assert!(
        answer.head.contains("retry-after: 1") && answer.head.contains("connection: close"),
        "{}",
        answer.head
    );
    third.closed().await;
    for client in &mut busy {
        assert_eq!(client.answer().await.status, 200, "a review in flight");
    }
    // Now they are idle, and the one that has been for longest gives its place.
    let mut fourth = Client::connect(server.address).await;
    assert_eq!(fourth.post("/mutate", "{}").await.status, 200);
    server
        .metric(r#"rolegate_connections_displaced_total{reason="idle"} 1"#)
        .await;
    server.metric("rolegate_connections_open 2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_connection_is_closed_with_an_answer() {
    let age = Duration::from_millis(300);
    let server = Server::start(limits(ConnectionLimits {
        age,
        ..ConnectionLimits::default()
    }))
    .await;
    let mut client = Client::connect(server.address).await;
    let young = client.post("/mutate", "{}").await;
    assert!(!young.head.contains("connection: close"), "{}", young.head);
    tokio::time::sleep(age * 2).await;
    let old = client.post("/mutate", "{}").await;
    assert_eq!(old.status, 200);
    assert!(old.head.contains("connection: close"), "{}", old.head);
    client.closed().await;
}

/// Where there are many, idle connections have no buffers; nobody notices.
#[tokio::test(flavor = "multi_thread")]
async fn many_idle_connections_go_on_as_before() {
    let server = Server::start(limits(ConnectionLimits {
        total: 32,
        ..ConnectionLimits::default()
    }))
    .await;
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = Client::connect(server.address).await;
        assert_eq!(client.post("/mutate", "{}").await.status, 200);
        clients.push(client);
    }
    let long = "x".repeat(100_000);
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        for client in &mut clients {
            // The first bytes arrive alone.
            let request = post("/mutate", "{}") + &post("/validate/warn", &long);
            client.send(&request[..3]).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
            client.send(&request[3..]).await;
            assert_eq!(client.answer().await.body, r#"{"door":"mutate","found":0}"#);
            assert_eq!(client.answer().await.body, r#"{"door":"warn","found":0}"#);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(Limits::default()).await;
    let mut client = Client::connect(server.address).await;
    client
        .send(post("/validate/warn", "{}") + &post("/validate/audit", "{}"))
        .await;
    let both = format!(
        "{}{}",
        client.answer().await.body,
        client.answer().await.body
    );
    assert_eq!(
        both,
        r#"{"door":"warn","found":0}{"door":"audit","found":0}"#
    );
}

/// However many requests a client sends ahead, they are answered one after the
/// other, and those of others in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_ahead_holds_up_nobody() {
    let server = Server::start(Limits::default()).await;
    let mut ahead = Client::connect(server.address).await;
    let many = post("/validate/warn", "{}").repeat(2000);
    let sending = tokio::spawn(async move {
        // It never reads: the server stops when its answers fill the buffers.
        while ahead.stream.write_all(many.as_bytes()).await.is_ok() {}
    });
    for _ in 0..50 {
        let mut client = Client::connect(server.address).await;
        assert_eq!(client.post("/validate/warn", "{}").await.status, 200);
    }
    sending.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn readyz_names_what_is_missing() {
    let server = Server::start(Limits::default()).await;
    let text = server.get("/readyz").await;
    assert!(text.starts_with("HTTP/1.1 503"), "{text}");
    for missing in ["[-]certificate", "[-]policy", "[+]cluster", "[+]draining"] {
        assert!(text.contains(missing), "{text}");
    }
    server.ready();
    let _answer = Client::connect(server.address)
        .await
        .post("/mutate", "{}")
        .await;
    let text = server.get("/readyz").await;
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("ready\n"),
        "{text}"
    );
    server.ports.readiness.block(Condition::Cluster);
    assert!(
        server
            .get("/readyz")
            .await
            .contains("[-]cluster not ok: the API server has not answered yet")
    );
    assert!(server.get("/livez").await.starts_with("HTTP/1.1 200"));
    assert!(server.get("/typo").await.starts_with("HTTP/1.1 404"));
    assert!(server.get("/metrics").await.trim_end().ends_with("# EOF"));
}
