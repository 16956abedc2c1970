//! What a connection is doing, so that slow heads and idlers can be closed.
//!
//! hyper's own header timeout also runs between two requests, which would
//! close kept-alive connections under the API server's feet; hence this one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::server::limits::ConnectionLimits;

const IDLE: u64 = 0;
const HEAD: u64 = 1;
const BUSY: u64 = 2;
const DRAIN: u64 = 3;

/// The phase of one connection and since when: two bits of phase, the rest
/// milliseconds since the connection began.
#[derive(Clone, Debug)]
pub(in crate::server) struct Phase {
    began: Instant,
    packed: Arc<AtomicU64>,
}

impl Phase {
    /// A new connection is idle: clients open some in advance.
    pub(in crate::server) fn new() -> Self {
        Self {
            began: Instant::now(),
            packed: Arc::new(AtomicU64::new(IDLE)),
        }
    }

    pub(in crate::server) fn began(&self) -> Instant {
        self.began
    }

    /// A request's head is complete.
    pub(in crate::server) fn busy(&self) {
        self.set(BUSY);
    }

    /// An answer is on its way.
    pub(in crate::server) fn idle(&self) {
        self.set(IDLE);
    }

    /// An answer is on its way before the body was read: the bytes that come
    /// next are no head.
    pub(in crate::server) fn drain(&self) {
        self.set(DRAIN);
    }

    fn set(&self, phase: u64) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or_default();
        self.packed.store(millis << 2 | phase, Ordering::Relaxed);
    }

    /// Bytes came in: the first of a head, if nothing was going on.
    fn heard(&self) {
        if self.packed.load(Ordering::Relaxed) & 3 == IDLE {
            self.set(HEAD);
        }
    }

    /// Why the connection has to be closed, if it has to be. A busy one never:
    /// its review has a deadline of its own.
    pub(in crate::server) fn overdue(&self, limits: &ConnectionLimits) -> Option<&'static str> {
        let packed = self.packed.load(Ordering::Relaxed);
        let since = self.began + Duration::from_millis(packed >> 2);
        let (limit, reason) = match packed & 3 {
            IDLE | DRAIN => (limits.idle, "idle"),
            HEAD => (limits.header, "header"),
            _ => return None,
        };
        (since.elapsed() >= limit).then_some(reason)
    }
}

/// A stream that tells its phase when bytes come in.
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
            self.phase.heard();
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
