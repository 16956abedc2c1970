//! The shape of a policy file: what serde reads and what the JSON Schema is
//! made from. Nothing outside [`super::read`] sees these types.
//!
//! A wrong shape (an unknown key, a list where a map belongs) ends the reading
//! at once. A wrong text does not: it is kept with its place, so that one run
//! reports all of them.

mod clusters;
mod identities;
mod optional;
mod text;

pub(super) use clusters::{ChainEntry, ClusterEntry, CrossRoleEntry, ProfileEntry, SubmitterEntry};
pub(super) use identities::{
    AdminsEntry, EmrEntry, FixedAccountEntry, IdentitiesEntry, OperatorEntry, PlatformEntry,
};
pub(crate) use optional::{At, Flag, Given, Seconds};
pub(crate) use text::Text;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Mode;
use super::identity_kinds::UserGlob;
use super::names::{ApiVersion, NamespaceGlob, PolicyKind, Reason, RuleName, Until};

/// The two keys every Kubernetes-like file starts with, read before the rest:
/// a file of another version is told so, not that its keys are unknown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    #[serde(default)]
    pub(super) api_version: Given<Text<ApiVersion>>,
    #[serde(default)]
    pub(super) kind: Given<Text<PolicyKind>>,
}

/// A policy of rolegate: who is who, which rules hold how strictly, and what
/// each namespace allows.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Policy")]
#[serde(bound = "R: DeserializeOwned")]
pub(super) struct File<R> {
    /// The version of this format.
    #[expect(
        dead_code,
        reason = "checked in `Head`; here for the schema and the unknown-key check"
    )]
    pub(super) api_version: Text<ApiVersion>,
    /// What the file is.
    #[expect(
        dead_code,
        reason = "checked in `Head`; here for the schema and the unknown-key check"
    )]
    pub(super) kind: Text<PolicyKind>,
    /// Who is who. A list given here replaces the built-in list of that field;
    /// `platform` and `operators` add to theirs.
    #[serde(default)]
    pub(super) identities: Given<IdentitiesEntry>,
    /// Modes of requests that no namespace label can give one.
    #[serde(default)]
    pub(super) doors: Given<DoorsEntry>,
    /// Modes and options of single rules.
    #[serde(default)]
    pub(super) rules: Given<R>,
    /// Leave to do what a rule forbids, for at most 90 days.
    #[serde(default)]
    pub(super) exemptions: Given<Vec<At<ExemptionEntry>>>,
    /// What the namespaces of each virtual cluster allow.
    #[serde(default)]
    pub(super) virtual_clusters: Given<Vec<At<ClusterEntry>>>,
}

/// Modes of requests that no namespace label can give one.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Doors")]
pub(super) struct DoorsEntry {
    /// Cluster-scoped objects at admission; `audit` if not given.
    #[serde(default)]
    pub(super) cluster: Given<Mode>,
    /// The authorization webhook.
    #[serde(default)]
    pub(super) authorize: Given<AuthorizeEntry>,
}

/// The authorization webhook.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "AuthorizeDoor")]
pub(super) struct AuthorizeEntry {
    /// Requests without a namespace; `audit` if not given.
    #[serde(default)]
    pub(super) cluster_scoped: Given<Mode>,
}

/// Leave for some users to do what some rules forbid. Every key is needed.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Exemption")]
pub(super) struct ExemptionEntry {
    /// The rules it lifts.
    #[schemars(length(min = 1))]
    pub(super) rules: At<Vec<Text<RuleName>>>,
    /// Whom it is for.
    #[schemars(length(min = 1))]
    pub(super) users: At<Vec<Text<UserGlob>>>,
    /// Where it holds; `*` is everywhere, cluster-scoped objects included.
    #[schemars(length(min = 1))]
    pub(super) namespaces: At<Vec<Text<NamespaceGlob>>>,
    /// When it ends, at most 90 days ahead.
    pub(super) until: Text<Until>,
    /// Why it was given; logged with every use.
    pub(super) reason: Text<Reason>,
}
