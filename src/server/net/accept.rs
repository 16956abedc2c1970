//! The accept loop of one port.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::connection::Port;
use super::connections::{Admit, Connections, Place};

/// Accepts connections until the shutdown stops it.
pub(in crate::server) async fn accept(listener: TcpListener, port: Arc<Port>) {
    let connections = Connections::new(&port.limits);
    loop {
        let accepted = tokio::select! {
            biased;
            () = port.shutdown.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                failed(&error).await;
                continue;
            }
        };
        port.metrics.accepted.inc();
        let Some(place) = connections.enter(peer.ip()) else {
            port.metrics.refused("closed");
            continue;
        };
        if place.admit() == Admit::Reject {
            port.metrics.refused("told");
        }
        if let Some(claim) = place.taken_from {
            port.metrics.displaced(claim.as_str());
        }
        spawn(&port, stream, place);
    }
}

fn spawn(port: &Arc<Port>, stream: TcpStream, place: Place) {
    // An answer is one small write; waiting to fill a segment only delays it.
    // Without the option the socket still works.
    let _slower = stream.set_nodelay(true);
    let shared = Arc::clone(port);
    port.metrics.open.inc();
    port.shutdown.connections.spawn(async move {
        let _open = Open(&shared);
        shared.connection(stream, &place).await;
        drop(place);
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
