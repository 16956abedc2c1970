//! API groups.

pub(super) const CORE: &str = "";
pub(super) const ADMISSION: &str = "admissionregistration.k8s.io";
pub(super) const API_EXTENSIONS: &str = "apiextensions.k8s.io";
pub(super) const API_REGISTRATION: &str = "apiregistration.k8s.io";
pub(super) const APPS: &str = "apps";
pub(super) const AUTHENTICATION: &str = "authentication.k8s.io";
pub(super) const AUTHORIZATION: &str = "authorization.k8s.io";
pub(super) const AUTOSCALING: &str = "autoscaling";
pub(super) const BATCH: &str = "batch";
pub(super) const CERTIFICATES: &str = "certificates.k8s.io";
pub(super) const COORDINATION: &str = "coordination.k8s.io";
pub(super) const DISCOVERY: &str = "discovery.k8s.io";
pub(super) const EVENTS: &str = "events.k8s.io";
pub(super) const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io";
pub(super) const NETWORKING: &str = "networking.k8s.io";
pub(super) const NODE: &str = "node.k8s.io";
pub(super) const POLICY: &str = "policy";
pub(super) const RBAC: &str = "rbac.authorization.k8s.io";
pub(super) const RESOURCE: &str = "resource.k8s.io";
pub(super) const SCHEDULING: &str = "scheduling.k8s.io";
pub(super) const MIGRATION: &str = "storagemigration.k8s.io";
pub(super) const STORAGE: &str = "storage.k8s.io";

/// Not served by kube-apiserver itself.
pub(super) const SNAPSHOT: &str = "snapshot.storage.k8s.io";
pub(super) const GROUP_SNAPSHOT: &str = "groupsnapshot.storage.k8s.io";
pub(super) const ROLEGATE: &str = "rolegate.dev";

/// The group of Deployments, Ingresses and others until Kubernetes 1.22.
pub(super) const EXTENSIONS: &str = "extensions";

/// The groups that kube-apiserver itself serves. Resources of any other group are
/// custom resources.
const BUILT_IN: [&str; 23] = [
    CORE,
    ADMISSION,
    API_EXTENSIONS,
    API_REGISTRATION,
    APPS,
    AUTHENTICATION,
    AUTHORIZATION,
    AUTOSCALING,
    BATCH,
    CERTIFICATES,
    COORDINATION,
    DISCOVERY,
    EVENTS,
    EXTENSIONS,
    FLOW_CONTROL,
    NETWORKING,
    NODE,
    POLICY,
    RBAC,
    RESOURCE,
    SCHEDULING,
    MIGRATION,
    STORAGE,
];

/// Whether kube-apiserver itself serves a group.
#[must_use]
pub fn is_built_in(group: &str) -> bool {
    BUILT_IN.contains(&group)
}

/// The current group of a resource of the old group `extensions`; any other group
/// is unchanged.
pub(super) fn current<'a>(group: &'a str, resource: &str) -> &'a str {
    if group != EXTENSIONS {
        return group;
    }
    match resource {
        "deployments" | "replicasets" | "daemonsets" | "statefulsets" => APPS,
        "ingresses" | "networkpolicies" => NETWORKING,
        _ => group,
    }
}
