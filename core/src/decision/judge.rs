//! Runs the rules, then applies modes and exemptions.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::facts::{Addressee, Facts, Need, Requester, what_it_lacks};
use crate::json::MOST_OF_A_POD;
use crate::policy::{About, Mode, Policy, RuleId};
use crate::request::{Request, ReviewError, UserInfo};
use crate::rules::{Advice, Finding, Rule, Stop};
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

/// [`decide`](super::decide()) with other rules, and without the pods to come.
///
/// # Errors
///
/// See [`decide`](super::decide()).
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
            exempted: exemption(
                &write.request().user,
                &write.requester,
                write.target.namespace(),
                policy,
                finding.rule,
                now,
            ),
            finding,
            mode,
        }));
    }
    if !needs.is_empty() {
        return Ok(Outcome::Needs(needs));
    }
    drop_effects(&mut judged);
    let reader = Addressee::of(&write.user, &write.requester);
    let lacks = lacks(rules, &write, &judged, facts);
    #[cfg(debug_assertions)]
    for one in &judged {
        check_advice(rules, &one.finding, reader, lacks.is_some());
    }
    Ok(Outcome::Decided(Decision {
        reader,
        lacks,
        class: write.requester.class(),
        who: if judged.is_empty() {
            String::new()
        } else {
            message::who(&write.user, &write.requester, policy)
        },
        name: write.name.shown(),
        policy: policy.hash,
        pods_to_come: Vec::new(),
        judged,
        skipped,
    }))
}

/// What the requester lacks to count as what it claims to be. Of an add-on that the policy
/// does not name, only where the rules would let it pass under its name.
fn lacks(
    rules: &[&dyn Rule],
    write: &Write<'_>,
    judged: &[Judged<'_>],
    facts: &Facts<'_>,
) -> Option<Cow<'static, str>> {
    if judged.is_empty() {
        return None;
    }
    let (user, policy) = (&write.request().user, write.policy);
    if let Some(lacks) = what_it_lacks(user, &write.requester, policy) {
        return Some(lacks.into());
    }
    let entry = match write.requester {
        Requester::Tenant(None) => policy.unnamed_entry(&user.username)?,
        _ => return None,
    };
    let add_on = entry.add_on?;
    let mut named = Write::new(write.request(), policy).ok()?;
    named.is_managed = write.is_managed;
    named.requester = Requester::Platform(&entry);
    let mut found = Vec::new();
    for rule in rules {
        let id = rule.about().id;
        if judged.iter().any(|one| one.finding.rule == id) {
            rule.write(&named, facts, &mut found).ok()?;
        }
    }
    found.is_empty().then(|| {
        format!("name the add-on {add_on} under `identities.addOns` in rolegate's policy").into()
    })
}

/// Whether the finding's advice is in its rule's list, and has a sentence for the reader.
#[cfg(debug_assertions)]
fn check_advice(rules: &[&dyn Rule], finding: &Finding, reader: Addressee, lacks: bool) {
    let own = [&UNREADABLE, &SHORTEN];
    let mut rules = rules.iter();
    let listed = rules
        .find(|rule| rule.about().id == finding.rule)
        .is_some_and(|rule| {
            rule.advice()
                .iter()
                .any(|one| std::ptr::eq(*one, finding.advice))
        });
    debug_assert!(
        listed || own.iter().any(|one| std::ptr::eq(*one, finding.advice)),
        "an advice of {} is not in its list: {:?}",
        finding.rule,
        finding.advice
    );
    debug_assert!(
        lacks || finding.instead.is_some() || finding.advice.to(reader).is_some(),
        "{} has no advice for {reader:?}: {finding:?}",
        finding.rule
    );
}

static UNREADABLE: Advice = Advice {
    why: "an object that cannot be read may contain anything",
    instead: &[(
        &Addressee::ALL,
        "write the object as the API server's schema defines it",
    )],
    source: "rolegate's own limits",
};

/// The key of the finding for a list that is too long.
const TOO_LONG: &str = "too long";

static SHORTEN: Advice = Advice {
    why: "rolegate judges no pod with more, and a pod that is not judged may contain anything",
    instead: &[(&Addressee::ALL, "divide the pod into several pods")],
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
pub(super) fn exemption<'a>(
    user: &UserInfo<'_>,
    requester: &Requester<'_>,
    namespace: &str,
    policy: &'a Policy,
    rule: RuleId,
    now: Timestamp,
) -> Option<&'a str> {
    match requester {
        // A requester that did not prove its identity gets no exemption by its name.
        Requester::Job(_) | Requester::Tenant(Some(_)) => return None,
        _ => {}
    }
    let namespace = Some(namespace).filter(|name| !name.is_empty());
    policy
        .exemptions
        .iter()
        .find(|exemption| exemption.covers(rule, &user.username, namespace, now))
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
