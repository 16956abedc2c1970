//! The accept loop of one port.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::connection::Port;
use super::connections::{Connections, Entry, Place};

/// Accepts until the shutdown says stop.
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
        match connections.enter(peer.ip()) {
            Entry::Serve(place) => spawn(&port, stream, place, false),
            Entry::Tell(place) => {
                port.metrics.refused("told");
                spawn(&port, stream, place, true);
            }
            Entry::Close => port.metrics.refused("closed"),
        }
    }
}

fn spawn(port: &Arc<Port>, stream: TcpStream, place: Place, told: bool) {
    // Answers are one small write; waiting to fill a segment only delays them.
    // A socket that refuses the option still works.
    let _slower = stream.set_nodelay(true);
    let shared = Arc::clone(port);
    port.metrics.open.inc();
    port.shutdown.connections.spawn(async move {
        let _open = Open(&shared);
        shared.connection(stream, told).await;
        drop(place);
    });
}

/// Keeps the gauge right whichever way a connection ends.
struct Open<'a>(&'a Port);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.metrics.open.dec();
    }
}

/// An accept fails for one connection (it is gone already) or for all (no file
/// descriptors left): then only time helps.
async fn failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    ) {
        tracing::error!(%error, "accepting connections fails; trying again");
        sleep(Duration::from_millis(200)).await;
    }
}
