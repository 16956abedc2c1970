//! One connection, from its handshake to its end.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::idle::{Phase, TrackedStream};
use crate::runtime::Shutdown;
use crate::server::doors::refusal::Refusal;
use crate::server::limits::ConnectionLimits;
use crate::server::metrics::ConnectionMetrics;

/// Longest head, in bytes, and the most that is read ahead of a body.
const READ_BUFFER: usize = 64 * 1024;

/// What every connection of one port shares.
pub(in crate::server) struct Port {
    /// `None`: plain HTTP.
    pub(in crate::server) tls: Option<TlsAcceptor>,
    /// What is served.
    pub(in crate::server) router: Router,
    /// Caps and times.
    pub(in crate::server) limits: ConnectionLimits,
    /// What is counted.
    pub(in crate::server) metrics: ConnectionMetrics,
    /// When to stop.
    pub(in crate::server) shutdown: Shutdown,
}

impl Port {
    /// Serves `stream` until it ends. With `told`, every request is answered
    /// with 429 and the connection closed.
    pub(in crate::server) async fn connection<S>(&self, stream: S, told: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(tls) = &self.tls else {
            return self.http(stream, told).await;
        };
        match timeout(self.limits.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.http(stream, told).await,
            Ok(Err(error)) => {
                self.metrics.handshake_failed("failed");
                tracing::debug!(%error, "a TLS handshake failed");
            }
            Err(_elapsed) => self.metrics.handshake_failed("timeout"),
        }
    }

    async fn http<S>(&self, stream: S, told: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let phase = Phase::new();
        let last = phase.began() + spread(self.limits.age);
        let service = service_fn(|request: Request<Incoming>| {
            phase.busy();
            self.answer(request, &phase, last, told)
        });
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(READ_BUFFER)
            .serve_connection(
                TokioIo::new(TrackedStream::new(stream, phase.clone())),
                service,
            );
        let mut connection = pin!(connection);
        let stop: CancellationToken = self.shutdown.stop.child_token();
        let mut stopped = pin!(stop.cancelled());
        let mut stopping = false;
        // Looking now and then costs less than a timer for every request.
        let tick = if told {
            self.limits.handshake
        } else {
            self.limits.header.min(self.limits.idle)
        };
        let mut check = pin!(sleep(tick));
        loop {
            tokio::select! {
                biased;
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection ended badly");
                    }
                    return;
                }
                () = stopped.as_mut(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = check.as_mut() => {
                    let reason = if told { Some("told") } else { phase.overdue(&self.limits) };
                    if let Some(reason) = reason {
                        self.metrics.timed_out(reason);
                        return;
                    }
                    check.as_mut().reset(Instant::now() + tick);
                }
            }
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        phase: &Phase,
        last: Instant,
        told: bool,
    ) -> Result<Response<Body>, std::convert::Infallible> {
        let mut response = if told {
            Refusal::TooManyConnections.response()
        } else {
            self.router.clone().oneshot(request.map(Body::new)).await?
        };
        if told || self.shutdown.closing.is_cancelled() || Instant::now() >= last {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if response.status().is_success() {
            phase.idle();
        } else {
            phase.drain();
        }
        Ok(response)
    }
}

/// `time` give or take a tenth, so that connections opened together do not
/// close together.
fn spread(time: Duration) -> Duration {
    let dice = u32::from(RandomState::new().hash_one(0_u8).to_be_bytes()[0]);
    time * (9 * 256 + 2 * dice) / (10 * 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_by_a_tenth() {
        for _ in 0..100 {
            let age = spread(Duration::from_secs(100));
            assert!(
                (Duration::from_secs(90)..Duration::from_secs(110)).contains(&age),
                "{age:?}"
            );
        }
    }
}
