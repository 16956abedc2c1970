//! What a service account, by namespace and name, stands for under the policy.

use crate::names::{Component, Framework, Role, ServiceAccountName};
use crate::policy::{Fixed, Policy};

/// What a pod under a service account runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunsAs {
    /// A job: the service account becomes an execution role.
    Job {
        role: Role,
        framework: Framework,
        /// The part of the job; `None` for a fixed name that the policy lists
        /// under an operator.
        component: Option<Component>,
    },
    /// A name that EMR reserves, that names no role and that the policy does not list; or
    /// one to which the policy gives a role in other namespaces only.
    Reserved,
    /// Any other.
    Ordinary,
}

impl RunsAs {
    /// What the service account of this name stands for in this namespace.
    #[must_use]
    pub fn of(namespace: &str, account: &str, policy: &Policy) -> Self {
        match ServiceAccountName::parse(account) {
            ServiceAccountName::Job(job) => Self::Job {
                role: job.role,
                framework: job.framework,
                component: Some(job.component),
            },
            other => match policy.fixed(namespace, account) {
                Fixed::Role(fixed) => Self::Job {
                    role: fixed.role.clone(),
                    framework: Framework::of_fixed(account),
                    component: None,
                },
                Fixed::NoRole => Self::Reserved,
                Fixed::Unlisted if other == ServiceAccountName::Reserved => Self::Reserved,
                Fixed::Unlisted => Self::Ordinary,
            },
        }
    }

    /// The execution role of a job.
    #[must_use]
    pub const fn role(&self) -> Option<&Role> {
        match self {
            Self::Job { role, .. } => Some(role),
            Self::Reserved | Self::Ordinary => None,
        }
    }
}
