//! Rules, then modes, then exemptions.

use jiff::Timestamp;

use crate::facts::{Facts, Need, Requester};
use crate::policy::{Mode, Policy, RuleId};
use crate::request::{Request, ReviewError};
use crate::rules::{Advice, Finding, RULES, Rule, Stop};
use crate::write::Write;

use super::{Decision, Judged, Scope, Skipped, message};

/// What the rules came to.
#[derive(Debug)]
pub enum Outcome<'a> {
    Decided(Decision<'a>),
    /// The rules need these facts first. The door looks all of them up and
    /// decides again; with [`Facts::found`] there is no second time.
    Needs(Vec<Need>),
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
