//! Whose job a custom resource is: the identities that it names, and those of the
//! objects that it joins.

use std::collections::BTreeSet;

use crate::facts::kinds::{Join, Kind, RoleOf};
use crate::facts::{Action, Extent, Facts, Known, Need, Requester, RunsAs};
use crate::names::{Role, RoleArn, RolePattern, shown};
use crate::policy::{Capability, VirtualCluster};
use crate::request::references::{By, Reference, References};
use crate::request::{Object, Path, ReviewError, view};
use crate::rules::Stop;
use crate::write::{Write, fixed_accounts, named};

use super::ownership::shares_role;
use super::startable::{Start, refusal};

/// Whether the requester repeats identities without starting anything.
pub(in crate::rules) fn mirrors(write: &Write<'_>) -> bool {
    matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Mirror))
}

/// Why the requester may not name that in a custom resource; `None` where it may.
pub(in crate::rules) fn refusal_of(write: &Write<'_>, reference: &Reference) -> Option<String> {
    let name = reference.name.as_str();
    match reference.by {
        By::Field | By::Text => refusal_of_account(write, name, Start::CustomResource),
        By::Login => refusal_of_account(write, name, Start::Login),
        By::Role => refusal_of_arn(write, name),
        By::SomeRole => refusal_of_some_role(write, RoleArn::parse(name).ok()?.role()),
        By::RoleName => match RoleArn::parse(name) {
            Ok(role) => refusal_of_some_role(write, role.role()),
            Err(_) => refusal_of_role_name(write, name),
        },
        // Only an operator of the policy can start a job's pod from the file. Pods
        // that others start are judged when they are created.
        By::Template => {
            let own = matches!(
                write.requester,
                Requester::System(_) | Requester::Operator(_)
            );
            (!own && !write.policy.operators.is_empty()).then(String::new)
        }
        By::Secret => None,
    }
}

/// Why the requester may not name that service account. Where the object has no
/// namespace, nobody knows in which one the account is.
fn refusal_of_account(write: &Write<'_>, account: &str, start: Start<'_>) -> Option<String> {
    if !write.target.namespace().is_empty() || write.runs_as(account) != RunsAs::Ordinary {
        return refusal(write, account, start);
    }
    let operators = write.policy.operators.iter();
    let mut fixed = operators.flat_map(|operator| &operator.job_service_accounts);
    let is_of_jobs = fixed.any(|entry| entry.name == account);
    (is_of_jobs && !is_trusted(write))
        .then(|| "jobs run under a service account of that name".to_owned())
}

/// Why the requester may not have something run as the role with that ARN.
fn refusal_of_arn(write: &Write<'_>, arn: &str) -> Option<String> {
    match RoleArn::parse(arn) {
        Ok(role) => refusal_of_role(write, role.role()),
        Err(_) if is_trusted(write) => None,
        Err(_) => Some("that is not the ARN of one IAM role".to_owned()),
    }
}

/// The same for a role that need not be one of jobs, and to which the policy may chain
/// one of the requester's.
fn refusal_of_some_role(write: &Write<'_>, role: &Role) -> Option<String> {
    let refused = refusal_of_role(write, role)?;
    let chained = || {
        let chains = write.tenancy.chains.iter();
        chains
            .filter(|chain| chain.to.iter().any(|to| to.role() == role))
            .any(|chain| refusal_of_role(write, chain.from.role()).is_none())
    };
    (is_of_jobs(write, |pattern| pattern.matches(role)) && !chained()).then_some(refused)
}

fn is_trusted(write: &Write<'_>) -> bool {
    write.extent(Action::StartPod) == Extent::All
        || matches!(
            write.requester,
            Requester::System(_) | Requester::Operator(_)
        )
}

/// Why the requester may not have something run as that role; `None` where it may.
pub(in crate::rules) fn refusal_of_role(write: &Write<'_>, role: &Role) -> Option<String> {
    if write.extent(Action::StartPod) == Extent::All {
        return None;
    }
    let (own, why) = match &write.requester {
        Requester::System(_) => return None,
        // Its `roles` include those of its job service accounts with fixed names.
        Requester::Operator(operator) => (
            operator.runs(role),
            "the policy does not declare that role for this operator",
        ),
        Requester::Job(job) => (
            shares_role(job, role, write),
            "this job runs as another role",
        ),
        _ => (
            submits(write, |pattern| pattern.matches(role)),
            "the policy does not list that role for this requester",
        ),
    };
    (!own).then(|| why.to_owned())
}

/// Why the requester may not change the role of that name, in whatever account.
fn refusal_of_role_name(write: &Write<'_>, name: &str) -> Option<String> {
    if is_trusted(write)
        || submits(write, |pattern| pattern.matches_name(name))
        || !is_of_jobs(write, |pattern| pattern.matches_name(name))
    {
        return None;
    }
    Some(
        "jobs run as a role of that name, which the policy does not list for this requester"
            .to_owned(),
    )
}

