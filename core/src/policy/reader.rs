//! Collects the problems and warnings of a policy file while its parts are read.

use jiff::Timestamp;

use super::file::{At, Given, Text};
use super::{Kind, Level, PolicyWarning, Position, Problem, RuleId, Strictness};

/// See the file's header.
#[derive(Debug)]
pub struct Reader {
    pub(super) now: Timestamp,
    pub(super) strictness: Strictness,
    /// The rules that a file may name.
    pub(super) rule_ids: Vec<RuleId>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<PolicyWarning>,
}

impl Reader {
    pub(super) const fn new(now: Timestamp, strictness: Strictness, rule_ids: Vec<RuleId>) -> Self {
        Self {
            now,
            strictness,
            rule_ids,
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn problem(&mut self, at: Position, message: impl Into<String>) {
        self.problems.push(Problem {
            at,
            message: message.into(),
        });
    }

    pub(crate) fn warn(&mut self, level: Level, at: Option<Position>, message: impl Into<String>) {
        self.warnings.push(PolicyWarning {
            level,
            at,
            message: message.into(),
        });
    }

    /// What the text means, or a problem and nothing.
    pub(crate) fn text<K: Kind>(&mut self, text: Text<K>) -> Option<K::Value> {
        text.into_value()
            .map_err(|problem| self.problems.push(problem))
            .ok()
    }

    pub(crate) fn list<K: Kind>(&mut self, list: Vec<Text<K>>) -> Vec<K::Value> {
        list.into_iter()
            .filter_map(|text| self.text(text))
            .collect()
    }

    /// A list that is nothing when left out.
    pub(crate) fn optional<K: Kind>(&mut self, list: Given<Vec<Text<K>>>) -> Vec<K::Value> {
        self.list(list.0.unwrap_or_default())
    }

    /// A list that must not be empty.
    pub(super) fn filled<K: Kind>(&mut self, list: At<Vec<Text<K>>>, empty: &str) -> Vec<K::Value> {
        if list.value.is_empty() {
            self.problem(list.at, empty);
        }
        self.list(list.value)
    }
}
