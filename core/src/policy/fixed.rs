//! Job service accounts whose names do not say their role: which of the policy's
//! entries counts in which namespace.
//!
//! An entry that lists the namespace counts there. An entry without `namespaces` counts
//! in all others, except where the virtual cluster says that another role is meant: its
//! submitters have roles of the same operator, and not the entry's. Where several entries
//! are left that name different roles, those count whose role the cluster lists; if that
//! does not leave one role, none counts, and nobody may use the account.

use std::collections::{BTreeMap, HashMap};

use crate::names::{Role, RolePattern};

use super::{FixedServiceAccount, Operator, VirtualCluster, VirtualClusters};

/// An entry, by the number of its operator and its own.
type Entry = (usize, usize);

/// The role of a service account in one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed<'p> {
    /// The entry that gives it one.
    Role(&'p FixedServiceAccount),
    /// Entries give it a role in other namespaces, and none, or more than one, here.
    NoRole,
    /// No entry has its name.
    Unlisted,
}

/// The entries of all names.
#[derive(Clone, Debug, Default)]
pub(super) struct FixedNames {
    by_name: BTreeMap<String, FixedName>,
    /// The names by the namespaces that their entries list.
    by_namespace: BTreeMap<String, Vec<String>>,
    /// Names with an entry for all other namespaces.
    elsewhere: Vec<String>,
}

/// The entries of one name.
#[derive(Clone, Debug, Default)]
struct FixedName {
    by_namespace: BTreeMap<String, Entry>,
    /// Those without `namespaces`.
    elsewhere: Vec<Entry>,
    /// What counts in a namespace without a virtual cluster.
    default: Option<Entry>,
    /// What counts in the namespaces of a virtual cluster, where that differs.
    in_cluster: HashMap<usize, Option<Entry>>,
}

impl FixedNames {
    pub(super) fn of(operators: &[Operator], clusters: &VirtualClusters) -> Self {
        let mut by_name: BTreeMap<String, FixedName> = BTreeMap::new();
        for (number, operator) in operators.iter().enumerate() {
            for (entry, fixed) in operator.job_service_accounts.iter().enumerate() {
                let name = by_name.entry(fixed.name.clone()).or_default();
                if fixed.namespaces.is_empty() {
                    name.elsewhere.push((number, entry));
                }
                for namespace in &fixed.namespaces {
                    let known = name.by_namespace.entry(namespace.clone());
                    known.or_insert((number, entry));
                }
            }
        }
        let mut by_namespace: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut elsewhere = Vec::new();
        for (name, known) in &mut by_name {
            if known.elsewhere.is_empty() {
                for namespace in known.by_namespace.keys() {
                    let names = by_namespace.entry(namespace.clone()).or_default();
                    names.push(name.clone());
                }
            } else {
                elsewhere.push(name.clone());
                known.resolve(operators, clusters);
            }
        }
        Self {
            by_name,
            by_namespace,
            elsewhere,
        }
    }

    pub(super) fn get<'p>(
        &self,
        namespace: &str,
        name: &str,
        operators: &'p [Operator],
        clusters: &VirtualClusters,
    ) -> Fixed<'p> {
        let Some(known) = self.by_name.get(name) else {
            return Fixed::Unlisted;
        };
        let entry = known.by_namespace.get(namespace).copied().or_else(|| {
            let number = clusters.number(namespace);
            let here = number.and_then(|number| known.in_cluster.get(&number));
            here.map_or(known.default, |entry| *entry)
        });
        match entry.and_then(|entry| entry_of(operators, entry)) {
            Some((_, fixed)) => Fixed::Role(fixed),
            None if known.elsewhere.is_empty() => Fixed::Unlisted,
            None => Fixed::NoRole,
        }
    }

    /// Every name with a role in this namespace, or with none although it has one in
    /// others.
    pub(super) fn names<'p>(&'p self, namespace: &str) -> impl Iterator<Item = &'p str> {
        let here = self.by_namespace.get(namespace).into_iter().flatten();
        here.chain(&self.elsewhere).map(String::as_str)
    }
}

impl FixedName {
    /// Decides what the entries without `namespaces` mean.
    fn resolve(&mut self, operators: &[Operator], clusters: &VirtualClusters) {
        let entries = self.elsewhere.iter();
        let entries: Vec<_> = entries
            .filter_map(|entry| entry_of(operators, *entry).map(|known| (*entry, known)))
            .collect();
        self.default = the_only_role(&entries);
        for (number, cluster) in clusters.iter().enumerate() {
            let here = the_only_role(&fitting(&entries, cluster));
            if here != self.default {
                self.in_cluster.insert(number, here);
            }
        }
    }
}

/// An entry and what it says.
type Known<'p> = (Entry, (&'p Operator, &'p FixedServiceAccount));

/// The entries that can be meant in the namespaces of a virtual cluster: those whose
/// roles it lists, else those of which its lists do not say that another is meant.
fn fitting<'p>(entries: &[Known<'p>], cluster: &VirtualCluster) -> Vec<Known<'p>> {
    let left = entries.iter().copied();
    let mut left: Vec<_> = left
        .filter(|(_, (operator, fixed))| !means_another(cluster, operator, fixed))
        .collect();
    if the_only_role(&left).is_none() {
        left.retain(|(_, (_, fixed))| lists(cluster, &fixed.role));
    }
    left
}

fn entry_of(
    operators: &[Operator],
    (operator, entry): Entry,
) -> Option<(&Operator, &FixedServiceAccount)> {
    let operator = operators.get(operator)?;
    Some((operator, operator.job_service_accounts.get(entry)?))
}

/// The first entry, if all of them name the same role.
fn the_only_role(entries: &[Known<'_>]) -> Option<Entry> {
    let (first, (_, fixed)) = entries.first()?;
    let mut all = entries.iter();
    all.all(|(_, (_, other))| other.role == fixed.role)
        .then_some(*first)
}

/// Whether the role may run in the cluster's namespaces, and the cluster says so.
pub(super) fn lists(cluster: &VirtualCluster, role: &Role) -> bool {
    let is_it = |roles: &RolePattern| roles.matches(role);
    let execution = &cluster.execution_roles;
    let submitted = || cluster.submitters.iter().flat_map(|entry| &entry.roles);
    if submitted().any(is_it) {
        execution.is_empty() || execution.iter().any(is_it)
    } else {
        submitted().next().is_none() && execution.iter().any(is_it)
    }
}

/// Whether the cluster's lists of roles say that in its namespaces the operator's jobs
/// have another role than that of the entry. Where `executionRoles` is given, the rule
/// `execution-role` judges the role of the entry.
fn means_another(
    cluster: &VirtualCluster,
    operator: &Operator,
    fixed: &FixedServiceAccount,
) -> bool {
    let submitted = || cluster.submitters.iter().flat_map(|entry| &entry.roles);
    let starts = |roles: &RolePattern| {
        let mut own = operator.roles.iter();
        own.any(|own| own.overlaps(roles))
    };
    cluster.execution_roles.is_empty()
        && !submitted().any(|roles| roles.matches(&fixed.role))
        && submitted().any(starts)
}
