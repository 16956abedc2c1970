//! Lists and maps for which absent, `null` and empty are the same.

use std::ops::Deref;

use serde::{Deserialize, Deserializer};

use super::text::Text;
use super::{Fill, ParseFault, Reader};
use crate::json;

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    /// Gives back the room for more.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(
            Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default(),
        ))
    }
}

impl<'de, T: Fill<'de> + Default> Fill<'de> for List<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        json::list(&mut self.0, usize::MAX, reader)
    }
}

/// A pod with more containers or volumes could run on no kubelet. The limit keeps
/// the work of one review small: rules look up one list in the other, and `/mutate`
/// answers each container with a change ten times its size, before the API server
/// has validated the pod.
pub const MOST_OF_A_POD: usize = 1000;

/// A [`List`] of at most a thousand; a longer one cannot be read.
#[derive(Clone, Debug)]
pub struct Bounded<T>(Vec<T>);

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Bounded<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Fill<'de> + Default> Fill<'de> for Bounded<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        json::list(&mut self.0, MOST_OF_A_POD, reader)
    }
}

/// A map of strings, in document order. A repeated key is kept twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs<'a>(Vec<(Text<'a>, Text<'a>)>);

impl Pairs<'_> {
    /// The value of a key; of a repeated key the last value, as JSON parsers do.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .rev()
            .find(|(name, _)| name.as_str() == key)
            .map(|(_, value)| value.as_str())
    }
}

impl<'a> Deref for Pairs<'a> {
    type Target = [(Text<'a>, Text<'a>)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de: 'a, 'a> Fill<'de> for Pairs<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        entries(&mut self.0, reader)
    }
}

/// Reads the entries of a map, in document order.
pub(crate) fn entries<'de: 'a, 'a, V: Fill<'de> + Default>(
    pairs: &mut Vec<(Text<'a>, V)>,
    reader: &mut Reader<'de>,
) -> Result<(), ParseFault> {
    if !reader.begin(b'{', true)? {
        return Ok(());
    }
    pairs.reserve(8);
    let mut first = true;
    while reader.another_key(&mut first)? {
        let key = Text(reader.string()?);
        reader.colon()?;
        let mut value = V::default();
        value.fill(reader)?;
        pairs.push((key, value));
    }
    Ok(())
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize_filled(deserializer)
    }
}

/// A field whose value does not matter, only its presence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present;

impl<'de> Fill<'de> for Present {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        reader.pass()
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize_filled(deserializer)
    }
}
