//! Long lists of which little is wanted.

use super::error::Fault;
use super::fill::Fill;
use super::reader::Reader;

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

impl<'de, T: Fill<'de> + Sift + Default> Fill<'de> for Sifted<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        if !reader.begin(b'[', true)? {
            return Ok(());
        }
        let mut first = true;
        while reader.another(&mut first)? {
            let place = self.count;
            self.count += 1;
            if let Some(end) = reader.unwanted(T::is_wanted) {
                reader.at = end;
                continue;
            }
            if self.kept.is_empty() {
                self.kept.reserve(8);
            }
            self.kept.push((place, T::default()));
            if let Some((_, element)) = self.kept.last_mut() {
                element.fill(reader)?;
            }
            self.kept.pop_if(|(_, element)| !element.is_kept());
        }
        Ok(())
    }
}
