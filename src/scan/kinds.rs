//! Which kinds a scan reads in which pass.

use rolegate_core::facts::WATCHED;
use rolegate_core::facts::surface::is_built_in;

use super::Pass;

/// Kubernetes' own kinds in namespaces that rules judge as they are stored. `ConfigMaps`
/// and Secrets are not among them: a scan reads no data.
const OBJECTS: [(&str, &str); 15] = [
    // Pods first: what they own is judged by their service accounts.
    ("", "pods"),
    ("", "endpoints"),
    ("", "persistentvolumeclaims"),
    ("", "replicationcontrollers"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
    ("discovery.k8s.io", "endpointslices"),
    ("networking.k8s.io", "ingresses"),
    ("networking.k8s.io", "networkpolicies"),
];

/// Groups of figures that are computed when they are asked for.
const COMPUTED: [&str; 3] = [
    "metrics.k8s.io",
    "custom.metrics.k8s.io",
    "external.metrics.k8s.io",
];

/// Whether objects of this resource are read in the pass, and in what order; `None` if not.
/// Custom resources of all groups are, after Kubernetes' own.
pub(super) fn order(pass: Pass, group: &str, resource: &str) -> Option<usize> {
    match pass {
        Pass::World => WATCHED
            .iter()
            .position(|one| (one.asked.group, one.asked.resource) == (group, resource)),
        Pass::Objects if is_built_in(group) => {
            OBJECTS.iter().position(|own| *own == (group, resource))
        }
        Pass::Objects => (!COMPUTED.contains(&group)).then_some(OBJECTS.len()),
    }
}