fn submits(write: &Write<'_>, matches: impl Fn(&RolePattern) -> bool) -> bool {
    let mut listed = write.submitters().flat_map(|entry| &entry.roles);
    listed.any(matches)
}

/// Whether the policy names the role as one of jobs: for this namespace, for an operator,
/// or for another namespace by more than a wildcard, which may mean every role there is.
fn is_of_jobs(write: &Write<'_>, matches: impl Fn(&RolePattern) -> bool) -> bool {
    let here = roles_in(write.tenancy);
    let operators = write.policy.operators.iter();
    let mut near = here.chain(operators.flat_map(|operator| &operator.roles));
    if near.any(&matches) {
        return true;
    }
    let mut elsewhere = write.policy.clusters.iter().flat_map(roles_in);
    elsewhere.any(|pattern| !pattern.begins_wild() && matches(pattern))
}

fn roles_in(cluster: &VirtualCluster) -> impl Iterator<Item = &RolePattern> {
    let submitters = cluster.submitters.iter().flat_map(|entry| &entry.roles);
    cluster.execution_roles.iter().chain(submitters)
}

/// Whether that is an identity of jobs: a service account that becomes a role or that
/// EMR reserves, or a role that a job runs as.
pub(in crate::rules) fn is_of_a_job(write: &Write<'_>, reference: &Reference) -> bool {
    match reference.by {
        By::Field | By::Text => write.runs_as(&reference.name) != RunsAs::Ordinary,
        By::Role => true,
        By::Login | By::SomeRole | By::RoleName | By::Template | By::Secret => false,
    }
}

/// The role that a reference names, if it names one.
pub(in crate::rules) fn role_of(write: &Write<'_>, reference: &Reference) -> Option<Role> {
    match reference.by {
        By::Field | By::Text | By::Login => write.runs_as(&reference.name).role().cloned(),
        By::Role | By::SomeRole => RoleArn::parse(&reference.name)
            .ok()
            .map(|arn| arn.role().clone()),
        By::RoleName | By::Template | By::Secret => None,
    }
}

/// An object that a custom resource joins.
pub(in crate::rules) struct Joined {
    /// The field that names it.
    pub(in crate::rules) at: Path,
    /// For a sentence: `flinkdeployments payroll`.
    pub(in crate::rules) what: String,
    /// Resource and group, as RBAC writes them.
    pub(in crate::rules) resource: String,
    pub(in crate::rules) whose: Whose,
    /// Whether nothing else judges it.
    pub(in crate::rules) is_last_word: bool,
}

/// What is known of such an object.
pub(in crate::rules) enum Whose {
    /// What it names.
    Names(References),
    Absent,
    Unknown,
}

/// The objects that `object` joins.
///
/// # Errors
///
/// A [`Stop`] where an object has to be looked up first.
pub(in crate::rules) fn joined(
    write: &Write<'_>,
    facts: &Facts<'_>,
    kind: Option<&Kind>,
    object: Object<'_>,
) -> Result<Vec<Joined>, Stop> {
    all_joined(write, facts, kind, &[object])
}

