//! # foreign-volume
//!
//! A job's volumes are for that job.
//!
//! ## What it stops
//!
//! - pods and pod templates that mount another job's claim
//!   (`spark-<job id>-driver-pvc-0`, `<application>-exec-1-pvc-0`), and
//!   StatefulSets whose claims would be called so
//! - pods and pod templates with another job's `emr-containers-s3-…` Secret as a
//!   volume, also where a pattern in the policy would let the Secret through
//! - copies: claims (and claims inside a pod, `ephemeral`) whose `dataSource` or
//!   `dataSourceRef` is another job's claim or lies in another namespace, and
//!   VolumeSnapshots of such a claim
//! - claims that pick their PersistentVolume by name (`volumeName`): it may be one
//!   that held another job's data
//! - changing or deleting a job's claims, deletecollection included
//!
//! ## Who may
//!
//! | requester | volumes |
//! |---|---|
//! | EMR, administrators | all |
//! | Kubernetes | what it makes, binds and cleans up |
//! | a job | claims of its own job and pods, of its executors, and those with names of the team's own choosing |
//! | tenants, operators, add-ons | claims that are no job's |
//!
//! A claim is a job's by its name, as Spark gives it, or by its stored owner, a
//! pod. An UPDATE that changes nothing passes for everybody.
//!
//! ## Why
//!
//! A job's disks hold its input, its shuffle files and what it writes down about
//! its credentials. Whoever mounts one, or a copy of one, has what the job's role
//! was needed for.
//!
//! ## What to do instead
//!
//! Exchange data through S3, or through a claim with a name of your own that both
//! jobs mount. Have the platform team make claims on existing volumes.
//!
//! ## What it does not see
//!
//! Whose executors' claim it is: the name carries no job id, so a job that starts
//! an executor under another application's prefix may mount that application's
//! executors' claims. Give teams that must not trust each other namespaces of their
//! own. Nor backups that somebody's software makes with rights of its own.

mod claim;
mod pods;

use serde::Deserialize;

use crate::facts::{Action, Extent, JobToken, Requester, Subject};
use crate::review::pod::{ClaimSpec, DataSource};
use crate::review::view::{self, TemplateShape};
use crate::review::{Operation, ReviewError, change, shown};

use super::own::is_owned_by;
use super::{Finding, Rule, RuleId, page};

use claim::ClaimName;

/// See the file's header.
pub(super) struct ForeignVolume;

const WHY: &str = "a job's volumes hold its data, so whoever mounts one, or a copy of one, has what \
                   the job's role was needed for";
const INSTEAD: &str = "exchange data through S3 or a claim with a name of your own; for a claim on \
                       an existing volume ask the platform team";
const SOURCE: &str = "Kubernetes: volume cloning, snapshots and pre-bound volumes; Spark on \
                      Kubernetes: names of a job's claims";

impl Rule for ForeignVolume {
    fn id(&self) -> RuleId {
        RuleId::ForeignVolume
    }

    fn page(&self) -> String {
        page::from_source(include_str!("foreign_volume.rs"))
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
        let request = subject.request;
        if subject.extent(Action::UseVolume) == Extent::All
            || matches!(subject.requester, Requester::System(_))
        {
            return Ok(());
        }
        let resource = &request.resource;
        match (resource.group.as_str(), resource.resource.as_str()) {
            ("", "persistentvolumeclaims") => check_claim(subject, findings),
            ("snapshot.storage.k8s.io", "volumesnapshots") => check_snapshot(subject, findings),
            ("groupsnapshot.storage.k8s.io", "volumegroupsnapshots")
                if request.operation == Operation::Create =>
            {
                findings.push(finding(
                    subject,
                    format!(
                        "{} may not create {}, which copies every claim with some label",
                        subject.who(),
                        subject.object()
                    ),
                    Some("spec.source.selector".to_owned()),
                ));
                Ok(())
            }
            ("", "pods") | ("apps" | "batch" | "extensions", _) => pods::check(subject, findings),
            ("", _) if TemplateShape::of(resource).is_some() => pods::check(subject, findings),
            _ => Ok(()),
        }
    }
}

/// A claim itself. Its status and its size are judged as changes like any other.
fn check_claim(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Claim<'a> {
        #[serde(borrow)]
        spec: ClaimSpec<'a>,
    }
    let request = subject.request;
    match request.operation {
        Operation::Create => {
            let name = subject.name.sample();
            let named = ClaimName::parse(&name);
            if named != ClaimName::Other && !may_make(subject, named) {
                findings.push(finding(
                    subject,
                    format!(
                        "{} may not create {} under a name that a job's pods look for",
                        subject.who(),
                        subject.object()
                    ),
                    Some("metadata.name".to_owned()),
                ));
            }
            let claim: Claim<'_> = view::read("request.object", request.object()?)?;
            findings.extend(
                spec_faults(subject, &claim.spec)
                    .into_iter()
                    .map(|(path, what)| {
                        let seen = format!(
                            "{} may not create {} {what}",
                            subject.who(),
                            subject.object()
                        );
                        finding(subject, seen, Some(format!("spec.{path}")))
                    }),
            );
        }
        Operation::Update | Operation::Delete => {
            // A report of the volume's driver; what is bound is not in it.
            if request.sub_resource() == "status" || is_own_or_nobodys(subject)? {
                return Ok(());
            }
            let update = request.operation == Operation::Update;
            if update && change::same_object(request.old_object, request.object) {
                return Ok(());
            }
            let verb = if update { "change" } else { "delete" };
            findings.push(finding(
                subject,
                format!(
                    "{} may not {verb} {}, which is a job's",
                    subject.who(),
                    subject.object()
                ),
                None,
            ));
        }
        Operation::Connect => {}
    }
    Ok(())
}

