//! # foreign-volume
//!
//! Denies access to the data on another job's volumes.
//!
//! ## What it stops
//!
//! **In pods, debug containers and pod templates:**
//!
//! - a volume claim whose name contains another job's id, or that Spark named for
//!   another job's pods (`<prefix>-driver-pvc-<n>`, `<prefix>-exec-<id>-pvc-<n>`)
//! - `ephemeral` volumes and `StatefulSets`' `volumeClaimTemplates` with a job's
//!   labels, or that copy such a claim, name the volume to bind to, or result in a claim of such a name
//! - disks by their id, without a claim (`awsElasticBlockStore` and similar kinds)
//! - another job's `emr-containers-s3-…` Secret as a volume, whatever the policy
//!   lists
//!
//! A template that changes in any way is judged as a whole, and so is a pod that
//! gets another image. Restarts, scaling and writes that change nothing are
//! allowed.
//!
//! **`PersistentVolumeClaims`:**
//!
//! - new ones under a job's name, or with a job's labels, by other requesters: a
//!   driver mounts the claims that it finds by its label
//! - content copied from a job's claim or snapshot (`dataSource`,
//!   `dataSourceRef`), or from any object in another namespace
//! - `volumeName`, which binds a volume that may have been another job's
//! - every change and deletion of a job's claims by other requesters, of
//!   annotations, finalizers and the status too (`pv.kubernetes.io/bind-completed`
//!   on a claim that waits for its volume makes it lost); by a job, of any claim that
//!   is not its own
//!
//! **Snapshots:** `VolumeSnapshots` of a job's claim, or of existing snapshot
//! content, and `VolumeGroupSnapshots`, which select claims by label.
//!
//! ## Who may what
//!
//! | requester | claims |
//! |---|---|
//! | EMR, administrators, Kubernetes' controllers | all; but a job's pod that a controller starts may only mount claims of its own job |
//! | a job | mounts claims that contain no job id or its own; executors mount those of executors with the same prefix, drivers those of drivers; changes and deletes those that its pod or its job owns |
//! | an operator of the policy | the same for the pods it starts; changes and deletes claims that belong to no job of EMR's, nor to a pod of a role that is not declared for it |
//! | tenants, add-ons | claims that do not belong to a job |
//!
//! A stored claim belongs to a job by its owner, by labels that only jobs have
//! (`spark-app-selector: spark-<job id>`), or by a name that only a job may give; the
//! first of these that says whose it is counts. A job's id is a word of 19 letters and
//! digits that begins with zeros. Claims with other names, made beforehand for
//! everybody's use, are allowed in pod templates. Storage drivers (add-ons of the
//! policy, service accounts of kube-system) write annotations, finalizers and the
//! status of every claim.
//!
//! ## Why
//!
//! A claim outlives its pod, and a pod that mounts or copies it reads what the job
//! read under its role: shuffle data, spills, caches.
//!
//! ## What to do instead
//!
//! Mount claims of your own, or let Spark make them (`claimName=OnDemand`). For
//! a volume that was made beforehand, have an administrator bind the claim.
//! Copy a job's data through S3, under the job's role.
//!
//! ## What it does not see
//!
//! - Which job a claim belongs to whose name has neither a job id nor Spark's form:
//!   put jobs that must not see each other's data into separate namespaces.
//! - Whether an executor's prefix, or the name of a driver's claim, is true: both
//!   are given by the pod's creator. A job that knows another job's prefix can name
//!   its executor after it.
//! - The job id of a driver that an operator started: it has none, so it deletes
//!   only what its pod owns (`spark.kubernetes.driver.ownPersistentVolumeClaim`,
//!   Spark's default).
//! - Network file systems (`nfs`, EFS): their server decides.
//! - A template that was in the cluster before the namespace was labelled. Check
//!   the templates before you label a namespace.

mod claims;
mod mounts;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester};
use crate::json::Pairs;
use crate::names::{ClaimName, JobId, shown};
use crate::policy::{About, Severity};
use crate::request::Path;
use crate::request::pod::{ClaimSpec, DataSource};
use crate::write::Write;

use super::shared::labels::{Holder, borrowed};
use super::shared::violation::{self, Violation};
use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "foreign-volume",
    Severity::High,
    include_str!("foreign_volume.rs"),
);

/// See the file's header.
pub(super) struct ForeignVolume;

