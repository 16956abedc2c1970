//! What rolegate does about a permission that a class of requester holds.

use crate::facts::Class;
use crate::facts::surface::{Answer, By, Judged, Row};
use crate::facts::{Extent, extent};

/// From what is stopped to what nothing stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In a namespace that enforces, every such request of the class is denied.
    Denied(&'static [By]),
    /// Each request is judged by its object.
    Judged(&'static [By]),
    /// No rule and no admission policy denies it.
    Open {
        why: &'static str,
        /// What detects it instead.
        seen_by: &'static str,
    },
    /// The class has no limit there.
    Unlimited,
    /// It gives no access to a job's identity, data or configuration.
    Harmless,
}

impl Standing {
    /// Of a permission for the requests of this row.
    #[must_use]
    pub const fn of(class: Class, row: &Row) -> Self {
        match row.answer {
            Answer::Harmless { .. } => Self::Harmless,
            Answer::Open { why, seen_by } => Self::Open { why, seen_by },
            Answer::Judged { by, what, .. } => match what {
                Judged::Otherwise => Self::Judged(by),
                Judged::Every(action) => match extent(class, action) {
                    Extent::All => Self::Unlimited,
                    Extent::Never => Self::Denied(by),
                    _ => Self::Judged(by),
                },
                Judged::Dangerous(action) => match extent(class, action) {
                    Extent::All => Self::Unlimited,
                    _ => Self::Judged(by),
                },
            },
        }
    }
}
