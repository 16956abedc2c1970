//! Labels that say which job an object belongs to.
//!
//! Pods may not borrow another job's labels, and a tenant's Services may not select
//! a job's pods by them.

use crate::facts::Requester;
use crate::names::JobId;

/// Labels whose value names a pod's job. Services select a driver by them.
pub(in crate::rules) const JOB_LABELS: [&str; 2] =
    ["spark-app-selector", "emr-containers.amazonaws.com/job.id"];

/// The job that the value of one of [`JOB_LABELS`] names: `spark-<job id>`, or the id.
pub(in crate::rules) fn job_of(value: &str) -> Option<JobId<'_>> {
    JobId::parse(value.strip_prefix("spark-").unwrap_or(value))
}

/// Whether the value of one of [`JOB_LABELS`] names a job other than the requester's.
pub(in crate::rules) fn is_anothers(value: &str, requester: &Requester<'_>) -> bool {
    let own = match requester {
        Requester::Job(job) => job.job_id(),
        _ => None,
    };
    job_of(value).is_some_and(|id| own != Some(id))
}

/// Whether EMR, an operator of Spark or Flink, EKS or the job controller finds pods
/// by this label or annotation, or marks with it what they are. Sources: EMR's own
/// pods, Spark's `Constants.scala`, Kubernetes' list of well-known labels.
pub(in crate::rules) fn is_reserved(key: &str) -> bool {
    const PREFIXES: [&str; 6] = [
        "emr-containers.amazonaws.com/",
        "eks-subscription.amazonaws.com/",
        "sparkoperator.k8s.io/",
        "eks.amazonaws.com/",
        "iam.amazonaws.com/",
        "batch.kubernetes.io/",
    ];
    const KEYS: [&str; 9] = [
        "spark-app-selector",
        "spark-role",
        "spark-exec-id",
        "spark-exec-resourceprofile-id",
        "spark-app-name",
        "spark-app-tag",
        "kernel_id",
        "job-name",
        "controller-uid",
    ];
    PREFIXES.iter().any(|prefix| key.starts_with(prefix)) || KEYS.contains(&key)
}
