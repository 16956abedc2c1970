//! Comparison of two versions of an object: what an UPDATE changes.
//!
//! A PUT, PATCH or apply that changes nothing reaches admission too, and
//! controllers send many. Rules judge only the differences.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::{self, Raw, Tree};

use super::{ReviewError, view};
use crate::json::Text;

/// Bookkeeping of the API server: it differs on every write and is ignored here.
const BOOKKEEPING: [&str; 4] = ["managedFields", "resourceVersion", "generation", "selfLink"];

/// The annotation that `kubectl rollout restart` writes into a pod template. It
/// restarts the pods without changing them.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// The longest part in bytes that is parsed for a comparison. Longer parts are
/// compared byte for byte: the API server writes equal values identically, and the
/// tree of `[0,0,…]` takes sixteen times the memory of its text.
const LONGEST_TREE: usize = 256 * 1024;

/// Whether two parts of an object are equal; absent and `null` are equal.
#[must_use]
pub fn same(old: Option<Raw<'_>>, new: Option<Raw<'_>>) -> bool {
    match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) if old.get() == new.get() => true,
        (old, new) => equal_values(old, new, |_| {}),
    }
}

/// Whether two versions of an object are equal, without the API server's bookkeeping.
#[must_use]
pub fn same_object(old: Option<Raw<'_>>, new: Option<Raw<'_>>) -> bool {
    let metadata = |object| field(object, "metadata");
    same_fields(old, new, &["metadata"]) && same_fields(metadata(old), metadata(new), &BOOKKEEPING)
}

/// [`same_object`], also without finalizers and `status`, which controllers write
/// into objects that others created.
#[must_use]
pub fn same_but_finalizers(old: Option<Raw<'_>>, new: Option<Raw<'_>>) -> bool {
    const OTHERS: [&str; 5] = [
        "managedFields",
        "resourceVersion",
        "generation",
        "selfLink",
        "finalizers",
    ];
    let metadata = |object| field(object, "metadata");
    same_intent(old, new) && same_fields(metadata(old), metadata(new), &OTHERS)
}

/// Whether two versions of an object are equal, without `metadata` and `status`.
/// What remains is the intent, whatever the kind calls its fields.
#[must_use]
pub fn same_intent(old: Option<Raw<'_>>, new: Option<Raw<'_>>) -> bool {
    same_fields(old, new, &["metadata", "status"])
}

/// The unparsed fields of a JSON object; `None` for any other value.
type Fields<'a> = BTreeMap<Text<'a>, Raw<'a>>;

fn fields(raw: Option<Raw<'_>>) -> Option<Fields<'_>> {
    raw.map_or(Some(Fields::new()), |raw| json::from_str(raw.get()).ok())
}

fn field<'a>(raw: Option<Raw<'a>>, name: &str) -> Option<Raw<'a>> {
    fields(raw)?.get(&Text::from(name)).copied()
}

/// Compares field by field, so that identical text is not parsed: an object may be
/// nested more deeply than the parser allows.
fn same_fields(old: Option<Raw<'_>>, new: Option<Raw<'_>>, but: &[&str]) -> bool {
    let (Some(old), Some(new)) = (fields(old), fields(new)) else {
        return false;
    };
    let keys = old.keys().chain(new.keys());
    let mut judged = keys.filter(|key| !but.contains(&key.as_str()));
    judged.all(|key| same(old.get(key).copied(), new.get(key).copied()))
}

/// A field that differs between two versions of an object.
#[derive(Clone, Debug)]
pub struct Changed<'a> {
    pub name: Text<'a>,
    /// `None` if it was absent.
    pub old: Option<Raw<'a>>,
    /// `None` if it is removed.
    pub new: Option<Raw<'a>>,
}

