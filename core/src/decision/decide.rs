//! Rules, then modes, then exemptions.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::facts::{Class, Facts, Need, Requester};
use crate::policy::{Mode, Policy, PolicyHash, RuleId};
use crate::request::response::{Response, Status};
use crate::request::{Request, ReviewError};
use crate::rules::{Advice, Finding, RULES, Rule, Stop};
use crate::write::Write;

use super::{Scope, message};

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

/// What the rules came to.
#[derive(Debug)]
pub enum Outcome<'a> {
    Decided(Decision<'a>),
    /// The rules need these facts first. The door looks all of them up and
    /// decides again; with [`Facts::found`] there is no second time.
    Needs(Vec<Need>),
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

/// Judges one request by the rules of this version: the whole engine. No I/O, no
/// clock of its own.
///
/// A dry-run is judged like a real request: it answers with the same data.
///
/// # Errors
///
/// A [`ReviewError`] when a part that a rule must judge cannot be read.
pub fn decide<'a>(
    request: &'a Request<'a>,
    scope: Scope,
    policy: &'a Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Outcome<'a>, ReviewError> {
    decide_by(RULES, request, scope, policy, facts, now)
}

/// [`decide`] by other rules.
///
/// # Errors
///
/// See [`decide`].
pub fn decide_by<'a>(
    rules: &[&dyn Rule],
    request: &'a Request<'a>,
    scope: Scope,
    policy: &'a Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Outcome<'a>, ReviewError> {
    let write = Write::new(request, policy)?;
    let mut found = Vec::new();
    let mut judged = Vec::new();
    let mut needs = Vec::new();
    let mut skipped = Vec::new();
    for rule in rules {
        let about = rule.about();
        let mode = policy.mode(about.id).min(scope.ceiling());
        if mode == Mode::Off {
            continue;
        }
        match rule.write(&write, facts, &mut found) {
            Ok(()) => {}
            Err(Stop::Needs(need)) => {
                found.clear();
                if facts.are_final() {
                    skipped.push(Skipped {
                        rule: about.id,
                        need,
                    });
                } else if !needs.contains(&need) {
                    needs.push(need);
                }
            }
            // An unreadable part that the update leaves unchanged is not reported.
            Err(Stop::Unreadable(_)) if write.is_unchanged() => found.clear(),
            Err(Stop::Unreadable(error)) if mode == Mode::Enforce => return Err(error),
            // In warn and audit, a failed check becomes a finding: it is never
            // lost, and it never changes the outcome.
            Err(Stop::Unreadable(error)) => {
                let act = format!(
                    "send {} in a form that this rule cannot read, so it is not judged: {error}",
                    write.object()
                );
                found.push(Finding::new(about, &UNREADABLE, act).key("unreadable"));
            }
        }
        judged.extend(found.drain(..).map(|finding| Judged {
            exempted: exemption(&write, &finding, now),
            finding,
            mode,
        }));
    }
    if !needs.is_empty() {
        return Ok(Outcome::Needs(needs));
    }
    drop_effects(&mut judged);
    Ok(Outcome::Decided(Decision {
        class: write.requester.class(),
        who: if judged.is_empty() {
            String::new()
        } else {
            message::who(&write.user, &write.requester)
        },
        name: write.name.shown(),
        policy: policy.hash,
        judged,
        skipped,
    }))
}

static UNREADABLE: Advice = Advice {
    why: "what cannot be read may hold anything",
    instead: "write the object as the API server's schema has it",
    source: "rolegate's own limits",
};

/// One cause gives one finding: leaves out what follows from a finding that is
/// treated at least as strictly.
fn drop_effects(judged: &mut Vec<Judged<'_>>) {
    if judged.iter().all(|one| one.finding.caused_by.is_none()) {
        return;
    }
    let causes: Vec<(RuleId, Mode)> = judged
        .iter()
        .map(|one| (one.finding.rule, one.effect()))
        .collect();
    judged.retain(|one| {
        let stronger = |(rule, effect): &(RuleId, Mode)| {
            Some(*rule) == one.finding.caused_by && *effect >= one.effect()
        };
        !causes.iter().any(stronger)
    });
}

/// The exemption that covers a finding. Never for a job: its tenant's code
/// would be the one exempted.
fn exemption<'a>(write: &Write<'a>, finding: &Finding, now: Timestamp) -> Option<&'a str> {
    let user = &write.request().user;
    match write.requester {
        // What could not prove to be itself gets nothing by its name.
        Requester::Job(_) | Requester::Tenant(Some(_)) => return None,
        _ => {}
    }
    let namespace = Some(write.target.namespace()).filter(|name| !name.is_empty());
    write
        .policy
        .exemptions
        .iter()
        .find(|exemption| exemption.covers(finding.rule, &user.username, namespace, now))
        .map(|exemption| exemption.reason.as_str())
}

impl<'a> Outcome<'a> {
    /// The decision; `None` where the rules need facts first.
    #[must_use]
    pub fn decided(self) -> Option<Decision<'a>> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Needs(_) => None,
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

    /// The message of a denial; empty where allowed.
    #[must_use]
    pub fn message(&self) -> String {
        if self.allowed() {
            String::new()
        } else {
            message::message(self)
        }
    }

    /// What `kubectl` shows besides: one line a `warn` finding.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        message::warnings(self)
    }

    /// What the audit event records: a key a rule, and `policy`.
    #[must_use]
    pub fn audit_annotations(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        message::audit_annotations(self)
    }

    /// The answer's body.
    #[must_use]
    pub fn to_json(&self, uid: &str) -> Vec<u8> {
        let message = self.message();
        let allowed = self.allowed();
        let status = Status {
            code: 403,
            reason: "Forbidden",
            message: &message,
        };
        Response {
            uid,
            allowed,
            status: (!allowed).then_some(status),
            patch: None,
            warnings: &self.warnings(),
            audit_annotations: &self.audit_annotations(),
        }
        .to_json()
    }
}
