//! Who could have written a stored object.

use crate::decision::controller_account;
use crate::facts::{RunsAs, SERVICE_LINKED_ROLE, task_manager_cluster};
use crate::names::{
    Component, Framework, JobId, JobServiceAccount, PodName, ServiceAccountName, component_of,
    is_reserved, shown,
};
use crate::policy::{Policy, Submitter};
use crate::request::{SAMPLE_UID, SampleUser};

use super::{Owner, StoredObject};

/// Somebody who could have written an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    pub user: SampleUser,
    /// For a sentence that goes on with "may not": `a tenant`, `group team-a`.
    pub is: String,
}

impl Writer {
    fn new(user: SampleUser, is: impl Into<String>) -> Self {
        Self {
            user,
            is: is.into(),
        }
    }
}

/// Everybody but administrators, the likeliest first. `owner_account` is the service account
/// of the pod that owns the object, if there is one and it is known.
///
/// An owner is believed: a scan says what is there, and does not protect. Amazon EMR is
/// among them for the kinds that it writes, where the object has its names or labels.
#[must_use]
pub fn writers(object: &StoredObject, owner_account: Option<&str>, policy: &Policy) -> Vec<Writer> {
    let namespace = object.namespace.as_str();
    if let Some(owner) = object.controller()
        && let Some(account) = controller_account(owner.kind)
    {
        let user = SampleUser::service_account("kube-system", account);
        return vec![Writer::new(user, format!("Kubernetes' {account}"))];
    }
    let mut all = Vec::new();
    if let (Some(owner), Some(account)) = (object.owning_pod(), owner_account) {
        let is = format!("pod {}", shown(owner.name, 253));
        all.push(Writer::new(of_pod(namespace, account, owner), is));
    }
    if object.is("", "pods") {
        jobs(object, policy, &mut all);
    }
    if is_emrs(object, policy) {
        all.push(Writer::new(emr(policy), "Amazon EMR"));
    }
    // Of those whom the rules refuse alike the first is named, and of others than the
    // evidence suggests a tenant is the likeliest.
    all.push(Writer::new(SampleUser::person("somebody", &[]), "a tenant"));
    for operator in &policy.operators {
        let user = SampleUser::service_account(&operator.namespace, &operator.name);
        let is = format!("the operator {}/{}", operator.namespace, operator.name);
        all.push(Writer::new(user, is));
    }
    for submitter in &policy.tenancy(namespace).submitters {
        all.extend(of_submitter(submitter));
    }
    for user in policy.platform.iter().flat_map(|entry| &entry.users) {
        if let Some((namespace, name)) = account_of(user) {
            let user = SampleUser::service_account(namespace, name);
            all.push(Writer::new(
                user,
                format!("service account {namespace}/{name}"),
            ));
        }
    }
    all
}

/// The pods of a job that create others: the job runner its driver, the driver its
/// executors, Flink's job manager its task managers.
fn jobs(pod: &StoredObject, policy: &Policy, all: &mut Vec<Writer>) {
    let namespace = pod.namespace.as_str();
    let Some(account) = pod.account() else { return };
    let RunsAs::Job {
        role, framework, ..
    } = RunsAs::of(namespace, account, policy)
    else {
        return;
    };
    let is = || format!("a job with the role {role}");
    let owner = pod.owning_pod();
    if !is_reserved(account) {
        let owner = owner.unwrap_or(Owner {
            kind: "Pod",
            name: &pod.name,
            uid: SAMPLE_UID,
        });
        all.push(Writer::new(of_pod(namespace, account, owner), is()));
        return;
    }
    if framework == Framework::Flink {
        let cluster = task_manager_cluster(&pod.name);
        let manager = match (owner, cluster) {
            (_, Some(cluster)) => format!("{cluster}-6d5f8c9b7d-x7k2p"),
            (Some(owner), None) => owner.name.to_owned(),
            (None, None) => pod.name.clone(),
        };
        let account = JobServiceAccount::flinks("jobmanager", &role);
        all.push(Writer::new(
            SampleUser::in_pod(namespace, &account, &manager),
            is(),
        ));
        return;
    }
    if let Some(owner) = owner {
        let account = JobServiceAccount::sparks("driver", &role);
        all.push(Writer::new(of_pod(namespace, &account, owner), is()));
    }
    if let Some(id) = PodName::parse(&pod.name).job_id() {
        let account = JobServiceAccount::sparks("client", &role);
        let runner = format!("{id}-abcde");
        all.push(Writer::new(
            SampleUser::in_pod(namespace, &account, &runner),
            is(),
        ));
    }
    for component in ["jeg", "jeg-kernel"] {
        let account = JobServiceAccount::sparks(component, &role);
        let owner = owner.map_or("gateway", |owner| owner.name);
        all.push(Writer::new(
            SampleUser::in_pod(namespace, &account, owner),
            is(),
        ));
    }
}

