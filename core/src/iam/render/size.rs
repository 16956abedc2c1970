//! The size of a document as IAM counts it: characters without white space.

use std::fmt;

use crate::iam::Node;

/// A limit of IAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Of a role's trust policy: 2,048 characters, which AWS raises on request
    /// (quota L-C07B4B0D).
    TrustPolicy,
    /// Of a managed policy: 6,144 characters.
    ManagedPolicy,
}

/// A document's size and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub characters: usize,
    pub quota: Quota,
}

impl Quota {
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::TrustPolicy => 2048,
            Self::ManagedPolicy => 6144,
        }
    }
}

impl Size {
    pub(in crate::iam) fn of(body: &Node, quota: Quota) -> Self {
        Self {
            characters: body.minified().chars().count(),
            quota,
        }
    }

    #[must_use]
    pub const fn fits(self) -> bool {
        self.characters <= self.quota.limit()
    }

    /// What helps a document that does not fit.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self.quota {
            Quota::TrustPolicy => {
                "use EKS Pod Identity, whose statement does not grow with the cluster's issuer (pod-identity-trust); \
                 or one role for fewer namespaces; or ask AWS for a higher quota (L-C07B4B0D); a wildcard in the \
                 namespace would let others in"
            }
            Quota::ManagedPolicy => "attach it as several policies, each with a part of the list",
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, limit) = (self.characters, self.quota.limit());
        write!(f, "{size} of {limit} characters")
    }
}
