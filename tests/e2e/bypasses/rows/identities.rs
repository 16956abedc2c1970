//! Section F: identities with more rights than a tenant.

use super::Row;

pub(super) const ROWS: &[Row] = &[];
