//! What holds in the namespaces of one virtual cluster.

use std::collections::HashMap;
use std::ops::Deref;

use super::{Chain, Subjects};
use crate::names::Role;
use crate::names::{Glob, RolePattern};

/// One entry of `virtualClusters`, or the built-in one for a labelled
/// namespace that no entry names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualCluster {
    /// The namespaces it is for, compared exactly; empty in the built-in entry.
    pub namespaces: Vec<String>,
    /// The roles jobs may run as here. Empty: the policy does not limit them
    /// here (an explicit empty list is refused).
    pub execution_roles: Vec<RolePattern>,
    /// Who may start what here beside EMR.
    pub submitters: Vec<Submitter>,
    /// The roles that jobs may go on to from their execution role.
    pub chains: Vec<Chain>,
    /// Jobs of other namespaces that start pods here.
    pub cross_roles: Vec<CrossRole>,
}

/// The entries of a policy, found by namespace without a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualClusters {
    entries: Vec<VirtualCluster>,
    by_namespace: HashMap<String, usize>,
    builtin: VirtualCluster,
}

impl VirtualClusters {
    /// No namespace may stand in two of `entries`.
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

    /// The entry for a namespace. Where the file has none, the built-in one:
    /// nobody may submit, nothing is chained, execution roles are not limited.
    #[must_use]
    pub fn of(&self, namespace: &str) -> &VirtualCluster {
        let number = self.by_namespace.get(namespace);
        number
            .and_then(|number| self.entries.get(*number))
            .unwrap_or(&self.builtin)
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

/// People or service accounts of a tenant, and what they may do in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    /// Who they are.
    pub who: Subjects,
    /// The execution roles whose jobs are theirs.
    pub roles: Vec<RolePattern>,
    /// Service accounts their own pods may run as; `default` unless the file
    /// says otherwise, and never a job service account.
    pub service_accounts: Vec<String>,
    /// `ConfigMaps` they may write.
    pub config_maps: Vec<Glob>,
    /// Secrets their own pods may mount or reference.
    pub secrets: Vec<Glob>,
}

/// A pair of job service accounts across namespaces: with Lake Formation the
/// system driver, in its own namespace, starts the user namespace's executors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossRole {
    /// Where the requester's service account lives.
    pub namespace: String,
    /// The requester's role.
    pub from: Role,
    /// The role of the pods it may start here.
    pub to: Role,
}
