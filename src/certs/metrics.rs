//! Metrics of the serving certificate.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Pair;

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
