//! The permissions of one subject that matter to jobs.

use crate::facts::Class;
use crate::facts::surface::{self, Row, Verb, Verbs};
use crate::rbac::{Asked, Attributes, Grant, Graph, Identity};

use super::Standing;

/// Verbs that a subject may use on a resource, all by the same grants.
#[derive(Clone, Debug)]
pub struct Held<'g> {
    pub row: &'static Row,
    pub verbs: Verbs,
    pub standing: Standing,
    /// Empty for `system:masters`, which needs none.
    pub grants: Vec<Grant<'g>>,
}

/// What a subject may do in a namespace, and to cluster-scoped objects, that can give
/// access to a job: everything of the surface that is not harmless, in its order.
#[must_use]
pub fn held<'g>(
    graph: &'g Graph,
    identity: &Identity<'_>,
    class: Class,
    namespace: &str,
) -> Vec<Held<'g>> {
    let mut all = Vec::new();
    for row in surface::rows() {
        let standing = Standing::of(class, row);
        if standing == Standing::Harmless {
            continue;
        }
        // Verbs that come by the same grants are one line.
        let mut lines: Vec<Held<'g>> = Vec::new();
        for verb in row.verbs.iter() {
            let attributes = Attributes {
                verb: verb.as_str(),
                asked: asked(row, verb, namespace),
            };
            let grants = graph.grants(identity, &attributes);
            if grants.is_empty() && !identity.is_superuser() {
                continue;
            }
            let same = lines.iter_mut().find(|line| is_same(&line.grants, &grants));
            match same {
                Some(line) => line.verbs = line.verbs.with(verb),
                None => lines.push(Held {
                    row,
                    verbs: Verbs::of(&[verb]),
                    standing,
                    grants,
                }),
            }
        }
        all.append(&mut lines);
    }
    all
}

/// The same bindings, for the same objects.
fn is_same(one: &[Grant<'_>], other: &[Grant<'_>]) -> bool {
    let parts = |grant: &Grant<'_>| (grant.binding.key.clone(), grant.names().to_vec());
    one.iter().map(parts).eq(other.iter().map(parts))
}

fn asked<'a>(row: &'a Row, verb: Verb, namespace: &'a str) -> Asked<'a> {
    Asked::Resource {
        group: row.group,
        resource: row.resource,
        subresource: row.subresource,
        namespace: if row.is_in_namespaces(verb) {
            namespace
        } else {
            ""
        },
        name: "",
    }
}
