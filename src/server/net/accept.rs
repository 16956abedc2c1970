//! The accept loop of one port.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::connection::Port;
use super::connections::{Admit, Connections, MAX_REJECTED, Place};

/// Connections that have lost their places and are still closing, or finish a
/// request. With more of them, accepting waits: each takes memory and a file
/// descriptor.
const CLOSING: usize = 64;

/// Where there are many connections, one that has had no request for this long waits
/// without buffers for the next. They take two thirds of its memory, and the allocator
/// gives little of what was used once back to the system.
const IDLE: Duration = Duration::from_millis(50);

/// Accepts connections until the shutdown stops it.
pub(in crate::server) async fn accept(listener: TcpListener, port: Arc<Port>) {
    let _accepting = port.shutdown.accepting.token();
    let connections = Connections::new(&port.limits);
    let most = port.limits.total.saturating_add(MAX_REJECTED + CLOSING);
    let open = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let accept = async || {
        // It is never closed.
        let permit = Arc::clone(&open).acquire_owned().await.ok();
        (permit, listener.accept().await)
    };
    let mut idle = interval(IDLE);
    idle.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let (permit, accepted) = tokio::select! {
            biased;
            () = port.shutdown.stop.cancelled() => break,
            _ = idle.tick(), if connections.are_many() => {
                connections.drop_buffers(IDLE);
                continue;
            }
            accepted = accept() => accepted,
        };
        match accepted {
            Ok(accepted) => enter(&port, &connections, accepted, permit),
            Err(error) => failed(&error).await,
        }
    }
    // Their clients take these for accepted, and have sent their requests.
    for accepted in waiting(listener) {
        let permit = Arc::clone(&open).try_acquire_owned().ok();
        enter(&port, &connections, accepted, permit);
    }
}

/// The connections that the kernel has accepted. Then it accepts no more.
fn waiting(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    // Asks the kernel: the runtime may not have heard of them yet.
    let listener = listener.into_std().ok();
    std::iter::from_fn(move || listener.as_ref()?.accept().ok()).filter_map(|(stream, peer)| {
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    })
}

fn enter(
    port: &Arc<Port>,
    connections: &Connections,
    (stream, peer): (TcpStream, SocketAddr),
    permit: Option<OwnedSemaphorePermit>,
) {
    port.metrics.accepted.inc();
    let Some(place) = connections.enter(peer.ip()) else {
        port.metrics.refused("closed");
        return;
    };
    if place.admit() == Admit::Reject {
        port.metrics.refused("told");
    }
    for claim in &place.taken_from {
        port.metrics.displaced(claim.as_str());
    }
    spawn(port, stream, place, permit);
}

fn spawn(port: &Arc<Port>, stream: TcpStream, place: Place, permit: Option<OwnedSemaphorePermit>) {
    // An answer is one small write; waiting to fill a segment only delays it.
    // Without the option the socket still works.
    let _slower = stream.set_nodelay(true);
    let shared = Arc::clone(port);
    port.metrics.open.inc();
    port.shutdown.connections.spawn(async move {
        let _open = Open(&shared);
        shared.connection(stream, &place).await;
        drop((place, permit));
    });
}

/// Decrements the gauge however the connection ends.
struct Open<'a>(&'a Port);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.metrics.open.dec();
    }
}

/// An accept fails for one connection, which is already closed, or for all of
/// them, for example because no file descriptor is free. Then only waiting helps.
async fn failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    ) {
        tracing::error!(%error, "cannot accept connections; trying again");
        sleep(Duration::from_millis(200)).await;
    }
}
