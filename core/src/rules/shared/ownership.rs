//! Whose an object is: the one place that decides it, for pods, claims, Services,
//! `ConfigMaps` and workloads.
//!
//! Evidence is what the *stored* object has: its owners, its labels (nobody gives
//! those of a job but the job, see [`super::labels`]), a Service's selector, and a name
//! that only a job may give. What a new object says of itself is only ever held
//! against its writer.

use crate::facts::{Asked, Facts, JobToken, Known, Need, Requester, RunsAs, task_manager_cluster};
use crate::json::Pairs;
use crate::names::{
    ClaimName, JobId, JobLabel, MapName, PodName, Role, Says, is_drivers_service, is_sparks_pod,
    run_of_label, run_of_map, run_of_service, shown,
};
use crate::policy::Operator;
use crate::request::pod::{Pod, PodMeta};
use crate::request::view::TemplateShape;
use crate::request::{OwnerReference, Path, Resource};
use crate::rules::Stop;
use crate::write::Write;

use super::violation::Violation;

/// What shows whose a stored object is.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) struct Evidence<'e> {
    pub(in crate::rules) name: Named<'e>,
    pub(in crate::rules) metadata: &'e PodMeta<'e>,
    /// Of a Service.
    pub(in crate::rules) selector: Option<&'e Pairs<'e>>,
}

/// An object's name, by its kind.
#[derive(Clone, Copy, Debug)]
pub(in crate::rules) enum Named<'n> {
    Claim(&'n str),
    Service(&'n str),
    Map(&'n str),
}

impl<'n> Named<'n> {
    /// The run that the name says, where only its job may give such a name.
    fn run(self) -> Option<JobId<'n>> {
        match self {
            Self::Claim(name) => JobId::words(name).next(),
            Self::Service(name) => run_of_service(name),
            Self::Map(name) => run_of_map(name),
        }
    }

    /// Whether only jobs have such names.
    fn is_a_jobs(self) -> bool {
        match self {
            Self::Claim(name) => ClaimName::parse(name) != ClaimName::Other,
            Self::Service(name) => is_drivers_service(name),
            Self::Map(name) => MapName::parse(name).is_reserved(),
        }
    }
}

impl<'e> Evidence<'e> {
    /// The run that the object belongs to. Owners outweigh labels, and labels the name.
    pub(in crate::rules) fn run(&self) -> Option<JobId<'e>> {
        let metadata = self.metadata;
        let mut owners = metadata.owner_references.iter();
        owners
            .find_map(run_of_owner)
            .or_else(|| self.labels().find_map(|(key, value)| run_of(key, value)))
            .or_else(|| self.name.run())
    }

    /// Whether it belongs to a job, whichever.
    pub(in crate::rules) fn is_a_jobs(&self) -> bool {
        let marks = |says: Option<Says>| {
            matches!(
                says,
                Some(Says::Application | Says::Emr | Says::Operator | Says::Endpoint | Says::Flink)
            )
        };
        let mut labels = self.metadata.labels.iter();
        let mut selector = self.selector.into_iter().flat_map(|pairs| pairs.iter());
        self.run().is_some()
            || self.name.is_a_jobs()
            || labels.any(|(key, value)| marks(JobLabel::of(key, value).map(|row| row.says)))
            || selector.any(|(key, value)| {
                let says = JobLabel::selects(key, value);
                marks(says) || says == Some(Says::Part)
            })
            || self.metadata.owner_references.iter().any(says_a_job)
    }

    /// Whether it came through EMR, so that no operator of the policy made it.
    pub(in crate::rules) fn is_emrs(&self) -> bool {
        let marks = |(key, value): (&str, &str)| {
            let says = JobLabel::of(key, value).map(|row| row.says);
            matches!(says, Some(Says::Endpoint | Says::Emr))
        };
        self.run().is_some() || self.labels().any(marks)
    }

    /// Whether it belongs to the job whose token this is.
    pub(in crate::rules) fn is_own(&self, job: &JobToken<'_>) -> bool {
        let mut owners = self.metadata.owner_references.iter();
        owners.any(|owner| is_owned_by(job, owner))
            || job.job_id().is_some() && self.run() == job.job_id()
    }

    fn labels(&self) -> impl Iterator<Item = (&'e str, &'e str)> {
        let selector = self.selector.into_iter().flat_map(|pairs| pairs.iter());
        let pairs = self.metadata.labels.iter().chain(selector);
        pairs.map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

fn run_of<'v>(key: &str, value: &'v str) -> Option<JobId<'v>> {
    match JobLabel::of(key, value)?.says {
        Says::Run | Says::Application | Says::JobName => run_of_label(value),
        _ => None,
    }
}

