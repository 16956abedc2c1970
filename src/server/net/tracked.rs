//! A stream that tells the phase of its connection what happens on it, and that can
//! wait for bytes without a buffer for them.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::phase::Phase;

#[derive(Debug)]
pub(in crate::server) struct TrackedStream<S> {
    stream: S,
    phase: Phase,
    /// Bytes that have been read from `stream`, and by nobody else.
    ahead: Bytes,
    /// The last write has not got through.
    blocked: bool,
}

impl<S> TrackedStream<S> {
    pub(in crate::server) fn new(stream: S, phase: Phase) -> Self {
        Self {
            stream,
            phase,
            ahead: Bytes::new(),
            blocked: false,
        }
    }

    /// Gives back bytes that were read from it.
    pub(in crate::server) fn give_back(&mut self, ahead: Bytes) {
        // Without bytes it would still hold their buffer.
        if !ahead.is_empty() {
            self.ahead = ahead;
        }
    }

    fn wrote<T>(&mut self, polled: Poll<T>) -> Poll<T> {
        if self.blocked != polled.is_pending() {
            self.blocked = polled.is_pending();
            self.phase.write_blocked(self.blocked);
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> TrackedStream<S> {
    /// Waits until there is something to read. `false` at the end.
    pub(in crate::server) async fn readable(&mut self) -> io::Result<bool> {
        if !self.ahead.is_empty() {
            return Ok(true);
        }
        let mut byte = [0];
        let mut buf = ReadBuf::new(&mut byte);
        poll_fn(|cx| Pin::new(&mut self.stream).poll_read(cx, &mut buf)).await?;
        if buf.filled().is_empty() {
            return Ok(false);
        }
        self.phase.bytes_received();
        self.ahead = Bytes::copy_from_slice(buf.filled());
        Ok(true)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrackedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if !self.ahead.is_empty() {
            let taken = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead[..taken]);
            self.ahead.advance(taken);
            if buf.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.phase.bytes_received();
            // An error or an end comes again with the next read.
            return Poll::Ready(Ok(()));
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
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.wrote(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
