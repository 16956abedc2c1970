//! The pages of `docs/` name tests and files that exist.

#![allow(clippy::expect_used, reason = "a test")]

use std::path::Path;

const THREATS: &str = include_str!("../docs/threats.md");
const BYPASSES: &str = include_str!("../docs/bypasses.md");

/// The rows of a table: their cells.
fn rows(page: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::trim).collect())
}

#[test]
fn every_threat_has_an_answer() {
    let threats: Vec<_> = rows(THREATS)
        .filter(|cells| cells[0].parse::<u8>().is_ok())
        .collect();
    for (index, cells) in threats.iter().enumerate() {
        assert_eq!(cells[0], (index + 1).to_string());
        assert_eq!(cells.len(), 5, "{cells:?}");
        let [_, threat, answer, _, open] = cells[..] else {
            panic!("{cells:?}")
        };
        assert!(![threat, answer, open].contains(&""), "{cells:?}");
    }
    assert_eq!(threats.len(), 18, "the threat model has eighteen");
}

#[test]
fn the_threats_name_tests_and_rows_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for word in THREATS.split('`').skip(1).step_by(2) {
        if word.contains('/') && !word.starts_with('/') {
            assert!(root.join(word).exists(), "{word} does not exist");
            files += 1;
        }
    }
    assert!(files > 20, "only {files} files are named");
    let numbers: Vec<&str> = rows(BYPASSES).map(|cells| cells[0]).collect();
    let words = THREATS.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| is_row(word)) {
        assert!(numbers.contains(&word), "there is no row {word}");
    }
}

/// A letter and a number, as in `D17`.
fn is_row(word: &str) -> bool {
    let mut letters = word.chars();
    let section = letters
        .next()
        .is_some_and(|letter| letter.is_ascii_uppercase());
    section && letters.as_str().parse::<u8>().is_ok()
}
