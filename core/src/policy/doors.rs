//! Modes for requests without a namespace, which no namespace label covers.

use super::Mode;

/// The strictest mode per door, for requests without a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doors {
    /// For writes of cluster-scoped objects.
    pub cluster: Mode,
    /// For authorization requests without a namespace, those for all namespaces among
    /// them.
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
