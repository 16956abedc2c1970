//! `virtualClusters`: what namespaces allow.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{At, Flag, Given, Seconds, Text};
use crate::policy::identity_kinds::{Group, UserGlob};
use crate::policy::names::{
    ChainedContainer, ExactRole, ExternalId, Namespace, ObjectGlob, OwnServiceAccount, ProfileName,
    Region, RolesOf,
};
use crate::policy::{ChainMode, OwnSettings, TokenSource};

/// What the namespaces of one virtual cluster allow.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "VirtualCluster")]
pub(in crate::policy) struct ClusterEntry {
    /// The namespaces, compared exactly; each in one entry only.
    #[schemars(length(min = 1))]
    pub(in crate::policy) namespaces: At<Vec<Text<Namespace>>>,
    /// The roles jobs may run as here; any if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) execution_roles: Given<At<Vec<Text<RolesOf>>>>,
    /// Who may start what here beside EMR.
    #[serde(default)]
    pub(in crate::policy) submitters: Given<Vec<At<SubmitterEntry>>>,
    /// The roles that jobs may go on to.
    #[serde(default)]
    pub(in crate::policy) chains: Given<Vec<At<ChainEntry>>>,
    /// Jobs of other namespaces that start pods here (Lake Formation).
    #[serde(default)]
    pub(in crate::policy) cross_role: Given<Vec<CrossRoleEntry>>,
}

/// People or service accounts of a tenant, by users, groups or both.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Submitter")]
pub(in crate::policy) struct SubmitterEntry {
    /// Usernames.
    #[serde(default)]
    pub(in crate::policy) users: Given<Vec<Text<UserGlob>>>,
    /// Groups, compared exactly.
    #[serde(default)]
    pub(in crate::policy) groups: Given<Vec<Text<Group>>>,
    /// The execution roles whose jobs are theirs.
    #[serde(default)]
    pub(in crate::policy) roles: Given<Vec<Text<RolesOf>>>,
    /// Service accounts their own pods may run as; `default` if not given.
    #[serde(default)]
    pub(in crate::policy) service_accounts: Given<Vec<Text<OwnServiceAccount>>>,
    /// `ConfigMaps` they may write.
    #[serde(default)]
    pub(in crate::policy) config_maps: Given<Vec<Text<ObjectGlob>>>,
    /// Secrets their own pods may mount or reference.
    #[serde(default)]
    pub(in crate::policy) secrets: Given<Vec<Text<ObjectGlob>>>,
}

/// What one execution role may be chained to.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Chain")]
pub(in crate::policy) struct ChainEntry {
    /// The execution role.
    pub(in crate::policy) from: Text<ExactRole>,
    /// The roles its jobs may end in.
    #[schemars(length(min = 1))]
    pub(in crate::policy) to: At<Vec<Text<ExactRole>>>,
    /// The one of them that jobs get without asking; none if not given.
    #[serde(default)]
    pub(in crate::policy) default: Given<Text<ExactRole>>,
    /// Whether a job without a chained profile is refused; no if not given.
    #[serde(default)]
    pub(in crate::policy) required: Given<Flag>,
    /// How SDKs are brought to follow the chain; `profile` if not given.
    #[serde(default)]
    pub(in crate::policy) mode: Given<ChainMode>,
    /// Where the web identity token comes from; `eks` if not given.
    #[serde(default)]
    pub(in crate::policy) token: Given<TokenSource>,
    /// What becomes of a container with AWS settings of its own; `leave` if
    /// not given.
    #[serde(default)]
    pub(in crate::policy) own_settings: Given<OwnSettings>,
    /// The containers that get the profile; Spark's if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) containers: Given<At<Vec<Text<ChainedContainer>>>>,
    /// The external id the last role's trust policy asks for.
    #[serde(default)]
    pub(in crate::policy) external_id: Given<Text<ExternalId>>,
    /// The region of the profile's STS calls.
    #[serde(default)]
    pub(in crate::policy) region: Given<Text<Region>>,
    /// Seconds the chained session lasts; each SDK's own number if not given.
    #[serde(default)]
    #[schemars(range(min = 900, max = 3600))]
    pub(in crate::policy) session_duration: Given<At<Seconds>>,
    /// Roles between `from` and the last one, in order.
    #[serde(default)]
    #[schemars(length(max = 3))]
    pub(in crate::policy) hops: Given<At<Vec<Text<ExactRole>>>>,
    /// Further profiles, for jobs that use several roles side by side.
    #[serde(default)]
    pub(in crate::policy) profiles: Given<Vec<ProfileEntry>>,
}

/// A profile that a job selects by name.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Profile")]
pub(in crate::policy) struct ProfileEntry {
    /// Its name.
    pub(in crate::policy) name: Text<ProfileName>,
    /// The role it ends in.
    pub(in crate::policy) role: Text<ExactRole>,
    /// The external id that role's trust policy asks for.
    #[serde(default)]
    pub(in crate::policy) external_id: Given<Text<ExternalId>>,
}

/// A job elsewhere that may start pods here.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CrossRole")]
pub(in crate::policy) struct CrossRoleEntry {
    /// The namespace of that job's service account.
    pub(in crate::policy) namespace: Text<Namespace>,
    /// That job's role.
    pub(in crate::policy) from: Text<ExactRole>,
    /// The role of the pods it may start.
    pub(in crate::policy) to: Text<ExactRole>,
}
