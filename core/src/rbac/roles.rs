//! All roles by their names, with aggregation resolved.

use std::collections::{BTreeSet, HashMap};

use super::{Attributes, Role, RoleKey, Rule};

/// The roles and cluster roles of a cluster.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// By namespace (empty: cluster roles), then by name.
    by_name: HashMap<Box<str>, HashMap<Box<str>, Role>>,
    /// The aggregated cluster roles, each with the names of the others whose rules it
    /// has, through other aggregated ones too.
    aggregated: HashMap<Box<str>, BTreeSet<Box<str>>>,
}

impl Roles {
    pub(super) fn get(&self, key: &RoleKey) -> Option<&Role> {
        self.by_name.get(&key.namespace)?.get(&key.name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Role> {
        self.by_name.values().flat_map(HashMap::values)
    }

    /// Adds a role, or replaces the one of its name.
    pub(super) fn put(&mut self, role: Role) {
        let matters = self.matters_to_aggregation(&role);
        let of_namespace = self.by_name.entry(role.key.namespace.clone()).or_default();
        let old = of_namespace.insert(role.key.name.clone(), role);
        if matters || old.is_some_and(|old| self.matters_to_aggregation(&old)) {
            self.aggregate();
        }
    }

    pub(super) fn remove(&mut self, key: &RoleKey) {
        let Some(of_namespace) = self.by_name.get_mut(&key.namespace) else {
            return;
        };
        let old = of_namespace.remove(&key.name);
        if of_namespace.is_empty() {
            self.by_name.remove(&key.namespace);
        }
        if old.is_some_and(|old| self.matters_to_aggregation(&old)) {
            self.aggregate();
        }
    }

    /// A selector may ask for absent labels, so a role without labels matters too.
    fn matters_to_aggregation(&self, role: &Role) -> bool {
        role.is_cluster_role() && (!role.aggregates.is_empty() || !self.aggregated.is_empty())
    }

    /// Finds out again which cluster roles each aggregated one has.
    fn aggregate(&mut self) {
        self.aggregated.clear();
        let Some(clustered) = self.by_name.get("") else {
            return;
        };
        let selected: HashMap<&str, BTreeSet<&str>> = clustered
            .values()
            .filter(|role| !role.aggregates.is_empty())
            .map(|role| {
                let parts = clustered.values().filter(|part| {
                    part.key.name != role.key.name
                        && role.aggregates.iter().any(|one| one.selects(&part.labels))
                });
                (&*role.key.name, parts.map(|part| &*part.key.name).collect())
            })
            .collect();
        for name in selected.keys() {
            let mut all = BTreeSet::new();
            let mut open = vec![*name];
            while let Some(next) = open.pop() {
                for part in selected.get(next).into_iter().flatten() {
                    if *part != *name && all.insert(Box::from(*part)) {
                        open.push(part);
                    }
                }
            }
            self.aggregated.insert(Box::from(*name), all);
        }
    }

    /// The rule that allows this to whoever has the role, and the role that the rule
    /// stands in: the role itself, or one that it aggregates.
    pub(super) fn allows(
        &self,
        key: &RoleKey,
        attributes: &Attributes<'_>,
    ) -> Option<(&Role, &Rule)> {
        self.rules(key).find(|(_, rule)| rule.allows(attributes))
    }

    /// The rule that allows this for all objects asked for; if there is none, every
    /// rule that allows it for some.
    pub(super) fn allows_some(
        &self,
        key: &RoleKey,
        attributes: &Attributes<'_>,
    ) -> Vec<(&Role, &Rule)> {
        match self.allows(key, attributes) {
            Some(all) => vec![all],
            None => self
                .rules(key)
                .filter(|(_, rule)| rule.allows_some(attributes))
                .collect(),
        }
    }

    fn rules(&self, key: &RoleKey) -> impl Iterator<Item = (&Role, &Rule)> {
        self.parts(key)
            .flat_map(|role| role.rules.iter().map(move |rule| (role, rule)))
    }

    /// The role, and all that it aggregates. Its own rules come first: until
    /// Kubernetes aggregates again, they are in force.
    pub(super) fn parts(&self, key: &RoleKey) -> impl Iterator<Item = &Role> {
        let parts = key
            .namespace
            .is_empty()
            .then(|| self.aggregated.get(&key.name))
            .flatten();
        let clustered = self.by_name.get("");
        let parts = parts
            .into_iter()
            .flatten()
            .filter_map(move |name| clustered?.get(name));
        self.get(key).into_iter().chain(parts)
    }

    /// The aggregated cluster roles that have this one's rules.
    pub(super) fn wholes(&self, key: &RoleKey) -> impl Iterator<Item = RoleKey> {
        let clustered = key.namespace.is_empty();
        let wholes = self
            .aggregated
            .iter()
            .filter(move |(_, parts)| clustered && parts.contains(&key.name));
        wholes.map(|(name, _)| RoleKey {
            namespace: "".into(),
            name: name.clone(),
        })
    }
}
