//! Names of fields, recognized in a text by their first bytes.
//!
//! A review has some hundred keys, and each is compared with several names.
//! Comparing slices takes a function call each; this takes a few instructions.

use wide::u8x16;

const WIDTH: usize = 16;

/// The name of a field as it is in a text: with the quote after it.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    text: &'static str,
    head: [u8; WIDTH],
    /// One bit for each byte of `head` that belongs to the name or is its quote.
    counts: u32,
}

impl Name {
    /// The name `text`: ASCII letters and digits, which need no escape.
    ///
    /// # Panics
    ///
    /// For any other name; for a constant, at compile time.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let (mut head, mut counts) = ([0; WIDTH], 0);
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at].is_ascii_alphanumeric(), "a letter or a digit");
            if at < WIDTH {
                head[at] = bytes[at];
                counts |= 1 << at;
            }
            at += 1;
        }
        if at < WIDTH {
            head[at] = b'"';
            counts |= 1 << at;
        }
        Self { text, head, counts }
    }

    /// The name without the quote.
    #[inline]
    pub(super) const fn text(&self) -> &'static str {
        self.text
    }

    /// Whether the key is this name. A key with an escape never is.
    #[inline]
    pub(super) fn is(&self, key: &Literal<'_>) -> bool {
        let same = u8x16::from(self.head).simd_eq(key.head).to_bitmask();
        same & self.counts == self.counts && (self.text.len() < WIDTH || self.ends(key))
    }

    #[cold]
    fn ends(&self, key: &Literal<'_>) -> bool {
        let rest = key.text.strip_prefix(self.text.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"\""))
    }
}

/// A key as it is in a text: the text from its opening quote on, past the closing
/// one.
pub(super) struct Literal<'a> {
    text: &'a [u8],
    head: u8x16,
}

impl<'a> Literal<'a> {
    #[inline]
    pub(super) fn new(text: &'a [u8]) -> Self {
        let head = match text.first_chunk::<WIDTH>() {
            Some(head) => u8x16::from(*head),
            None => short(text),
        };
        Self { text, head }
    }
}

/// Pads with zeros, which no name contains.
#[cold]
fn short(text: &[u8]) -> u8x16 {
    let mut head = [0; WIDTH];
    head.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    u8x16::from(head)
}

#[cfg(test)]
mod tests {
    use super::{Literal, Name};

    /// Names and keys of every length around the width, all against all.
    #[test]
    fn a_name_is_itself_only() {
        const NAMES: [Name; 8] = [
            Name::new(""),
            Name::new("a"),
            Name::new("aaaaaaaaaaaaaa"),
            Name::new("aaaaaaaaaaaaaaa"),
            Name::new("aaaaaaaaaaaaaaaa"),
            Name::new("aaaaaaaaaaaaaaaaa"),
            Name::new("aaaaaaaaaaaaaaaab"),
            Name::new("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ];
        for behind in ["", ":", ":\"a\"}", ":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"] {
            for key in NAMES {
                let text = format!("{}\"{behind}", key.text());
                for name in NAMES {
                    assert_eq!(
                        name.is(&Literal::new(text.as_bytes())),
                        name.text() == key.text(),
                        "{} in {text}",
                        name.text()
                    );
                }
            }
        }
    }

    #[test]
    fn what_does_not_end_is_no_key() {
        let long = "a".repeat(16);
        for text in [
            "",
            "a",
            "ab",
            "a\\\"",
            &long,
            &format!("{long}a"),
            &format!("{long}\\\""),
        ] {
            for name in [Name::new("a"), Name::new("aaaaaaaaaaaaaaaa")] {
                let key = Literal::new(text.as_bytes());
                assert!(!name.is(&key), "{} in {text}", name.text());
            }
        }
    }
}
