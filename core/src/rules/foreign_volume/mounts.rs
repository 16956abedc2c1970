//! The volumes of pods.

use serde::Deserialize;

use crate::facts::{Requester, RunsAs};
use crate::json::{Pairs, Text};
use crate::names::{ClaimName, Component, JobId, LogSecret, PodName, executor_prefix, shown};
use crate::request::pod::{ClaimSpec, ClaimTemplate, Pod, Source};
use crate::request::{Object, Path, ReviewError};
use crate::rules::shared::violation::new_ones;
use crate::write::{PodWrite, Write};

use super::{Violation, judge_claim, judge_labels, not_own, others_id, own_id};

/// Kinds of volumes that attach a disk, or mount one over the network, by its id.
const DISKS: [&str; 14] = [
    "awsElasticBlockStore",
    "azureDisk",
    "cinder",
    "fc",
    "gcePersistentDisk",
    "iscsi",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
    "glusterfs",
];

/// Judges the volumes of a pod.
pub(super) fn judge(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    pod: &Pod<'_>,
    violations: &mut Vec<Violation>,
) {
    let verb = || {
        let verb = pod_write.verb(write.operation());
        format!("{verb} {}", write.object())
    };
    let mut user = None;
    for (index, volume) in pod.spec.volumes.iter().enumerate() {
        let at = || Path::root().key("spec").key("volumes").index(index);
        for source in volume.sources.iter() {
            if let Source::Secret(secret) = source {
                if let Some(id) = others_log_secret(write, pod_write, secret) {
                    violations.push(Violation {
                        key: format!("secret {}", secret.as_str()),
                        path: at().key("secret").key("secretName"),
                        seen: format!(
                            "{} with Secret {}: it is that of job {id}",
                            verb(),
                            shown(secret, 253)
                        ),
                    });
                }
                continue;
            }
            let Some(storage) = Storage::of(source) else {
                continue;
            };
            // Made here because few pods have such volumes.
            let user = user.get_or_insert_with(|| User::of(write, pod_write, pod));
            if user.is_judged_elsewhere() {
                return;
            }
            match storage {
                Storage::Disk(kind) => violations.push(Violation {
                    key: format!("{} {kind}", volume.name.as_str()),
                    path: at().key(kind),
                    seen: format!("{} with a disk by its id ({kind})", verb()),
                }),
                Storage::Claim(claim) => {
                    if let Some(why) = user.refusal(claim) {
                        violations.push(Violation {
                            key: format!("claim {claim}"),
                            path: at().key("persistentVolumeClaim").key("claimName"),
                            seen: format!("{} with claim {}: {why}", verb(), shown(claim, 253)),
                        });
                    }
                }
                Storage::NewClaim(claim) => {
                    // The controller names it after the pod.
                    let name = format!("{}-{}", user.name, volume.name.as_str());
                    if pod_write.is_pod()
                        && let Some(why) = user.refusal(&name)
                    {
                        violations.push(Violation {
                            key: format!("claim {name}"),
                            path: at().key("name"),
                            seen: format!("{} with claim {}: {why}", verb(), shown(&name, 253)),
                        });
                    }
                    let at = at().key("ephemeral").key("volumeClaimTemplate");
                    judge_claim(
                        write,
                        &claim.spec,
                        &verb(),
                        &at.clone().key("spec"),
                        violations,
                    );
                    let at = at.key("metadata").key("labels");
                    judge_labels(write, &claim.metadata.labels, &verb(), &at, violations);
                }
            }
        }
    }
}

/// What a volume keeps its data on.
enum Storage<'p, 'a> {
    /// A claim that exists, by its name.
    Claim(&'p str),
    /// A claim that is made with the pod.
    NewClaim(&'p ClaimTemplate<'a>),
    /// A disk, by its id: the field of [`DISKS`] that names it.
    Disk(&'static str),
}

impl<'p, 'a> Storage<'p, 'a> {
    fn of(source: &'p Source<'a>) -> Option<Self> {
        let kind = match source {
            Source::Claim(name) => return Some(Self::Claim(name.as_str())),
            Source::Ephemeral(claim) => return Some(Self::NewClaim(claim)),
            Source::Old { kind, .. } => *kind,
            Source::Other(kind) => kind.as_str(),
            _ => return None,
        };
        let disk = DISKS.into_iter().find(|disk| *disk == kind);
        disk.map(Self::Disk)
    }
}

/// The job for whose log sidecar EMR made a Secret, where that is not the job of
/// the pod's creator. A creator without a job id (a kernel) is left to
/// `secret-read`, which asks the policy.
fn others_log_secret<'n>(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    secret: &'n str,
) -> Option<JobId<'n>> {
    let id = LogSecret::parse(secret)?.job;
    let own = match &write.requester {
        Requester::Job(_) => own_id(write)?,
        // The job controller names pods after EMR's Job.
        Requester::System(_) if pod_write.is_pod() => {
            PodName::parse(write.possible_name()).job_id()?
        }
        Requester::System(_) => return None,
        _ => return Some(id),
    };
    (own != id).then_some(id)
}

