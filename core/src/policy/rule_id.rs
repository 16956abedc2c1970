//! The names of the rules: stable for ever, since policies, exemptions,
//! dashboards and audit logs are written in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! rule_ids {
    ($($variant:ident = $id:literal,)*) => {
        /// The id of one rule. Ids are never renamed and never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(schemars::JsonSchema)]
        pub enum RuleId {
            $(#[doc = concat!("`", $id, "`")] #[serde(rename = $id)] $variant,)*
        }

        impl RuleId {
            /// Every id, in the order the documentation lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The id as policies and audit annotations write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }
    };
}

rule_ids! {
    PodExec = "pod-exec",
    ConfigMapMutation = "configmap-mutation",
    ForeignServiceAccount = "foreign-service-account",
    ServiceAccountToken = "service-account-token",
    ServiceAccountIdentity = "service-account-identity",
    SecretRead = "secret-read",
    MutatingWebhook = "mutating-webhook",
    RbacGrant = "rbac-grant",
    PodTampering = "pod-tampering",
    JobLifecycle = "job-lifecycle",
    ExecutionRole = "execution-role",
    CredentialProvider = "credential-provider",
    ForeignVolume = "foreign-volume",
    EndpointExposure = "endpoint-exposure",
    ImageSource = "image-source",
    NamespaceGuard = "namespace-guard",
    ClusterTakeover = "cluster-takeover",
    ChainProfile = "chain-profile",
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no rule of that name.
#[derive(Debug, thiserror::Error)]
#[error("there is no rule `{0}`; `rolegate explain` lists them")]
pub struct UnknownRule(String);

impl FromStr for RuleId {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        Self::ALL
            .iter()
            .copied()
            .find(|id| id.as_str() == text)
            .ok_or_else(|| UnknownRule(text.to_owned()))
    }
}
