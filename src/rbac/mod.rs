//! Where roles and bindings come from: files, or a cluster.

mod files;
mod live;

pub(crate) use files::files_below;
pub use files::from_files;
pub use live::from_cluster;

use rolegate_core::rbac::Graph;

/// The RBAC that was found, and what of it could not be read.
#[derive(Debug, Default)]
pub struct Found {
    pub graph: Graph,
    /// One sentence for each object that was left out.
    pub skipped: Vec<String>,
    /// How many roles and cluster roles were found.
    pub roles: usize,
    /// How many bindings of both kinds were found.
    pub bindings: usize,
}
