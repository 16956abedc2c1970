//! Paths to values in an object, in two notations: dotted for people, JSON pointer
//! for programs.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// A path from an object's root to a value in it.
///
/// Built from parts: `Path::root().key("spec").key("containers").index(0)`.
/// [`Display`](fmt::Display) writes it for people, like
/// `spec.containers[0].env["a/b"]`: always on one line, with long keys cut.
/// [`Path::pointer`] writes it in full, for programs. The value at a path need not
/// exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Segment>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// The member of an object with this key.
    Key(Cow<'static, str>),
    /// The element of a list with this index, from 0.
    Index(usize),
}

/// The number of characters of a key that are shown.
const LONGEST_KEY: usize = 120;

impl Path {
    /// The object itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path of the member `key` in the value at this path.
    #[must_use]
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Segment::Key(key.into()));
        self
    }

    /// The path of the element `index`, from 0, in the value at this path.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Segment::Index(index));
        self
    }

    /// The path of `rest` in the value at this path.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Parses a dotted path: `a.b[0]["x/y"]`, and also the older notation
    /// `metadata.annotations[key.with.dots]`.
    ///
    /// Every text is a valid path, because the older notation has no escapes: a
    /// bracket that is never closed takes the rest of the text as a key. A path
    /// written by [`Display`](fmt::Display) is parsed as the same path, unless a key
    /// was cut.
    #[must_use]
    pub fn parse_dotted(text: &str) -> Self {
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            let segment;
            (segment, rest) = match rest.strip_prefix('[') {
                Some(inner) => bracket(inner),
                None => name(rest.strip_prefix('.').unwrap_or(rest)),
            };
            path.0.push(segment);
        }
        path
    }

    /// The JSON pointer (RFC 6901): `/spec/containers/0/env/a~1b`, empty for the
    /// root. Keys are neither cut nor escaped further.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.0 {
            pointer.push('/');
            match segment {
                Segment::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                // Writing to a String cannot fail.
                Segment::Index(index) => _ = write!(pointer, "{index}"),
            }
        }
        pointer
    }
}

/// The key at the start of `text`, and the rest.
fn name(text: &str) -> (Segment, &str) {
    let (key, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    (Segment::Key(key.to_owned().into()), rest)
}

/// The segment whose opening bracket is before `text`, and the rest.
fn bracket(text: &str) -> (Segment, &str) {
    if text.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
        if let Some(Ok(key)) = strings.next()
            && let Some(rest) = text.get(strings.byte_offset()..)
            && let Some(rest) = rest.strip_prefix(']')
        {
            return (Segment::Key(key.into()), rest);
        }
        // From before keys were escaped as JSON.
        let text = text.strip_prefix('"').unwrap_or(text);
        let (key, rest) = text.split_once("\"]").unwrap_or((text, ""));
        return (Segment::Key(key.to_owned().into()), rest);
    }
    // A key may contain brackets: the closing one is followed by the end, a dot or
    // an opening bracket.
    let closing =
        |&(at, _): &(usize, &str)| matches!(text.as_bytes().get(at + 1), None | Some(b'.' | b'['));
    let end = text.match_indices(']').find(closing);
    let (inside, rest) = match end {
        Some((at, _)) => (
            text.get(..at).unwrap_or_default(),
            text.get(at + 1..).unwrap_or_default(),
        ),
        None => (text, ""),
    };
    let digits = !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit());
    let segment = match inside.parse() {
        Ok(index) if digits => Segment::Index(index),
        _ => Segment::Key(inside.to_owned().into()),
    };
    (segment, rest)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if !is_plain(key) => {
                    f.write_str("[\"")?;
                    quoted(f, key)?;
                    f.write_str("\"]")?;
                }
                Segment::Key(key) if place == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Whether a key needs no quotes: it is an identifier, like most field names.
