//! The third station: the rules, one file each.
//!
//! A rule sees a [`Subject`] and reports [`Finding`]s. It knows neither the
//! door a request came through nor the mode it is judged in, does no I/O and
//! keeps no state. Its file's header is its published page
//! (`rolegate explain <rule>`). To add one: a file here, a line in [`RULES`],
//! a folder under `tests/cases/`.

mod chain_profile;
mod cluster_takeover;
mod configmap_mutation;
mod credential_provider;
mod endpoint_exposure;
mod execution_role;
mod finding;
mod foreign_service_account;
mod foreign_volume;
mod image_source;
mod job_lifecycle;
mod mutating_webhook;
mod namespace_guard;
mod pod_exec;
mod pod_tampering;
mod secret_read;
mod service_account_identity;
mod service_account_token;
mod shared;

pub use finding::Finding;

use crate::facts::Subject;
use crate::policy::RuleId;
use crate::request::ReviewError;

/// One rule.
pub trait Rule: Sync {
    /// Its name.
    fn id(&self) -> RuleId;

    /// Its documentation, as Markdown.
    fn page(&self) -> String;

    /// Judges one request.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] when a part it must judge cannot be read: the request
    /// is then answered as a failed call, never allowed.
    fn check(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError>;
}

/// Every rule of this version, in the order findings are listed.
pub static RULES: &[&dyn Rule] = &[
    &pod_exec::PodExec,
    &configmap_mutation::ConfigMapMutation,
    &foreign_service_account::ForeignServiceAccount,
    &service_account_token::ServiceAccountToken,
    &service_account_identity::ServiceAccountIdentity,
    &secret_read::SecretRead,
    &mutating_webhook::MutatingWebhook,
    &pod_tampering::PodTampering,
    &job_lifecycle::JobLifecycle,
    &execution_role::ExecutionRole,
    &credential_provider::CredentialProvider,
    &foreign_volume::ForeignVolume,
    &endpoint_exposure::EndpointExposure,
    &image_source::ImageSource,
    &namespace_guard::NamespaceGuard,
    &cluster_takeover::ClusterTakeover,
    &chain_profile::ChainProfile,
];

/// The rule of that name; `None` where this version has no code for it.
#[must_use]
pub fn rule(id: RuleId) -> Option<&'static dyn Rule> {
    RULES.iter().copied().find(|rule| rule.id() == id)
}

/// Whether this version has code for a rule.
#[must_use]
pub fn implemented(id: RuleId) -> bool {
    rule(id).is_some()
}
