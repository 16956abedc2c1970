//! Metrics of the serving certificate and of the client authorities.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::{Authorities, Pair};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

#[derive(Clone, Debug)]
pub struct CertificateMetrics {
    not_after: Gauge,
    reloads: Family<Outcome, Counter>,
}

impl CertificateMetrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            not_after: Gauge::default(),
            reloads: Family::default(),
        };
        registry.register_with_unit(
            "rolegate_certificate_not_after_timestamp",
            "When the certificate being served expires",
            Unit::Seconds,
            metrics.not_after.clone(),
        );
        registry.register(
            "rolegate_certificate_reloads",
            "Changed certificate files, by result: replaced, or kept the old certificate",
            metrics.reloads.clone(),
        );
        for result in ["replaced", "kept"] {
            metrics.reloads.get_or_create(&Outcome { result }).inc_by(0);
        }
        metrics
    }

    /// Records that `pair` is served from now on.
    pub fn serving(&self, pair: &Pair) {
        self.not_after.set(pair.not_after.as_second());
    }

    pub(super) fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&Outcome { result }).inc();
    }
}

#[derive(Clone, Debug)]
pub struct AuthorityMetrics {
    not_after: Gauge,
    reloads: Family<Outcome, Counter>,
}

impl AuthorityMetrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            not_after: Gauge::default(),
            reloads: Family::default(),
        };
        registry.register_with_unit(
            "rolegate_client_ca_not_after_timestamp",
            "When the first of the client authorities in force expires",
            Unit::Seconds,
            metrics.not_after.clone(),
        );
        registry.register(
            "rolegate_client_ca_reloads",
            "Changed files of client authorities, by result: replaced, or kept the old ones",
            metrics.reloads.clone(),
        );
        for result in ["replaced", "kept"] {
            metrics.reloads.get_or_create(&Outcome { result }).inc_by(0);
        }
        metrics
    }

    /// Records that `authorities` are in force from now on.
    pub fn used(&self, authorities: &Authorities) {
        self.not_after.set(authorities.not_after.as_second());
    }

    pub(super) fn reloaded(&self, result: &'static str) {
        self.reloads.get_or_create(&Outcome { result }).inc();
    }
}
