//! Metrics of reviews. Label values come from fixed sets (doors, rules, modes,
//! reasons) and are never names or users.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::server::doors::Record;
use crate::server::doors::inflight::InFlight;
use crate::server::doors::pool::Pools;
use rolegate_core::decision::Door;

/// In seconds. A review takes tens of microseconds; the buckets show the tail.
const BUCKETS: [f64; 12] = [
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    door: &'static str,
    operation: &'static str,
    decision: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requester {
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Failure {
    door: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Finding {
    rule: &'static str,
    mode: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AtDoor {
    door: &'static str,
}

#[derive(Clone, Debug)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

#[derive(Clone, Debug)]
pub(in crate::server) struct ReviewMetrics {
    requests: Family<Request, Counter>,
    requesters: Family<Requester, Counter>,
    failures: Family<Failure, Counter>,
    findings: Family<Finding, Counter>,
    durations: Family<AtDoor, Histogram, Durations>,
}

impl ReviewMetrics {
    pub(in crate::server) fn register(registry: &mut Registry, pools: Pools) -> Self {
        let metrics = Self {
            requests: Family::default(),
            requesters: Family::default(),
            failures: Family::default(),
            findings: Family::default(),
            durations: Family::new_with_constructor(Durations),
        };
        registry.register(
            "rolegate_admission_requests",
            "Reviews decided",
            metrics.requests.clone(),
        );
        registry.register(
            "rolegate_requesters",
            "Reviews decided, by the class of the requester",
            metrics.requesters.clone(),
        );
        registry.register(
            "rolegate_admission_failures",
            "Requests without a decision; the webhook's failurePolicy decided",
            metrics.failures.clone(),
        );
        registry.register(
            "rolegate_findings",
            "Findings by rule and effective mode",
            metrics.findings.clone(),
        );
        registry.register(
            "rolegate_admission_duration_seconds",
            "Time from a request's head to its answer, including reading the body",
            metrics.durations.clone(),
        );
        registry.register_collector(Box::new(InFlight(pools)));
        // Present from the start, so that a rate over them includes the first failure.
        for door in Door::ALL {
            for reason in [
                "deadline",
                "panic",
                "shed_requests",
                "shed_bytes",
                "displaced",
                "slow_body",
                "bad_review",
            ] {
                metrics.failure(Some(door), reason, 0);
            }
        }
        metrics
    }

    pub(in crate::server) fn decided(&self, door: Door, record: &Record, elapsed: Duration) {
        let labels = Request {
            door: door.as_str(),
            operation: record.operation,
            decision: record.decision,
        };
        self.requests.get_or_create(&labels).inc();
        let class = Requester {
            class: record.class,
        };
        self.requesters.get_or_create(&class).inc();
        self.durations
            .get_or_create(&AtDoor {
                door: door.as_str(),
            })
            .observe(elapsed.as_secs_f64());
        for (rule, mode) in &record.findings {
            self.findings
                .get_or_create(&Finding {
                    rule: rule.as_str(),
                    mode: mode.as_str(),
                })
                .inc();
        }
    }

    pub(in crate::server) fn failed(&self, door: Option<Door>, reason: &'static str) {
        self.failure(door, reason, 1);
    }

    fn failure(&self, door: Option<Door>, reason: &'static str, by: u64) {
        let door = door.map_or("none", Door::as_str);
        self.failures
            .get_or_create(&Failure { door, reason })
            .inc_by(by);
    }
}
