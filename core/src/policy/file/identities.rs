//! `identities`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{At, Given, Text};
use crate::policy::identity_kinds::{
    AddOnName, EmrComponentName, EmrUser, Group, ServiceAccountRef, UserGlob, Username,
};
use crate::policy::names::{
    Audience, ExactRole, FixedAccountName, Namespace, NamespaceGlob, RolesOf, TokenAccountGlob,
};
use crate::policy::{Capability, WorkloadKind};

/// The identities that rolegate treats specially.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Identities")]
pub(in crate::policy) struct IdentitiesEntry {
    /// The identity of Amazon EMR, which starts jobs.
    #[serde(default)]
    pub(in crate::policy) emr_service: Given<EmrEntry>,
    /// Administrators. No rule denies their requests.
    #[serde(default)]
    pub(in crate::policy) admins: Given<AdminsEntry>,
    /// The add-ons of the built-in table that are installed. Without its name here, an
    /// add-on has no rights, except for its service accounts in kube-system, which
    /// always count. Default: none.
    #[serde(default)]
    pub(in crate::policy) add_ons: Given<Vec<Text<AddOnName>>>,
    /// Cluster software, in addition to the built-in table. An entry for a user in
    /// that table replaces the user's capabilities.
    #[serde(default)]
    pub(in crate::policy) platform: Given<Vec<At<PlatformEntry>>>,
    /// Controllers that start jobs for users, like spark-operator. Default: none.
    #[serde(default)]
    pub(in crate::policy) operators: Given<Vec<At<OperatorEntry>>>,
}

/// The identity of Amazon EMR.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmrService")]
pub(in crate::policy) struct EmrEntry {
    /// Usernames; `*` and `?` are wildcards, service accounts are not allowed.
    /// Default: `emr-containers` and the sessions of EMR's service-linked role.
    #[serde(default)]
    pub(in crate::policy) users: Given<At<Vec<Text<EmrUser>>>>,
    /// Role ARNs. With this key, a request must come from one of these roles. Default:
    /// any role with the name of EMR's service-linked role.
    #[serde(default)]
    pub(in crate::policy) role_arns: Given<Vec<Text<ExactRole>>>,
    /// Components that EMR starts by workloads of the cluster, beyond those that rolegate
    /// knows. Default: none.
    #[serde(default)]
    pub(in crate::policy) components: Given<Vec<ComponentEntry>>,
}

/// A component of EMR's jobs that the cluster starts from a workload that EMR writes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EmrComponent")]
pub(in crate::policy) struct ComponentEntry {
    /// The component, as the names of its service accounts say it between
    /// `emr-containers-sa-` and the account: `spark-connect`.
    pub(in crate::policy) name: Text<EmrComponentName>,
    /// The kinds of workload whose controllers start its pods.
    #[schemars(length(min = 1))]
    pub(in crate::policy) kinds: At<Vec<WorkloadKind>>,
}

/// Administrators. No rule denies their requests.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Admins")]
pub(in crate::policy) struct AdminsEntry {
    /// Usernames; `*` and `?` are wildcards. Default: none.
    #[serde(default)]
    pub(in crate::policy) users: Given<Vec<Text<UserGlob>>>,
    /// Groups, without wildcards. Default: `system:masters`.
    #[serde(default)]
    pub(in crate::policy) groups: Given<Vec<Text<Group>>>,
}

/// Cluster software and what it may do in managed namespaces.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Platform")]
pub(in crate::policy) struct PlatformEntry {
    /// Usernames, without wildcards.
    #[schemars(length(min = 1))]
    pub(in crate::policy) users: At<Vec<Text<Username>>>,
    /// Everything that it may do, except for `tokens`. An empty list removes the
    /// capabilities of the built-in table. Default: those of the built-in table.
    #[serde(default)]
    pub(in crate::policy) capabilities: Given<Vec<Capability>>,
    /// Tokens of other service accounts that it may request, as External Secrets does.
    /// Default: none.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) tokens: Given<Vec<TokensEntry>>,
}

/// Tokens of service accounts that software may request for others.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Tokens")]
pub(in crate::policy) struct TokensEntry {
    /// The namespaces of the service accounts; `*` and `?` are wildcards.
    #[schemars(length(min = 1))]
    pub(in crate::policy) namespaces: At<Vec<Text<NamespaceGlob>>>,
    /// Their names; `*` and `?` are wildcards. A pattern never means a service account
    /// that becomes an IAM role of jobs or to which the policy gives rights: write the
    /// whole name of such a one.
    #[schemars(length(min = 1))]
    pub(in crate::policy) service_accounts: At<Vec<Text<TokenAccountGlob>>>,
    /// The audiences that a token may have, without wildcards: `sts.amazonaws.com`.
    #[schemars(length(min = 1))]
    pub(in crate::policy) audiences: At<Vec<Text<Audience>>>,
}

/// A controller that starts jobs for users.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Operator")]
pub(in crate::policy) struct OperatorEntry {
    /// Its service account, as `namespace/name`.
    pub(in crate::policy) service_account: Text<ServiceAccountRef>,
    /// The execution roles of the jobs that it may start. The role name may contain
    /// the wildcards `*` and `?`.
    #[schemars(length(min = 1))]
    pub(in crate::policy) roles: At<Vec<Text<RolesOf>>>,
    /// Job service accounts with names that do not encode their role. Default: none.
    #[serde(default)]
    pub(in crate::policy) job_service_accounts: Given<Vec<FixedAccountEntry>>,
}

/// A job service account with a name that does not encode its role.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "JobServiceAccount")]
pub(in crate::policy) struct FixedAccountEntry {
    /// Its name.
    pub(in crate::policy) name: Text<FixedAccountName>,
    /// The namespaces in which it has this role, without wildcards. Default: every
    /// namespace that no other entry of this name lists, except where the virtual
    /// cluster lists other roles of the operator and not this one.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) namespaces: Given<At<Vec<Text<Namespace>>>>,
    /// The ARN of the role that EKS gives it.
    pub(in crate::policy) role: Text<ExactRole>,
}
