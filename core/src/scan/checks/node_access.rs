//! # node-access
//!
//! Finds namespaces outside rolegate from which tenants can reach a node.
//!
//! ## What it finds
//!
//! Namespaces without the label `rolegate.dev/mode` in which a tenant may create pods, and
//! where Pod Security admission does not stop a privileged one: the label
//! `pod-security.kubernetes.io/enforce` is neither `baseline` nor `restricted`. A
//! `ClusterRoleBinding` that gives the permission in all of them is one finding.
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

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Addressee, Class};
use crate::names::shown;
use crate::permissions::{Question, class_of_subject};
use crate::policy::{About, Policy, Severity};
use crate::rbac::{GROUP, Graph, Subject};
use crate::rules::{Advice, Finding};

use super::{Place, Told, first, names};

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

/// The findings for these unmanaged namespaces with their labels: one for a namespace, and
/// one for a cluster role binding that reaches several.
#[must_use]
pub fn node_access<'n>(
    graph: &Graph,
    policy: &Policy,
    unmanaged: impl IntoIterator<Item = (&'n str, &'n BTreeMap<String, String>)>,
) -> Vec<Told> {
    let mut found = Vec::new();
    let mut everywhere: BTreeMap<&str, Reach<'_>> = BTreeMap::new();
    for (namespace, labels) in unmanaged {
        let level = labels.get("pod-security.kubernetes.io/enforce");
        if level.is_some_and(|level| matches!(level.as_str(), "baseline" | "restricted")) {
            continue;
        }
        let Ok(question) = Question::parse("create", "pods", namespace, "") else {
            continue;
        };
        let mut holders = graph.who_can(&question.attributes());
        holders.retain(|one| class_of_subject(one.subject, namespace, policy) == Class::Tenant);
        for holder in &mut holders {
            holder.grants.retain(|grant| {
                let key = &grant.binding.key;
                if !key.namespace.is_empty() {
                    return true;
                }
                let reach = everywhere.entry(&key.name).or_default();
                reach.subjects.insert(holder.subject);
                reach.namespaces.insert(namespace);
                false
            });
        }
        holders.retain(|one| !one.grants.is_empty());
        let Some(who) = names(&holders, |_| true) else {
            continue;
        };
        let act = format!(
            "namespace {namespace} has no mode label and no pod security level, and who may \
             start privileged pods there: {who}"
        );
        found.push(Told {
            place: Place::namespace(namespace),
            finding: Finding::new(&ABOUT, &ADVICE, act),
        });
    }
    let everywhere = everywhere.into_iter();
    found.extend(everywhere.map(|(binding, reach)| reach.told(binding)));
    found
}

/// What a cluster role binding gives, to whom.
#[derive(Default)]
struct Reach<'a> {
    subjects: BTreeSet<&'a Subject>,
    namespaces: BTreeSet<&'a str>,
}

impl Reach<'_> {
    fn told(&self, binding: &str) -> Told {
        let act = format!(
            "ClusterRoleBinding {} lets {} start privileged pods where namespaces have no mode \
             label and no pod security level: {}",
            shown(binding, 253),
            first(self.subjects.iter().map(ToString::to_string)),
            first(self.namespaces.iter().map(|name| shown(name, 63))),
        );
        Told {
            place: Place {
                group: GROUP.to_owned(),
                resource: "clusterrolebindings".to_owned(),
                namespace: String::new(),
                name: binding.to_owned(),
            },
            finding: Finding::new(&ABOUT, &ADVICE, act).instead(
                "list administrators under `identities.admins` in rolegate's policy; give others \
                 the right in single namespaces, or set the label \
                 pod-security.kubernetes.io/enforce: baseline on those namespaces",
            ),
        }
    }
}
