//! Under which execution roles a namespace's pods run, and what waits to run under one.

use crate::facts::RunsAs;
use crate::names::Role;
use crate::policy::Policy;

use super::StoredObject;

/// An execution role of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub role: Role,
    /// Whether the policy lists the role for the namespace, or lists none.
    pub is_listed: bool,
}

/// A workload under a job's service account that could start a pod at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub account: String,
    pub role: Role,
    /// Why nothing runs now, or what runs: `0 replicas`, `suspended`.
    pub state: String,
}

/// The execution role under which a pod runs; `None` if it is no job's.
#[must_use]
pub fn role_in_use(pod: &StoredObject, policy: &Policy) -> Option<Use> {
    let account = pod.account().filter(|_| pod.is("", "pods"))?;
    let runs_as = RunsAs::of(&pod.namespace, account, policy);
    let role = runs_as.role()?.clone();
    let listed = &policy.tenancy(&pod.namespace).execution_roles;
    let is_listed = listed.is_empty() || listed.iter().any(|pattern| pattern.matches(&role));
    Some(Use { role, is_listed })
}

/// Whether the object is a workload under a job's service account, so that whoever scales
/// or resumes it starts a pod with the role. What nobody controls counts: a `ReplicaSet`
/// of a Deployment is the Deployment's.
#[must_use]
pub fn waiting(object: &StoredObject, policy: &Policy) -> Option<Waiting> {
    if object.is("", "pods") || object.controller().is_some() {
        return None;
    }
    let account = object.account()?;
    let runs_as = RunsAs::of(&object.namespace, account, policy);
    let role = runs_as.role()?.clone();
    let spec = &object.object()["spec"];
    let state = if spec["suspend"] == true {
        "suspended".to_owned()
    } else if let Some(replicas) = spec["replicas"].as_i64() {
        format!("{replicas} replicas")
    } else if object.is("batch", "jobs") {
        // A Job that is not suspended runs or has run.
        return None;
    } else {
        "ready".to_owned()
    };
    Some(Waiting {
        account: account.to_owned(),
        role,
        state,
    })
}
