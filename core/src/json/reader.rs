//! A text and the position in it, which only moves forward.
//!
//! Nothing here depends on the type that is read: see [`fill`](super::fill).

use std::borrow::Cow;

use super::error::{ParseFault, Problem};
use super::escapes;
use super::name::{Literal, Name};
use super::pass::pass;
use super::scan::{self, End};

/// The nesting that is read into values, as in `serde_json`: a text of brackets must
/// not use up the stack. Values that are skipped may be deeper.
const MOST_LEVELS: u8 = 127;

/// A text, and the position up to which it is read.
#[expect(missing_debug_implementations, reason = "the text may be a Secret")]
pub struct Reader<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
    pub(super) levels: u8,
}

/// A key of an object, of whose fields some are known.
#[derive(Clone, Copy)]
pub(super) enum Key {
    /// A known field, by its index among their names.
    Known(usize),
    /// Any other field; its value is skipped.
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

    /// Checks that only white space follows.
    pub(super) fn end(&mut self) -> Result<(), ParseFault> {
        self.space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.fault())
        }
    }

    /// Skips white space and returns the next byte, without going past it.
    #[inline]
    pub(super) fn space(&mut self) -> u8 {
        scan::next(self.text.as_bytes(), &mut self.at)
    }

    #[cold]
    pub(super) fn fault(&self) -> ParseFault {
        scan::fault(self.text.as_bytes(), self.at)
    }

    /// The fault of a value that is JSON, but not of the shape expected here.
    #[cold]
    pub(crate) const fn wrong_shape(&self) -> ParseFault {
        ParseFault::new(Problem::Shape, self.at)
    }

    /// The fault of a list with more elements than the reader accepts.
    #[cold]
    pub(crate) const fn too_long(&self) -> ParseFault {
        ParseFault::new(Problem::Long, self.at)
    }

    /// The fault of a value of another type, or of text that is not a value.
    #[cold]
    pub(super) fn unexpected(&mut self) -> ParseFault {
        let start = self.at;
        match self.skip() {
            Ok(_) => {
                self.at = start;
                self.wrong_shape()
            }
            Err(fault) => fault,
        }
    }

    /// Where the next value begins.
    pub(crate) fn start(&mut self) -> usize {
        self.space();
        self.at
    }

    /// The text from `start` to the position. Both are boundaries of tokens.
    #[inline]
    pub(crate) fn since(&self, start: usize) -> &'de str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next value as text, validated.
    #[inline(never)]
    pub(crate) fn skip(&mut self) -> Result<&'de str, ParseFault> {
        self.space();
        let start = self.at;
        self.at = scan::value(self.text.as_bytes(), start)?;
        Ok(self.since(start))
    }

    /// Skips the next value without validating objects and lists.
    #[inline(never)]
    pub(crate) fn pass(&mut self) -> Result<(), ParseFault> {
        let bytes = self.text.as_bytes();
        self.at = match self.space() {
            b'{' | b'[' => pass(bytes, self.at).ok_or_else(|| scan::fault(bytes, bytes.len()))?,
            b'"' => scan::string(bytes, self.at + 1)?.quote + 1,
            _ => scan::value(bytes, self.at)?,
        };
        Ok(())
    }

    /// The next value, which must be a string.
    #[inline(never)]
    pub(crate) fn string(&mut self) -> Result<Cow<'de, str>, ParseFault> {
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

    /// Reads the next key of an object and its colon, and returns which of `names` it
    /// is; `None` after the object's end. API servers write the fields of an object in
    /// one order, so the name at `guess` is tried first.
    #[inline(never)]
    pub(super) fn field(
        &mut self,
        first: &mut bool,
        names: &[Name],
        guess: usize,
    ) -> Result<Option<Key>, ParseFault> {
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

    /// Enters the next value, which must be an object or a list; `false` for a `null`
    /// where `or_null` accepts one as empty.
    #[inline(never)]
    pub(crate) fn begin(&mut self, bracket: u8, or_null: bool) -> Result<bool, ParseFault> {
        let next = self.space();
        if next == bracket {
            if self.levels == MOST_LEVELS {
                return Err(ParseFault::new(Problem::Deep, self.at));
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

    /// Goes to the next key of an object; `false` after the object's end.
    #[inline(never)]
    pub(crate) fn another_key(&mut self, first: &mut bool) -> Result<bool, ParseFault> {
        self.key(first)
    }

    #[inline]
    fn key(&mut self, first: &mut bool) -> Result<bool, ParseFault> {
        if !self.goes_on(first, b'}')? {
            return Ok(false);
        }
        if self.space() != b'"' {
            return Err(self.fault());
        }
        Ok(true)
    }

    /// Reads the colon after a key.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), ParseFault> {
        if self.space() != b':' {
            return Err(self.fault());
        }
        self.at += 1;
        Ok(())
    }

    /// Goes to the next element of a list; `false` after the list's end.
    #[inline(never)]
    pub(crate) fn another(&mut self, first: &mut bool) -> Result<bool, ParseFault> {
        self.goes_on(first, b']')
    }

    /// Reads the comma before every member but the first, or the closing bracket.
    #[inline]
    fn goes_on(&mut self, first: &mut bool, bracket: u8) -> Result<bool, ParseFault> {
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

    /// Skips the next value if it is a `{"name":"…","value":"…"}` whose name is not
    /// wanted. Any other spelling is left to the caller.
    #[inline]
    pub(crate) fn skip_unwanted(&mut self, is_wanted: fn(&str) -> bool) -> bool {
        self.space();
        let Some((name, end)) = scan::simple(self.text.as_bytes(), self.at) else {
            return false;
        };
        let wanted = self.text.get(name).is_none_or(is_wanted);
        if !wanted {
            self.at = end;
        }
        !wanted
    }

    /// Reads a `null` if the next value is one.
    #[inline]
    pub(crate) fn null(&mut self) -> Result<bool, ParseFault> {
        if self.space() != b'n' {
            return Ok(false);
        }
        self.word("null", true)
    }

    /// `true` or `false`.
    pub(crate) fn bool(&mut self) -> Result<bool, ParseFault> {
        match self.space() {
            b't' => self.word("true", true),
            b'f' => self.word("false", false),
            _ => Err(self.unexpected()),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self) -> Result<i64, ParseFault> {
        if !matches!(self.space(), b'-' | b'0'..=b'9') {
            return Err(self.unexpected());
        }
        let start = self.at;
        self.at = scan::number(self.text.as_bytes(), start)?;
        self.since(start)
            .parse()
            .map_err(|_| ParseFault::new(Problem::Shape, start))
    }

    #[inline(never)]
    pub(super) fn word<T>(&mut self, word: &str, value: T) -> Result<T, ParseFault> {
        self.at = scan::word(self.text.as_bytes(), self.at, word)?;
        Ok(value)
    }
}

/// The string that a literal with escapes stands for.
#[cold]
fn unescape(literal: &str, start: usize) -> Result<String, ParseFault> {
    let inside = literal.get(1..literal.len() - 1).unwrap_or_default();
    if let Some(text) = escapes::unescape(inside) {
        return Ok(text);
    }
    // It tells what is wrong where.
    serde_json::from_str(literal).map_err(|error| {
        let place = start + error.column().saturating_sub(1);
        ParseFault::new(Problem::Syntax, place)
    })
}
