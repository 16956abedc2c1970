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
use crate::rbac::{Graph, Subject};
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

/// As many namespaces as a sentence names.
const NAMESPACES: usize = 5;

/// One finding for all unmanaged namespaces of the same tenants. Each namespace comes with
/// its labels.
#[must_use]
pub fn node_access<'n>(
    graph: &Graph,
    policy: &Policy,
    namespaces: impl IntoIterator<Item = (&'n str, &'n BTreeMap<String, String>)>,
) -> Vec<Told> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (namespace, labels) in namespaces {
        let level = labels.get("pod-security.kubernetes.io/enforce");
        if level.is_some_and(|level| matches!(level.as_str(), "baseline" | "restricted")) {
            continue;
        }
        let Ok(question) = Question::parse("create", "pods", namespace, "") else {
            continue;
        };
        let holders = graph.who_can(&question.attributes());
        let tenants =
            |subject: &Subject| class_of_subject(subject, namespace, policy) == Class::Tenant;
        if let Some(who) = names(&holders, tenants) {
            found.entry(who).or_default().push(namespace);
        }
    }
    let told = found.into_iter().filter_map(|(who, namespaces)| {
        let first = *namespaces.first()?;
        let shown = namespaces.iter().take(NAMESPACES).copied();
        let shown: Vec<&str> = shown.collect();
        let more = match namespaces.len().saturating_sub(NAMESPACES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let act = format!(
            "without a mode label and a pod security level, a privileged pod reaches a node from {}{more}; who may start one: {who}",
            shown.join(", ")
        );
        Some(Told {
            place: Place::namespace(first),
            finding: Finding::new(&ABOUT, &ADVICE, act).key(who),
        })
    });
    told.collect()
}
