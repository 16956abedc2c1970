//! What Amazon EMR must be allowed in a namespace, and where a cluster differs from it.
//!
//! The rules are those of AWS's page "Enable cluster access" without the words that are
//! no verbs of Kubernetes (`describe`, `edit`, `annotate`, `label`), plus what `eksctl
//! create iamidentitymapping --service-name emr-containers` adds.

use std::fmt;

use crate::names::shown;
use crate::policy::Policy;
use crate::rbac::{Asked, Attributes, BindingKey, Graph, RoleKey};

/// The name of EMR's Role and `RoleBinding`, and of its user.
pub const EMR: &str = "emr-containers";

/// A rule of EMR's Role.
#[derive(Clone, Copy, Debug)]
pub struct AccessRule {
    pub group: &'static str,
    pub resources: &'static [&'static str],
    pub verbs: &'static [&'static str],
}

const READ_WRITE: &[&str] = &["get", "list", "watch", "create", "delete", "patch"];
const AND_COLLECTIONS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "delete",
    "deletecollection",
    "patch",
];

/// What EMR needs. Ingresses come last: before Kubernetes 1.22 they are in the group
/// `extensions`.
pub const NEEDED: [AccessRule; 8] = [
    AccessRule {
        group: "",
        resources: &["namespaces"],
        verbs: &["get"],
    },
    AccessRule {
        group: "",
        resources: &[
            "serviceaccounts",
            "services",
            "configmaps",
            "events",
            "pods",
            "pods/log",
        ],
        verbs: AND_COLLECTIONS,
    },
    AccessRule {
        group: "",
        resources: &["secrets"],
        verbs: &["create", "patch", "delete", "watch"],
    },
    AccessRule {
        group: "",
        resources: &["persistentvolumeclaims"],
        verbs: AND_COLLECTIONS,
    },
    AccessRule {
        group: "apps",
        resources: &["statefulsets", "deployments"],
        verbs: READ_WRITE,
    },
    AccessRule {
        group: "batch",
        resources: &["jobs"],
        verbs: READ_WRITE,
    },
    AccessRule {
        group: "rbac.authorization.k8s.io",
        resources: &["roles", "rolebindings"],
        verbs: AND_COLLECTIONS,
    },
    AccessRule {
        group: "networking.k8s.io",
        resources: &["ingresses"],
        verbs: READ_WRITE,
    },
];

/// What some installations add, and what is therefore not reported as wider: Volcano's
/// pod groups, the old group of Ingresses, and the words that are no verbs.
const ADDED: [(&str, &str); 2] = [
    ("scheduling.volcano.sh", "podgroups"),
    ("extensions", "ingresses"),
];
const NO_VERBS: [&str; 4] = ["describe", "edit", "annotate", "label"];

/// How far a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Somebody may be taken for EMR, or EMR may do more than it needs.
    TooWide,
    /// Jobs will fail.
    Missing,
}

/// One difference between a cluster and what EMR needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub weight: Weight,
    /// The namespace; empty for `aws-auth` and cluster-wide bindings.
    pub namespace: String,
    /// The object, such as `Role spark-a/emr-containers` or `ConfigMap kube-system/aws-auth`.
    pub object: String,
    /// What is wrong: one sentence.
    pub what: String,
    /// What to do: one sentence.
    pub instead: String,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.object, self.what, self.instead)
    }
}

/// Compares EMR's Role and `RoleBinding` of these namespaces with what EMR needs. A
/// namespace without both is passed over if `access_entries` says that the cluster may
/// give EMR its rights by an access entry, which RBAC does not show.
#[must_use]
pub fn role_drift(
    graph: &Graph,
    policy: &Policy,
    namespaces: &[&str],
    access_entries: bool,
) -> Vec<Drift> {
    let mut found = Vec::new();
    for namespace in namespaces {
        let role = RoleKey {
            namespace: (*namespace).into(),
            name: EMR.into(),
        };
        let binding = BindingKey {
            namespace: (*namespace).into(),
            name: EMR.into(),
        };
        let (has_role, bound) = (graph.role(&role).is_some(), graph.binding(&binding));
        if !has_role && bound.is_none() {
            if !access_entries {
                found.push(missing(
                    namespace,
                    role.to_string(),
                    "it does not exist, so EMR cannot run jobs here",
                ));
            }
            continue;
        }
        if !has_role {
            found.push(missing(
                namespace,
                role.to_string(),
                "it does not exist, although a binding names it",
            ));
            continue;
        }
        verbs(graph, &role, &mut found);
        wider(graph, &role, &mut found);
        match bound {
            Some(bound) if bound.role.as_ref() == Some(&role) => {
                let users = bound.subjects.iter().map(subject_name);
                if !users
                    .into_iter()
                    .any(|(is_user, name)| is_user && policy.emr_service.names(name))
                {
                    found.push(missing(
                        namespace,
                        bound.key.to_string(),
                        "it does not name EMR's user",
                    ));
                }
            }
            Some(bound) => {
                found.push(missing(
                    namespace,
                    bound.key.to_string(),
                    "it names another role than Role emr-containers",
                ));
            }
            None => found.push(missing(
                namespace,
                binding.to_string(),
                "it does not exist, so EMR has no rights here",
            )),
        }
        let mut others: Vec<_> = graph.bindings_of_role(&role, |_| true).collect();
        others.sort_by_key(|binding| &binding.key);
        for binding in others {
            for subject in &binding.subjects {
                let (is_user, name) = subject_name(subject);
                if !(is_user && policy.emr_service.names(name)) {
                    found.push(Drift {
                        weight: Weight::TooWide,
                        namespace: (*namespace).to_owned(),
                        object: binding.key.to_string(),
                        what: format!("it gives EMR's rights to {subject} as well"),
                        instead: "remove the subject: EMR's rights are enough to start a pod under every job's \
                                  service account and to give oneself any role"
                            .to_owned(),
                    });
                }
            }
        }
    }
    cluster_wide(graph, policy, &mut found);
    found
}

