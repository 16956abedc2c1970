//! Doors: the webhook endpoints.

use std::fmt;

/// A webhook endpoint. The webhook configuration selects it by the namespace's mode
/// label; its path sets the strictest mode for findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// `/validate/enforce`
    Enforce,
    /// `/validate/warn`
    Warn,
    /// `/validate/audit`
    Audit,
    /// `/validate/cluster`: cluster-scoped objects, which no namespace label covers.
    Cluster,
    /// `/mutate`
    Mutate,
    /// `/authorize`: questions of authorization, whose mode is that of the namespace.
    Authorize,
}

impl Door {
    pub const ALL: [Self; 6] = [
        Self::Enforce,
        Self::Warn,
        Self::Audit,
        Self::Cluster,
        Self::Mutate,
        Self::Authorize,
    ];

    /// The word in logs and metrics, and the last part of the path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
            Self::Cluster => "cluster",
            Self::Mutate => "mutate",
            Self::Authorize => "authorize",
        }
    }

    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Enforce => "/validate/enforce",
            Self::Warn => "/validate/warn",
            Self::Audit => "/validate/audit",
            Self::Cluster => "/validate/cluster",
            Self::Mutate => "/mutate",
            Self::Authorize => "/authorize",
        }
    }

    /// The index in [`Door::ALL`], for tables with one entry per door.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
