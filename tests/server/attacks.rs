//! What a client can do that merely reaches the port: none of it makes a review
//! of another client fail. `tests/e2e/edge/reach.rs` does the same beside a real
//! API server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rolegate::server::{Door, Limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{Client, head, post, tcp_from};
use crate::harness::Server;

const MIB: usize = 1024 * 1024;

/// Fewer places than in real life, so that few connections fill them.
fn few_places() -> Limits {
    let mut limits = Limits::default();
    limits.connections.total = 60;
    limits.connections.per_peer = 60;
    limits
}

/// Reviews at every door, on one connection that is kept and on new ones, while
/// an attack runs. Every one must be answered.
async fn honest_reviews_pass(server: &Server, rounds: usize) {
    let mut kept = Client::connect(server.address).await;
    let large = "x".repeat(MIB);
    for round in 0..rounds {
        for door in Door::ALL {
            let answer = kept.post(door.path(), "{}").await;
            assert_eq!(answer.status, 200, "{door}, round {round}: {}", answer.body);
            let mut new = Client::connect(server.address).await;
            let answer = new.post(door.path(), &large).await;
            assert_eq!(answer.status, 200, "{door}, round {round}: {}", answer.body);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Repeats a task until it is dropped, `count` at a time.
fn repeat<F>(count: u8, task: impl Fn(u8) -> F + Send + Clone + 'static) -> JoinSet<()>
where
    F: Future<Output = ()> + Send,
{
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let task = task.clone();
        tasks.spawn(async move {
            loop {
                task(number).await;
            }
        });
    }
    tasks
}

/// The attack as it was found.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_declare_32_mib_and_send_one_byte() {
    let server = Server::start(Limits::default()).await;
    let address = server.address;
    let _attack = repeat(20, move |number| async move {
        let path = Door::ALL[usize::from(number) % Door::ALL.len()].path();
        let mut client = Client::connect_from(1 + number % 5, address).await;
        client.send(head(path, 32 * MIB)).await;
        let _closed = client.stream.write_all(b"x").await;
        let _closed = client.stream.flush().await;
        let _answer = client.try_answer().await;
    });
    honest_reviews_pass(&server, 20).await;
}

/// The same with all but the last byte, which really takes the room.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_arrive_but_for_their_last_byte() {
    let server = Server::start(Limits {
        inflight_bytes: 4 * MIB,
        ..Limits::default()
    })
    .await;
    let address = server.address;
    let body = Arc::new("x".repeat(2 * MIB));
    let _attack = repeat(10, move |number| {
        let body = Arc::clone(&body);
        async move {
            let path = Door::ALL[usize::from(number) % Door::ALL.len()].path();
            let mut client = Client::connect_from(2, address).await;
            client.send(head(path, body.len() + 1)).await;
            let _closed = client.stream.write_all(body.as_bytes()).await;
            let _answer = client.try_answer().await;
        }
    });
    honest_reviews_pass(&server, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn complete_bodies_of_garbage() {
    let server = Server::start(Limits {
        inflight_bytes: 4 * MIB,
        ..Limits::default()
    })
    .await;
    let address = server.address;
    let body = Arc::new("bad ".repeat(MIB / 2));
    let _attack = repeat(10, move |number| {
        let body = Arc::clone(&body);
        async move {
            let path = Door::ALL[usize::from(number) % Door::ALL.len()].path();
            let mut client = Client::connect_from(2, address).await;
            let _closed = client.stream.write_all(post(path, &body).as_bytes()).await;
            let _answer = client.try_answer().await;
        }
    });
    honest_reviews_pass(&server, 8).await;
}

/// More connections than there are places, from five addresses, each
/// held open in one of the ways that cost nothing.
#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_from_five_addresses() {
    for (name, part) in [
        ("no handshake", None),
        ("no request", Some(String::new())),
        (
            "a part of a head",
            Some("POST /mutate HTTP/1.1\r\nHo".to_owned()),
        ),
        ("a head", Some(head("/mutate", 1000))),
    ] {
        let server = Server::start(few_places()).await;
        let mut held: Vec<Box<dyn Send>> = Vec::new();
        for number in 0..75 {
            let from = 1 + number % 5;
            if let Some(part) = &part {
                let mut client = Client::connect_from(from, server.address).await;
                client.send(part).await;
                held.push(Box::new(client));
            } else {
                held.push(Box::new(tcp_from(from, server.address).await));
            }
        }
        // A body counts as slow a second after its head; until then the address that has most gives way to one that has less.
        let mut other = Client::connect_from(9, server.address).await;
        assert_eq!(other.post("/mutate", "{}").await.status, 200, "{name}");
        tokio::time::sleep(Duration::from_millis(1100)).await;
        honest_reviews_pass(&server, 3).await;
        let metrics = server.get("/metrics").await;
        assert!(
            metrics.contains("rolegate_connections_displaced_total{"),
            "{name}: {metrics}"
        );
    }
}

/// The places are taken again as soon as they are free.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_new_connections() {
    let server = Server::start(few_places()).await;
    let address = server.address;
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&opened);
    let mut attack = repeat(8, move |number| {
        let opened = Arc::clone(&counted);
        async move {
            let mut held = Vec::new();
            for _ in 0..20 {
                held.push(tcp_from(2 + number % 4, address).await);
                opened.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    });
    while opened.load(Ordering::Relaxed) < 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    honest_reviews_pass(&server, 10).await;
    attack.shutdown().await;
}

/// Silence takes no place from who has worked, however much of it comes, and from
/// the same address.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_silence_takes_no_place_from_who_has_worked() {
    let server = Server::start(few_places()).await;
    let mut kept = Vec::new();
    for _ in 0..30 {
        let mut client = Client::connect(server.address).await;
        assert_eq!(client.post("/mutate", "{}").await.status, 200);
        kept.push(client);
    }
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(tcp_from(1, server.address).await);
    }
    for client in &mut kept {
        assert_eq!(client.post("/mutate", "{}").await.status, 200);
    }
    let metrics = server.get("/metrics").await;
    assert!(
        metrics.contains(r#"displaced_total{reason="no_review"} 270"#)
            && !metrics.contains(r#"displaced_total{reason="idle"}"#),
        "{metrics}"
    );
}

/// A review in flight keeps its place, also while its body is on its way.
#[tokio::test(flavor = "multi_thread")]
async fn a_review_in_flight_is_never_the_victim() {
    let mut limits = few_places();
    limits.heavy_body = 3;
    let server = Server::start(limits).await;
    let mut asleep = Client::connect(server.address).await;
    asleep.send(post("/validate/enforce", "sleep")).await;
    let stop = Arc::new(AtomicBool::new(false));
    let (done, address) = (Arc::clone(&stop), server.address);
    let arriving = tokio::spawn(async move {
        let mut client = Client::connect(address).await;
        while !done.load(Ordering::Relaxed) {
            client.send(head("/mutate", 2000)).await;
            for _ in 0..20 {
                client.send("x".repeat(100)).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(client.answer().await.status, 200);
        }
    });
    let mut held = Vec::new();
    for number in 0..200 {
        held.push(tcp_from(2 + number % 5, server.address).await);
    }
    assert_eq!(asleep.answer().await.status, 200);
    stop.store(true, Ordering::Relaxed);
    arriving.await.unwrap();
}

/// One address may be all there is.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_of_one_address_lose_no_request() {
    const CLIENTS: usize = 1000;
    let server = Server::start(Limits::default()).await;
    let address = server.address;
    let together = Arc::new(tokio::sync::Barrier::new(CLIENTS));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let together = Arc::clone(&together);
        clients.spawn(async move {
            let mut client = Client::connect(address).await;
            together.wait().await;
            for door in Door::ALL {
                assert_eq!(client.post(door.path(), "{}").await.status, 200);
            }
            // Like an API server, which keeps few and opens one for each of the others.
            let mut client = Client::connect(address).await;
            assert_eq!(client.post("/mutate", "{}").await.status, 200);
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    let metrics = server.get("/metrics").await;
    for refused in ["connections_refused_total{", "displaced_total{"] {
        assert!(!metrics.contains(refused), "{metrics}");
    }
}

/// With `TcpStream`s that say nothing there is no handshake to fail either.
#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_never_end_are_closed_for_new_connections() {
    let mut limits = few_places();
    limits.connections.total = 4;
    let server = Server::start(limits).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    assert_eq!(
        Client::connect(server.address)
            .await
            .post("/mutate", "{}")
            .await
            .status,
        200
    );
    server
        .metric(r#"rolegate_connections_displaced_total{reason="no_review"} 5"#)
        .await;
}
