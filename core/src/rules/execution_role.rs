//! # execution-role
//!
//! Denies jobs under an IAM role other than their service account's, and roles that the
//! policy does not list for the namespace.
//!
//! ## What it stops
//!
//! In every managed namespace:
//!
//! - an annotation `eks.amazonaws.com/role-arn` of a job's service account that is not
//!   a role's ARN or names another role than the service account stands for: by its
//!   name, or by the operator's entry of the policy for this namespace
//! - in a job's pods, a variable `AWS_ROLE_ARN` that is neither the role of the
//!   pod's service account nor one that the policy's `chains` allow that role to
//!   assume, or whose value comes from elsewhere (`valueFrom`) and cannot be seen.
//!   EKS's webhook writes the variable from the annotation, so this also stops the
//!   pods of a service account that was annotated before
//!
//! Where a virtual cluster of the policy lists `executionRoles`, also:
//!
//! - service accounts whose name stands for a role that is not listed, or whose
//!   annotation names such a role
//! - Jobs, Deployments and all other pod templates, and pods, under such an account
//! - tokens of such an account (`serviceaccounts/token`)
//!
//! An UPDATE is judged by what it changes.
//!
//! ## How roles are compared
//!
//! By account and name. Partition and path of an ARN are checked for their form
//! and not compared: a service account's name carries neither. `*` and `?` are
//! for the name only.
//!
//! ## Who may
//!
//! Administrators. Everybody else is denied, including EMR, operators and
//! controllers: the first object that EMR creates for a job is denied, so
//! `StartJobRun` fails at once instead of timing out.
//!
//! ## Why
//!
//! In IAM, the condition key `emr-containers:ExecutionRoleArn` limits which roles a
//! principal may start a job with. This rule is its counterpart inside the cluster:
//! it also holds for operators, for spark-submit, and where an IAM policy lacks the
//! condition.
//!
//! ## What to do instead
//!
//! Use a role that is listed, or ask the platform team to add the role to
//! `virtualClusters[].executionRoles` of the policy.
//!
//! ## What it does not see
//!
//! Roles that EKS Pod Identity associates with a service account: AWS keeps
//! them outside the cluster. Custom resources: the pods that an operator makes from
//! them are judged. `AWS_ROLE_ARN` from a whole ConfigMap (`envFrom`), or set by the
//! program itself: AWS STS decides by the token, whose role is the service
//! account's.

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, RunsAs};
use crate::names::{Role, RoleArn, enumerated, shown};
use crate::policy::{About, Level, Policy, Severity};
use crate::request::pod::{Container, Pod};
use crate::request::{Object, Path, ReviewError};
use crate::write::{PodWrite, Write};

use super::shared::startable::{Start, refusal};
use super::shared::violation::{Violation, brought};
use super::{Advice, Checked, Finding, Rule, foreign_service_account};

pub(super) static ABOUT: About = About {
    notes: Some(notes),
    ..About::new(
        "execution-role",
        Severity::High,
        include_str!("execution_role.rs"),
    )
};

fn notes(policy: &Policy) -> Vec<(Level, String)> {
    let mut clusters = policy.clusters.iter();
    if clusters.any(|cluster| !cluster.execution_roles.is_empty()) {
        return Vec::new();
    }
    let note = "rule execution-role does not judge which roles run in a namespace until a virtual \
                cluster lists `executionRoles`";
    vec![(Level::Note, note.to_owned())]
}

/// See the file's header.
pub(super) struct ExecutionRole;

static ADVICE: Advice = Advice {
    why: "the policy says which roles run in this namespace, so that only the team that owns a \
          role gets its data",
    instead: &[
        (
            &[Person],
            "use a role that is listed for this namespace, or ask the platform team to add it to `virtualClusters[].executionRoles` in rolegate's policy",
        ),
        (
            &[Emr],
            "submit the job with a role that is listed for this namespace, or ask the platform team to add it to `virtualClusters[].executionRoles` in rolegate's policy",
        ),
        (
            &[Software, AddOn, Operator, Job, Workload],
            "use a role that is listed for this namespace, or add it to `virtualClusters[].executionRoles` in rolegate's policy",
        ),
    ],
    source: "Amazon EMR on EKS security: emr-containers:ExecutionRoleArn",
};

