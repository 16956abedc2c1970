//! The decision: runs the rules, then applies modes and exemptions.

use jiff::Timestamp;

use crate::facts::{Asked, Facts, Need, Requester};
use crate::json::MOST_OF_A_POD;
use crate::policy::{About, Mode, Policy, RuleId};
use crate::request::{Request, ReviewError};
use crate::rules::{Advice, Finding, RULES, Rule, Stop};
use crate::write::Write;

use super::{Decision, Judged, Scope, Skipped, message};

/// The result of running the rules.
#[derive(Debug)]
pub enum Outcome<'a> {
    Decided(Decision<'a>),
    /// The rules need these facts first. The door looks up all of them and decides
    /// again; with [`Facts::found`] this outcome does not occur.
    Needs(Vec<Need>),
}

/// Judges a request by the rules of this version. Does no I/O and reads no clock.
///
/// A dry run is judged like a real request, because its response shows the same
/// data.
///
/// # Errors
///
/// A [`ReviewError`] if a rule cannot read a part that it must judge; but a pod with
/// too many containers or volumes is denied.
pub fn decide<'a>(
    request: &'a Request<'a>,
    scope: Scope,
    policy: &'a Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Outcome<'a>, ReviewError> {
    let outcome = decide_by(RULES, request, scope, policy, facts, now)?;
    if let Outcome::Needs(needs) = &outcome {
        debug_assert!(
            needs.iter().all(Asked::allows),
            "rolegate may not read {needs:?}"
        );
    }
    Ok(outcome)
}

/// [`decide`] with other rules.
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
    let mut write = Write::new(request, policy)?;
    write.is_managed = scope.manages(request.target.namespace());
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
            Err(Stop::Needs(all)) => {
                found.clear();
                for need in all {
                    if facts.are_final() {
                        skipped.push(Skipped {
                            rule: about.id,
                            need,
                        });
                    } else if !needs.contains(&need) {
                        needs.push(need);
                    }
                }
            }
            // An unreadable part that the update leaves unchanged is not reported.
            Err(Stop::Unreadable(_)) if write.is_unchanged() => found.clear(),
            // What is valid but too long is denied in a sentence, by one rule.
            Err(Stop::Unreadable(error)) if error.is_too_long() => {
                found.clear();
                // One rule's exemption is not another's, and none of them has judged.
                let known = judged
                    .iter()
                    .any(|one: &Judged<'_>| one.finding.key == TOO_LONG && one.effect() >= mode);
                if !known {
                    found.push(too_long(about, &write));
                }
            }
            Err(Stop::Unreadable(error)) if mode == Mode::Enforce => return Err(error),
            // In warn and audit, a failed check becomes a finding: it is always
            // recorded and never changes the outcome.
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
            message::who(&write.user, &write.requester, policy)
        },
        name: write.name.shown(),
        policy: policy.hash,
        judged,
        skipped,
    }))
}

static UNREADABLE: Advice = Advice {
    why: "an object that cannot be read may contain anything",
    instead: "write the object as the API server's schema defines it",
    source: "rolegate's own limits",
};

/// The key of the finding for a list that is too long.
const TOO_LONG: &str = "too long";

static SHORTEN: Advice = Advice {
    why: "rolegate judges no pod with more, and a pod that is not judged may contain anything",
    instead: "divide the pod into several pods",
    source: "rolegate's own limits",
};

/// The denial of a pod that has more containers or volumes than any rule reads.
fn too_long(about: &'static About, write: &Write<'_>) -> Finding {
    let act = format!(
        "write {} with more than {MOST_OF_A_POD} containers, init containers or volumes",
        write.object()
    );
    Finding::new(about, &SHORTEN, act).key(TOO_LONG)
}

/// Removes findings that another finding causes, if that one has at least the same
/// effect: one cause gives one finding.
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

/// The reason of the exemption that covers a finding. A job is never exempted: the
/// exemption would apply to its tenant's code.
fn exemption<'a>(write: &Write<'a>, finding: &Finding, now: Timestamp) -> Option<&'a str> {
    let user = &write.request().user;
    match write.requester {
        // A requester that did not prove its identity gets no exemption by its name.
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
    /// The decision; `None` if the rules need facts first.
    #[must_use]
    pub fn decided(self) -> Option<Decision<'a>> {
        match self {
            Self::Decided(decision) => Some(decision),
            Self::Needs(_) => None,
        }
    }
}
