//! All roles by their names, with aggregation resolved.

use std::collections::{BTreeSet, HashMap};

use super::{Attributes, Role, RoleKey, Rule};

/// The roles and cluster roles of a cluster.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// By namespace (empty: cluster roles), then by name.
    by_name: HashMap<Box<str>, HashMap<Box<str>, Role>>,
    /// The aggregated cluster roles.
    aggregated: HashMap<Box<str>, Aggregated>,
}

/// The names of what an aggregated cluster role consists of, besides itself.
#[derive(Debug, Default)]
struct Aggregated {
    /// What its own selectors select.
    selected: BTreeSet<Box<str>>,
    /// All whose rules it has, through other aggregated ones too.
    parts: BTreeSet<Box<str>>,
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
        let key = role.key.clone();
        let clustered = role.is_cluster_role();
        let of_namespace = self.by_name.entry(role.key.namespace.clone()).or_default();
        of_namespace.insert(role.key.name.clone(), role);
        if clustered {
            self.aggregate(&key.name);
        }
    }

    pub(super) fn remove(&mut self, key: &RoleKey) {
        let Some(of_namespace) = self.by_name.get_mut(&key.namespace) else {
            return;
        };
        of_namespace.remove(&key.name);
        if of_namespace.is_empty() {
            self.by_name.remove(&key.namespace);
        }
        if key.namespace.is_empty() {
            self.aggregate(&key.name);
        }
    }

    /// Finds out what changes for aggregation with the cluster role of this name: a new
    /// one, a changed one, or one that is gone. It costs what the aggregated roles
    /// cost, which are few, unless one of them changes itself.
    fn aggregate(&mut self, name: &str) {
        let clustered = self.by_name.get("");
        let role = clustered.and_then(|all| all.get(name));
        let mut changed = false;
        for (whole, aggregated) in &mut self.aggregated {
            let selects = &**whole != name
                && clustered
                    .and_then(|all| all.get(whole))
                    .zip(role)
                    .is_some_and(|(whole, role)| whole.selects(role));
            changed |= if selects {
                aggregated.selected.insert(name.into())
            } else {
                aggregated.selected.remove(name)
            };
        }
        let own = role.filter(|role| !role.aggregates.is_empty()).map(|role| {
            let others = clustered.into_iter().flat_map(HashMap::values);
            others
                .filter(|other| *other.key.name != *name && role.selects(other))
                .map(|other| other.key.name.clone())
                .collect::<BTreeSet<_>>()
        });
        changed |= match own {
            Some(selected) => {
                let aggregated = self.aggregated.entry(name.into()).or_default();
                let differs = aggregated.selected != selected;
                aggregated.selected = selected;
                differs
            }
            None => self.aggregated.remove(name).is_some(),
        };
        if changed {
            self.close();
        }
    }

    /// Follows the selected roles through other aggregated ones.
    fn close(&mut self) {
        let closed: Vec<(Box<str>, BTreeSet<Box<str>>)> = self
            .aggregated
            .keys()
            .map(|name| {
                let mut all = BTreeSet::new();
                let mut open = vec![name];
                while let Some(next) = open.pop() {
                    let selected = self.aggregated.get(next).map(|one| &one.selected);
                    for part in selected.into_iter().flatten() {
                        if part != name && all.insert(part.clone()) {
                            open.push(part);
                        }
                    }
                }
                (name.clone(), all)
            })
            .collect();
        for (name, parts) in closed {
            if let Some(aggregated) = self.aggregated.get_mut(&name) {
                aggregated.parts = parts;
            }
        }
    }

    /// What a change of this role can mean for others and for itself: the role, the
    /// aggregated cluster roles that have its rules with it or without it, and all
    /// parts of those and of itself. Few, however many roles there are.
    pub(super) fn around(&self, role: &Role) -> Vec<Role> {
        let mut around: HashMap<&str, &Role> = HashMap::new();
        let clustered = self.by_name.get("").filter(|_| role.is_cluster_role());
        let clustered = |name: &str| clustered.and_then(|all| all.get(name));
        // The aggregated ones that select it directly or through each other.
        let mut few = Self::default();
        for whole in self.aggregated.keys().filter_map(|name| clustered(name)) {
            few.put(whole.clone());
        }
        few.put(role.clone());
        let now = few.wholes(&role.key).map(|key| key.name);
        let before = self.wholes(&role.key).map(|key| key.name);
        for whole in now.chain(before) {
            let names = self.aggregated.get(&whole).map(|one| &one.parts);
            let names = names.into_iter().flatten().chain([&whole]);
            around.extend(
                names
                    .filter_map(|name| clustered(name))
                    .map(|role| (&*role.key.name, role)),
            );
        }
        if !role.aggregates.is_empty() {
            let all = self.by_name.get("").into_iter().flat_map(HashMap::values);
            for part in all.filter(|part| role.selects(part)) {
                let parts = self.parts(&part.key);
                around.extend(parts.map(|part| (&*part.key.name, part)));
            }
        }
        let before = self.parts(&role.key);
        around.extend(before.map(|part| (&*part.key.name, part)));
        around.into_values().cloned().collect()
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
            .flatten()
            .map(|aggregated| &aggregated.parts);
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
            .filter(move |(_, one)| clustered && one.parts.contains(&key.name));
        wholes.map(|(name, _)| RoleKey {
            namespace: "".into(),
            name: name.clone(),
        })
    }
}
