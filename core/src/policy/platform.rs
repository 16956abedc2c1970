//! Platform software: neither EMR nor a tenant, with a fixed set of capabilities.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::names::Glob;

/// Something that cluster software may do in a managed namespace.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Assign pods to nodes: `pods/binding`.
    Bind,
    /// Delete and evict pods.
    Evict,
    /// Change labels and annotations of pods, except those of EMR and rolegate.
    Annotate,
    /// Write `pods/status` and `services/status`, and routes to the Services of jobs.
    Status,
    /// Change the resources of running pods: `pods/resize`.
    Resize,
    /// Write `ConfigMaps`, except those that configure a job.
    ConfigMaps,
    /// Write Secrets, except service account tokens.
    Secrets,
    /// Write objects that name a pod's service account and start nothing, such as a
    /// `CiliumEndpoint`, a Kueue `Workload` or a `PolicyReport`; write endpoints and
    /// network policies.
    Mirror,
    /// Write what storage drivers record on claims: annotations, finalizers and
    /// `status` of `PersistentVolumeClaims`.
    Volumes,
    /// Scale workloads whose pods run under a job's service account, also by a
    /// `HorizontalPodAutoscaler`.
    Scale,
}

impl Capability {
    /// Every capability, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Bind,
        Self::Evict,
        Self::Annotate,
        Self::Status,
        Self::Resize,
        Self::ConfigMaps,
        Self::Secrets,
        Self::Mirror,
        Self::Volumes,
        Self::Scale,
    ];

    /// The word in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Evict => "evict",
            Self::Annotate => "annotate",
            Self::Status => "status",
            Self::Resize => "resize",
            Self::ConfigMaps => "configmaps",
            Self::Secrets => "secrets",
            Self::Mirror => "mirror",
            Self::Volumes => "volumes",
            Self::Scale => "scale",
        }
    }
}

/// A set of capabilities.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u16);

impl Capabilities {
    #[must_use]
    pub const fn of(list: &[Capability]) -> Self {
        let mut bits = 0;
        let mut rest = list;
        while let [first, tail @ ..] = rest {
            bits |= 1 << *first as u16;
            rest = tail;
        }
        Self(bits)
    }

    #[must_use]
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u16) != 0
    }

    /// In the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL
            .into_iter()
            .filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(list: I) -> Self {
        list.into_iter()
            .fold(Self::default(), |set, one| Self(set.0 | 1 << one as u16))
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("nothing");
        }
        for (index, capability) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(capability.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// Cluster software, identified by the exact usernames of its service accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Exact usernames, never patterns.
    pub users: Vec<String>,
    /// Everything that it may do.
    pub capabilities: Capabilities,
    /// The tokens of service accounts that it may request.
    pub tokens: Vec<TokenGrant>,
    /// The add-on's name in `identities.addOns`; `None` for an entry of the policy
    /// file's own.
    pub add_on: Option<&'static str>,
    /// The source of the entry: the path of a chart, or the policy file.
    pub source: Cow<'static, str>,
}

/// Tokens that software requests for the service accounts of others, as External Secrets
/// and other brokers do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    pub namespaces: Vec<Glob>,
    /// Names. A pattern never means a service account that becomes a role or to which
    /// the policy gives rights; a whole name may.
    pub service_accounts: Vec<Glob>,
    /// Every audience of a token must be one of these.
    pub audiences: Vec<String>,
}

impl TokenGrant {
    /// Whether it covers a token of this service account for these audiences;
    /// `protected`: the account becomes a role or has rights.
    #[must_use]
    pub fn covers<'a>(
        &self,
        namespace: &str,
        account: &str,
        protected: bool,
        audiences: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        let mut audiences = audiences.into_iter().peekable();
        let named = |glob: &Glob| {
            if protected {
                glob.as_str() == account
            } else {
                glob.matches(account)
            }
        };
        self.namespaces.iter().any(|glob| glob.matches(namespace))
            && self.service_accounts.iter().any(named)
            // A token without audiences is one for the API server.
            && audiences.peek().is_some()
            && audiences.all(|audience| self.audiences.iter().any(|listed| listed == audience))
    }
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, Capability};

    #[test]
    fn a_set_holds_what_was_put_in() {
        for one in Capability::ALL {
            let set = Capabilities::of(&[one]);
            assert!(set.iter().eq([one]), "{one:?}");
            assert_eq!(set.to_string(), one.as_str());
        }
        assert_eq!(
            Capability::ALL.into_iter().collect::<Capabilities>(),
            Capabilities::of(&Capability::ALL)
        );
        assert_eq!(Capabilities::default().to_string(), "nothing");
    }
}
