//! Which rules this version has code for.

use crate::rules::RuleId;

/// Whether the rule is more than a name in this version. A policy may already
/// configure the others; it is told that this has no effect yet.
pub(super) const fn implemented(rule: RuleId) -> bool {
    matches!(
        rule,
        RuleId::PodExec | RuleId::ConfigMapMutation | RuleId::ForeignServiceAccount
    )
}
