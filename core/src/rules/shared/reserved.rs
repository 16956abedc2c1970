//! Why nobody but EMR and administrators may use a service account of which nobody knows
//! the role.

use crate::names::{is_reserved, shown};
use crate::policy::Fixed;
use crate::write::Write;

/// The reason, as a clause, for an account that stands for `RunsAs::Reserved`.
pub(in crate::rules) fn reason(write: &Write<'_>, account: &str) -> String {
    let namespace = write.target.namespace();
    if is_reserved(account) && write.policy.fixed(namespace, account) != Fixed::NoRole {
        return "that name is reserved for Amazon EMR".to_owned();
    }
    let (account, namespace) = (shown(account, 160), shown(namespace, 63));
    format!(
        "the policy gives that service account a role in other namespaces and none in \
         {namespace}; it needs an entry {{ name: {account}, namespaces: [{namespace}], role: \
         <ARN> }} under `identities.operators[].jobServiceAccounts`"
    )
}
