//! # job-lifecycle
//!
//! Nobody ends somebody else's job. `warn` unless the policy says otherwise.
//!
//! ## What it stops
//!
//! - DELETE, one by one or as a collection, of a job's pods, of EMR's Jobs, and
//!   of Deployments, StatefulSets and the like whose pods run under a job's
//!   service account (interactive endpoints, Flink clusters)
//! - eviction (`pods/eviction`) by tenants, jobs and operators: the request
//!   names a pod and does not say whose it is
//! - changes of such Jobs and workloads that end their pods or hide them from
//!   EMR: `suspend`, `parallelism`, `replicas`, deadlines, `ttlSecondsAfterFinished`,
//!   whatever else stands beside the pod template; a Job's labels, owner references
//!   (an owner that does not exist makes the garbage collector delete the object),
//!   finalizers, and a status that says the Job is over
//!
//! The pod template itself is `foreign-service-account`'s matter: restarts pass.
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | EMR, administrators, Kubernetes | everything |
//! | a job | its own pods; a Flink job manager its own Deployment, an endpoint's gateway the kernels of its role |
//! | an operator of the policy | what runs under the roles declared for it |
//! | add-ons with the capability `evict` | pods, and Jobs (queues suspend them) |
//! | tenants | jobs whose role `submitters.roles` of the policy lists for them |
//!
//! ## Why
//!
//! A deleted driver is a lost run, and one that EMR starts again may read other
//! data than the first. AWS: jobs are cancelled by `CancelJobRun`, which is
//! authorised by IAM and recorded.
//!
//! ## What to do instead
//!
//! Cancel the job through EMR (`CancelJobRun`), delete the endpoint there
//! (`DeleteManagedEndpoint`), or delete the custom resource of an operator.
//! Delete one's own pods instead of evicting them.
//!
//! ## What it does not see
//!
//! `*/scale` (a count without a pod template), pre-emption by a pod of higher
//! priority, a node that is taken away, quotas.

use crate::facts::{Action, Extent, JobToken, Requester, RunsAs};
use crate::write::Write;
use crate::json::Raw;
use crate::names::shown;
use crate::names::{Component, JobId, Role};
use crate::policy::Capability;
use crate::request::change::{Changed, changed};
use crate::request::pod::Pod;
use crate::request::view::{self, TemplateShape};
use crate::request::{Operation, ReviewError};

use super::shared::ownership::{identity_of, is_declared, is_own_pod, shares_role};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("job-lifecycle", Severity::High, include_str!("job_lifecycle.rs"));

/// See the file's header.
pub(super) struct JobLifecycle;

static ADVICE: Advice = Advice {
    why: "a job that is ended from inside the cluster is lost without EMR's knowledge \
                   and IAM's leave",
    instead: "cancel the job through Amazon EMR (CancelJobRun), or ask the platform team \
                       to list its role under `submitters.roles` in rolegate's policy",
    source: "Amazon EMR on EKS documentation, Managing job runs: cancelling a job run",
};

impl Rule for JobLifecycle {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::EndJob) == Extent::All
            || matches!(write.requester, Requester::System(_))
        {
            return Ok(());
        }
        let request = write.request();
        let deletes = request.operation() == Operation::Delete;
        let sub_resource = request.target.subresource();
        if request.target.is("", "pods") {
            return match sub_resource {
                "eviction" => {
                    eviction(write, findings);
                    Ok(())
                }
                "" if deletes => pod(write, findings),
                _ => Ok(()),
            };
        }
        match TemplateShape::of(&request.target.resource) {
            Some(TemplateShape::PodTemplate) => Ok(()),
            Some(shape) if matches!(sub_resource, "" | "status") => {
                workload(write, shape, findings)
            }
            _ => Ok(()),
        }
    }
}

/// The pod is in no part of the review, so nobody can show that it is theirs.
fn eviction(write: &Write<'_>, findings: &mut Vec<Finding>) {
    if !may_evict(write) {
        findings.push(Finding {
            instead: "delete the pod, if it is yours: a DELETE shows whose it is".into(),
            ..finding(write, "evict", "")
        });
    }
}

fn may_evict(write: &Write<'_>) -> bool {
    matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Evict))
}

