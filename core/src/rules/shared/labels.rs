//! Who may give an object the labels that belong to jobs, and which pods a selector
//! with them finds. `names::JobLabel` is the list of these labels.

use crate::facts::{JobToken, Requester};
use crate::json::{Pairs, Text};
use crate::names::{
    Component, FLINK_CLUSTER, Framework, JobLabel, Says, is_made_up_application, run_of_label,
    shown,
};
use crate::policy::Capability;
use crate::request::Path;
use crate::write::Write;

use super::violation::Violation;

/// The object that has, or gets, labels.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Holder<'h> {
    /// Its name, and for a template that of the workload.
    pub(in crate::rules) name: &'h str,
    /// Its uid, and for a template that of the workload: the API server labels the
    /// template of a new Job with it.
    pub(in crate::rules) uid: Option<&'h str>,
}

/// Those of the labels that make an object pass for a part of a job that is not
/// the requester's, or for a controller's.
pub(in crate::rules) fn borrowed(
    write: &Write<'_>,
    holder: Holder<'_>,
    labels: &Pairs<'_>,
    violations: &mut Vec<Violation>,
) {
    for (key, value) in labels.iter() {
        if let Some(why) = not_to_give(write, holder, labels, key, value) {
            violations.push(Violation {
                key: format!("{key}={value}"),
                path: Path::root().key("metadata").key("labels"),
                seen: format!(
                    "the label {} of {why} ({})",
                    shown(key, 120),
                    shown(value, 63)
                ),
            });
        }
    }
}

/// Whose label it is, where the requester may not give it to `holder`.
///
/// Kubernetes, EMR and administrators give every label; rules ask only for others.
pub(in crate::rules) fn not_to_give(
    write: &Write<'_>,
    holder: Holder<'_>,
    labels: &Pairs<'_>,
    key: &str,
    value: &str,
) -> Option<&'static str> {
    let says = JobLabel::of(key, value)?.says;
    let outsider = matches!(
        write.requester,
        Requester::Tenant(_) | Requester::Platform(_)
    );
    match says {
        Says::Run | Says::Application | Says::JobName => {
            if is_anothers(value, &write.requester) {
                return Some("another job");
            }
            match says {
                Says::Run => outsider.then_some("Amazon EMR"),
                Says::Application => (outsider && is_made_up_application(value))
                    .then_some("a Spark application of another requester"),
                _ => None,
            }
        }
        Says::Scheduled => (is_anothers(value, &write.requester)
            || outsider && is_made_up_application(value))
        .then_some("another job, to which a scheduler counts it"),
        Says::Emr => outsider.then_some("Amazon EMR"),
        Says::Operator => outsider.then_some("an operator of jobs"),
        Says::Endpoint => {
            (!is_endpoints(&write.requester)).then_some("an interactive endpoint of Amazon EMR")
        }
        Says::Flink => not_own_cluster(write, holder, labels).then_some("another Flink cluster"),
        Says::Controller => {
            (holder.uid != Some(value)).then_some("a controller, which adopts what has it")
        }
        Says::Part | Says::Tracking => None,
    }
}

/// Whether the value of a label names a run other than the requester's.
pub(in crate::rules) fn is_anothers(value: &str, requester: &Requester<'_>) -> bool {
    let own = match requester {
        Requester::Job(job) => job.job_id(),
        _ => None,
    };
    run_of_label(value).is_some_and(|id| own != Some(id))
}

/// Whether the requester is a part of an interactive endpoint: its gateway, a kernel.
fn is_endpoints(requester: &Requester<'_>) -> bool {
    matches!(requester, Requester::Job(job) if matches!(
        job.component,
        Some(Component::Jeg | Component::JegKernel | Component::Session)
    ))
}

/// Whether labels of Flink's make an object pass for a part of a cluster that is not
/// the requester's. An operator labels what it makes with the name of the Deployment,
/// or of one of the two of a cluster in standalone mode.
fn not_own_cluster(write: &Write<'_>, holder: Holder<'_>, labels: &Pairs<'_>) -> bool {
    let says = labels.get(FLINK_CLUSTER).unwrap_or_default();
    match &write.requester {
        Requester::Job(job) => match job.flink_cluster() {
            Some(own) => says != own,
            None => job.framework != Framework::Flink,
        },
        Requester::Operator(_) => {
            let of_workload = write.target.group() == "apps";
            of_workload && holder.name != says && holder.name != format!("{says}-taskmanager")
        }
        _ => true,
    }
}

