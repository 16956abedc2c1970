//! What the rules, modes and exemptions came to for one request.

use crate::facts::{Class, Need};
use crate::policy::{Mode, PolicyHash, RuleId};
use crate::rules::Finding;

/// What becomes of one request.
#[derive(Debug)]
pub struct Decision<'a> {
    /// Who asked.
    pub class: Class,
    /// The requester for a sentence, with what it failed to prove; empty where
    /// there is nothing to say.
    pub who: String,
    /// The object's name, escaped.
    pub name: String,
    /// The hash of the policy it was judged by.
    pub policy: PolicyHash,
    /// Every finding with what it leads to, in the order of [`RULES`].
    pub judged: Vec<Judged<'a>>,
    /// Rules that could not judge for want of facts about the cluster.
    pub skipped: Vec<Skipped>,
}

/// A rule that did not judge, because a fact about the cluster is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub rule: RuleId,
    pub need: Need,
}

/// A finding and what it leads to.
#[derive(Debug)]
pub struct Judged<'a> {
    pub finding: Finding,
    /// The weaker of the scope's ceiling and the rule's own mode.
    pub mode: Mode,
    /// The reason of the exemption that lifts it, if one does.
    pub exempted: Option<&'a str>,
}

impl Judged<'_> {
    /// The mode it is treated in: an exempted finding is only recorded.
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
    /// Whether the request goes on.
    #[must_use]
    pub fn allowed(&self) -> bool {
        !self
            .judged
            .iter()
            .any(|judged| judged.effect() == Mode::Enforce)
    }

    /// The strongest thing that happened, for logs and metrics: `deny`, `warn`,
    /// `audit` or `allow`.
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
