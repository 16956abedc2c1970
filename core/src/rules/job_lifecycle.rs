//! # job-lifecycle
//!
//! Denies ending another requester's job from inside the cluster.
//!
//! The mode is `warn` unless the policy gives another.
//!
//! ## What it stops
//!
//! - DELETE, one by one or as a collection, of a job's pods, of EMR's Jobs, and
//!   of Deployments, StatefulSets and other workloads whose pods run under a job's
//!   service account (interactive endpoints, Flink clusters)
//! - DELETE of a custom resource that stands for a job, because its operator then ends
//!   the job: one that names a job's service account or role, or joins an object that
//!   does; and changes of its owner references and finalizers. Of what a queue keeps for
//!   a job (a `Workload`, a `PodGroup`) every change, and a second one: it ends the job
//!   by what that says
//! - eviction (`pods/eviction`) by tenants, jobs and operators: the request
//!   names a pod and does not say whose it is
//! - changes of such Jobs and workloads that end their pods or hide them from
//!   EMR: `suspend`, `parallelism`, `replicas`, deadlines, `ttlSecondsAfterFinished`
//!   and every other field beside the pod template; `*/scale` to fewer pods, where rolegate
//!   may look the workload up; a Job's or replica set's labels, owner references
//!   (an owner that does not exist makes the garbage collector delete the object),
//!   finalizers, and a status that says the Job is over
//!
//! The pod template itself and the spec of a custom resource (`suspend`) are judged by
//! `foreign-service-account`: restarts are allowed here.
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | EMR, administrators, Kubernetes | everything |
//! | a job | its own pods; a Flink job manager its own Deployment, an endpoint's gateway the kernels of its role |
//! | an operator of the policy | what runs under the roles declared for it |
//! | add-ons with the capability `scale` | `*/scale` |
//! | add-ons with the capability `evict` | pods, Jobs (queues suspend them) and custom resources; with `mirror`, custom resources |
//! | tenants | jobs whose role `submitters.roles` of the policy lists for them |
//!
//! ## Why
//!
//! A deleted driver is a lost run, and if EMR starts it again, the new run may read
//! other data than the first. AWS's way to cancel a job is `CancelJobRun`: IAM
//! authorizes it, and it is recorded.
//!
//! ## What to do instead
//!
//! Cancel the job through EMR (`CancelJobRun`), delete the endpoint there
//! (`DeleteManagedEndpoint`), or delete the custom resource of an operator.
//! Delete your own pods instead of evicting them.
//!
//! ## What it does not see
//!
//! `*/scale` (a count without a pod template) where rolegate may not look the workload up;
//! VPA, which evicts. Whoever may point an autoscaler at another's workload is
//! `foreign-service-account`'s to judge. Preemption by a pod of higher priority, the removal of a node, quotas. Of a
//! DELETE of a collection the API server sends one review for each object, and each is
//! judged; what Volcano's `Command` or another object joins is looked up, and judged by its
//! operator's acts where rolegate may not look.

mod custom_resource;
mod scale;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::{Action, Extent, Facts, JobToken, Requester, RunsAs, surface};
use crate::json::Raw;
use crate::names::{Component, JobId, Role, shown};
use crate::policy::{About, Capability, Mode, Severity};
use crate::request::change::{Changed, changed};
use crate::request::pod::Pod;
use crate::request::view::TemplateShape;
use crate::request::{Act, Object, ReviewError};
use crate::write::Write;

use super::shared::ownership::{identity_of, is_declared, is_own_pod, shares_role};
use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About {
    mode: Mode::Warn,
    ..About::new(
        "job-lifecycle",
        Severity::Medium,
        include_str!("job_lifecycle.rs"),
    )
};

/// See the file's header.
pub(super) struct JobLifecycle;

static ADVICE: Advice = Advice {
    why: "ending a job here bypasses IAM authorization and EMR's records",
    instead: &[
        (
            &[Person],
            "cancel the job through Amazon EMR (CancelJobRun), or ask the platform team to list its role under `submitters.roles` in rolegate's policy",
        ),
        (
            &[Software],
            "list cluster software that ends pods under `identities.platform` with the capability `evict`, and whoever submits jobs under `submitters.users` with the job's role under `submitters.roles` in rolegate's policy",
        ),
        (
            &[AddOn],
            "give this add-on the capability `evict` under `identities.platform` in rolegate's policy",
        ),
        (
            &[Operator],
            "declare the job's role for this operator under `identities.operators[].roles` in rolegate's policy",
        ),
        (
            &[Job],
            "end this job's own pods only; another job is cancelled through Amazon EMR (CancelJobRun)",
        ),
    ],
    source: "Amazon EMR on EKS documentation, Managing job runs: cancelling a job run",
};

