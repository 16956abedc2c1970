//! Which job a stored object belongs to, for the rules that allow a job to change
//! and end its own objects.

use crate::facts::{JobToken, RunsAs, task_manager_cluster};
use crate::names::{PodName, Role};
use crate::policy::Operator;
use crate::request::OwnerReference;
use crate::request::pod::Pod;
use crate::write::Write;

/// Whether `owner`, of a stored object, is the token's pod, or a Job or pod of its job.
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

/// Whether objects of `role` in the request's namespace may belong to the job: in the
/// job's own namespace those of its role, elsewhere those of a role that the policy
/// pairs with it (`crossRole`).
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

/// Whether a stored pod belongs to the requesting job: it is the token's pod, or has
/// an owner of that job, or has a name that only that job could give.
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
    let (id, cluster) = (PodName::parse(name).job_id(), task_manager_cluster(name));
    id.is_some() && id == job.job_id() || cluster.is_some() && cluster == job.flink_cluster()
}

/// What a pod or template runs as. The service account's name and its alias may
/// differ: one that stands for a job or is reserved counts.
pub(in crate::rules) fn identity_of(pod: &Pod<'_>, write: &Write<'_>) -> RunsAs {
    pod.spec
        .service_accounts()
        .map(|account| write.runs_as(account))
        .find(|identity| *identity != RunsAs::Ordinary)
        .unwrap_or(RunsAs::Ordinary)
}

/// Whether the policy declares for `operator` every service account of a stored pod
/// or template, by its name or by its role.
pub(in crate::rules) fn is_declared(operator: &Operator, pod: &Pod<'_>, write: &Write<'_>) -> bool {
    pod.spec.service_accounts().all(|account| {
        write
            .policy
            .declares(operator, write.target.namespace(), account)
            || write
                .runs_as(account)
                .role()
                .is_some_and(|role| operator.runs(role))
    })
}
