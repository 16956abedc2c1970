//! What is known of a rule before it runs: its id, its page, and what the
//! policy file may say about it.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Level, Mode, Policy, Reader, RuleId, Severity};

/// One rule's description.
#[derive(Debug)]
pub struct About {
    pub id: RuleId,
    pub severity: Severity,
    /// The version of rolegate that had this rule first.
    pub since: &'static str,
    /// The text of the rule's file. Its `//!` header is the published page.
    pub file: &'static str,
    /// What the page ends with, where that is made from the rule's own tables.
    pub tables: Option<fn() -> String>,
    /// The mode where the policy gives none.
    pub mode: Mode,
    /// What the policy has to say before the rule can judge anything.
    pub needs: Option<Needed>,
    /// What `policy check` says about the rule's options, if anything.
    pub notes: Option<fn(&Policy) -> Vec<(Level, String)>>,
}

/// A part of the policy without which a rule is off.
#[derive(Clone, Copy, Debug)]
pub struct Needed {
    /// Goes on from "off until": "a virtual cluster lists `chains`".
    pub what: &'static str,
    /// Whether the policy has it.
    pub is_there: fn(&Policy) -> bool,
}

impl About {
    /// A rule that always has what it needs and denies what it finds.
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

/// The rules of this version, as far as the policy file knows them: the shape
/// of `rules:`. Made from the list of rules by `rules!`.
pub trait RuleList: DeserializeOwned + JsonSchema + Default + 'static {
    /// In the order findings are listed.
    const ABOUT: &'static [&'static About];
    /// Ids that a policy may name and that this version has no code for.
    const PLANNED: &'static [RuleId];

    /// The modes and options that the file gives.
    fn read(self, reader: &mut Reader) -> Given;
}

/// What the file says under `rules:`.
#[derive(Debug, Default)]
pub struct Given {
    pub modes: Vec<(RuleId, Mode)>,
    pub options: Vec<Box<dyn RuleOptions>>,
}

impl Given {
    /// Adds what stands under one rule's id.
    pub fn rule<E: RuleEntry>(&mut self, id: RuleId, entry: Option<E>, reader: &mut Reader) {
        let Some(entry) = entry else { return };
        if let Some(mode) = entry.mode() {
            self.modes.push((id, mode));
        }
        self.options.extend(entry.options(reader));
    }
}

/// The keys that one rule has in the file.
pub trait RuleEntry: DeserializeOwned + JsonSchema {
    fn mode(&self) -> Option<Mode>;

    /// The options beside the mode; `None` for a rule that has none. What is
    /// wrong with them, `reader` is told.
    fn options(self, reader: &mut Reader) -> Option<Box<dyn RuleOptions>>;
}

/// A rule's options, checked.
pub trait RuleOptions: std::any::Any + fmt::Debug + Send + Sync {}
