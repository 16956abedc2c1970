//! `rules`: modes and options of single rules.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Flag, Given, Text};
use crate::policy::Mode;
use crate::policy::RuleId;
use crate::policy::names::{HostFolder, MinimumRelease, Range, RegistryGlob};

/// Modes and options by rule id.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(rename = "Rules")]
#[derive(Default)]
pub(in crate::policy) struct RulesEntry {
    pod_exec: Given<RuleEntry>,
    configmap_mutation: Given<RuleEntry>,
    foreign_service_account: Given<RuleEntry>,
    service_account_token: Given<RuleEntry>,
    service_account_identity: Given<RuleEntry>,
    secret_read: Given<RuleEntry>,
    mutating_webhook: Given<RuleEntry>,
    rbac_grant: Given<RuleEntry>,
    pod_tampering: Given<RuleEntry>,
    job_lifecycle: Given<RuleEntry>,
    execution_role: Given<RuleEntry>,
    pub(in crate::policy) credential_provider: Given<CredentialProviderEntry>,
    foreign_volume: Given<RuleEntry>,
    pub(in crate::policy) endpoint_exposure: Given<EndpointExposureEntry>,
    pub(in crate::policy) image_source: Given<ImageSourceEntry>,
    namespace_guard: Given<RuleEntry>,
    cluster_takeover: Given<RuleEntry>,
    chain_profile: Given<RuleEntry>,
}

impl RulesEntry {
    /// The rules that the file gives a mode.
    pub(in crate::policy) fn modes(&self) -> impl Iterator<Item = (RuleId, Mode)> {
        RuleId::ALL
            .iter()
            .filter_map(|rule| Some((*rule, self.mode(*rule)?)))
    }

    fn mode(&self, rule: RuleId) -> Option<Mode> {
        let entry = match rule {
            RuleId::PodExec => &self.pod_exec,
            RuleId::ConfigMapMutation => &self.configmap_mutation,
            RuleId::ForeignServiceAccount => &self.foreign_service_account,
            RuleId::ServiceAccountToken => &self.service_account_token,
            RuleId::ServiceAccountIdentity => &self.service_account_identity,
            RuleId::SecretRead => &self.secret_read,
            RuleId::MutatingWebhook => &self.mutating_webhook,
            RuleId::RbacGrant => &self.rbac_grant,
            RuleId::PodTampering => &self.pod_tampering,
            RuleId::JobLifecycle => &self.job_lifecycle,
            RuleId::ExecutionRole => &self.execution_role,
            RuleId::CredentialProvider => return self.credential_provider.0.as_ref()?.mode.0,
            RuleId::ForeignVolume => &self.foreign_volume,
            RuleId::EndpointExposure => return self.endpoint_exposure.0.as_ref()?.mode.0,
            RuleId::ImageSource => return self.image_source.0.as_ref()?.mode.0,
            RuleId::NamespaceGuard => &self.namespace_guard,
            RuleId::ClusterTakeover => &self.cluster_takeover,
            RuleId::ChainProfile => &self.chain_profile,
        };
        entry.0.as_ref()?.mode.0
    }
}

/// A rule without options of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Rule")]
struct RuleEntry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
}

/// What leads to other credentials than the job's own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "CredentialProvider")]
pub(in crate::policy) struct CredentialProviderEntry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Whether a job's pod must come with the credentials of its role, as EKS
    /// puts them in; true if not given.
    #[serde(default)]
    pub(in crate::policy) require_identity: Given<Flag>,
    /// Folders of the node that pods may mount; none if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) host_paths: Given<Vec<Text<HostFolder>>>,
}

/// Where images come from.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ImageSource")]
pub(in crate::policy) struct ImageSourceEntry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Registries, with or without a path; any if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) registries: Given<Vec<Text<RegistryGlob>>>,
    /// The oldest EMR release; any if not given.
    #[serde(default)]
    pub(in crate::policy) minimum_release: Given<Text<MinimumRelease>>,
}

/// From where endpoints are reached.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "EndpointExposure")]
pub(in crate::policy) struct EndpointExposureEntry {
    /// How far its findings go.
    #[serde(default)]
    mode: Given<Mode>,
    /// Addresses that load balancers may let in; not judged if not given.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub(in crate::policy) source_ranges: Given<Vec<Text<Range>>>,
}
