//! The roles, jobs, accounts and small objects that many tests use.

use serde_json::{Value, json};

use super::accounts::emr_service_account;

/// The AWS account of all roles.
pub(crate) const ACCOUNT: &str = "111122223333";

/// Execution roles: of the jobs that a test starts, and of others.
pub(crate) const ROLE: &str = "team-a-etl";
pub(crate) const OTHER_ROLE: &str = "team-b-etl";
pub(crate) const THIRD_ROLE: &str = "team-c-etl";

/// Job ids as EMR gives them.
pub(crate) const JOB: &str = "0000000337okspsc913";
pub(crate) const OTHER_JOB: &str = "0000000337okspsc914";

/// The service account of a component of a role's Spark jobs.
pub(crate) fn job_account(component: &str, role: &str) -> String {
    emr_service_account("spark", component, ACCOUNT, role)
}

/// The ARN of a role of the account.
pub(crate) fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// What a refusal says of a service account of a role.
pub(crate) fn becomes(role: &str) -> String {
    format!("becomes the IAM role {ACCOUNT}/{role}")
}

/// The smallest `ConfigMap`.
pub(crate) fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

/// The smallest service account.
pub(crate) fn service_account(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
}

/// A request for a token.
pub(crate) fn token_request(spec: &Value) -> Value {
    json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
}