/// What a Service's selector finds that is not the requester's: for most requesters
/// any job's pods; for jobs and operators another job's, or those of whichever.
pub(in crate::rules) fn foreign_selection(
    write: &Write<'_>,
    selector: &Pairs<'_>,
) -> Option<Selection> {
    let requester = &write.requester;
    let job = match requester {
        Requester::Job(job) => Some(job),
        Requester::Operator(_) => None,
        _ => {
            let (key, value, _) = marked(selector).next()?;
            return Some(Selection::new(FOR_A_JOBS, key, value));
        }
    };
    let anothers = |value: &str, says: Says| match says {
        Says::Run | Says::Application | Says::JobName => is_anothers(value, requester),
        Says::Controller => true,
        _ => false,
    };
    if let Some((key, value, _)) = marked(selector).find(|(_, value, says)| anothers(value, *says))
    {
        return Some(Selection::new(FOR_A_JOBS, key, value));
    }
    if let Some(own) = job.and_then(JobToken::flink_cluster) {
        let says = selector.get(FLINK_CLUSTER).unwrap_or_default();
        let why = "a selector for another cluster's pods";
        return (says != own).then(|| Selection::new(why, FLINK_CLUSTER, says));
    }
    let whichever = marked(selector).next();
    let says_whose =
        |(key, value): &(Text<'_>, Text<'_>)| says_which_job(job, key, value, whichever.is_some());
    if selector.iter().any(says_whose) {
        return None;
    }
    // A job that has an id selects by it; others may select labels of their own.
    let has_id = job.and_then(JobToken::job_id).is_some();
    let any = || {
        selector
            .first()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    };
    let (key, value) = match whichever {
        Some((key, value, _)) => (key, value),
        None if has_id => any()?,
        None => return None,
    };
    let why = "a selector that does not say which job's pods it finds";
    Some(Selection::new(why, key, value))
}

const FOR_A_JOBS: &str = "a selector for the pods of a job";

/// The labels of a selector by which it finds pods of jobs.
fn marked<'s>(selector: &'s Pairs<'_>) -> impl Iterator<Item = (&'s str, &'s str, Says)> {
    selector.iter().filter_map(|(key, value)| {
        let says = JobLabel::selects(key, value)?;
        // A Job with another name is an ordinary one.
        let counts = says != Says::JobName || run_of_label(value).is_some();
        counts.then_some((key.as_str(), value.as_str(), says))
    })
}

/// What a selector finds that it must not.
pub(in crate::rules) struct Selection {
    pub(in crate::rules) key: String,
    pub(in crate::rules) seen: String,
}

impl Selection {
    fn new(why: &str, key: &str, value: &str) -> Self {
        Self {
            key: format!("{key}={value}"),
            seen: format!("{why} ({}: {})", shown(key, 120), shown(value, 63)),
        }
    }
}

/// Whether a selector with this label finds the pods of one job only, which may be the
/// requester's.
fn says_which_job(job: Option<&JobToken<'_>>, key: &str, value: &str, of_jobs: bool) -> bool {
    let own = job.and_then(JobToken::job_id);
    match JobLabel::of(key, value).map(|row| row.says) {
        // Another run's was found before. What spark-submit makes up names no run.
        Some(Says::Application) => true,
        Some(Says::Run | Says::JobName) => own.is_some() && run_of_label(value) == own,
        // `sparkoperator.k8s.io/app-name` says it, `…/launched-by-spark-operator` not.
        Some(Says::Operator) => {
            job.is_none() && (key.ends_with("name") || key.ends_with("submission-id"))
        }
        Some(Says::Endpoint) => key == "kernel_id",
        // Of a Flink cluster, where the operator's other labels say that it is one.
        None => own.is_none() && of_jobs && key == FLINK_CLUSTER,
        Some(_) => false,
    }
}

/// Whether the requester repeats an object's labels and starts nothing: a queue that
/// copies a template into a `PodTemplate`.
pub(in crate::rules) fn mirrors(write: &Write<'_>) -> bool {
    matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Mirror))
        && write.target.is("", "podtemplates")
}
