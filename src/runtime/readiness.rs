//! Readiness: the conditions without which the process must get no reviews.

use std::fmt::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

/// A condition that must be met before the process is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A certificate is loaded.
    Certificate,
    /// A policy is loaded.
    Policy,
    /// The HTTPS port is open.
    Listener,
    /// The API server has answered. Without a cluster this is met from the start.
    Cluster,
    /// What rolegate watches in the cluster was listed, or cannot be. Without a cluster
    /// this is met from the start.
    View,
    /// No shutdown has begun.
    Draining,
}

impl Condition {
    const ALL: [Self; 6] = [
        Self::Certificate,
        Self::Policy,
        Self::Listener,
        Self::Cluster,
        Self::View,
        Self::Draining,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Policy => "policy",
            Self::Listener => "listener",
            Self::Cluster => "cluster",
            Self::View => "view",
            Self::Draining => "draining",
        }
    }

    const fn missing(self) -> &'static str {
        match self {
            Self::Certificate => "no certificate is loaded yet",
            Self::Policy => "no policy is loaded yet",
            Self::Listener => "the HTTPS port is not open yet",
            Self::Cluster => "the API server has not answered yet",
            Self::View => "not everything that rolegate watches was listed yet",
            Self::Draining => "the process is shutting down",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Says more about the condition [`Condition::View`].
pub trait Explain: std::fmt::Debug + Send + Sync {
    /// Adds lines to the report.
    fn explain(&self, text: &mut String);
}

/// The conditions that are not met. Clones share them.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    missing: AtomicU8,
    view: OnceLock<Arc<dyn Explain>>,
}

impl Default for Readiness {
    /// A certificate, a policy and the listener are missing.
    fn default() -> Self {
        let needed = [
            Condition::Certificate,
            Condition::Policy,
            Condition::Listener,
        ];
        Self(Arc::new(Shared {
            missing: AtomicU8::new(needed.iter().map(|condition| condition.bit()).sum()),
            view: OnceLock::new(),
        }))
    }
}

impl Readiness {
    /// Marks `condition` as not met.
    pub fn block(&self, condition: Condition) {
        self.0.missing.fetch_or(condition.bit(), Ordering::AcqRel);
    }

    /// Marks `condition` as met.
    pub fn met(&self, condition: Condition) {
        self.0.missing.fetch_and(!condition.bit(), Ordering::AcqRel);
    }

    /// Says more about the condition [`Condition::View`] in reports. The first counts.
    pub fn explain(&self, view: Arc<dyn Explain>) {
        let _second = self.0.view.set(view);
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.missing.load(Ordering::Acquire) == 0
    }

    /// Whether the process is ready, and one line per condition in the format
    /// of Kubernetes' own verbose health endpoints.
    #[must_use]
    pub fn report(&self) -> (bool, String) {
        let missing = self.0.missing.load(Ordering::Acquire);
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
            if condition == Condition::View
                && let Some(view) = self.0.view.get()
            {
                view.explain(&mut text);
            }
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
             [-]cluster not ok: the API server has not answered yet\n[+]view ok\n[+]draining ok\nnot ready\n"
        );
        readiness.met(Condition::Policy);
        readiness.met(Condition::Cluster);
        assert!(readiness.is_ready() && readiness.report().1.ends_with("\nready\n"));
    }
}
