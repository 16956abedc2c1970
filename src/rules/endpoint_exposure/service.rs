//! Services.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::facts::{JobToken, PodName, Requester, Subject};
use crate::policy::Capability;
use crate::review::pod::{List, Pairs};
use crate::review::{Operation, OwnerReference, ReviewError, Text, change, shown, view};
use crate::rules::Finding;
use crate::rules::fault::{Fault, only_new};
use crate::rules::own::is_owned_by;
use crate::rules::pod_tampering::{JOB_LABELS, is_reserved, job_of};

use super::load_balancer::{is_public, is_too_wide};
use super::{finding, is_jobs_service, is_platform, is_unchanged, objects};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Service<'a> {
    #[serde(borrow)]
    metadata: Option<Meta<'a>>,
    #[serde(borrow)]
    spec: Option<Spec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta<'a> {
    #[serde(borrow)]
    annotations: Pairs<'a>,
    #[serde(borrow)]
    owner_references: List<OwnerReference<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    selector: Pairs<'a>,
    #[serde(borrow, rename = "externalIPs")]
    external_ips: List<Text<'a>>,
    #[serde(borrow)]
    external_name: Option<Text<'a>>,
    #[serde(borrow)]
    load_balancer_class: Option<Text<'a>>,
    #[serde(borrow)]
    load_balancer_source_ranges: List<Text<'a>>,
}

/// A Service with what rules ask of it.
struct Read<'a> {
    meta: Meta<'a>,
    spec: Spec<'a>,
}

fn read<'a>(what: &'static str, object: &'a RawValue) -> Result<Read<'a>, ReviewError> {
    let service: Service<'a> = view::read(what, object)?;
    Ok(Read {
        meta: service.metadata.unwrap_or_default(),
        spec: service.spec.unwrap_or_default(),
    })
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let (new, old) = objects(subject)?;
    let new = new.map(|raw| read("request.object", raw)).transpose()?;
    let old = old.map(|raw| read("request.oldObject", raw)).transpose()?;
    if let Some(old) = &old
        && is_anothers(old, subject)
        && !is_unchanged(subject)?
    {
        findings.push(finding(subject, ", which leads to a job", None));
        return Ok(());
    }
    let Some(new) = new else { return Ok(()) };
    let mut faults = Vec::new();
    judge(&new, subject, &mut faults);
    if faults.is_empty() {
        return Ok(());
    }
    let mut before = Vec::new();
    if let Some(old) = old {
        judge(&old, subject, &mut before);
    }
    for fault in only_new(faults, before) {
        findings.push(finding(
            subject,
            &format!(" {}", fault.seen),
            Some(fault.path),
        ));
    }
    Ok(())
}

/// A load balancer's address in the status draws traffic as `externalIPs` does.
pub(super) fn status(
    subject: &Subject<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let request = subject.request;
    if request.operation != Operation::Update || is_platform(subject, Some(Capability::Status)) {
        return Ok(());
    }
    let (old, new) = (request.old_object()?, request.object()?);
    let differs = change::changed("a Service", Some(old), Some(new))?;
    for part in differs.iter().filter(|part| part.name.as_str() == "status") {
        let fields = change::changed("a Service's status", part.old, part.new)?;
        if fields
            .iter()
            .any(|field| field.name.as_str() == "loadBalancer")
        {
            let path = "status.loadBalancer".to_owned();
            findings.push(finding(subject, "'s status with an address", Some(path)));
        }
    }
    Ok(())
}

fn judge(service: &Read<'_>, subject: &Subject<'_>, faults: &mut Vec<Fault>) {
    let spec = &service.spec;
    let annotations = &service.meta.annotations;
    let mut fault = |key: String, path: &str, seen: String| {
        faults.push(Fault {
            key,
            path: path.to_owned(),
            seen,
        });
    };
    match spec.kind.as_deref() {
        Some("NodePort") => fault(
            "NodePort".to_owned(),
            "spec.type",
            "of type NodePort, which opens a port on every node".to_owned(),
        ),
        Some("LoadBalancer") => {
            let class = spec.load_balancer_class.as_deref().unwrap_or_default();
            let allowed = &subject.policy.rules.endpoint_exposure.source_ranges;
            let ranges = &spec.load_balancer_source_ranges;
            if let Some(why) = is_public(annotations, class) {
                fault(
                    why.clone(),
                    "metadata.annotations",
                    format!("of type LoadBalancer {why}"),
                );
            }
            if let Some(why) = is_too_wide(annotations, ranges, allowed) {
                fault(
                    why.clone(),
                    "spec.loadBalancerSourceRanges",
                    format!("of type LoadBalancer {why}"),
                );
            }
        }
        _ => {}
    }
    for address in spec.external_ips.iter() {
        fault(
            format!("address {address}"),
            "spec.externalIPs",
            format!("with the external address {}", shown(address, 60)),
        );
    }
    let first = spec
        .external_name
        .as_deref()
        .and_then(|host| host.split('.').next());
    if let Some(name) = first.filter(|name| is_jobs_service(name, subject))
        && !matches!(subject.requester, Requester::Operator(_))
    {
        fault(
            format!("name {name}"),
            "spec.externalName",
            format!("as another name for {}", shown(name, 120)),
        );
    }
    if let Some((key, value)) = selects_anothers(&spec.selector, &subject.requester) {
        fault(
            format!("selector {key}={value}"),
            "spec.selector",
            format!("that selects a job's pods ({})", shown(key, 120)),
        );
    }
}

/// The first label by which a selector finds pods of jobs that are not the
/// requester's.
fn selects_anothers<'a>(
    selector: &'a Pairs<'_>,
    requester: &Requester<'_>,
) -> Option<(&'a str, &'a str)> {
    let (key, value) = selector
        .iter()
        .find(|(key, value)| finds_jobs(key, value))?;
    let own = match requester {
        Requester::Operator(_) => true,
        Requester::Job(job) => is_own_selector(selector, job),
        _ => false,
    };
    (!own).then_some((key, value))
}

/// Whether a label is one that EMR, Spark or Flink gives a job's pods.
fn finds_jobs(key: &str, value: &str) -> bool {
    is_reserved(key) || key == "type" && value.starts_with("flink-")
}

/// Whether a selector finds a job's own pods only. A job without an id of its
/// own (an operator's) is believed unless it names one.
fn is_own_selector(selector: &Pairs<'_>, job: &JobToken<'_>) -> bool {
    let mut named = JOB_LABELS
        .iter()
        .filter_map(|key| selector.get(key))
        .peekable();
    let some = named.peek().is_some();
    some && named.all(|value| job_of(value) == job.job_id())
}

/// Whether a stored Service is a job's, and the requester a tenant or another
/// job. A UI's name alone may be anybody's.
fn is_anothers(service: &Read<'_>, subject: &Subject<'_>) -> bool {
    let selector = &service.spec.selector;
    let owners = &service.meta.owner_references;
    let name = subject.name.sample();
    let jobs = is_jobs_service(&name, subject) && !name.ends_with("-ui-svc")
        || selector.iter().any(|(key, value)| finds_jobs(key, value))
        || owners
            .iter()
            .any(|owner| PodName::parse(&owner.name).job_id().is_some());
    jobs && match &subject.requester {
        Requester::Tenant(_) => true,
        Requester::Job(job) => {
            let cluster = name.strip_suffix("-rest").unwrap_or(&name);
            !(owners.iter().any(|owner| is_owned_by(job, owner))
                || job.job_id().is_some() && is_own_selector(selector, job)
                || job.flink_cluster() == Some(cluster))
        }
        _ => false,
    }
}