static ADVICE: Advice = Advice {
    why: "a volume outlives its pod, so a pod that mounts or copies it gets the data that the \
          job read under its own role",
    instead: &[
        (
            &[Person, Job],
            "use a claim of your own, or let Spark make one (claimName=OnDemand); share data through S3, under the job's role",
        ),
        (
            &[Software, AddOn, Operator, Workload],
            "use a claim that is no job's, or let Spark make one (claimName=OnDemand); share data through S3, under the job's role",
        ),
    ],
    source: "Kubernetes documentation: Persistent Volumes, Volume Cloning; Apache Spark: \
             Running Spark on Kubernetes, Using Kubernetes Volumes",
};

impl Rule for ForeignVolume {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::UseVolume) == Extent::All {
            return Ok(());
        }
        let violations = match write.pod()? {
            Some(pod_write) => {
                let mut violations = violation::started(pod_write, |pod, violations| {
                    mounts::judge(write, pod_write, pod, violations);
                });
                mounts::judge_claim_templates(write, &mut violations)?;
                violations
            }
            None => claims::judge(write, facts)?,
        };
        findings.extend(violations.into_iter().map(|mut violation| {
            let act = std::mem::take(&mut violation.seen);
            violation.finding(&ABOUT, &ADVICE, act)
        }));
        Ok(())
    }
}

/// Why the name of a claim or snapshot is not this requester's, by the job id in it
/// or by its form; `None` where neither says so.
fn not_own(write: &Write<'_>, name: &str) -> Option<String> {
    if let Some(id) = others_id(own_id(write), name) {
        return Some(format!("it is that of job {id}"));
    }
    let own = || own_id(write).is_some_and(|own| JobId::words(name).any(|id| id == own));
    (ClaimName::parse(name) != ClaimName::Other && !own())
        .then(|| "Spark gave that name to a job's claim".to_owned())
}

/// The id of the requester's own job, where the requester is a job.
fn own_id<'s>(write: &'s Write<'_>) -> Option<JobId<'s>> {
    match &write.requester {
        Requester::Job(job) => job.job_id(),
        _ => None,
    }
}

/// A job id in a name that is not `own`.
fn others_id<'n>(own: Option<JobId<'_>>, name: &'n str) -> Option<JobId<'n>> {
    JobId::words(name).find(|id| own != Some(*id))
}

/// Judges the labels that a new claim gets: a driver mounts the claims that it finds
/// by them.
fn judge_labels(
    write: &Write<'_>,
    labels: &Pairs<'_>,
    verb: &str,
    at: &Path,
    violations: &mut Vec<Violation>,
) {
    // What a controller starts was judged as a template.
    if labels.is_empty() || matches!(write.requester, Requester::System(_)) {
        return;
    }
    let holder = Holder {
        name: write.possible_name(),
        uid: None,
    };
    let mut found = Vec::new();
    borrowed(write, holder, labels, &mut found);
    violations.extend(found.into_iter().map(|violation| Violation {
        seen: format!("{verb} with {}", violation.seen),
        path: at.clone(),
        ..violation
    }));
}

/// Judges what a new claim copies and binds to; `at` is the path of its spec.
fn judge_claim(
    write: &Write<'_>,
    claim: &ClaimSpec<'_>,
    verb: &str,
    at: &Path,
    violations: &mut Vec<Violation>,
) {
    let source = claim.data_source.as_ref();
    // The API server sets both fields to the same source.
    let reference = claim.data_source_ref.as_ref();
    let reference = reference.filter(|reference| Some(*reference) != source);
    for (field, source) in [("dataSource", source), ("dataSourceRef", reference)] {
        let Some(source) = source else { continue };
        if let Some(why) = not_to_copy(write, source) {
            let namespace = source.namespace.as_deref();
            let namespace = namespace.map_or_else(String::new, |name| format!("{name}/"));
            let (kind, name) = (source.kind.as_str(), source.name.as_str());
            violations.push(Violation {
                key: format!("{at} copies {kind} {namespace}{name}"),
                path: at.clone().key(field),
                seen: format!(
                    "{verb} with a copy of {} {}: {why}",
                    shown(kind, 63),
                    shown(name, 253)
                ),
            });
        }
    }
    if let Some(name) = claim.volume_name.as_deref().filter(|name| !name.is_empty()) {
        violations.push(Violation {
            key: format!("{at} binds {name}"),
            path: at.clone().key("volumeName"),
            seen: format!(
                "{verb} bound to volume {}, which may be another's",
                shown(name, 253)
            ),
        });
    }
}

fn not_to_copy(write: &Write<'_>, source: &DataSource<'_>) -> Option<String> {
    let namespace = source.namespace.as_deref().unwrap_or_default();
    if !namespace.is_empty() && namespace != write.target.namespace() {
        return Some(format!("it is in namespace {}", shown(namespace, 63)));
    }
    not_own(write, &source.name)
}
