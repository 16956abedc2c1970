//! Judges authorization requests: by the surface, the class table and the ceiling of what
//! a class may hold.
//!
//! The request carries no object and no labels. Whatever depends on an object gets no
//! opinion; the namespace is looked up for its mode. Nothing is ever allowed.

mod grounds;

use jiff::Timestamp;

use crate::facts::surface::{self, Row, Scope, Verb};
use crate::facts::{
    Action, Addressee, Class, Extent, Facts, Known, Need, Requester, RunsAs, extent, what_it_lacks,
};
use crate::names::{LogSecret, MODE_LABEL, OWN_NAMESPACE, is_sparks_secret, shown};
use crate::permissions::{class_of_requester, exceeds};
use crate::policy::{Mode, Policy};
use crate::request::{Access, view};
use crate::rules::{Finding, Rule, rule};

use super::judge::exemption;
use super::{Decision, Judged, Outcome, Skipped, message};

use self::grounds::Grounds;

/// Judges an access. At most one finding; [`Outcome::Needs`] the namespace, whose label
/// decides what a finding leads to, and never a second time.
///
/// Denies only what the requester's class may not do with any object. Requests without a
/// namespace, those for all namespaces among them, have the mode `doors.authorize` of the
/// policy.
#[must_use]
pub fn judge_access<'a>(
    access: &'a Access<'a>,
    policy: &'a Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Outcome<'a> {
    let (user, namespace) = (&access.user, access.target.namespace());
    let requester = Requester::of(user, namespace, policy);
    let mut decision = Decision {
        class: requester.class(),
        who: String::new(),
        reader: Addressee::of(user, &requester),
        lacks: None,
        name: shown(&access.target.name, 253),
        policy: policy.hash,
        judged: Vec::new(),
        skipped: Vec::new(),
        pods_to_come: Vec::new(),
    };
    let Some((verb, row)) = excess(access, &requester, policy) else {
        return Outcome::Decided(decision);
    };
    let Some(Grounds { id, advice }) = grounds::of(row, verb) else {
        return Outcome::Decided(decision);
    };
    let Some(about) = rule(id.as_str()).map(Rule::about) else {
        return Outcome::Decided(decision);
    };
    let need = Need::object("", "v1", "namespaces", "", namespace);
    let ceiling = match ceiling(namespace, policy, facts, need.clone()) {
        Ok(Some(ceiling)) => ceiling,
        Ok(None) => {
            decision.skipped.push(Skipped { rule: id, need });
            Mode::Audit
        }
        Err(need) => return Outcome::Needs(vec![need]),
    };
    let mode = policy.mode(id).min(ceiling);
    if mode == Mode::Off {
        return Outcome::Decided(decision);
    }
    decision.who = message::who(user, &requester, policy);
    decision.lacks = what_it_lacks(user, &requester, policy).map(Into::into);
    decision.judged.push(Judged {
        exempted: exemption(user, &requester, namespace, policy, id, now),
        finding: Finding::new(about, advice, act(access, row)).key(format!("{verb:?} {row}")),
        mode,
    });
    Outcome::Decided(decision)
}

/// The mode of the namespace, or of the policy without one; `None` if its label is
/// unknown.
fn ceiling(
    namespace: &str,
    policy: &Policy,
    facts: &Facts<'_>,
    need: Need,
) -> Result<Option<Mode>, Need> {
    match namespace {
        "" => return Ok(Some(policy.doors.authorize_cluster_scoped)),
        // As the webhook configurations: judged in no case.
        "kube-system" | OWN_NAMESPACE => return Ok(Some(Mode::Off)),
        _ => {}
    }
    Ok(match facts.object(need)? {
        Known::Is(stored, _) => {
            let labels = view::labels("the namespace", stored.object.raw()).ok();
            labels.map(|labels| Mode::of_label(labels.get(MODE_LABEL)))
        }
        Known::Absent(_) => Some(Mode::Off),
        Known::Unknown => None,
    })
}

