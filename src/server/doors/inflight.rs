//! In-flight gauges, read from the pools when metrics are scraped.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::pool::{Pool, Pools};
use rolegate_core::decision::Door;

#[derive(Debug)]
pub(in crate::server) struct InFlight(pub(in crate::server) Pools);

impl Collector for InFlight {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        self.gauge(
            &mut encoder,
            "rolegate_admission_inflight_requests",
            "Requests in flight whose body is complete",
            Pool::requests,
        )?;
        self.gauge(
            &mut encoder,
            "rolegate_admission_inflight_bytes",
            "Body bytes that have arrived for requests without an answer",
            Pool::bytes,
        )
    }
}

impl InFlight {
    fn gauge(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        read: fn(&Pool) -> usize,
    ) -> Result<(), fmt::Error> {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for door in Door::ALL {
            let value = i64::try_from(read(self.0.of(door))).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(metric.encode_family(&[("door", door.as_str())])?)?;
        }
        Ok(())
    }
}
