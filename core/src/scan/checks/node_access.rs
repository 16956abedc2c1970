//! # node-access
//!
//! Finds namespaces outside rolegate from which tenants can reach a node.
//!
//! ## What it finds
//!
//! Namespaces without the label `rolegate.dev/mode` in which a tenant may create pods, and
//! where Pod Security admission does not stop a privileged one: the label
//! `pod-security.kubernetes.io/enforce` is neither `baseline` nor `restricted`.
//!
//! ## Why
//!
//! A pod with a `hostPath`, with `privileged` or with `hostPID` reads the tokens of every
//! pod on its node, jobs among them. rolegate judges pods of labelled namespaces only.
//!
//! ## What to do instead
//!
//! Set `pod-security.kubernetes.io/enforce: baseline` on the namespace, give it rolegate's
//! label, or keep its pods off the nodes of jobs.
//!
//! ## What it does not see
//!
//! Other admission policies (Gatekeeper, Kyverno) that stop privileged pods, and nodes kept
//! for jobs by taints.

use std::collections::BTreeMap;

use crate::facts::{Addressee, Class};
use crate::permissions::{Question, class_of_subject};
use crate::policy::{About, Policy, Severity};
use crate::rbac::Graph;
use crate::rules::{Advice, Finding};

use super::{Place, Told, names};

pub(super) static ABOUT: About = About::new(
    "node-access",
    Severity::High,
    include_str!("node_access.rs"),
);

static ADVICE: Advice = Advice {
    why: "a privileged pod reads the tokens of all pods of its node",
    instead: &[(
        &Addressee::ALL,
        "set the label pod-security.kubernetes.io/enforce: baseline on the namespace",
    )],
    source: "Amazon EMR on EKS security best practices: nodes",
};

/// A finding for an unmanaged namespace with these labels.
#[must_use]
pub fn node_access(
    graph: &Graph,
    policy: &Policy,
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Option<Told> {
    let level = labels.get("pod-security.kubernetes.io/enforce");
    if level.is_some_and(|level| matches!(level.as_str(), "baseline" | "restricted")) {
        return None;
    }
    let question = Question::parse("create", "pods", namespace, "").ok()?;
    let holders = graph.who_can(&question.attributes());
    let who = names(&holders, |subject| {
        class_of_subject(subject, namespace, policy) == Class::Tenant
    })?;
    let act = format!(
        "namespace {namespace} has no mode label and no pod security level, and who may start \
         privileged pods there: {who}"
    );
    Some(Told {
        place: Place::namespace(namespace),
        finding: Finding::new(&ABOUT, &ADVICE, act),
    })
}
