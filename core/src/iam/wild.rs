//! IAM's wildcards: `*` is any text and `?` any character, `/` and `:` included.

/// A pattern, cut into characters and wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wild(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
}

impl Wild {
    /// A pattern in which `*` and `?` are wildcards.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::of(text.chars().map(|c| match c {
            '*' => Token::Any,
            '?' => Token::One,
            c => Token::Char(c),
        }))
    }

    /// A pattern without wildcards.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self::of(text.chars().map(Token::Char))
    }

    pub(super) fn of(tokens: impl IntoIterator<Item = Token>) -> Self {
        let mut kept: Vec<Token> = tokens.into_iter().collect();
        kept.dedup_by(|b, a| *a == Token::Any && *b == Token::Any);
        Self(kept)
    }

    #[must_use]
    pub fn is_wild(&self) -> bool {
        self.0.iter().any(|token| !matches!(token, Token::Char(_)))
    }

    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let value: Vec<_> = value.chars().map(Token::Char).collect();
        self.covers_tokens(&value)
    }

    /// Whether this matches all that `other` matches. In rare cases `false` although it
    /// does.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.covers_tokens(&other.0)
    }

    /// Greedy, with the last `*` taking one token more after a mismatch.
    fn covers_tokens(&self, value: &[Token]) -> bool {
        let (mut p, mut v) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        loop {
            let fits = match (self.0.get(p), value.get(v)) {
                (Some(Token::Any), _) => {
                    star = Some((p + 1, v));
                    p += 1;
                    continue;
                }
                (None, None) => return true,
                (Some(Token::One), Some(Token::Char(_) | Token::One)) => true,
                (Some(one), Some(other)) => one == other,
                _ => false,
            };
            if fits {
                (p, v) = (p + 1, v + 1);
                continue;
            }
            match star {
                Some((resume, taken)) if taken < value.len() => {
                    star = Some((resume, taken + 1));
                    (p, v) = (resume, taken + 1);
                }
                _ => return false,
            }
        }
    }

    /// A text that both patterns match, if there is one: the wildcards become as little
    /// as they can, and `filler` where any character will do.
    #[must_use]
    pub fn common(&self, other: &Self, filler: char) -> Option<String> {
        let (rows, columns) = (self.0.len() + 1, other.0.len() + 1);
        // What led to a pair of places: the pair before, and the character between.
        let mut from: Vec<Option<(usize, Option<char>)>> = vec![None; rows * columns];
        let mut queue = std::collections::VecDeque::from([0]);
        let mut seen = vec![false; rows * columns];
        *seen.first_mut()? = true;
        let goal = rows * columns - 1;
        while let Some(at) = queue.pop_front() {
            if at == goal {
                break;
            }
            let (a, b) = (at / columns, at % columns);
            let (one, two) = (self.0.get(a).copied(), other.0.get(b).copied());
            let mut next: Vec<(usize, usize, Option<char>)> = Vec::with_capacity(3);
            if one == Some(Token::Any) {
                next.push((a + 1, b, None));
            }
            if two == Some(Token::Any) {
                next.push((a, b + 1, None));
            }
            let after = |token: Token, place: usize| place + usize::from(token != Token::Any);
            if let (Some(one), Some(two)) = (one, two) {
                let c = match (one, two) {
                    (Token::Char(x), Token::Char(y)) => (x == y).then_some(x),
                    (Token::Char(x), _) | (_, Token::Char(x)) => Some(x),
                    _ => Some(filler),
                };
                if let Some(c) = c {
                    next.push((after(one, a), after(two, b), Some(c)));
                }
            }
            for (a, b, c) in next {
                let to = a * columns + b;
                if let Some(seen) = seen.get_mut(to)
                    && !std::mem::replace(seen, true)
                    && let Some(slot) = from.get_mut(to)
                {
                    *slot = Some((at, c));
                    queue.push_back(to);
                }
            }
        }
        if !*seen.get(goal)? {
            return None;
        }
        let mut text: Vec<char> = Vec::new();
        let mut at = goal;
        while let Some(Some((before, c))) = from.get(at) {
            text.extend(c);
            at = *before;
        }
        Some(text.iter().rev().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Wild;

    #[test]
    fn wildcards_cross_separators() {
        for (pattern, value, expected) in [
            ("*", "", true),
            ("a*", "a:b/c", true),
            ("a?c", "a:c", true),
            ("a?c", "ac", false),
            ("*a*b", "xaxb", true),
            ("*a*b", "xaxbx", false),
            ("A", "a", false),
        ] {
            assert_eq!(Wild::new(pattern).matches(value), expected, "{pattern}");
        }
        assert!(!Wild::literal("a*").matches("ab"));
    }

    #[test]
    fn covering_is_seen() {
        for (outer, inner, expected) in [
            ("a*", "ab*c", true),
            ("ab*", "a*", false),
            ("a?", "a*", false),
            ("a*", "a?", true),
            ("*", "*", true),
        ] {
            assert_eq!(
                Wild::new(outer).covers(&Wild::new(inner)),
                expected,
                "{outer} {inner}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_common_text_matches_both(one in "[ab*?]{0,8}", two in "[ab*?]{0,8}", value in "[ab]{0,6}") {
            let (one, two) = (Wild::new(&one), Wild::new(&two));
            let common = one.common(&two, 'x');
            if let Some(text) = &common {
                prop_assert!(one.matches(text) && two.matches(text), "{text}");
            }
            if one.matches(&value) && two.matches(&value) {
                prop_assert!(common.is_some());
            }
            if one.covers(&two) && two.matches(&value) {
                prop_assert!(one.matches(&value));
            }
        }
    }
}
