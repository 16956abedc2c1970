//! The JSON reader: reads a review in one pass.
//!
//! Nearly all the time of a decision goes into scanning the object's text. A
//! general parser scans it twice: once to find its end, once for the fields that
//! rules judge. This reader is made for reviews:
//!
//! - [`Fill`] parses in place: one loop reads all types that every review has. Rarer
//!   views derive [`serde::Deserialize`]
//! - [`Raw`] is the text of a part; `Raw::read_with` gives its text *and* its
//!   value from one pass
//! - strings are borrowed unless they contain an escape
//! - an array is rejected where an object is expected: no API server writes a struct
//!   as a list of its fields, and a tenant could hide fields in one
//!
//! It accepts the JSON that `serde_json` accepts and gives it the same meaning;
//! property tests and a fuzz target compare the two. Fractions are left to
//! `serde_json`. Where a [`Fill`] type skips a
//! value that it does not have, it does not validate it: the value ends where its
//! quotes and brackets end. For valid JSON, and an API server sends nothing else,
//! that is its real end.
//!
//! - `scan`: the grammar; `plain`, `escapes`, `pass`: many bytes at a time, of a string
//!   without escapes, of one with many, and of a value that is skipped; `block`: what the
//!   last two share
//! - `reader`: a text and the position in it; `name`: which field a key is; `fill`:
//!   structs and lists that are parsed in place; `deserializer`: the same for `serde`
//! - `list`: lists and maps; `text`: strings; `raw`: texts of parts; `value`: whole
//!   trees
//! - `error`: what is wrong and where; `write`: writing strings

mod block;
mod deserializer;
mod error;
mod escapes;
mod fill;
mod list;
mod name;
mod pass;
mod plain;
mod raw;
mod reader;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod write;

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeSeed;

pub use error::{Error, ParseFault, Problem};
pub(crate) use fill::filled;
pub use fill::{Fill, FillList, Object, Shape, list, object, only};
pub use list::*;
pub use name::Name;
pub use raw::{Raw, deserialize_filled};
pub use reader::Reader;
pub use text::Text;
pub use value::Tree;
pub use write::{write, write_member, write_plain};

/// Reads the whole of `text` as `T`.
///
/// # Errors
///
/// An [`Error`] for text that is not JSON, has another shape than `T`, or continues
/// after the value's end.
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    from_str_seed(text, PhantomData::<T>)
}

/// Reads the whole of `text` as a type that is parsed in place.
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

/// Reads one field of the object `text` and looks at nothing behind it. For objects as
/// an API server writes them, in which no field is there twice.
///
/// # Errors
///
/// See [`from_str`].
pub fn first<'a, T: Fill<'a> + Default>(text: &'a str, field: &Name) -> Result<T, Error> {
    let mut reader = Reader::new(text);
    let mut value = T::default();
    fill::first(&mut reader, field, &mut value).map_err(|fault| fault.in_text(text, reader.at))?;
    Ok(value)
}

/// The values of `text`, which follow one another.
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
