//! Values that are parsed in place.
//!
//! A derived `Deserialize` is one function per struct, and each returns its struct by
//! copying it. For a pod with its hundred small structs that costs more than scanning
//! the text: the instruction cache and the branch predictor are cold between reviews,
//! so one shared loop beats one generated function per struct. Therefore one loop
//! reads all objects and one reads all lists, and a type only tells its fields.

use std::slice;

use super::error::ParseFault;
use super::name::Name;
use super::reader::{Key, Reader};

/// A type that is parsed in place. It starts as its default, which is also its value
/// if the field is absent.
pub trait Fill<'de> {
    /// Reads the next value into this one.
    ///
    /// # Errors
    ///
    /// A [`ParseFault`] for text that is not JSON, and for another shape.
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault>;
}

/// The fields of a struct.
#[derive(Debug)]
pub struct Shape {
    /// Their names.
    pub names: &'static [Name],
    /// Whether `null` means an empty struct. Not for elements of a list: no API server
    /// writes `null` there.
    pub null_is_empty: bool,
}

/// A struct with known fields; [`filled!`](crate::json::filled) writes it.
pub trait Object<'de> {
    fn shape(&self) -> &'static Shape;

    /// The field with the name at index `place`.
    fn field(&mut self, place: usize) -> Option<&mut dyn Fill<'de>>;
}

/// Reads a struct.
///
/// # Errors
///
/// See [`Fill::fill`].
pub fn object<'de>(
    object: &mut dyn Object<'de>,
    reader: &mut Reader<'de>,
) -> Result<(), ParseFault> {
    let shape = object.shape();
    if !reader.begin(b'{', shape.null_is_empty)? {
        return Ok(());
    }
    // One bit per field: `filled!` checks that there are enough.
    let mut seen = 0_u32;
    let (mut first, mut next) = (true, 0);
    while let Some(key) = reader.field(&mut first, shape.names, next)? {
        let Key::Known(place) = key else {
            reader.pass()?;
            continue;
        };
        // Two answers to one question cannot be judged.
        if seen & (1 << place) != 0 {
            return Err(reader.wrong_shape());
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

/// Reads one field of an object and skips its other fields.
///
/// # Errors
///
/// See [`Fill::fill`].
pub fn only<'de>(
    reader: &mut Reader<'de>,
    field: &Name,
    value: &mut dyn Fill<'de>,
) -> Result<(), ParseFault> {
    reader.begin(b'{', false)?;
    let (mut first, mut seen) = (true, false);
    while let Some(key) = reader.field(&mut first, slice::from_ref(field), 0)? {
        match key {
            Key::Other => reader.pass()?,
            Key::Known(_) if seen => return Err(reader.wrong_shape()),
            Key::Known(_) => {
                value.fill(reader)?;
                seen = true;
            }
        }
    }
    Ok(())
}

/// Reads one field of an object and stops behind it. What is no object has no fields.
///
/// # Errors
///
/// See [`Fill::fill`].
pub(super) fn first<'de>(
    reader: &mut Reader<'de>,
    field: &Name,
    value: &mut dyn Fill<'de>,
) -> Result<(), ParseFault> {
    if reader.space() != b'{' {
        return Ok(());
    }
    reader.begin(b'{', false)?;
    let mut first = true;
    while let Some(key) = reader.field(&mut first, slice::from_ref(field), 0)? {
        match key {
            Key::Other => reader.pass()?,
            Key::Known(_) => return value.fill(reader),
        }
    }
    Ok(())
}

/// A list of any element type, so that one loop reads all lists.
pub trait FillList<'de> {
    /// Appends an empty element and returns it.
    fn push_default(&mut self) -> Option<&mut dyn Fill<'de>>;
}

impl<'de, T: Fill<'de> + Default> FillList<'de> for Vec<T> {
    fn push_default(&mut self) -> Option<&mut dyn Fill<'de>> {
        if self.is_empty() {
            // Enough for most lists, so that elements are rarely moved.
            *self = Self::with_capacity((2048 / size_of::<T>().max(1)).clamp(1, 16));
        }
        self.push(T::default());
        self.last_mut().map(|last| last as &mut dyn Fill<'de>)
    }
}

/// Reads a list; absent, `null` and empty are the same.
///
/// # Errors
///
/// See [`Fill::fill`]; and for more than `most` elements.
pub fn list<'de>(
    list: &mut dyn FillList<'de>,
    most: usize,
    reader: &mut Reader<'de>,
) -> Result<(), ParseFault> {
    if !reader.begin(b'[', true)? {
        return Ok(());
    }
    let (mut first, mut left) = (true, most);
    while reader.another(&mut first)? {
        left = left.checked_sub(1).ok_or_else(|| reader.too_long())?;
        if let Some(element) = list.push_default() {
            element.fill(reader)?;
        }
    }
    Ok(())
}

/// Implements [`Fill`], [`Object`] and `Deserialize` for a struct, from the JSON name
/// of each of its fields.
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
                // One bit per field: a field without a bit would share another's.
                const { assert!(SHAPE.names.len() <= u32::BITS as usize) };
                &SHAPE
            }

            fn field(&mut self, place: usize) -> Option<&mut dyn $crate::json::Fill<'de>> {
                // Numbers the fields in the order of their names.
                #[expect(non_camel_case_types, reason = "the fields' own names")]
                enum Field { $($field),* }
                // A struct with a field that has no name here does not compile.
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
            ) -> Result<(), $crate::json::ParseFault> {
                $crate::json::object(self, reader)
            }
        }

        impl<$($generics)*> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::json::deserialize_filled(deserializer)
            }
        }
    };
}
pub(crate) use filled;

/// `null` and an absent field are the same.
impl<'de, T: Fill<'de> + Default> Fill<'de> for Option<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        if reader.null()? {
            return Ok(());
        }
        self.insert(T::default()).fill(reader)
    }
}

impl<'de, T: Fill<'de>> Fill<'de> for Box<T> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        (**self).fill(reader)
    }
}

impl<'de> Fill<'de> for bool {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        *self = reader.bool()?;
        Ok(())
    }
}

impl<'de> Fill<'de> for i64 {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        *self = reader.integer()?;
        Ok(())
    }
}
