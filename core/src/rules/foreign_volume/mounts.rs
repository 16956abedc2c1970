//! Volumes of pods.

use serde::Deserialize;

use crate::facts::{Requester, RunsAs};
use crate::write::{PodWrite, Write};
use crate::json::Raw;
use crate::names::shown;
use crate::names::{ClaimName, Component, JobId, PodName, executor_prefix};
use crate::request::pod::{ClaimSpec, Pod, Source};
use crate::request::{Operation, ReviewError, view};

use crate::rules::shared::violation::new_ones;

use super::{Violation, judge_claim, not_own, others_id, own_id};

/// Kinds that attach a disk, or mount one over the network, by its own id.
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

/// What EMR gives the Secrets with which a job's log sidecar writes to S3:
/// `emr-containers-s3-<virtual cluster>-<job id>`.
const LOG_SECRET: &str = "emr-containers-s3-";

/// What is wrong with a pod's volumes.
pub(super) fn judge(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    pod: &Pod<'_>,
    violations: &mut Vec<Violation>,
) {
    let mut user = None;
    for (index, volume) in pod.spec.volumes.iter().enumerate() {
        for source in volume.sources.iter() {
            let (kind, claim) = match source {
                Source::Claim(name) => ("", Some(name.as_str())),
                Source::Ephemeral(_) => ("", None),
                Source::Old { kind, .. } => (*kind, None),
                Source::Other(kind) => (kind.as_str(), None),
                Source::Secret(name) if name.starts_with(LOG_SECRET) => {
                    if let Some(id) = others_upload(write, pod_write, name) {
                        violations.push(Violation {
                            key: format!("secret {name}"),
                            path: format!("spec.volumes[{index}].secret.secretName"),
                            seen: format!(
                                "{} {} with Secret {}: it is that of job {id}",
                                pod_write.verb(write.operation()),
                                write.object(),
                                shown(name, 253)
                            ),
                        });
                    }
                    continue;
                }
                _ => continue,
            };
            let is_disk = DISKS.contains(&kind);
            if claim.is_none() && !is_disk && !matches!(source, Source::Ephemeral(_)) {
                continue;
            }
            // Few pods come this far.
            let user = user.get_or_insert_with(|| User::of(write, pod_write, pod));
            if user.is_judged_elsewhere() {
                return;
            }
            let verb = || {
                format!(
                    "{} {}",
                    pod_write.verb(write.operation()),
                    write.object()
                )
            };
            if is_disk {
                violations.push(Violation {
                    key: format!("{} {kind}", volume.name.as_str()),
                    path: format!("spec.volumes[{index}].{kind}"),
                    seen: format!("{} with a disk by its id ({kind})", verb()),
                });
            }
            if let Some(claim) = claim
                && let Some(why) = user.refusal(claim)
            {
                violations.push(Violation {
                    key: format!("claim {claim}"),
                    path: format!("spec.volumes[{index}].persistentVolumeClaim.claimName"),
                    seen: format!("{} with claim {}: {why}", verb(), shown(claim, 253)),
                });
            }
            if let Source::Ephemeral(claim) = source {
                let at = format!("spec.volumes[{index}].ephemeral.volumeClaimTemplate.spec");
                judge_claim(write, claim, &verb(), &at, violations);
            }
        }
    }
}

/// The job whose presigned uploads a Secret holds, where it is not that of the
/// pod's creator. Whose token says nothing of a job (a kernel's) is for
/// `secret-read`, which asks the policy.
fn others_upload<'n>(
    write: &Write<'_>,
    pod_write: &PodWrite<'_>,
    secret: &'n str,
) -> Option<JobId<'n>> {
    let (_, id) = secret.rsplit_once('-')?;
    let id = JobId::parse(id)?;
    let name = write.possible_name();
    let own = match &write.requester {
        Requester::Job(_) => own_id(write)?,
        // The job controller names pods after EMR's Job.
        Requester::System(_) if pod_write.is_pod() => PodName::parse(&name).job_id()?,
        Requester::System(_) => return None,
        _ => return Some(id),
    };
    (own != id).then_some(id)
}

/// The pod that a volume is for.
struct User<'s, 'a> {
    write: &'s Write<'a>,
    /// Its own name; empty for a template.
    name: String,
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
                String::new()
            },
            identities: accounts
                .map(|account| write.runs_as(account))
                .collect(),
        }
    }

    /// What Kubernetes starts was judged as a template; of a job's pods, only
    /// the gateway's, whose Deployment is EMR's own.
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

    /// Why the pod may not have the claim.
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
            // Spark gives the claims of executors that are gone to new ones.
            ClaimName::Executor(prefix) => executor && executor_prefix(&self.name) == Some(prefix),
        };
        (!fits).then(|| "Spark gave that name to the claim of another pod".to_owned())
    }

    fn job(&self) -> Option<JobId<'_>> {
        match self.write.requester {
            // The job controller names pods after EMR's Job.
            Requester::System(_) => match PodName::parse(&self.name) {
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
    volume_claim_templates: Option<Vec<ClaimTemplate<'a>>>,
}

#[derive(Deserialize)]
struct ClaimTemplate<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    spec: Option<ClaimSpec<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Option<crate::json::Text<'a>>,
}

/// Claims that a `StatefulSet` makes for its pods, or finds under their names:
/// `<template>-<set>-<number>`.
pub(super) fn judge_claim_templates(
    write: &Write<'_>,
    violations: &mut Vec<Violation>,
) -> Result<(), ReviewError> {
    let request = write.request();
    if matches!(write.requester, Requester::System(_)) {
        return Ok(());
    }
    if !request.target.is("apps", "statefulsets") {
        return Ok(());
    }
    let new = of_set(write, "request.object", request.object()?)?;
    if new.is_empty() {
        return Ok(());
    }
    let old = match request.operation() {
        Operation::Update => of_set(write, "request.oldObject", request.old_object()?)?,
        _ => Vec::new(),
    };
    violations.extend(new_ones(new, old));
    Ok(())
}

fn of_set(
    write: &Write<'_>,
    part: &'static str,
    object: Raw<'_>,
) -> Result<Vec<Violation>, ReviewError> {
    let set: StatefulSet<'_> = view::read(part, object)?;
    let templates = set.spec.and_then(|spec| spec.volume_claim_templates);
    let mut violations = Vec::new();
    for (index, template) in templates.into_iter().flatten().enumerate() {
        let at = format!("spec.volumeClaimTemplates[{index}]");
        let verb = format!("start pods by {}", write.object());
        if let Some(spec) = &template.spec {
            judge_claim(write, spec, &verb, &format!("{at}.spec"), &mut violations);
        }
        let name = template.metadata.and_then(|metadata| metadata.name);
        let name = name.as_deref().unwrap_or_default();
        let claim = format!("{name}-{}-0", write.possible_name());
        if let Some(why) = not_own(write, &claim) {
            violations.push(Violation {
                key: format!("claim {claim}"),
                path: format!("{at}.metadata.name"),
                seen: format!("{verb} with claim {}: {why}", shown(&claim, 253)),
            });
        }
    }
    Ok(violations)
}
