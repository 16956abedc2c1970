//! The surface of the Kubernetes API: every resource, subresource and verb,
//! with what answers for it. `docs/coverage.md` is printed from this table, a
//! test compares it with what a real API server serves, and with the class
//! table it answers alone whether a class may ever do an action.
//!
//! | module | gives |
//! |---|---|
//! | `row` | a [`Row`] and its [`Answer`] |
//! | `verb` | verbs and sets of them |
//! | `by` | the names of rules and admission policies |
//! | `groups` | API groups, and which of them kube-apiserver itself serves |
//! | `namespaced`, `cluster`, `reads`, `unlisted` | the rows |
//! | `index` | the rows in the order of their keys |
//! | `markdown` | the page |

mod by;
mod cluster;
mod groups;
mod index;
mod markdown;
mod namespaced;
mod reads;
mod row;
mod unlisted;
mod verb;

pub use by::By;
pub use groups::is_built_in;
pub use markdown::markdown;
pub use row::{Answer, Judged, Row, Scope};
pub use verb::{Verb, Verbs};

use super::Class;
use super::class_table::{Extent, extent};

/// The rows that an API server's discovery lists, in the order of the
/// documentation. Reads have rows as far as they lead to something.
pub fn served() -> impl Iterator<Item = &'static Row> {
    [namespaced::ROWS, cluster::ROWS, reads::ROWS]
        .into_iter()
        .flatten()
}

/// Every row that names its resource: those of discovery, and those that only
/// authorization, kubelets and other versions know. What expands the `*` of a
/// role reads these.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    served().chain(unlisted::ROWS)
}

/// The row that names these requests.
///
/// Versions of an API do not count, and what was once in `extensions` has the
/// rows of the groups in which it is now.
#[must_use]
pub fn named(group: &str, resource: &str, subresource: &str, verb: Verb) -> Option<&'static Row> {
    index::find(
        (resource, groups::current(group, resource), subresource),
        verb,
    )
}

/// The one row that answers for these requests: the one that names them, else
/// the one for every other read, or for every other custom resource.
///
/// `None` is for a write of a built-in resource, or a verb, that this version
/// does not know; nobody has looked at it.
#[must_use]
pub fn find(group: &str, resource: &str, subresource: &str, verb: Verb) -> Option<&'static Row> {
    named(group, resource, subresource, verb).or_else(|| {
        let built_in = is_built_in(group);
        let row: &'static Row = match verb {
            _ if built_in => &reads::OTHER,
            _ if verb.is_read() => &unlisted::CUSTOM_READ,
            _ if subresource == "scale" => &unlisted::CUSTOM_SCALE,
            Verb::Delete | Verb::DeleteCollection => &unlisted::CUSTOM_DELETE,
            _ => &unlisted::CUSTOM,
        };
        row.verbs.has(verb).then_some(row)
    })
}

/// The row by which a class may never do this, if there is one: every such
/// request is an action that the class table gives the class no part of. No
/// object is needed to say so.
///
/// As the class table does, it speaks of managed namespaces, and of the cluster
/// where the row's [`Scope`] is the cluster.
#[must_use]
pub fn never(
    class: Class,
    group: &str,
    resource: &str,
    subresource: &str,
    verb: Verb,
) -> Option<&'static Row> {
    find(group, resource, subresource, verb).filter(|row| {
        row.every_request_is()
            .is_some_and(|action| extent(class, action) == Extent::Never)
    })
}

#[cfg(test)]
mod tests;
