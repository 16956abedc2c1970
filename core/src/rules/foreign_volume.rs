//! # foreign-volume
//!
//! Nobody gets at the data on another job's volumes.
//!
//! ## What it stops
//!
//! **In pods, debug containers and pod templates:**
//!
//! - a volume claim that carries another job's id, or that Spark named for
//!   another job's pods (`<prefix>-driver-pvc-<n>`, `<prefix>-exec-<id>-pvc-<n>`)
//! - `ephemeral` volumes and `StatefulSets`' `volumeClaimTemplates` that copy such
//!   a claim, bind to a volume by its name, or come to such a name
//! - disks by their id, past every claim (`awsElasticBlockStore` and the like)
//! - another job's `emr-containers-s3-…` Secret as a volume, whatever the policy
//!   lists
//!
//! A template that changes in any way is judged whole, and a pod that gets
//! another image. Restarts, scaling and writes that change nothing pass.
//!
//! **`PersistentVolumeClaims`:**
//!
//! - new ones under a job's name, by others
//! - content copied from a job's claim or snapshot (`dataSource`,
//!   `dataSourceRef`), or from another namespace at all
//! - `volumeName`, which takes a volume that may have been another's
//! - changes (of `spec`, labels and owners) and deletion of a job's claims by
//!   others; by a job, of any claim that is not its own
//!
//! **Snapshots:** `VolumeSnapshots` of a job's claim, or of content that is
//! already there, and `VolumeGroupSnapshots`, which pick claims by label.
//!
//! ## Who may what
//!
//! | requester | claims |
//! |---|---|
//! | EMR, administrators, Kubernetes' controllers | all; a job's pods that controllers start are held to the job's own id |
//! | a job | mounts claims without a job id or with its own; executors those of executors of the same prefix, drivers those of drivers; changes and deletes what its pod or its job owns |
//! | an operator of the policy | the same for the pods it starts; changes and deletes claims without a job id |
//! | tenants, add-ons | claims that are no job's |
//!
//! A stored claim is a job's own by its owner, the job id in its name, or
//! Spark's label `spark-app-selector: spark-<job id>`. Claims with other names
//! that a pod template mentions, made beforehand for everybody's use, pass.
//!
//! ## Why
//!
//! A claim outlives the pod, and whoever mounts or copies it reads what the job
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
//! Whose a claim is that has neither job id nor Spark's form of name: jobs that
//! must not see each other's belong into namespaces of their own. An executor's
//! prefix is its creator's word, and so is the name of a driver's claim: a job
//! that knows another's prefix can name its executor after it. A driver that an
//! operator started has no job id, so it deletes only what its pod owns
//! (`spark.kubernetes.driver.ownPersistentVolumeClaim`, as is Spark's default).
//! Network file systems (`nfs`, EFS), where the server decides. A template that
//! waited in the cluster before the namespace was labelled: look before you
//! label.

mod claims;
mod mounts;

use crate::facts::{Action, Extent, Requester};
use crate::write::Write;
use crate::names::shown;
use crate::names::{ClaimName, JobId};
use crate::request::ReviewError;
use crate::request::pod::{ClaimSpec, DataSource};

use super::shared::violation::{self, Violation};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("foreign-volume", Severity::High, include_str!("foreign_volume.rs"));

/// See the file's header.
pub(super) struct ForeignVolume;

static ADVICE: Advice = Advice {
    why: "a volume outlives its pod, so whoever mounts or copies it has the data that \
                   the job read under its own role",
    instead: "use a claim of your own, or let Spark make one (claimName=OnDemand); to \
                       share data go through S3 under the job's role",
    source: "Kubernetes documentation: Persistent Volumes, Volume Cloning; Apache Spark: \
                      Running Spark on Kubernetes, Using Kubernetes Volumes",
};

impl Rule for ForeignVolume {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
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
            None => claims::judge(write)?,
        };
        findings.extend(violations.into_iter().map(|violation| Finding {
            rule: RuleId::ForeignVolume,
            seen: format!("{} may not {}", write.who(), violation.seen),
            path: (!violation.path.is_empty()).then_some(violation.path),
            why: WHY,
            instead: INSTEAD.into(),
            source: SOURCE,
        }));
        Ok(())
    }
}

/// Why a name is not this requester's, as the id or the form of name says;
/// `None` where neither says anything.
fn not_own(write: &Write<'_>, name: &str) -> Option<String> {
    if let Some(id) = others_id(own_id(write), name) {
        return Some(format!("it is that of job {id}"));
    }
    let own = || own_id(write).is_some_and(|own| JobId::words(name).any(|id| id == own));
    (ClaimName::parse(name) != ClaimName::Other && !own())
        .then(|| "Spark gave that name to a job's claim".to_owned())
}

/// The job whose token this is.
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

/// What is wrong with what a claim is to start with.
fn judge_claim(
    write: &Write<'_>,
    claim: &ClaimSpec<'_>,
    verb: &str,
    at: &str,
    violations: &mut Vec<Violation>,
) {
    let source = claim.data_source.as_ref();
    // The API server keeps the two alike.
    let reference = claim.data_source_ref.as_ref();
    let reference = reference.filter(|reference| Some(*reference) != source);
    for (field, source) in [("dataSource", source), ("dataSourceRef", reference)] {
        let Some(source) = source else { continue };
        if let Some(why) = not_to_copy(write, source) {
            violations.push(Violation {
                key: format!("{at} copies {source:?}"),
                path: format!("{at}.{field}"),
                seen: format!(
                    "{verb} with a copy of {} {}: {why}",
                    shown(&source.kind, 63),
                    shown(&source.name, 253)
                ),
            });
        }
    }
    if let Some(name) = claim.volume_name.as_deref().filter(|name| !name.is_empty()) {
        violations.push(Violation {
            key: format!("{at} binds {name}"),
            path: format!("{at}.volumeName"),
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
