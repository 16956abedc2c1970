//! Values filled in where they stand.
//!
//! A derived reader is compiled once for every struct and hands each up by
//! copies. For a pod with its hundred small structs that costs more than going
//! over the text: between two reviews a processor forgets most of what it knew,
//! and code that all types share is learnt once. So there is one loop over
//! objects and one over lists, and a type only says where its parts are.

use std::slice;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::error::Fault;
use super::name::Name;
use super::raw::Raw;
use super::reader::{Key, Reader};

/// What a reader fills in. Begins as its default, which is what an absent
/// field leaves behind.
pub trait Fill<'de> {
    /// Reads the value that comes into this one.
    ///
    /// # Errors
    ///
    /// A [`Fault`] for no JSON, and for another shape.
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault>;
}

/// What is known of a struct.
#[derive(Debug)]
pub struct Shape {
    /// Its fields' names.
    pub names: &'static [Name],
    /// Whether `null` is as good as an empty one. Not among the elements of a
    /// list: there it is nothing that an API server writes.
    pub null_is_empty: bool,
}

/// A struct with known fields; [`filled!`](crate::json::filled) writes it.
pub trait Object<'de> {
    /// What is known of it.
    fn shape(&self) -> &'static Shape;

    /// The field of that place among the names.
    fn field(&mut self, place: usize) -> Option<&mut dyn Fill<'de>>;
}

/// Fills in a struct.
///
/// # Errors
///
/// See [`Fill::fill`].
pub fn object<'de>(object: &mut dyn Object<'de>, reader: &mut Reader<'de>) -> Result<(), Fault> {
    let shape = object.shape();
    if !reader.begin(b'{', shape.null_is_empty)? {
        return Ok(());
    }
    // A bit each: `filled!` sees to it that there are enough.
    let mut seen = 0_u32;
    let (mut first, mut next) = (true, 0);
    while let Some(key) = reader.field(&mut first, shape.names, next)? {
        let Key::Known(place) = key else {
            reader.pass()?;
            continue;
        };
        // Two answers to one question cannot be judged.
        if seen & (1 << place) != 0 {
            return Err(reader.misfit());
        }
        seen |= 1 << place;
        next = place + 1;
        match object.field(place) {
            Some(field) => field.fill(reader)?,
            None => reader.pass()?,
        }
    }
    Ok(())
}

/// Fills in one field of an object, whose other fields nobody reads.
///
/// # Errors
///
/// See [`Fill::fill`].
pub fn only<'de>(
    reader: &mut Reader<'de>,
    field: &Name,
    value: &mut dyn Fill<'de>,
) -> Result<(), Fault> {
    reader.begin(b'{', false)?;
    let (mut first, mut seen) = (true, false);
    while let Some(key) = reader.field(&mut first, slice::from_ref(field), 0)? {
        match key {
            Key::Other => reader.pass()?,
            Key::Known(_) if seen => return Err(reader.misfit()),
            Key::Known(_) => {
                value.fill(reader)?;
                seen = true;
            }
        }
    }
    Ok(())
}

/// A list that grows.
pub trait Grow<'de> {
    /// A new element at the end, to be filled in.
    fn next(&mut self) -> Option<&mut dyn Fill<'de>>;
}

impl<'de, T: Fill<'de> + Default> Grow<'de> for Vec<T> {
    fn next(&mut self) -> Option<&mut dyn Fill<'de>> {
        if self.is_empty() {
            // Enough for most, so that little is moved.
            self.reserve((2048 / size_of::<T>().max(1)).clamp(1, 16));
        }
        self.push(T::default());
        self.last_mut().map(|last| last as &mut dyn Fill<'de>)
    }
}

/// Fills in a list, of which absent, `null` and empty are one.
///
/// # Errors
///
/// See [`Fill::fill`]; and for more than `most` elements.
pub fn list<'de>(
    list: &mut dyn Grow<'de>,
    most: usize,
    reader: &mut Reader<'de>,
) -> Result<(), Fault> {
    if !reader.begin(b'[', true)? {
        return Ok(());
    }
    let (mut first, mut left) = (true, most);
    while reader.another(&mut first)? {
        left = left.checked_sub(1).ok_or_else(|| reader.too_long())?;
        if let Some(element) = list.next() {
            element.fill(reader)?;
        }
    }
    Ok(())
}

/// Reads what is filled in for those who know `serde` only: its text first, and
/// then that.
///
/// # Errors
///
/// The deserializer's, for another shape.
pub fn bridge<'de, T: Fill<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let raw = Raw::deserialize(deserializer)?;
    super::fill(raw.get()).map_err(D::Error::custom)
}

/// Writes how a struct is read: its fields by their names in JSON, all of them.
macro_rules! filled {
    ($type:ident<'a> or null $fields:tt) => {
        $crate::json::filled!(@ ['de: 'a, 'a] $type<'a>, true, $fields);
    };
    ($type:ident<'a> $fields:tt) => {
        $crate::json::filled!(@ ['de: 'a, 'a] $type<'a>, false, $fields);
    };
    ($type:ident $fields:tt) => {
        $crate::json::filled!(@ ['de] $type, false, $fields);
    };
    (@ [$($generics:tt)*] $type:ty, $null:literal, { $($field:ident: $name:literal),* $(,)? }) => {
        impl<$($generics)*> $crate::json::Object<'de> for $type {
            fn shape(&self) -> &'static $crate::json::Shape {
                const SHAPE: $crate::json::Shape = $crate::json::Shape {
                    names: &[$($crate::json::Name::new($name)),*],
                    null_is_empty: $null,
                };
                // A bit each: a name past the last one would count as another's.
                const { assert!(SHAPE.names.len() <= u32::BITS as usize) };
                &SHAPE
            }

            fn field(&mut self, place: usize) -> Option<&mut dyn $crate::json::Fill<'de>> {
                #[expect(non_camel_case_types, reason = "the fields' own names")]
                enum Field { $($field),* }
                // A field without a name here would not compile.
                let Self { $($field),* } = self;
                match place {
                    $(place if place == Field::$field as usize => Some($field),)*
                    _ => None,
                }
            }
        }

        impl<$($generics)*> $crate::json::Fill<'de> for $type {
            fn fill(
                &mut self,
                reader: &mut $crate::json::Reader<'de>,
            ) -> Result<(), $crate::json::Fault> {
                $crate::json::object(self, reader)
            }
        }

        impl<$($generics)*> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::bridge(deserializer)
            }
        }
    };
}
pub(crate) use filled;

/// `null` is as if the field were absent.
impl<'de, T: Fill<'de> + Default> Fill<'de> for Option<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        if reader.null()? {
            return Ok(());
        }
        self.insert(T::default()).fill(reader)
    }
}

impl<'de, T: Fill<'de>> Fill<'de> for Box<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        (**self).fill(reader)
    }
}

impl<'de> Fill<'de> for bool {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        *self = reader.bool()?;
        Ok(())
    }
}

impl<'de> Fill<'de> for i64 {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), Fault> {
        *self = reader.integer()?;
        Ok(())
    }
}
