//! `virtualClusters`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{At, Flag, Given, Seconds, Text};
use crate::policy::identity_kinds::{Group, UserGlob};
use crate::policy::names::{
    ChainedContainer, ExactRole, ExternalId, MapGlob, Namespace, OwnServiceAccount, ProfileName,
    Region, RolesOf, SecretGlob,
};
use crate::policy::{ChainMode, OwnSettings, TokenSource};

/// The settings for the namespaces of one virtual cluster.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "VirtualCluster")]
pub(in crate::policy) struct ClusterEntry {
    /// The namespaces, without wildcards. A namespace can be in one entry only.
    #[schemars(length(min = 1))]
    pub(in crate::policy) namespaces: At<Vec<Text<Namespace>>>,
    /// The roles that jobs may run as here. The role name may contain the wildcards
    /// `*` and `?`. Default: every role.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) execution_roles: Given<At<Vec<Text<RolesOf>>>>,
    /// Users that may start jobs and pods here, in addition to EMR. Default: none.
    #[serde(default)]
    pub(in crate::policy) submitters: Given<Vec<At<SubmitterEntry>>>,
    /// Role chains: the roles that jobs may assume from their execution role. Default:
    /// none.
    #[serde(default)]
    pub(in crate::policy) chains: Given<Vec<At<ChainEntry>>>,
    /// Jobs in other namespaces that may start pods here, as the system driver of Lake
    /// Formation does. Default: none.
    #[serde(default)]
    pub(in crate::policy) cross_role: Given<Vec<CrossRoleEntry>>,
}

/// Users of a tenant, by `users`, `groups` or both, and what they may do.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Submitter")]
pub(in crate::policy) struct SubmitterEntry {
    /// Usernames; `*` and `?` are wildcards. Default: none.
    #[serde(default)]
    pub(in crate::policy) users: Given<Vec<Text<UserGlob>>>,
    /// Groups, without wildcards. Default: none.
    #[serde(default)]
    pub(in crate::policy) groups: Given<Vec<Text<Group>>>,
    /// The execution roles of their jobs. The role name may contain the wildcards `*`
    /// and `?`. Default: none.
    #[serde(default)]
    pub(in crate::policy) roles: Given<Vec<Text<RolesOf>>>,
    /// The service accounts that their own pods may run as. Default: `default`.
    #[serde(default)]
    pub(in crate::policy) service_accounts: Given<Vec<Text<OwnServiceAccount>>>,
    /// The `ConfigMaps` that they may write; `*` and `?` are wildcards. Default: none.
    #[serde(default)]
    pub(in crate::policy) config_maps: Given<Vec<Text<MapGlob>>>,
    /// The Secrets that their own pods may mount or reference; `*` and `?` are
    /// wildcards. Default: none.
    #[serde(default)]
    pub(in crate::policy) secrets: Given<Vec<Text<SecretGlob>>>,
    /// Whether they may exec into pods of their own: those that they could have started
    /// themselves, never a job's. rolegate looks the pod up for that (`--cluster`).
    /// Default: `false`.
    #[serde(default)]
    pub(in crate::policy) exec: Given<Flag>,
}

/// The roles that jobs with one execution role may assume, and how.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Chain")]
pub(in crate::policy) struct ChainEntry {
    /// The ARN of the execution role.
    pub(in crate::policy) from: Text<ExactRole>,
    /// The ARNs of the roles that its jobs may use in the end.
    #[schemars(length(min = 1))]
    pub(in crate::policy) to: At<Vec<Text<ExactRole>>>,
    /// The role in `to` for jobs that request none; the entry of `to` is used. Default:
    /// none.
    #[serde(default)]
    pub(in crate::policy) default: Given<Text<ExactRole>>,
    /// Whether a job without a chained profile is denied. Every container of its pods
    /// then gets the profile, except EMR's log sidecar. Default: `false`.
    #[serde(default)]
    pub(in crate::policy) required: Given<Flag>,
    /// How the AWS SDKs in the job are made to use the chain. Default: `profile`.
    #[serde(default)]
    pub(in crate::policy) mode: Given<ChainMode>,
    /// The source of the web identity token. Default: `eks`.
    #[serde(default)]
    pub(in crate::policy) token: Given<TokenSource>,
    /// What happens to a container that has AWS settings of its own, where the job
    /// does not request the chain. Default: `leave`.
    #[serde(default)]
    pub(in crate::policy) own_settings: Given<OwnSettings>,
    /// The containers that get the profile. Default: `spark-kubernetes-driver` and
    /// `spark-kubernetes-executor`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) containers: Given<At<Vec<Text<ChainedContainer>>>>,
    /// The `sts:ExternalId` that the trust policy of the last role requires. Default:
    /// none.
    #[serde(default)]
    pub(in crate::policy) external_id: Given<Text<ExternalId>>,
    /// The region of the profile's STS calls, in the partition of the roles. Default:
    /// the region that EKS's webhook writes into the pod.
    #[serde(default)]
    pub(in crate::policy) region: Given<Text<Region>>,
    /// The duration of the chained session in seconds, 900 to 3600. Default: each SDK's
    /// own.
    #[serde(default)]
    #[schemars(range(min = 900, max = 3600))]
    pub(in crate::policy) session_duration: Given<At<Seconds>>,
    /// The ARNs of up to 3 roles between `from` and the last role, in the order in
    /// which they are assumed. Default: none.
    #[serde(default)]
    #[schemars(length(max = 3))]
    pub(in crate::policy) hops: Given<At<Vec<Text<ExactRole>>>>,
    /// Additional profiles, for jobs that use several roles at once. Default: none.
    #[serde(default)]
    pub(in crate::policy) profiles: Given<Vec<ProfileEntry>>,
}

/// An additional profile, which a job selects by name.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Profile")]
pub(in crate::policy) struct ProfileEntry {
    /// The name that the job selects, in `AWS_PROFILE` or in code.
    pub(in crate::policy) name: Text<ProfileName>,
    /// The ARN of the role that it assumes.
    pub(in crate::policy) role: Text<ExactRole>,
    /// The `sts:ExternalId` that the trust policy of that role requires. Default: none.
    #[serde(default)]
    pub(in crate::policy) external_id: Given<Text<ExternalId>>,
}

/// A job in another namespace that may start pods here.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CrossRole")]
pub(in crate::policy) struct CrossRoleEntry {
    /// The namespace of the job's service account.
    pub(in crate::policy) namespace: Text<Namespace>,
    /// The ARN of the job's role.
    pub(in crate::policy) from: Text<ExactRole>,
    /// The ARN of the role of the pods that it may start here.
    pub(in crate::policy) to: Text<ExactRole>,
}