/// For a job whose account and variable name different roles.
static ADVICE_ON_MISMATCH: Advice = Advice {
    why: "a job runs as the role that its service account stands for, and rolegate decides by that \
          role who may start it",
    instead: &[
        (
            &[Person, Software, AddOn, Emr, Job, Workload],
            "use the service account's own role; the platform team can list a role that the job assumes under `virtualClusters[].chains` in rolegate's policy",
        ),
        (
            &[Operator],
            "use the service account's own role, or list its role in this namespace under `identities.operators[].jobServiceAccounts` in rolegate's policy",
        ),
    ],
    source: "Amazon EMR on EKS job execution roles: one service account per component and role",
};

/// For a variable that names another role.
static ADVICE_ON_VARIABLE: Advice = Advice {
    instead: &[
        (
            &[Person, Software, AddOn, Emr, Job, Workload],
            "leave AWS_ROLE_ARN out: EKS's webhook writes the role of the service account; the platform team can list a role that the job assumes under `virtualClusters[].chains` in rolegate's policy",
        ),
        (
            &[Operator],
            "leave AWS_ROLE_ARN out: EKS's webhook writes the role of the service account; or list that account's role in this namespace under `identities.operators[].jobServiceAccounts` in rolegate's policy",
        ),
    ],
    why: ADVICE_ON_MISMATCH.why,
    source: ADVICE_ON_MISMATCH.source,
};

/// The limit for the list of roles in a message.
const LIST_BYTES: usize = 1_000;

/// The annotation that gives a service account its role in IRSA (IAM roles for
/// service accounts).
const ANNOTATION: &str = "eks.amazonaws.com/role-arn";
/// The variable that tells AWS SDKs which role to assume.
const VARIABLE: &str = "AWS_ROLE_ARN";

impl Rule for ExecutionRole {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &ADVICE_ON_MISMATCH, &ADVICE_ON_VARIABLE];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some((new, old)) = write.act.written() else {
            return Ok(());
        };
        if write.extent(Action::PlaceRole) == Extent::All {
            return Ok(());
        }
        let accounts = write.target.is("", "serviceaccounts");
        match write.target.subresource() {
            "" if accounts => service_account(write, new, old, findings)?,
            "token" if accounts => findings.extend(token(write)),
            "status" | "resize" => {}
            _ => pods(write, findings)?,
        }
        Ok(())
    }
}

fn token(write: &Write<'_>) -> Option<Finding> {
    let account = write.possible_name();
    let clause = unlisted_account(account, write)?;
    // The review of a TokenRequest calls its object one.
    let act = format!(
        "have a token made for service account {}: {clause}",
        write.what()
    );
    Some(Finding::new(&ABOUT, &ADVICE, act).key(account_key(account)))
}

fn service_account(
    write: &Write<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let account = write.possible_name();
    if old.is_none()
        && let Some(clause) = unlisted_account(account, write)
    {
        let act = format!("create {}: {clause}", write.object());
        findings.push(
            Finding::new(&ABOUT, &ADVICE, act)
                .at(Path::root().key("metadata").key("name"))
                .key(account_key(account)),
        );
        return Ok(());
    }
    let annotations = new.annotations()?;
    let Some(arn) = annotations.get(ANNOTATION).filter(|arn| !arn.is_empty()) else {
        return Ok(());
    };
    if let Some(old) = old
        && old.annotations()?.get(ANNOTATION) == Some(arn)
    {
        return Ok(());
    }
    if let Some(clause) = wrong_annotation(arn, account, write) {
        let act = format!("give a role to {}: {clause}", write.object());
        let path = Path::root().key("metadata").key("annotations");
        let path = path.key(ANNOTATION);
        let key = format!("{ANNOTATION} {arn}");
        let mut finding = Finding::new(&ABOUT, &ADVICE, act).at(path).key(key);
        if write.runs_as(account).role().is_some() {
            finding.advice = &ADVICE_ON_MISMATCH;
        }
        findings.push(finding);
    }
    Ok(())
}