static EVICTION: Advice = Advice {
    instead: &[
        (
            &[Person],
            "delete the pod, if it is yours: a DELETE shows whose it is",
        ),
        (
            &[Software],
            "list cluster software that evicts pods under `identities.platform` with the capability `evict` in rolegate's policy",
        ),
        (
            &[AddOn],
            "give this add-on the capability `evict` under `identities.platform` in rolegate's policy",
        ),
        (
            &[Operator],
            "delete the pod instead: a DELETE shows whose it is, and this operator may end the jobs of its roles",
        ),
        (
            &[Job],
            "delete the pod instead: a DELETE shows whose it is, and a job may end its own pods",
        ),
    ],
    ..ADVICE
};

impl Rule for JobLifecycle {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &EVICTION];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::EndJob) == Extent::All
            || matches!(write.requester, Requester::System(_))
        {
            return Ok(());
        }
        let subresource = write.target.subresource();
        if write.target.is("", "pods") {
            match (subresource, write.act) {
                ("eviction", _) => eviction(write, findings),
                ("", Act::Delete(pod)) => deleted_pod(write, pod, findings)?,
                _ => {}
            }
            return Ok(());
        }
        if !surface::is_built_in(write.target.group()) && subresource != "scale" {
            return custom_resource::check(write, facts, findings);
        }
        if subresource == "scale" {
            return scale::check(write, facts, findings);
        }
        match TemplateShape::of(&write.target.resource) {
            Some(TemplateShape::PodTemplate) | None => Ok(()),
            Some(shape) if matches!(subresource, "" | "status") => {
                Ok(workload(write, shape, findings)?)
            }
            Some(_) => Ok(()),
        }
    }
}

/// The request does not hold the pod, so no job can show that the pod is its own.
fn eviction(write: &Write<'_>, findings: &mut Vec<Finding>) {
    if !may_evict(write) {
        let mut evicted = finding(write, "evict", "evict", "");
        evicted.advice = &EVICTION;
        findings.push(evicted);
    }
}

fn may_evict(write: &Write<'_>) -> bool {
    matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Evict))
}

fn deleted_pod(
    write: &Write<'_>,
    pod: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    if may_evict(write) {
        return Ok(());
    }
    let pod = pod.pod()?;
    let identity = identity_of(&pod, write);
    if identity == RunsAs::Ordinary {
        return Ok(());
    }
    let role = identity.role();
    let own = match &write.requester {
        Requester::Job(job) => is_own_pod(job, &pod, write) || is_kernel_of(job, &identity, write),
        Requester::Operator(operator) => is_declared(operator, &pod, write),
        _ => submits(write, role),
    };
    if !own {
        findings.push(finding(write, "delete", "delete", &runs_as(role)));
    }
    Ok(())
}

/// Whether a pod is a kernel of the requesting endpoint's gateway. The gateway
/// starts kernels without an owner reference and ends the idle ones.
fn is_kernel_of(job: &JobToken<'_>, identity: &RunsAs, write: &Write<'_>) -> bool {
    let kernel = matches!(
        identity,
        RunsAs::Job {
            component: Some(Component::JegKernel | Component::Session),
            ..
        }
    );
    kernel
        && job.component == Some(Component::Jeg)
        && identity
            .role()
            .is_some_and(|role| shares_role(job, role, write))
}

