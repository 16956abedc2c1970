//! Under which service accounts a requester may start pods, and how it may
//! name them.

use crate::facts::{Action, Extent, JobToken, Requester, RunsAs, System, task_manager_cluster};
use crate::names::{
    Component, Framework, JobId, PodName, Role, component_of, is_sparks_pod, shown,
};
use crate::policy::{Grant, Operator, WorkloadKind};
use crate::write::Write;

use super::{privileged, reserved};

/// What would create a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Start<'a> {
    /// The request itself.
    Pod { name: &'a str },
    /// The controller of the workload that the request writes. It names the pods
    /// after the workload.
    Template { workload: &'a str },
    /// Perhaps an operator: a custom resource names the service account.
    CustomResource,
    /// Nothing, but other software takes the token of the service account, or acts in its
    /// name.
    Login,
}

/// Why the requester may not start a pod under `account`, as a clause; `None`
/// where it may.
pub(in crate::rules) fn refusal(
    write: &Write<'_>,
    account: &str,
    start: Start<'_>,
) -> Option<String> {
    if write.extent(Action::StartPod) == Extent::All {
        return None;
    }
    let identity = write.runs_as(account);
    match &write.requester {
        Requester::System(system) => by_system(*system, &identity, account, write, start),
        Requester::Operator(operator) => by_operator(operator, &identity, account, write, start),
        Requester::Job(job) => by_job(job, &identity, write, start),
        _ => by_tenant(&identity, account, write, start),
    }
}

fn becomes(role: &Role) -> String {
    format!("that service account becomes the IAM role {role}")
}

/// A controller may start the components for which EMR or a declared operator
/// uses its kind of workload, and no others: an old template at zero replicas must
/// not start a job's pod.
fn by_system(
    system: System,
    identity: &RunsAs,
    account: &str,
    write: &Write<'_>,
    start: Start<'_>,
) -> Option<String> {
    let (role, component) = match identity {
        // A mirror pod has no service account, so a stolen node identity can
        // create mirror pods only.
        RunsAs::Ordinary if system == System::Node && account != "default" => {
            return Some("a node starts static pods only".to_owned());
        }
        RunsAs::Ordinary => return carried_id(start),
        // EMR's charts give an operator itself a reserved name.
        RunsAs::Reserved if starts_workloads(system) && is_operator(account, write) => {
            return None;
        }
        RunsAs::Reserved => return Some(reserved::reason(write, account)),
        RunsAs::Job {
            role, component, ..
        } => (role, *component),
    };
    let declared = || match component {
        Some(Component::Client | Component::Driver | Component::Jeg | Component::JegKernel) => {
            false
        }
        Some(_) => write
            .policy
            .operators
            .iter()
            .any(|operator| operator.runs(role)),
        None => true,
    };
    let client = component == Some(Component::Client);
    let jeg = component == Some(Component::Jeg);
    let by = |kind| emr_starts(write, account, Some(kind));
    let fits = match system {
        System::Controller("job-controller") => client || by(WorkloadKind::Job),
        System::Controller("replicaset-controller" | "deployment-controller") => {
            jeg || declared() || by(WorkloadKind::Deployment)
        }
        System::Controller("statefulset-controller") => declared() || by(WorkloadKind::StatefulSet),
        System::ControllerManager => {
            client || jeg || declared() || emr_starts(write, account, None)
        }
        System::Controller(_) | System::ControlPlane | System::Node => false,
    };
    if fits {
        return carried_by_further(component, start);
    }
    let key = match (component, component_of(account)) {
        (Some(Component::Other | Component::Session), Some(name)) => format!(
            "; if Amazon EMR made the workload, the policy must list {name} with the workload's \
             kind under `identities.emrService.components`"
        ),
        _ => String::new(),
    };
    Some(format!(
        "{}, and Kubernetes does not start its pods in this way{key}",
        becomes(role)
    ))
}

/// Whether the policy says that EMR starts the account's component by workloads of that
/// kind, or of any.
pub(in crate::rules) fn emr_starts(
    write: &Write<'_>,
    account: &str,
    kind: Option<WorkloadKind>,
) -> bool {
    let listed = component_of(account).map(|name| write.policy.emr_service.kinds_of(name));
    listed.is_some_and(|kinds| kind.map_or(!kinds.is_empty(), |kind| kinds.contains(&kind)))
}

/// A pod of a component that rolegate does not know has no name of a job's.
fn carried_by_further(component: Option<Component>, start: Start<'_>) -> Option<String> {
    let further = matches!(component, Some(Component::Other | Component::Session));
    further.then(|| carried_id(start)).flatten()
}

/// Whether this is a controller that starts the pods of workloads. Who may write the
/// template is decided when it is written.
fn starts_workloads(system: System) -> bool {
    matches!(
        system,
        System::ControllerManager
            | System::Controller(
                "deployment-controller"
                    | "replicaset-controller"
                    | "statefulset-controller"
                    | "job-controller"
            )
    )
}

/// Whether the service account is that of an operator of the policy.
fn is_operator(account: &str, write: &Write<'_>) -> bool {
    let mut grants = write.policy.grants(write.target.namespace(), account);
    grants.any(|grant| grant == Grant::Operator)
}

fn by_operator(
    operator: &Operator,
    identity: &RunsAs,
    account: &str,
    write: &Write<'_>,
    start: Start<'_>,
) -> Option<String> {
    let (role, framework, component) = match identity {
        RunsAs::Ordinary if matches!(start, Start::CustomResource | Start::Login) => return None,
        RunsAs::Ordinary => {
            return Some(
                "an operator starts pods only under roles that the policy declares for it"
                    .to_owned(),
            );
        }
        RunsAs::Reserved => return Some(reserved::reason(write, account)),
        RunsAs::Job {
            role,
            framework,
            component,
        } => (role, *framework, *component),
    };
    let fixed = write
        .policy
        .declares(operator, write.target.namespace(), account);
    if !(fixed || component.is_some() && operator.runs(role)) {
        return Some(format!(
            "{}, which the policy does not declare for this operator",
            becomes(role)
        ));
    }
    match start {
        Start::Pod { name } if PodName::parse(name).job_id().is_some() => Some(taken_name(name)),
        Start::Pod { name } => job_manager_name(framework, component, name),
        Start::Template { workload } if carries_job_id(workload) => Some(taken_name(workload)),
        Start::Template { .. } | Start::CustomResource | Start::Login => None,
    }
}

fn by_job(
    job: &JobToken<'_>,
    identity: &RunsAs,
    write: &Write<'_>,
    start: Start<'_>,
) -> Option<String> {
    let RunsAs::Job {
        role,
        framework,
        component,
    } = identity
    else {
        return Some("a job starts pods under its own role's service accounts only".to_owned());
    };
    let at_home = job.namespace == write.target.namespace();
    let crosses = || {
        let pairs = &write.tenancy.cross_roles;
        pairs.iter().any(|pair| {
            pair.namespace == job.namespace && pair.from == job.role && pair.to == *role
        })
    };
    if !(at_home && *role == job.role || crosses()) {
        return Some(format!(
            "{}, and this job runs as {}",
            becomes(role),
            job.role
        ));
    }
    if *framework != job.framework {
        return Some("a job starts pods of its own framework only".to_owned());
    }
    match start {
        Start::CustomResource | Start::Login => None,
        Start::Pod { name } => job_pod_name(job, *component, name),
        Start::Template { workload } => {
            if *component == Some(Component::Driver) || job.framework == Framework::Flink {
                Some("a job starts such a pod directly, never through a workload".to_owned())
            } else {
                carries_job_id(workload).then(|| taken_name(workload))
            }
        }
    }
}

/// A pod's name ties its token to a job. So a job names a driver
/// `spark-<own job id>-driver`, a Flink pod as a task manager of its own cluster,
/// and no other pod with a job id.
fn job_pod_name(job: &JobToken<'_>, component: Option<Component>, name: &str) -> Option<String> {
    match PodName::parse(name) {
        PodName::Driver(id) if component == Some(Component::Driver) && job.job_id() == Some(id) => {
            None
        }
        PodName::Driver(_) | PodName::Runner(_) => Some(taken_name(name)),
        PodName::Other if component == Some(Component::Driver) => Some(match job.job_id() {
            Some(id) => format!("a driver that this job starts is named spark-{id}-driver"),
            None => "only a job runner starts a driver".to_owned(),
        }),
        PodName::Other if job.framework == Framework::Flink => {
            let own = task_manager_cluster(name)
                .is_some_and(|cluster| job.flink_cluster() == Some(cluster));
            (!own).then(|| {
                "a Flink job manager starts pods named <its cluster>-taskmanager-<attempt>-<number> only".to_owned()
            })
        }
        PodName::Other => None,
    }
}

/// A job manager's pod name says for which Flink cluster its token may write, so
/// only the replica set controller may choose it.
fn job_manager_name(
    framework: Framework,
    component: Option<Component>,
    name: &str,
) -> Option<String> {
    let manager = matches!(component, Some(Component::JobManager) | None);
    (framework == Framework::Flink && manager && task_manager_cluster(name).is_none())
        .then(|| "a Flink job manager is started by a Deployment".to_owned())
}

fn by_tenant(
    identity: &RunsAs,
    account: &str,
    write: &Write<'_>,
    start: Start<'_>,
) -> Option<String> {
    match identity {
        RunsAs::Job { role, .. } => {
            let submits = start == Start::CustomResource
                && write
                    .submitters()
                    .flat_map(|entry| &entry.roles)
                    .any(|roles| roles.matches(role));
            (!submits).then(|| becomes(role))
        }
        RunsAs::Reserved => Some(reserved::reason(write, account)),
        RunsAs::Ordinary => {
            let mut entries = write.submitters().peekable();
            let listed = if entries.peek().is_none() {
                account == "default"
            } else {
                entries
                    .flat_map(|entry| &entry.service_accounts)
                    .any(|listed| listed == account)
            };
            if !listed {
                return Some(
                    "the policy does not list that service account for this requester".to_owned(),
                );
            }
            privileged::refusal(write, account).or_else(|| jobs_name(start))
        }
    }
}

/// Why an ordinary pod may not have its name: it is one that only a job gives, so the
/// job's own pod could not be made.
fn jobs_name(start: Start<'_>) -> Option<String> {
    match start {
        Start::Pod { name } if is_sparks_pod(name) || task_manager_cluster(name).is_some() => {
            Some(taken_name(name))
        }
        // EMR's Job would meet it, if the pods would not.
        Start::Template { workload } if JobId::parse(workload).is_some() => {
            Some(taken_name(workload))
        }
        _ => carried_id(start),
    }
}

/// The same for names that carry a job's id. Pods that a controller names after an
/// ordinary workload have no other name of a job's.
fn carried_id(start: Start<'_>) -> Option<String> {
    match start {
        Start::Pod { name } => PodName::parse(name)
            .job_id()
            .is_some()
            .then(|| taken_name(name)),
        Start::Template { workload } => carries_job_id(workload).then(|| taken_name(workload)),
        Start::CustomResource | Start::Login => None,
    }
}

/// Whether pods of a workload of this name would carry a job id.
fn carries_job_id(workload: &str) -> bool {
    PodName::parse(&format!("{workload}-xxxxx"))
        .job_id()
        .is_some()
}

fn taken_name(name: &str) -> String {
    format!(
        "the name {} would make the pod pass for a part of that job",
        shown(name, 120)
    )
}
