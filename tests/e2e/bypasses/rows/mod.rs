//! The rows of `docs/bypasses.md` that rules close, a file for each section (or
//! several).

mod custom_resources;
mod first;
mod identities;
mod parts_of_jobs;

use std::sync::LazyLock;

use super::ways::Way;

/// One row.
pub(super) struct Row {
    pub(super) number: &'static str,
    /// The rule that closes it.
    pub(super) by: &'static str,
    pub(super) ways: &'static [Way],
}

const fn row(number: &'static str, by: &'static str, ways: &'static [Way]) -> Row {
    Row { number, by, ways }
}

pub(super) static ROWS: LazyLock<Vec<&'static Row>> = LazyLock::new(|| {
    let sections = [
        first::ROWS,
        parts_of_jobs::ROWS,
        identities::ROWS,
        custom_resources::ROWS,
    ];
    sections.into_iter().flatten().collect()
});
