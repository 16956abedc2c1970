//! Role chains: from a job's execution role to the roles it may go on to.

use serde::Deserialize;

use crate::names::RoleArn;

/// The containers of EMR's and Spark's pods that run a job's own code.
const SPARK_CONTAINERS: [&str; 2] = ["spark-kubernetes-driver", "spark-kubernetes-executor"];

/// What one execution role of a namespace may be chained to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The execution role it is for. Jobs are compared with its account and
    /// name; its whole text is written only where the pod does not hold one.
    pub from: RoleArn,
    /// The roles its jobs may end in.
    pub to: Vec<RoleArn>,
    /// The one given to jobs that ask for none; always one of `to`.
    pub default: Option<RoleArn>,
    /// Whether a job without a chained profile is refused.
    pub required: bool,
    /// How the profile is made to win in the job's SDKs.
    pub mode: ChainMode,
    /// Where the profile's web identity comes from.
    pub token: TokenSource,
    /// What becomes of a container with AWS settings of its own.
    pub own_settings: OwnSettings,
    /// The containers that get the profile.
    pub containers: Vec<String>,
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

/// Where a profile's web identity token comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSource {
    /// From what EKS's webhook wrote into the container.
    #[default]
    Eks,
    /// From a token that rolegate has projected into the pod, so that the
    /// profile needs nothing of EKS's webhook.
    Own,
}

/// What becomes of a container that sets a profile, a configuration file or
/// keys itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnSettings {
    /// It is left alone, with a warning to whoever starts the pod.
    #[default]
    Leave,
    /// The pod is refused.
    Refuse,
}

/// Which SDKs follow the chain; what each does was measured, see the
/// documentation of role chaining.
///
/// Ordered by how many follow: an annotation may ask for a later one only.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Deserialize,
    schemars::JsonSchema,
)]
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

impl Chain {
    /// The containers that get a profile where the policy names none.
    pub(super) fn spark_containers() -> Vec<String> {
        SPARK_CONTAINERS.map(str::to_owned).into()
    }
}

impl ChainMode {
    /// Reads the word policies use.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Profile,
            Self::JavaV2,
            Self::Exclusive,
            Self::PodIdentity,
        ]
        .into_iter()
        .find(|mode| mode.as_str() == word)
    }

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
