//! The strictest mode for the findings of a request, and what sets it.

use crate::policy::{Mode, Policy};

use super::Door;

/// The strictest mode for the findings of a request. A webhook endpoint sets it by
/// its path, a namespace by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    ceiling: Mode,
    /// Whether the namespaces of the requests have rolegate's label.
    labelled: bool,
}

impl Scope {
    /// The scope of a webhook endpoint.
    #[must_use]
    pub const fn of_door(door: Door, policy: &Policy) -> Self {
        let ceiling = match door {
            Door::Enforce => Mode::Enforce,
            Door::Warn => Mode::Warn,
            Door::Audit => Mode::Audit,
            Door::Cluster => policy.doors.cluster,
            // Mutation never denies: if it fails, validation denies the request.
            // Questions of authorization have no objects: `judge_access`.
            Door::Mutate | Door::Authorize => Mode::Off,
        };
        Self {
            ceiling,
            labelled: !matches!(door, Door::Cluster),
        }
    }

    /// The scope of a namespace with this mode label.
    #[must_use]
    pub fn of_label(value: Option<&str>) -> Self {
        Self {
            ceiling: Mode::of_label(value),
            labelled: true,
        }
    }

    /// Whether a request for an object of this namespace (empty: none) concerns a
    /// managed namespace. The cluster door also receives requests for service accounts
    /// of namespaces without the label.
    #[must_use]
    pub const fn manages(self, namespace: &str) -> bool {
        self.labelled || namespace.is_empty()
    }

    #[must_use]
    pub const fn ceiling(self) -> Mode {
        self.ceiling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (value, expected) in [
            (None, Mode::Off),
            (Some("audit"), Mode::Audit),
            (Some("warn"), Mode::Warn),
            (Some("enforce"), Mode::Enforce),
            (Some(""), Mode::Enforce),
            (Some("off"), Mode::Enforce),
            (Some("Audit"), Mode::Enforce),
        ] {
            assert_eq!(Scope::of_label(value).ceiling(), expected, "{value:?}");
        }
    }
}