/// Why the annotation may not give the account the role `arn`; `None` where it may.
fn wrong_annotation(arn: &str, account: &str, write: &Write<'_>) -> Option<String> {
    let own = write.runs_as(account);
    if own.role().is_none() && lists_none(write) {
        return None;
    }
    match RoleArn::parse(arn) {
        Err(error) => Some(format!(
            "{ANNOTATION} {} names no role: {error}",
            shown(arn, 160)
        )),
        Ok(arn) if own.role().is_some_and(|own| own != arn.role()) => Some(format!(
            "{ANNOTATION} names the IAM role {}, and that service account stands for another",
            arn.role()
        )),
        Ok(arn) if !is_listed(arn.role(), write) => Some(format!(
            "the policy does not list the IAM role {} for this namespace",
            arn.role()
        )),
        Ok(_) => None,
    }
}

fn pods(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let verb = if pod_write.is_pod() {
        "start"
    } else {
        "start pods of"
    };
    for violation in brought(pod_write, |pod, violations| judge(pod, write, violations)) {
        let act = format!("{verb} {}: {}", write.object(), violation.seen);
        let mismatch = violation.key.starts_with(VARIABLE);
        let advice = if mismatch {
            &ADVICE_ON_VARIABLE
        } else {
            &ADVICE
        };
        let mut finding = violation.finding(&ABOUT, advice, act);
        if mismatch {
            finding.instead = instead(write, pod_write);
        }
        // One cause, one finding: where the requester may not use the account at all,
        // the rule about that says so.
        if mismatch && is_foreign(write, pod_write) {
            finding.caused_by = Some(foreign_service_account::ABOUT.id);
        }
        findings.push(finding);
    }
    Ok(())
}

/// What helps where the policy lets the job assume other roles: to ask for one of them.
fn instead(write: &Write<'_>, pod_write: &PodWrite<'_>) -> Option<String> {
    let accounts = pod_write.new.spec.service_accounts();
    let own: Vec<_> = accounts.map(|account| write.runs_as(account)).collect();
    let is_own = |role| own.iter().any(|identity| identity.role() == Some(role));
    let chains = write.tenancy.chains.iter();
    let chains = chains.filter(|chain| is_own(chain.from.role()));
    let roles = chains.flat_map(|chain| &chain.to).map(RoleArn::as_str);
    let roles = enumerated(roles, LIST_BYTES);
    (!roles.is_empty()).then(|| {
        format!(
            "leave AWS_ROLE_ARN out and ask for one of these by the pod annotation \
             rolegate.dev/chain-to: {roles}; ask the platform team to list another one under \
             `virtualClusters[].chains` in rolegate's policy"
        )
    })
}

/// Whether the requester may not start pods under an account of the pod.
fn is_foreign(write: &Write<'_>, pod_write: &PodWrite<'_>) -> bool {
    let name = write.possible_name();
    let start = if pod_write.is_pod() {
        Start::Pod { name }
    } else {
        Start::Template { workload: name }
    };
    let mut accounts = pod_write.new.spec.service_accounts();
    accounts.any(|account| refusal(write, account, start).is_some())
}

