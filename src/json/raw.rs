//! Parts of a text, kept as they stand.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};

use super::{Error, Fill, Place};

/// Names by which the reader knows that a text is wanted, and not a value.
pub(super) const RAW: &str = "$rolegate::json::Raw";
pub(super) const AHEAD: &str = "$rolegate::json::Ahead";

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
        super::from_str(text)
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

/// Nothing.
impl Default for Raw<'_> {
    fn default() -> Self {
        Self("null")
    }
}

impl<'de: 'a, 'a> Fill<'de> for Raw<'a> {
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        *self = Self::deserialize(deserializer)?;
        Ok(())
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

/// A part's text and, where it looks like a `T`, what it says, from one pass.
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

impl<'de: 'a, 'a, T: Fill<'de> + Hinted> Fill<'de> for Ahead<'a, T> {
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_newtype_struct(AHEAD, self)
    }
}

impl<'de: 'a, 'a, T: Fill<'de> + Hinted> Visitor<'de> for &mut Ahead<'a, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    // The reader's three steps: what comes, what it says, what it was.
    fn visit_seq<A: SeqAccess<'de>>(self, mut steps: A) -> Result<(), A::Error> {
        let none = || A::Error::custom("no text");
        let comes: &'de str = steps.next_element()?.ok_or_else(none)?;
        if T::is_likely(comes) {
            let value = self.value.insert(T::default());
            if steps.next_element_seed(Place(value)).is_err() {
                self.value = None;
            }
        } else {
            steps.next_element::<IgnoredAny>()?;
        }
        self.raw = Raw(steps.next_element()?.ok_or_else(none)?);
        Ok(())
    }
}
