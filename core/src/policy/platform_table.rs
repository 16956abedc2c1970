//! The built-in table of cluster software (add-ons): the exact service accounts of
//! default installations, the minimal capabilities each needs in a tenant's namespace,
//! and the file that shows the need. Paths are relative to each project's repository.
//! An installation with another release name or namespace has another service
//! account; list it in the policy file, under `platform`.
//!
//! A row counts only where the policy names its add-on under `addOns`: in a cluster
//! without the add-on, a tenant could make a namespace and a service account of these
//! names. The exception is kube-system, in which nobody but the cluster's
//! administrators can make a service account.

use std::borrow::Cow;

use super::Capability::{
    self, Annotate, Bind, ConfigMaps, Evict, Mirror, Resize, Scale, Secrets, Status, Volumes,
};
use super::{Capabilities, Platform};
use crate::names::SERVICE_ACCOUNT_PREFIX;

struct Row {
    /// The name in `addOns`. An add-on can have several rows.
    add_on: &'static str,
    /// `namespace:name` of the service accounts.
    accounts: &'static [&'static str],
    capabilities: &'static [Capability],
    source: &'static str,
}

const TABLE: &[Row] = &[
    // Schedulers and queues.
    Row {
        add_on: "volcano",
        accounts: &["volcano-system:volcano-scheduler"],
        // Preempts pods, writes pod conditions and updates PodGroups.
        capabilities: &[Bind, Evict, Annotate, Status, Mirror],
        source: "volcano-sh/volcano installer/helm/chart/volcano/templates/scheduler.yaml",
    },
    Row {
        add_on: "volcano",
        accounts: &["volcano-system:volcano-controllers"],
        // Creates the PodGroup of a plain pod and writes its name on the pod; keeps
        // the host names of a Volcano Job in a ConfigMap (svc.go, beside it in
        // pkg/controllers/job/plugins/svc).
        capabilities: &[Annotate, ConfigMaps, Mirror],
        source: "volcano-sh/volcano pkg/controllers/podgroup/pg_controller_handler.go",
    },
    Row {
        add_on: "yunikorn",
        accounts: &["yunikorn:yunikorn-admin"],
        // It also creates placeholder pods for gang scheduling; that is denied on
        // purpose.
        capabilities: &[Bind, Evict, Annotate, Status],
        source: "apache/yunikorn-release helm-charts/yunikorn/templates/rbac.yaml",
    },
    Row {
        add_on: "kueue",
        accounts: &["kueue-system:kueue-controller-manager"],
        capabilities: &[Evict, Annotate, Status, Mirror],
        source: "kubernetes-sigs/kueue charts/kueue/templates/rbac/role.yaml",
    },
    // Nodes and sizes.
    Row {
        add_on: "karpenter",
        // `karpenter` was the documented namespace before 0.37.
        accounts: &["kube-system:karpenter", "karpenter:karpenter"],
        capabilities: &[Evict],
        source: "aws/karpenter-provider-aws charts/karpenter/templates/clusterrole-core.yaml",
    },
    Row {
        add_on: "cluster-autoscaler",
        accounts: &["kube-system:cluster-autoscaler"],
        capabilities: &[Evict, Status],
        source: "kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml",
    },
    Row {
        add_on: "cluster-autoscaler",
        accounts: &["kube-system:cluster-autoscaler-aws-cluster-autoscaler"],
        capabilities: &[Evict, Status],
        source: "kubernetes/autoscaler charts/cluster-autoscaler/templates/clusterrole.yaml",
    },
    Row {
        add_on: "cluster-autoscaler",
        accounts: &["kube-system:cluster-autoscaler-sa"],
        capabilities: &[Evict, Status],
        source: "aws-ia/terraform-aws-eks-blueprints-addons main.tf",
    },
    Row {
        add_on: "aws-node-termination-handler",
        accounts: &["kube-system:aws-node-termination-handler"],
        capabilities: &[Evict],
        source: "aws/aws-node-termination-handler config/helm/aws-node-termination-handler/templates/clusterrole.yaml",
    },
    Row {
        add_on: "aws-node-termination-handler",
        accounts: &["aws-node-termination-handler:aws-node-termination-handler-sa"],
        capabilities: &[Evict],
        source: "aws-ia/terraform-aws-eks-blueprints-addons main.tf",
    },
    Row {
        add_on: "kured",
        accounts: &["kube-system:kured"],
        // Drains a node before it starts again.
        capabilities: &[Evict],
        source: "kubereboot/kured kured-rbac.yaml",
    },
    Row {
        add_on: "descheduler",
        accounts: &["kube-system:descheduler", "kube-system:descheduler-sa"],
        // The second is the name in the project's own manifests (kubernetes/base).
        capabilities: &[Evict],
        source: "kubernetes-sigs/descheduler charts/descheduler/templates/clusterrole.yaml",
    },
    Row {
        add_on: "vertical-pod-autoscaler",
        // The second is where AWS's blueprint installs Fairwinds' chart.
        accounts: &["kube-system:vpa-updater", "vpa:vpa-updater"],
        // An in-place update patches pods/resize and annotates the pod.
        capabilities: &[Evict, Annotate, Resize],
        source: "kubernetes/autoscaler vertical-pod-autoscaler/deploy/vpa-rbac.yaml",
    },
    Row {
        add_on: "keda",
        accounts: &["keda:keda-operator"],
        // Writes the HorizontalPodAutoscaler of a ScaledObject, and scales from zero by
        // itself.
        capabilities: &[Scale],
        source: "kedacore/charts keda/templates/manager/clusterrole.yaml",
    },
    Row {
        add_on: "bottlerocket-update-operator",
        accounts: &["brupop-bottlerocket-aws:brupop-apiserver-service-account"],
        // Drains a node before it is updated.
        capabilities: &[Evict],
        source: "bottlerocket-os/bottlerocket-update-operator deploy/charts/bottlerocket-update-operator/templates/api-server-cluster-role.yaml",
    },
    Row {
        add_on: "gpu-operator",
        accounts: &["gpu-operator:gpu-operator"],
        // Ends pods that use a node's GPUs before it replaces the driver.
        capabilities: &[Evict],
        source: "NVIDIA/gpu-operator deployments/gpu-operator/templates/clusterrole.yaml",
    },
    // Certificates and meshes.
    Row {
        add_on: "istio",
        accounts: &["istio-system:istiod"],
        // Maintains the ConfigMap istio-ca-root-cert in every namespace.
        capabilities: &[ConfigMaps],
        source: "istio/istio manifests/charts/istio-control/istio-discovery/templates/clusterrole.yaml",
    },
    Row {
        add_on: "cert-manager",
        accounts: &["cert-manager:cert-manager"],
        capabilities: &[Secrets],
        source: "cert-manager/cert-manager deploy/charts/cert-manager/templates/rbac.yaml",
    },
    Row {
        add_on: "trust-manager",
        accounts: &["cert-manager:trust-manager"],
        // Its Secret targets are off by default.
        capabilities: &[ConfigMaps],
        source: "cert-manager/trust-manager deploy/charts/trust-manager/templates/clusterrole.yaml",
    },
    // Networks.
    Row {
        add_on: "aws-load-balancer-controller",
        accounts: &["kube-system:aws-load-balancer-controller"],
        // Sets the readiness gates of pods in a target group.
        capabilities: &[Status],
        source: "kubernetes-sigs/aws-load-balancer-controller helm/aws-load-balancer-controller/templates/rbac.yaml",
    },
    Row {
        add_on: "aws-load-balancer-controller",
        accounts: &["kube-system:aws-load-balancer-controller-sa"],
        capabilities: &[Status],
        source: "aws-ia/terraform-aws-eks-blueprints-addons main.tf",
    },
    Row {
        add_on: "aws-gateway-api-controller",
        accounts: &["aws-application-networking-system:gateway-api-controller"],
        // Sets the readiness gates of pods in a target group of VPC Lattice.
        capabilities: &[Status],
        source: "aws/aws-application-networking-k8s helm/templates/cluster-role-controller.yaml",
    },
    Row {
        add_on: "vpc-cni",
        accounts: &["kube-system:aws-node"],
        // Writes the pod's address as an annotation if ANNOTATE_POD_IP is set.
        capabilities: &[Annotate],
        source: "aws/amazon-vpc-cni-k8s pkg/ipamd/rpc_handler.go",
    },
    Row {
        add_on: "cilium",
        accounts: &["kube-system:cilium"],
        capabilities: &[Mirror],
        source: "cilium/cilium install/kubernetes/cilium/templates/cilium-agent/clusterrole.yaml",
    },
    Row {
        add_on: "cilium",
        accounts: &["kube-system:cilium-operator"],
        capabilities: &[Mirror],
        source: "cilium/cilium install/kubernetes/cilium/templates/cilium-operator/clusterrole.yaml",
    },
    Row {
        add_on: "calico",
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
    // Storage. The sidecars of a driver write annotations, finalizers and `status` of
    // claims.
    Row {
        add_on: "aws-ebs-csi-driver",
        accounts: &["kube-system:ebs-csi-controller-sa"],
        capabilities: &[Volumes],
        source: "kubernetes-sigs/aws-ebs-csi-driver charts/aws-ebs-csi-driver/templates/clusterrole-resizer.yaml",
    },
    Row {
        add_on: "aws-efs-csi-driver",
        accounts: &["kube-system:efs-csi-controller-sa"],
        capabilities: &[Volumes],
        source: "kubernetes-sigs/aws-efs-csi-driver charts/aws-efs-csi-driver/templates/controller-serviceaccount.yaml",
    },
    Row {
        add_on: "aws-fsx-csi-driver",
        accounts: &["kube-system:fsx-csi-controller-sa"],
        capabilities: &[Volumes],
        source: "kubernetes-sigs/aws-fsx-csi-driver charts/aws-fsx-csi-driver/templates/controller-serviceaccount.yaml",
    },
    Row {
        add_on: "aws-fsx-csi-driver",
        accounts: &["kube-system:aws-fsx-csi-controller-sa"],
        capabilities: &[Volumes],
        source: "aws-ia/terraform-aws-eks-blueprints-addons main.tf",
    },
    Row {
        add_on: "snapshot-controller",
        accounts: &["kube-system:snapshot-controller"],
        // Holds up the deletion of a claim while a snapshot is taken of it.
        capabilities: &[Volumes],
        source: "kubernetes-csi/external-snapshotter deploy/kubernetes/snapshot-controller/rbac-snapshot-controller.yaml",
    },
    // Workflows.
    Row {
        add_on: "airflow",
        accounts: &["airflow:airflow-worker", "airflow:airflow-scheduler"],
        // Marks a pod that it has seen to the end, also a driver of the Spark operator,
        // with the label already_checked.
        capabilities: &[Annotate],
        source: "apache/airflow providers/cncf/kubernetes/src/airflow/providers/cncf/kubernetes/operators/pod.py",
    },
    // Writers of reports.
    Row {
        add_on: "kyverno",
        accounts: &["kyverno:kyverno-reports-controller"],
        capabilities: &[Mirror],
        source: "kyverno/kyverno charts/kyverno/templates/reports-controller/clusterrole.yaml",
    },
    Row {
        add_on: "kyverno",
        accounts: &["kyverno:kyverno-admission-controller"],
        // Reports on what it admits, owned by the pods that they are about.
        capabilities: &[Mirror],
        source: "kyverno/kyverno charts/kyverno/templates/admission-controller/clusterrole.yaml",
    },
    Row {
        add_on: "trivy-operator",
        accounts: &["trivy-system:trivy-operator"],
        capabilities: &[Mirror],
        source: "aquasecurity/trivy-operator deploy/helm/templates/rbac.yaml",
    },
    Row {
        add_on: "kubewarden",
        accounts: &["kubewarden:audit-scanner"],
        capabilities: &[Mirror],
        source: "kubewarden/helm-charts charts/kubewarden-controller/templates/audit-scanner.yaml",
    },
];

/// The rows that count where `add_ons` are installed, as rows of a policy.
pub(super) fn platform(add_ons: &[&str]) -> Vec<Platform> {
    let counts = |row: &Row, account: &str| always_counts(account) || add_ons.contains(&row.add_on);
    let row = |row: &Row| Platform {
        tokens: Vec::new(),
        users: row
            .accounts
            .iter()
            .filter(|account| counts(row, account))
            .map(|account| format!("{SERVICE_ACCOUNT_PREFIX}{account}"))
            .collect(),
        capabilities: Capabilities::of(row.capabilities),
        add_on: Some(row.add_on),
        source: Cow::Borrowed(row.source),
    };
    let rows = TABLE.iter().map(row);
    rows.filter(|row| !row.users.is_empty()).collect()
}

/// Whether the service account, as `namespace:name` or as a username, counts whatever
/// `addOns` names: only administrators of the cluster can make one in kube-system.
pub(super) fn always_counts(account: &str) -> bool {
    let bare = account.strip_prefix(SERVICE_ACCOUNT_PREFIX);
    bare.unwrap_or(account).starts_with("kube-system:")
}

/// What the table lets this username do, whether or not its add-on is named.
pub(super) fn capabilities_of(username: &str) -> Capabilities {
    let account = username.strip_prefix(SERVICE_ACCOUNT_PREFIX);
    let mut rows = TABLE.iter();
    let row = rows.find(|row| account.is_some_and(|account| row.accounts.contains(&account)));
    row.map_or_else(Capabilities::default, |row| {
        Capabilities::of(row.capabilities)
    })
}

/// The add-on of which this username is a service account in a default installation.
pub(super) fn add_on_of(username: &str) -> Option<&'static str> {
    let account = username.strip_prefix(SERVICE_ACCOUNT_PREFIX)?;
    let row = TABLE.iter().find(|row| row.accounts.contains(&account))?;
    Some(row.add_on)
}

