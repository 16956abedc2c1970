//! Collects the problems and warnings of a policy file while its parts are parsed.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::names::{RoleArn, shown};

use super::file::{At, Given, Text};
use super::{Kind, Level, PolicyWarning, Position, Problem, RuleId, Strictness};

/// The state of parsing one policy file.
#[derive(Debug)]
pub struct Reader {
    pub(super) now: Timestamp,
    pub(super) strictness: Strictness,
    /// The ids that a file may name.
    pub(super) rule_ids: Vec<RuleId>,
    pub(super) problems: Vec<Problem>,
    /// Problems with one text alone.
    pub(super) texts: Vec<Problem>,
    pub(super) warnings: Vec<PolicyWarning>,
    /// The service accounts under `submitters`, for the comparison with the rest of
    /// the file.
    pub(super) listed: Vec<ListedAccount>,
    /// The entries of job service accounts.
    pub(super) fixed: Vec<FixedEntry>,
    /// The usernames of exemptions, without wildcards.
    pub(super) exempted: Vec<(String, Position)>,
}

/// A service account that a `submitters` entry lists for pods.
#[derive(Debug)]
pub(super) struct ListedAccount {
    /// The number of the virtual cluster.
    pub(super) cluster: usize,
    /// The number of its entry.
    pub(super) entry: usize,
    pub(super) name: String,
    /// Of the entry, if the list is the built-in one.
    pub(super) at: Position,
}

/// An entry of a job service account.
#[derive(Debug)]
pub(super) struct FixedEntry {
    pub(super) name: String,
    pub(super) namespaces: Vec<String>,
    pub(super) role: RoleArn,
    pub(super) at: Position,
}

impl Reader {
    pub(super) const fn new(now: Timestamp, strictness: Strictness, rule_ids: Vec<RuleId>) -> Self {
        Self {
            now,
            strictness,
            rule_ids,
            problems: Vec::new(),
            texts: Vec::new(),
            warnings: Vec::new(),
            listed: Vec::new(),
            fixed: Vec::new(),
            exempted: Vec::new(),
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

    /// The value of a text. Reports a problem and returns `None` if it was rejected.
    pub(crate) fn text<K: Kind>(&mut self, text: Text<K>) -> Option<K::Value> {
        text.into_value()
            .map_err(|problem| self.texts.push(problem))
            .ok()
    }

    /// The values of a list, without the rejected ones.
    pub(crate) fn list<K: Kind>(&mut self, list: Vec<Text<K>>) -> Vec<K::Value> {
        self.repeats(&list);
        list.into_iter()
            .filter_map(|text| self.text(text))
            .collect()
    }

    /// Warns of the texts that are in a list more than once.
    pub(super) fn repeats<K: Kind>(&mut self, list: &[Text<K>]) {
        let mut seen = HashMap::with_capacity(list.len());
        for Text { given, at, .. } in list {
            if let Some(first) = seen.get(given) {
                let Position { line, .. } = first;
                let given = shown(given, 160);
                let message = format!(
                    "`{given}` is already in this list, on line {line}; remove one of them"
                );
                self.warn(Level::Warning, Some(*at), message);
            } else {
                seen.insert(given, *at);
            }
        }
    }

    /// The values of an optional list; empty if the key is missing.
    pub(crate) fn optional<K: Kind>(&mut self, list: Given<Vec<Text<K>>>) -> Vec<K::Value> {
        self.list(list.0.unwrap_or_default())
    }

    /// The values of a list. Reports `empty` as a problem if it has no elements.
    pub(super) fn filled<K: Kind>(&mut self, list: At<Vec<Text<K>>>, empty: &str) -> Vec<K::Value> {
        if list.value.is_empty() {
            self.problem(list.at, empty);
        }
        self.list(list.value)
    }
}
