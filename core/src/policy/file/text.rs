//! Texts of a policy file, each parsed as its kind.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::At;
use crate::names::shown;
use crate::policy::{Kind, Position, Problem};

/// A text parsed as kind `K`, or the reason it was rejected, with its position.
#[derive(Clone, Debug)]
pub(crate) struct Text<K: Kind> {
    read: Result<K::Value, String>,
    /// As it is in the file.
    pub(crate) given: String,
    pub(crate) at: Position,
}

impl<K: Kind> Text<K> {
    pub(crate) fn of(At { value, at }: At<String>) -> Self {
        let read = K::read(&value)
            .map_err(|why| format!("`{}` is not {}: {why}", shown(&value, 100), K::NAME));
        let given = value;
        Self { read, given, at }
    }

    /// The parsed value, or the problem to report.
    pub(crate) fn into_value(self) -> Result<K::Value, Problem> {
        self.read.map_err(|message| Problem {
            at: self.at,
            message,
        })
    }
}

impl<'de, K: Kind> Deserialize<'de> for Text<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        At::deserialize(deserializer).map(Self::of)
    }
}

impl<K: Kind> JsonSchema for Text<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        K::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        K::schema()
    }
}
