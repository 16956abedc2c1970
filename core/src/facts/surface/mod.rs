//! The surface of the Kubernetes API: every resource, subresource and verb, with
//! what judges it. `docs/coverage.md` is printed from this table, and a test
//! compares it with the resources of a real API server. Together with the class
//! table it decides whether a class may ever make a request, without its object.
//!
//! | module | gives |
//! |---|---|
//! | `row` | a [`Row`] and its [`Answer`] |
//! | `verb` | verbs and sets of verbs |
//! | `by` | the names of rules and admission policies |
//! | `groups` | API groups, and those that kube-apiserver itself serves |
//! | `namespaced`, `cluster`, `reads`, `unlisted` | the rows |
//! | `index` | the rows sorted by key |
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
/// documentation. Of the reads, only the open ones have rows.
pub fn served() -> impl Iterator<Item = &'static Row> {
    [namespaced::ROWS, cluster::ROWS, reads::ROWS]
        .into_iter()
        .flatten()
}

/// Every row that names its resource: those of discovery, and those that exist only
/// in authorization, in kubelets and in other versions. The `*` of a role expands to
/// these.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    served().chain(unlisted::ROWS)
}

/// The row that names these requests.
///
/// Versions of an API are ignored. Resources of the old group `extensions` have the
/// rows of their current groups.
#[must_use]
pub fn named(group: &str, resource: &str, subresource: &str, verb: Verb) -> Option<&'static Row> {
    index::find(
        (resource, groups::current(group, resource), subresource),
        verb,
    )
}

/// The row that applies to these requests: the one that names them, else the row for
/// other reads or for custom resources.
///
/// `None` for a write of a built-in resource or a verb that this version does not
/// know.
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

/// The row that always denies this to a class, whatever the object, if there is one:
/// every such request is an action that the class table never allows to the class.
///
/// Like the class table, it applies to managed namespaces, and to the cluster for
/// rows with the [`Scope`] of the cluster.
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
