//! The identities a policy names, beside the built-in platform table.

use crate::names::{Glob, RolePattern};
use crate::names::{Role, SERVICE_ACCOUNT_PREFIX};

/// Amazon EMR itself: the identity that starts jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmrService {
    /// Its usernames. A username alone can be made up (`--as`, an access
    /// entry's `{{SessionName}}`), so callers check the roles besides.
    pub users: Vec<Glob>,
    /// Its roles, from the policy's `roleArns`. Empty: the policy names none,
    /// and only the service-linked role's name is asked for.
    pub roles: Vec<Role>,
}

impl EmrService {
    /// Whether EMR could have this username.
    #[must_use]
    pub fn names(&self, username: &str) -> bool {
        self.users.iter().any(|glob| glob.matches(username))
    }
}

/// Users and groups, of whom one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// Usernames.
    pub users: Vec<Glob>,
    /// Group names, compared exactly.
    pub groups: Vec<String>,
}

impl Subjects {
    /// Whether the requester is among them, by name or by a group.
    #[must_use]
    pub fn contains<'a>(&self, username: &str, groups: impl IntoIterator<Item = &'a str>) -> bool {
        self.users.iter().any(|glob| glob.matches(username))
            || (!self.groups.is_empty()
                && groups
                    .into_iter()
                    .any(|group| self.groups.iter().any(|own| own == group)))
    }
}

/// A controller that starts jobs for others: spark-operator, flink-operator, Livy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The namespace of its service account.
    pub namespace: String,
    /// The name of its service account.
    pub name: String,
    /// The roles whose jobs it may start.
    pub roles: Vec<RolePattern>,
    /// Job service accounts whose names carry no role of their own.
    pub job_service_accounts: Vec<FixedServiceAccount>,
}

impl Operator {
    /// The username of its service account.
    #[must_use]
    pub fn username(&self) -> String {
        format!("{SERVICE_ACCOUNT_PREFIX}{}:{}", self.namespace, self.name)
    }

    /// Whether `username` is its service account's.
    #[must_use]
    pub fn is(&self, username: &str) -> bool {
        username
            .strip_prefix(SERVICE_ACCOUNT_PREFIX)
            .and_then(|account| account.split_once(':'))
            == Some((self.namespace.as_str(), self.name.as_str()))
    }

    /// Whether it may start jobs that run as `role`.
    #[must_use]
    pub fn runs(&self, role: &Role) -> bool {
        self.roles.iter().any(|pattern| pattern.matches(role))
    }
}

/// A job service account with a name of its own choosing, and the role that
/// EKS gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedServiceAccount {
    /// The name, the same in every namespace.
    pub name: String,
    /// The role its pods become.
    pub role: Role,
}

#[cfg(test)]
mod tests {
    use super::{Operator, Subjects};
    use crate::names::Glob;

    #[test]
    fn an_operator_is_its_service_account_and_no_other() {
        let operator = Operator {
            namespace: "spark".into(),
            name: "operator".into(),
            roles: Vec::new(),
            job_service_accounts: Vec::new(),
        };
        assert!(operator.is(&operator.username()));
        for other in [
            "system:serviceaccount:spark:operator2",
            "system:serviceaccount:spark:operator:x",
            "spark:operator",
        ] {
            assert!(!operator.is(other), "{other}");
        }
    }

    #[test]
    fn one_group_or_one_name_is_enough() {
        let subjects = Subjects {
            users: vec![Glob::new("ada@*")],
            groups: vec!["admins".into()],
        };
        assert!(subjects.contains("ada@example", []));
        assert!(subjects.contains("bob", ["x", "admins"]));
        assert!(!subjects.contains("bob", ["admin", "Admins"]));
        assert!(!Subjects::default().contains("bob", ["admins"]));
    }
}