fn pod(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    if may_evict(write) {
        return Ok(());
    }
    let pod: Pod<'_> = view::fill("request.oldObject", write.request.old_object()?)?;
    let identity = identity_of(&pod, write);
    if identity == RunsAs::Ordinary {
        return Ok(());
    }
    let role = identity.role();
    let own = match &write.requester {
        Requester::Job(job) => {
            is_own_pod(job, &pod, write) || is_kernel_of(job, &identity, write)
        }
        Requester::Operator(operator) => is_declared(operator, &pod, write),
        _ => submits(write, role),
    };
    if !own {
        findings.push(finding(write, "delete", &runs_as(role)));
    }
    Ok(())
}

/// Whether a pod is a kernel of the gateway that asks: the gateway starts them,
/// owns none by reference, and ends the idle ones.
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

/// EMR's Jobs, and whatever keeps pods under a job's service account alive.
fn workload(
    write: &Write<'_>,
    shape: TemplateShape,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let request = write.request();
    if request.operation() == Operation::Create {
        return Ok(());
    }
    let old = request.old_object()?;
    let template: Pod<'_> = match view::template("request.oldObject", old, shape)? {
        Some(template) => view::fill("request.oldObject", template)?,
        None => Pod::default(),
    };
    let name = write.possible_name();
    let emrs = request.target.is("batch", "jobs") && JobId::parse(&name).is_some();
    let identity = identity_of(&template, write);
    if identity == RunsAs::Ordinary && !emrs {
        return Ok(());
    }
    let role = identity.role();
    let verb = match request.operation() {
        Operation::Delete => "delete".to_owned(),
        _ => match ending_change(write)? {
            Some(what) => format!("change {what} of"),
            None => return Ok(()),
        },
    };
    let own = match &write.requester {
        Requester::Job(job) => role
            .as_ref()
            .is_some_and(|role| is_own(job, role, &name, write)),
        Requester::Operator(operator) => {
            role.is_some() && is_declared(operator, &template, write)
        }
        Requester::Platform(_) if request.target.is("batch", "jobs") && may_evict(write) => {
            true
        }
        _ => submits(write, role),
    };
    if !own {
        findings.push(finding(write, &verb, &runs_as(role)));
    }
    Ok(())
}

/// A Flink job manager removes its own Deployment when the cluster is done; a
/// job runner's own Job carries its id.
fn is_own(job: &JobToken<'_>, role: &Role, name: &str, write: &Write<'_>) -> bool {
    shares_role(job, role, write)
        && (job.flink_cluster() == Some(name)
            || job.job_id().is_some() && job.job_id() == JobId::parse(name))
}

/// What an UPDATE changes beside the pod template, if it can end the pods or
/// hide the object.
fn ending_change(write: &Write<'_>) -> Result<Option<String>, ReviewError> {
    let request = write.request();
    let (old, new) = (request.old_object()?, request.object()?);
    for part in changed("the object", Some(old), Some(new))? {
        let judged: fn(&str) -> bool = match part.name.as_str() {
            // EMR finds its Jobs by their labels.
            "metadata" if request.target.is("batch", "jobs") => {
                |field| matches!(field, "labels" | "ownerReferences" | "finalizers")
            }
            "metadata" => |field| matches!(field, "ownerReferences" | "finalizers"),
            "spec" => |field| !matches!(field, "template" | "jobTemplate"),
            "status" if request.target.subresource() == "status" => {
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

/// Whether a field only asks for more of the same, or lets a Job go: starting
/// pods is `foreign-service-account`'s matter.
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

/// Whether the policy counts jobs of a role as this requester's own.
fn submits(write: &Write<'_>, role: Option<&Role>) -> bool {
    role.is_some_and(|role| {
        let mut listed = write.submitters().flat_map(|entry| &entry.roles);
        listed.any(|pattern| pattern.matches(role))
    })
}

fn runs_as(role: Option<&Role>) -> String {
    role.map_or_else(
        || ", which is Amazon EMR's".to_owned(),
        |role| format!(", which runs as the IAM role {role}"),
    )
}

fn finding(write: &Write<'_>, verb: &str, clause: &str) -> Finding {
    let object = match write.target.subresource() {
        // The review of an eviction calls its object an Eviction.
        "eviction" => format!("pod {}", write.what()),
        _ => write.object(),
    };
    Finding {
        rule: RuleId::JobLifecycle,
        seen: format!("{} may not {verb} {object}{clause}", write.who()),
        path: None,
        why: WHY,
        instead: INSTEAD.into(),
        source: SOURCE,
    }
}