/// The fields that differ between two objects, without bookkeeping. Absent, `null`
/// and empty are equal.
///
/// # Errors
///
/// A [`ReviewError`] naming `what` if one of the two is not a JSON object.
pub fn changed<'a>(
    what: &'static str,
    old: Option<Raw<'a>>,
    new: Option<Raw<'a>>,
) -> Result<Vec<Changed<'a>>, ReviewError> {
    if old.map(Raw::get) == new.map(Raw::get) {
        return Ok(Vec::new());
    }
    let read = |raw: Option<Raw<'a>>| -> Result<Fields<'a>, ReviewError> {
        let fields = raw.map(|raw| view::read::<Option<Fields<'a>>>(what, raw));
        Ok(fields.transpose()?.flatten().unwrap_or_default())
    };
    let (mut old, new) = (read(old)?, read(new)?);
    let mut found: Vec<Changed<'a>> = Vec::new();
    for (name, new) in new {
        let old = old.remove(&name);
        found.push(Changed {
            name,
            old,
            new: Some(new),
        });
    }
    found.extend(old.into_iter().map(|(name, old)| Changed {
        name,
        old: Some(old),
        new: None,
    }));
    found.retain(|field| {
        let nothing = is_nothing(field.old) && is_nothing(field.new);
        !(nothing || BOOKKEEPING.contains(&field.name.as_str()) || same(field.old, field.new))
    });
    Ok(found)
}

fn is_nothing(raw: Option<Raw<'_>>) -> bool {
    raw.is_none_or(|raw| matches!(raw.get(), "null" | "{}" | "[]" | "\"\""))
}

/// Whether two pod templates start the same pods.
#[must_use]
pub fn same_template(old: Option<Raw<'_>>, new: Option<Raw<'_>>) -> bool {
    let metadata = |template| field(template, "metadata");
    let same_metadata = equal_values(metadata(old), metadata(new), |metadata| {
        let Some(metadata) = metadata.as_object_mut() else {
            return;
        };
        let emptied = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
            .is_some_and(|annotations| {
                annotations.remove(RESTARTED_AT);
                annotations.is_empty()
            });
        if emptied {
            metadata.remove("annotations");
        }
        metadata.retain(|_, value| !value.is_null());
    });
    same_metadata && same_fields(old, new, &["metadata"])
}

