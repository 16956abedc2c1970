//! Parts of a text, kept as they stand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

use super::error::{Error, Fault};
use super::fill::Fill;
use super::reader::Reader;

/// The name by which the reader knows that a text is wanted, and not a value.
pub(super) const RAW: &str = "$rolegate_core::json::Raw";

/// The text of one valid JSON value, borrowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// A value's text, without white space around it.
    ///
    /// # Errors
    ///
    /// An [`Error`] for what is not one JSON value.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        super::fill(text)
    }

    /// The text.
    #[must_use]
    pub const fn get(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Raw<'_> {
    /// Its length only: it may be a Secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// Nothing.
impl Default for Raw<'_> {
    fn default() -> Self {
        Self("null")
    }
}

impl<'de: 'a, 'a> Fill<'de> for Raw<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
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

/// What can be told by how a text begins.
pub trait Hinted {
    /// Whether a text that begins so is worth reading as this.
    fn is_likely(text: &str) -> bool;
}

impl<T: Hinted> Hinted for Box<T> {
    fn is_likely(text: &str) -> bool {
        T::is_likely(text)
    }
}

/// A part's text and, where it looks like a `T`, what it says, from one pass
/// (in which what a `T` does not have is passed over).
/// What only looked like one is kept as text: whoever needs the `T` reads it
/// again and gets the error.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a, T> {
    /// The text.
    pub raw: Raw<'a>,
    /// What it says.
    pub value: Option<T>,
}

impl<T> Default for Ahead<'_, T> {
    fn default() -> Self {
        Self {
            raw: Raw::default(),
            value: None,
        }
    }
}

impl<'de: 'a, 'a, T: Fill<'de> + Hinted + Default> Fill<'de> for Ahead<'a, T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        reader.space();
        let (start, levels) = (reader.at, reader.levels);
        if T::is_likely(reader.text.get(start..).unwrap_or_default()) {
            if self.value.insert(T::default()).fill(reader).is_ok() {
                self.raw = Raw(reader.since(start));
                return Ok(());
            }
            // It was not what it looked like: as if nobody had tried.
            self.value = None;
            (reader.at, reader.levels) = (start, levels);
        }
        self.raw.fill(reader)
    }
}
