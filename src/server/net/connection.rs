//! One connection, from the handshake to the close.

use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::arriving::Arriving;
use super::connections::{Admit, Place};
use super::tls;
use super::tracked::TrackedStream;
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
        let handshake = tokio::select! {
            biased;
            handshake = timeout(self.limits.handshake, tls.accept(stream)) => handshake,
            () = place.phase.evicted() => return,
        };
        match handshake {
            Ok(Ok(stream)) => {
                place.phase.connected(tls::shows_certificate(&stream));
                self.http(stream, place).await;
            }
            Ok(Err(error)) => {
                self.metrics.handshake_failed("failed");
                tracing::debug!(%error, "a TLS handshake failed");
            }
            Err(_elapsed) => self.metrics.handshake_failed("timeout"),
        }
    }

    async fn http<S>(&self, stream: S, place: &Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (phase, admit) = (&place.phase, place.admit());
        let age = spread(self.limits.age);
        let service = service_fn(|request: Request<Incoming>| {
            phase.start_request();
            self.answer(request, place, age)
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
        let mut evicted = pin!(phase.evicted());
        let (mut stopping, mut leaving) = (false, false);
        // One periodic check costs less than a timer per request.
        let interval = match admit {
            Admit::Serve => self.limits.header.min(self.limits.idle) / 2,
            Admit::Reject => self.limits.handshake,
        };
        let mut check = pin!(sleep(interval));
        loop {
            tokio::select! {
                biased;
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection failed");
                    }
                    return;
                }
                () = stopped.as_mut(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = evicted.as_mut(), if !leaving => {
                    // What was in the kernel has been read by now. A request
                    // that came with it is answered; then the connection closes.
                    leaving = true;
                    if !phase.may_finish(&self.limits) {
                        return;
                    }
                    connection.as_mut().graceful_shutdown();
                }
                () = check.as_mut() => {
                    let reason = match admit {
                        Admit::Serve => phase.overdue(&self.limits),
                        Admit::Reject => Some("told"),
                    };
                    if let Some(reason) = reason {
                        self.metrics.timed_out(reason);
                        return;
                    }
                    check.as_mut().reset(Instant::now() + interval);
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

/// `time` plus or minus up to a tenth, at random, so that connections opened
/// together do not close together.
fn spread(time: Duration) -> Duration {
    let random = u32::from(RandomState::new().hash_one(0_u8).to_be_bytes()[0]);
    time * (9 * 256 + 2 * random) / (10 * 256)
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
