//! Service accounts to which the policy gives more rights than a tenant has: whoever
//! gets a token of one, or starts a pod under it, has its rights.

use crate::facts::is_real_service_account;
use crate::names::ServiceAccountUser;
use crate::policy::Grant;
use crate::write::Write;

/// Why the requester may not use this service account of the request's namespace, as
/// a clause; `None` where the policy gives the service account nothing that the
/// requester does not have. The caller has let those pass who may do everything.
pub(in crate::rules) fn refusal(write: &Write<'_>, account: &str) -> Option<String> {
    let grants = || write.policy.grants(write.target.namespace(), account);
    let first = grants().next()?;
    let user = &write.user;
    let is_foreign = |grant: &Grant| {
        let entry = write.policy.submitter(*grant);
        !entry.is_some_and(|entry| entry.who.contains(&user.username, user.groups()))
    };
    let foreign = grants().find(is_foreign);
    // An entry of `submitters` may both name a service account and list it for the pods
    // of those whom it names. They have the same rights then.
    if is_listed(write, account) && (foreign.is_none() || is_itself(write, account)) {
        return None;
    }
    Some(format!(
        "the policy trusts that service account with {}",
        foreign.unwrap_or(first).rights()
    ))
}

/// Whether the policy lists the service account for the requester's own pods.
pub(in crate::rules) fn is_listed(write: &Write<'_>, account: &str) -> bool {
    let mut entries = write.submitters();
    entries.any(|entry| {
        entry
            .service_accounts
            .iter()
            .any(|listed| listed == account)
    })
}

/// Whether the requester is this service account, by its own token.
pub(in crate::rules) fn is_itself(write: &Write<'_>, account: &str) -> bool {
    let user = ServiceAccountUser::parse(&write.user.username);
    user.is_some_and(|user| user.name == account && user.namespace == write.target.namespace())
        && is_real_service_account(&write.user)
}
