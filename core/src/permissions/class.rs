//! The class that rolegate gives a subject.

use serde_json::json;

use crate::facts::{Class, Requester};
use crate::json;
use crate::names::ServiceAccountUser;
use crate::policy::Policy;
use crate::rbac::{Identity, Subject};
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

/// The class of a binding's subject. A group is what its members are: only the
/// policy's administrators and the control plane are known by their groups. The other
/// service accounts of an add-on that the policy names belong to the add-on.
#[must_use]
pub fn class_of_subject(subject: &Subject, namespace: &str, policy: &Policy) -> Class {
    match subject {
        Subject::User(name) => {
            let account = ServiceAccountUser::parse(name);
            if account.is_some_and(|account| account.namespace == "kube-system") {
                return Class::System;
            }
            match class_of(&Identity::authenticated(name, []), namespace, policy) {
                Class::Tenant if account.is_some_and(|one| is_add_ons(one, policy)) => {
                    Class::Platform
                }
                class => class,
            }
        }
        Subject::Group(name) => {
            if SYSTEM_GROUPS.contains(&&**name) {
                Class::System
            } else if policy.admins.contains("", [&**name]) {
                Class::Admin
            } else {
                Class::Tenant
            }
        }
    }
}

/// The class of a requester of whom RBAC or an authorizer is asked: as
/// [`class_of_subject`], but by the proofs that the request carries.
#[must_use]
pub fn class_of_requester(
    user: &UserInfo<'_>,
    requester: &Requester<'_>,
    policy: &Policy,
) -> Class {
    if user.in_group(SYSTEM_GROUPS[0]) {
        return Class::System;
    }
    let account = ServiceAccountUser::parse(&user.username);
    match (requester, account) {
        // What it claims to be is not proved.
        (Requester::Tenant(Some(_)), _) => Class::Tenant,
        (_, Some(account)) if account.namespace == "kube-system" => Class::System,
        (Requester::Tenant(None), Some(account)) if is_add_ons(account, policy) => Class::Platform,
        (other, _) => other.class(),
    }
}

/// Nobody but the control plane and the nodes is in them.
const SYSTEM_GROUPS: [&str; 3] = [
    "system:masters",
    "system:nodes",
    "system:serviceaccounts:kube-system",
];

/// Whether the account stands beside one of an add-on of the policy, by its namespace and
/// the first word of its name: `cert-manager-cainjector` beside `cert-manager`. Other
/// accounts there may be those of users, such as the tasks that Airflow runs.
fn is_add_ons(account: ServiceAccountUser<'_>, policy: &Policy) -> bool {
    let word = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
    let mut users = policy.platform.iter().flat_map(|entry| &entry.users);
    users.any(|user| {
        ServiceAccountUser::parse(user).is_some_and(|own| {
            own.namespace == account.namespace && word(own.name) == word(account.name)
        })
    }) && policy.tenancy(account.namespace).namespaces.is_empty()
}
