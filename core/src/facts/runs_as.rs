//! What a service account stands for under the policy.

use crate::policy::Policy;

use crate::names::{Component, Framework, Role, ServiceAccountName};

/// Whom a pod under some service account is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunsAs {
    /// A job: the service account becomes an execution role.
    Job {
        /// The role.
        role: Role,
        /// The engine.
        framework: Framework,
        /// The part of the job; `None` for a fixed name that an operator's
        /// entry of the policy explains.
        component: Option<Component>,
    },
    /// A name that EMR reserves and that nothing explains.
    Reserved,
    /// Any other.
    Ordinary,
}

impl RunsAs {
    /// Reads a service account's name.
    #[must_use]
    pub fn of(account: &str, policy: &Policy) -> Self {
        match ServiceAccountName::parse(account) {
            ServiceAccountName::Job(job) => Self::Job {
                role: job.role,
                framework: job.framework,
                component: Some(job.component),
            },
            other => match policy.fixed_service_account(account) {
                Some(fixed) => Self::Job {
                    role: fixed.role.clone(),
                    framework: Framework::of_fixed(account),
                    component: None,
                },
                None if other == ServiceAccountName::Reserved => Self::Reserved,
                None => Self::Ordinary,
            },
        }
    }

    /// The execution role, where it is a job.
    #[must_use]
    pub const fn role(&self) -> Option<&Role> {
        match self {
            Self::Job { role, .. } => Some(role),
            Self::Reserved | Self::Ordinary => None,
        }
    }
}
