//! Patterns for names: `*` and `?`, and nothing else.

use std::fmt;

/// Why a text is not a glob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// Nothing matches the empty pattern: no name is empty.
    #[error("an empty pattern matches nothing; write a name, or leave the entry out")]
    Empty,
    /// Longer than any name it could be meant for.
    #[error("a pattern holds at most {} bytes", Glob::MAX_LEN)]
    TooLong,
    /// Names hold no control characters, so the pattern could not match.
    #[error("a pattern with a control character cannot match any name")]
    Control,
}

/// A pattern that a whole value must match, compared case-sensitively. `*`
/// stands for any number of characters and `?` for one, and neither ever
/// stands for `/` or `:`. A pattern therefore matches only values with as many
/// parts as it has itself: no session name with a slash in it matches
/// `arn:aws:sts::*:assumed-role/oncall/*`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    text: Box<str>,
    wild: bool,
}

impl Glob {
    /// The longest pattern allowed, in bytes: an IAM ARN has at most 2048.
    pub const MAX_LEN: usize = 2048;

    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is empty, too long, or holds a control character.
    pub fn parse(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(GlobError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(GlobError::Control);
        }
        Ok(Self::new(text))
    }

    /// A pattern that is known to be well formed.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            wild: text.contains(['*', '?']),
        }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it holds a wildcard; without one it matches itself only.
    #[must_use]
    pub fn is_wild(&self) -> bool {
        self.wild
    }

    /// Whether the whole of `value` matches. Takes at most as many steps as the
    /// value's length times the pattern's.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        if self.wild {
            matches_wild(self.text.as_bytes(), value.as_bytes())
        } else {
            *self.text == *value
        }
    }

    /// A value that the pattern matches, with `filler` in the places of its wildcards.
    /// Where the fillers of two calls have nothing in common, what holds for both values
    /// holds by the rest of the pattern.
    #[must_use]
    pub fn sample(&self, filler: &str) -> String {
        self.text.replace(['*', '?'], filler)
    }

    /// Whether some value matches both patterns. For reading policies, not
    /// for requests: takes the product of both lengths in time and memory.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.text.as_bytes(), other.text.as_bytes());
        // reach[j]: what is left of `ours` and `theirs[j..]` have a value in common.
        let mut below = vec![false; theirs.len() + 1];
        for i in (0..=ours.len()).rev() {
            let mut reach = vec![false; theirs.len() + 1];
            for j in (0..=theirs.len()).rev() {
                let at = |row: &[bool], j: usize| row.get(j).copied().unwrap_or(false);
                let met = match (ours.get(i), theirs.get(j)) {
                    (None, None) => true,
                    (Some(b'*'), Some(b'*')) => at(&below, j) || at(&reach, j + 1),
                    (Some(b'*'), Some(&b)) => at(&below, j) || (!separates(b) && at(&reach, j + 1)),
                    (Some(b'*'), None) => at(&below, j),
                    (Some(&a), Some(b'*')) => at(&reach, j + 1) || (!separates(a) && at(&below, j)),
                    (None, Some(b'*')) => at(&reach, j + 1),
                    (Some(&a), Some(&b)) => fits(a, b) && at(&below, j + 1),
                    _ => false,
                };
                if let Some(cell) = reach.get_mut(j) {
                    *cell = met;
                }
            }
            below = reach;
        }
        below.first().copied().unwrap_or(false)
    }
}

/// Whether two bytes of patterns, neither of them `*`, can match one character.
const fn fits(a: u8, b: u8) -> bool {
    a == b || (a == b'?' && !separates(b)) || (b == b'?' && !separates(a))
}

/// Goes through both texts once, and back only to the last `*`. That is
/// enough: the n-th separator of the pattern can only stand for the n-th of
/// the value, and inside a part the leftmost place for the characters before a
/// `*` leaves the most room for what follows it.
fn matches_wild(pattern: &[u8], value: &[u8]) -> bool {
    let (mut p, mut v) = (0, 0);
    // After the last `*`: where the pattern goes on, and what the `*` has not taken yet.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), value.get(v)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                p += 1;
                star = Some((p, v));
                continue;
            }
            (Some(b'?'), Some(&byte)) if !separates(byte) => {
                p += 1;
                v += width(byte);
                continue;
            }
            (Some(&expected), Some(&byte)) if expected == byte && expected != b'?' => {
                p += 1;
                v += 1;
                if separates(byte) {
                    star = None;
                }
                continue;
            }
            _ => {}
        }
        // A mismatch: let the last `*` take one character more.
        match star.and_then(|(resume, taken)| Some((resume, taken, *value.get(taken)?))) {
            Some((resume, taken, byte)) if !separates(byte) => {
                p = resume;
                v = taken + width(byte);
                star = Some((resume, v));
            }
            _ => return false,
        }
    }
}

