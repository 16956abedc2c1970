//! JSON as reviews have it, read once.
//!
//! Nearly all the work of a decision is getting over the text of the object.
//! A general parser goes over it twice: once to find its end, once for the
//! fields that rules judge. This one is made for reviews:
//!
//! - [`Fill`]: what every review has is filled in where it stands, by one loop
//!   for all types; rarer views are derived, for [`serde`]
//! - [`Raw`]: the text of a part, and [`Ahead`]: its text *and* what it says,
//!   in one pass
//! - [`Sifted`]: what is not wanted of a long list is passed over
//! - strings stay where they are unless they hold an escape
//! - a struct is read from an object, never from a list of its fields in order:
//!   no API server writes one so, and a tenant would hide fields in it
//!
//! It takes the JSON that `serde_json` takes and means the same by it; property
//! tests and a fuzz target compare the two. What is rare is left to `serde_json`:
//! fractions and strings with escapes. What is filled in is laxer about what
//! nobody reads: that is passed over by its quotes and brackets. For JSON, and
//! an API server sends nothing else, it ends where it ends.
//!
//! - `scan`: the grammar; `plain`, `pass`: many bytes of a string, or of what
//!   nobody reads, at a time
//! - `reader`: a text and how far it is read; `name`: which field a key is;
//!   `fill`: structs and lists by them; `deserializer`: the same for `serde`
//! - `raw`, `sifted`: what reviews need besides
//! - `value`: whole trees; `write`: strings on their way out

mod deserializer;
mod error;
mod fill;
mod list;
mod name;
mod pass;
mod plain;
mod raw;
mod reader;
mod scan;
mod sifted;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod write;

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeSeed;

pub use error::{Error, Fault, Problem};
pub(crate) use fill::filled;
pub use fill::{Fill, Grow, Object, Shape, bridge, list, object, only};
pub use list::*;
pub use name::Name;
pub use raw::{Ahead, Hinted, Raw};
pub use reader::Reader;
pub use sifted::{Sift, Sifted};
pub use text::Text;
pub use value::Tree;
pub use write::{write, write_member};

/// Reads the whole of `text` as `T`.
///
/// # Errors
///
/// An [`Error`] for what is no JSON, has another shape than `T`, or goes on
/// after its end.
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    from_str_seed(text, PhantomData::<T>)
}

/// Reads the whole of `text` as what is filled in.
///
/// # Errors
///
/// See [`from_str`].
pub fn fill<'a, T: Fill<'a> + Default>(text: &'a str) -> Result<T, Error> {
    let mut reader = Reader::new(text);
    let mut value = T::default();
    value
        .fill(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|fault| fault.in_text(text, reader.at))?;
    Ok(value)
}

/// The values that stand in `text` one after the other.
pub fn values(text: &str) -> impl Iterator<Item = Result<Raw<'_>, Error>> {
    let mut reader = Reader::new(text);
    std::iter::from_fn(move || {
        if reader.end().is_ok() {
            return None;
        }
        let value = Raw::deserialize(&mut reader);
        let value = value.map_err(|fault| fault.in_text(text, reader.at));
        if value.is_err() {
            reader = Reader::new("");
        }
        Some(value)
    })
}

/// Reads the whole of `text` by a seed.
///
/// # Errors
///
/// See [`from_str`].
pub fn from_str_seed<'a, S: DeserializeSeed<'a>>(
    text: &'a str,
    seed: S,
) -> Result<S::Value, Error> {
    let mut reader = Reader::new(text);
    seed.deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|fault| fault.in_text(text, reader.at))
}
