//! A JSON Patch of single elements (RFC 6902).
//!
//! The API server denies a pod whose patch does not apply, whatever the
//! `failurePolicy`. So there is no `test` operation, and every parent either exists
//! or is added with its first member.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::json;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Adds a member or an element, or replaces a member.
    Add { path: Path, value: Content },
    /// Replaces what is there.
    Replace { path: Path, value: Content },
}

/// Where a pod is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// `metadata.annotations`.
    Annotations,
    /// One of them.
    Annotation(&'static str),
    /// `spec.volumes`.
    Volumes(Place),
    /// `volumeMounts` of a container.
    Mounts(Slot, Place),
    /// `env` of a container.
    Env(Slot, Place),
}

/// A container, by its index in one of the pod's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// In `containers`.
    Main(usize),
    /// In `initContainers`.
    Init(usize),
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The list itself.
    List,
    /// After its last element.
    End,
    /// An element.
    At(usize),
    /// `value` of an element.
    Value(usize),
}

impl Path {
    /// The JSON pointer (RFC 6901). There is nothing in it that JSON escapes.
    fn write(self, out: &mut Vec<u8>) {
        let (list, container, place) = match self {
            Self::Annotations => return out.extend_from_slice(b"/metadata/annotations"),
            Self::Annotation(key) => {
                out.extend_from_slice(b"/metadata/annotations/");
                for byte in key.bytes() {
                    match byte {
                        b'~' => out.extend_from_slice(b"~0"),
                        b'/' => out.extend_from_slice(b"~1"),
                        byte => out.push(byte),
                    }
                }
                return;
            }
            Self::Volumes(place) => ("/volumes", None, place),
            Self::Mounts(container, place) => ("/volumeMounts", Some(container), place),
            Self::Env(container, place) => ("/env", Some(container), place),
        };
        out.extend_from_slice(b"/spec");
        if let Some(container) = container {
            let (list, index): (&[u8], _) = match container {
                Slot::Main(index) => (b"/containers/", index),
                Slot::Init(index) => (b"/initContainers/", index),
            };
            out.extend_from_slice(list);
            decimal(index, out);
        }
        out.extend_from_slice(list.as_bytes());
        match place {
            Place::List => {}
            Place::End => out.extend_from_slice(b"/-"),
            Place::At(index) | Place::Value(index) => {
                out.push(b'/');
                decimal(index, out);
            }
        }
        if matches!(place, Place::Value(_)) {
            out.extend_from_slice(b"/value");
        }
    }
}

fn decimal(number: usize, out: &mut Vec<u8>) {
    if number >= 10 {
        decimal(number / 10, out);
    }
    out.extend(b"0123456789".get(number % 10));
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pointer = Vec::new();
        self.write(&mut pointer);
        f.write_str(&String::from_utf8_lossy(&pointer))
    }
}

/// The value that a change writes.
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
        name: &'static str,
        value: Cow<'static, str>,
    },
    /// One of `volumeMounts`, read-only.
    Mount {
        /// The volume's name.
        name: &'static str,
        path: &'static str,
        /// The file of the volume that is mounted; `None` for the whole volume.
        sub_path: Option<&'static str>,
    },
    /// A volume that is the same in every pod, as JSON.
    Fixed(&'static str),
}

