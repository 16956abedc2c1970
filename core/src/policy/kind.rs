//! Kinds of text in a policy file.

use std::fmt;

use schemars::{Schema, json_schema};

/// A kind of text in a policy file: how it is parsed, named and described.
pub(crate) trait Kind {
    type Value: Clone + fmt::Debug;
    /// Its name in messages, with its article.
    const NAME: &'static str;
    /// A regular expression for the JSON Schema, never stricter than [`Self::read`].
    const PATTERN: &'static str;

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": Self::PATTERN })
    }

    /// Parses it. The error is half a sentence: what is wrong and what to do.
    fn read(text: &str) -> Result<Self::Value, String>;
}
