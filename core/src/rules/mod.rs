//! The rules, one file each.
//!
//! A rule sees a [`Write`] or a [`Stored`] object and reports [`Finding`]s. It
//! knows neither the door a request came through nor the mode it is judged in,
//! does no I/O and keeps no state. Its file's header is its published page
//! (`rolegate explain <rule>`), and its keys in the policy file are its own.
//!
//! To add one: a file here with its `mod` line, a line in the list below, a
//! folder under `tests/cases/`.

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
mod list;
mod mutating_webhook;
mod namespace_guard;
mod pod_exec;
mod pod_tampering;
mod policy_file;
mod rbac_grant;
mod secret_read;
mod service_account_identity;
mod service_account_token;
mod shared;

pub use finding::{Advice, Checked, Finding, Instead, Stop};
pub use mutating_webhook::{Compare, Drift, Shipped, own_objects};
pub use policy_file::json_schema;
pub use rbac_grant::{InForce, grants_in_force};

use crate::facts::Facts;
use crate::policy::{About, Given, GivenRules, ModeOnly, Reader, RuleId, RuleList};
use crate::request::Stored;
use crate::write::Write;

use self::finding::ALL;
use self::list::{entry, rules};

/// One rule: what it is, and a method per kind of input it can judge.
pub trait Rule: Sync {
    fn about(&self) -> &'static About;

    /// Everything that its findings advise.
    fn advice(&self) -> &'static [&'static Advice];

    /// Judges a write: at admission, in a file under review, in an audit log.
    ///
    /// # Errors
    ///
    /// A [`Stop`] when a part that it must judge cannot be read, or when it
    /// needs a fact about the cluster first.
    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let _ = (write, facts, findings);
        Ok(())
    }

    /// Judges an object as it lies there, where nobody asks.
    ///
    /// # Errors
    ///
    /// See [`Self::write`].
    fn state(
        &self,
        stored: &Stored<'_>,
        facts: &Facts<'_>,
        findings: &mut Vec<Finding>,
    ) -> Checked {
        let _ = (stored, facts, findings);
        Ok(())
    }
}

rules! {
    pod_exec: PodExec;
    configmap_mutation: ConfigMapMutation;
    foreign_service_account: ForeignServiceAccount;
    service_account_token: ServiceAccountToken;
    service_account_identity: ServiceAccountIdentity;
    secret_read: SecretRead;
    mutating_webhook: MutatingWebhook;
    pod_tampering: PodTampering;
    job_lifecycle: JobLifecycle;
    execution_role: ExecutionRole;
    credential_provider: CredentialProvider, credential_provider::Entry;
    foreign_volume: ForeignVolume;
    endpoint_exposure: EndpointExposure, endpoint_exposure::Entry;
    image_source: ImageSource, image_source::Entry;
    namespace_guard: NamespaceGuard;
    cluster_takeover: ClusterTakeover;
    chain_profile: ChainProfile;
    rbac_grant: RbacGrant;
}

/// Whether a policy may name this rule although this version has no code for it.
#[must_use]
pub fn is_planned(id: &str) -> bool {
    RulesOfThisVersion::PLANNED
        .iter()
        .any(|planned| planned.as_str() == id)
}

/// The rule of that name.
#[must_use]
pub fn rule(id: &str) -> Option<&'static dyn Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.about().id.as_str() == id)
}
