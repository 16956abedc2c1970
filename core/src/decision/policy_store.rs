//! The policy in force, and its replacement while requests are answered.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::policy::{Policy, PolicyError, PolicyHash, PolicyWarning, Position, Strictness};

/// Holds the policy in force. Readers never wait, and a request that has
/// loaded a policy keeps it to its end.
#[derive(Debug)]
pub struct PolicyStore {
    current: ArcSwap<Policy>,
    /// The text offered last, good or bad: a broken file is reported once.
    offered: Mutex<PolicyHash>,
}

/// What came of offering a text.
#[derive(Debug)]
pub enum ReloadOutcome {
    /// The same bytes as last time.
    Unchanged,
    /// The new policy is in force.
    Replaced {
        /// What there is to say about it.
        warnings: Vec<PolicyWarning>,
    },
    /// The text is no policy; the old one stays in force.
    Kept(PolicyError),
}

impl PolicyStore {
    /// Starts with this policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            offered: Mutex::new(policy.hash),
            current: ArcSwap::from_pointee(policy),
        }
    }

    /// The policy in force.
    #[must_use]
    pub fn load(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// Offers the bytes a policy file holds now; `source` names it in messages.
    #[must_use]
    pub fn reload(&self, source: &str, bytes: &[u8], now: Timestamp) -> ReloadOutcome {
        let hash = PolicyHash::of(bytes);
        // Held until the end: two reloads at once would race for the last word.
        let mut offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        if *offered == hash {
            return ReloadOutcome::Unchanged;
        }
        *offered = hash;
        match read(source, bytes, now) {
            Ok((policy, warnings)) => {
                self.current.store(Arc::new(policy));
                ReloadOutcome::Replaced { warnings }
            }
            Err(error) => ReloadOutcome::Kept(error),
        }
    }
}

fn read(
    source: &str,
    bytes: &[u8],
    now: Timestamp,
) -> Result<(Policy, Vec<PolicyWarning>), PolicyError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count() as u64;
        PolicyError::one(
            source,
            Position { line, column: 1 },
            "the file is not UTF-8 text; save it as UTF-8",
        )
    })?;
    Policy::parse(source, text, now, Strictness::Check)
}
