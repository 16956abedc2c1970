//! Modes and options of rules, as they are in effect.

use std::sync::Arc;

use super::{About, Mode, RuleId, RuleOptions};

/// What is in effect for each rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSettings {
    /// Each rule of this version with its mode, in the order findings are listed.
    pub modes: Vec<(&'static About, Mode)>,
    /// Ids that a policy may name and that this version has no code for.
    pub planned: &'static [RuleId],
    pub(super) options: Vec<Arc<dyn RuleOptions>>,
}
