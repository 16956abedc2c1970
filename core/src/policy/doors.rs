//! Modes of the requests that no namespace label covers.

use super::Mode;

/// The ceilings of requests that no namespace label can set one for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    /// Cluster-scoped objects at admission.
    pub cluster: Mode,
    /// Authorization requests without a namespace.
    pub authorize_cluster_scoped: Mode,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            cluster: Mode::Audit,
            authorize_cluster_scoped: Mode::Audit,
        }
    }
}
