//! The identities of a policy, except cluster software (`platform`).

use crate::names::{Glob, RolePattern};
use crate::names::{Role, SERVICE_ACCOUNT_PREFIX};

/// The identity of Amazon EMR, which starts jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmrService {
    /// A username alone is no proof (`--as` and an access entry's `{{SessionName}}`
    /// can produce any), so callers check the role as well.
    pub users: Vec<Glob>,
    /// From `roleArns`. Empty: the policy has none, and any role with the name of the
    /// service-linked role is accepted.
    pub roles: Vec<Role>,
    /// Components that EMR starts by workloads, beyond those that rolegate knows.
    pub components: Vec<EmrComponent>,
}

/// A component of EMR's jobs, and what starts its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmrComponent {
    /// Framework and component, as in the names of service accounts: `spark-connect`.
    pub name: String,
    pub kinds: Vec<WorkloadKind>,
}

/// A kind of workload whose controllers start pods.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema,
)]
pub enum WorkloadKind {
    /// A Deployment, whose `ReplicaSets` start the pods.
    Deployment,
    /// A `StatefulSet`.
    StatefulSet,
    /// A Job.
    Job,
}

impl WorkloadKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::Job => "Job",
        }
    }
}

impl EmrService {
    /// Whether this can be a username of EMR.
    #[must_use]
    pub fn names(&self, username: &str) -> bool {
        self.users.iter().any(|glob| glob.matches(username))
    }

    /// The kinds of workload by which EMR starts a component that rolegate does not know.
    #[must_use]
    pub fn kinds_of(&self, component: &str) -> &[WorkloadKind] {
        let mut listed = self.components.iter();
        listed
            .find(|listed| listed.name == component)
            .map_or(&[], |listed| &listed.kinds)
    }
}

/// Users and groups. A requester matches by username or by one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    pub users: Vec<Glob>,
    /// Exact names.
    pub groups: Vec<String>,
}

impl Subjects {
    #[must_use]
    pub fn contains<'a>(&self, username: &str, groups: impl IntoIterator<Item = &'a str>) -> bool {
        self.users.iter().any(|glob| glob.matches(username))
            || (!self.groups.is_empty()
                && groups
                    .into_iter()
                    .any(|group| self.groups.iter().any(|own| own == group)))
    }
}

/// A controller that starts jobs for users: spark-operator, flink-operator, Livy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Of its service account.
    pub namespace: String,
    /// Of its service account.
    pub name: String,
    /// The execution roles of the jobs that it may start.
    pub roles: Vec<RolePattern>,
    /// Job service accounts with names that do not encode their role.
    pub job_service_accounts: Vec<FixedServiceAccount>,
}

impl Operator {
    /// The username of its service account.
    #[must_use]
    pub fn username(&self) -> String {
        format!("{SERVICE_ACCOUNT_PREFIX}{}:{}", self.namespace, self.name)
    }

    /// Whether `username` is that of its service account.
    #[must_use]
    pub fn is(&self, username: &str) -> bool {
        username
            .strip_prefix(SERVICE_ACCOUNT_PREFIX)
            .and_then(|account| account.split_once(':'))
            == Some((self.namespace.as_str(), self.name.as_str()))
    }

    /// Whether it may start jobs with the execution role `role`.
    #[must_use]
    pub fn runs(&self, role: &Role) -> bool {
        self.roles.iter().any(|pattern| pattern.matches(role))
    }
}

/// A job service account with a name that does not encode its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedServiceAccount {
    pub name: String,
    /// Where it has this role. Empty: in every namespace that no other entry of this
    /// name lists and whose virtual cluster does not say otherwise.
    pub namespaces: Vec<String>,
    /// The role that EKS gives its pods.
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
