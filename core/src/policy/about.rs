//! The description of a rule: its id, its severity, its page, and its keys in the
//! policy file.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Level, Mode, Policy, Reader, RuleId, Severity};

#[derive(Debug)]
pub struct About {
    pub id: RuleId,
    pub severity: Severity,
    /// The first version of rolegate with this rule.
    pub since: &'static str,
    /// The source of the rule's file. Its `//!` header is the published page.
    pub file: &'static str,
    /// The end of the page, if it is generated from the rule's tables.
    pub tables: Option<fn() -> String>,
    /// The mode if the policy sets none.
    pub mode: Mode,
    /// The part of the policy without which the rule is off, if any.
    pub needs: Option<Needed>,
    /// The notes of `policy check` about the rule's options.
    pub notes: Option<Notes>,
}

/// Makes the notes about a rule's options, for the policy that is checked.
pub type Notes = fn(&Policy) -> Vec<(Level, String)>;

/// A part of the policy without which a rule is off.
#[derive(Clone, Copy, Debug)]
pub struct Needed {
    /// Completes "rule … is off until": "a virtual cluster lists `chains`".
    pub what: &'static str,
    pub is_there: fn(&Policy) -> bool,
}

impl About {
    /// A rule with mode `enforce` that needs nothing in the policy.
    #[must_use]
    pub const fn new(id: &'static str, severity: Severity, file: &'static str) -> Self {
        Self {
            id: RuleId::new(id),
            severity,
            since: "0.1.0",
            file,
            tables: None,
            mode: Mode::Enforce,
            needs: None,
            notes: None,
        }
    }

    /// The rule's published page, as Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = self
            .file
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .fold(String::new(), |page, line| page + line + "\n");
        if let Some(tables) = self.tables {
            page.push_str(&tables());
        }
        page
    }

    /// What the rule denies, in one sentence: the first paragraph of its page.
    #[must_use]
    pub fn title(&self) -> String {
        let page = self.page();
        let body = page.lines().skip(1).skip_while(|line| line.is_empty());
        body.take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The rules of this version, as the type of `rules:` in the policy file. `rules!`
/// generates it from the list of rules.
pub trait RuleList: DeserializeOwned + JsonSchema + Default + 'static {
    /// In the order of findings.
    const ABOUT: &'static [&'static About];
    /// Ids that a policy may name but that this version does not implement.
    const PLANNED: &'static [RuleId];

    /// The modes and options that the file sets.
    fn read(self, reader: &mut Reader) -> Given;
}

/// The modes and options that the file sets under `rules:`.
#[derive(Debug, Default)]
pub struct Given {
    pub modes: Vec<(RuleId, Mode)>,
    pub options: Vec<Box<dyn RuleOptions>>,
}

impl Given {
    /// Adds the mode and options of one rule.
    pub fn rule<E: RuleEntry>(&mut self, id: RuleId, entry: Option<E>, reader: &mut Reader) {
        let Some(entry) = entry else { return };
        if let Some(mode) = entry.mode() {
            self.modes.push((id, mode));
        }
        self.options.extend(entry.options(reader));
    }
}

/// The keys of one rule in the file.
pub trait RuleEntry: DeserializeOwned + JsonSchema {
    fn mode(&self) -> Option<Mode>;

    /// The options other than the mode; `None` for a rule without options. Reports
    /// problems with them to `reader`.
    fn options(self, reader: &mut Reader) -> Option<Box<dyn RuleOptions>>;
}

/// The validated options of a rule.
pub trait RuleOptions: std::any::Any + fmt::Debug + Send + Sync {}
