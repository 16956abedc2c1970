//! The third station: the rules, one file each.
//!
//! A rule sees a [`Subject`] and reports [`Finding`]s. It knows neither the
//! door a request came through nor the mode it is judged in, does no I/O and
//! keeps no state. Its file's header is its published page
//! (`rolegate explain <rule>`). To add one: a file here, a line in [`RULES`],
//! a folder under `tests/cases/`.

mod chain_profile;
mod configmap_mutation;
mod fault;
mod finding;
mod foreign_service_account;
mod id;
mod page;
mod pod_exec;
mod startable;

pub use finding::Finding;
pub use id::{RuleId, UnknownRule};

use crate::facts::Subject;
use crate::review::ReviewError;

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
