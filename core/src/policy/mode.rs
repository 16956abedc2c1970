//! Modes: what happens to a request that breaks a rule.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What happens to a request that breaks a rule.
//
// Ordered from the weakest to the strongest: the effective mode is the smaller
// of the rule's mode and the mode of the door.
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
    /// The request is allowed without a warning, and recorded in the audit annotations,
    /// the log and the metrics.
    Audit,
    /// The request is allowed and recorded; `kubectl` shows a warning.
    Warn,
    /// The request is denied and recorded.
    Enforce,
}

impl Mode {
    /// The word in policies, labels and metrics.
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

impl Mode {
    /// The mode of a namespace with this value of the mode label, as the webhook
    /// configuration's selectors read it: without a label the namespace is not
    /// managed; any value but the weak modes counts as `enforce`, an empty one too, so
    /// that a typing error fails safe.
    #[must_use]
    pub fn of_label(value: Option<&str>) -> Self {
        match value {
            None => Self::Off,
            Some("audit") => Self::Audit,
            Some("warn") => Self::Warn,
            Some(_) => Self::Enforce,
        }
    }

    /// Whether a mode label has one of the values that it is meant to have.
    #[must_use]
    pub fn is_label(value: &str) -> bool {
        value == Self::of_label(Some(value)).as_str()
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
            .ok_or_else(|| format!("`{text}` is not a mode; use off, audit, warn or enforce"))
    }
}
