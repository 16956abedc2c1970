//! The pods that an operator of the policy makes from a custom resource.

use crate::write::Write;

use super::Coming;

pub(super) fn coming(_write: &Write<'_>) -> Option<Vec<Coming>> {
    None
}
