//! A text that is read from its beginning to its end.
//!
//! Nothing here depends on the type that is read: see [`fill`](super::fill).

use std::borrow::Cow;

use super::error::{Fault, Problem};
use super::name::{Literal, Name};
use super::pass::pass;
use super::scan::{self, End};

/// Levels that are read into values, as in `serde_json`: a text of brackets
/// must not use up the stack. What nobody reads may be deeper.
const MOST_LEVELS: u8 = 127;

/// A text, and how far it is read.
#[expect(missing_debug_implementations, reason = "the text may be a Secret")]
pub struct Reader<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
    pub(super) levels: u8,
}

/// A key of an object of which some fields are known.
#[derive(Clone, Copy)]
pub(super) enum Key {
    /// Its place among their names.
    Known(usize),
    /// Nobody reads what it has.
    Other,
}

impl<'de> Reader<'de> {
    pub(super) const fn new(text: &'de str) -> Self {
        Self {
            text,
            at: 0,
            levels: 0,
        }
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.fault())
        }
    }

    /// The next byte that is no white space, which stays the next.
    #[inline]
    pub(super) fn space(&mut self) -> u8 {
        scan::next(self.text.as_bytes(), &mut self.at)
    }

    #[cold]
    pub(super) fn fault(&self) -> Fault {
        scan::fault(self.text.as_bytes(), self.at)
    }

    /// The fault of a value that is JSON and does not fit where it stands.
    #[cold]
    pub(crate) const fn misfit(&self) -> Fault {
        Fault::new(Problem::Shape, self.at)
    }

    /// The fault of a list with more elements than are read.
    #[cold]
    pub(crate) const fn too_long(&self) -> Fault {
        Fault::new(Problem::Long, self.at)
    }

    /// The fault of a value of another type, or of what is no value.
    #[cold]
    pub(super) fn unexpected(&mut self) -> Fault {
        let start = self.at;
        match self.skip() {
            Ok(_) => {
                self.at = start;
                self.misfit()
            }
            Err(fault) => fault,
        }
    }

    /// The text from `start` to where reading is. Both are ends of tokens.
    #[inline]
    pub(super) fn since(&self, start: usize) -> &'de str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The value that comes, as text.
    #[inline(never)]
    pub(crate) fn skip(&mut self) -> Result<&'de str, Fault> {
        self.space();
        let start = self.at;
        self.at = scan::value(self.text.as_bytes(), start)?;
        Ok(self.since(start))
    }

    /// Goes over a value that nobody reads.
    #[inline(never)]
    pub(crate) fn pass(&mut self) -> Result<(), Fault> {
        let bytes = self.text.as_bytes();
        self.at = match self.space() {
            b'{' | b'[' => pass(bytes, self.at).ok_or_else(|| scan::fault(bytes, bytes.len()))?,
            b'"' => scan::string(bytes, self.at + 1)?.quote + 1,
            _ => scan::value(bytes, self.at)?,
        };
        Ok(())
    }

    /// The string that comes.
    #[inline(never)]
    pub(crate) fn string(&mut self) -> Result<Cow<'de, str>, Fault> {
        if self.space() != b'"' {
            return Err(self.unexpected());
        }
        let literal = self.at;
        let start = literal + 1;
        let End { quote, escaped } = scan::string(self.text.as_bytes(), start)?;
        self.at = quote + 1;
        if escaped {
            return unescape(self.since(literal), literal).map(Cow::Owned);
        }
        Ok(Cow::Borrowed(
            self.text.get(start..quote).unwrap_or_default(),
        ))
    }

    /// Goes over the next key of an object and its colon, and tells which of
    /// `names` it is; or goes out of the object. API servers write the fields of
    /// an object in one order, so the name of `guess` is tried first.
    #[inline(never)]
    pub(super) fn field(
        &mut self,
        first: &mut bool,
        names: &[Name],
        guess: usize,
    ) -> Result<Option<Key>, Fault> {
        if !self.key(first)? {
            return Ok(None);
        }
        let bytes = self.text.as_bytes();
        let (literal, start) = (self.at, self.at + 1);
        let key = Literal::new(bytes.get(start..).unwrap_or_default());
        let mut place = match names.get(guess) {
            Some(name) if name.is(&key) => Some(guess),
            _ => names.iter().position(|name| name.is(&key)),
        };
        if let Some(name) = place.and_then(|place| names.get(place)) {
            self.at = start + name.text().len() + 1;
        } else {
            let End { quote, escaped } = scan::string(bytes, start)?;
            self.at = quote + 1;
            if escaped {
                let key = unescape(self.since(literal), literal)?;
                place = names.iter().position(|name| name.text() == key);
            }
        }
        self.colon()?;
        Ok(Some(place.map_or(Key::Other, Key::Known)))
    }

    /// Goes into the object or list that comes; `false` for a `null`, where
    /// that may stand for an empty one.
    #[inline(never)]
    pub(crate) fn begin(&mut self, bracket: u8, or_null: bool) -> Result<bool, Fault> {
        let next = self.space();
        if next == bracket {
            if self.levels == MOST_LEVELS {
                return Err(Fault::new(Problem::Deep, self.at));
            }
            self.levels += 1;
            self.at += 1;
            return Ok(true);
        }
        if next == b'n' && or_null {
            return self.null().map(|_| false);
        }
        Err(self.unexpected())
    }

    /// Goes to the next key of an object, or out of the object.
    #[inline(never)]
    pub(crate) fn another_key(&mut self, first: &mut bool) -> Result<bool, Fault> {
        self.key(first)
    }

    #[inline]
    fn key(&mut self, first: &mut bool) -> Result<bool, Fault> {
        if !self.goes_on(first, b'}')? {
            return Ok(false);
        }
        if self.space() != b'"' {
            return Err(self.fault());
        }
        Ok(true)
    }

    /// Goes over the colon after a key.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), Fault> {
        if self.space() != b':' {
            return Err(self.fault());
        }
        self.at += 1;
        Ok(())
    }

    /// Goes to the next element of a list, or out of the list.
    #[inline(never)]
    pub(crate) fn another(&mut self, first: &mut bool) -> Result<bool, Fault> {
        self.goes_on(first, b']')
    }

    /// Goes over the comma before what is not the first, or over the bracket.
    #[inline]
    fn goes_on(&mut self, first: &mut bool, bracket: u8) -> Result<bool, Fault> {
        let first = std::mem::take(first);
        match self.space() {
            next if next == bracket => {
                self.levels -= 1;
                self.at += 1;
                return Ok(false);
            }
            b',' if !first => self.at += 1,
            _ if first => {}
            _ => return Err(self.fault()),
        }
        Ok(true)
    }

    /// The end of the `{"name":"…","value":"…"}` that comes, if its name is not
    /// wanted. Any other writing is for those who read the element.
    #[inline]
    pub(super) fn unwanted(&mut self, is_wanted: fn(&str) -> bool) -> Option<usize> {
        self.space();
        let (name, end) = scan::simple(self.text.as_bytes(), self.at)?;
        (!is_wanted(self.text.get(name)?)).then_some(end)
    }

    /// Goes over a `null`, if one comes.
    #[inline]
    pub(crate) fn null(&mut self) -> Result<bool, Fault> {
        if self.space() != b'n' {
            return Ok(false);
        }
        self.word("null", true)
    }

    /// `true` or `false`.
    pub(crate) fn bool(&mut self) -> Result<bool, Fault> {
        match self.space() {
            b't' => self.word("true", true),
            b'f' => self.word("false", false),
            _ => Err(self.unexpected()),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self) -> Result<i64, Fault> {
        if !matches!(self.space(), b'-' | b'0'..=b'9') {
            return Err(self.unexpected());
        }
        let start = self.at;
        self.at = scan::number(self.text.as_bytes(), start)?;
        self.since(start)
            .parse()
            .map_err(|_| Fault::new(Problem::Shape, start))
    }

    #[inline(never)]
    pub(super) fn word<T>(&mut self, word: &str, value: T) -> Result<T, Fault> {
        self.at = scan::word(self.text.as_bytes(), self.at, word)?;
        Ok(value)
    }
}

/// A string literal's meaning.
#[cold]
fn unescape(literal: &str, start: usize) -> Result<String, Fault> {
    serde_json::from_str(literal).map_err(|error| {
        let place = start + error.column().saturating_sub(1);
        Fault::new(Problem::Syntax, place)
    })
}
