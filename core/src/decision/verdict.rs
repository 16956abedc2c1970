//! The decision about a request.

use crate::facts::{Class, Need};
use crate::policy::{Mode, PolicyHash, RuleId};
use crate::rules::Finding;

/// The decision about a request.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The class of the requester.
    pub class: Class,
    /// The requester as shown in messages, with what it failed to prove; empty if
    /// there are no findings.
    pub who: String,
    /// The object's name, escaped for display.
    pub name: String,
    /// The policy that decided.
    pub policy: PolicyHash,
    /// Every finding with its effect, in the order of the rules.
    pub judged: Vec<Judged<'a>>,
    /// Rules that did not judge, because a fact about the cluster is unknown.
    pub skipped: Vec<Skipped>,
}

/// A rule that did not judge, because a fact about the cluster is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub rule: RuleId,
    pub need: Need,
}

/// A finding and its effect.
#[derive(Debug)]
pub struct Judged<'a> {
    pub finding: Finding,
    /// The weaker of the scope's ceiling and the rule's mode.
    pub mode: Mode,
    /// The reason of the exemption that covers it, if any.
    pub exempted: Option<&'a str>,
}

impl Judged<'_> {
    /// The mode that applies: an exempted finding is only recorded.
    #[must_use]
    pub fn effect(&self) -> Mode {
        if self.exempted.is_some() {
            Mode::Audit
        } else {
            self.mode
        }
    }
}

impl Decision<'_> {
    #[must_use]
    pub fn allowed(&self) -> bool {
        !self
            .judged
            .iter()
            .any(|judged| judged.effect() == Mode::Enforce)
    }

    /// The strongest effect, for logs and metrics: `deny`, `warn`, `audit` or `allow`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        let any = |mode| self.judged.iter().any(|judged| judged.effect() == mode);
        if any(Mode::Enforce) {
            "deny"
        } else if any(Mode::Warn) {
            "warn"
        } else if any(Mode::Audit) {
            "audit"
        } else {
            "allow"
        }
    }
}