/// The run that an owner belongs to, by a name that only the run's objects have.
pub(in crate::rules) fn run_of_owner<'o>(owner: &'o OwnerReference<'_>) -> Option<JobId<'o>> {
    let name = owner.name.as_str();
    match owner.kind.as_str() {
        "Job" => JobId::parse(name),
        "Pod" => PodName::parse(name).job_id(),
        "ConfigMap" if MapName::parse(name) == MapName::Emr => run_of_map(name),
        "Service" => run_of_service(name),
        _ => None,
    }
}

/// Whether an owner is a part of some job, by a name that only jobs give.
fn says_a_job(owner: &OwnerReference<'_>) -> bool {
    let name = owner.name.as_str();
    run_of_owner(owner).is_some()
        || match owner.kind.as_str() {
            "Pod" => is_sparks_pod(name) || task_manager_cluster(name).is_some(),
            "Service" => is_drivers_service(name),
            "PersistentVolumeClaim" => ClaimName::parse(name) != ClaimName::Other,
            "ConfigMap" => matches!(MapName::parse(name), MapName::Emr | MapName::Spark),
            _ => false,
        }
}

/// The owners in `metadata` that tie an object to a job that is not the requester's.
/// Such an object is deleted with the job, and one that blocks the deletion holds it
/// up. Add-ons make such objects for every pod (`PodGroups`, reports, endpoints).
pub(in crate::rules) fn borrowed_owners(
    write: &Write<'_>,
    metadata: &PodMeta<'_>,
    violations: &mut Vec<Violation>,
) {
    for (index, owner) in metadata.owner_references.iter().enumerate() {
        let foreign = match &write.requester {
            Requester::Job(job) => {
                !is_owned_by(job, owner)
                    && run_of_owner(owner).is_some_and(|run| job.job_id() != Some(run))
            }
            Requester::Operator(_) => run_of_owner(owner).is_some(),
            Requester::Tenant(_) => says_a_job(owner),
            _ => false,
        };
        if foreign {
            violations.push(Violation {
                key: format!("owner {}", owner.uid.as_str()),
                path: Path::root()
                    .key("metadata")
                    .key("ownerReferences")
                    .index(index),
                seen: format!(
                    "an owner of another job ({} {})",
                    shown(&owner.kind, 63),
                    shown(&owner.name, 120)
                ),
            });
        }
    }
}

/// Whether `owner`, of a stored object, is the token's pod, or a Job or pod of its job.
pub(in crate::rules) fn is_owned_by(job: &JobToken<'_>, owner: &OwnerReference<'_>) -> bool {
    owner.uid.as_str() == job.pod_uid
        || job.job_id().is_some() && run_of_owner(owner) == job.job_id()
}

/// Whether objects of `role` in the request's namespace may belong to the job: in the
/// job's own namespace those of its role, elsewhere those of a role that the policy
/// pairs with it (`crossRole`).
pub(in crate::rules) fn shares_role(job: &JobToken<'_>, role: &Role, write: &Write<'_>) -> bool {
    if job.namespace == write.target.namespace() {
        return *role == job.role;
    }
    write
        .tenancy
        .cross_roles
        .iter()
        .any(|pair| pair.namespace == job.namespace && pair.from == job.role && pair.to == *role)
}