/// The objects that several versions of an object join, looked up together.
///
/// # Errors
///
/// A [`Stop`] where objects have to be looked up first.
pub(in crate::rules) fn all_joined(
    write: &Write<'_>,
    facts: &Facts<'_>,
    kind: Option<&Kind>,
    objects: &[Object<'_>],
) -> Result<Vec<Joined>, Stop> {
    let mut all = Vec::new();
    let mut needs = Vec::new();
    for join in kind.map_or(&[][..], |kind| kind.joins) {
        let names = objects.iter().filter_map(|object| name_of(join, *object));
        let names: BTreeSet<(Option<String>, String)> = names.collect();
        for (namespace, name) in names {
            let own = write.target.namespace();
            match look(
                write,
                facts,
                join,
                namespace.as_deref().unwrap_or(own),
                &name,
            ) {
                Ok(joined) => all.push(joined),
                Err(Stop::Needs(more)) => needs.extend(more),
                Err(stop) => return Err(stop),
            }
        }
    }
    if needs.is_empty() {
        Ok(all)
    } else {
        Err(Stop::Needs(needs))
    }
}

/// The name that the join's field holds, and the namespace beside it, where the join
/// applies.
fn name_of(join: &Join, object: Object<'_>) -> Option<(Option<String>, String)> {
    let raw = object.raw();
    if let Some((field, value)) = join.only {
        let said = view::at(raw, field).map_or("", |raw| raw.get().trim_matches('"'));
        let absent = value.is_empty() && matches!(said, "" | "false" | "null");
        if said != value && !absent {
            return None;
        }
    }
    let text = |field| view::text_at(raw, field).filter(|text| !text.is_empty());
    if matches!(join.role, RoleOf::Selected) {
        let labels = view::at(raw, join.name).filter(|labels| labels.get() != "null");
        return labels.map(|_| (None, "(chosen by labels)".to_owned()));
    }
    let namespace = join.namespace.and_then(text);
    let name = text(join.name)?;
    Some((namespace.map(|text| text.to_string()), name.to_string()))
}

fn look(
    write: &Write<'_>,
    facts: &Facts<'_>,
    join: &Join,
    namespace: &str,
    name: &str,
) -> Result<Joined, Stop> {
    let own = &write.target.resource;
    let (group, version) = join.group.unwrap_or((&own.group, &own.version));
    let joined = |whose| Joined {
        at: Path::parse_dotted(join.name),
        what: format!("{} {}", join.resource, shown(name, 120)),
        resource: format!("{}.{group}", join.resource),
        whose,
        is_last_word: join.is_last_word,
    };
    if matches!(join.role, RoleOf::Selected) {
        return Ok(joined(if every_role_is_own(write, join.role) {
            Whose::Names(References::default())
        } else {
            Whose::Unknown
        }));
    }
    let need = Need::object(group, version, join.resource, namespace, name);
    let need = match join.role {
        RoleOf::Named(further) => need.followed_by(further),
        _ => need,
    };
    let known = facts.object(need.clone())?;
    let whose = match (known, join.role) {
        // Without a cluster: whosever it is, it is the requester's.
        (Known::Unknown, role) if every_role_is_own(write, role) => {
            Whose::Names(References::default())
        }
        (Known::Unknown, _) => Whose::Unknown,
        (Known::Absent(_), _) => Whose::Absent,
        (Known::Is(stored, _), RoleOf::Arn(field) | RoleOf::SomeArn(field)) => {
            let by = match join.role {
                RoleOf::Arn(_) => By::Role,
                _ => By::SomeRole,
            };
            match view::text_at(stored.object.raw(), field) {
                Some(arn) => Whose::Names(only_role(&arn, field, by)),
                None => Whose::Unknown,
            }
        }
        (Known::Is(stored, _), RoleOf::Names | RoleOf::Selected) => {
            Whose::Names(names_of(write, group, join.resource, stored.object)?)
        }
        (Known::Is(stored, _), RoleOf::Named(further)) => {
            let next = need.next(stored.object.raw());
            let known = next.map_or(Ok(Known::Unknown), |need| {
                facts.object(need).map_err(Stop::from)
            });
            match known? {
                Known::Is(stored, _) => {
                    Whose::Names(names_of(write, group, further.resource, stored.object)?)
                }
                Known::Absent(_) => Whose::Absent,
                Known::Unknown => Whose::Unknown,
            }
        }
    };
    Ok(joined(whose))
}

/// Whether the requester may use every role that an unknown object can stand for: those
/// that the policy declares for operators, which alone start jobs by custom resources,
/// and that may run here. What an ARN names is not limited by operators.
fn every_role_is_own(write: &Write<'_>, role: RoleOf) -> bool {
    let here = &write.tenancy.execution_roles;
    match &write.requester {
        Requester::System(_) | Requester::Operator(_) => return true,
        Requester::Job(_) => {}
        _ if !matches!(role, RoleOf::Names | RoleOf::Named(_)) => {
            return !here.is_empty() && here.iter().all(|pattern| is_own(write, pattern));
        }
        _ => {}
    }
    if write.policy.operators.is_empty() {
        return false;
    }
    let mut roles = write
        .policy
        .operators
        .iter()
        .flat_map(|operator| &operator.roles);
    roles.all(|pattern| is_own(write, pattern))
}

/// Whether every role that the pattern means, and that may run here, is the requester's.
fn is_own(write: &Write<'_>, pattern: &RolePattern) -> bool {
    match RoleArn::parse(pattern.as_str()) {
        Ok(arn) => {
            let here = &write.tenancy.execution_roles;
            let may_run = here.is_empty() || here.iter().any(|one| one.matches(arn.role()));
            !may_run || refusal_of_role(write, arn.role()).is_none()
        }
        Err(_) => submits(write, |own| own.as_str() == pattern.as_str()),
    }
}

/// What an object that was looked up names.
///
/// # Errors
///
/// A [`ReviewError`] when it is no JSON.
pub(super) fn names_of(
    write: &Write<'_>,
    group: &str,
    resource: &str,
    object: Object<'_>,
) -> Result<References, ReviewError> {
    named(
        object,
        Kind::of(group, resource),
        write.policy,
        write.target.namespace(),
    )
}

fn only_role(arn: &str, field: &str, by: By) -> References {
    let reference = Reference {
        path: Path::parse_dotted(field),
        name: arn.to_owned(),
        by,
    };
    References {
        found: vec![reference],
        unread: None,
    }
}

/// What the value of a field names, read like a spec.
///
/// # Errors
///
/// A [`ReviewError`] when it is no JSON.
pub(in crate::rules) fn names_in(
    write: &Write<'_>,
    value: crate::json::Raw<'_>,
    at: &Path,
) -> Result<References, ReviewError> {
    crate::request::references::find_in(
        value,
        at,
        &fixed_accounts(write.policy, write.target.namespace()),
    )
}
