//! `rules.endpoint-exposure` of the policy file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::names::Cidr;
use crate::policy::{Given, Level, Mode, Policy, Reader, RuleEntry, RuleOptions, Text, kind};

/// The addresses from which load balancers are reached.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EndpointExposure")]
pub(in crate::rules) struct Entry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Addresses that load balancers may let in; not judged if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    source_ranges: Given<Vec<Text<Range>>>,
}

/// Options of `endpoint-exposure`.
#[derive(Debug)]
pub(super) struct Options {
    /// The addresses that load balancers may let in. Empty: the ranges of internal
    /// load balancers are not judged.
    source_ranges: Vec<Cidr>,
}

impl Options {
    pub(super) fn source_ranges(policy: &Policy) -> &[Cidr] {
        let options = policy.options::<Self>();
        options.map_or(&[], |options| &options.source_ranges)
    }
}

impl RuleOptions for Options {}

impl RuleEntry for Entry {
    fn mode(&self) -> Option<Mode> {
        self.mode.0
    }

    fn options(self, reader: &mut Reader) -> Option<Box<dyn RuleOptions>> {
        let source_ranges: Vec<Cidr> = reader.optional(self.source_ranges);
        if source_ranges.iter().any(Cidr::is_everything) {
            let message = "rule endpoint-exposure lets in every address there is; name the ranges that are meant";
            reader.warn(Level::Warning, None, message);
        }
        Some(Box::new(Options { source_ranges }))
    }
}

/// What `policy check` says about the options.
pub(super) fn notes(policy: &Policy) -> Vec<(Level, String)> {
    let mut notes = Vec::new();
    if Options::source_ranges(policy).is_empty() {
        let note = "rule endpoint-exposure does not judge the ranges of load balancers until the policy gives it `sourceRanges`";
        notes.push((Level::Note, note.to_owned()));
    }
    notes
}

kind!(
    /// A range of addresses.
    Range: Cidr = "a range of addresses", r"^[0-9A-Fa-f.:]+/\d{1,3}$",
    |text: &str| Cidr::parse(text).ok_or_else(|| "write it like 10.0.0.0/8, without bits after the prefix".into())
);
