//! A JSON Patch of single elements (RFC 6902).
//!
//! A patch that does not apply refuses the pod, `failurePolicy: Ignore` or
//! not. So there is no `test`, and every parent either is there or is added
//! with its first member.

use std::borrow::Cow;

use serde_json::Value;

use crate::json;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A string.
    Text(Cow<'static, str>),
    /// A map of one member.
    Member(&'static str, String),
    /// A list of one element.
    List(Box<Content>),
    /// One of `env`.
    Variable {
        /// The name.
        name: &'static str,
        /// The value.
        value: Cow<'static, str>,
    },
    /// One of `volumeMounts`, read-only.
    Mount {
        /// The volume.
        name: &'static str,
        /// Where.
        path: &'static str,
        /// Which part of the volume.
        sub_path: Option<&'static str>,
    },
    /// What is the same in every pod, a volume, as JSON.
    Fixed(&'static str),
}

impl Content {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => json::write(out, text),
            Self::Member(key, value) => object(out, &[(key, value)]),
            Self::List(element) => {
                out.push(b'[');
                element.write(out);
                out.push(b']');
            }
            Self::Variable { name, value } => object(out, &[("name", name), ("value", value)]),
            Self::Mount {
                name,
                path,
                sub_path,
            } => {
                let mut members = vec![("name", *name), ("mountPath", *path)];
                members.extend(sub_path.map(|sub_path| ("subPath", sub_path)));
                object(out, &members);
                out.pop();
                out.extend_from_slice(br#","readOnly":true}"#);
            }
            Self::Fixed(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

fn object(out: &mut Vec<u8>, members: &[(&str, &str)]) {
    out.push(b'{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write(out, key);
        out.push(b':');
        json::write(out, value);
    }
    out.push(b'}');
}

impl Operation {
    /// Where, and what is there afterwards.
    #[must_use]
    pub fn parts(&self) -> (&str, Value) {
        let (Self::Add { path, value } | Self::Replace { path, value }) = self;
        let mut json = Vec::new();
        value.write(&mut json);
        (path, serde_json::from_slice(&json).unwrap_or_default())
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (op, path, value) = match self {
            Self::Add { path, value } => ("add", path, value),
            Self::Replace { path, value } => ("replace", path, value),
        };
        object(out, &[("op", op), ("path", path)]);
        out.pop();
        out.extend_from_slice(br#","value":"#);
        value.write(out);
        out.push(b'}');
    }
}

/// Changes, in the order they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

    /// The patch as the API server wants it, not yet in base64.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2048);
        out.push(b'[');
        for (index, operation) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            operation.write(&mut out);
        }
        out.push(b']');
        out
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
                value: Content::Fixed("9"),
            }])
        };
        let replace = |path: &str| {
            Patch(vec![Operation::Replace {
                path: path.to_owned(),
                value: Content::Fixed("9"),
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
