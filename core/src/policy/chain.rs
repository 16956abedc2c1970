//! Role chains: from a job's execution role to the roles that it may assume.

use serde::Deserialize;

use crate::names::RoleArn;

/// The containers that run a job's own code in the pods of EMR and Spark.
const SPARK_CONTAINERS: [&str; 2] = ["spark-kubernetes-driver", "spark-kubernetes-executor"];

/// The roles that jobs with one execution role may assume, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The execution role. It matches a job by account and name; its full ARN is
    /// written into a pod only if the pod has none.
    pub from: RoleArn,
    /// The roles that its jobs may use in the end.
    pub to: Vec<RoleArn>,
    /// The role for jobs that request none; always in `to`.
    pub default: Option<RoleArn>,
    /// Whether a job without a chained profile is denied.
    pub required: bool,
    /// How the job's SDKs are made to use the profile.
    pub mode: ChainMode,
    pub token: TokenSource,
    pub own_settings: OwnSettings,
    /// The containers that get the profile.
    pub containers: Vec<String>,
    /// The `sts:ExternalId` that the last role's trust policy requires.
    pub external_id: Option<String>,
    /// The region of the profile's STS calls.
    pub region: Option<String>,
    /// Seconds, 900 to 3600: STS limits chained sessions to one hour. `None`: each
    /// SDK's default.
    pub session_duration: Option<u16>,
    /// Roles between `from` and the last role, in the order they are assumed.
    pub hops: Vec<RoleArn>,
    /// Additional profiles, for jobs that use several roles at once.
    pub profiles: Vec<ExtraProfile>,
}

/// The source of a profile's web identity token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSource {
    /// The token that EKS's webhook projects into the container.
    #[default]
    Eks,
    /// A token that rolegate projects into the pod; the profile does not depend on
    /// EKS's webhook.
    Own,
}

/// What happens to a container that sets an AWS profile, a configuration file or
/// keys itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnSettings {
    /// The container is left unchanged; the user who starts the pod gets a warning.
    #[default]
    Leave,
    /// The pod is denied.
    Refuse,
}

/// Which AWS SDKs in the job use the chain. The documentation of role chaining
/// lists what each SDK does, as measured.
//
// Ordered by the number of SDKs that use the chain: an annotation may only
// request a later one.
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
    /// Adds a profile and keeps IRSA's variables. boto3, the AWS CLI and the SDKs for
    /// JavaScript 3 and Rust use the chain; the Java SDKs and EMRFS keep the execution
    /// role.
    #[default]
    Profile,
    /// As `profile`, and makes the Java SDK 2 ignore IRSA's variables.
    JavaV2,
    /// Empties IRSA's token variable, so that every SDK that can chain does. EMRFS and
    /// S3A then need a credentials provider of their own.
    Exclusive,
    /// Takes the first credentials from EKS Pod Identity (`credential_source =
    /// EcsContainer`).
    PodIdentity,
}

impl Chain {
    /// The most bytes that the text of its profile can have: what is the same in each
    /// section, and each text at its longest.
    #[must_use]
    pub fn most_profile_bytes(&self) -> usize {
        /// The keys of a section, a session's name, a duration and a region.
        const SECTION: usize = 400;
        /// A token's path and the ARN of the execution role, as EKS's webhook writes it.
        const SOURCE: usize = 1024 + 640;
        let id = |id: &Option<String>| id.as_ref().map_or(0, String::len);
        let end = |arn: &RoleArn| SECTION + arn.as_str().len();
        let targets = self.to.iter().map(end).max().unwrap_or_default();
        let hops = self.hops.iter().map(end).sum::<usize>();
        let profiles = self.profiles.iter();
        let profiles = profiles.map(|one| end(&one.role) + one.name.len() + id(&one.external_id));
        SOURCE + SECTION + targets + id(&self.external_id) + hops + profiles.sum::<usize>()
    }

    /// The containers that get the profile if the policy names none.
    pub(super) fn spark_containers() -> Vec<String> {
        SPARK_CONTAINERS.map(str::to_owned).into()
    }
}

impl ChainMode {
    /// Parses the word in policies.
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

    /// The word in policies.
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
    /// Letters, digits, `-` and `_`, so that it cannot break out of the section
    /// header that it is written into.
    pub name: String,
    pub role: RoleArn,
    /// The `sts:ExternalId` that the role's trust policy requires.
    pub external_id: Option<String>,
}
