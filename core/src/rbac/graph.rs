//! Roles and bindings together: who may do what, and through which binding.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::names::shown;

use super::roles::Roles;
use super::{Attributes, Binding, BindingKey, Identity, Role, RoleKey, Rule, Subject};

/// The RBAC of a cluster. It is kept up to date one object at a time, and an answer
/// about one user costs what its own bindings cost, however large the cluster is.
#[derive(Debug, Default)]
pub struct Graph {
    roles: Roles,
    bindings: HashMap<BindingKey, Binding>,
    /// The bindings of each subject.
    by_subject: HashMap<Subject, Vec<BindingKey>>,
    /// The bindings to each role, whether the role exists or not.
    by_role: HashMap<RoleKey, Vec<BindingKey>>,
}

/// Why something is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'g> {
    pub binding: &'g Binding,
    /// The role that the binding names.
    pub role: &'g RoleKey,
    /// The role with the rule: the one above, or a part of it by aggregation.
    pub source: &'g Role,
    pub rule: &'g Rule,
}

/// A subject that may do something, and all bindings that allow it.
#[derive(Clone, Debug)]
pub struct Holder<'g> {
    pub subject: &'g Subject,
    /// At least one.
    pub grants: Vec<Grant<'g>>,
}

impl Graph {
    #[must_use]
    pub fn new(
        roles: impl IntoIterator<Item = Role>,
        bindings: impl IntoIterator<Item = Binding>,
    ) -> Self {
        let mut graph = Self::default();
        for role in roles {
            graph.roles.put(role);
        }
        for binding in bindings {
            graph.put_binding(binding);
        }
        graph
    }

    /// Adds a role, or replaces the one of its name.
    pub fn put_role(&mut self, role: Role) {
        self.roles.put(role);
    }

    pub fn remove_role(&mut self, key: &RoleKey) {
        self.roles.remove(key);
    }

    /// Adds a binding, or replaces the one of its name.
    pub fn put_binding(&mut self, binding: Binding) {
        self.remove_binding(&binding.key);
        for subject in &binding.subjects {
            let of_subject = self.by_subject.entry(subject.clone());
            of_subject.or_insert_with(one).push(binding.key.clone());
        }
        if let Some(role) = &binding.role {
            let of_role = self.by_role.entry(role.clone());
            of_role.or_insert_with(one).push(binding.key.clone());
        }
        self.bindings.insert(binding.key.clone(), binding);
    }

    pub fn remove_binding(&mut self, key: &BindingKey) {
        let Some(old) = self.bindings.remove(key) else {
            return;
        };
        for subject in &old.subjects {
            forget(&mut self.by_subject, subject, key);
        }
        if let Some(role) = &old.role {
            forget(&mut self.by_role, role, key);
        }
    }

    #[must_use]
    pub fn role(&self, key: &RoleKey) -> Option<&Role> {
        self.roles.get(key)
    }

    #[must_use]
    pub fn binding(&self, key: &BindingKey) -> Option<&Binding> {
        self.bindings.get(key)
    }

