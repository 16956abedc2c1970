//! Texts with a meaning, checked while they are read.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::At;
use crate::policy::{Position, Problem};

/// One kind of text in a policy file.
pub(in crate::policy) trait Kind {
    /// What it becomes.
    type Value: Clone + fmt::Debug;
    /// What it is called in messages, with its article.
    const NAME: &'static str;
    /// What the JSON Schema can check of it: a regular expression, and never
    /// stricter than [`Self::read`].
    const PATTERN: &'static str;

    /// Its JSON Schema.
    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": Self::PATTERN })
    }

    /// Reads it, or says in half a sentence what is wrong and what to do.
    fn read(text: &str) -> Result<Self::Value, String>;
}

/// A text of that kind, read or refused, and its place.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Text<K: Kind> {
    read: Result<K::Value, String>,
    /// Where it stands.
    pub(in crate::policy) at: Position,
}

impl<K: Kind> Text<K> {
    /// What it means, or the problem to report.
    pub(in crate::policy) fn into_value(self) -> Result<K::Value, Problem> {
        self.read.map_err(|message| Problem {
            at: self.at,
            message,
        })
    }
}

/// Text of the file as messages show it: no control characters, not too long.
pub(in crate::policy) fn shown(text: &str) -> String {
    const MOST: usize = 100;
    let mut shown = String::with_capacity(text.len().min(MOST));
    for character in text.chars().take(MOST) {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

impl<'de, K: Kind> Deserialize<'de> for Text<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let At { value, at } = At::<String>::deserialize(deserializer)?;
        let read =
            K::read(&value).map_err(|why| format!("`{}` is not {}: {why}", shown(&value), K::NAME));
        Ok(Self { read, at })
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
