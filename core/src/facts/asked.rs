//! The kinds of objects that rules may ask for: what rolegate must be allowed to `get` or
//! to `list`, and nothing else (`manifests/lookups`); and those that it watches
//! (`manifests/view`).

use std::collections::BTreeSet;

use super::Need;
use super::kinds::{self, RoleOf};
use crate::rbac::GROUP;

/// A resource, as RBAC names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// Empty for the core group.
    pub group: &'static str,
    /// Plural name.
    pub resource: &'static str,
}

/// Where a route leads.
pub const SERVICES: Asked = Asked {
    group: "",
    resource: "services",
};

/// Owners of pods and of what belongs to them, by their kinds.
const WORKLOADS: [(&str, Asked); 7] = [
    ("Pod", asked("", "pods")),
    ("ReplicationController", asked("", "replicationcontrollers")),
    ("ReplicaSet", asked("apps", "replicasets")),
    ("Deployment", asked("apps", "deployments")),
    ("StatefulSet", asked("apps", "statefulsets")),
    ("DaemonSet", asked("apps", "daemonsets")),
    ("Job", asked("batch", "jobs")),
];

/// What an autoscaler may scale, by its kind, with a version that serves it: Kubernetes'
/// own, and what an operator keeps jobs' pods by.
const SCALED: [(&str, Asked, &str); 5] = [
    ("Deployment", asked("apps", "deployments"), "v1"),
    ("ReplicaSet", asked("apps", "replicasets"), "v1"),
    ("StatefulSet", asked("apps", "statefulsets"), "v1"),
    (
        "ReplicationController",
        asked("", "replicationcontrollers"),
        "v1",
    ),
    (
        "FlinkDeployment",
        asked("flink.apache.org", "flinkdeployments"),
        "v1beta1",
    ),
];

/// The role that a role binding names.
const ROLES: Asked = asked(GROUP, "roles");

/// The mode of the namespace of an authorization request.
const NAMESPACES: Asked = asked("", "namespaces");

/// Who is bound to a role, what an aggregated role consists of, and which namespaces
/// are managed.
const LISTS: [Asked; 4] = [
    NAMESPACES,
    asked(GROUP, "clusterrolebindings"),
    asked(GROUP, "clusterroles"),
    asked(GROUP, "rolebindings"),
];

/// The group of webhook configurations and admission policies.
const ADMISSION: &str = "admissionregistration.k8s.io";

/// A resource of which rolegate keeps all objects, as far as it may.
#[derive(Debug)]
pub struct Watched {
    pub asked: Asked,
    /// From the newest. A cluster serves some of them, or none.
    pub versions: &'static [&'static str],
    /// Whether names and labels are all that is read.
    pub metadata_only: bool,
}

const V1: &[&str] = &["v1"];
/// Stable since Kubernetes 1.36.
const MUTATING_POLICIES: &[&str] = &["v1", "v1beta1", "v1alpha1"];

/// Every resource that rolegate watches. Roles come before bindings and everything before
/// what depends on it, but each is read on its own.
pub static WATCHED: [Watched; 11] = [
    watched(GROUP, "clusterroles", V1),
    watched(GROUP, "roles", V1),
    watched(GROUP, "clusterrolebindings", V1),
    watched(GROUP, "rolebindings", V1),
    Watched {
        asked: NAMESPACES,
        versions: V1,
        metadata_only: true,
    },
    watched(ADMISSION, "validatingwebhookconfigurations", V1),
    watched(ADMISSION, "mutatingwebhookconfigurations", V1),
    watched(ADMISSION, "validatingadmissionpolicies", V1),
    watched(ADMISSION, "validatingadmissionpolicybindings", V1),
    watched(ADMISSION, "mutatingadmissionpolicies", MUTATING_POLICIES),
    watched(
        ADMISSION,
        "mutatingadmissionpolicybindings",
        MUTATING_POLICIES,
    ),
];