/// The row of the surface by which the requester may never do this; `None` if it may, or
/// if the object decides.
fn excess(
    access: &Access<'_>,
    requester: &Requester<'_>,
    policy: &Policy,
) -> Option<(Verb, &'static Row)> {
    let target = &access.target;
    let verb = Verb::parse(&access.verb)?;
    let (group, resource, subresource) = (target.group(), target.resource(), target.subresource());
    let is_secret = (group, resource, subresource) == ("", "secrets", "");
    // The error of a PATCH that fails shows the Secret (docs/bypasses.md, C12), and the
    // API server makes it before any admission.
    let row_verb = if is_secret && verb == Verb::Patch {
        Verb::Get
    } else {
        verb
    };
    // Most requests end here: no class is below a tenant.
    surface::named(group, resource, subresource, row_verb)?;
    let class = class_of_requester(&access.user, requester, policy);
    if matches!(class, Class::System | Class::Admin) {
        return None;
    }
    let row = if (group, resource, subresource) == ("", "serviceaccounts", "token") {
        let row = surface::named(group, resource, subresource, verb)?;
        is_of_a_job(access, requester, class, policy).then_some(row)
    } else {
        let never = surface::never(class, group, resource, subresource, row_verb);
        never.or_else(|| exceeds(class, group, resource, subresource, row_verb))
    }?;
    // Break-glass is for whom RBAC gives it: the admission policies ask.
    let is_open = verb == Verb::Use
        || is_secret && may_read(access, requester, policy)
        || row.every_request_is() == Some(Action::Exec) && may_exec(access, requester, policy);
    (!is_open).then_some((verb, row))
}

/// Whether the token is that of a job's service account. Of others the request's object
/// says for whom it is.
fn is_of_a_job(
    access: &Access<'_>,
    requester: &Requester<'_>,
    class: Class,
    policy: &Policy,
) -> bool {
    let Access { target, .. } = access;
    let is_broker =
        matches!(requester, Requester::Platform(platform) if !platform.tokens.is_empty());
    !target.name.is_empty()
        && !is_broker
        && extent(class, Action::MintToken) != Extent::All
        && !matches!(
            RunsAs::of(target.namespace(), &target.name, policy),
            RunsAs::Ordinary
        )
}

/// Whether the one Secret that is read is the requester's own, or listed for it. A list
/// or a watch of a single one has its name too.
fn may_read(access: &Access<'_>, requester: &Requester<'_>, policy: &Policy) -> bool {
    let Access { user, target, .. } = access;
    let (name, tenancy) = (target.name.as_str(), policy.tenancy(target.namespace()));
    if name.is_empty() || target.namespace().is_empty() {
        return false;
    }
    match requester {
        Requester::Job(job) => {
            let log = LogSecret::parse(name).map(|secret| secret.job);
            let mut listed = tenancy
                .submitters
                .iter()
                .filter(|entry| entry.roles.iter().any(|roles| roles.matches(&job.role)));
            is_sparks_secret(name)
                || log.is_some() && log == job.job_id()
                || listed.any(|entry| entry.lists_secret(name))
        }
        Requester::Tenant(_) => tenancy
            .submitters_for(&user.username, user.groups())
            .any(|entry| entry.lists_secret(name)),
        _ => false,
    }
}

/// Whether the policy lets the requester exec into pods of its own: the rule looks them
/// up.
fn may_exec(access: &Access<'_>, requester: &Requester<'_>, policy: &Policy) -> bool {
    let Access { user, target, .. } = access;
    matches!(requester, Requester::Tenant(None) | Requester::Platform(_))
        && policy
            .tenancy(target.namespace())
            .submitters_for(&user.username, user.groups())
            .any(|entry| entry.exec)
}

/// Completes "may not …": `get pods/exec spark-a/driver`.
fn act(access: &Access<'_>, row: &Row) -> String {
    let target = &access.target;
    let mut text = format!(
        "{} {}",
        shown(&access.verb, 63),
        shown(target.resource(), 63)
    );
    if !target.group().is_empty() {
        text = format!("{text}.{}", shown(target.group(), 253));
    }
    if !target.is_main() {
        text = format!("{text}/{}", shown(target.subresource(), 63));
    }
    match (target.namespace(), &*target.name) {
        ("", "") if row.scope == Scope::Namespaced => format!("{text} in all namespaces"),
        ("", "") => text,
        (namespace, "") => format!("{text} in {}", shown(namespace, 63)),
        ("", name) => format!("{text} {}", shown(name, 253)),
        (namespace, name) => format!("{text} {}/{}", shown(namespace, 63), shown(name, 253)),
    }
}
