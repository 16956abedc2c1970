//! A value of the wrong type in a manifest, by its field and its place in the file.

use serde_json::Value;

use super::{ReviewError, Sent};
use crate::json::Problem;
use crate::request::Path;
use crate::request::spans::Position;

/// A value that a field of the object cannot have; the API server refuses it as well.
#[derive(Debug, thiserror::Error)]
#[error("`{field}`{} is a {found}, which this field cannot be{}", place(*at), advice(found))]
pub struct Misfit {
    /// The path of the field.
    pub field: Path,
    /// Its position in the file, if the file has the value.
    pub at: Option<Position>,
    /// The type of the value; never the value, which may be a Secret.
    pub found: &'static str,
}

fn place(at: Option<Position>) -> String {
    at.map_or_else(String::new, |Position { line, column }| {
        format!(" (line {line}, column {column})")
    })
}

fn advice(found: &str) -> &'static str {
    match found {
        "boolean" => {
            "; if it is text, put quotes around it: `y`, `n`, `yes`, `no`, `on` and `off` are \
             booleans in YAML"
        }
        "number" => "; if it is text, put quotes around it",
        _ => "; correct it, because the API server refuses it as well",
    }
}

/// What to write in place of a document of this type.
pub(super) fn manifest(found: &str) -> &'static str {
    match found {
        "list" => {
            "write its elements as documents separated by `---`, or as `items` of a `kind: List`"
        }
        _ => "a manifest is a mapping with `apiVersion` and `kind`",
    }
}

/// The word for a value's type.
pub(super) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null value",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "mapping",
    }
}

impl Sent {
    /// What an error in the review says about the file's manifest; `None` if it is not
    /// about the type of a value there.
    #[must_use]
    pub fn misfit(&self, error: &ReviewError) -> Option<Misfit> {
        let ReviewError::Json {
            what,
            problem: Problem::Shape,
            line: 1,
            column,
        } = error
        else {
            return None;
        };
        if !self.is_wrapped {
            return None;
        }
        let review: Value = serde_json::from_str(&self.review).ok()?;
        let request = &review["request"];
        let object = match *what {
            "request.object" => &request["object"],
            // Of an UPDATE, it is in another file.
            "request.oldObject" if request["object"].is_null() => &request["oldObject"],
            _ => return None,
        };
        let mut field = Path::root();
        let mut value = object;
        let mut at = column.checked_sub(1)?;
        while let Some((part, next, inside)) = step(value, at) {
            field = match part {
                Part::Key(key) => field.key(key),
                Part::Index(index) => field.index(index),
            };
            (value, at) = (next, inside);
        }
        Some(Misfit {
            at: self.spans.at(&field),
            field,
            found: type_of(value),
        })
    }
}

enum Part {
    Key(String),
    Index(usize),
}

/// The part of a value in whose text the offset is, and the offset there. The text is the
/// one without spaces that a [`Value`] prints.
fn step(value: &Value, at: usize) -> Option<(Part, &Value, usize)> {
    let length = |value: &Value| value.to_string().len();
    let mut start = 1;
    match value {
        Value::Object(members) => members.iter().find_map(|(key, value)| {
            start += length(&Value::String(key.clone())) + 1;
            let (begin, end) = (start, start + length(value));
            start = end + 1;
            (begin..end)
                .contains(&at)
                .then(|| (Part::Key(key.clone()), value, at - begin))
        }),
        Value::Array(values) => values.iter().enumerate().find_map(|(index, value)| {
            let (begin, end) = (start, start + length(value));
            start = end + 1;
            (begin..end)
                .contains(&at)
                .then(|| (Part::Index(index), value, at - begin))
        }),
        _ => None,
    }
}
