//! # execution-role
//!
//! A namespace runs the roles that the policy lists for it. Off until a
//! virtual cluster of the policy lists `executionRoles`; then in the namespaces
//! of those that do.
//!
//! ## What it stops
//!
//! - service accounts whose name stands for a role that is not listed, or whose
//!   annotation `eks.amazonaws.com/role-arn` names one, names no role, or names
//!   another than the account's own name does
//! - Jobs, Deployments and all other pod templates, and pods, under such an account
//! - tokens of such an account (`serviceaccounts/token`)
//! - in a job's pods, a variable `AWS_ROLE_ARN` that is neither the role of the
//!   pod's service account nor one that the policy's `chains` let that role go on to,
//!   or whose value comes from elsewhere (`valueFrom`) and cannot be seen
//!
//! On UPDATE only what changes.
//!
//! ## How roles are compared
//!
//! By account and name. Partition and path of an ARN are checked for their form
//! and not compared: a service account's name carries neither. `*` and `?` are
//! for the name only.
//!
//! ## Who may
//!
//! Administrators. Everybody else is refused, EMR, operators and controllers
//! included: the first object that EMR creates for a job is refused, so
//! `StartJobRun` fails at once instead of timing out.
//!
//! ## Why
//!
//! `emr-containers:ExecutionRoleArn` limits in IAM which role somebody may start
//! a job with. This is its twin inside the cluster: it holds for operators,
//! spark-submit and whoever forgot the condition, too.
//!
//! ## What to do instead
//!
//! Use a role that is listed, or have the platform team add the role to
//! `virtualClusters[].executionRoles` of the policy.
//!
//! ## What it does not see
//!
//! Roles that EKS Pod Identity associates with a service account: AWS keeps
//! them outside the cluster. Custom resources: the pods an operator makes of
//! them are judged. `AWS_ROLE_ARN` from a whole ConfigMap (`envFrom`), or
//! written by the program itself: AWS STS decides by the token, whose role is
//! the service account's.

use crate::facts::{Action, Extent, RunsAs};
use crate::write::Write;
use crate::json::Pairs;
use crate::json::Raw;
use crate::names::Role;
use crate::names::RoleArn;
use crate::names::shown;
use crate::request::pod::{Container, Pod};
use crate::request::{Operation, ReviewError, view};

use super::shared::violation::{Violation, brought};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("execution-role", Severity::High, include_str!("execution_role.rs"));

/// See the file's header.
pub(super) struct ExecutionRole;

static ADVICE: Advice = Advice {
    why: "the policy says which roles run in this namespace, so that a role's data stays \
                   with the team whose role it is",
    instead: "use a role that is listed for this namespace, or ask the platform team to \
                       add it to `virtualClusters[].executionRoles` in rolegate's policy",
    source: "Amazon EMR on EKS security: emr-containers:ExecutionRoleArn",
};

/// What gives a service account a role by IRSA.
const ANNOTATION: &str = "eks.amazonaws.com/role-arn";
/// What AWS SDKs take for the role to ask for.
const VARIABLE: &str = "AWS_ROLE_ARN";

impl Rule for ExecutionRole {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        if write.tenancy.execution_roles.is_empty()
            || write.extent(Action::PlaceRole) == Extent::All
            || !matches!(request.operation(), Operation::Create | Operation::Update)
        {
            return Ok(());
        }
        let accounts = request.target.is("", "serviceaccounts");
        match request.target.subresource() {
            "" if accounts => service_account(write, findings),
            "token" if accounts => {
                let name = write.possible_name();
                if let Some(clause) = unlisted_account(&name, write) {
                    findings.push(finding(write, "have a token made for", &clause, None));
                }
                Ok(())
            }
            "status" | "resize" => Ok(()),
            _ => pods(write, findings),
        }
    }
}

fn service_account(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    let name = write.possible_name();
    let creates = request.operation() == Operation::Create;
    if creates && let Some(clause) = unlisted_account(&name, write) {
        findings.push(finding(
            write,
            "create",
            &clause,
            Some("metadata.name".to_owned()),
        ));
        return Ok(());
    }
    let new = annotations("request.object", request.object()?)?;
    let Some(arn) = new.get(ANNOTATION).filter(|arn| !arn.is_empty()) else {
        return Ok(());
    };
    if !creates {
        let old = annotations("request.oldObject", request.old_object()?)?;
        if old.get(ANNOTATION) == Some(arn) {
            return Ok(());
        }
    }
    let own = write.runs_as(&name);
    let clause = match RoleArn::parse(arn) {
        Err(error) => format!("{ANNOTATION} {} names no role: {error}", shown(arn, 160)),
        Ok(arn) if own.role().is_some_and(|own| own != arn.role()) => {
            format!(
                "{ANNOTATION} names the IAM role {}, and the account's name another",
                arn.role()
            )
        }
        Ok(arn) if !is_listed(arn.role(), write) => {
            format!(
                "the policy does not list the IAM role {} for this namespace",
                arn.role()
            )
        }
        Ok(_) => return Ok(()),
    };
    let path = format!("metadata.annotations[{ANNOTATION}]");
    findings.push(finding(write, "give a role to", &clause, Some(path)));
    Ok(())
}

