//! Who can do what that matters to jobs.

use rolegate_core::facts::Class;
use rolegate_core::permissions::{Question, class_of_subject};
use rolegate_core::policy::Policy;
use rolegate_core::rbac::Graph;

/// What AWS's page asks not to grant, and what leads to it. Of a namespace.
const IN_NAMESPACE: [(&str, &str); 8] = [
    ("get", "secrets"),
    ("create", "pods"),
    ("create", "pods/exec"),
    ("patch", "pods/ephemeralcontainers"),
    ("update", "configmaps"),
    ("create", "serviceaccounts/token"),
    ("impersonate", "serviceaccounts"),
    ("create", "rolebindings"),
];

/// Of the cluster.
const IN_CLUSTER: [(&str, &str); 7] = [
    ("create", "mutatingwebhookconfigurations"),
    ("create", "mutatingadmissionpolicies"),
    ("impersonate", "users"),
    ("impersonate", "groups"),
    ("create", "clusterrolebindings"),
    ("get", "nodes/proxy"),
    ("use", "breakglass.rolegate.dev"),
];

/// A permission, and those who hold it.
#[derive(Debug)]
pub struct Right {
    pub verb: &'static str,
    pub resource: &'static str,
    /// The subject, its class, and the binding that gives it.
    pub holders: Vec<(String, Class, String)>,
}

/// The permissions in a namespace, or in the cluster for an empty one, in a fixed order.
/// The control plane's own are left out.
#[must_use]
pub fn rights(graph: &Graph, policy: &Policy, namespace: &str) -> Vec<Right> {
    let asked = if namespace.is_empty() {
        &IN_CLUSTER[..]
    } else {
        &IN_NAMESPACE[..]
    };
    let all = asked.iter().filter_map(|(verb, resource)| {
        let question = Question::parse(verb, resource, namespace, "").ok()?;
        let holders = graph.who_can(&question.attributes());
        let holders = holders.iter().filter_map(|holder| {
            let class = class_of_subject(holder.subject, namespace, policy);
            let grant = holder.grants.first()?;
            let by = grant.to_string();
            (class != Class::System).then(|| (holder.subject.to_string(), class, by))
        });
        Some(Right {
            verb,
            resource,
            holders: holders.collect(),
        })
    });
    all.collect()
}
