//! The way down: whoever was let in before the end gets an answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rolegate::runtime::Drain;
use rolegate::server::Limits;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::client::{Client, head};
use crate::harness::Server;

/// Stops the server without a delay. The task ends with the drain.
async fn stop(server: &Server) -> JoinHandle<usize> {
    let (shutdown, readiness) = (
        server.ports.shutdown.clone(),
        server.ports.readiness.clone(),
    );
    let drain = Drain {
        delay: Duration::ZERO,
        finish: Duration::from_secs(10),
    };
    let stopping = tokio::spawn(async move { shutdown.drain(drain, &readiness).await });
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stopping
}

async fn last_answer(client: &mut Client) {
    let answer = client.post("/validate/enforce", "{}").await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("connection: close"), "{}", answer.head);
    client.closed().await;
}

/// On one thread, so that rolegate accepts nothing while this test connects: the
/// kernel has accepted these, and rolegate hears of them and of the stop at once.
#[tokio::test]
async fn what_the_kernel_has_accepted_is_answered() {
    let server = Server::start(Limits::default()).await;
    // Ends the wait for the first connection.
    drop(TcpStream::connect(server.address).await.unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    let connect = |address: SocketAddr| std::net::TcpStream::connect(address).unwrap();
    let waiting: Vec<_> = (0..50).map(|_| connect(server.address)).collect();
    let stopping = stop(&server).await;
    let mut clients = tokio::task::JoinSet::new();
    for stream in waiting {
        clients.spawn(async move {
            stream.set_nonblocking(true).unwrap();
            let stream = TcpStream::from_std(stream).unwrap();
            last_answer(&mut Client::over(stream).await.unwrap()).await;
        });
    }
    while let Some(answered) = clients.join_next().await {
        answered.unwrap();
    }
    assert_eq!(stopping.await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_on_its_way_is_answered() {
    let server = Server::start(Limits::default()).await;
    let handshake = TcpStream::connect(server.address).await.unwrap();
    let mut first = Client::connect(server.address).await;
    let mut next = Client::connect(server.address).await;
    assert_eq!(next.post("/mutate", "{}").await.status, 200);
    let mut half = Client::connect(server.address).await;
    half.send(head("/mutate", 2)).await;
    let stopping = stop(&server).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    last_answer(&mut next).await;
    half.send("{}").await;
    assert_eq!(half.answer().await.status, 200);
    // What had no answer yet may take longer.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    last_answer(&mut first).await;
    last_answer(&mut Client::over(handshake).await.unwrap()).await;
    assert_eq!(stopping.await.unwrap(), 0);
}

/// Connections that bring nothing hold up the end for a few seconds only.
#[tokio::test(flavor = "multi_thread")]
async fn silence_does_not_hold_up_the_end() {
    let server = Server::start(Limits::default()).await;
    let mut idle = Client::connect(server.address).await;
    assert_eq!(idle.post("/mutate", "{}").await.status, 200);
    let mut silent = Client::connect(server.address).await;
    let started = Instant::now();
    let stopping = stop(&server).await;
    idle.closed().await;
    silent.closed().await;
    assert_eq!(stopping.await.unwrap(), 0);
    assert!(started.elapsed() < Duration::from_secs(6));
}
