//! What the bindings of a cluster give today, for a scan.

use std::collections::HashMap;

use crate::permissions::{Given, Recipient, class_of_subject, excesses};
use crate::policy::Policy;
use crate::rbac::{Binding, Graph, RoleKey, Rule};

use super::{ABOUT, ADVICE, Finding};

/// A binding that gives a subject more than it may have.
#[derive(Debug)]
pub struct InForce<'g> {
    pub binding: &'g Binding,
    /// Its `act` is a statement: "it gives group team-a get secrets by `ClusterRole` edit".
    pub finding: Finding,
}

/// Every subject that a binding gives more than the ceiling of its class, in the order of
/// the bindings. Of role bindings, those of namespaces that are `managed` count.
#[must_use]
pub fn grants_in_force<'g>(
    graph: &'g Graph,
    policy: &Policy,
    managed: impl Fn(&str) -> bool,
) -> Vec<InForce<'g>> {
    let mut bindings: Vec<&Binding> = graph
        .bindings()
        .filter(|one| one.key.namespace.is_empty() || managed(&one.key.namespace))
        .collect();
    bindings.sort_by_key(|one| &one.key);
    // Many bindings name the same few roles.
    let mut known: HashMap<(&RoleKey, Known), Option<String>> = HashMap::new();
    let mut found = Vec::new();
    for binding in bindings {
        let Some(role) = &binding.role else { continue };
        let namespace = &*binding.key.namespace;
        let tenancy = policy.tenancy(namespace);
        for subject in &binding.subjects {
            let class = class_of_subject(subject, namespace, policy);
            if excesses(class).next().is_none() {
                continue;
            }
            let to = Recipient::of(subject, class, tenancy);
            let by_tenancy = policy.clusters.number(namespace);
            let key = (class.as_str(), to.execs, namespace.is_empty(), by_tenancy);
            let what = known.entry((role, key)).or_insert_with(|| {
                let rules: Vec<&Rule> = graph.rules_of(role).collect();
                Given::beyond(to, &rules, &[], namespace.is_empty(), tenancy).in_words()
            });
            let Some(what) = what else { continue };
            let act = format!("it gives {subject} ({}) {what}, by {role}", class.as_str());
            found.push(InForce {
                binding,
                finding: Finding::new(&ABOUT, &ADVICE, act).key(subject.to_string()),
            });
        }
    }
    found
}

/// Class, `exec: true`, whether cluster-wide, and the policy's entry for the namespace.
type Known = (&'static str, bool, bool, Option<usize>);