const fn separates(byte: u8) -> bool {
    matches!(byte, b'/' | b':')
}

/// Bytes of the UTF-8 character that starts with `lead`.
const fn width(lead: u8) -> usize {
    match lead {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        _ => 1,
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Glob;

    fn matches(pattern: &str, value: &str) -> bool {
        Glob::parse(pattern).unwrap().matches(value)
    }

    #[test]
    fn wildcards_stay_inside_one_part() {
        for (pattern, value, expected) in [
            ("emr-containers", "emr-containers", true),
            ("emr-containers", "EMR-containers", false),
            ("emr-containers", "emr-containers-x", false),
            ("app-*", "app-", true),
            ("app-*", "app-a-b", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aüc", true),
            ("a*c", "aüöc", true),
            ("*", "a/b", false),
            ("*/*", "a/b", true),
            ("*:*", "a:b:c", false),
            (
                "arn:*:sts::*:assumed-role/oncall/*",
                "arn:aws:sts::1:assumed-role/oncall/me",
                true,
            ),
            (
                "arn:*:sts::*:assumed-role/oncall/*",
                "arn:aws:sts::1:assumed-role/x/oncall/me",
                false,
            ),
            (
                "arn:*:sts::*:assumed-role/oncall/*",
                "arn:aws:sts::1:assumed-role/oncall/me/too",
                false,
            ),
            ("*a*b*c", "xaybzc", true),
            ("*a*b*c", "xaybzcd", false),
            ("?", "/", false),
        ] {
            assert_eq!(
                matches(pattern, value),
                expected,
                "{pattern} against {value}"
            );
        }
    }

    #[test]
    fn a_hostile_value_costs_little() {
        let pattern = "*a".repeat(500) + "b";
        assert!(!matches(&pattern, &"a".repeat(100_000)));
    }

    #[test]
    fn refuses_what_cannot_match() {
        assert!(Glob::parse("").is_err());
        assert!(Glob::parse("a\nb").is_err());
        assert!(Glob::parse(&"a".repeat(Glob::MAX_LEN + 1)).is_err());
    }

    #[test]
    fn overlaps_where_one_value_matches_both() {
        for (one, other, expected) in [
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("*", "a:b", false),
            ("a:*", "a:b-*", true),
            ("?", "ab", false),
            ("a?c*", "*bcd", true),
        ] {
            let globs = [one, other].map(|text| Glob::parse(text).unwrap());
            assert_eq!(globs[0].overlaps(&globs[1]), expected, "{one} and {other}");
            assert_eq!(globs[1].overlaps(&globs[0]), expected, "{other} and {one}");
        }
    }

    /// The definition, in exponential time.
    fn naive(pattern: &[char], value: &[char]) -> bool {
        match (pattern, value) {
            ([], []) => true,
            (['*', rest @ ..], _) if naive(rest, value) => true,
            (['*', ..], [c, tail @ ..]) => !"/:".contains(*c) && naive(pattern, tail),
            (['?', rest @ ..], [c, tail @ ..]) => !"/:".contains(*c) && naive(rest, tail),
            ([p, rest @ ..], [c, tail @ ..]) => p == c && naive(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn agrees_with_the_definition(pattern in "[abü*?/:]{1,9}", value in "[abü*?/:]{0,12}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &value), naive(&chars(&pattern), &chars(&value)));
        }

        #[test]
        fn a_common_value_means_an_overlap(one in "[ab*?:]{1,6}", other in "[ab*?:]{1,6}", value in "[ab:]{0,6}") {
            let globs = [one, other].map(|text| Glob::parse(&text).unwrap());
            if globs.iter().all(|glob| glob.matches(&value)) {
                prop_assert!(globs[0].overlaps(&globs[1]));
            }
        }
    }
}
