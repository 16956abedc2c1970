//! The settings for the namespaces of one virtual cluster.

use std::collections::HashMap;
use std::ops::Deref;

use super::{Chain, Subjects};
use crate::names::Role;
use crate::names::{Glob, RolePattern, is_reserved_secret};

/// One entry of `virtualClusters`, or the built-in entry for labelled namespaces
/// that no entry names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualCluster {
    /// Exact names; empty in the built-in entry.
    pub namespaces: Vec<String>,
    /// The roles that jobs may run as here. Empty: every role, because the file has
    /// no list (an explicit empty list is an error).
    pub execution_roles: Vec<RolePattern>,
    /// Users that may start jobs and pods here, in addition to EMR.
    pub submitters: Vec<Submitter>,
    /// The roles that jobs may assume from their execution role.
    pub chains: Vec<Chain>,
    /// Jobs in other namespaces that may start pods here.
    pub cross_roles: Vec<CrossRole>,
}

/// The entries of a policy, indexed by namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualClusters {
    entries: Vec<VirtualCluster>,
    by_namespace: HashMap<String, usize>,
    builtin: VirtualCluster,
}

impl VirtualClusters {
    /// A namespace may be in one of the `entries` only.
    #[must_use]
    pub fn new(entries: Vec<VirtualCluster>) -> Self {
        let numbered = entries.iter().enumerate();
        let by_namespace = numbered.flat_map(|(number, entry)| {
            let namespaces = entry.namespaces.iter();
            namespaces.map(move |namespace| (namespace.clone(), number))
        });
        Self {
            by_namespace: by_namespace.collect(),
            entries,
            builtin: VirtualCluster::default(),
        }
    }

    /// The entry for a namespace. Without one in the file, the built-in entry: no
    /// submitters, no chains, every execution role.
    #[must_use]
    pub fn of(&self, namespace: &str) -> &VirtualCluster {
        self.number(namespace)
            .and_then(|number| self.entries.get(number))
            .unwrap_or(&self.builtin)
    }

    /// The number of the file's entry for a namespace.
    #[must_use]
    pub fn number(&self, namespace: &str) -> Option<usize> {
        self.by_namespace.get(namespace).copied()
    }

    /// Whether the file has an entry for a namespace.
    #[must_use]
    pub fn have(&self, namespace: &str) -> bool {
        self.by_namespace.contains_key(namespace)
    }
}

impl Deref for VirtualClusters {
    type Target = [VirtualCluster];

    fn deref(&self) -> &[VirtualCluster] {
        &self.entries
    }
}

impl VirtualCluster {
    /// The entries that name this requester, by user or by a group.
    pub fn submitters_for<'a, G>(
        &'a self,
        username: &'a str,
        groups: G,
    ) -> impl Iterator<Item = &'a Submitter>
    where
        G: IntoIterator<Item = &'a str> + Clone + 'a,
    {
        self.submitters
            .iter()
            .filter(move |entry| entry.who.contains(username, groups.clone()))
    }
}

/// Users of a tenant and what they may do in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    pub who: Subjects,
    /// The execution roles of their jobs.
    pub roles: Vec<RolePattern>,
    /// Service accounts that their own pods may run as: `default` unless the file has
    /// a list, and never a job service account.
    pub service_accounts: Vec<String>,
    /// `ConfigMaps` that they may write.
    pub config_maps: Vec<Glob>,
    /// Secrets that their own pods may mount or reference.
    pub secrets: Vec<Glob>,
    /// Whether they may exec into pods that they could have started.
    pub exec: bool,
}

impl Submitter {
    /// Whether `secrets` lists this one. The Secrets of jobs need their full names: no
    /// pattern matches them.
    #[must_use]
    pub fn lists_secret(&self, secret: &str) -> bool {
        let reserved = is_reserved_secret(secret);
        let mut globs = self.secrets.iter();
        globs.any(|glob| !(reserved && glob.is_wild()) && glob.matches(secret))
    }
}

/// A job in one namespace that may start pods in another. With Lake Formation, the
/// system driver in its own namespace starts the executors in the user's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossRole {
    /// The namespace of the requester's service account.
    pub namespace: String,
    /// The role of the requester.
    pub from: Role,
    /// The role of the pods that it may start here.
    pub to: Role,
}
