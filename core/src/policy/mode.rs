//! What a finding leads to: the ladder of modes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a finding goes. Ordered from the weakest to the strongest, so the
/// effective mode of a rule behind a door is the smaller of the two.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The rule does not run.
    Off,
    /// Admitted in silence; recorded in the audit annotations, the log and the metrics.
    Audit,
    /// Admitted with a warning that `kubectl` shows, and recorded.
    Warn,
    /// Refused, and recorded.
    Enforce,
}

impl Mode {
    /// The word policies, labels and metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Audit => "audit",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Off, Self::Audit, Self::Warn, Self::Enforce]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no mode; say off, audit, warn or enforce"))
    }
}