    /// In no order.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter()
    }

    /// In no order.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.values()
    }

    /// Every subject of a binding, in no order.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.by_subject.keys()
    }

    /// Every role of this namespace, or with an empty one every cluster role, with a rule
    /// that allows this for all objects asked for or for some.
    pub fn roles_allowing<'g>(
        &'g self,
        namespace: &str,
        attributes: &Attributes<'_>,
    ) -> impl Iterator<Item = &'g RoleKey> {
        let here = move |role: &&Role| *role.key.namespace == *namespace;
        let roles = self.roles.iter().filter(here).map(|role| &role.key);
        roles.filter(move |key| !self.roles.allows_some(key, attributes).is_empty())
    }

    /// The bindings that name this role itself, in these namespaces; that of a cluster
    /// role binding is empty.
    pub fn bindings_of_role(
        &self,
        role: &RoleKey,
        mut counts: impl FnMut(&str) -> bool,
    ) -> impl Iterator<Item = &Binding> {
        let keys = self.by_role.get(role).into_iter().flatten();
        keys.filter(move |key| counts(&key.namespace))
            .filter_map(|key| self.bindings.get(key))
    }

    /// The role, and the aggregated ones that have its rules.
    pub fn roles_with(&self, role: &RoleKey) -> impl Iterator<Item = RoleKey> {
        std::iter::once(role.clone()).chain(self.roles.wholes(role))
    }

    /// The stored roles that matter to a change of this one: see [`Roles::around`]. A
    /// graph of them says of it, and of those that aggregate it, what this one says.
    #[must_use]
    pub fn roles_around(&self, role: &Role) -> Vec<Role> {
        self.roles.around(role)
    }

    /// The role's own rules, and those that it aggregates.
    pub fn rules_of(&self, role: &RoleKey) -> impl Iterator<Item = &Rule> {
        self.roles.parts(role).flat_map(|part| &part.rules)
    }

    /// Why a user may do this; `None` if RBAC does not allow it. `system:masters`
    /// may do everything without RBAC ([`Identity::is_superuser`]).
    #[must_use]
    pub fn allows(
        &self,
        identity: &Identity<'_>,
        attributes: &Attributes<'_>,
    ) -> Option<Grant<'_>> {
        self.bindings_of(identity, attributes.namespace())
            .find_map(|binding| {
                let role = binding.role.as_ref()?;
                let allowed = self.roles.allows(role, attributes)?;
                Some(Grant::new(binding, role, allowed))
            })
    }

    /// Everything that allows this to a user, for all objects asked for or for some
    /// ([`Grant::names`]), in the order of the bindings.
    #[must_use]
    pub fn grants<'g>(
        &'g self,
        identity: &Identity<'_>,
        attributes: &Attributes<'_>,
    ) -> Vec<Grant<'g>> {
        let bindings: BTreeMap<_, _> = self
            .bindings_of(identity, attributes.namespace())
            .map(|binding| (&binding.key, binding))
            .collect();
        bindings
            .into_values()
            .flat_map(|binding| self.grants_of(binding, attributes))
            .collect()
    }

    /// Every binding that gives a user something in this namespace; with an empty
    /// one, every cluster role binding.
    pub fn bindings_of<'g>(
        &'g self,
        identity: &Identity<'_>,
        namespace: &str,
    ) -> impl Iterator<Item = &'g Binding> {
        Subject::all_of(identity)
            .flat_map(|subject| self.by_subject.get(&subject).into_iter().flatten())
            .filter_map(|key| self.bindings.get(key))
            .filter(move |binding| binding.reaches(namespace))
    }

    /// Every subject that may do this for all objects asked for or for some, in order,
    /// with everything that allows it.
    #[must_use]
    pub fn who_can(&self, attributes: &Attributes<'_>) -> Vec<Holder<'_>> {
        let mut holders: BTreeMap<&Subject, Vec<Grant<'_>>> = BTreeMap::new();
        // Many bindings name the same few roles.
        let mut known: HashMap<&RoleKey, Vec<(&Role, &Rule)>> = HashMap::new();
        let namespace = attributes.namespace();
        for binding in self.bindings.values().filter(|one| one.reaches(namespace)) {
            let Some(role) = &binding.role else { continue };
            let allowed = known
                .entry(role)
                .or_insert_with(|| self.roles.allows_some(role, attributes));
            for &allowed in &*allowed {
                let grant = Grant::new(binding, role, allowed);
                for subject in &binding.subjects {
                    holders.entry(subject).or_default().push(grant);
                }
            }
        }
        let holders = holders.into_iter();
        holders
            .map(|(subject, mut grants)| {
                grants.sort_by_key(|grant| &grant.binding.key);
                Holder { subject, grants }
            })
            .collect()
    }

    fn grants_of<'g>(
        &'g self,
        binding: &'g Binding,
        attributes: &Attributes<'_>,
    ) -> Vec<Grant<'g>> {
        let Some(role) = &binding.role else {
            return Vec::new();
        };
        let allowed = self.roles.allows_some(role, attributes).into_iter();
        allowed
            .map(|allowed| Grant::new(binding, role, allowed))
            .collect()
    }
}

impl<'g> Grant<'g> {
    const fn new(
        binding: &'g Binding,
        to: &'g RoleKey,
        (source, rule): (&'g Role, &'g Rule),
    ) -> Self {
        Self {
            binding,
            role: to,
            source,
            rule,
        }
    }

    /// The only objects that it is for; empty: all.
    #[must_use]
    pub fn names(&self) -> &'g [Box<str>] {
        &self.rule.resource_names
    }
}

/// Most subjects and most roles have one binding.
fn one<T>() -> Vec<T> {
    Vec::with_capacity(1)
}

fn forget<K: std::hash::Hash + Eq>(
    index: &mut HashMap<K, Vec<BindingKey>>,
    key: &K,
    binding: &BindingKey,
) {
    if let Some(bindings) = index.get_mut(key) {
        bindings.retain(|one| one != binding);
        if bindings.is_empty() {
            index.remove(key);
        }
    }
}

/// `RoleBinding spark-a/editors → ClusterRole edit`, with the aggregated role and the
/// names if there are any.
impl fmt::Display for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.binding.key, self.role)?;
        if self.source.key != *self.role {
            write!(f, " (from {})", self.source.key)?;
        }
        if let [first, rest @ ..] = self.names() {
            write!(f, ", only for {}", shown(first, 253))?;
            for name in rest.iter().take(MOST_NAMES - 1) {
                write!(f, ", {}", shown(name, 253))?;
            }
            if self.names().len() > MOST_NAMES {
                write!(f, " and {} more", self.names().len() - MOST_NAMES)?;
            }
        }
        Ok(())
    }
}

/// How many names of objects a line shows.
const MOST_NAMES: usize = 5;
