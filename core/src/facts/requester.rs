//! Who asks, decided from the authenticated `userInfo` alone.
//!
//! Labels, annotations and owner references of the incoming object are the
//! requester's own words and do not count. The first class that matches wins,
//! in the order of [`Class`].

use crate::names::{Component, Framework, JobId, PodName, Role, ServiceAccountUser};
use crate::policy::{Operator, Platform, Policy};
use crate::request::UserInfo;

use super::evidence::is_real_service_account;
use super::{RunsAs, System, emr};

/// The kinds of requester, in the order they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The control plane and the nodes.
    System,
    /// Amazon EMR's own service identity.
    EmrService,
    /// The policy's administrators.
    Admin,
    /// Cluster add-ons with named capabilities.
    Platform,
    /// Operators that start jobs: Spark operator, Flink operator, Livy.
    Operator,
    /// A running job, by its pod's token.
    Job,
    /// Everyone else.
    Tenant,
}

impl Class {
    /// The word that logs, metrics and audit annotations use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::EmrService => "emr-service",
            Self::Admin => "admin",
            Self::Platform => "platform",
            Self::Operator => "operator",
            Self::Job => "job",
            Self::Tenant => "tenant",
        }
    }
}

/// A requester: its [`Class`], with the details that rules need of that class.
#[derive(Debug)]
pub enum Requester<'a> {
    System(System),
    EmrService,
    Admin,
    Platform(&'a Platform),
    Operator(&'a Operator),
    Job(JobToken<'a>),
    /// With what it failed to prove, if it claimed a privileged identity.
    Tenant(Option<Unproven>),
}

/// A job's token: whose role it is, and the pod it is bound to.
#[derive(Debug)]
pub struct JobToken<'a> {
    /// The execution role.
    pub role: Role,
    pub framework: Framework,
    /// `None` for a fixed service account of an operator.
    pub component: Option<Component>,
    /// The namespace of the job; differs from the request's only for a
    /// `crossRoles` pair of the policy.
    pub namespace: &'a str,
    /// Set by the token authenticator, as is `pod_uid`.
    pub pod_name: &'a str,
    pub pod_uid: &'a str,
    job_id: Option<JobId<'a>>,
}

impl<'a> JobToken<'a> {
    /// The job that this token belongs to. A pod's name proves the job only
    /// under the service account whose pods have such names: the job controller
    /// names `client` pods `<id>-xxxxx`, and `foreign-service-account` reserves
    /// `spark-<id>-driver` for the `driver` of that job.
    #[must_use]
    pub const fn job_id(&self) -> Option<JobId<'a>> {
        self.job_id
    }

    fn job_of(pod_name: &'a str, component: Option<Component>) -> Option<JobId<'a>> {
        match (PodName::parse(pod_name), component) {
            (PodName::Runner(id), Some(Component::Client))
            | (PodName::Driver(id), Some(Component::Driver)) => Some(id),
            _ => None,
        }
    }

    /// The Flink cluster whose job manager this is: its pod is
    /// `<cluster>-<replica set>-<random>`, named by the replica set controller.
    #[must_use]
    pub fn flink_cluster(&self) -> Option<&'a str> {
        let manager = matches!(self.component, Some(Component::JobManager) | None);
        if self.framework != Framework::Flink
            || !manager
            || task_manager_cluster(self.pod_name).is_some()
        {
            return None;
        }
        let (rest, random) = self.pod_name.rsplit_once('-')?;
        let (cluster, replica_set) = rest.rsplit_once('-')?;
        (!cluster.is_empty() && random.len() == 5 && (1..=10).contains(&replica_set.len()))
            .then_some(cluster)
    }
}

/// The Flink cluster of a task manager, from its pod's name as Flink gives it:
/// `<cluster>-taskmanager-<attempt>-<number>`.
#[must_use]
pub fn task_manager_cluster(pod: &str) -> Option<&str> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (cluster, rest) = pod.rsplit_once("-taskmanager-")?;
    let (attempt, count) = rest.split_once('-')?;
    (!cluster.is_empty() && number(attempt) && number(count)).then_some(cluster)
}

