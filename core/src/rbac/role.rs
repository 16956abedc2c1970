//! Roles and cluster roles.

use std::fmt;

use serde::Deserialize;

use crate::json::{self, List};
use crate::names::shown;

use super::Rule;
use super::selector::{Labels, Selector};

/// A role's name, and its namespace; empty for a cluster role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleKey {
    pub namespace: Box<str>,
    pub name: Box<str>,
}

/// A Role or a `ClusterRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub key: RoleKey,
    pub rules: Vec<Rule>,
    pub(super) labels: Labels,
    /// Of an aggregated cluster role: it has the rules of every cluster role that one
    /// of these selects. Its own `rules` are what Kubernetes last aggregated.
    pub aggregates: Vec<Selector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    kind: Option<Box<str>>,
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    rules: Option<Vec<Rule>>,
    #[serde(default)]
    aggregation_rule: Option<Aggregation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    name: Option<Box<str>>,
    namespace: Option<Box<str>>,
    labels: Option<Labels>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Aggregation {
    cluster_role_selectors: List<Selector>,
}

impl Role {
    /// Reads a Role or `ClusterRole`. `namespace` is that of the request or of the
    /// list, for objects that do not name it; a `ClusterRole` has none.
    ///
    /// # Errors
    ///
    /// A [`json::Error`] if a field has another type than in RBAC's API.
    pub fn parse(text: &str, namespace: &str) -> Result<Self, json::Error> {
        let wire: Wire = json::from_str(text)?;
        let clustered = wire.kind.as_deref() == Some("ClusterRole");
        let own = wire.metadata.namespace.filter(|own| !own.is_empty());
        let namespace = match own {
            _ if clustered => "".into(),
            Some(own) => own,
            None => namespace.into(),
        };
        // Only cluster roles are aggregated.
        let labels = wire.metadata.labels.filter(|_| namespace.is_empty());
        Ok(Self {
            key: RoleKey {
                namespace,
                name: wire.metadata.name.unwrap_or_default(),
            },
            rules: compact(wire.rules.unwrap_or_default()),
            labels: labels.unwrap_or_default(),
            aggregates: wire
                .aggregation_rule
                .map(|rule| rule.cluster_role_selectors.to_vec())
                .unwrap_or_default(),
        })
    }

    /// Whether aggregation cannot tell the two apart.
    #[must_use]
    pub fn has_labels_of(&self, other: &Self) -> bool {
        self.labels == other.labels
    }

    /// Whether one of its selectors selects the other role.
    pub(super) fn selects(&self, other: &Self) -> bool {
        self.aggregates.iter().any(|one| one.selects(&other.labels))
    }

    pub(super) fn is_cluster_role(&self) -> bool {
        self.key.namespace.is_empty()
    }
}

fn compact(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.shrink_to_fit();
    rules.iter_mut().for_each(Rule::compact);
    rules
}

/// `Role spark-a/reader`, `ClusterRole edit`.
impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = shown(&self.name, 253);
        if self.namespace.is_empty() {
            write!(f, "ClusterRole {name}")
        } else {
            write!(f, "Role {}/{name}", shown(&self.namespace, 63))
        }
    }
}
