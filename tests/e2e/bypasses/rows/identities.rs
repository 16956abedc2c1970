//! Section F: identities with more rights than a tenant.

use super::{Row, row};
use crate::bypasses::ways::Way::Request;
use crate::bypasses::ways::identities;

pub(super) const ROWS: &[Row] = &[
    row("F1", "service-account-token", identities::TOKENS),
    row("F2", "foreign-service-account", identities::PODS),
    row("F3", "service-account-identity", identities::ACCOUNTS),
    row(
        "F4",
        "pod-tampering",
        &[Request(
            "an add-on that the policy does not name",
            identities::missing_add_on,
        )],
    ),
    row(
        "F5",
        "execution-role",
        &[Request(
            "a pod whose account and variable name two roles",
            identities::pod_of_another_role,
        )],
    ),
    row(
        "F6",
        "service-account-identity",
        &[Request(
            "an operator takes the role off an account",
            identities::role_taken_off,
        )],
    ),
];
