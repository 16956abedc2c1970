//! A JSON Patch of single elements (RFC 6902).
//!
//! A patch that does not apply refuses the pod, `failurePolicy: Ignore` or
//! not. So there is no `test`, and every parent either is there or is added
//! with its first member.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// Adds a member or an element, or replaces a member.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Content,
    },
    /// Replaces what is there.
    Replace {
        /// Where.
        path: String,
        /// What with.
        value: Content,
    },
}

/// What a change puts somewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// A string.
    Text(Cow<'static, str>),
    /// A map of one member.
    #[serde(serialize_with = "member")]
    Member(&'static str, String),
    /// A list of one element.
    List([Box<Content>; 1]),
    /// One of `env`.
    Variable {
        /// The name.
        name: &'static str,
        /// The value.
        value: Cow<'static, str>,
    },
    /// One of `volumeMounts`.
    #[serde(rename_all = "camelCase")]
    Mount {
        /// The volume.
        name: &'static str,
        /// Where.
        mount_path: &'static str,
        /// `true`.
        read_only: bool,
        /// Which part of the volume.
        #[serde(skip_serializing_if = "Option::is_none")]
        sub_path: Option<&'static str>,
    },
    /// What is the same in every pod: a volume.
    Fixed(&'static Value),
    /// Anything else.
    Other(Value),
}

fn member<S: Serializer>(key: &str, value: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([(key, value)])
}

impl Operation {
    /// Where, and what is there afterwards.
    #[must_use]
    pub fn parts(&self) -> (&str, Value) {
        let (Self::Add { path, value } | Self::Replace { path, value }) = self;
        // Text keys and strings only: always JSON.
        (path, serde_json::to_value(value).unwrap_or_default())
    }
}

/// Changes, in the order they are made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Patch(pub Vec<Operation>);

/// A change has no place in an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the object has no place for `{0}`")]
pub struct Misfit(String);

impl Patch {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes the changes, as the API server would.
    ///
    /// # Errors
    ///
    /// A [`Misfit`] for an object of another shape than the patch was made for.
    pub fn apply(&self, object: &mut Value) -> Result<(), Misfit> {
        self.0
            .iter()
            .try_for_each(|operation| one(operation, object))
    }
}

fn one(operation: &Operation, object: &mut Value) -> Result<(), Misfit> {
    let (path, value) = operation.parts();
    let misfit = || Misfit(path.to_owned());
    let (parent, key) = path.rsplit_once('/').ok_or_else(misfit)?;
    let parent = object.pointer_mut(parent).ok_or_else(misfit)?;
    let adds = matches!(operation, Operation::Add { .. });
    match parent {
        Value::Object(members) => {
            let key = key.replace("~1", "/").replace("~0", "~");
            if !adds && !members.contains_key(&key) {
                return Err(misfit());
            }
            members.insert(key, value);
        }
        Value::Array(elements) if adds && key == "-" => elements.push(value),
        Value::Array(elements) => {
            let index: usize = key.parse().map_err(|_| misfit())?;
            if adds && index <= elements.len() {
                elements.insert(index, value);
            } else {
                let element = elements.get_mut(index).filter(|_| !adds);
                *element.ok_or_else(misfit)? = value;
            }
        }
        _ => return Err(misfit()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Content, Operation, Patch};

    #[test]
    fn applies_where_there_is_a_place() {
        let add = |path: &str| {
            Patch(vec![Operation::Add {
                path: path.to_owned(),
                value: Content::Other(json!(9)),
            }])
        };
        let replace = |path: &str| {
            Patch(vec![Operation::Replace {
                path: path.to_owned(),
                value: Content::Other(json!(9)),
            }])
        };
        let object = json!({ "a": { "b/c": 1 }, "l": [1, 2] });
        for (patch, expected) in [
            (
                add("/a/x"),
                Some(json!({ "a": { "b/c": 1, "x": 9 }, "l": [1, 2] })),
            ),
            (
                add("/a/b~1c"),
                Some(json!({ "a": { "b/c": 9 }, "l": [1, 2] })),
            ),
            (
                add("/l/-"),
                Some(json!({ "a": { "b/c": 1 }, "l": [1, 2, 9] })),
            ),
            (
                add("/l/0"),
                Some(json!({ "a": { "b/c": 1 }, "l": [9, 1, 2] })),
            ),
            (
                replace("/l/1"),
                Some(json!({ "a": { "b/c": 1 }, "l": [1, 9] })),
            ),
            (add("/x/y"), None),
            (add("/l/3"), None),
            (add("/l/x"), None),
            (replace("/l/2"), None),
            (replace("/a/x"), None),
            (add("/a/b~1c/d"), None),
        ] {
            let mut result = object.clone();
            let applied = patch.apply(&mut result).is_ok();
            assert_eq!(applied.then_some(result), expected, "{patch:?}");
        }
    }
}