impl Content {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => json::write(out, text),
            Self::Member(key, value) => {
                out.push(b'{');
                json::write_member(out, key, value);
                out.push(b'}');
            }
            Self::List(element) => {
                out.push(b'[');
                element.write(out);
                out.push(b']');
            }
            Self::Variable { name, value } => {
                out.extend_from_slice(br#"{"name":"#);
                json::write_plain(out, name);
                out.extend_from_slice(br#","value":"#);
                json::write(out, value);
                out.push(b'}');
            }
            Self::Mount {
                name,
                path,
                sub_path,
            } => {
                out.extend_from_slice(br#"{"name":"#);
                json::write_plain(out, name);
                out.extend_from_slice(br#","mountPath":"#);
                json::write_plain(out, path);
                if let Some(sub_path) = sub_path {
                    out.extend_from_slice(br#","subPath":"#);
                    json::write_plain(out, sub_path);
                }
                out.extend_from_slice(br#","readOnly":true}"#);
            }
            Self::Fixed(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
}

impl Operation {
    /// The path, and the value that is there afterwards.
    #[must_use]
    pub fn parts(&self) -> (Path, Value) {
        let (Self::Add { path, value } | Self::Replace { path, value }) = self;
        let mut json = Vec::new();
        value.write(&mut json);
        (*path, serde_json::from_slice(&json).unwrap_or_default())
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (start, path, value): (&[u8], _, _) = match self {
            Self::Add { path, value } => (br#"{"op":"add","path":""#, path, value),
            Self::Replace { path, value } => (br#"{"op":"replace","path":""#, path, value),
        };
        out.extend_from_slice(start);
        path.write(out);
        out.extend_from_slice(br#"","value":"#);
        value.write(out);
        out.push(b'}');
    }
}

/// Changes, in the order they are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch(pub Vec<Operation>);

/// An object has no place for a change.
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
    let adds = matches!(operation, Operation::Add { .. });
    put(adds, &path.to_string(), value, object)
}

fn put(adds: bool, path: &str, value: Value, object: &mut Value) -> Result<(), Misfit> {
    let misfit = || Misfit(path.to_owned());
    let (parent, key) = path.rsplit_once('/').ok_or_else(misfit)?;
    let parent = object.pointer_mut(parent).ok_or_else(misfit)?;
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

    use super::{Path, Place, Slot, put};

    #[test]
    fn pointers() {
        for (path, pointer) in [
            (Path::Annotations, "/metadata/annotations"),
            (
                Path::Annotation("a.b/c~d"),
                "/metadata/annotations/a.b~1c~0d",
            ),
            (Path::Volumes(Place::List), "/spec/volumes"),
            (Path::Volumes(Place::At(0)), "/spec/volumes/0"),
            (
                Path::Mounts(Slot::Main(10), Place::End),
                "/spec/containers/10/volumeMounts/-",
            ),
            (
                Path::Env(Slot::Init(7), Place::List),
                "/spec/initContainers/7/env",
            ),
            (
                Path::Env(Slot::Main(999), Place::Value(1205)),
                "/spec/containers/999/env/1205/value",
            ),
        ] {
            assert_eq!(path.to_string(), pointer);
        }
    }

    #[test]
    fn applies_where_there_is_a_place() {
        let object = json!({ "a": { "b/c": 1 }, "l": [1, 2] });
        for (adds, path, expected) in [
            (
                true,
                "/a/x",
                Some(json!({ "a": { "b/c": 1, "x": 9 }, "l": [1, 2] })),
            ),
            (
                true,
                "/a/b~1c",
                Some(json!({ "a": { "b/c": 9 }, "l": [1, 2] })),
            ),
            (
                true,
                "/l/-",
                Some(json!({ "a": { "b/c": 1 }, "l": [1, 2, 9] })),
            ),
            (
                true,
                "/l/0",
                Some(json!({ "a": { "b/c": 1 }, "l": [9, 1, 2] })),
            ),
            (
                false,
                "/l/1",
                Some(json!({ "a": { "b/c": 1 }, "l": [1, 9] })),
            ),
            (true, "/x/y", None),
            (true, "/l/3", None),
            (true, "/l/x", None),
            (false, "/l/2", None),
            (false, "/a/x", None),
            (true, "/a/b~1c/d", None),
        ] {
            let mut result = object.clone();
            let applied = put(adds, path, json!(9), &mut result).is_ok();
            assert_eq!(applied.then_some(result), expected, "{adds} {path}");
        }
    }
}
