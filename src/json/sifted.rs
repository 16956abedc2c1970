//! Long lists of which little is wanted.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Fill, Place};

/// The name by which the reader knows that a list is to be sifted.
pub(super) const SIFTED: &str = "$rolegate::json::Sifted";

/// An element of such a list: `{"name":"…","value":"…"}`, perhaps with more.
pub trait Sift {
    /// Whether an element that has a name and a value and nothing else is wanted.
    fn is_wanted(name: &str) -> bool;

    /// Whether any other element is.
    fn is_kept(&self) -> bool;
}

/// The wanted elements of a list, each with its place in it. The others, where
/// they are written as API servers write them, are passed over at the price of
/// finding their end.
#[derive(Clone, Debug)]
pub struct Sifted<T> {
    count: usize,
    kept: Vec<(usize, T)>,
}

impl<T> Default for Sifted<T> {
    fn default() -> Self {
        Self {
            count: 0,
            kept: Vec::new(),
        }
    }
}

impl<T> Sifted<T> {
    /// Whether the list has no element at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The wanted elements, each with its place in the whole list.
    #[must_use]
    pub fn kept(&self) -> impl DoubleEndedIterator<Item = (usize, &T)> {
        self.kept.iter().map(|(place, element)| (*place, element))
    }
}

impl<'de, T: Fill<'de> + Sift> Fill<'de> for Sifted<T> {
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_newtype_struct(SIFTED, Keep(self))
    }
}

impl<'de, T: Fill<'de> + Sift> Deserialize<'de> for Sifted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Self::default();
        list.fill(deserializer)?;
        Ok(list)
    }
}

struct Keep<'l, T>(&'l mut Sifted<T>);

impl<'de, T: Fill<'de> + Sift> Visitor<'de> for Keep<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    // The reader gives the name of a simple element and nothing for any other;
    // the value is the element itself. A value that is not asked for is passed
    // over.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Sifted { count, kept } = self.0;
        while let Some(name) = map.next_key::<&'de str>()? {
            if name.is_empty() || T::is_wanted(name) {
                kept.push((*count, T::default()));
                if let Some((_, element)) = kept.last_mut() {
                    map.next_value_seed(Place(element))?;
                }
                kept.pop_if(|(_, element)| !element.is_kept());
            }
            *count += 1;
        }
        Ok(())
    }
}
