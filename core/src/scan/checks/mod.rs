//! What a scan finds beside the rules. Each file's header is its published page.

mod emr_access;
mod node_access;
mod pod_readers;
mod trust_policy;
mod waiting_workload;

pub use emr_access::emr_access;
pub use node_access::node_access;
pub use pod_readers::pod_readers;
pub use trust_policy::trust_policies;
pub use waiting_workload::waiting_workload;

use crate::policy::About;
use crate::rbac::{Holder, Subject};
use crate::rules::Finding;

/// The checks, in the order of their pages.
pub static CHECKS: [&About; 5] = [
    &emr_access::ABOUT,
    &node_access::ABOUT,
    &pod_readers::ABOUT,
    &trust_policy::ABOUT,
    &waiting_workload::ABOUT,
];

/// A finding about an object of the cluster; its `act` is a statement.
#[derive(Debug)]
pub struct Told {
    pub place: Place,
    pub finding: Finding,
}

/// The object that a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub group: String,
    /// Plural resource name.
    pub resource: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    pub name: String,
}

impl Place {
    fn namespace(name: &str) -> Self {
        Self {
            resource: "namespaces".to_owned(),
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// As many subjects as a sentence names.
const MOST: usize = 5;

/// `group dev, user ada and 3 more`, of those that count; `None` if there are none.
fn names(holders: &[Holder<'_>], counts: impl Fn(&Subject) -> bool) -> Option<String> {
    let mut all = holders.iter().filter(|one| counts(one.subject)).peekable();
    all.peek()?;
    Some(first(all.map(|one| match one.grants.first() {
        Some(grant) => format!("{} (by {})", one.subject, grant.binding.key),
        None => one.subject.to_string(),
    })))
}

/// The first [`MOST`] of them, and how many more there are.
fn first(all: impl Iterator<Item = String>) -> String {
    let mut shown = Vec::new();
    let mut more = 0;
    for one in all {
        if shown.len() < MOST {
            shown.push(one);
        } else {
            more += 1;
        }
    }
    let shown = shown.join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}
