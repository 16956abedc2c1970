//! Role bindings and cluster role bindings.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use crate::json;
use crate::names::shown;

use super::RoleKey;
use super::subject::{self, Subject};

/// A binding's name, and its namespace; empty for a cluster role binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    pub namespace: Box<str>,
    pub name: Box<str>,
}

/// The role that a binding names.
pub type RoleRef = RoleKey;

/// A `RoleBinding` or `ClusterRoleBinding`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub key: BindingKey,
    /// `None` if it names no role that a binding of its kind can have: an unknown
    /// kind, or a Role in a cluster role binding. It gives nothing then.
    pub role: Option<RoleRef>,
    /// Sorted, each once, and without those that no user can be.
    pub subjects: Vec<Subject>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default)]
    kind: Option<Box<str>>,
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    role_ref: WireRef,
    #[serde(default)]
    subjects: Option<Vec<subject::Wire>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    name: Option<Box<str>>,
    namespace: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireRef {
    kind: Box<str>,
    name: Box<str>,
}

impl Binding {
    /// Reads a `RoleBinding` or `ClusterRoleBinding`. `namespace` is that of the
    /// request or of the list, for objects that do not name it; a
    /// `ClusterRoleBinding` has none.
    ///
    /// # Errors
    ///
    /// A [`json::Error`] if a field has another type than in RBAC's API.
    pub fn parse(text: &str, namespace: &str) -> Result<Self, json::Error> {
        let wire: Wire = json::from_str(text)?;
        let clustered = wire.kind.as_deref() == Some("ClusterRoleBinding");
        let own = wire.metadata.namespace.filter(|own| !own.is_empty());
        let namespace: Box<str> = match own {
            _ if clustered => "".into(),
            Some(own) => own,
            None => namespace.into(),
        };
        let name = wire.role_ref.name;
        let role = match &*wire.role_ref.kind {
            "ClusterRole" => Some("".into()),
            "Role" if !namespace.is_empty() => Some(namespace.clone()),
            _ => None,
        };
        let wires = wire.subjects.unwrap_or_default().into_iter();
        let subjects: BTreeSet<Subject> = wires
            .filter_map(|wire| Subject::of(wire, &namespace))
            .collect();
        Ok(Self {
            role: role.map(|namespace| RoleRef { namespace, name }),
            subjects: subjects.into_iter().collect(),
            key: BindingKey {
                namespace,
                name: wire.metadata.name.unwrap_or_default(),
            },
        })
    }

    /// Whether it gives anything in this namespace; empty: in none.
    pub(super) fn reaches(&self, namespace: &str) -> bool {
        self.key.namespace.is_empty() || *self.key.namespace == *namespace
    }
}

/// `RoleBinding spark-a/readers`, `ClusterRoleBinding readers`.
impl fmt::Display for BindingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = shown(&self.name, 253);
        if self.namespace.is_empty() {
            write!(f, "ClusterRoleBinding {name}")
        } else {
            write!(f, "RoleBinding {}/{name}", shown(&self.namespace, 63))
        }
    }
}
