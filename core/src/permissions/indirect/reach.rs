//! What one subject can get without holding it.

use crate::facts::Class;
use crate::facts::surface::{Row, Verbs};
use crate::permissions::{Held, class_of_subject, exceeds, held};
use crate::policy::Policy;
use crate::rbac::{Grant, Graph, Identity, Subject};

use super::Way;
use super::routes::add;
use super::way::{GIVES, to_act_as};

/// Somebody else as whom the subject can act, or the roles that it can give.
#[derive(Clone, Debug)]
pub struct Reach<'g> {
    /// `None` if it gives roles: then every permission.
    pub other: Option<&'g Subject>,
    /// At least one, each with what allows it.
    pub ways: Vec<(Way, Vec<Grant<'g>>)>,
    /// What the other holds and the subject does not, first what may not be granted to a
    /// tenant; empty without another.
    pub gains: Vec<Gain>,
}

/// Verbs on a resource; the row is one of those that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    pub row: &'static Row,
    pub verbs: Verbs,
}

impl Gain {
    /// Whether a tenant may not have it in a managed namespace.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        let (row, mut verbs) = (self.row, self.verbs.iter());
        verbs.any(|verb| {
            exceeds(
                Class::Tenant,
                row.group,
                row.resource,
                row.subresource,
                verb,
            )
            .is_some()
        })
    }
}

/// Everybody as whom the user can act in the namespace, if that gives it more, and the
/// roles that it can give. `own` is what it holds itself ([`held`]).
#[must_use]
pub fn reach<'g>(
    graph: &'g Graph,
    identity: &Identity<'_>,
    own: &[Held<'_>],
    namespace: &str,
    policy: &Policy,
) -> Vec<Reach<'g>> {
    let mut all = Vec::new();
    if identity.is_superuser() {
        return all;
    }
    all.extend(gives(graph, identity, namespace));
    let mut others: Vec<&Subject> = graph.subjects().collect();
    others.sort_unstable();
    for other in others.into_iter().filter(|other| !is_of(other, identity)) {
        let mut ways: Vec<(Way, Vec<Grant<'g>>)> = Vec::new();
        for (way, request) in to_act_as(other, namespace) {
            let grants = graph.grants(identity, &request);
            if grants.is_empty() {
                continue;
            }
            match ways.iter_mut().find(|(known, _)| *known == way) {
                Some((_, known)) => add(known, &grants),
                None => ways.push((way, grants)),
            }
        }
        if ways.is_empty() {
            continue;
        }
        let gains = gains(graph, other, own, namespace, policy);
        if !gains.is_empty() {
            all.push(Reach {
                other: Some(other),
                ways,
                gains,
            });
        }
    }
    all
}

fn is_of(subject: &Subject, identity: &Identity<'_>) -> bool {
    match subject {
        Subject::User(name) => **name == *identity.name,
        Subject::Group(name) => identity.is_in(name),
    }
}

/// What the other holds, without the verbs that the subject has for the same objects.
fn gains(
    graph: &Graph,
    other: &Subject,
    own: &[Held<'_>],
    namespace: &str,
    policy: &Policy,
) -> Vec<Gain> {
    let class = class_of_subject(other, namespace, policy);
    let identity = match other {
        Subject::User(name) => Identity::authenticated(name, []),
        Subject::Group(name) => Identity::exactly("", [name.to_string()]),
    };
    let mut all: Vec<Gain> = Vec::new();
    for one in held(graph, &identity, class, namespace) {
        let has = |verb| {
            let mut own = own.iter();
            own.any(|mine| mine.row == one.row && mine.verbs.has(verb) && covers(mine, &one))
        };
        for verb in one.verbs.iter().filter(|verb| !has(*verb)) {
            // Reads and writes have rows of their own.
            let row = one.row;
            let same = all.iter_mut().find(|gain| {
                (gain.row.group, gain.row.resource, gain.row.subresource)
                    == (row.group, row.resource, row.subresource)
            });
            match same {
                Some(gain) => gain.verbs = gain.verbs.with(verb),
                None => all.push(Gain {
                    row,
                    verbs: Verbs::of(&[verb]),
                }),
            }
        }
    }
    all.sort_by_key(|gain| !gain.is_grave());
    all
}

/// Whether one has it for every object for which the other has it.
fn covers(mine: &Held<'_>, other: &Held<'_>) -> bool {
    let names = |held: &Held<'_>| -> Option<Vec<String>> {
        let mut all = Vec::new();
        for grant in &held.grants {
            if grant.names().is_empty() {
                return None;
            }
            all.extend(grant.names().iter().map(ToString::to_string));
        }
        Some(all)
    };
    match (names(mine), names(other)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(mine), Some(others)) => others.iter().all(|name| mine.contains(name)),
    }
}

/// The roles that it can give.
fn gives<'g>(graph: &'g Graph, identity: &Identity<'_>, namespace: &str) -> Option<Reach<'g>> {
    let mut ways: Vec<(Way, Vec<Grant<'g>>)> = Vec::new();
    for gives in GIVES {
        let to_give = graph.grants(identity, &gives.to_give(namespace));
        let mut writes = Vec::new();
        for request in gives.to_write(namespace) {
            add(&mut writes, &graph.grants(identity, &request));
        }
        if gives.lacks_a_namespace(namespace) || to_give.is_empty() || writes.is_empty() {
            continue;
        }
        add(&mut writes, &to_give);
        match ways.iter_mut().find(|(known, _)| *known == gives.way) {
            Some((_, known)) => add(known, &writes),
            None => ways.push((gives.way, writes)),
        }
    }
    (!ways.is_empty()).then_some(Reach {
        other: None,
        ways,
        gains: Vec::new(),
    })
}
