//! # emr-access
//!
//! Compares what Amazon EMR may do in a namespace with what it needs, and finds who else
//! can get its username.
//!
//! ## What it finds
//!
//! - the Role and `RoleBinding` `emr-containers` of a managed namespace: verbs that are
//!   missing, so that jobs fail; rules beyond what EMR needs; subjects beside EMR's user
//! - cluster role bindings that name EMR's user
//! - entries of the `ConfigMap` `aws-auth` that map another IAM identity to EMR's username,
//!   and usernames with `{{SessionName}}` that whoever assumes the role can make look like
//!   EMR's
//!
//! ## Why
//!
//! rolegate knows Amazon EMR by its username and its ARN. Who gets the username may do what
//! RBAC lets EMR do.
//!
//! ## What to do instead
//!
//! `rolegate iam render cluster-access` prints the Role, the `RoleBinding` and the entry as
//! AWS documents them.
//!
//! ## What it does not see
//!
//! EKS access entries: they are in AWS's API. A namespace without the Role and the
//! `RoleBinding` is passed over, because an access entry may give EMR its rights.

use crate::facts::Addressee;
use crate::iam::{AwsAuth, Drift, Weight, aws_auth_drift, role_drift};
use crate::policy::{About, Policy, Severity};
use crate::rbac::Graph;
use crate::rules::{Advice, Finding};

use super::{Place, Told};

pub(super) static ABOUT: About = About::new(
    "emr-access",
    Severity::Critical,
    include_str!("emr_access.rs"),
);

static ADVICE: Advice = Advice {
    why: "Amazon EMR starts every job by these rights, and nobody else should have them",
    instead: &[(
        &Addressee::ALL,
        "write them as `rolegate iam render cluster-access` prints them",
    )],
    source: "Amazon EMR on EKS: enable cluster access for Amazon EMR on EKS",
};

/// The differences in these managed namespaces and in `aws-auth`.
#[must_use]
pub fn emr_access(
    graph: &Graph,
    policy: &Policy,
    namespaces: &[&str],
    aws_auth: Option<&AwsAuth>,
) -> Vec<Told> {
    let roles = role_drift(graph, policy, namespaces, true);
    let auth = aws_auth.map(|auth| aws_auth_drift(auth, policy));
    let all = roles.into_iter().chain(auth.into_iter().flatten());
    all.map(told).collect()
}

fn told(drift: Drift) -> Told {
    let severity = match drift.weight {
        Weight::TooWide => Severity::Critical,
        Weight::Missing => Severity::Medium,
    };
    let act = format!("{}: {}", drift.object, drift.what);
    let mut finding = Finding::new(&ABOUT, &ADVICE, act)
        .key(drift.what)
        .instead(drift.instead);
    finding.severity = severity;
    let (kind, name) = drift.object.split_once(' ').unwrap_or(("", &drift.object));
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let (group, resource) = match kind {
        "ConfigMap" => ("", "configmaps"),
        "Role" => ("rbac.authorization.k8s.io", "roles"),
        "RoleBinding" => ("rbac.authorization.k8s.io", "rolebindings"),
        _ => ("rbac.authorization.k8s.io", "clusterrolebindings"),
    };
    Told {
        place: Place {
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        },
        finding,
    }
}
