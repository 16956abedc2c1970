//! The class that rolegate gives a subject.

use serde_json::json;

use crate::facts::{Class, Requester};
use crate::json;
use crate::policy::Policy;
use crate::rbac::Identity;
use crate::request::UserInfo;

/// The class of a user who comes with its own credentials: a service account with the
/// token of a pod, so with all that such a token proves. Somebody who impersonates it
/// counts as a tenant.
#[must_use]
pub fn class_of(identity: &Identity<'_>, namespace: &str, policy: &Policy) -> Class {
    let user = json!({
        "username": identity.name,
        "uid": "from-a-token",
        "groups": identity.groups,
        "extra": if identity.is_service_account() {
            json!({
                "authentication.kubernetes.io/pod-name": ["a-pod"],
                "authentication.kubernetes.io/pod-uid": ["a-pod"],
            })
        } else {
            json!({})
        },
    })
    .to_string();
    json::fill::<UserInfo<'_>>(&user).map_or(Class::Tenant, |user| {
        Requester::of(&user, namespace, policy).class()
    })
}
