//! Every row of `docs/bypasses.md` that says closed, on a real API server: it
//! works where rolegate is not, and where it enforces it is refused in the words
//! of the rule that the row names. With that rule off, the row fails.
//!
//! | module | gives |
//! |---|---|
//! | `rows` | the rows, each with its ways |
//! | `ways` | the requests that are more than one line of `docs/coverage.md` |
//!
//! Rows that an in-tree policy closes have their tests in `guards`.

mod rows;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use crate::coverage;
use crate::coverage::stage::stage;

use rows::ROWS;
use ways::Way;
pub(crate) use ways::kinds::ALL as KINDS;

const PAGE: &str = include_str!("../../../docs/bypasses.md");

/// Number, state and who closes it, of every row of the page.
fn page() -> BTreeMap<String, (String, String)> {
    PAGE.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
            let number = *cells.first()?;
            let digits = number.get(1..)?;
            let is_row = number.starts_with(['A', 'B', 'C', 'D']) && digits.parse::<u8>().is_ok();
            is_row.then(|| {
                (
                    number.to_owned(),
                    (cells[2].to_owned(), cells[3].to_owned()),
                )
            })
        })
        .collect()
}

#[test]
fn the_page_has_all_sixty_five_and_the_tests_have_what_it_calls_closed() {
    let page = page();
    assert_eq!(page.len(), 65);
    let tested: BTreeSet<&str> = ROWS.iter().map(|row| row.number).collect();
    for (number, (state, by)) in &page {
        match state.as_str() {
            "closed" | "partly" if by.starts_with("rolegate-") => {
                // The map at its head names the rows.
                let guards = include_str!("../guards/mod.rs");
                assert!(
                    guards.contains(number.as_str()),
                    "no test of {number} in tests/e2e/guards"
                );
            }
            "closed" => assert!(tested.contains(number.as_str()), "{number} has no test"),
            "partly" => assert!(!by.is_empty(), "{number} does not say who closes the part"),
            "open" => assert!(by.is_empty(), "{number} is open, and closed by {by}"),
            other => panic!("{number}: {other:?} is no state"),
        }
    }
    for row in ROWS {
        let (state, by) = page
            .get(row.number)
            .unwrap_or_else(|| panic!("no row {}", row.number));
        assert_ne!(state, "open", "{} is tested as closed", row.number);
        assert_eq!(by, row.by, "{}", row.number);
    }
}

/// Every request of a row that is no line of `docs/coverage.md`, by its name.
pub(crate) fn requests() -> impl Iterator<Item = (&'static str, ways::Send)> {
    let ways = ROWS.iter().flat_map(|row| row.ways);
    ways.filter_map(|way| match way {
        Way::Request(name, send) => Some((*name, *send)),
        Way::Line(..) => None,
    })
}

/// Runs the rows of one section; says which fail, and how.
fn try_section(section: char) {
    let mut wrong = Vec::new();
    for row in ROWS.iter().filter(|row| row.number.starts_with(section)) {
        for way in row.ways {
            if let Err(why) = try_way(way, row.by) {
                wrong.push(format!("{} {way:?}, {}: {why}", row.number, row.by));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "not as docs/bypasses.md says:\n{}",
        wrong.join("\n")
    );
}

fn try_way(way: &Way, by: &str) -> Result<(), String> {
    let (name, send) = match way {
        Way::Line(resource, verb) => return coverage::probe(resource, verb, by),
        Way::Request(name, send) => (name, send),
    };
    let stage = stage();
    let open = stage.without_rolegate(name).unwrap_or_default();
    if !(200..300).contains(&open) {
        return Err(format!("does not even work without rolegate: {open}"));
    }
    let answer = send(stage, stage.place());
    // The rule's id, and a colon: other rules may have a say beside it.
    if answer.status == 403 && answer.message().contains(&format!("{by}: ")) {
        Ok(())
    } else {
        Err(format!("{} {}", answer.status, answer.body))
    }
}

#[test]
fn a_into_a_running_pod() {
    try_section('A');
}

/// Beside A17: the three spellings that AWS's controllers read.
#[test]
fn load_balancers_that_are_internal_pass() {
    let stage = stage();
    for answer in ways::services::internal(stage, stage.place()) {
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
}

#[test]
fn b_under_anothers_service_account() {
    try_section('B');
}

#[test]
fn c_secrets() {
    try_section('C');
}

#[test]
fn d_the_guards_themselves() {
    try_section('D');
}
