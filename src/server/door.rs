//! The doors an API server knocks at: one URL path each.

use std::fmt;

/// Where an `AdmissionReview` came in. The webhook configuration picks the
/// path by namespace label, so the door is the ceiling of the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// `/validate/enforce`
    Enforce,
    /// `/validate/warn`
    Warn,
    /// `/validate/audit`
    Audit,
    /// `/validate/cluster`: objects outside labelled namespaces.
    Cluster,
    /// `/mutate`: role chaining.
    Mutate,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 5] = [
        Self::Enforce,
        Self::Warn,
        Self::Audit,
        Self::Cluster,
        Self::Mutate,
    ];

    /// The word metrics and log lines use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
            Self::Cluster => "cluster",
            Self::Mutate => "mutate",
        }
    }

    /// The URL path.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Enforce => "/validate/enforce",
            Self::Warn => "/validate/warn",
            Self::Audit => "/validate/audit",
            Self::Cluster => "/validate/cluster",
            Self::Mutate => "/mutate",
        }
    }

    /// Position in [`Door::ALL`], for tables with one entry a door.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
