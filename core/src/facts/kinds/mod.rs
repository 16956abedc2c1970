//! What custom resources do: for each known kind, where its objects name the identities
//! that something will run as, the objects of others, the Secrets that its controller
//! reads, and the fields of its status by which its operator starts something. A row
//! applies to every served version of its kind.
//!
//! A kind without a row is walked with care: every field that is named after a service
//! account, an execution role or a Secret counts, `status` does not.
//!
//! | file | rows |
//! |---|---|
//! | `row` | what a row says |
//! | `spark`, `flink` | the operators of Spark and Flink |
//! | `aws` | AWS's own controllers (ACK) and Crossplane's |
//! | `workflows` | other software that starts pods |
//! | `secrets` | what reads Secrets for whoever names them |
//! | `nothing` | what starts nothing |

mod aws;
mod flink;
mod nothing;
mod row;
mod secrets;
mod spark;
mod workflows;

pub use row::{Join, Kind, RoleOf};

const FAMILIES: [&[Kind]; 6] = [
    spark::ROWS,
    flink::ROWS,
    aws::ROWS,
    workflows::ROWS,
    secrets::ROWS,
    nothing::ROWS,
];

/// Every row.
pub fn rows() -> impl Iterator<Item = &'static Kind> {
    FAMILIES.into_iter().flatten()
}

impl Kind {
    /// The row of a resource.
    #[must_use]
    pub fn of(group: &str, resource: &str) -> Option<&'static Self> {
        let mut of_group = rows().filter(|row| row.groups.contains(&group));
        of_group.find(|row| row.resources.is_empty() || row.resources.contains(&resource))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rows_are_whole_and_no_resource_stands_in_two() {
        let mut seen = HashSet::new();
        for row in rows() {
            assert!(row.source.contains('/'), "{row:?}");
            assert!(!row.groups.is_empty(), "{row:?}");
            for group in row.groups {
                assert!(group.contains('.') || *group == "extensions", "{row:?}");
                let all = ["*"];
                let resources = if row.resources.is_empty() {
                    &all
                } else {
                    row.resources
                };
                for resource in resources {
                    let lower = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
                    assert!(resource.bytes().all(lower), "{resource}");
                    assert!(seen.insert((*group, *resource)), "{group} {resource}");
                    let whole = seen.contains(&(*group, "*"));
                    assert!(*resource == "*" || !whole, "{group} {resource}");
                }
            }
        }
    }

    #[test]
    fn what_starts_nothing_names_no_identity() {
        for row in rows().filter(|row| !row.starts) {
            assert!(row.joins.is_empty() && row.read_back.is_empty(), "{row:?}");
            let guide = &row.guide;
            assert!(
                guide.accounts.is_empty() && guide.roles.is_empty(),
                "{row:?}"
            );
        }
    }

    /// Fields of the status are read for their own sake; all others are of the intent.
    #[test]
    fn only_what_is_read_back_is_in_the_status() {
        for row in rows() {
            let guide = &row.guide;
            let intent = [guide.accounts, guide.roles, guide.role_names].concat();
            assert!(
                !intent.iter().any(|path| path.starts_with("status")),
                "{row:?}"
            );
            assert!(
                row.read_back.iter().all(|path| path.starts_with("status")),
                "{row:?}"
            );
        }
    }
}
