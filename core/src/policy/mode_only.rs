//! The keys of a rule without options: its mode.

use schemars::JsonSchema;
use serde::Deserialize;

use super::file::Given;
use super::{Mode, Reader, RuleEntry, RuleOptions};

/// The settings of a rule without options.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub struct ModeOnly {
    /// What happens to a request that breaks the rule; the mode label of a namespace
    /// can weaken it. Default: the rule's own, mostly `enforce`.
    #[serde(default)]
    mode: Given<Mode>,
}

impl RuleEntry for ModeOnly {
    fn mode(&self) -> Option<Mode> {
        self.mode.0
    }

    fn options(self, _: &mut Reader) -> Option<Box<dyn RuleOptions>> {
        None
    }
}
