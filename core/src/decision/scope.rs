//! How far a finding may go for one request, and who says so.

use crate::policy::{Mode, Policy};

use super::Door;

/// The strongest mode that a finding can have. A webhook endpoint sets it by its
/// path, a namespace by its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    ceiling: Mode,
}

impl Scope {
    /// What a webhook endpoint allows.
    #[must_use]
    pub const fn of_door(door: Door, policy: &Policy) -> Self {
        let ceiling = match door {
            Door::Enforce => Mode::Enforce,
            Door::Warn => Mode::Warn,
            Door::Audit => Mode::Audit,
            Door::Cluster => policy.doors.cluster,
            // Mutation rejects nothing: what it could not do, validation rejects.
            Door::Mutate => Mode::Off,
        };
        Self { ceiling }
    }

    /// What the value of a namespace's mode label means: none, not managed; a
    /// word that is no mode, `enforce`, so that a typing error fails safe.
    #[must_use]
    pub fn of_label(value: Option<&str>) -> Self {
        let ceiling = match value {
            None => Mode::Off,
            Some("audit") => Mode::Audit,
            Some("warn") => Mode::Warn,
            Some(_) => Mode::Enforce,
        };
        Self { ceiling }
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
