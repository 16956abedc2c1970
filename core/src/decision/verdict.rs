//! The decision about a request.

use std::borrow::Cow;

use crate::facts::{Addressee, Class, Need};
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
    /// Who reads the message.
    pub reader: Addressee,
    /// What the requester lacks to count as what it claims to be: better advice than a
    /// rule's. `None` where it lacks nothing, or that would not help.
    pub lacks: Option<Cow<'static, str>>,
    /// The object's name, escaped for display.
    pub name: String,
    /// The policy that decided.
    pub policy: PolicyHash,
    /// Every finding with its effect, in the order of the rules.
    pub judged: Vec<Judged<'a>>,
    /// Rules that did not judge, because a fact about the cluster is unknown.
    pub skipped: Vec<Skipped>,
    /// Warnings about the pods that an allowed object leads to.
    pub pods_to_come: Vec<String>,
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
    /// What the reader can do instead of what a finding denies.
    #[must_use]
    pub fn what_helps<'s>(&'s self, finding: &'s Finding) -> &'s str {
        let lacks = self.lacks.as_deref();
        lacks.unwrap_or_else(|| finding.what_helps(self.reader))
    }

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
