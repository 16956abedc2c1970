//! What a connection is doing, so that slow and idle connections can be closed.
//!
//! hyper's own header timeout also runs between two requests. It would close
//! connections that the API server keeps alive; this one does not.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::server::limits::ConnectionLimits;

/// Waiting for a request. New connections start here: clients open some in advance.
const IDLE: u8 = 0;
/// Some bytes of a request's head have arrived.
const READING_HEAD: u8 = 1;
/// The head is complete and the answer is not ready. The review has its own deadline.
const IN_REVIEW: u8 = 2;
/// An error was answered before the body was read: the next bytes belong to
/// that body and not to a new head.
const DISCARDING_BODY: u8 = 3;

/// The phase of one connection, and when it began.
///
/// Only the task of the connection reads and writes it; the atomics are there
/// because the task may move to another thread.
#[derive(Clone, Debug)]
pub(in crate::server) struct Phase {
    opened: Instant,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// One of the constants above.
    phase: AtomicU8,
    /// Milliseconds from `Phase::opened` to the start of this phase.
    since: AtomicU64,
}

impl Phase {
    pub(in crate::server) fn new() -> Self {
        Self {
            opened: Instant::now(),
            shared: Arc::new(Shared {
                phase: AtomicU8::new(IDLE),
                since: AtomicU64::new(0),
            }),
        }
    }

    /// When the connection was opened.
    pub(in crate::server) fn opened(&self) -> Instant {
        self.opened
    }

    /// A request's head is complete.
    pub(in crate::server) fn start_review(&self) {
        self.set(IN_REVIEW);
    }

    /// The answer to a request that was read completely is ready.
    pub(in crate::server) fn finish_review(&self) {
        self.set(IDLE);
    }

    /// The answer is ready, but the request's body may not be read to its end.
    pub(in crate::server) fn discard_body(&self) {
        self.set(DISCARDING_BODY);
    }

    fn bytes_received(&self) {
        if self.shared.phase.load(Ordering::Relaxed) == IDLE {
            self.set(READING_HEAD);
        }
    }

    fn set(&self, phase: u8) {
        let millis = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or_default();
        self.shared.since.store(millis, Ordering::Relaxed);
        self.shared.phase.store(phase, Ordering::Relaxed);
    }

    /// The metric label of the limit that the connection has exceeded, if any.
    pub(in crate::server) fn overdue(&self, limits: &ConnectionLimits) -> Option<&'static str> {
        let (limit, reason) = match self.shared.phase.load(Ordering::Relaxed) {
            IDLE | DISCARDING_BODY => (limits.idle, "idle"),
            READING_HEAD => (limits.header, "header"),
            _ => return None,
        };
        let since = Duration::from_millis(self.shared.since.load(Ordering::Relaxed));
        ((self.opened + since).elapsed() >= limit).then_some(reason)
    }
}

/// A stream that updates the phase of its connection when bytes arrive.
#[derive(Debug)]
pub(in crate::server) struct TrackedStream<S> {
    stream: S,
    phase: Phase,
}

impl<S> TrackedStream<S> {
    pub(in crate::server) fn new(stream: S, phase: Phase) -> Self {
        Self { stream, phase }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrackedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.phase.bytes_received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TrackedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
