//! What each class of requester may do in a managed namespace: one table, read
//! by the rules and by the tests.

use super::Class;

/// A thing that the rules judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// `kubectl exec`, `kubectl cp`.
    Exec,
    /// `kubectl attach`.
    Attach,
    /// `kubectl port-forward`.
    PortForward,
    /// HTTP through the API server to a pod, a service or a node.
    Proxy,
    /// `kubectl debug`: a container added to a running pod.
    Debug,
    /// Any other way to connect.
    Connect,
    /// Create, change or delete a ConfigMap.
    WriteConfigMap,
    /// Start a pod, directly, by a workload or by a custom resource.
    StartPod,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Exec,
        Self::Attach,
        Self::PortForward,
        Self::Proxy,
        Self::Debug,
        Self::Connect,
        Self::WriteConfigMap,
        Self::StartPod,
    ];
}

/// How far a class may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// No limit.
    All,
    /// Not at all.
    Never,
    /// What the policy's `submitters` list for the requester.
    Listed,
    /// What its capabilities in the policy name, else as `Listed`.
    Capable,
    /// Its own documented work.
    OwnWork,
    /// The roles that the policy declares for it.
    DeclaredRoles,
    /// Its own role, and what belongs to its own job.
    OwnJob,
}

/// The table. Sources: DESIGN section 2; for EMR the Role of its documentation
/// and the `pods/exec`, `pods/portforward` that `SageMaker` Unified Studio adds.
#[must_use]
#[expect(
    clippy::match_same_arms,
    reason = "a table: each class keeps its own rows"
)]
pub const fn extent(class: Class, action: Action) -> Extent {
    use Action::{Attach, Connect, Debug, Exec, PortForward, Proxy, StartPod, WriteConfigMap};
    use Class::{Admin, EmrService, Job, Operator, Platform, System, Tenant};

    match (class, action) {
        (Admin, _) => Extent::All,

        (EmrService, Exec | PortForward | WriteConfigMap | StartPod) => Extent::All,
        (EmrService, Attach | Proxy | Debug | Connect) => Extent::Never,

        (System, WriteConfigMap | StartPod) => Extent::OwnWork,
        (Platform, WriteConfigMap | StartPod) => Extent::Capable,
        (Operator, WriteConfigMap) => Extent::OwnWork,
        (Operator, StartPod) => Extent::DeclaredRoles,
        (Job, WriteConfigMap | StartPod) => Extent::OwnJob,
        (Tenant, WriteConfigMap | StartPod) => Extent::Listed,

        (
            System | Platform | Operator | Job | Tenant,
            Exec | Attach | PortForward | Proxy | Debug | Connect,
        ) => Extent::Never,
    }
}