/// Compares after `strip`. A part that cannot be parsed counts as changed, so that
/// it is judged instead of skipped.
fn equal_values(old: Option<Raw<'_>>, new: Option<Raw<'_>>, strip: impl Fn(&mut Value)) -> bool {
    if [old, new]
        .iter()
        .flatten()
        .any(|raw| raw.get().len() > LONGEST_TREE)
    {
        return false;
    }
    let read = |raw: Option<Raw<'_>>| {
        let Tree(mut value) = raw
            .map_or(Ok(Tree::default()), |raw| json::from_str(raw.get()))
            .ok()?;
        strip(&mut value);
        Some(value)
    };
    match (read(old), read(new)) {
        (Some(old), Some(new)) => old == new,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Raw<'_> {
        Raw::parse(text).expect("test JSON")
    }

    #[test]
    fn bookkeeping_is_no_change_and_all_else_is() {
        let old = raw(
            r#"{"metadata":{"name":"a","resourceVersion":"1","managedFields":[1]},"data":{"k":"v"}}"#,
        );
        for (new, expected) in [
            (
                r#"{"metadata":{"resourceVersion":"2","name":"a"},"data":{"k":"v"}}"#,
                true,
            ),
            (r#"{"metadata":{"name":"a"},"data":{"k":"w"}}"#, false),
            (
                r#"{"metadata":{"name":"a","labels":{"x":"y"}},"data":{"k":"v"}}"#,
                false,
            ),
            (
                r#"{"metadata":{"name":"a","ownerReferences":[]},"data":{"k":"v"}}"#,
                false,
            ),
        ] {
            assert_eq!(same_object(Some(old), Some(raw(new))), expected, "{new}");
        }
    }

    #[test]
    fn a_restart_is_the_same_template_and_an_image_is_not() {
        let old = raw(
            r#"{"metadata":{"creationTimestamp":null,"labels":{"a":"b"}},"spec":{"containers":[{"image":"x"}]}}"#,
        );
        for (new, expected) in [
            (
                r#"{"metadata":{"labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}},"spec":{"containers":[{"image":"x"}]}}"#,
                true,
            ),
            (
                r#"{"metadata":{"labels":{"a":"b"},"annotations":{"kubectl.kubernetes.io/restartedAt":"now","b":"c"}},"spec":{"containers":[{"image":"x"}]}}"#,
                false,
            ),
            (
                r#"{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"image":"y"}]}}"#,
                false,
            ),
        ] {
            assert_eq!(same_template(Some(old), Some(raw(new))), expected, "{new}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_tree_is_compared_as_it_is_written() {
        let long = |first: &str| format!(r#"{{"spec":[{first}{}]}}"#, ",0".repeat(LONGEST_TREE));
        let (plain, spaced) = (long("0"), long("0 "));
        let (plain, spaced) = (raw(&plain), raw(&spaced));
        assert!(same_object(Some(plain), Some(raw(&long("0")))));
        assert!(!same_object(Some(plain), Some(spaced)));
        assert!(!same_template(Some(plain), Some(spaced)));
        let short = |first: &str| format!(r#"{{"spec":[{first},0]}}"#);
        assert!(same_object(Some(raw(&short("0"))), Some(raw(&short("0 ")))));
    }

    #[test]
    fn fields_that_differ_by_name() {
        let names = |old: &str, new: &str| -> Vec<String> {
            let (old, new) = (raw(old), raw(new));
            let found = changed("x", Some(old), Some(new)).expect("objects");
            found.iter().map(|field| field.name.to_string()).collect()
        };
        for (old, new, expected) in [
            (r#"{"a":1}"#, r#"{"a":1}"#, vec![]),
            (r#"{"a":1}"#, r#"{ "a": 1 }"#, vec![]),
            (r#"{"a":1}"#, r#"{"a":2}"#, vec!["a"]),
            (r#"{"a":1}"#, r#"{"b":1}"#, vec!["b", "a"]),
            (r#"{"a":null,"b":[],"c":{}}"#, r#"{"b":null}"#, vec![]),
            (
                r#"{"resourceVersion":"1","managedFields":[]}"#,
                r#"{"resourceVersion":"2"}"#,
                vec![],
            ),
            (r#"{"a":[1]}"#, r#"{"a":[]}"#, vec!["a"]),
            ("null", r#"{"a":1}"#, vec!["a"]),
        ] {
            assert_eq!(names(old, new), expected, "{old} {new}");
        }
        assert!(changed("x", Some(raw("[]")), Some(raw("{}"))).is_err());
        assert!(changed("x", None, Some(raw("7"))).is_err());
        assert!(changed("x", None, None).expect("nothing").is_empty());
    }

    /// `serde_json` would read the one as the other.
    #[test]
    fn json_inside_a_string_is_a_string() {
        let plain = r#"{"spec":{"a":{"b":"c"}}}"#;
        let hidden = r#"{"spec":{"a":{"$serde_json::private::RawValue":"{\"b\":\"c\"}"}}}"#;
        let number = r#"{"spec":{"a":{"$serde_json::private::Number":"1"}}}"#;
        assert!(!same_object(Some(raw(plain)), Some(raw(hidden))));
        assert!(!same_template(Some(raw(hidden)), Some(raw(plain))));
        assert!(!same_object(
            Some(raw(r#"{"spec":{"a":1}}"#)),
            Some(raw(number))
        ));
    }

    #[test]
    fn what_cannot_be_read_counts_as_changed() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let deep = raw(&deep);
        assert!(!same_object(Some(deep), Some(deep)), "no object");
        assert!(same(Some(deep), Some(deep)), "the same bytes are the same");
    }
}
