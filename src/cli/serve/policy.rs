//! The policy file of a running server.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use rolegate_core::decision::{PolicyStore, ReloadOutcome};
use rolegate_core::policy::{Policy, PolicyWarning, Strictness};

/// The policy file, the policy in force, and their metrics.
#[derive(Debug)]
pub(super) struct PolicyFile {
    /// `None` for the built-in policy.
    path: Option<PathBuf>,
    pub(super) store: Arc<PolicyStore>,
    metrics: PolicyMetrics,
    /// Whether the last read failed, so that it is logged once.
    unreadable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Hash {
    hash: String,
}

#[derive(Debug, Default)]
struct PolicyMetrics {
    reloads: Family<Outcome, Counter>,
    loaded: Gauge,
    good: Gauge,
    info: Family<Hash, Gauge>,
}

impl PolicyFile {
    /// Reads the policy for the first time; without a file it is the built-in one.
    ///
    /// # Errors
    ///
    /// A message, with line and column if the file's text is invalid.
    pub(super) fn load(path: Option<PathBuf>, registry: &mut Registry) -> anyhow::Result<Self> {
        let policy = match &path {
            None => Policy::builtin(),
            Some(path) => {
                let source = path.display().to_string();
                let text =
                    fs::read_to_string(path).with_context(|| format!("cannot read {source}"))?;
                let (policy, warnings) =
                    Policy::parse(&source, &text, Timestamp::now(), Strictness::Start)?;
                log_warnings(&warnings);
                policy
            }
        };
        let file = Self {
            path,
            store: Arc::new(PolicyStore::new(policy)),
            metrics: PolicyMetrics::register(registry),
            unreadable: false,
        };
        file.log_in_force("in force");
        Ok(file)
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.path.is_none()
    }

    /// Reads the file again. A valid new policy is in force from the next
    /// review on; otherwise the old policy stays and the error is logged once.
    pub(super) fn reload(&mut self) {
        let Some(path) = &self.path else { return };
        let source = path.display().to_string();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                if !std::mem::replace(&mut self.unreadable, true) {
                    self.log_kept(&format!("cannot read {source}: {error}"));
                }
                return;
            }
        };
        self.unreadable = false;
        match self.store.reload(&source, &bytes, Timestamp::now()) {
            ReloadOutcome::Unchanged => {}
            ReloadOutcome::Replaced { warnings } => {
                log_warnings(&warnings);
                self.metrics.count("replaced");
                self.log_in_force("replaced");
            }
            ReloadOutcome::Kept(error) => self.log_kept(&error.to_string()),
        }
    }

    fn log_kept(&self, problem: &str) {
        self.metrics.count("kept");
        self.metrics.good.set(0);
        tracing::error!(
            problem,
            "the policy file cannot be used; the old policy stays in force"
        );
    }

    fn log_in_force(&self, what: &'static str) {
        let hash = self.store.load().hash.to_string();
        let source = self
            .path
            .as_deref()
            .map_or("built in".into(), |path| path.to_string_lossy());
        tracing::info!(hash, source = &*source, "policy {what}");
        self.metrics.loaded.set(Timestamp::now().as_second());
        self.metrics.good.set(1);
        self.metrics.info.clear();
        self.metrics.info.get_or_create(&Hash { hash }).set(1);
    }
}

fn log_warnings(warnings: &[PolicyWarning]) {
    for warning in warnings {
        tracing::warn!(%warning, "policy");
    }
}

impl PolicyMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "rolegate_policy_reloads",
            "Changed policy files, by result: replaced, or kept the old policy",
            metrics.reloads.clone(),
        );
        registry.register_with_unit(
            "rolegate_policy_loaded_timestamp",
            "When the policy in force was read",
            Unit::Seconds,
            metrics.loaded.clone(),
        );
        registry.register(
            "rolegate_policy_file_good",
            "1 if the policy file, as last read, is the policy in force",
            metrics.good.clone(),
        );
        registry.register(
            "rolegate_policy_info",
            "Hash of the policy in force",
            metrics.info.clone(),
        );
        for result in ["replaced", "kept"] {
            metrics.reloads.get_or_create(&Outcome { result }).inc_by(0);
        }
        metrics
    }

    fn count(&self, result: &'static str) {
        self.reloads.get_or_create(&Outcome { result }).inc();
    }
}
