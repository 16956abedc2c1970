//! The policy in effect, and its replacement while requests are processed.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::policy::{Policy, PolicyError, PolicyHash, PolicyWarning, Position, Strictness};

/// Holds the policy in effect. Readers never wait. A request uses the policy that it
/// has loaded until it ends.
#[derive(Debug)]
pub struct PolicyStore {
    current: ArcSwap<Policy>,
    /// The text offered last, valid or not, so that an invalid file is reported once.
    offered: Mutex<PolicyHash>,
}

/// The result of a reload.
#[derive(Debug)]
pub enum ReloadOutcome {
    /// The bytes are those of the last reload.
    Unchanged,
    /// The new policy is in effect.
    Replaced { warnings: Vec<PolicyWarning> },
    /// The text is not a valid policy; the old policy stays in effect.
    Kept(PolicyError),
}

impl PolicyStore {
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            offered: Mutex::new(policy.hash),
            current: ArcSwap::from_pointee(policy),
        }
    }

    /// The policy in effect.
    #[must_use]
    pub fn load(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// Replaces the policy by the current bytes of the file, if they are valid. `source`
    /// names the file in messages.
    #[must_use]
    pub fn reload(&self, source: &str, bytes: &[u8], now: Timestamp) -> ReloadOutcome {
        let hash = PolicyHash::of(bytes);
        // Held until the end, so that two reloads cannot overtake each other.
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
