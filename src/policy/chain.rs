//! Role chains: from a job's execution role to the roles it may go on to.

use serde::Deserialize;

use super::RoleArn;
use crate::facts::Role;

/// What one execution role of a namespace may be chained to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The execution role it is for.
    pub from: Role,
    /// The roles its jobs may end in.
    pub to: Vec<RoleArn>,
    /// The one given to jobs that ask for none; always one of `to`.
    pub default: Option<RoleArn>,
    /// Whether a job without a chained profile is refused.
    pub required: bool,
    /// How the profile is made to win in the job's SDKs.
    pub mode: ChainMode,
    /// What the last role's trust policy asks for as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// The region of the profile's STS calls.
    pub region: Option<String>,
    /// Seconds the chained session lasts, 900 to 3600: STS gives chained
    /// sessions no more than an hour. `None` leaves it to each SDK.
    pub session_duration: Option<u16>,
    /// Roles between `from` and the last one, in the order they are assumed.
    pub hops: Vec<RoleArn>,
    /// Further profiles for jobs that use several roles side by side.
    pub profiles: Vec<ExtraProfile>,
}

/// Which SDKs follow the chain; what each does was measured, see the
/// documentation of role chaining.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainMode {
    /// A profile beside IRSA's variables: boto3, AWS CLI, JavaScript 3 and Rust
    /// follow it, the Java SDKs and EMRFS stay with the execution role.
    #[default]
    Profile,
    /// Besides, the Java SDK 2 is told to pass over IRSA's variables.
    JavaV2,
    /// IRSA's token variable is emptied, so every SDK that can chain does.
    /// EMRFS and S3A then need a credentials provider of their own.
    Exclusive,
    /// The source is EKS Pod Identity (`credential_source = EcsContainer`).
    PodIdentity,
}

impl ChainMode {
    /// The word policies use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::JavaV2 => "java-v2",
            Self::Exclusive => "exclusive",
            Self::PodIdentity => "pod-identity",
        }
    }
}

/// A profile that a job selects by name (`AWS_PROFILE`, or in code).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraProfile {
    /// Its name: letters, digits, `-` and `_`, so it can not break out of the
    /// section header it is written into.
    pub name: String,
    /// The role it ends in.
    pub role: RoleArn,
    /// What that role's trust policy asks for as `sts:ExternalId`.
    pub external_id: Option<String>,
}