/// Whether a stored pod belongs to the requesting job: it is the token's pod, or has
/// an owner of that job, or has a name that only that job could give.
pub(in crate::rules) fn is_own_pod(job: &JobToken<'_>, pod: &Pod<'_>, write: &Write<'_>) -> bool {
    let same_role = pod.spec.service_accounts().all(|account| {
        write
            .runs_as(account)
            .role()
            .is_some_and(|role| shares_role(job, role, write))
    });
    if !same_role {
        return false;
    }
    let meta = &pod.metadata;
    if meta.uid.as_deref() == Some(job.pod_uid)
        || meta
            .owner_references
            .iter()
            .any(|owner| is_owned_by(job, owner))
    {
        return true;
    }
    let name = write.possible_name();
    let (id, cluster) = (PodName::parse(name).job_id(), task_manager_cluster(name));
    id.is_some() && id == job.job_id() || cluster.is_some() && cluster == job.flink_cluster()
}

/// What a pod or template runs as. The service account's name and its alias may
/// differ: one that stands for a job or is reserved counts.
pub(in crate::rules) fn identity_of(pod: &Pod<'_>, write: &Write<'_>) -> RunsAs {
    pod.spec
        .service_accounts()
        .map(|account| write.runs_as(account))
        .find(|identity| *identity != RunsAs::Ordinary)
        .unwrap_or(RunsAs::Ordinary)
}

/// Whether the policy declares for `operator` every service account of a stored pod
/// or template, by its name or by its role.
pub(in crate::rules) fn is_declared(operator: &Operator, pod: &Pod<'_>, write: &Write<'_>) -> bool {
    pod.spec.service_accounts().all(|account| {
        write
            .policy
            .declares(operator, write.target.namespace(), account)
            || write
                .runs_as(account)
                .role()
                .is_some_and(|role| operator.runs(role))
    })
}

/// A stored object has few owners that start pods; the rest of a list that somebody
/// made long is not looked up.
const MOST_OWNERS: usize = 4;

/// The role of another's job that owns a stored object, for an operator that the
/// policy declares for other roles. `None` where none does, or where nobody can look
/// the owner up.
pub(in crate::rules) fn undeclared_role(
    operator: &Operator,
    owners: &[OwnerReference<'_>],
    write: &Write<'_>,
    facts: &Facts<'_>,
) -> Result<Option<Role>, Stop> {
    let pods = pods_of_owners(owners, write, facts)?;
    let mut foreign = pods.iter().filter(|pod| !is_declared(operator, pod, write));
    Ok(foreign.find_map(|pod| identity_of(pod, write).role().cloned()))
}

/// The pods and templates of the owners that can be looked up.
pub(in crate::rules) fn pods_of_owners<'f>(
    owners: &[OwnerReference<'_>],
    write: &Write<'_>,
    facts: &Facts<'f>,
) -> Result<Vec<Pod<'f>>, Stop> {
    let (mut pods, mut needs) = (Vec::new(), Vec::new());
    for owner in owners.iter().take(MOST_OWNERS) {
        match pod_of_owner(owner, write, facts) {
            Ok(pod) => pods.extend(pod),
            Err(Stop::Needs(more)) => needs.extend(more),
            Err(stop) => return Err(stop),
        }
    }
    if needs.is_empty() {
        Ok(pods)
    } else {
        Err(Stop::Needs(needs))
    }
}

/// The pod or the template of an owner, where it can be looked up.
fn pod_of_owner<'f>(
    owner: &OwnerReference<'_>,
    write: &Write<'_>,
    facts: &Facts<'f>,
) -> Result<Option<Pod<'f>>, Stop> {
    let Some(Asked { group, resource }) = Asked::workload(&owner.kind) else {
        return Ok(None);
    };
    let need = Need::object(group, "v1", resource, write.target.namespace(), &owner.name);
    let Known::Is(stored, _) = facts.object(need)? else {
        return Ok(None);
    };
    let resource = Resource {
        group: group.into(),
        resource: resource.into(),
        ..Resource::default()
    };
    Ok(match TemplateShape::of(&resource) {
        None => Some(stored.object.pod()?),
        Some(shape) => match stored.object.template(shape)? {
            Some(template) => Some(template.pod()?),
            None => None,
        },
    })
}
