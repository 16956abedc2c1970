//! Which Services belong to a job, and which labels select a job's pods.

use crate::facts::{JobToken, Requester};
use crate::json::Pairs;
use crate::names::{JobId, PodName};
use crate::request::pod::PodMeta;
use crate::rules::shared::job_labels::{JOB_LABELS, is_anothers, is_reserved, job_of};
use crate::rules::shared::ownership::is_owned_by;

/// Labels of the job controller's pods; their value is a Job's name, and EMR's
/// Jobs are named after the run.
const JOB_NAMES: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

/// Whether it is a name that Spark, its operator or EMR's reverse proxy gives to the
/// Service of a driver: `…-driver-svc`, `…-driver-4040-svc`, `…-ui-svc`.
pub(super) fn is_drivers(name: &str) -> bool {
    name.strip_suffix("-svc").is_some_and(|stem| {
        stem.ends_with("-driver") || stem.contains("-driver-") || stem.ends_with("-ui")
    })
}

/// The job whose driver's Service has this name: `spark-<job id>-driver-svc`.
pub(super) fn job_id(name: &str) -> Option<JobId<'_>> {
    let stem = name.strip_suffix("-svc")?;
    let page = || job_of(stem.strip_suffix("-ui")?);
    PodName::parse(stem).job_id().or_else(page)
}

/// Whether it is the name of a driver's Service that the requester may not create.
pub(super) fn is_foreign_name(name: &str, requester: &Requester<'_>) -> bool {
    match requester {
        Requester::Job(job) => job_id(name).is_some_and(|id| job.job_id() != Some(id)),
        Requester::Operator(_) => job_id(name).is_some(),
        _ => is_drivers(name),
    }
}

/// Whether a selector with this label finds pods of a job that are not the
/// requester's: those of any job for most requesters, of another job for jobs and
/// operators.
pub(super) fn is_foreign_label(key: &str, value: &str, requester: &Requester<'_>) -> bool {
    let run = JOB_LABELS.contains(&key) || JOB_NAMES.contains(&key);
    match requester {
        Requester::Job(_) | Requester::Operator(_) => run && is_anothers(value, requester),
        _ => is_jobs_label(key, value),
    }
}

/// Whether pods of EMR, Spark or Flink have such a label.
fn is_jobs_label(key: &str, value: &str) -> bool {
    if JOB_NAMES.contains(&key) {
        // A Job with another name is an ordinary one.
        return JobId::parse(value).is_some();
    }
    is_reserved(key)
        || matches!(
            (key, value),
            ("type", "flink-native-kubernetes")
                | ("component", "jobmanager" | "taskmanager")
                | ("app", "enterprise-gateway")
        )
}

/// Whether a stored Service belongs to a job: by its name, its selector, its labels
/// or its owner.
pub(super) fn is_jobs(name: &str, stored: &PodMeta<'_>, selector: &Pairs<'_>) -> bool {
    let pairs = || selector.iter().chain(stored.labels.iter());
    is_drivers(name)
        || pairs().any(|(key, value)| is_jobs_label(key, value))
        || stored.owner_references.iter().any(|owner| {
            let driver = || PodName::parse(&owner.name).job_id().is_some();
            *owner.kind == *"Pod" && (owner.name.ends_with("-driver") || driver())
        })
}

/// Whether a stored Service belongs to the job that asks.
pub(super) fn is_own(
    job: &JobToken<'_>,
    name: &str,
    stored: &PodMeta<'_>,
    selector: &Pairs<'_>,
) -> bool {
    let owned = || {
        stored
            .owner_references
            .iter()
            .any(|owner| is_owned_by(job, owner))
    };
    let run = || {
        let own = job.job_id();
        let says = |key: &str| selector.get(key).and_then(job_of) == own;
        own.is_some() && (job_id(name) == own || JOB_LABELS.iter().any(|key| says(key)))
    };
    owned() || run()
}

/// Whether a stored Service belongs to a job that came through EMR, which no operator
/// of the policy started.
pub(super) fn is_emrs(name: &str, selector: &Pairs<'_>) -> bool {
    let says = |key: &str| selector.get(key).and_then(job_of).is_some();
    job_id(name).is_some() || JOB_LABELS.iter().any(|key| says(key))
}

#[cfg(test)]
mod tests {
    use super::{is_drivers, job_id};

    #[test]
    fn names_of_drivers_services() {
        for (name, drivers, id) in [
            (
                "spark-0000000337okspsc913-driver-svc",
                true,
                Some("0000000337okspsc913"),
            ),
            (
                "spark-0000000337okspsc913-driver-2-svc",
                true,
                Some("0000000337okspsc913"),
            ),
            (
                "spark-0000000337okspsc913-ui-svc",
                true,
                Some("0000000337okspsc913"),
            ),
            ("pi-772b9c81ae56a93d-driver-svc", true, None),
            ("pi-driver-4040-svc", true, None),
            ("pi-ui-svc", true, None),
            ("driver-svc", false, None),
            ("orders-svc", false, None),
            ("pi-driver-svc-2", false, None),
            ("", false, None),
        ] {
            assert_eq!(is_drivers(name), drivers, "{name}");
            let found = job_id(name).map(|id| id.to_string());
            assert_eq!(found.as_deref(), id, "{name}");
        }
    }
}
