//! How a reader hands out members, elements and steps.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::error::Fault;
use super::reader::Reader;
use super::scan;

/// A variant by its name alone: no review has others.
impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        Ok((seed.deserialize(&mut *self)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Fault> {
        Err(Fault::custom("a variant with content"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(Fault::custom("a variant with content"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        Err(Fault::custom("a variant with content"))
    }
}

/// The inside of an object or a list.
pub(super) struct Inside<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
}

impl<'r, 'de> Inside<'r, 'de> {
    pub(super) const fn of(reader: &'r mut Reader<'de>) -> Self {
        Self {
            reader,
            first: true,
        }
    }
}

impl<'de> MapAccess<'de> for Inside<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        if !self.reader.another_key(std::mem::take(&mut self.first))? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        self.reader.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

impl<'de> SeqAccess<'de> for Inside<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        if !self.reader.more(std::mem::take(&mut self.first))? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

/// A list as a map: the name of every simple element, and the element.
pub(super) struct Simple<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
    /// The end of an element whose name was given.
    end: Option<usize>,
}

impl<'r, 'de> Simple<'r, 'de> {
    pub(super) const fn of(reader: &'r mut Reader<'de>) -> Self {
        Self {
            reader,
            first: true,
            end: None,
        }
    }
}

impl<'de> MapAccess<'de> for Simple<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let reader = &mut *self.reader;
        if let Some(end) = self.end.take() {
            reader.at = end;
        }
        if !reader.more(std::mem::take(&mut self.first))? {
            return Ok(None);
        }
        reader.space();
        let bytes = reader.text.as_bytes();
        let name = scan::simple(bytes, reader.at).map(|(name, end)| {
            self.end = Some(end);
            reader.text.get(name).unwrap_or_default()
        });
        seed.deserialize(BorrowedStrDeserializer::new(name.unwrap_or_default()))
            .map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        self.end = None;
        seed.deserialize(&mut *self.reader)
    }
}

/// The three steps of an [`Ahead`](super::Ahead): all the text that comes, the
/// value, its text.
pub(super) struct Steps<'r, 'de> {
    reader: &'r mut Reader<'de>,
    start: usize,
    levels: u8,
    step: Step,
}

impl<'r, 'de> Steps<'r, 'de> {
    pub(super) const fn of(reader: &'r mut Reader<'de>) -> Self {
        Self {
            start: reader.at,
            levels: reader.levels,
            reader,
            step: Step::Comes,
        }
    }
}

enum Step {
    Comes,
    Value,
    /// Whether the value has been read to its end.
    Text(bool),
}

impl<'de> SeqAccess<'de> for Steps<'_, 'de> {
    type Error = Fault;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let reader = &mut *self.reader;
        let text = match self.step {
            Step::Comes => {
                self.step = Step::Value;
                reader.text.get(self.start..).unwrap_or_default()
            }
            Step::Value => {
                let value = seed.deserialize(&mut *reader);
                self.step = Step::Text(value.is_ok());
                return value.map(Some);
            }
            Step::Text(true) => reader.since(self.start),
            Step::Text(false) => {
                // It was not what it looked like: as if nobody had tried.
                reader.at = self.start;
                reader.levels = self.levels;
                reader.skip()?
            }
        };
        seed.deserialize(BorrowedStrDeserializer::new(text))
            .map(Some)
    }
}