fn annotations<'a>(what: &'static str, object: Raw<'a>) -> Result<Pairs<'a>, ReviewError> {
    #[derive(Default, serde::Deserialize)]
    struct Meta<'a> {
        #[serde(borrow, default)]
        annotations: Pairs<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Option<Meta<'a>>,
    }
    let object: Object<'a> = view::read(what, object)?;
    Ok(object.metadata.unwrap_or_default().annotations)
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
        findings.push(finding(write, verb, &violation.seen, Some(violation.path)));
    }
    Ok(())
}

fn judge(pod: &Pod<'_>, write: &Write<'_>, violations: &mut Vec<Violation>) {
    for account in pod.spec.service_accounts() {
        if let Some(clause) = unlisted_account(account, write) {
            violations.push(Violation {
                key: format!("account {account}"),
                path: "spec.serviceAccountName".to_owned(),
                seen: clause,
            });
        }
        let identity = write.runs_as(account);
        if identity == RunsAs::Ordinary {
            continue;
        }
        for (list, index, container) in pod.spec.all_containers() {
            for wrong in wrong_variables(container, identity.role(), write) {
                violations.push(Violation {
                    key: format!("{VARIABLE} {} {wrong}", container.name),
                    path: format!("spec.{list}[{index}].env"),
                    seen: format!(
                        "{VARIABLE} of container {} {wrong}",
                        shown(&container.name, 63)
                    ),
                });
            }
        }
    }
}

/// Every variable of that name counts: which of two wins is the runtime's choice.
fn wrong_variables<'a>(
    container: &'a Container<'_>,
    own: Option<&'a Role>,
    write: &'a Write<'_>,
) -> impl Iterator<Item = String> + 'a {
    let variables = container.env.kept().map(|(_, variable)| variable);
    let variables = variables.filter(|variable| variable.name.as_str() == VARIABLE);
    variables.filter_map(move |variable| {
        if variable.value_from.is_some() {
            return Some("comes from elsewhere, where rolegate cannot see it".to_owned());
        }
        let value = variable
            .value
            .as_deref()
            .filter(|value| !value.is_empty())?;
        let role = match RoleArn::parse(value) {
            Ok(arn) => arn.role().clone(),
            Err(error) => {
                return Some(format!(
                    "is {}, which names no role: {error}",
                    shown(value, 160)
                ));
            }
        };
        let chained = || {
            let chains = write.tenancy.chains.iter();
            chains
                .filter(|chain| Some(chain.from.role()) == own)
                .flat_map(|chain| &chain.to)
                .any(|to| *to.role() == role)
        };
        let fits = own.map_or_else(|| is_listed(&role, write), |own| *own == role) || chained();
        (!fits).then(|| match own {
            Some(own) => {
                format!("names the IAM role {role}, and the pod's service account becomes {own}")
            }
            None => format!(
                "names the IAM role {role}, which the policy does not list for this namespace"
            ),
        })
    })
}

fn unlisted_account(account: &str, write: &Write<'_>) -> Option<String> {
    let identity = write.runs_as(account);
    let role = identity.role().filter(|role| !is_listed(role, write))?;
    Some(format!(
        "service account {} becomes the IAM role {role}, which the policy does not list for this namespace",
        shown(account, 160)
    ))
}

fn is_listed(role: &Role, write: &Write<'_>) -> bool {
    write
        .tenancy
        .execution_roles
        .iter()
        .any(|pattern| pattern.matches(role))
}

fn finding(write: &Write<'_>, verb: &str, clause: &str, path: Option<String>) -> Finding {
    // The review of a TokenRequest calls its object one.
    let object = match write.target.subresource() {
        "token" => format!("service account {}", write.what()),
        _ => write.object(),
    };
    Finding {
        rule: RuleId::ExecutionRole,
        seen: format!("{} may not {verb} {object}: {clause}", write.who()),
        path,
        why: WHY,
        instead: INSTEAD.into(),
        source: SOURCE,
    }
}
