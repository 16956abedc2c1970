//! The identities of the control plane and the nodes.

use crate::request::UserInfo;

use super::evidence::is_real_service_account;

/// An identity that belongs to the control plane or a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// `system:apiserver`, `system:kube-scheduler`, `eks:*`: none of them starts a job's pods.
    ControlPlane,
    /// `system:kube-controller-manager`: the identity of every controller in
    /// clusters that give controllers no service accounts.
    ControllerManager,
    /// A kubelet.
    Node,
    /// A controller of kube-controller-manager, by its service account's name.
    Controller(&'static str),
}

/// Usernames of control plane parts that start none of a job's pods.
pub const CONTROL_PLANE: [&str; 2] = ["system:apiserver", "system:kube-scheduler"];

/// The username that controllers share where they have no service accounts.
pub const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";

/// What the usernames of EKS's own identities begin with. EKS reserves it.
pub const EKS_PREFIX: &str = "eks:";

/// What a kubelet's username begins with; proves a kubelet only in group [`NODES`].
pub const NODE_PREFIX: &str = "system:node:";

/// The group of the nodes.
pub const NODES: &str = "system:nodes";

/// What the username of a service account of kube-system begins with; proves
/// one only together with a `uid`.
pub const KUBE_SYSTEM_PREFIX: &str = "system:serviceaccount:kube-system:";

/// Service accounts of kube-system that kube-controller-manager's controllers
/// use, and those of the cloud controller manager. Source: kubernetes
/// v1.36, `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go`
/// and `cmd/kube-controller-manager/names`.
const CONTROLLERS: [&str; 47] = [
    "attachdetach-controller",
    "bootstrap-signer",
    "certificate-controller",
    "cloud-node-controller",
    "cloud-node-lifecycle-controller",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "device-taint-eviction-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "kube-apiserver-serving-clustertrustbundle-publisher",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "podcertificaterequestcleaner-controller",
    "podgroup-protection-controller",
    "pv-protection-controller",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resource-claim-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "route-controller",
    "selinux-warning-controller",
    "service-account-controller",
    "service-cidrs-controller",
    "service-controller",
    "statefulset-controller",
    "storage-version-migrator-controller",
    "taint-eviction-controller",
    "token-cleaner",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
    "volumeattributesclass-protection-controller",
];

impl System {
    /// A controller of kube-system, by its service account's name.
    #[must_use]
    pub fn controller(name: &str) -> Option<&'static str> {
        CONTROLLERS.into_iter().find(|known| *known == name)
    }

    /// Recognises a control-plane identity.
    ///
    /// A controller needs the evidence of a real token (`uid`): the default
    /// `edit` role allows impersonating service accounts, and an impersonated
    /// request has no `uid`.
    #[must_use]
    pub fn recognise(user: &UserInfo<'_>) -> Option<Self> {
        match user.username.as_str() {
            name if CONTROL_PLANE.contains(&name) => Some(Self::ControlPlane),
            CONTROLLER_MANAGER => Some(Self::ControllerManager),
            name if name.starts_with(EKS_PREFIX) => Some(Self::ControlPlane),
            name if name.starts_with(NODE_PREFIX) => user.in_group(NODES).then_some(Self::Node),
            name => {
                let known = Self::controller(name.strip_prefix(KUBE_SYSTEM_PREFIX)?)?;
                is_real_service_account(user).then_some(Self::Controller(known))
            }
        }
    }
}