/// Whether the requester makes claims of that name: a job its own, and those of
/// its executors; an operator whatever carries no job id of EMR's.
fn may_make(subject: &Subject<'_>, name: ClaimName<'_>) -> bool {
    match (&subject.requester, name) {
        (Requester::Job(job), ClaimName::Job(id)) => job.job_id() == Some(id),
        (Requester::Job(_) | Requester::Operator(_), ClaimName::Spark(_)) => true,
        _ => false,
    }
}

/// Whether a stored claim is no job's, or the requester's own. Owners and labels
/// are those of the stored object: whoever may not write it did not choose them.
fn is_own_or_nobodys(subject: &Subject<'_>) -> Result<bool, ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Stored<'a> {
        #[serde(borrow)]
        metadata: crate::review::pod::PodMeta<'a>,
    }
    let stored: Stored<'_> = view::read("request.oldObject", subject.request.old_object()?)?;
    let meta = &stored.metadata;
    let name = subject.name.sample();
    let named = ClaimName::parse(&name);
    let owned = meta
        .owner_references
        .iter()
        .any(|owner| owner.kind.as_str() == "Pod");
    let Requester::Job(job) = &subject.requester else {
        return Ok(named == ClaimName::Other && !owned);
    };
    let application = meta.labels.get("spark-app-selector");
    Ok(meta
        .owner_references
        .iter()
        .any(|owner| is_owned_by(job, owner))
        || matches!(named, ClaimName::Job(id) if job.job_id() == Some(id))
        || application.is_some_and(|label| is_own_application(job, label)))
}

/// EMR's `spark-app-selector` is `spark-<job id>`.
fn is_own_application(job: &JobToken<'_>, label: &str) -> bool {
    job.job_id()
        .is_some_and(|id| label.strip_prefix("spark-") == Some(id.as_str()))
}

/// What is wrong with a claim's `spec`, with the path from there.
fn spec_faults(subject: &Subject<'_>, spec: &ClaimSpec<'_>) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    for (field, source) in [
        ("dataSource", &spec.data_source),
        ("dataSourceRef", &spec.data_source_ref),
    ] {
        let Some(source) = source else { continue };
        // The API server keeps the two equal where both can say the same.
        if field == "dataSourceRef" && spec.data_source.as_ref() == Some(source) {
            continue;
        }
        if let Some(fault) = source_fault(subject, source) {
            faults.push((field.to_owned(), fault));
        }
    }
    if let Some(volume) = spec.volume_name.as_deref().filter(|name| !name.is_empty()) {
        let what = format!("on the volume {} of its own choice", shown(volume, 120));
        faults.push(("volumeName".to_owned(), what));
    }
    faults
}

fn source_fault(subject: &Subject<'_>, source: &DataSource<'_>) -> Option<String> {
    let name = shown(&source.name, 120);
    let elsewhere = source
        .namespace
        .as_deref()
        .filter(|namespace| !namespace.is_empty() && *namespace != subject.request.namespace());
    if let Some(namespace) = elsewhere {
        return Some(format!(
            "as a copy of {name} in namespace {}",
            shown(namespace, 63)
        ));
    }
    let own = match ClaimName::parse(&source.name) {
        ClaimName::Other => true,
        ClaimName::Job(id) => {
            matches!(&subject.requester, Requester::Job(job) if job.job_id() == Some(id))
        }
        ClaimName::Spark(_) => false,
    };
    (!own).then(|| format!("as a copy of {name}, which is a job's"))
}

fn check_snapshot(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Source<'a> {
        #[serde(borrow)]
        persistent_volume_claim_name: Option<crate::review::Text<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Spec<'a> {
        #[serde(borrow)]
        source: Source<'a>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Snapshot<'a> {
        #[serde(borrow)]
        spec: Spec<'a>,
    }
    let request = subject.request;
    if !matches!(request.operation, Operation::Create | Operation::Update)
        || request.sub_resource.is_some()
    {
        return Ok(());
    }
    let of = |what, raw| -> Result<_, ReviewError> {
        Ok(view::read::<Snapshot<'_>>(what, raw)?
            .spec
            .source
            .persistent_volume_claim_name)
    };
    let claim = of("request.object", request.object()?)?.unwrap_or_default();
    if request.operation == Operation::Update {
        let before = of("request.oldObject", request.old_object()?)?.unwrap_or_default();
        if before == claim {
            return Ok(());
        }
    }
    let source = DataSource {
        name: claim,
        ..DataSource::default()
    };
    if let Some(fault) = source_fault(subject, &source) {
        findings.push(finding(
            subject,
            format!(
                "{} may not create {} {fault}",
                subject.who(),
                subject.object()
            ),
            Some("spec.source.persistentVolumeClaimName".to_owned()),
        ));
    }
    Ok(())
}

fn finding(subject: &Subject<'_>, seen: String, path: Option<String>) -> Finding {
    let instead = match subject.requester {
        Requester::Job(_) => {
            "mount this job's own claims, as Spark names them, or one with a name of the team's own"
        }
        _ => INSTEAD,
    };
    Finding {
        rule: RuleId::ForeignVolume,
        seen,
        path,
        why: WHY,
        instead: instead.into(),
        source: SOURCE,
    }
}
