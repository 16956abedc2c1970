//! The names of the rules and admission policies that judge the rows, as in the
//! documentation and in messages.

use crate::policy::RuleId;

/// A rule or an admission policy that judges the requests of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A rule, by its id (`rolegate explain <id>`).
    Rule(RuleId),
    /// An admission policy, by the name of its object in the cluster
    /// (`rolegate manifests policies`).
    Policy(&'static str),
}

impl By {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.as_str(),
            Self::Policy(name) => name,
        }
    }
}

pub(super) const CHAIN_PROFILE: By = By::Rule(RuleId::new("chain-profile"));
pub(super) const CLUSTER_TAKEOVER: By = By::Rule(RuleId::new("cluster-takeover"));
pub(super) const CONFIGMAP_MUTATION: By = By::Rule(RuleId::new("configmap-mutation"));
pub(super) const CREDENTIAL_PROVIDER: By = By::Rule(RuleId::new("credential-provider"));
pub(super) const ENDPOINT_EXPOSURE: By = By::Rule(RuleId::new("endpoint-exposure"));
pub(super) const EXECUTION_ROLE: By = By::Rule(RuleId::new("execution-role"));
pub(super) const FOREIGN_SERVICE_ACCOUNT: By = By::Rule(RuleId::new("foreign-service-account"));
pub(super) const FOREIGN_VOLUME: By = By::Rule(RuleId::new("foreign-volume"));
pub(super) const IMAGE_SOURCE: By = By::Rule(RuleId::new("image-source"));
pub(super) const JOB_LIFECYCLE: By = By::Rule(RuleId::new("job-lifecycle"));
pub(super) const MUTATING_WEBHOOK: By = By::Rule(RuleId::new("mutating-webhook"));
pub(super) const NAMESPACE_GUARD: By = By::Rule(RuleId::new("namespace-guard"));
pub(super) const POD_EXEC: By = By::Rule(RuleId::new("pod-exec"));
pub(super) const POD_TAMPERING: By = By::Rule(RuleId::new("pod-tampering"));
pub(super) const RBAC_GRANT: By = By::Rule(RuleId::new("rbac-grant"));
pub(super) const SECRET_READ: By = By::Rule(RuleId::new("secret-read"));
pub(super) const SERVICE_ACCOUNT_IDENTITY: By = By::Rule(RuleId::new("service-account-identity"));
pub(super) const SERVICE_ACCOUNT_TOKEN: By = By::Rule(RuleId::new("service-account-token"));

pub(super) const NAMESPACE_POLICY: By = By::Policy("rolegate-namespace-guard");
pub(super) const SECRET_POLICY: By = By::Policy("rolegate-secret-guard");
pub(super) const WEBHOOK_POLICY: By = By::Policy("rolegate-webhook-guard");

/// Every rule that judges the pods and pod templates of a request. The first one
/// decides whose pods they are.
pub(super) const PODS: &[By] = &[
    FOREIGN_SERVICE_ACCOUNT,
    SECRET_READ,
    CREDENTIAL_PROVIDER,
    EXECUTION_ROLE,
    FOREIGN_VOLUME,
    IMAGE_SOURCE,
    POD_TAMPERING,
    ENDPOINT_EXPOSURE,
    SERVICE_ACCOUNT_TOKEN,
    CHAIN_PROFILE,
];
