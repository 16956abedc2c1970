//! One connection, from the handshake to the close.

use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::arriving::Arriving;
use super::connections::{Admit, Place};
use super::tls;
use super::tracked::TrackedStream;
use super::watch::{Event, Watch};
use crate::runtime::Shutdown;
use crate::server::doors::refusal::Refusal;
use crate::server::limits::ConnectionLimits;
use crate::server::metrics::ConnectionMetrics;

/// The limit of a request's head, in bytes, and of what is read ahead of a body.
const READ_BUFFER: usize = 64 * 1024;

/// What all connections of one port share.
pub(in crate::server) struct Port {
    /// `None` for plain HTTP.
    pub(in crate::server) tls: Option<TlsAcceptor>,
    pub(in crate::server) router: Router,
    pub(in crate::server) limits: ConnectionLimits,
    pub(in crate::server) metrics: ConnectionMetrics,
    pub(in crate::server) shutdown: Shutdown,
}

impl Port {
    /// Serves `stream` until it ends.
    pub(in crate::server) async fn connection<S>(&self, stream: S, place: &Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(tls) = &self.tls else {
            place.phase.connected(false);
            return self.http(stream, place).await;
        };
        // In a box, as everything that a connection needs only for a part of its life.
        if let Some(stream) = Box::pin(self.handshake(tls, stream, place)).await {
            self.http(stream, place).await;
        }
    }

    async fn handshake<S>(
        &self,
        tls: &TlsAcceptor,
        stream: S,
        place: &Place,
    ) -> Option<Box<TlsStream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = tokio::select! {
            biased;
            handshake = timeout(self.limits.handshake, tls.accept(stream)) => handshake,
            () = place.phase.evicted() => return None,
        };
        match handshake {
            Ok(Ok(stream)) => {
                place.phase.connected(tls::shows_certificate(&stream));
                return Some(Box::new(stream));
            }
            Ok(Err(error)) => {
                self.metrics.handshake_failed("failed");
                tracing::debug!(%error, "a TLS handshake failed");
            }
            Err(_elapsed) => self.metrics.handshake_failed("timeout"),
        }
        None
    }

    async fn http<S>(&self, stream: S, place: &Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut watch = Watch::new(&self.limits, &self.shutdown, place);
        let mut stream = TrackedStream::new(stream, place.phase.clone());
        while self.wait(&mut stream, &mut watch).await {
            match Box::pin(self.serve(stream, &mut watch)).await {
                Some(back) => stream = back,
                None => return,
            }
        }
    }

    /// Waits for a request without a buffer for it. `false` if none comes.
    async fn wait<S>(&self, stream: &mut TrackedStream<S>, watch: &mut Watch<'_>) -> bool
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        watch.place.phase.has_buffers(false);
        loop {
            let event = tokio::select! {
                biased;
                readable = stream.readable() => return readable.unwrap_or(false),
                event = watch.next() => event,
            };
            match event {
                Event::NoBuffers => {}
                Event::Evicted => return false,
                Event::Overdue(reason) => {
                    self.metrics.timed_out(reason);
                    return false;
                }
                Event::Stopped => {
                    let _gone = timeout(self.limits.linger, stream.shutdown()).await;
                    return false;
                }
            }
        }
    }

    /// Answers requests. Returns the stream if it waits for another without buffers.
    async fn serve<S>(
        &self,
        stream: TrackedStream<S>,
        watch: &mut Watch<'_>,
    ) -> Option<TrackedStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = watch.place;
        let phase = &place.phase;
        let age = watch.age;
        phase.has_buffers(true);
        let service = service_fn(|request: Request<Incoming>| {
            phase.start_request();
            self.answer(request, place, age)
        });
        let mut connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(READ_BUFFER)
            .serve_connection(TokioIo::new(stream), service);
        loop {
            let event = tokio::select! {
                biased;
                result = &mut connection => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection failed");
                    }
                    return None;
                }
                event = watch.next() => event,
            };
            match event {
                Event::NoBuffers if phase.needs_no_buffers() => {
                    let parts = connection.into_parts();
                    let mut stream = parts.io.into_inner();
                    stream.give_back(parts.read_buf);
                    return Some(stream);
                }
                Event::NoBuffers => {}
                // What was in the kernel has been read by now. A request that came
                // with it is answered; then the connection closes.
                Event::Evicted if !phase.may_finish(&self.limits) => return None,
                Event::Evicted | Event::Stopped => {
                    Pin::new(&mut connection).graceful_shutdown();
                }
                Event::Overdue(reason) => {
                    self.metrics.timed_out(reason);
                    return None;
                }
            }
        }
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        place: &Place,
        age: Duration,
    ) -> Result<Response<Body>, std::convert::Infallible> {
        let (phase, admit) = (&place.phase, place.admit());
        let mut response = match admit {
            Admit::Serve => {
                request.extensions_mut().insert(place.peer);
                let request = request.map(|body| Body::new(Arriving::new(body, phase.clone())));
                self.router.clone().oneshot(request).await?
            }
            Admit::Reject => Refusal::TooManyConnections.response(),
        };
        let status = response.status();
        let open_for = phase.answered(status.is_success());
        if admit == Admit::Reject
            || status == StatusCode::REQUEST_TIMEOUT
            || self.shutdown.closing.is_cancelled()
            || open_for >= age
        {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}
