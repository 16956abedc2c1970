//! The checks of the token's claims; `claims` applies them.

use super::{Check, Level};

const SEED: &str = "AWS, Using job execution roles with Amazon EMR on EKS";
const OPERATORS: &str = "AWS, IAM JSON policy elements: Condition operators";

pub(super) const CHECKS: &[&Check] = &[
    &NO_SUB,
    &OPEN_NAME,
    &OTHER_ROLE,
    &OTHER_ACCOUNT,
    &NAMESPACE_WILDCARD,
    &NAMESPACE_NOT_IN_POLICY,
    &NAMESPACE_WITHOUT_STATEMENT,
    &LITERAL_WILDCARD,
    &WEAK_OPERATOR,
    &NOT_A_SUBJECT,
    &ISSUER_MISMATCH,
    &PROVIDER_ACCOUNT,
    &AUD_MISSING,
    &AUD_MATTERS,
    &AUD_OTHER,
];

pub(super) static NO_SUB: Check = Check {
    id: "no-sub",
    level: Level::Error,
    about: "no condition on the token's subject",
    source: SEED,
};
pub(super) static OPEN_NAME: Check = Check {
    id: "open-name",
    level: Level::Error,
    about: "the subject does not end in the role's own account and base 36 name",
    source: SEED,
};
pub(super) static OTHER_ROLE: Check = Check {
    id: "other-role",
    level: Level::Error,
    about: "the subject names another role's service accounts",
    source: SEED,
};
pub(super) static OTHER_ACCOUNT: Check = Check {
    id: "other-account",
    level: Level::Error,
    about: "the subject names a role of this name in another account",
    source: "aws-cli, emr-containers update-role-trust-policy: it takes the cluster's account",
};
pub(super) static NAMESPACE_WILDCARD: Check = Check {
    id: "namespace-wildcard",
    level: Level::Error,
    about: "a wildcard in the subject's namespace",
    source: SEED,
};
pub(super) static NAMESPACE_NOT_IN_POLICY: Check = Check {
    id: "namespace-not-in-policy",
    level: Level::Warning,
    about: "a namespace in which the policy does not let the role run",
    source: SEED,
};
pub(super) static NAMESPACE_WITHOUT_STATEMENT: Check = Check {
    id: "namespace-without-statement",
    level: Level::Warning,
    about: "a namespace of the policy whose jobs cannot become the role",
    source: SEED,
};
pub(super) static LITERAL_WILDCARD: Check = Check {
    id: "literal-wildcard",
    level: Level::Error,
    about: "a wildcard under an operator without wildcards",
    source: OPERATORS,
};
pub(super) static WEAK_OPERATOR: Check = Check {
    id: "weak-operator",
    level: Level::Error,
    about: "an operator that is true without the claim, or of everybody else",
    source: OPERATORS,
};
pub(super) static NOT_A_SUBJECT: Check = Check {
    id: "not-a-subject",
    level: Level::Error,
    about: "a subject that no service account has",
    source: SEED,
};
pub(super) static ISSUER_MISMATCH: Check = Check {
    id: "issuer-mismatch",
    level: Level::Error,
    about: "a condition key of another issuer than the principal's",
    source: "AWS, IAM roles for service accounts",
};
pub(super) static PROVIDER_ACCOUNT: Check = Check {
    id: "provider-account",
    level: Level::Error,
    about: "an OIDC provider of another account than the role's",
    source: "aws-cli, emr-containers update-role-trust-policy: it takes the cluster's account",
};
pub(super) static AUD_MISSING: Check = Check {
    id: "aud-missing",
    level: Level::Info,
    about: "no condition on the token's audience",
    source: "AWS, IAM Access Analyzer policy checks",
};
pub(super) static AUD_MATTERS: Check = Check {
    id: "aud-matters",
    level: Level::Warning,
    about: "no condition on the audience although the provider has several",
    source: "AWS, IAM Access Analyzer policy checks",
};
pub(super) static AUD_OTHER: Check = Check {
    id: "aud-other",
    level: Level::Error,
    about: "an audience that jobs' tokens do not have",
    source: "AWS, IAM roles for service accounts",
};
