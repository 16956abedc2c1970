//! Kinds of text that a policy file holds.

use std::fmt;

use schemars::{Schema, json_schema};

/// One kind of text in a policy file.
pub(crate) trait Kind {
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
