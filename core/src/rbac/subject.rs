//! The subjects of a binding.

use std::fmt;

use serde::Deserialize;

use crate::names::{SERVICE_ACCOUNT_PREFIX, ServiceAccountUser, shown};

use super::Identity;

/// Whom a binding gives its role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A user by name. A service account is the user
    /// `system:serviceaccount:NAMESPACE:NAME`, whichever kind the binding names.
    User(Box<str>),
    /// Every user in a group.
    Group(Box<str>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wire {
    kind: Box<str>,
    name: Box<str>,
    namespace: Option<Box<str>>,
}

impl Subject {
    /// `None` if no user can be this subject: a service account without a namespace
    /// in a cluster role binding, or an unknown kind. A service account without one
    /// in a role binding is one of the binding's namespace.
    pub(super) fn of(wire: Wire, namespace_of_binding: &str) -> Option<Self> {
        match &*wire.kind {
            "User" => Some(Self::User(wire.name)),
            "Group" => Some(Self::Group(wire.name)),
            "ServiceAccount" => {
                let own = wire.namespace.filter(|namespace| !namespace.is_empty());
                let namespace = own.as_deref().unwrap_or(namespace_of_binding);
                (!namespace.is_empty()).then(|| Self::service_account(namespace, &wire.name))
            }
            _ => None,
        }
    }

    #[must_use]
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self::User(format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}").into())
    }

    /// Every subject that the user is: itself and its groups.
    pub(super) fn all_of(identity: &Identity<'_>) -> impl Iterator<Item = Self> {
        let groups = identity.groups.iter();
        std::iter::once(Self::User(identity.name.into()))
            .chain(groups.map(|group| Self::Group(group.as_str().into())))
    }
}

/// `user alice`, `group team-a`, `service account spark-a/runner`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => match ServiceAccountUser::parse(name) {
                Some(ServiceAccountUser { namespace, name }) => {
                    let (namespace, name) = (shown(namespace, 63), shown(name, 253));
                    write!(f, "service account {namespace}/{name}")
                }
                None => write!(f, "user {}", shown(name, 253)),
            },
            Self::Group(name) => write!(f, "group {}", shown(name, 253)),
        }
    }
}
