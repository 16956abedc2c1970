//! The built-in table of cluster software: the exact service accounts of default
//! installations, the minimal capabilities each needs in a tenant's namespace, and
//! the file that shows the need. An installation with another release name or
//! namespace has another service account; list it in the policy file, under
//! `platform`. Paths are relative to each project's repository.

use std::borrow::Cow;

use super::Capability::{self, Annotate, Bind, ConfigMaps, Evict, Mirror, Resize, Secrets, Status};
use super::{Capabilities, Platform};
use crate::names::SERVICE_ACCOUNT_PREFIX;

struct Row {
    /// `namespace:name` of the service accounts.
    accounts: &'static [&'static str],
    capabilities: &'static [Capability],
    source: &'static str,
}

const TABLE: &[Row] = &[
    // Schedulers and queues.
    Row {
        accounts: &["volcano-system:volcano-scheduler"],
        // Preempts pods, writes pod conditions and updates PodGroups.
        capabilities: &[Bind, Evict, Annotate, Status, Mirror],
        source: "volcano-sh/volcano installer/helm/chart/volcano/templates/scheduler.yaml",
    },
    Row {
        accounts: &["volcano-system:volcano-controllers"],
        // Creates the PodGroup of a plain pod and writes its name on the pod.
        capabilities: &[Annotate, Mirror],
        source: "volcano-sh/volcano pkg/controllers/podgroup/pg_controller_handler.go",
    },
    Row {
        accounts: &["yunikorn:yunikorn-admin"],
        // It also creates placeholder pods for gang scheduling; that is denied on
        // purpose.
        capabilities: &[Bind, Evict, Annotate, Status],
        source: "apache/yunikorn-release helm-charts/yunikorn/templates/rbac.yaml",
    },
    Row {
        accounts: &["kueue-system:kueue-controller-manager"],
        capabilities: &[Evict, Annotate, Status, Mirror],
        source: "kubernetes-sigs/kueue charts/kueue/templates/rbac/role.yaml",
    },
    // Nodes and sizes.
    Row {
        // `karpenter` was the documented namespace before 0.37.
        accounts: &["kube-system:karpenter", "karpenter:karpenter"],
        capabilities: &[Evict],
        source: "aws/karpenter-provider-aws charts/karpenter/templates/clusterrole-core.yaml",
    },
    Row {
        accounts: &["kube-system:cluster-autoscaler"],
        capabilities: &[Evict, Status],
        source: "kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml",
    },
    Row {
        accounts: &["kube-system:vpa-updater"],
        // An in-place update patches pods/resize and annotates the pod.
        capabilities: &[Evict, Annotate, Resize],
        source: "kubernetes/autoscaler vertical-pod-autoscaler/deploy/vpa-rbac.yaml",
    },
    // Certificates and meshes.
    Row {
        accounts: &["istio-system:istiod"],
        // Maintains the ConfigMap istio-ca-root-cert in every namespace.
        capabilities: &[ConfigMaps],
        source: "istio/istio manifests/charts/istio-control/istio-discovery/templates/clusterrole.yaml",
    },
    Row {
        accounts: &["cert-manager:cert-manager"],
        capabilities: &[Secrets],
        source: "cert-manager/cert-manager deploy/charts/cert-manager/templates/rbac.yaml",
    },
    Row {
        accounts: &["cert-manager:trust-manager"],
        // Its Secret targets are off by default.
        capabilities: &[ConfigMaps],
        source: "cert-manager/trust-manager deploy/charts/trust-manager/templates/clusterrole.yaml",
    },
    // Networks.
    Row {
        accounts: &["kube-system:aws-load-balancer-controller"],
        // Sets the readiness gates of pods in a target group.
        capabilities: &[Status],
        source: "kubernetes-sigs/aws-load-balancer-controller helm/aws-load-balancer-controller/templates/rbac.yaml",
    },
    Row {
        accounts: &["kube-system:aws-node"],
        // Writes the pod's address as an annotation if ANNOTATE_POD_IP is set.
        capabilities: &[Annotate],
        source: "aws/amazon-vpc-cni-k8s pkg/ipamd/rpc_handler.go",
    },
    Row {
        accounts: &["kube-system:cilium"],
        capabilities: &[Mirror],
        source: "cilium/cilium install/kubernetes/cilium/templates/cilium-agent/clusterrole.yaml",
    },
    Row {
        accounts: &["kube-system:cilium-operator"],
        capabilities: &[Mirror],
        source: "cilium/cilium install/kubernetes/cilium/templates/cilium-operator/clusterrole.yaml",
    },
    Row {
        // The CNI plugin writes the pod's address as an annotation, through
        // pods/status. `calico-system` is where the operator installs it.
        accounts: &[
            "kube-system:calico-node",
            "kube-system:calico-cni-plugin",
            "calico-system:calico-node",
            "calico-system:calico-cni-plugin",
        ],
        capabilities: &[Annotate, Status],
        source: "projectcalico/calico charts/calico/templates/calico-node-rbac.yaml",
    },
    // Writers of reports.
    Row {
        accounts: &["kyverno:kyverno-reports-controller"],
        capabilities: &[Mirror],
        source: "kyverno/kyverno charts/kyverno/templates/reports-controller/clusterrole.yaml",
    },
    Row {
        accounts: &["trivy-system:trivy-operator"],
        capabilities: &[Mirror],
        source: "aquasecurity/trivy-operator deploy/helm/templates/rbac.yaml",
    },
    Row {
        accounts: &["kubewarden:audit-scanner"],
        capabilities: &[Mirror],
        source: "kubewarden/helm-charts charts/kubewarden-controller/templates/audit-scanner.yaml",
    },
];

/// The table, as rows of a policy.
pub(super) fn platform() -> Vec<Platform> {
    let row = |row: &Row| Platform {
        users: row
            .accounts
            .iter()
            .map(|account| format!("{SERVICE_ACCOUNT_PREFIX}{account}"))
            .collect(),
        capabilities: Capabilities::of(row.capabilities),
        source: Cow::Borrowed(row.source),
    };
    TABLE.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Capability, platform};
    use crate::policy::Kind as _;
    use crate::policy::identity_kinds::Username;

    #[test]
    fn every_row_could_stand_in_a_policy_file() {
        let mut seen = HashSet::new();
        for row in platform() {
            assert!(
                row.source.contains('/') && !row.source.starts_with('/'),
                "{row:?}"
            );
            assert!(row.capabilities.iter().next().is_some(), "{row:?}");
            for user in row.users {
                assert_eq!(Username::read(&user).as_ref(), Ok(&user));
                assert!(seen.insert(user.clone()), "{user} is there twice");
            }
        }
    }

    #[test]
    fn nobody_may_both_bind_and_shape_jobs() {
        for row in platform() {
            let both = [Capability::Bind, Capability::ConfigMaps]
                .map(|one| row.capabilities.contains(one));
            assert_ne!(both, [true, true], "{row:?}");
        }
    }
}
