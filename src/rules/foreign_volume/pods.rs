//! What pods and pod templates mount.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::facts::{JobId, PodWrite, Requester, Subject};
use crate::review::pod::{ClaimSpec, List, Pod, Source};
use crate::review::{ReviewError, Text, shown, view};
use crate::rules::Finding;
use crate::rules::fault::{self, Fault};

use super::claim::{ClaimName, executor_prefix, s3_secret};
use super::{finding, spec_faults};

/// Judges a pod or a template, and what a StatefulSet claims for its pods.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    if let Some(write) = subject.pod()? {
        // Status, a resize and debug containers bring no volume.
        if subject.request.resource.is("", "pods") && subject.request.sub_resource.is_some() {
            return Ok(());
        }
        let name = subject.name.sample();
        for fault in fault::brought(write, |pod, faults| {
            judge(subject, write, &name, pod, faults)
        }) {
            let seen = format!(
                "{} may not mount {} in {}",
                subject.who(),
                fault.seen,
                subject.object()
            );
            findings.push(finding(subject, seen, Some(fault.path)));
        }
    }
    if subject.request.resource.is("apps", "statefulsets") {
        check_claim_templates(subject, findings)?;
    }
    Ok(())
}

fn judge(
    subject: &Subject<'_>,
    write: &PodWrite<'_>,
    name: &str,
    pod: &Pod<'_>,
    faults: &mut Vec<Fault>,
) {
    for (index, volume) in pod.spec.volumes.iter().enumerate() {
        let mut fault = |field: &str, seen: String| {
            faults.push(Fault {
                key: seen.clone(),
                path: format!("spec.volumes[{index}].{field}"),
                seen,
            });
        };
        for source in &volume.sources {
            match source {
                Source::Claim(claim) if !may_mount(subject, write, name, claim) => {
                    let seen = format!("the claim {}, which is another's", shown(claim, 160));
                    fault("persistentVolumeClaim.claimName", seen);
                }
                Source::Secret(secret) => {
                    if let Some(seen) = foreign_secret(subject, secret) {
                        fault("secret.secretName", seen);
                    }
                }
                Source::Projected(parts) => {
                    for secret in parts.iter().filter_map(|part| part.secret.as_ref()) {
                        if let Some(seen) = foreign_secret(subject, &secret.name) {
                            fault("projected.sources", seen);
                        }
                    }
                }
                Source::Ephemeral(spec) => {
                    for (path, what) in spec_faults(subject, spec) {
                        let field = format!("ephemeral.volumeClaimTemplate.spec.{path}");
                        fault(&field, format!("a claim {what}"));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether a pod may mount a claim, by what the claim's name says.
fn may_mount(subject: &Subject<'_>, write: &PodWrite<'_>, pod: &str, claim: &str) -> bool {
    let own_id = |id: JobId<'_>| matches!(&subject.requester, Requester::Job(job) if job.job_id() == Some(id));
    match ClaimName::parse(claim) {
        ClaimName::Other => true,
        ClaimName::Job(id) => own_id(id),
        // The pod's own, or one that an executor of the same application left.
        // Only a job's or an operator's pods are executors.
        ClaimName::Spark(owner) => {
            let starts_spark = matches!(
                subject.requester,
                Requester::Job(_) | Requester::Operator(_)
            );
            let kin =
                executor_prefix(owner).is_some() && executor_prefix(owner) == executor_prefix(pod);
            write.is_pod() && starts_spark && (owner == pod || kin)
        }
    }
}

fn foreign_secret(subject: &Subject<'_>, secret: &str) -> Option<String> {
    let id = s3_secret(secret)?;
    let own =
        matches!(&subject.requester, Requester::Job(job) if id.is_some() && job.job_id() == id);
    (!own).then(|| format!("the Secret {}, which is another job's", shown(secret, 160)))
}

/// A StatefulSet's pods mount `<template>-<set>-<number>`: names that two parts
/// of the author's choosing can put together.
fn check_claim_templates(
    subject: &Subject<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let request = subject.request;
    let (Some(new), None) = (request.object, request.sub_resource.as_ref()) else {
        return Ok(());
    };
    let new = claims("request.object", new)?;
    let old = match request.old_object {
        Some(old) => claims("request.oldObject", old)?,
        None => List::default(),
    };
    let set = subject.name.sample();
    for (index, claim) in new.iter().enumerate() {
        if old.contains(claim) {
            continue;
        }
        let at = format!("spec.volumeClaimTemplates[{index}]");
        let who = subject.who();
        let object = subject.object();
        let name = format!("{}-{set}-0", claim.metadata.name);
        if ClaimName::parse(&name) != ClaimName::Other {
            let seen = format!(
                "{who} may not have {object} claim {}, which is a job's name",
                shown(&name, 160)
            );
            findings.push(finding(subject, seen, Some(format!("{at}.metadata.name"))));
        }
        for (path, what) in spec_faults(subject, &claim.spec) {
            let seen = format!("{who} may not have {object} make a claim {what}");
            findings.push(finding(subject, seen, Some(format!("{at}.spec.{path}"))));
        }
    }
    Ok(())
}

/// One of `spec.volumeClaimTemplates`.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct ClaimTemplate<'a> {
    #[serde(borrow)]
    metadata: Name<'a>,
    #[serde(borrow)]
    spec: ClaimSpec<'a>,
}

#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
struct Name<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

fn claims<'a>(
    what: &'static str,
    set: &'a RawValue,
) -> Result<List<ClaimTemplate<'a>>, ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Spec<'a> {
        #[serde(borrow)]
        volume_claim_templates: List<ClaimTemplate<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Set<'a> {
        #[serde(borrow)]
        spec: Spec<'a>,
    }
    Ok(view::read::<Set<'a>>(what, set)?
        .spec
        .volume_claim_templates)
}
