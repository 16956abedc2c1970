//! Metrics of connections. Label values come from fixed sets and are never names.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, Default)]
pub(in crate::server) struct ConnectionMetrics {
    pub(in crate::server) open: Gauge,
    pub(in crate::server) accepted: Counter,
    refused: Family<Reason, Counter>,
    displaced: Family<Reason, Counter>,
    handshakes: Family<Reason, Counter>,
    timed_out: Family<Reason, Counter>,
}

impl ConnectionMetrics {
    pub(in crate::server) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "rolegate_connections_open",
            "Connections open now",
            metrics.open.clone(),
        );
        registry.register(
            "rolegate_connections_accepted",
            "Connections accepted",
            metrics.accepted.clone(),
        );
        registry.register(
            "rolegate_connections_refused",
            "Connections rejected because a limit was reached",
            metrics.refused.clone(),
        );
        registry.register(
            "rolegate_connections_displaced",
            "Connections closed to make room for another, by what they did",
            metrics.displaced.clone(),
        );
        registry.register(
            "rolegate_tls_handshake_failures",
            "TLS handshakes that failed",
            metrics.handshakes.clone(),
        );
        registry.register(
            "rolegate_connections_timed_out",
            "Connections closed for a slow request head or for being idle",
            metrics.timed_out.clone(),
        );
        metrics
    }

    pub(in crate::server) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Reason { reason }).inc();
    }

    pub(in crate::server) fn displaced(&self, reason: &'static str) {
        self.displaced.get_or_create(&Reason { reason }).inc();
    }

    pub(in crate::server) fn handshake_failed(&self, reason: &'static str) {
        self.handshakes.get_or_create(&Reason { reason }).inc();
    }

    pub(in crate::server) fn timed_out(&self, reason: &'static str) {
        self.timed_out.get_or_create(&Reason { reason }).inc();
    }
}

/// Registers `rolegate_build_info`.
pub(in crate::server) fn build_info(registry: &mut Registry) {
    let info = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("rolegate_build", "Version of this build", info);
}
