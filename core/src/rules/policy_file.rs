//! The policy file, for the rules of this version.

use jiff::Timestamp;

use crate::policy::{Policy, PolicyError, PolicyWarning, Strictness, json_schema_for};

use super::RulesOfThisVersion;

impl Policy {
    /// Reads a policy file's text; `source` names it in messages, and `now`
    /// decides which exemptions are over or end too far ahead.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the content, or the first thing that is
    /// wrong with the shape.
    pub fn parse(
        source: &str,
        text: &str,
        now: Timestamp,
        strictness: Strictness,
    ) -> Result<(Self, Vec<PolicyWarning>), PolicyError> {
        Self::parse_for::<RulesOfThisVersion>(source, text, now, strictness)
    }

    /// What holds without a file: EMR by its usual names, `system:masters`,
    /// well-known cluster software, and no permission for any tenant.
    #[must_use]
    pub fn builtin() -> Self {
        Self::builtin_for::<RulesOfThisVersion>()
    }
}

/// The JSON Schema of the policy file.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    json_schema_for::<RulesOfThisVersion>()
}
