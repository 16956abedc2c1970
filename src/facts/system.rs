//! The control plane's own identities.

use crate::review::UserInfo;

/// An identity that belongs to the control plane or a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// `system:apiserver`, `system:kube-scheduler`, `eks:*`: nothing that starts a job's pods.
    ControlPlane,
    /// `system:kube-controller-manager`: every controller behind one name,
    /// where the controllers have no identities of their own.
    ControllerManager,
    /// A kubelet.
    Node,
    /// A controller of kube-controller-manager, by its service account's name.
    Controller(&'static str),
}

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
    /// Recognises a control-plane identity.
    ///
    /// A controller needs the evidence of a real token (`uid`): anybody with
    /// the default `edit` role may impersonate a service account, and an
    /// impersonated one arrives without.
    #[must_use]
    pub fn recognise(user: &UserInfo<'_>) -> Option<Self> {
        match user.username.as_str() {
            "system:apiserver" | "system:kube-scheduler" => Some(Self::ControlPlane),
            "system:kube-controller-manager" => Some(Self::ControllerManager),
            name if name.starts_with("eks:") => Some(Self::ControlPlane),
            name if name.starts_with("system:node:") => {
                user.in_group("system:nodes").then_some(Self::Node)
            }
            name => {
                let controller = name.strip_prefix("system:serviceaccount:kube-system:")?;
                let known = CONTROLLERS.iter().find(|known| **known == controller)?;
                super::requester::is_real_service_account(user).then_some(Self::Controller(known))
            }
        }
    }
}
