//! The reader as a [`serde`] deserializer, for derived views.

use std::borrow::Cow;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::ParseFault;
use super::raw::RAW;
use super::reader::Reader;
use super::scan;

impl<'de> Reader<'de> {
    fn visit_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ParseFault> {
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn visit_map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ParseFault> {
        self.begin(b'{', false)?;
        let mut inside = Inside::of(self);
        let value = visitor.visit_map(&mut inside)?;
        inside.closed()?;
        Ok(value)
    }

    fn visit_seq<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ParseFault> {
        self.begin(b'[', false)?;
        let mut inside = Inside::of(self);
        let value = visitor.visit_seq(&mut inside)?;
        inside.closed()?;
        Ok(value)
    }

    fn visit_null<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ParseFault> {
        self.word("null", ())?;
        visitor.visit_unit()
    }

    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, ParseFault> {
        let start = self.at;
        self.at = scan::number(self.text.as_bytes(), start)?;
        let mut number = serde_json::Deserializer::from_str(self.since(start));
        // The only syntax error left is a number too big for any type.
        number
            .deserialize_any(visitor)
            .map_err(|error| ParseFault::new(super::Error::from(&error).problem, start))
    }
}

macro_rules! only {
    ($($method:ident $byte:literal $read:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParseFault> {
            match self.space() {
                $byte => self.$read(visitor),
                b'n' => self.visit_null(visitor),
                _ => Err(self.unexpected()),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = ParseFault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParseFault> {
        match self.space() {
            b'"' => self.visit_string(visitor),
            b'{' => self.visit_map(visitor),
            b'[' => self.visit_seq(visitor),
            b't' | b'f' => visitor.visit_bool(self.bool()?),
            b'n' => self.visit_null(visitor),
            _ => self.visit_number(visitor),
        }
    }

    only! {
        deserialize_str b'"' visit_string
        deserialize_string b'"' visit_string
        deserialize_identifier b'"' visit_string
        deserialize_seq b'[' visit_seq
        deserialize_map b'{' visit_map
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParseFault> {
        if self.null()? {
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
    ) -> Result<V::Value, ParseFault> {
        match self.space() {
            b'{' => self.visit_map(visitor),
            b'n' => self.visit_null(visitor),
            _ => Err(self.unexpected()),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParseFault> {
        if name == RAW {
            return visitor.visit_borrowed_str(self.skip()?);
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParseFault> {
        if self.space() == b'"' {
            return visitor.visit_enum(self);
        }
        Err(self.unexpected())
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParseFault> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char
        bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

/// Reads a variant by its name alone: reviews have no others.
impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = ParseFault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self), ParseFault> {
        Ok((seed.deserialize(&mut *self)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = ParseFault;

    fn unit_variant(self) -> Result<(), ParseFault> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, ParseFault> {
        Err(ParseFault::custom("a variant with content"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, ParseFault> {
        Err(ParseFault::custom("a variant with content"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ParseFault> {
        Err(ParseFault::custom("a variant with content"))
    }
}

/// The inside of an object or a list.
struct Inside<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
    open: bool,
}

impl<'r, 'de> Inside<'r, 'de> {
    const fn of(reader: &'r mut Reader<'de>) -> Self {
        Self {
            reader,
            first: true,
            open: true,
        }
    }

    /// Checks that the visitor read all members: one may stop early.
    fn closed(self) -> Result<(), ParseFault> {
        if self.open {
            return Err(self.reader.wrong_shape());
        }
        Ok(())
    }
}

impl<'de> MapAccess<'de> for &mut Inside<'_, 'de> {
    type Error = ParseFault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ParseFault> {
        self.open = self.reader.another_key(&mut self.first)?;
        if !self.open {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, ParseFault> {
        self.reader.colon()?;
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for &mut Inside<'_, 'de> {
    type Error = ParseFault;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ParseFault> {
        self.open = self.reader.another(&mut self.first)?;
        if !self.open {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}