/// The token of the owner.
fn of_pod(namespace: &str, account: &str, owner: Owner<'_>) -> SampleUser {
    let mut user = SampleUser::in_pod(namespace, account, owner.name);
    for (key, value) in &mut user.extra {
        if key.ends_with("/pod-uid") && !owner.uid.is_empty() {
            owner.uid.clone_into(value);
        }
    }
    user
}

/// Kinds that EMR writes for jobs and endpoints.
const EMRS: [(&str, &str); 11] = [
    ("", "configmaps"),
    ("", "persistentvolumeclaims"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
    ("networking.k8s.io", "ingresses"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
];

/// Whether Amazon EMR could have made it. A label or a name says so of what holds no pods;
/// a workload has to run under the account that EMR gives it, or else whoever names a job's
/// account would pass for EMR.
fn is_emrs(object: &StoredObject, policy: &Policy) -> bool {
    let of_its_kinds = EMRS
        .iter()
        .any(|(group, resource)| object.is(group, resource));
    if !of_its_kinds {
        return false;
    }
    let is_labelled = object
        .labels()
        .any(|key| key.starts_with("emr-containers.amazonaws.com/"));
    let Some(account) = object.account() else {
        return is_labelled
            || is_reserved(&object.name)
            || JobId::words(&object.name).next().is_some();
    };
    let listed = component_of(account).map(|name| policy.emr_service.kinds_of(name));
    if listed.is_some_and(|kinds| kinds.iter().any(|kind| kind.as_str() == object.kind)) {
        return true;
    }
    let ServiceAccountName::Job(account) = ServiceAccountName::parse(account) else {
        return false;
    };
    match account.component {
        // The Job of a run is named by the run's id.
        Component::Client => {
            object.is("batch", "jobs")
                && (is_labelled || JobId::words(&object.name).next().is_some())
        }
        // An endpoint's gateway; what EMR calls it is documented nowhere.
        Component::Jeg => object.group == "apps",
        _ => false,
    }
}

fn of_submitter(submitter: &Submitter) -> Option<Writer> {
    if let Some(group) = submitter.who.groups.first() {
        let user = SampleUser::person("somebody", std::slice::from_ref(group));
        return Some(Writer::new(user, format!("group {}", shown(group, 253))));
    }
    let name = submitter
        .who
        .users
        .iter()
        .find(|glob| !glob.is_wild())?
        .to_string();
    let user = match account_of(&name) {
        Some((namespace, name)) => SampleUser::service_account(namespace, name),
        None => SampleUser::person(name.clone(), &[]),
    };
    Some(Writer::new(user, shown(&name, 253)))
}

fn account_of(username: &str) -> Option<(&str, &str)> {
    username
        .strip_prefix(crate::names::SERVICE_ACCOUNT_PREFIX)?
        .split_once(':')
}

/// The account of AWS's documentation.
const SAMPLE_ACCOUNT: &str = "111122223333";

/// Amazon EMR with all its evidence, as the policy knows it.
#[must_use]
pub fn emr(policy: &Policy) -> SampleUser {
    let service = &policy.emr_service;
    let account = service.roles.first().map(|role| role.account.as_str());
    let account = account.unwrap_or(SAMPLE_ACCOUNT);
    let session = format!("arn:aws:sts::{account}:assumed-role/{SERVICE_LINKED_ROLE}/rolegate");
    let role = match service.roles.first() {
        Some(role) => role.name.as_str(),
        None => SERVICE_LINKED_ROLE,
    };
    let mut names = service.users.iter().filter(|glob| !glob.is_wild());
    let username = names
        .next()
        .map_or_else(|| session.clone(), ToString::to_string);
    let arns = [
        (
            "arn",
            format!("arn:aws:sts::{account}:assumed-role/{role}/rolegate"),
        ),
        (
            "canonicalArn",
            format!("arn:aws:iam::{account}:role/{role}"),
        ),
    ];
    SampleUser {
        uid: Some(format!("aws-iam-authenticator:{account}:{SAMPLE_UID}")),
        extra: arns.map(|(key, arn)| (key.to_owned(), arn)).into(),
        ..SampleUser::person(username, &[])
    }
}
