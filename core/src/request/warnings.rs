//! Warnings, which `kubectl` shows to whoever makes a request, within the API's limits.

use crate::names::shorten;

/// The limit for one warning. The API recommends 120 characters, in which not even the
/// name of every object has room, and may cut what is longer than 256.
pub const WARNING_BYTES: usize = 256;
/// The limit for the warnings of one answer. With more than 4,096 characters of all
/// webhooks together, the API server leaves warnings out; rolegate itself answers twice,
/// with `/mutate` and `/validate`.
const ALL_BYTES: usize = 1_900;
/// More lines than this nobody reads.
const MOST: usize = 20;

/// The warnings of one answer: each line shortened behind a whole word, and the lines
/// that find no room counted.
#[must_use]
pub fn warnings(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    let (mut written, mut left_out) = (0, 0);
    for line in lines {
        let line = shorten(line, WARNING_BYTES);
        if left_out > 0 || kept.len() == MOST || written + line.len() > ALL_BYTES {
            left_out += 1;
        } else {
            written += line.len();
            kept.push(line);
        }
    }
    if left_out > 0 {
        kept.push(format!("rolegate: and {left_out} more warnings"));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{ALL_BYTES, MOST, WARNING_BYTES, warnings};

    #[test]
    fn short_lines_are_kept_as_they_are() {
        let lines = ["rolegate: a", "rolegate: b"].map(str::to_owned);
        assert_eq!(warnings(lines.iter().cloned()), lines);
        assert!(warnings(std::iter::empty()).is_empty());
    }

    #[test]
    fn long_and_many_lines_fit_the_limits() {
        let role = |index: usize| format!("arn:aws:iam::444455556666:role/{index:0>64}");
        let path = "p".repeat(500);
        for (text, count) in [
            ("you may not start pod x".to_owned(), 1_000),
            (format!("{} {} {}", role(1), role(2), role(3)), 1_000),
            (format!("arn:aws:iam::444455556666:role/{path}/r of it"), 3),
            ("für 日本語日本語 ".repeat(40), 30),
        ] {
            let lines = (0..count).map(|_| format!("rolegate x: {text}"));
            let told = warnings(lines);
            let last = told.last().expect("a line");
            let all: usize = told.iter().map(String::len).sum();
            assert!(all <= ALL_BYTES + 40, "{all}");
            assert!(told.len() <= MOST + 1);
            for line in &told {
                assert!(line.len() <= WARNING_BYTES, "{line}");
                let whole = line
                    .split_once(" … (")
                    .map_or(line.as_str(), |(whole, _)| whole);
                let line_of = format!("rolegate x: {text} ");
                assert!(
                    line_of.starts_with(&format!("{whole} ")) || line == last,
                    "{line}"
                );
            }
            let shown = told.len() - usize::from(told.len() < count);
            if shown < count {
                let left = count - shown;
                assert_eq!(last, &format!("rolegate: and {left} more warnings"));
            }
        }
    }
}
