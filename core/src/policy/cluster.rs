//! What holds in the namespaces of one virtual cluster.

use super::Chain;
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
            .filter(move |entry| entry.names(username, groups.clone()))
    }
}

/// People or service accounts of a tenant, and what they may do in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitter {
    /// Usernames.
    pub users: Vec<Glob>,
    /// Group names, compared exactly.
    pub groups: Vec<String>,
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

impl Submitter {
    /// Whether the entry is about this requester.
    #[must_use]
    pub fn names<'a>(&self, username: &str, groups: impl IntoIterator<Item = &'a str>) -> bool {
        self.users.iter().any(|glob| glob.matches(username))
            || (!self.groups.is_empty()
                && groups
                    .into_iter()
                    .any(|group| self.groups.iter().any(|own| own == group)))
    }
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
