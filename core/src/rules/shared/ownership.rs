//! Whose a stored object is. Shared by the rules that let a job change and end
//! what is its own.

use crate::facts::{JobToken, RunsAs, task_manager_cluster};
use crate::names::{PodName, Role};
use crate::request::OwnerReference;
use crate::request::pod::Pod;
use crate::write::Write;

/// Whether a stored owner is the token's own pod, or a Job or pod of its own job.
pub(in crate::rules) fn is_owned_by(job: &JobToken<'_>, owner: &OwnerReference<'_>) -> bool {
    if owner.uid.as_str() == job.pod_uid {
        return true;
    }
    let Some(id) = job.job_id() else { return false };
    match owner.kind.as_str() {
        "Job" => owner.name.as_str() == id.as_str(),
        "Pod" => PodName::parse(&owner.name).job_id() == Some(id),
        _ => false,
    }
}

/// Whether a job may count objects of `role` in the request's namespace among
/// its own: its own role at home, or what the policy pairs with it.
pub(in crate::rules) fn shares_role(job: &JobToken<'_>, role: &Role, write: &Write<'_>) -> bool {
    if job.namespace == write.target.namespace() {
        return *role == job.role;
    }
    write
        .tenancy
        .cross_roles
        .iter()
        .any(|pair| pair.namespace == job.namespace && pair.from == job.role && pair.to == *role)
}

/// Whether a stored pod is a part of the job whose token asks: the token's own
/// pod, one that it owns, or one whose name only that job could have given.
pub(in crate::rules) fn is_own_pod(job: &JobToken<'_>, pod: &Pod<'_>, write: &Write<'_>) -> bool {
    let same_role = pod.spec.service_accounts().all(|account| {
        write
            .runs_as(account)
            .role()
            .is_some_and(|role| shares_role(job, role, write))
    });
    if !same_role {
        return false;
    }
    let meta = &pod.metadata;
    if meta.uid.as_deref() == Some(job.pod_uid)
        || meta
            .owner_references
            .iter()
            .any(|owner| is_owned_by(job, owner))
    {
        return true;
    }
    let name = write.possible_name();
    let (id, cluster) = (PodName::parse(&name).job_id(), task_manager_cluster(&name));
    id.is_some() && id == job.job_id() || cluster.is_some() && cluster == job.flink_cluster()
}

/// Whom a pod or a template runs as: a job's identity, if there is one among
/// the names it gives.
pub(in crate::rules) fn identity_of(pod: &Pod<'_>, write: &Write<'_>) -> RunsAs {
    pod.spec
        .service_accounts()
        .map(|account| write.runs_as(account))
        .find(|identity| *identity != RunsAs::Ordinary)
        .unwrap_or(RunsAs::Ordinary)
}

/// Whether the policy declares the requester, an operator, for whatever a
/// stored pod or template runs as.
pub(in crate::rules) fn is_declared(
    operator: &crate::policy::Operator,
    pod: &Pod<'_>,
    write: &Write<'_>,
) -> bool {
    pod.spec.service_accounts().all(|account| {
        let fixed = operator.job_service_accounts.iter();
        fixed.clone().any(|fixed| fixed.name == account)
            || write
                .runs_as(account)
                .role()
                .is_some_and(|role| operator.runs(role))
    })
}
