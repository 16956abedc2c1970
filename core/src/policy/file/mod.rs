//! The shape of a policy file: the types that serde reads and that the JSON
//! Schema is generated from. Only [`super::read`] uses them. Their doc comments
//! are the schema's descriptions, which editors show: each says what the key
//! does and its default.
//!
//! A wrong shape (an unknown key, a list instead of a map) is reported at once
//! and alone. A wrong text is kept with its position, so that one run reports
//! all of them.

mod clusters;
mod identities;
mod optional;
mod text;

pub(super) use clusters::{ChainEntry, ClusterEntry, CrossRoleEntry, ProfileEntry, SubmitterEntry};
pub(super) use identities::{
    AdminsEntry, ComponentEntry, EmrEntry, FixedAccountEntry, IdentitiesEntry, OperatorEntry,
    PlatformEntry, TokensEntry,
};
pub(crate) use optional::{At, Flag, Given, Seconds};
pub(crate) use text::Text;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Mode;
use super::identity_kinds::UserGlob;
use super::names::{ApiVersion, NamespaceGlob, PolicyKind, Reason, RuleName, Until};

/// The two keys that start every Kubernetes-like file. They are read first, so
/// that a file of something else is reported as such and not for unknown keys.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    #[serde(default)]
    pub(super) api_version: Given<At<String>>,
    #[serde(default)]
    pub(super) kind: Given<At<String>>,
}

/// A rolegate policy: identities, rule modes and options, exemptions, and the
/// settings per namespace.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Policy")]
#[serde(bound = "R: DeserializeOwned")]
pub(super) struct File<R> {
    /// The version of the file format: `rolegate.dev/v1alpha1`.
    pub(super) api_version: Text<ApiVersion>,
    /// The kind of the file: `Policy`.
    pub(super) kind: Text<PolicyKind>,
    /// The identities that rolegate treats specially. A list given here replaces
    /// the default of that key, except that `platform` adds to the built-in table.
    #[serde(default)]
    pub(super) identities: Given<IdentitiesEntry>,
    /// Modes for requests without a namespace, which no namespace label covers.
    #[serde(default)]
    pub(super) doors: Given<DoorsEntry>,
    /// The mode and options of each rule. A rule that is not listed has mode
    /// `enforce`, except `job-lifecycle`, which has `warn`. A rule that needs
    /// options or chains is off without them.
    #[serde(default)]
    pub(super) rules: Given<R>,
    /// Time-limited exemptions from rules. Default: none.
    #[serde(default)]
    pub(super) exemptions: Given<Vec<At<ExemptionEntry>>>,
    /// The settings per namespace, one entry per virtual cluster. A namespace without
    /// an entry has no submitters and no chains, and allows every execution role.
    #[serde(default)]
    pub(super) virtual_clusters: Given<Vec<At<ClusterEntry>>>,
}

/// Modes for requests without a namespace.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Doors")]
pub(super) struct DoorsEntry {
    /// The strictest mode for writes of cluster-scoped objects. A rule with a weaker
    /// mode keeps it. Default: `audit`.
    #[serde(default)]
    pub(super) cluster: Given<Mode>,
    /// Modes of the authorization webhook (docs/authorization.md), where the API server
    /// asks one.
    #[serde(default)]
    pub(super) authorize: Given<AuthorizeEntry>,
}

/// Modes of the authorization webhook.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AuthorizeDoor")]
pub(super) struct AuthorizeEntry {
    /// The strictest mode for authorization requests without a namespace, and for those
    /// for all namespaces. A rule with a weaker mode keeps it. Default: `audit`.
    #[serde(default)]
    pub(super) cluster_scoped: Given<Mode>,
}

/// A time-limited exemption: what these users do in these namespaces is recorded
/// by these rules but not denied. All keys are required. An exemption never
/// applies to a job's own requests.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Exemption")]
pub(super) struct ExemptionEntry {
    /// The ids of the rules.
    #[schemars(length(min = 1))]
    pub(super) rules: At<Vec<Text<RuleName>>>,
    /// The usernames; `*` and `?` are wildcards.
    #[schemars(length(min = 1))]
    pub(super) users: At<Vec<Text<UserGlob>>>,
    /// The namespaces; `*` and `?` are wildcards. The pattern `*` alone also covers
    /// cluster-scoped objects.
    #[schemars(length(min = 1))]
    pub(super) namespaces: At<Vec<Text<NamespaceGlob>>>,
    /// The end, at most 90 days ahead, as `2026-12-01T00:00:00Z`.
    pub(super) until: Text<Until>,
    /// The reason, on one line of at most 200 characters; logged with every use.
    pub(super) reason: Text<Reason>,
}