fn missing(namespace: &str, object: String, what: &str) -> Drift {
    Drift {
        weight: Weight::Missing,
        namespace: namespace.to_owned(),
        object,
        what: what.to_owned(),
        instead: format!(
            "apply what `rolegate iam render cluster-access --namespace {}` prints",
            shown(namespace, 63)
        ),
    }
}

fn subject_name(subject: &crate::rbac::Subject) -> (bool, &str) {
    match subject {
        crate::rbac::Subject::User(name) => (true, name),
        crate::rbac::Subject::Group(name) => (false, name),
    }
}

/// Verbs that the role lacks.
fn verbs(graph: &Graph, role: &RoleKey, found: &mut Vec<Drift>) {
    for rule in &NEEDED {
        for resource in rule.resources {
            let (main, sub) = resource.split_once('/').unwrap_or((resource, ""));
            let lacks = |verb: &&&str| {
                let asked = Asked::Resource {
                    group: rule.group,
                    resource: main,
                    subresource: sub,
                    namespace: &role.namespace,
                    name: "",
                };
                let attributes = Attributes { verb, asked };
                !graph.rules_of(role).any(|rule| rule.allows(&attributes))
            };
            // A log is only read.
            let wanted = rule
                .verbs
                .iter()
                .filter(|verb| sub.is_empty() || **verb == "get");
            let lacking: Vec<&str> = wanted.filter(lacks).copied().collect();
            if !lacking.is_empty() {
                let group = if rule.group.is_empty() {
                    String::new()
                } else {
                    format!(".{}", rule.group)
                };
                let what = format!(
                    "EMR may not {} {resource}{group}, so jobs fail that need it",
                    lacking.join(", ")
                );
                found.push(missing(&role.namespace, role.to_string(), &what));
            }
        }
    }
}

/// What the role allows beyond what EMR needs.
fn wider(graph: &Graph, role: &RoleKey, found: &mut Vec<Drift>) {
    let mut wide = Vec::new();
    for rule in graph.rules_of(role) {
        for group in rule.api_groups.iter() {
            for resource in rule.resources.iter() {
                let pair = (&**group, &**resource);
                let needed = NEEDED
                    .iter()
                    .find(|needed| needed.group == pair.0 && needed.resources.contains(&pair.1));
                let extra: Vec<&str> = rule
                    .verbs
                    .iter()
                    .map(|verb| &**verb)
                    .filter(|verb| {
                        !NO_VERBS.contains(verb)
                            && needed.is_none_or(|needed| !needed.verbs.contains(verb))
                    })
                    .collect();
                if extra.is_empty() || ADDED.contains(&pair) {
                    continue;
                }
                let group = if group.is_empty() {
                    String::new()
                } else {
                    format!(".{}", shown(group, 100))
                };
                let verbs: Vec<_> = extra.iter().map(|verb| shown(verb, 40)).collect();
                let text = format!("{} {}{group}", verbs.join(", "), shown(resource, 100));
                if !wide.contains(&text) {
                    wide.push(text);
                }
            }
        }
    }
    for text in wide {
        found.push(Drift {
            weight: Weight::TooWide,
            namespace: role.namespace.to_string(),
            object: role.to_string(),
            what: format!("it lets EMR {text}, which EMR does not need"),
            instead: "remove it: whoever gets EMR's username gets this too".to_owned(),
        });
    }
}

/// Bindings for the whole cluster that name EMR's user.
fn cluster_wide(graph: &Graph, policy: &Policy, found: &mut Vec<Drift>) {
    let mut bindings: Vec<_> = graph
        .bindings()
        .filter(|binding| binding.key.namespace.is_empty() && binding.role.is_some())
        .filter(|binding| {
            let names = |subject| matches!(subject_name(subject), (true, name) if policy.emr_service.names(name));
            binding.subjects.iter().any(names)
        })
        .collect();
    bindings.sort_by_key(|binding| &binding.key);
    for binding in bindings {
        found.push(Drift {
            weight: Weight::TooWide,
            namespace: String::new(),
            object: binding.key.to_string(),
            what: "it gives EMR's user rights in every namespace".to_owned(),
            instead: "bind a Role in each virtual cluster's namespace instead".to_owned(),
        });
    }
}
