//! Section G: custom resources.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
