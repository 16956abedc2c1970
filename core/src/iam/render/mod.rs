//! The IAM documents that rolegate's promises rest on, written from the names that the
//! policy and the cluster already have.
//!
//! One file per family of documents. Each is JSON in a stable order; `formats` writes it
//! for Terraform, `CloudFormation` and the AWS CLI.

mod chain;
mod cluster;
mod execution;
mod formats;
mod imds;
mod input;
mod rendered;
mod runtime;
mod size;
mod submitter;

pub use formats::{Format, FormatError};
pub use input::{Input, Missing};
pub use rendered::{Kind, Rendered};
pub use size::{Quota, Size};

pub(in crate::iam) use execution::{exact_names, irsa_statement, pod_identity_statement};

/// A document that `render` knows.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Such as `execution-role-trust`.
    pub name: &'static str,
    /// What it is, for lists.
    pub about: &'static str,
    write: fn(&Input<'_>) -> Result<Vec<Rendered>, Missing>,
}

/// Every document, in the order of lists.
pub const ALL: [Known; 14] = [
    Known {
        name: "execution-role-trust",
        about: "trust policy of an execution role: IRSA",
        write: execution::irsa,
    },
    Known {
        name: "pod-identity-trust",
        about: "trust policy of an execution role: EKS Pod Identity",
        write: execution::pod_identity,
    },
    Known {
        name: "execution-role-permissions",
        about: "what a job may do: buckets, logs, chained roles",
        write: execution::permissions,
    },
    Known {
        name: "submitter",
        about: "who may submit jobs with which execution roles",
        write: submitter::submitter,
    },
    Known {
        name: "chain-source",
        about: "role chaining: what the execution role may assume",
        write: chain::source,
    },
    Known {
        name: "chain-target",
        about: "role chaining: trust policy of the role that is assumed",
        write: chain::target,
    },
    Known {
        name: "cluster-access",
        about: "EMR's Role, RoleBinding, aws-auth entry, and who may create virtual clusters",
        write: cluster::access,
    },
    Known {
        name: "runtime-role/security-configuration",
        about: "EMR on EC2: the security configuration",
        write: runtime::security_configuration,
    },
    Known {
        name: "runtime-role/instance-profile",
        about: "EMR on EC2: what the instance profile may assume",
        write: runtime::instance_profile,
    },
    Known {
        name: "runtime-role/trust",
        about: "EMR on EC2: trust policy of a runtime role",
        write: runtime::trust,
    },
    Known {
        name: "runtime-role/caller",
        about: "EMR on EC2: who may run steps with which runtime roles",
        write: runtime::caller,
    },
    Known {
        name: "runtime-role/source-identity",
        about: "EMR on EC2: what a caller needs to set a source identity",
        write: runtime::source_identity,
    },
    Known {
        name: "imds-network-policy",
        about: "NetworkPolicy that keeps pods from the node's role",
        write: imds::except,
    },
    Known {
        name: "imds-default-deny",
        about: "NetworkPolicy that lets pods reach only what jobs need",
        write: imds::deny,
    },
];

/// Writes the document of this name.
///
/// # Errors
///
/// The input lacks what the document needs, or contradicts itself.
pub fn render(known: &Known, input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    (known.write)(input)
}

/// The document of this name.
#[must_use]
pub fn known(name: &str) -> Option<&'static Known> {
    ALL.iter().find(|known| known.name == name)
}
