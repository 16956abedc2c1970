//! What a rule reports.

use std::borrow::Cow;

use crate::facts::Addressee;
use crate::policy::{About, RuleId, Severity};
use crate::request::{Path, ReviewError};

use crate::facts::Need;

/// One thing that is wrong, without a requester's name and without a sentence:
/// those are made where a finding is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: RuleId,
    pub severity: Severity,
    /// What is done, as a clause that goes on from "may not", "can" or "would":
    /// `exec into pod spark-a/driver`. Already escaped.
    pub act: String,
    /// Where in the object; empty where the request itself is denied.
    pub at: Vec<Path>,
    /// What was found, apart from others of the same rule in the same object. It
    /// depends on no wording, so that a fingerprint does not.
    pub key: Cow<'static, str>,
    pub advice: &'static Advice,
    /// What to do instead, where that depends on the case.
    pub instead: Option<String>,
    /// The rule whose finding causes this one. Where that rule denies the same
    /// request as strictly, this finding adds nothing and is left out.
    pub caused_by: Option<RuleId>,
    /// Whether what is wrong is that something is missing that a mutating webhook adds.
    pub is_of_absence: bool,
}

/// Why a rule denies something and what helps.
#[derive(Debug, PartialEq, Eq)]
pub struct Advice {
    /// One sentence without its full stop.
    pub why: &'static str,
    /// What to do instead, for each kind of reader that can meet it.
    pub instead: Instead,
    /// The passage of AWS's or Kubernetes' documentation that this comes from.
    pub source: &'static str,
}

/// What to do instead: one sentence without its full stop for some readers, and the next
/// for others. It names the key of the policy that would allow what was denied, if one can.
pub type Instead = &'static [(&'static [Addressee], &'static str)];

/// Every reader.
pub(super) const ALL: &[Addressee] = &Addressee::ALL;

impl Advice {
    /// The sentence for a reader; `None` for one of whom the rule does not think.
    #[must_use]
    pub fn to(&self, reader: Addressee) -> Option<&'static str> {
        let mut rows = self.instead.iter();
        rows.find_map(|(readers, text)| readers.contains(&reader).then_some(*text))
    }
}

impl Finding {
    /// A finding of the rule that `about` describes.
    #[must_use]
    pub fn new(about: &'static About, advice: &'static Advice, act: impl Into<String>) -> Self {
        Self {
            rule: about.id,
            severity: about.severity,
            act: act.into(),
            at: Vec::new(),
            key: Cow::Borrowed(""),
            advice,
            instead: None,
            caused_by: None,
            is_of_absence: false,
        }
    }

    #[must_use]
    pub fn at(mut self, path: Path) -> Self {
        self.at.push(path);
        self
    }

    #[must_use]
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.key = key.into();
        self
    }

    #[must_use]
    pub fn instead(mut self, instead: impl Into<String>) -> Self {
        self.instead = Some(instead.into());
        self
    }

    #[must_use]
    pub fn caused_by(mut self, rule: RuleId) -> Self {
        self.caused_by = Some(rule);
        self
    }

    /// What was found and where.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.at.first() {
            Some(path) => format!("{} (at {path})", self.act),
            None => self.act.clone(),
        }
    }

    /// What this reader can do instead.
    #[must_use]
    pub fn what_helps(&self, reader: Addressee) -> &str {
        if let Some(instead) = &self.instead {
            return instead;
        }
        let first = self.advice.instead.first();
        let text = self.advice.to(reader);
        text.or(first.map(|(_, text)| *text)).unwrap_or_default()
    }

    /// Says that something is missing that a mutating webhook adds: a pod that is still to
    /// be created may have it by then.
    #[must_use]
    pub(super) const fn of_absence(mut self) -> Self {
        self.is_of_absence = true;
        self
    }
}

/// What a rule answers: whether it could judge.
pub type Checked = Result<(), Stop>;

/// Why a rule could not judge.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// A part of the object that it must judge cannot be read.
    Unreadable(ReviewError),
    /// It needs facts about the cluster first. All that it may need: there is no third
    /// round.
    Needs(Vec<Need>),
}

impl From<ReviewError> for Stop {
    fn from(error: ReviewError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<Need> for Stop {
    fn from(need: Need) -> Self {
        Self::Needs(vec![need])
    }
}