const fn watched(
    group: &'static str,
    resource: &'static str,
    versions: &'static [&'static str],
) -> Watched {
    Watched {
        asked: asked(group, resource),
        versions,
        metadata_only: false,
    }
}

const fn asked(group: &'static str, resource: &'static str) -> Asked {
    Asked { group, resource }
}

impl Asked {
    /// The pod, or what starts pods, of the kind that an owner reference names.
    #[must_use]
    pub fn workload(kind: &str) -> Option<Self> {
        let mut rows = WORKLOADS.into_iter();
        rows.find(|(of, _)| *of == kind).map(|(_, asked)| asked)
    }

    /// What an autoscaler's reference means, with a version of it: autoscalers go by group
    /// and kind, whatever version the reference names. KEDA takes an empty group for
    /// `apps`.
    #[must_use]
    pub fn scaled(group: &str, kind: &str) -> Option<(Self, &'static str)> {
        let mut rows = SCALED.into_iter();
        let row =
            rows.find(|(of, asked, _)| *of == kind && (group.is_empty() || asked.group == group));
        row.map(|(_, asked, version)| (asked, version))
    }

    /// Every resource of which a rule, or the authorization door, may ask for one object.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        let workloads = WORKLOADS.into_iter().map(|(_, asked)| asked);
        let scaled = SCALED.into_iter().map(|(_, asked, _)| asked);
        workloads
            .chain(scaled)
            .chain([SERVICES, ROLES, NAMESPACES])
            .chain(joined())
            .collect()
    }

    /// Every resource of which a rule may ask for all objects.
    #[must_use]
    pub fn lists() -> BTreeSet<Self> {
        LISTS.into()
    }

    /// Whether a rule may ask for this.
    #[must_use]
    pub fn allows(need: &Need) -> bool {
        let all = if need.is_list() {
            Self::lists()
        } else {
            Self::all()
        };
        let mut all = all.into_iter();
        all.any(|asked| asked.group == need.group && asked.resource == need.resource)
    }
}

/// What custom resources join, and what the joined name in turn.
fn joined() -> impl Iterator<Item = Asked> {
    kinds::rows().flat_map(|row| {
        row.joins.iter().flat_map(move |join| {
            let own = if join.group.is_none() {
                row.groups
            } else {
                &[]
            };
            let other = join.group.map(|(group, _)| group);
            let further = match join.role {
                RoleOf::Named(further) => Some(further.resource),
                RoleOf::Names | RoleOf::Arn(_) | RoleOf::SomeArn(_) | RoleOf::Selected => None,
            };
            let groups = own.iter().copied().chain(other);
            groups.flat_map(move |group| {
                let resources = [join.resource].into_iter().chain(further);
                resources.map(move |resource| asked(group, resource))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_and_no_wildcard() {
        for asked in Asked::all().union(&Asked::lists()) {
            assert_ne!(asked.resource, "secrets");
            assert!(!asked.resource.contains(['*', '/']), "{asked:?}");
            assert!(!asked.group.contains('*'), "{asked:?}");
        }
    }

    #[test]
    fn what_is_joined_counts() {
        for (group, resource) in [
            ("flink.apache.org", "flinkdeployments"),
            ("flink.apache.org", "flinksessionjobs"),
            ("iam.services.k8s.aws", "roles"),
            ("argoproj.io", "workflowtemplates"),
            ("", "services"),
            ("batch", "jobs"),
        ] {
            let need = Need::object(group, "v1", resource, "a", "b");
            assert!(Asked::allows(&need), "{need}");
        }
        for resource in ["secrets", "configmaps"] {
            let need = Need::object("", "v1", resource, "a", "b");
            assert!(!Asked::allows(&need), "{need}");
        }
        assert!(Asked::allows(&Need::all("", "namespaces", "")));
        assert!(!Asked::allows(&Need::all("", "pods", "a")));
    }
}
