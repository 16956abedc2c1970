//! The way down: not ready, a few seconds more, no new connections, finish.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::readiness::{Condition, Readiness};

/// Tells the ports when to go, and knows what is still open.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// From here on every answer closes its connection, so that clients move
    /// to another replica while this one still accepts.
    pub(crate) closing: CancellationToken,
    /// From here on nothing is accepted, and connections end with the request
    /// they are at.
    pub(crate) stop: CancellationToken,
    pub(crate) connections: TaskTracker,
}

/// How long each step of the way down takes.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// Between "not ready" and the last accept: the time until every API
    /// server has heard that this endpoint is gone.
    pub delay: Duration,
    /// For what is in flight after the last accept.
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
    /// Goes down in order. Returns how many connections were still open when
    /// the time was over.
    pub async fn drain(&self, drain: Drain, readiness: &Readiness) -> usize {
        readiness.block(Condition::Draining);
        self.closing.cancel();
        tracing::info!(delay = ?drain.delay, "draining: no longer ready, still accepting");
        sleep(drain.delay).await;
        self.stop.cancel();
        self.connections.close();
        tracing::info!(
            open = self.connections.len(),
            "draining: no longer accepting, finishing what is in flight"
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

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    /// Starts to listen; from here on the signals no longer end the process.
    ///
    /// # Errors
    ///
    /// If the process may not handle signals.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one and names it.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.term.recv() => "SIGTERM",
            _ = self.int.recv() => "SIGINT",
        }
    }
}
