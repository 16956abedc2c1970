//! Who asks: a user's name and groups, as the authenticator gives them.

use crate::names::ServiceAccountUser;

/// A user with all its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    pub name: &'a str,
    pub groups: Vec<String>,
}

/// kube-apiserver allows this group everything before it asks RBAC.
const MASTERS: &str = "system:masters";
const ANONYMOUS: &str = "system:anonymous";

impl<'a> Identity<'a> {
    /// Adds the groups that the API server gives to every user of this kind: a
    /// service account is in `system:serviceaccounts` and in that of its namespace.
    #[must_use]
    pub fn authenticated(name: &'a str, groups: impl IntoIterator<Item = String>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().collect();
        if let Some(account) = ServiceAccountUser::parse(name) {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{}", account.namespace));
        }
        groups.push(
            if name == ANONYMOUS {
                "system:unauthenticated"
            } else {
                "system:authenticated"
            }
            .to_owned(),
        );
        Self { name, groups }
    }

    /// Exactly these groups.
    #[must_use]
    pub fn exactly(name: &'a str, groups: impl IntoIterator<Item = String>) -> Self {
        let groups = groups.into_iter().collect();
        Self { name, groups }
    }

    #[must_use]
    pub fn is_service_account(&self) -> bool {
        ServiceAccountUser::parse(self.name).is_some()
    }

    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|of| of == group)
    }

    /// Whether kube-apiserver allows it everything without asking any authorizer.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.is_in(MASTERS)
    }
}