/// Why a requester that claims a privileged identity was classified as a
/// tenant. The message says so, because an honest operator has to fix it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// A service account without `uid`.
    Impersonated,
    /// A job's service account whose token is bound to no pod.
    UnboundJobToken,
    /// A job's service account of another namespace.
    ForeignNamespaceJob,
    /// A reserved service account name that names no role and that no policy entry explains.
    ReservedWithoutRole,
    /// EMR's username without EMR's ARN.
    NotEmr,
    /// A node's username outside the group of nodes.
    NotANode,
}

impl Unproven {
    /// The clause that a message adds after the requester's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Impersonated => {
                "looks impersonated: a service account's own token carries a uid, this request has none"
            }
            Self::UnboundJobToken => {
                "is a job's service account, but its token is not bound to a pod"
            }
            Self::ForeignNamespaceJob => "is a job's service account of another namespace",
            Self::ReservedWithoutRole => {
                "has a reserved name that no role and no operator entry of the policy explains"
            }
            Self::NotEmr => {
                "has EMR's username, but userInfo.extra does not prove EMR's service-linked role"
            }
            Self::NotANode => "has a node's username outside the group system:nodes",
        }
    }
}

impl<'a> Requester<'a> {
    /// Decides who asks for something in `namespace` (empty: cluster-scoped).
    #[must_use]
    pub fn of(user: &'a UserInfo<'a>, namespace: &str, policy: &'a Policy) -> Self {
        if let Some(system) = System::recognise(user) {
            return Self::System(system);
        }
        let username = user.username.as_str();
        let account = ServiceAccountUser::parse(username);
        // EMR is an IAM identity, so a service account is never EMR. An
        // impersonated one has no `extra`, which would pass for EMR's.
        let claims_emr = account.is_none() && policy.emr_service.names(username);
        if claims_emr && emr::is_proved(user, &policy.emr_service) {
            return Self::EmrService;
        }
        let real = account.is_none() || is_real_service_account(user);
        if real {
            if policy.admins.contains(username, user.groups()) {
                return Self::Admin;
            }
            if let Some(platform) = policy
                .platform
                .iter()
                .find(|entry| entry.users.iter().any(|name| name == username))
            {
                return Self::Platform(platform);
            }
            if let Some(operator) = policy.operators.iter().find(|entry| entry.is(username)) {
                return Self::Operator(operator);
            }
        }
        if let Some(account) = account {
            return Self::of_service_account(user, account, real, namespace, policy);
        }
        if claims_emr {
            return Self::Tenant(Some(Unproven::NotEmr));
        }
        Self::Tenant(
            username
                .starts_with("system:node:")
                .then_some(Unproven::NotANode),
        )
    }

    fn of_service_account(
        user: &'a UserInfo<'a>,
        account: ServiceAccountUser<'a>,
        real: bool,
        namespace: &str,
        policy: &Policy,
    ) -> Self {
        if !real {
            return Self::Tenant(Some(Unproven::Impersonated));
        }
        let (role, framework, component) = match RunsAs::of(account.namespace, account.name, policy)
        {
            RunsAs::Job {
                role,
                framework,
                component,
            } => (role, framework, component),
            RunsAs::Reserved => return Self::Tenant(Some(Unproven::ReservedWithoutRole)),
            RunsAs::Ordinary => return Self::Tenant(None),
        };
        let crosses = || {
            policy
                .tenancy(namespace)
                .cross_roles
                .iter()
                .any(|pair| pair.namespace == account.namespace && pair.from == role)
        };
        if account.namespace != namespace && !crosses() {
            return Self::Tenant(Some(Unproven::ForeignNamespaceJob));
        }
        let pod_name = user.extra.single("authentication.kubernetes.io/pod-name");
        let pod_uid = user.extra.single("authentication.kubernetes.io/pod-uid");
        match (pod_name, pod_uid) {
            (Some(pod_name), Some(pod_uid)) => {
                let namespace = account.namespace;
                Self::Job(JobToken {
                    role,
                    framework,
                    component,
                    namespace,
                    pod_name,
                    pod_uid,
                    job_id: JobToken::job_of(pod_name, component),
                })
            }
            _ => Self::Tenant(Some(Unproven::UnboundJobToken)),
        }
    }

    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::System(_) => Class::System,
            Self::EmrService => Class::EmrService,
            Self::Admin => Class::Admin,
            Self::Platform(_) => Class::Platform,
            Self::Operator(_) => Class::Operator,
            Self::Job(_) => Class::Job,
            Self::Tenant(_) => Class::Tenant,
        }
    }
}