fn judge(pod: &Pod<'_>, write: &Write<'_>, violations: &mut Vec<Violation>) {
    let spec = Path::root().key("spec");
    for account in pod.spec.service_accounts() {
        if let Some(clause) = unlisted_account(account, write) {
            violations.push(Violation {
                key: account_key(account),
                path: spec.clone().key("serviceAccountName"),
                seen: clause,
            });
        }
        let identity = write.runs_as(account);
        if identity == RunsAs::Ordinary || identity.role().is_none() && lists_none(write) {
            continue;
        }
        for (list, index, container) in pod.spec.all_containers() {
            for wrong in wrong_variables(container, identity.role(), write) {
                let (name, clause) = (shown(&container.name, 63), wrong.clause);
                violations.push(Violation {
                    key: format!("{VARIABLE} {} {}", container.name, wrong.key),
                    path: spec.clone().key(list).index(index).key("env"),
                    seen: format!("{VARIABLE} of container {name} {clause}"),
                });
            }
        }
    }
}

/// What is wrong with the value of a variable `AWS_ROLE_ARN`.
struct WrongValue {
    key: String,
    /// Goes on from the container's name.
    clause: String,
}

/// Judges every variable of that name: which of two wins is the runtime's choice.
fn wrong_variables<'a>(
    container: &'a Container<'_>,
    own: Option<&'a Role>,
    write: &'a Write<'_>,
) -> impl Iterator<Item = WrongValue> + 'a {
    let variables = container.env.kept().map(|(_, variable)| variable);
    let variables = variables.filter(|variable| variable.name.as_str() == VARIABLE);
    variables.filter_map(move |variable| match variable.value.as_deref() {
        _ if variable.value_from.is_some() => Some(WrongValue {
            key: "valueFrom".to_owned(),
            clause: "comes from elsewhere, where rolegate cannot see it".to_owned(),
        }),
        None | Some("") => None,
        Some(value) => wrong_value(value, own, write),
    })
}

/// `own`: the role of the pod's service account, if it has one.
fn wrong_value(value: &str, own: Option<&Role>, write: &Write<'_>) -> Option<WrongValue> {
    if own.is_some_and(|own| own.has_usual_arn(value)) {
        return None;
    }
    let arn = match RoleArn::parse(value) {
        Ok(arn) => arn,
        Err(error) => {
            let value = shown(value, 160);
            let clause = format!("is {value}, which names no role: {error}");
            return Some(WrongValue { key: value, clause });
        }
    };
    let role = arn.role();
    let chained = || {
        let chains = write.tenancy.chains.iter();
        chains
            .filter(|chain| Some(chain.from.role()) == own)
            .flat_map(|chain| &chain.to)
            .any(|to| to.role() == role)
    };
    match own {
        Some(own) if own == role || chained() => None,
        Some(own) => Some(WrongValue {
            key: format!("{role} under {own}"),
            clause: format!(
                "names the IAM role {role}, and the pod's service account becomes {own}"
            ),
        }),
        None if is_listed(role, write) => None,
        None => Some(WrongValue {
            key: role.to_string(),
            clause: format!(
                "names the IAM role {role}, which the policy does not list for this namespace"
            ),
        }),
    }
}

/// Why the account's role may not run in the namespace; `None` where it may.
fn unlisted_account(account: &str, write: &Write<'_>) -> Option<String> {
    let identity = write.runs_as(account);
    let role = identity.role().filter(|role| !is_listed(role, write))?;
    Some(format!(
        "service account {} becomes the IAM role {role}, which the policy does not list for this namespace",
        shown(account, 160)
    ))
}

fn is_listed(role: &Role, write: &Write<'_>) -> bool {
    let mut listed = write.tenancy.execution_roles.iter();
    lists_none(write) || listed.any(|pattern| pattern.matches(role))
}

/// Whether the policy has no list of roles for the namespace, so that any may run.
fn lists_none(write: &Write<'_>) -> bool {
    write.tenancy.execution_roles.is_empty()
}

/// The key of a finding about a service account whose role is not listed.
fn account_key(account: &str) -> String {
    format!("account {account}")
}
