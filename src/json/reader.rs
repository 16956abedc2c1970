//! The deserializer.
//!
//! What does not depend on the type that is read is kept out of the generic
//! functions: between two reviews a processor forgets most of what it knew, and
//! code that all types share is learnt once.

use serde::de::{Deserializer, Error as _, Expected, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Inside, Simple, Steps};
use super::error::{Fault, Problem};
use super::fill::KEY;
use super::raw::{AHEAD, RAW};
use super::scan::{self, End};
use super::sifted::SIFTED;

/// Levels that are read into values, as in `serde_json`: a text of brackets
/// must not use up the stack. What nobody reads may be deeper.
const MOST_LEVELS: u8 = 127;

/// A text, and how far it is read.
pub(super) struct Reader<'de> {
    pub(super) text: &'de str,
    pub(super) at: usize,
    pub(super) levels: u8,
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
        self.at = scan::space(self.text.as_bytes(), self.at);
        scan::byte(self.text.as_bytes(), self.at)
    }

    #[cold]
    fn fault(&self) -> Fault {
        scan::fault(self.text.as_bytes(), self.at)
    }

    #[inline(never)]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.space() != byte {
            return Err(self.fault());
        }
        self.at += 1;
        Ok(())
    }

    /// The text from `start` to where reading is. Both are ends of tokens.
    #[inline]
    pub(super) fn since(&self, start: usize) -> &'de str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The value that comes, as text.
    #[inline(never)]
    pub(super) fn skip(&mut self) -> Result<&'de str, Fault> {
        self.space();
        let start = self.at;
        self.at = scan::value(self.text.as_bytes(), start)?;
        Ok(self.since(start))
    }

    /// The string whose quote is next.
    #[inline]
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Fault> {
        let start = self.at;
        match self.plain_string()? {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_string(unescape(self.since(start), start)?),
        }
    }

    /// Goes over a string; `None` for one with escapes.
    #[inline(never)]
    fn plain_string(&mut self) -> Result<Option<&'de str>, Fault> {
        let start = self.at + 1;
        let End { quote, escaped } = scan::string(self.text.as_bytes(), start)?;
        self.at = quote + 1;
        Ok(if escaped {
            None
        } else {
            self.text.get(start..quote)
        })
    }

    /// Goes over the key whose quote is next, if it is one of `names`, and
    /// tells which.
    #[inline(never)]
    fn one_of(&mut self, names: &[&str]) -> Option<usize> {
        let (place, end) = scan::one_of(self.text.as_bytes(), self.at, names)?;
        self.at = end;
        Some(place)
    }

    /// Whether an object goes on, its next key being the next.
    #[inline(never)]
    pub(super) fn another_key(&mut self, first: bool) -> Result<bool, Fault> {
        match self.space() {
            b'}' => return Ok(false),
            b',' if !first => {
                self.at += 1;
                if self.space() != b'"' {
                    return Err(self.fault());
                }
            }
            b'"' if first => {}
            _ => return Err(self.fault()),
        }
        Ok(true)
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Fault> {
        self.enter()?;
        let value = visitor.visit_map(Inside::of(self))?;
        self.leave(b'}')?;
        Ok(value)
    }

    fn seq<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Fault> {
        self.enter()?;
        let value = visitor.visit_seq(Inside::of(self))?;
        self.leave(b']')?;
        Ok(value)
    }

    /// Whether a list goes on, its next element being the next.
    #[inline(never)]
    pub(super) fn more(&mut self, first: bool) -> Result<bool, Fault> {
        match self.space() {
            b']' => return Ok(false),
            b',' if !first => self.at += 1,
            _ if first => {}
            _ => return Err(self.fault()),
        }
        Ok(true)
    }

    #[inline]
    fn enter(&mut self) -> Result<(), Fault> {
        if self.levels == MOST_LEVELS {
            return Err(Fault::new(Problem::Deep, self.at));
        }
        self.levels += 1;
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn leave(&mut self, bracket: u8) -> Result<(), Fault> {
        self.levels -= 1;
        self.expect(bracket)
    }

    fn word<T>(&mut self, word: &str, value: T) -> Result<T, Fault> {
        self.at = scan::word(self.text.as_bytes(), self.at, word)?;
        Ok(value)
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Fault> {
        let start = self.at;
        self.at = scan::number(self.text.as_bytes(), start)?;
        let mut number = serde_json::Deserializer::from_str(self.since(start));
        // A number too big for any type is the one syntax error left.
        number
            .deserialize_any(visitor)
            .map_err(|error| Fault::new(super::Error::from(&error).problem, start))
    }

    /// The fault of a value that is not what a visitor wants, or is no value.
    #[cold]
    fn unexpected(&mut self, wanted: &dyn Expected) -> Fault {
        let start = self.at;
        match self.skip() {
            Ok(_) => {
                self.at = start;
                Fault::invalid_type(Unexpected::Other("another type"), wanted)
            }
            Err(fault) => fault,
        }
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

macro_rules! only {
    ($($method:ident $byte:literal $read:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.space() {
                $byte => self.$read(visitor),
                b'n' => self.word("null", ()).and_then(|()| visitor.visit_unit()),
                _ => Err(self.unexpected(&visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.space() {
            b'"' => self.string(visitor),
            b'{' => self.map(visitor),
            b'[' => self.seq(visitor),
            b't' => self
                .word("true", ())
                .and_then(|()| visitor.visit_bool(true)),
            b'f' => self
                .word("false", ())
                .and_then(|()| visitor.visit_bool(false)),
            b'n' => self.word("null", ()).and_then(|()| visitor.visit_unit()),
            _ => self.number(visitor),
        }
    }

    only! {
        deserialize_str b'"' string
        deserialize_string b'"' string
        deserialize_identifier b'"' string
        deserialize_seq b'[' seq
        deserialize_map b'{' map
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.space() == b'n' {
            self.word("null", ())?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.space() {
            b'{' => self.map(visitor),
            b'n' => self.word("null", ()).and_then(|()| visitor.visit_unit()),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name {
            RAW => visitor.visit_borrowed_str(self.skip()?),
            AHEAD => {
                self.space();
                visitor.visit_seq(Steps::of(self))
            }
            SIFTED => match self.space() {
                b'[' => {
                    self.enter()?;
                    let value = visitor.visit_map(Simple::of(self))?;
                    self.leave(b']')?;
                    Ok(value)
                }
                b'n' => self.word("null", ()).and_then(|()| visitor.visit_unit()),
                _ => Err(self.unexpected(&visitor)),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == KEY {
            // Known names are compared where they stand; most keys are one.
            return match self.one_of(variants) {
                Some(place) => visitor.visit_u64(place as u64),
                None => self.string(visitor),
            };
        }
        if self.space() == b'"' {
            return visitor.visit_enum(self);
        }
        Err(self.unexpected(&visitor))
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char
        bytes byte_buf unit unit_struct tuple tuple_struct
    }
}
