//! Parts of a text, kept unparsed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

use super::error::{Error, ParseFault};
use super::fill::Fill;
use super::reader::Reader;

/// The name that tells the deserializer to return a value's text.
pub(super) const RAW: &str = "$rolegate_core::json::Raw";

/// The text of one valid JSON value, borrowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// A value's text, without white space around it.
    ///
    /// # Errors
    ///
    /// An [`Error`] for text that is not one JSON value.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        super::fill(text)
    }

    /// The text.
    #[must_use]
    pub const fn get(self) -> &'a str {
        self.0
    }

    /// Reads a value's text and, where the text begins like a `T`, the `T` too, in
    /// the same pass. In that case the fields that a `T` does not have are skipped
    /// without validation.
    ///
    /// A text that only begins like a `T` gives no `T` and no error: a caller that
    /// needs the `T` reads the text again and gets the error.
    pub(crate) fn read_with<T: Fill<'a> + Default>(
        reader: &mut Reader<'a>,
        begins_like_t: fn(&str) -> bool,
    ) -> Result<(Self, Option<T>), ParseFault> {
        reader.space();
        let (start, levels) = (reader.at, reader.levels);
        if begins_like_t(reader.text.get(start..).unwrap_or_default()) {
            let mut value = T::default();
            if value.fill(reader).is_ok() {
                return Ok((Self(reader.since(start)), Some(value)));
            }
            (reader.at, reader.levels) = (start, levels);
        }
        Ok((Self(reader.skip()?), None))
    }
}

impl fmt::Debug for Raw<'_> {
    /// Shows the length only: the text may be a Secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// `null`.
impl Default for Raw<'_> {
    fn default() -> Self {
        Self("null")
    }
}

impl<'de: 'a, 'a> Fill<'de> for Raw<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        self.0 = reader.skip()?;
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl<'de> Visitor<'de> for Whole {
            type Value = Raw<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Raw<'de>, E> {
                Ok(Raw(text))
            }
        }

        deserializer.deserialize_newtype_struct(RAW, Whole)
    }
}

/// Deserializes a type that implements [`Fill`] for callers that know [`serde`] only:
/// takes the value's text from the deserializer and reads that.
///
/// # Errors
///
/// The deserializer's, for another shape.
pub fn deserialize_filled<'de, T: Fill<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let raw = Raw::deserialize(deserializer)?;
    super::fill(raw.get()).map_err(D::Error::custom)
}
