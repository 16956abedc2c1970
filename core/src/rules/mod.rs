//! The rules, one file each.
//!
//! A rule sees a [`Write`] or a [`Stored`] object and reports [`Finding`]s. It
//! knows neither the door a request came through nor the mode it is judged in,
//! does no I/O and keeps no state. Its file's header is its published page
//! (`rolegate explain <rule>`), and its keys in the policy file are its own.
//!
//! To add one: a file here, a line in [`rules!`](list), a folder under
//! `tests/cases/`.

mod finding;
mod list;
mod policy_file;
mod shared;

pub use finding::{Advice, Checked, Finding, Stop};
pub use policy_file::json_schema;

use crate::facts::Facts;
use crate::policy::{About, Given, GivenRules, ModeOnly, Reader, RuleId, RuleList};
use crate::request::Stored;
use crate::write::Write;

use self::list::{entry, rules};

/// One rule: what it is, and a method per kind of input it can judge.
pub trait Rule: Sync {
    fn about(&self) -> &'static About;

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
}

/// The rule of that name.
#[must_use]
pub fn rule(id: &str) -> Option<&'static dyn Rule> {
    RULES
        .iter()
        .copied()
        .find(|rule| rule.about().id.as_str() == id)
}