/// EMR's Jobs, and workloads that keep pods under a job's service account alive.
fn workload(
    write: &Write<'_>,
    shape: TemplateShape,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let Some(old) = write.act.stored() else {
        return Ok(());
    };
    let template: Pod<'_> = match old.template(shape)? {
        Some(template) => template.pod()?,
        None => Pod::default(),
    };
    let name = write.possible_name();
    let jobs = write.target.is("batch", "jobs");
    let identity = identity_of(&template, write);
    if identity == RunsAs::Ordinary && !(jobs && JobId::parse(name).is_some()) {
        return Ok(());
    }
    let role = identity.role();
    let (verb, key) = match write.act {
        Act::Update { old, new } => match ending_change(write, old, new)? {
            Some(what) => (format!("change {what} of"), what),
            None => return Ok(()),
        },
        _ => ("delete".to_owned(), "delete".to_owned()),
    };
    if !(jobs && may_evict(write) || owns(write, &template, name)) {
        findings.push(finding(write, &verb, &key, &runs_as(role)));
    }
    Ok(())
}

/// Whether a workload with that template is the requester's to end.
fn owns(write: &Write<'_>, template: &Pod<'_>, name: &str) -> bool {
    let identity = identity_of(template, write);
    let role = identity.role();
    match &write.requester {
        Requester::Job(job) => role.is_some_and(|role| is_own(job, role, name, write)),
        Requester::Operator(operator) => role.is_some() && is_declared(operator, template, write),
        _ => submits(write, role),
    }
}

/// Whether a workload is the job's own: a Flink job manager deletes its Deployment
/// when the cluster is done, and a job runner's Job has the job's id as its name.
fn is_own(job: &JobToken<'_>, role: &Role, name: &str, write: &Write<'_>) -> bool {
    shares_role(job, role, write)
        && (job.flink_cluster() == Some(name)
            || job.job_id().is_some() && job.job_id() == JobId::parse(name))
}

/// The first field that an UPDATE changes in such a way that the pods end or the
/// object is hidden from EMR.
fn ending_change(
    write: &Write<'_>,
    old: Object<'_>,
    new: Object<'_>,
) -> Result<Option<String>, ReviewError> {
    for part in changed("the object", Some(old.raw()), Some(new.raw()))? {
        let judged: fn(&str) -> bool = match part.name.as_str() {
            // EMR finds its Jobs by their labels, a Deployment its replica sets.
            "metadata"
                if write.target.is("batch", "jobs") || write.target.is("apps", "replicasets") =>
            {
                |field| matches!(field, "labels" | "ownerReferences" | "finalizers")
            }
            "metadata" => |field| matches!(field, "ownerReferences" | "finalizers"),
            "spec" => |field| !matches!(field, "template" | "jobTemplate"),
            "status" if write.target.subresource() == "status" => {
                return Ok(Some("the status".to_owned()));
            }
            _ => continue,
        };
        let fields = changed("the object", part.old, part.new)?;
        let ends = |field: &&Changed<'_>| judged(&field.name) && !is_more(field);
        if let Some(field) = fields.iter().find(ends) {
            return Ok(Some(shown(&format!("{}.{}", part.name, field.name), 80)));
        }
    }
    Ok(None)
}

/// Whether a field only asks for more pods or resumes a Job:
/// `foreign-service-account` judges who may start pods.
fn is_more(field: &Changed<'_>) -> bool {
    let count = |raw: Option<Raw<'_>>| raw.map_or(Some(1), |raw| raw.get().parse::<i64>().ok());
    match field.name.as_str() {
        "replicas" | "parallelism" => {
            matches!((count(field.old), count(field.new)), (Some(old), Some(new)) if old <= new)
        }
        "suspend" => field
            .new
            .is_none_or(|new| matches!(new.get(), "false" | "null")),
        _ => false,
    }
}

/// Whether the policy lists the role under the requester's `submitters.roles`.
fn submits(write: &Write<'_>, role: Option<&Role>) -> bool {
    role.is_some_and(|role| {
        let mut listed = write.submitters().flat_map(|entry| &entry.roles);
        listed.any(|pattern| pattern.matches(role))
    })
}

fn runs_as(role: Option<&Role>) -> String {
    role.map_or_else(
        || ", which is Amazon EMR's or a job's of unknown role".to_owned(),
        |role| format!(", which runs as the IAM role {role}"),
    )
}

fn finding(write: &Write<'_>, verb: &str, key: &str, clause: &str) -> Finding {
    let object = match write.target.subresource() {
        // The review of an eviction calls its object an Eviction.
        "eviction" => format!("pod {}", write.what()),
        _ => write.object(),
    };
    let act = format!("{verb} {object}{clause}");
    Finding::new(&ABOUT, &ADVICE, act).key(key.to_owned())
}
