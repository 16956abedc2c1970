//! What every rule has in the file: a mode.

use schemars::JsonSchema;
use serde::Deserialize;

use super::file::Given;
use super::{Mode, Reader, RuleEntry, RuleOptions};

/// A rule without options of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub struct ModeOnly {
    /// How far its findings go.
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
