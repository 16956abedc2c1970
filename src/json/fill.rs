//! Values filled in where they stand.
//!
//! A derived reader builds every struct on its own and hands it up, a copy at
//! each step; for a pod with its hundred small structs that costs more than
//! going over the text. These are filled in at their place in the parent.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, Unexpected,
    VariantAccess, Visitor,
};

/// What a reader fills in. Begins as its default, which is what an absent
/// field leaves behind.
pub trait Fill<'de>: Default {
    /// Reads a value into this one.
    ///
    /// # Errors
    ///
    /// The deserializer's, for another shape.
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error>;
}

/// The place that is filled in.
pub(crate) struct Place<'p, T>(pub(crate) &'p mut T);

impl<'de, T: Fill<'de>> DeserializeSeed<'de> for Place<'_, T> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.fill(deserializer)
    }
}

/// A struct with known fields; [`filled!`](crate::json::filled) writes it.
pub trait Object<'de>: Default {
    /// The fields' names.
    const NAMES: &'static [&'static str];
    /// Whether `null` is as good as an empty one. Not among the elements of a
    /// list: there it is nothing that an API server writes.
    const NULL_IS_EMPTY: bool;

    /// Reads the field of that place among the names.
    ///
    /// # Errors
    ///
    /// The deserializer's, for another shape.
    fn field<A: MapAccess<'de>>(&mut self, place: usize, map: &mut A) -> Result<(), A::Error>;
}

/// Fills in a struct.
#[inline]
pub(crate) fn object<'de, T: Object<'de>, D: Deserializer<'de>>(
    object: &mut T,
    deserializer: D,
) -> Result<(), D::Error> {
    deserializer.deserialize_struct("an object", T::NAMES, Members(object))
}

struct Members<'p, T>(&'p mut T);

impl<'de, T: Object<'de>> Visitor<'de> for Members<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if T::NULL_IS_EMPTY {
            Ok(())
        } else {
            Err(E::invalid_type(Unexpected::Unit, &self))
        }
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // A bit each: a name past the last one would count as another's.
        const { assert!(T::NAMES.len() <= u32::BITS as usize) };
        let mut seen = 0_u32;
        while let Some(known) = map.next_key_seed(OneOf(T::NAMES))? {
            let Some(place) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            // Two answers to one question cannot be judged.
            if seen & (1 << place) != 0 {
                return Err(A::Error::custom("a field twice"));
            }
            seen |= 1 << place;
            self.0.field(place, &mut map)?;
        }
        Ok(())
    }
}

/// The name by which the reader knows that a key's place among names is wanted.
pub(super) const KEY: &str = "$rolegate::json::OneOf";

/// The place of a key among known names.
struct OneOf(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for OneOf {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_enum(KEY, self.0, self)
    }
}

impl<'de> Visitor<'de> for OneOf {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|name| *name == key))
    }

    /// As any other deserializer gives a key that is asked for so.
    fn visit_enum<A: EnumAccess<'de>>(self, key: A) -> Result<Option<usize>, A::Error> {
        let (place, variant) = key.variant_seed(Name(self))?;
        variant.unit_variant()?;
        Ok(place)
    }

    #[inline]
    fn visit_u64<E>(self, place: u64) -> Result<Option<usize>, E> {
        Ok(usize::try_from(place).ok())
    }
}

struct Name(OneOf);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self.0)
    }
}

/// Writes how a struct is read: its fields by their names in JSON, all of them.
macro_rules! filled {
    ($type:ident<'a> or null $fields:tt) => {
        filled!(@ ['de: 'a, 'a] $type<'a>, true, $fields);
    };
    ($type:ident<'a> $fields:tt) => {
        filled!(@ ['de: 'a, 'a] $type<'a>, false, $fields);
    };
    ($type:ident $fields:tt) => {
        filled!(@ ['de] $type, false, $fields);
    };
    (@ [$($generics:tt)*] $type:ty, $null:literal, { $($field:ident: $name:literal),* $(,)? }) => {
        impl<$($generics)*> $crate::json::Object<'de> for $type {
            const NAMES: &'static [&'static str] = &[$($name),*];
            const NULL_IS_EMPTY: bool = $null;

            #[inline]
            fn field<A: ::serde::de::MapAccess<'de>>(
                &mut self,
                place: usize,
                map: &mut A,
            ) -> Result<(), A::Error> {
                #[expect(non_camel_case_types, reason = "the fields' own names")]
                enum Field { $($field),* }
                // A field without a name here would not compile.
                let Self { $($field),* } = self;
                match place {
                    $(place if place == Field::$field as usize => {
                        map.next_value_seed($crate::json::Place($field))
                    })*
                    _ => Ok(()),
                }
            }
        }

        impl<$($generics)*> $crate::json::Fill<'de> for $type {
            fn fill<D: ::serde::Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
                $crate::json::object(self, deserializer)
            }
        }

        impl<$($generics)*> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut value = Self::default();
                $crate::json::Fill::fill(&mut value, deserializer)?;
                Ok(value)
            }
        }
    };
}
pub(crate) use filled;

/// `null` is as if the field were absent.
impl<'de, T: Fill<'de>> Fill<'de> for Option<T> {
    #[inline]
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        struct Some<'p, T>(&'p mut Option<T>);

        impl<'de, T: Fill<'de>> Visitor<'de> for Some<'_, T> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            #[inline]
            fn visit_none<E>(self) -> Result<(), E> {
                Ok(())
            }

            #[inline]
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                self.0.insert(T::default()).fill(deserializer)
            }
        }

        deserializer.deserialize_option(Some(self))
    }
}

impl<'de, T: Fill<'de>> Fill<'de> for Box<T> {
    #[inline]
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        (**self).fill(deserializer)
    }
}

impl<'de> Fill<'de> for bool {
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        *self = serde::Deserialize::deserialize(deserializer)?;
        Ok(())
    }
}

impl<'de> Fill<'de> for i64 {
    fn fill<D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        *self = serde::Deserialize::deserialize(deserializer)?;
        Ok(())
    }
}
