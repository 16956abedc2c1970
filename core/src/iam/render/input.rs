//! What documents are rendered from.

use crate::iam::{EksCluster, Issuer};
use crate::names::{AccountId, RoleArn};
use crate::policy::{Chain, Policy};

/// Names, checked when they were read. Each document needs a few of them.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    pub policy: &'a Policy,
    pub cluster: Option<EksCluster>,
    pub issuer: Option<Issuer>,
    /// The role that the document is about: an execution role, a runtime role, or the
    /// target of a chain.
    pub role: Option<RoleArn>,
    /// Empty: every namespace in which the policy lets jobs run under the role.
    pub namespaces: Vec<String>,
    /// Exact names of service accounts instead of a pattern.
    pub exact: bool,
    /// Whether the role's jobs use Flink, beside Spark.
    pub flink: bool,
    /// The audience of the tokens.
    pub audience: String,
    /// S3 buckets, each with an optional prefix: `bucket/prefix`.
    pub buckets: Vec<String>,
    /// The `CloudWatch` log group.
    pub log_group: Option<String>,
    /// Ids of virtual clusters.
    pub virtual_clusters: Vec<String>,
    /// Further roles: execution roles of a submitter, targets of a chain, runtime roles.
    /// They may end in a wildcard where the document allows it.
    pub roles: Vec<String>,
    /// The role of EMR on EC2's instance profile, or the source of a chain.
    pub source: Option<RoleArn>,
    pub external_id: Option<String>,
    pub source_identity: Option<String>,
    /// `s3://bucket/certificates.zip`.
    pub certificates: Option<String>,
    /// Whether the sessions of the source carry tags, as those of EKS Pod Identity do.
    pub tagged: bool,
    /// The minor version of Kubernetes; `None`: 22 or later.
    pub kubernetes_minor: Option<u32>,
}

/// What is missing, and by which option it is given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Missing(pub String);

impl<'a> Input<'a> {
    /// An input with nothing but a policy.
    #[must_use]
    pub fn new(policy: &'a Policy) -> Self {
        Self {
            policy,
            cluster: None,
            issuer: None,
            role: None,
            namespaces: Vec::new(),
            exact: false,
            flink: false,
            audience: "sts.amazonaws.com".to_owned(),
            buckets: Vec::new(),
            log_group: None,
            virtual_clusters: Vec::new(),
            roles: Vec::new(),
            source: None,
            external_id: None,
            source_identity: None,
            certificates: None,
            tagged: false,
            kubernetes_minor: None,
        }
    }

    pub(super) fn cluster(&self) -> Result<&EksCluster, Missing> {
        need(self.cluster.as_ref(), "the cluster's ARN: --cluster-arn")
    }

    pub(super) fn issuer(&self) -> Result<&Issuer, Missing> {
        need(
            self.issuer.as_ref(),
            "the cluster's OIDC issuer: --oidc-issuer",
        )
    }

    pub(super) fn role(&self) -> Result<&RoleArn, Missing> {
        need(self.role.as_ref(), "the role's ARN: --role")
    }

    pub(super) fn source(&self) -> Result<&RoleArn, Missing> {
        need(
            self.source.as_ref(),
            "the ARN of the role that assumes it: --source",
        )
    }

    /// The account of the execution role, in whose account the provider must be.
    pub(super) fn account(&self) -> Result<AccountId, Missing> {
        Ok(self.role()?.role().account)
    }

    /// The namespaces given, or those in which the policy lets the role's jobs run: sorted.
    pub(super) fn namespaces(&self) -> Result<Vec<String>, Missing> {
        let mut names = self.namespaces.clone();
        if names.is_empty() {
            let role = self.role()?.role();
            let runs = self.policy.clusters.iter().filter(|cluster| {
                cluster
                    .execution_roles
                    .iter()
                    .any(|pattern| pattern.matches(role))
            });
            names = runs
                .flat_map(|cluster| cluster.namespaces.iter().cloned())
                .collect();
        }
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Err(Missing(
                "no namespace of the policy lists this role (virtualClusters[].executionRoles); name one with --namespace"
                    .to_owned(),
            ));
        }
        Ok(names)
    }

    /// The chains that the policy has from a role: each once.
    pub(super) fn chains(&self, from: &RoleArn) -> Vec<&'a Chain> {
        let chains = self
            .policy
            .clusters
            .iter()
            .flat_map(|cluster| &cluster.chains);
        let mut found: Vec<&Chain> = Vec::new();
        for chain in chains.filter(|chain| chain.from.is_same(from)) {
            if !found.contains(&chain) {
                found.push(chain);
            }
        }
        found
    }
}

fn need<'v, T>(value: Option<&'v T>, what: &str) -> Result<&'v T, Missing> {
    value.ok_or_else(|| Missing(format!("this document needs {what}")))
}
