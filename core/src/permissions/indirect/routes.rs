//! Who can get one permission without holding it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::rbac::{Asked, Attributes, Grant, Graph, Holder, Subject};

use super::Way;
use super::way::{GIVES, resource, to_act_as};

/// A subject that can get the permission in one way.
#[derive(Clone, Debug)]
pub struct Route<'g> {
    pub subject: &'g Subject,
    pub way: Way,
    /// The holders as which it can act, in order; empty where it gives roles.
    pub through: Vec<Subject>,
    /// What allows it, each once.
    pub grants: Vec<Grant<'g>>,
}

/// All of them, by subject and way.
#[derive(Clone, Debug, Default)]
pub struct Routes<'g> {
    pub routes: Vec<Route<'g>>,
    /// Holders beyond the limit, whose routes were not looked for.
    pub not_followed: usize,
}

/// As many holders as are followed.
const MOST: usize = 200;

type Found<'g> = BTreeMap<(&'g Subject, Way), (BTreeSet<Subject>, Vec<Grant<'g>>)>;

/// Who can get what `attributes` asks for, without the subjects that hold it for all
/// objects asked for. `holders` are [`Graph::who_can`]'s answer.
#[must_use]
pub fn routes<'g>(
    graph: &'g Graph,
    attributes: &Attributes<'_>,
    holders: &[Holder<'g>],
) -> Routes<'g> {
    let namespace = attributes.namespace();
    let whole: BTreeSet<&Subject> = holders
        .iter()
        .filter(|holder| {
            holder
                .grants
                .iter()
                .any(|grant| grant.rule.allows(attributes))
        })
        .map(|holder| holder.subject)
        .collect();
    let mut found = Found::new();
    // kube-apiserver allows it everything, without a binding.
    let masters = Subject::Group("system:masters".into());
    let followed = holders.iter().take(MOST).map(|holder| holder.subject);
    // Requests without a name are the same for all holders of a namespace.
    let mut cache: HashMap<String, Vec<Holder<'g>>> = HashMap::new();
    let somebody = who_impersonates_somebody(graph, namespace);
    for holder in std::iter::once(&masters).chain(followed) {
        for (way, request) in to_act_as(holder, namespace) {
            // A group is impersonated together with a user.
            let is_group = matches!(
                request.asked,
                Asked::Resource {
                    resource: "groups",
                    ..
                }
            );
            let asked = cache
                .entry(format!("{request:?}"))
                .or_insert_with(|| graph.who_can(&request));
            for one in &*asked {
                let as_somebody = !is_group || somebody.contains(one.subject);
                if one.subject != holder && !whole.contains(one.subject) && as_somebody {
                    let (through, grants) = found.entry((one.subject, way)).or_default();
                    through.insert(holder.clone());
                    add(grants, &one.grants);
                }
            }
        }
    }
    give(graph, attributes, &whole, &mut found);
    let routes = found
        .into_iter()
        .map(|((subject, way), (through, grants))| Route {
            subject,
            way,
            through: through.into_iter().collect(),
            grants,
        })
        .collect();
    Routes {
        routes,
        not_followed: holders.len().saturating_sub(MOST),
    }
}

fn who_impersonates_somebody<'g>(graph: &'g Graph, namespace: &str) -> BTreeSet<&'g Subject> {
    let kinds = [
        (("", "users", ""), ""),
        (("", "serviceaccounts", ""), namespace),
        (("authentication.k8s.io", "users", ""), ""),
    ];
    let mut all = BTreeSet::new();
    for (key, namespace) in kinds {
        for verb in ["impersonate", "impersonate:user-info"] {
            let request = resource(verb, key, namespace, "");
            all.extend(graph.who_can(&request).iter().map(|one| one.subject));
        }
    }
    all
}

/// By writing bindings to a role that gives it, or by writing it into a role.
fn give<'g>(
    graph: &'g Graph,
    attributes: &Attributes<'_>,
    whole: &BTreeSet<&Subject>,
    found: &mut Found<'g>,
) {
    let namespace = attributes.namespace();
    for gives in GIVES {
        if gives.lacks_a_namespace(namespace) {
            continue;
        }
        let of = if gives.role == "roles" { namespace } else { "" };
        let useful: BTreeSet<&str> = graph
            .roles_allowing(of, attributes)
            .map(|role| &*role.name)
            .collect();
        let mut writers: BTreeMap<&Subject, Vec<Grant<'g>>> = BTreeMap::new();
        for request in gives.to_write(namespace) {
            for Holder { subject, grants } in graph.who_can(&request) {
                add(writers.entry(subject).or_default(), &grants);
            }
        }
        for Holder { subject, grants } in graph.who_can(&gives.to_give(namespace)) {
            let Some(to_write) = writers.get(subject).filter(|_| !whole.contains(subject)) else {
                continue;
            };
            // By name, only those that give it; whatever is written into a role does.
            let counts = |grant: &&Grant<'g>| {
                let names = grant.names();
                let helps =
                    gives.way == Way::Escalate || names.iter().any(|name| useful.contains(&**name));
                names.is_empty() || helps
            };
            let grants: Vec<Grant<'g>> = grants.iter().filter(counts).copied().collect();
            if !grants.is_empty() {
                let (_, all) = found.entry((subject, gives.way)).or_default();
                add(all, &grants);
                add(all, to_write);
            }
        }
    }
}

/// Those that are not there yet: the same rule by the same binding.
pub(super) fn add<'g>(all: &mut Vec<Grant<'g>>, more: &[Grant<'g>]) {
    for grant in more {
        let same = |one: &Grant<'g>| {
            one.binding.key == grant.binding.key
                && one.source.key == grant.source.key
                && one.names() == grant.names()
        };
        if !all.iter().any(same) {
            all.push(*grant);
        }
    }
}
