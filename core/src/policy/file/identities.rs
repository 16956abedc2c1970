//! `identities`: who is who.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{At, Given, Text};
use crate::policy::Capability;
use crate::policy::identity_kinds::{EmrUser, Group, ServiceAccountRef, UserGlob, Username};
use crate::policy::names::{ExactRole, FixedAccountName, RolesOf};

/// Who is who.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Identities")]
pub(in crate::policy) struct IdentitiesEntry {
    /// Amazon EMR itself.
    #[serde(default)]
    pub(in crate::policy) emr_service: Given<EmrEntry>,
    /// Who may do everything, recorded.
    #[serde(default)]
    pub(in crate::policy) admins: Given<AdminsEntry>,
    /// Cluster software, beside the built-in table. An entry for a user of that
    /// table replaces what the table says of it.
    #[serde(default)]
    pub(in crate::policy) platform: Given<Vec<At<PlatformEntry>>>,
    /// Controllers that start jobs for others.
    #[serde(default)]
    pub(in crate::policy) operators: Given<Vec<At<OperatorEntry>>>,
}

/// Amazon EMR itself.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmrService")]
pub(in crate::policy) struct EmrEntry {
    /// Its usernames; never a service account's.
    #[serde(default)]
    pub(in crate::policy) users: Given<Vec<Text<EmrUser>>>,
    /// Its roles. Where they are given, a request must prove one of them.
    #[serde(default)]
    pub(in crate::policy) role_arns: Given<Vec<Text<ExactRole>>>,
}

/// Who may do everything, recorded.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Admins")]
pub(in crate::policy) struct AdminsEntry {
    /// Usernames; none if not given.
    #[serde(default)]
    pub(in crate::policy) users: Given<Vec<Text<UserGlob>>>,
    /// Groups, compared exactly; `system:masters` if not given.
    #[serde(default)]
    pub(in crate::policy) groups: Given<Vec<Text<Group>>>,
}

/// Cluster software, and what it may do in a managed namespace.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Platform")]
pub(in crate::policy) struct PlatformEntry {
    /// Whole usernames, without wildcards.
    #[schemars(length(min = 1))]
    pub(in crate::policy) users: At<Vec<Text<Username>>>,
    /// All it may do; an empty list takes away what the built-in table gives.
    pub(in crate::policy) capabilities: Vec<Capability>,
}

/// A controller that starts jobs for others.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Operator")]
pub(in crate::policy) struct OperatorEntry {
    /// Its own service account, as `namespace/name`.
    pub(in crate::policy) service_account: Text<ServiceAccountRef>,
    /// The roles whose jobs it may start.
    #[schemars(length(min = 1))]
    pub(in crate::policy) roles: At<Vec<Text<RolesOf>>>,
    /// Job service accounts whose names do not carry their role.
    #[serde(default)]
    pub(in crate::policy) job_service_accounts: Given<Vec<FixedAccountEntry>>,
}

/// A job service account whose name does not carry its role.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "JobServiceAccount")]
pub(in crate::policy) struct FixedAccountEntry {
    /// Its name, the same in every namespace.
    pub(in crate::policy) name: Text<FixedAccountName>,
    /// The role EKS gives it.
    pub(in crate::policy) role: Text<ExactRole>,
}
