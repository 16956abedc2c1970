//! # foreign-service-account
//!
//! Nobody starts a pod under an identity that is not theirs.
//!
//! ## What it stops
//!
//! - pods: `serviceAccountName` and its old alias `serviceAccount`, judged after
//!   all mutation
//! - pod templates of Deployments, `ReplicaSets`, `StatefulSets`, `DaemonSets`, Jobs,
//!   `CronJobs`, `ReplicationControllers`, `PodTemplates` and of whatever a
//!   `ControllerRevision` holds; on UPDATE when the template changes or a suspended
//!   Job is let go, so rollout restarts, scaling, status writes and no-op writes
//!   pass
//! - custom resources of any kind: every field called after a service account,
//!   and every string that names a reserved one (Spark configuration, Flink
//!   options, submit arguments); where the policy declares operators, a driver's
//!   pod template from a file (`driver.podTemplateFile`), which can name any
//!
//! ## Who may start what
//!
//! | requester | service accounts |
//! |---|---|
//! | EMR, administrators | all |
//! | a job | those of its own account and role, in its own namespace; a driver only as `spark-<own job id>-driver`, and no other pod under a name that carries a job id |
//! | an operator of the policy | those of the roles the policy declares for it |
//! | job controller | `client`; replica set controller: `jeg`; those and the stateful set controller: components of a declared operator |
//! | tenants | `default`, or what `submitters.serviceAccounts` lists; in a custom resource also those of `submitters.roles` |
//!
//! ## Why
//!
//! EMR's service accounts become IAM roles, and their names say which. Whoever
//! starts a pod under one becomes that role. AWS's security page asks not to
//! grant it: "Kubernetes RBAC permissions to create pods".
//!
//! ## What to do instead
//!
//! Submit the job through EMR (`StartJobRun`) with the execution role. For
//! other pods, use a service account that the policy lists for you.
//!
//! ## What it does not see
//!
//! Names that an operator puts together from parts: the pod is judged again
//! when the operator creates it. A Deployment that stood there before the
//! namespace was labelled, under a gateway's account (`jeg`), with somebody
//! else's image: scaling it up starts it. Look before you label.

mod custom_resource;

use crate::facts::{Action, Extent, Requester};
use crate::names::shown;
use crate::request::view::{self, TemplateShape};
use crate::request::{Operation, ReviewError, change};
use crate::write::Write;

use super::shared::startable::{Start, refusal};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new(
    "foreign-service-account",
    Severity::High,
    include_str!("foreign_service_account.rs"),
);

/// See the file's header.
pub(super) struct ForeignServiceAccount;

static ADVICE: Advice = Advice {
    why: "EMR's service accounts become IAM roles, so whoever starts a pod under one \
                   becomes that role",
    instead: "submit the job through Amazon EMR (StartJobRun), or use a service account \
                       that rolegate's policy lists for you",
    source: "Amazon EMR on EKS security best practices: permissions to create pods",
};

impl Rule for ForeignServiceAccount {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let writes = matches!(write.operation(), Operation::Create | Operation::Update);
        if !writes || write.extent(Action::StartPod) == Extent::All {
            return Ok(());
        }
        match Carrier::of(write) {
            Carrier::Nothing => Ok(()),
            Carrier::Pod => check_pod(write, findings),
            Carrier::Template(shape) => check_template(write, shape, findings),
            Carrier::Anything => custom_resource::check(write, findings),
        }
    }
}

/// Where an object of this resource can hold an identity.
enum Carrier {
    Nothing,
    Pod,
    Template(TemplateShape),
    Anything,
}

impl Carrier {
    fn of(write: &Write<'_>) -> Self {
        let resource = &write.target.resource;
        let main = write.target.is_main();
        if main && let Some(shape) = TemplateShape::of(resource) {
            return Self::Template(shape);
        }
        match (resource.group.as_str(), resource.resource.as_str()) {
            ("", "pods") if main => Self::Pod,
            ("apps", "controllerrevisions") => Self::Anything,
            (group, _) if BUILT_IN_GROUPS.contains(&group) => Self::Nothing,
            // The replica count of a custom resource; its template is not in it.
            _ if write.target.subresource() == "scale" => Self::Nothing,
            _ => Self::Anything,
        }
    }
}

/// Groups that kube-apiserver itself serves. What carries pods in them is
/// named above; all else is a custom resource, in whatever group.
const BUILT_IN_GROUPS: [&str; 21] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "storage.k8s.io",
];

fn check_pod(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let name = write.possible_name();
    let start = Start::Pod { name: &name };
    let stored = |account: &str| {
        let old = pod_write.old.as_ref();
        old.is_some_and(|old| old.spec.service_accounts().any(|known| known == account))
    };
    for (field, account) in pod_write.new.spec.service_account_fields() {
        if stored(account) {
            continue;
        }
        let Some(refused) = refusal(write, account, start) else {
            continue;
        };
        findings.push(finding(
            write,
            "start",
            &format!("pod {}", write.what()),
            account,
            &refused,
            format!("spec.{field}"),
        ));
    }
    Ok(())
}

fn check_template(
    write: &Write<'_>,
    shape: TemplateShape,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let request = write.request();
    let new = view::template("request.object", request.object()?, shape)?;
    let updates = request.operation() == Operation::Update;
    if updates {
        let old = view::template("request.oldObject", request.old_object()?, shape)?;
        if change::same_template(old, new) && !write.resumes_job()? {
            return Ok(());
        }
    }
    let Some(new) = new else { return Ok(()) };
    let workload = write.possible_name();
    for (field, account) in view::service_accounts("request.object", new)? {
        let start = Start::Template {
            workload: &workload,
        };
        let Some(refused) = refusal(write, &account, start) else {
            continue;
        };
        let verb = if updates {
            "change the pods of"
        } else {
            "start pods by"
        };
        let path = format!("{}.spec.{field}", shape.path());
        findings.push(finding(
            write,
            verb,
            &write.object(),
            &account,
            &refused,
            path,
        ));
    }
    Ok(())
}

fn finding(
    write: &Write<'_>,
    verb: &str,
    what: &str,
    account: &str,
    refused: &str,
    path: String,
) -> Finding {
    Finding {
        rule: RuleId::ForeignServiceAccount,
        seen: format!(
            "{} may not {verb} {what} under service account {}: {refused}",
            write.who(),
            shown(account, 160),
        ),
        path: Some(path),
        why: WHY,
        instead: instead(&write.requester).into(),
        source: SOURCE,
    }
}

/// What helps depends on who asks: a tenant submits, an operator is declared.
const fn instead(requester: &Requester<'_>) -> &'static str {
    match requester {
        Requester::Job(_) => {
            "start pods under this job's own role, named as Spark and Flink name them"
        }
        Requester::Operator(_) => {
            "declare the role for this operator in rolegate's policy (identities.operators)"
        }
        Requester::System(_) => {
            "remove the workload, or declare the operator it belongs to in rolegate's policy \
             (identities.operators)"
        }
        _ => INSTEAD,
    }
}
