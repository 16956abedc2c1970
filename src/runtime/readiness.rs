//! What stands between this process and "ready", by name.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Something without which no reviews should be sent here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A serving certificate.
    Certificate,
    /// A policy.
    Policy,
    /// The HTTPS port.
    Listener,
    /// The API server, where one is asked for.
    Cluster,
    /// Blocks from the first signal to the end.
    Draining,
}

impl Condition {
    const ALL: [Self; 5] = [
        Self::Certificate,
        Self::Policy,
        Self::Listener,
        Self::Cluster,
        Self::Draining,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Policy => "policy",
            Self::Listener => "listener",
            Self::Cluster => "cluster",
            Self::Draining => "draining",
        }
    }

    const fn missing(self) -> &'static str {
        match self {
            Self::Certificate => "no certificate is loaded yet",
            Self::Policy => "no policy is loaded yet",
            Self::Listener => "the HTTPS port is not open yet",
            Self::Cluster => "the API server has not answered yet",
            Self::Draining => "the process is shutting down",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What is missing. Clones share it.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<AtomicU8>);

impl Default for Readiness {
    /// Everything every process needs is missing; a cluster is not among it.
    fn default() -> Self {
        let needed = [
            Condition::Certificate,
            Condition::Policy,
            Condition::Listener,
        ];
        Self(Arc::new(AtomicU8::new(
            needed.iter().map(|condition| condition.bit()).sum(),
        )))
    }
}

impl Readiness {
    /// Not ready until `condition` is met.
    pub fn block(&self, condition: Condition) {
        self.0.fetch_or(condition.bit(), Ordering::AcqRel);
    }

    /// `condition` is met.
    pub fn met(&self, condition: Condition) {
        self.0.fetch_and(!condition.bit(), Ordering::AcqRel);
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    /// The state in words: one line a condition, as Kubernetes' own verbose
    /// health endpoints write it.
    #[must_use]
    pub fn report(&self) -> (bool, String) {
        let missing = self.0.load(Ordering::Acquire);
        let mut text = String::new();
        for condition in Condition::ALL {
            let _infallible = if missing & condition.bit() == 0 {
                writeln!(text, "[+]{} ok", condition.name())
            } else {
                writeln!(
                    text,
                    "[-]{} not ok: {}",
                    condition.name(),
                    condition.missing()
                )
            };
        }
        text.push_str(if missing == 0 {
            "ready\n"
        } else {
            "not ready\n"
        });
        (missing == 0, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_missing() {
        let readiness = Readiness::default();
        readiness.met(Condition::Listener);
        readiness.met(Condition::Certificate);
        readiness.block(Condition::Cluster);
        let (ready, text) = readiness.report();
        assert!(!ready);
        assert_eq!(
            text,
            "[+]certificate ok\n[-]policy not ok: no policy is loaded yet\n[+]listener ok\n\
             [-]cluster not ok: the API server has not answered yet\n[+]draining ok\nnot ready\n"
        );
        readiness.met(Condition::Policy);
        readiness.met(Condition::Cluster);
        assert!(readiness.is_ready() && readiness.report().1.ends_with("\nready\n"));
    }
}