/// The names that `addOns` may list, in the order of the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    let first = |index: usize, name: &str| !TABLE[..index].iter().any(|row| row.add_on == name);
    let names = TABLE.iter().map(|row| row.add_on).enumerate();
    names
        .filter(move |(index, name)| first(*index, name))
        .map(|(_, name)| name)
}

/// The add-ons with a service account that counts only if `addOns` names them.
pub(super) fn optional() -> impl Iterator<Item = &'static str> {
    let elsewhere = |name: &&str| {
        let rows = TABLE.iter().filter(|row| row.add_on == *name);
        rows.flat_map(|row| row.accounts)
            .any(|account| !always_counts(account))
    };
    names().filter(elsewhere)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Capability, names, optional, platform};
    use crate::policy::Kind as _;
    use crate::policy::identity_kinds::Username;

    fn all() -> Vec<&'static str> {
        names().collect()
    }

    #[test]
    fn an_add_on_counts_where_it_is_named_and_in_kube_system() {
        let users = |add_ons: &[&str]| -> Vec<String> {
            let rows = platform(add_ons).into_iter();
            rows.flat_map(|row| row.users).collect()
        };
        let builtin = users(&[]);
        assert!(builtin.iter().all(|user| user.contains(":kube-system:")));
        assert!(builtin.contains(&"system:serviceaccount:kube-system:karpenter".to_owned()));
        let kueue = users(&["kueue"]);
        assert_eq!(kueue.len(), builtin.len() + 1);
        assert!(kueue.iter().any(|user| user.contains(":kueue-system:")));
        assert!(optional().any(|name| name == "kueue"));
        assert!(!optional().any(|name| name == "vpc-cni"));
    }

    #[test]
    fn every_row_could_stand_in_a_policy_file() {
        let mut seen = HashSet::new();
        for row in platform(&all()) {
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
        for row in platform(&all()) {
            let both = [Capability::Bind, Capability::ConfigMaps]
                .map(|one| row.capabilities.contains(one));
            assert_ne!(both, [true, true], "{row:?}");
        }
    }
}
