//! The HTTPS port and the health port.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use super::doors::metrics::ReviewMetrics;
use super::health;
use super::metrics::{ConnectionMetrics, build_info};
use crate::runtime::Shutdown;
use crate::runtime::{Condition, Readiness};
use crate::server::doors::Reviewer;
use crate::server::doors::pool::Pools;
use crate::server::doors::review_handler::ReviewHandler;
use crate::server::doors::router;
use crate::server::limits::ConnectionLimits;
use crate::server::limits::Limits;
use crate::server::net::accept;
use crate::server::net::connection::Port;
use crate::server::net::tls;

pub use crate::server::net::tls::Tls;

/// Runs the ports: [`Ports::reviews`] and [`Ports::health`] each serve one listener.
#[derive(Debug, Default)]
pub struct Ports {
    pub limits: Limits,
    pub readiness: Readiness,
    pub shutdown: Shutdown,
}

impl Ports {
    /// The HTTPS port with its five doors. Registers the metrics in `registry`
    /// at once and returns a future that accepts until the shutdown.
    ///
    /// # Errors
    ///
    /// If TLS cannot be set up with the provider of `tls`.
    pub fn reviews<R: Reviewer>(
        &self,
        listener: TcpListener,
        reviewer: R,
        tls: Tls,
        registry: &mut Registry,
    ) -> Result<impl Future<Output = ()> + Send + use<R>, rustls::Error> {
        build_info(registry);
        let pools = Pools::new(&self.limits);
        let metrics = ReviewMetrics::register(registry, pools.clone());
        let handler = ReviewHandler {
            reviewer: Arc::new(reviewer),
            limits: self.limits.clone(),
            pools,
            metrics,
        };
        let port = Port {
            tls: Some(tls::acceptor(tls)?),
            router: router::router(&Arc::new(handler)),
            limits: self.limits.connections.clone(),
            metrics: ConnectionMetrics::register(registry),
            shutdown: self.shutdown.clone(),
        };
        let readiness = self.readiness.clone();
        Ok(async move {
            // The socket listens already, so no connection is refused from here on.
            readiness.met(Condition::Listener);
            accept::accept(listener, Arc::new(port)).await;
        })
    }

    /// The health and metrics port. It answers until the process ends, also
    /// during the drain.
    pub fn health(
        &self,
        listener: TcpListener,
        registry: Registry,
    ) -> impl Future<Output = ()> + Send + use<> {
        let port = Port {
            tls: None,
            router: health::router(self.readiness.clone(), Arc::new(registry)),
            limits: ConnectionLimits {
                total: 64,
                per_peer: 64,
                ..ConnectionLimits::default()
            },
            metrics: ConnectionMetrics::default(),
            // Separate from `self.shutdown`, so that it never stops.
            shutdown: Shutdown::default(),
        };
        accept::accept(listener, Arc::new(port))
    }
}