/// The pod that a volume is for.
struct User<'s, 'a> {
    write: &'s Write<'a>,
    /// The pod's name; empty for a template.
    name: &'s str,
    identities: Vec<RunsAs>,
}

impl<'s, 'a> User<'s, 'a> {
    fn of(write: &'s Write<'a>, pod_write: &PodWrite<'_>, pod: &Pod<'_>) -> Self {
        let accounts = pod.spec.service_accounts();
        Self {
            write,
            name: if pod_write.is_pod() {
                write.possible_name()
            } else {
                ""
            },
            identities: accounts.map(|account| write.runs_as(account)).collect(),
        }
    }

    /// Whether the pod was judged as a template: a controller starts it, and it runs
    /// under an ordinary service account or as the gateway, whose Deployment is
    /// EMR's own.
    fn is_judged_elsewhere(&self) -> bool {
        matches!(self.write.requester, Requester::System(_))
            && self.identities.iter().all(|identity| {
                matches!(
                    identity,
                    RunsAs::Ordinary
                        | RunsAs::Job {
                            component: Some(Component::Jeg),
                            ..
                        }
                )
            })
    }

    /// Why the pod may not mount the claim.
    fn refusal(&self, claim: &str) -> Option<String> {
        self.identities.iter().find_map(|identity| match identity {
            RunsAs::Job { component, .. } => self.refusal_to_job(*component, claim),
            RunsAs::Ordinary | RunsAs::Reserved => not_own(self.write, claim),
        })
    }

    fn refusal_to_job(&self, component: Option<Component>, claim: &str) -> Option<String> {
        if let Some(id) = others_id(self.job(), claim) {
            return Some(format!("it is that of job {id}"));
        }
        let (driver, executor) = match component {
            Some(Component::Driver) => (true, false),
            Some(Component::Executor) => (false, true),
            // A fixed service account has pods of every kind.
            None => (true, true),
            Some(_) => (false, false),
        };
        let fits = match ClaimName::parse(claim) {
            ClaimName::Other => true,
            ClaimName::Driver => driver,
            // Spark reuses the claims of lost executors for new ones.
            ClaimName::Executor(prefix) => executor && executor_prefix(self.name) == Some(prefix),
        };
        (!fits).then(|| "Spark gave that name to the claim of another pod".to_owned())
    }

    fn job(&self) -> Option<JobId<'_>> {
        match self.write.requester {
            // The job controller names pods after EMR's Job.
            Requester::System(_) => match PodName::parse(self.name) {
                PodName::Runner(id) => Some(id),
                PodName::Driver(_) | PodName::Other => None,
            },
            _ => own_id(self.write),
        }
    }
}

#[derive(Deserialize)]
struct StatefulSet<'a> {
    #[serde(borrow)]
    spec: Option<StatefulSetSpec<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatefulSetSpec<'a> {
    #[serde(borrow)]
    volume_claim_templates: Option<Vec<SetsClaim<'a>>>,
}

#[derive(Deserialize)]
struct SetsClaim<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    spec: Option<ClaimSpec<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    labels: Pairs<'a>,
}

/// Judges the claims that a `StatefulSet` makes for its pods, or finds under their
/// names: `<template>-<set>-<number>`.
pub(super) fn judge_claim_templates(
    write: &Write<'_>,
    violations: &mut Vec<Violation>,
) -> Result<(), ReviewError> {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    if matches!(write.requester, Requester::System(_)) || !write.target.is("apps", "statefulsets") {
        return Ok(());
    }
    let new = of_set(write, new)?;
    if new.is_empty() {
        return Ok(());
    }
    let old = old.map(|old| of_set(write, old)).transpose()?;
    violations.extend(new_ones(new, old.unwrap_or_default()));
    Ok(())
}

fn of_set(write: &Write<'_>, object: Object<'_>) -> Result<Vec<Violation>, ReviewError> {
    let set: StatefulSet<'_> = object.read()?;
    let templates = set.spec.and_then(|spec| spec.volume_claim_templates);
    let verb = format!("start pods by {}", write.object());
    let mut violations = Vec::new();
    for (index, template) in templates.into_iter().flatten().enumerate() {
        let list = Path::root().key("spec").key("volumeClaimTemplates");
        let at = list.index(index);
        if let Some(spec) = &template.spec {
            let spec_at = at.clone().key("spec");
            judge_claim(write, spec, &verb, &spec_at, &mut violations);
        }
        if let Some(metadata) = &template.metadata {
            let at = at.clone().key("metadata").key("labels");
            judge_labels(write, &metadata.labels, &verb, &at, &mut violations);
        }
        let name = template.metadata.and_then(|metadata| metadata.name);
        let name = name.as_deref().unwrap_or_default();
        let claim = format!("{name}-{}-0", write.possible_name());
        if let Some(why) = not_own(write, &claim) {
            violations.push(Violation {
                key: format!("claim {claim}"),
                path: at.key("metadata").key("name"),
                seen: format!("{verb} with claim {}: {why}", shown(&claim, 253)),
            });
        }
    }
    Ok(violations)
}
