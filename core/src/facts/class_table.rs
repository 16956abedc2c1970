//! What each class of requester may do in a managed namespace: one table, read
//! by the rules and by the tests.

use super::Class;

/// An action that the rules judge.
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
    /// Request a service account's token: `TokenRequest`, token Secrets, tokens
    /// projected into a pod for an audience other than the API server.
    MintToken,
    /// Create, change or delete a service account.
    WriteServiceAccount,
    /// Make the kubelet or a driver read a Secret for a pod.
    ReferenceSecret,
    /// Change a pod, bind it to a node, or choose its node.
    ChangePod,
    /// End a pod or a Job: delete, evict.
    EndJob,
    /// Start a pod with access to its node, or to credentials other than its role's.
    ReachNode,
    /// Bring a role into a namespace.
    PlaceRole,
    /// Use a volume or the content of one.
    UseVolume,
    /// Let traffic in: Services, Ingresses, endpoints, network policies.
    Expose,
    /// Choose a pod's image.
    ChooseImage,
    /// Write an object that makes an installed mutator rewrite pods.
    DriveMutator,
    /// Change or delete a namespace's labels or the namespace.
    WriteNamespace,
    /// Write an object without a namespace that reaches into one.
    ReachIntoNamespace,
    /// Decide a pod's chained profile.
    ChooseChain,
    /// Give somebody permissions: roles and bindings.
    GrantRights,
}

impl Action {
    pub const ALL: [Self; 23] = [
        Self::Exec,
        Self::Attach,
        Self::PortForward,
        Self::Proxy,
        Self::Debug,
        Self::Connect,
        Self::WriteConfigMap,
        Self::StartPod,
        Self::MintToken,
        Self::WriteServiceAccount,
        Self::ReferenceSecret,
        Self::ChangePod,
        Self::EndJob,
        Self::ReachNode,
        Self::PlaceRole,
        Self::UseVolume,
        Self::Expose,
        Self::ChooseImage,
        Self::DriveMutator,
        Self::WriteNamespace,
        Self::ReachIntoNamespace,
        Self::ChooseChain,
        Self::GrantRights,
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
    use Action::{
        Attach, ChangePod, ChooseChain, ChooseImage, Connect, Debug, DriveMutator, EndJob, Exec,
        Expose, GrantRights, MintToken, PlaceRole, PortForward, Proxy, ReachIntoNamespace,
        ReachNode, ReferenceSecret, StartPod, UseVolume, WriteConfigMap, WriteNamespace,
        WriteServiceAccount,
    };
    use Class::{Admin, EmrService, Job, Operator, Platform, System, Tenant};

    match (class, action) {
        (Admin, _) => Extent::All,

        (EmrService, Attach | Proxy | Debug | Connect) => Extent::Never,
        // EMR does what the caller of StartJobRun asks, who may ask for a role, an
        // image, a chain or access to the node that the policy does not list.
        (EmrService, PlaceRole | ChooseImage | ChooseChain | ReachNode) => Extent::Listed,
        (EmrService, WriteNamespace | ReachIntoNamespace) => Extent::Never,
        // With Lake Formation, EMR maintains Kyverno ClusterPolicies.
        (EmrService, DriveMutator) => Extent::OwnWork,
        (EmrService, _) => Extent::All,

        (
            System | Platform | Operator | Job | Tenant,
            Exec | Attach | PortForward | Proxy | Debug | Connect,
        ) => Extent::Never,

        (System, _) => Extent::OwnWork,

        // Tokens of ordinary accounts; only the kubelet requests a job's.
        (Platform | Operator | Job | Tenant, MintToken) => Extent::Listed,
        // Accounts that become roles; the rule does not judge others.
        (Platform | Job | Tenant, WriteServiceAccount) => Extent::Never,
        (Platform | Operator | Job | Tenant, DriveMutator | WriteNamespace) => Extent::Never,
        // To those who have more than tenants anyway; to others nothing beyond a
        // tenant's rights.
        (Platform | Operator | Job | Tenant, GrantRights) => Extent::OwnWork,
        // Cluster-scoped objects are also written by software that the policy does not
        // name and that therefore counts as a tenant: a storage driver creates volumes.
        (Platform | Tenant, ReachIntoNamespace) => Extent::OwnWork,
        (Operator | Job, ReachIntoNamespace) => Extent::Never,

        (Platform, _) => Extent::Capable,
        (Operator, WriteConfigMap | WriteServiceAccount | ChangePod | EndJob | Expose) => {
            Extent::OwnWork
        }
        (Operator, _) => Extent::DeclaredRoles,
        (Job, _) => Extent::OwnJob,

        (
            Tenant,
            WriteConfigMap | StartPod | ReferenceSecret | ChangePod | EndJob | ReachNode
            | PlaceRole | UseVolume | ChooseImage | ChooseChain,
        ) => Extent::Listed,
        // Services of its own applications. The policy has no list that adds to them.
        (Tenant, Expose) => Extent::OwnWork,
    }
}
