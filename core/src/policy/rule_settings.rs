//! The modes and options of rules that are in effect.

use std::sync::Arc;

use super::{About, Mode, RuleId, RuleOptions};

/// The mode and options in effect for each rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSettings {
    /// Each rule of this version with its mode, in the order of findings.
    pub modes: Vec<(&'static About, Mode)>,
    /// Ids that a policy may name but that this version does not implement.
    pub planned: &'static [RuleId],
    pub(super) options: Vec<Arc<dyn RuleOptions>>,
}
