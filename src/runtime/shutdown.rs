//! Shutdown: report "not ready", keep accepting for a few seconds, stop
//! accepting, finish the requests in flight.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::readiness::{Condition, Readiness};

/// Tells the ports when to stop, and tracks the open connections.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Cancelled when the drain begins. Every answer then closes its
    /// connection, so that clients move to another replica.
    pub(crate) closing: CancellationToken,
    /// Cancelled when accepting ends. A connection then closes after its
    /// current request, or its first.
    pub(crate) stop: CancellationToken,
    /// The accept loops. After `stop` they still take what the kernel has accepted.
    pub(crate) accepting: TaskTracker,
    pub(crate) connections: TaskTracker,
}

/// How long each step of the shutdown takes.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// From "not ready" until accepting ends: long enough for every API server
    /// to learn that this endpoint is gone.
    pub delay: Duration,
    /// For the requests in flight after that.
    pub finish: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(5),
            finish: Duration::from_secs(10),
        }
    }
}

impl Shutdown {
    /// Runs the drain. Returns how many connections were still open at its end.
    pub async fn drain(&self, drain: Drain, readiness: &Readiness) -> usize {
        readiness.block(Condition::Draining);
        self.closing.cancel();
        tracing::info!(delay = ?drain.delay, "draining: no longer ready, still accepting");
        sleep(drain.delay).await;
        self.stop.cancel();
        self.accepting.close();
        self.accepting.wait().await;
        self.connections.close();
        tracing::info!(
            open = self.connections.len(),
            "draining: no longer accepting, finishing requests in flight"
        );
        if timeout(drain.finish, self.connections.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                open = self.connections.len(),
                "connections were still open at the end of the drain"
            );
        }
        self.connections.len()
    }
}

/// Receives SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Starts to listen. From then on the signals do not end the process.
    ///
    /// # Errors
    ///
    /// If the process cannot handle signals.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next signal and returns its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}
