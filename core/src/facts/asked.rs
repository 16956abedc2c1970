//! The kinds of objects that rules may ask for: what rolegate must be allowed to `get`,
//! and nothing else (`manifests/lookups`).

use std::collections::BTreeSet;

use super::kinds::{self, RoleOf};

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

    /// Every resource that a rule may ask for.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        let workloads = WORKLOADS.into_iter().map(|(_, asked)| asked);
        workloads.chain([SERVICES]).chain(joined()).collect()
    }

    /// Whether a rule may ask for objects of that resource.
    #[must_use]
    pub fn is(group: &str, resource: &str) -> bool {
        let mut all = Self::all().into_iter();
        all.any(|asked| asked.group == group && asked.resource == resource)
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
        for asked in Asked::all() {
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
            assert!(Asked::is(group, resource), "{group} {resource}");
        }
        assert!(!Asked::is("", "secrets"));
        assert!(!Asked::is("", "configmaps"));
    }
}