fn is_plain(key: &str) -> bool {
    let mut bytes = key.bytes();
    key.len() <= LONGEST_KEY
        && bytes
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Writes a key escaped as in JSON, with characters that a terminal does not show
/// escaped too.
fn quoted(f: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    let mut units = [0; 2];
    let mut length = 0;
    for (at, character) in key.char_indices() {
        let short = match character {
            '"' | '\\' => Some(character),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            _ => None,
        };
        let shown = character == ' ' || character.is_ascii_graphic() || character.is_alphanumeric();
        let width = match short {
            Some(_) => 2,
            None if shown => 1,
            None => 6 * character.len_utf16(),
        };
        let last = at + character.len_utf8() == key.len();
        if length + width > LONGEST_KEY || (length + width == LONGEST_KEY && !last) {
            return f.write_char('…');
        }
        length += width;
        match short {
            Some(short) => write!(f, "\\{short}")?,
            None if shown => f.write_char(character)?,
            None => character
                .encode_utf16(&mut units)
                .iter()
                .try_for_each(|unit| write!(f, "\\u{unit:04x}"))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST_KEY, Path, Segment};

    fn path(segments: &[Segment]) -> Path {
        Path(segments.to_vec())
    }

    #[test]
    fn written_and_read() {
        let root = Path::root();
        for (path, dotted, pointer) in [
            (root.clone(), "", ""),
            (root.clone().key("spec"), "spec", "/spec"),
            (
                root.clone()
                    .key("spec")
                    .key("containers")
                    .index(0)
                    .key("image"),
                "spec.containers[0].image",
                "/spec/containers/0/image",
            ),
            (
                root.clone().key("metadata").key("labels").key("a.b/c~d"),
                r#"metadata.labels["a.b/c~d"]"#,
                "/metadata/labels/a.b~1c~0d",
            ),
            (root.clone().index(0).index(12), "[0][12]", "/0/12"),
            // A key of digits is not an index.
            (root.clone().key("data").key("0"), r#"data["0"]"#, "/data/0"),
            (root.clone().key("_a1").key("1a"), r#"_a1["1a"]"#, "/_a1/1a"),
            (root.clone().key("").key("x"), r#"[""].x"#, "//x"),
            (
                root.clone().key("a\"b\\c\nd\te\rf"),
                r#"["a\"b\\c\nd\te\rf"]"#,
                "/a\"b\\c\nd\te\rf",
            ),
            (
                root.clone().key("\u{1b}[31m\u{202e}"),
                "[\"\\u001b[31m\\u202e\"]",
                "/\u{1b}[31m\u{202e}",
            ),
            // Outside the basic plane: two units.
            (
                root.clone().key("\u{e0001}"),
                "[\"\\udb40\\udc01\"]",
                "/\u{e0001}",
            ),
            (root.clone().key("grün"), "[\"grün\"]", "/grün"),
            (root.clone().key("a\"].b"), r#"["a\"].b"]"#, "/a\"].b"),
        ] {
            assert_eq!(path.to_string(), dotted);
            assert_eq!(path.pointer(), pointer, "{dotted}");
            assert_eq!(Path::parse_dotted(dotted), path, "{dotted}");
        }
    }

    #[test]
    fn the_older_writing_is_read_too() {
        let annotations = || Path::root().key("metadata").key("annotations");
        for (text, path) in [
            (
                "metadata.annotations[iam.amazonaws.com/role]",
                annotations().key("iam.amazonaws.com/role"),
            ),
            ("metadata.annotations[a]b]", annotations().key("a]b")),
            ("metadata.annotations[a].b", annotations().key("a").key("b")),
            // Escaped for a sentence, which is not JSON.
            (
                r#"metadata.annotations["a\u{a}b"]"#,
                annotations().key(r"a\u{a}b"),
            ),
            (r#"metadata.annotations["a"b"]"#, annotations().key("a\"b")),
            ("metadata.annotations[a", annotations().key("a")),
            ("metadata.annotations[\"a", annotations().key("a")),
            ("metadata.annotations[-1]", annotations().key("-1")),
            ("a..b", Path::root().key("a").key("").key("b")),
            ("[", Path::root().key("")),
        ] {
            assert_eq!(Path::parse_dotted(text), path, "{text}");
        }
    }

    #[test]
    fn long_keys_are_cut_for_people_only() {
        let (exact, long) = ("a".repeat(LONGEST_KEY), "a".repeat(LONGEST_KEY + 1));
        assert_eq!(Path::root().key(exact.clone()).to_string(), exact);
        let path = Path::root().key(long.clone());
        let cut = "a".repeat(LONGEST_KEY - 1);
        assert_eq!(path.to_string(), format!("[\"{cut}…\"]"));
        assert_eq!(path.pointer(), format!("/{long}"));
        let control = Path::root().key("\u{1}".repeat(LONGEST_KEY)).to_string();
        assert!(control.chars().count() <= LONGEST_KEY + 4, "{control}");
    }

    #[test]
    fn joined() {
        let base = Path::root().key("request").key("object");
        let rest = Path::root().key("spec").index(1);
        assert_eq!(base.join(&rest).to_string(), "request.object.spec[1]");
        assert_eq!(base.join(&Path::root()), base);
        assert_eq!(Path::root().join(&rest), rest);
    }

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            any::<usize>().prop_map(Segment::Index),
            "[a-z]{1,4}".prop_map(|key| Segment::Key(key.into())),
            "[\\[\\].\"\\\\a0-9]{0,6}".prop_map(|key| Segment::Key(key.into())),
            "\\PC{0,12}|.{0,12}".prop_map(|key| Segment::Key(key.into())),
        ]
    }

    proptest! {
        /// Reads what it writes, and writes one line.
        #[test]
        fn round_trip(segments in prop::collection::vec(segment(), 0..6)) {
            let path = path(&segments);
            let dotted = path.to_string();
            prop_assert!(!dotted.contains(char::is_control));
            prop_assert_eq!(Path::parse_dotted(&dotted), path);
        }

        #[test]
        fn any_text_is_some_path(text in ".{0,40}|[\\[\\].\"a]{0,12}") {
            let _ = Path::parse_dotted(&text);
        }
    }
}
