//! Service accounts named anywhere in an object of any kind.
//!
//! A custom resource can start pods in ways nobody here has heard of:
//! `spec.driver.serviceAccount`, `sparkConf`, submit arguments in one long
//! string. So the whole object is walked, once, without building a tree of it,
//! and two things are kept: the values of fields that are called after a
//! service account, and reserved names inside any string or key.

use std::fmt::{self, Write as _};

use memchr::{memchr_iter, memmem};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{self, Raw};

use super::ReviewError;
use crate::json::Text;

/// Deeper objects are reported instead of read: nobody's manifest is, and the
/// parser's own limit (128) must not be what decides.
pub const MAX_DEPTH: usize = 100;

/// Objects that name more service accounts are reported instead of read to the
/// end: three megabytes hold a hundred thousand, and each costs a path.
pub const MOST_NAMES: usize = 2_000;

/// No Kubernetes name is longer. Without an end, names inside one another cost
/// the square of the text.
const LONGEST_NAME: usize = 253;

/// Characters of a path; a longer one is cut, for no message would hold it.
const LONGEST_PATH: usize = 300;

/// One place that names a service account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where, as `spec.driver.serviceAccount`.
    pub path: String,
    /// The service account named there, in lower case; empty for one that
    /// stands in a file elsewhere.
    pub name: String,
    /// How it is named.
    pub by: By,
}

/// How a place names a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The value of a field called after a service account.
    Field,
    /// A name inside other text.
    Text,
    /// A field that says where a driver's pod template is. Whoever submits for
    /// others fetches it and starts the pod that it describes.
    Template,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct References {
    /// Every place, in document order.
    pub found: Vec<Reference>,
    /// Why and where the walk ended before the object did.
    pub unread: Option<(Unread, String)>,
}

/// Why an object was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// More than [`MOST_NAMES`] names.
    TooMany,
}

/// Walks `raw`. `fixed` are further names to look for: job service accounts
/// that the policy declares for an operator and that lack the reserved prefix.
///
/// # Errors
///
/// [`ReviewError::Json`] naming `what` when the object is not valid JSON.
pub fn find(what: &'static str, raw: Raw<'_>, fixed: &[&str]) -> Result<References, ReviewError> {
    let mut walk = State {
        fixed,
        path: Vec::new(),
        out: References::default(),
    };
    let whole = Value {
        state: &mut walk,
        names: false,
    };
    match json::from_str_seed(raw.get(), whole) {
        Ok(()) => Ok(walk.out),
        Err(_) if walk.out.unread.is_some() => Ok(walk.out),
        Err(error) => Err(ReviewError::json(what, error)),
    }
}

enum Step<'de> {
    Key(Text<'de>),
    Index(usize),
}

struct State<'de, 'f> {
    fixed: &'f [&'f str],
    path: Vec<Step<'de>>,
    out: References,
}

impl State<'_, '_> {
    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            if path.chars().count() > LONGEST_PATH {
                return crate::names::shown(&path, LONGEST_PATH);
            }
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Index(index) => write!(path, "[{index}]"),
                Step::Key(key) if key.contains(['.', '[', ' ']) => {
                    write!(path, "[\"{}\"]", crate::names::shown(key, 80))
                }
                Step::Key(key) if path.is_empty() => {
                    write!(path, "{}", crate::names::shown(key, 80))
                }
                Step::Key(key) => write!(path, ".{}", crate::names::shown(key, 80)),
            };
        }
        path
    }

    /// `metadata.managedFields` of the object itself: the API server's record of
    /// who wrote which field repeats every key, and starts nothing.
    fn is_bookkeeping(&self, key: &str) -> bool {
        key == "managedFields"
            && matches!(self.path.as_slice(), [Step::Key(parent)] if &**parent == "metadata")
    }

    /// Ends the walk; what was found so far is kept.
    fn stop<E: Error>(&mut self, why: Unread) -> E {
        let path = self.path();
        self.out.unread.get_or_insert((why, path));
        E::custom("not read to its end")
    }

    fn keep<E: Error>(&mut self, name: String, by: By) -> Result<(), E> {
        if self.out.found.len() == MOST_NAMES {
            return Err(self.stop(Unread::TooMany));
        }
        let path = self.path();
        self.out.found.push(Reference { path, name, by });
        Ok(())
    }

    /// A value. `names`: the field it stands in is called after a service account.
    fn value<E: Error>(&mut self, text: &str, names: bool) -> Result<(), E> {
        if !names {
            return self.mentions(text);
        }
        if text.is_empty() {
            return Ok(());
        }
        let end = text.char_indices().nth(LONGEST_NAME).map(|(end, _)| end);
        let name = end.and_then(|end| text.get(..end)).unwrap_or(text);
        self.keep(name.to_ascii_lowercase(), By::Field)
    }

    fn mentions<E: Error>(&mut self, text: &str) -> Result<(), E> {
        for name in reserved_names(text) {
            self.keep(name, By::Text)?;
        }
        let whole = |byte: Option<&u8>| byte.is_none_or(|&byte| !in_name(byte));
        for name in self.fixed {
            let found = memmem::find_iter(text.as_bytes(), name).any(|at| {
                let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
                whole(before) && whole(text.as_bytes().get(at + name.len()))
            });
            if found {
                self.keep((*name).to_owned(), By::Text)?;
            }
        }
        Ok(())
    }
}

/// What a Kubernetes name is made of.
fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

/// Every reserved service account name inside `text`, in lower case:
/// `emr-containers-sa-…` and the singular `emr-container-sa-…` of EMR's Livy set-up.
fn reserved_names(text: &str) -> impl Iterator<Item = String> {
    let bytes = text.as_bytes();
    // The dash after `emr` is rarer than any letter, so few places are looked at.
    memchr_iter(b'-', bytes).filter_map(move |dash| {
        let start = dash.checked_sub(3)?;
        let rest = bytes.get(start..)?;
        let starts = |prefix: &str| {
            rest.get(..prefix.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        if !starts("emr-containers-sa-") && !starts("emr-container-sa-") {
            return None;
        }
        let name = rest.iter().take(LONGEST_NAME);
        let length = name.take_while(|&&byte| in_name(byte)).count();
        let name = text
            .get(start..start + length)?
            .trim_end_matches(['.', '-']);
        Some(name.to_ascii_lowercase())
    })
}

/// Whether a field of this name holds a service account's name:
/// `serviceAccountName`, `service_account`, `executorServiceAccount`,
/// `spark.kubernetes.authenticate.driver.serviceAccountName`, `serviceAccountRef`.
fn names_a_service_account(key: &str) -> bool {
    // Cheap test first: walks meet thousands of keys.
    if !key.bytes().any(|byte| byte == b'A' || byte == b'a') || key.len() < "serviceaccount".len() {
        return false;
    }
    let plain: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    [
        "serviceaccount",
        "serviceaccounts",
        "serviceaccountname",
        "serviceaccountnames",
        "serviceaccountref",
    ]
    .iter()
    .any(|end| plain.ends_with(end))
}

/// Whether a field of this name says where a driver's pod template is:
/// `spark.kubernetes.driver.podTemplateFile`. (An executor's is started by the
/// driver, under the driver's own role or not at all.)
fn names_a_template(key: &str) -> bool {
    const END: &[u8] = b"driver.podtemplatefile";
    let start = key.len().checked_sub(END.len());
    let end = start.and_then(|start| key.as_bytes().get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(END))
}

struct Value<'s, 'de, 'f> {
    state: &'s mut State<'de, 'f>,
    names: bool,
}

impl<'de> Value<'_, 'de, '_> {
    fn down<E: Error>(&mut self, step: Step<'de>) -> Result<(), E> {
        self.state.path.push(step);
        if self.state.path.len() > MAX_DEPTH {
            return Err(self.state.stop(Unread::TooDeep));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, 'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.state.value(text, self.names)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.down(Step::Index(index))?;
            let more = seq.next_element_seed(Value {
                state: self.state,
                names: self.names,
            })?;
            self.state.path.pop();
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if self.state.is_bookkeeping(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.state.mentions(&key)?;
            if names_a_template(&key) {
                self.state.path.push(Step::Key(key.clone()));
                self.state.keep(String::new(), By::Template)?;
                self.state.path.pop();
            }
            let names = names_a_service_account(&key) || (self.names && &*key == "name");
            self.down(Step::Key(key))?;
            map.next_value_seed(Value {
                state: self.state,
                names,
            })?;
            self.state.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Vec<String> {
        let raw = Raw::parse(json).expect("test JSON");
        let references = find("object", raw, &["livy-runner"]).expect("valid");
        references
            .found
            .into_iter()
            .map(|found| format!("{}={}", found.path, found.name))
            .collect()
    }

    #[test]
    fn every_way_to_name_one() {
        for (json, expected) in [
            (
                r#"{"spec":{"serviceAccountName":"a"}}"#,
                "spec.serviceAccountName=a",
            ),
            (
                r#"{"spec":{"serviceAccount":"a"}}"#,
                "spec.serviceAccount=a",
            ),
            (
                r#"{"spec":{"service_account_name":"a"}}"#,
                "spec.service_account_name=a",
            ),
            (
                r#"{"spec":{"executorServiceAccount":"a"}}"#,
                "spec.executorServiceAccount=a",
            ),
            (
                r#"{"spec":{"SERVICEACCOUNTNAME":"a"}}"#,
                "spec.SERVICEACCOUNTNAME=a",
            ),
            (
                r#"{"spec":{"serviceAccountRef":{"name":"a"}}}"#,
                "spec.serviceAccountRef.name=a",
            ),
            (
                r#"{"spec":{"serviceAccountNames":["a"]}}"#,
                "spec.serviceAccountNames[0]=a",
            ),
            (
                r#"{"sparkConf":{"spark.kubernetes.authenticate.driver.serviceAccountName":"a"}}"#,
                r#"sparkConf["spark.kubernetes.authenticate.driver.serviceAccountName"]=a"#,
            ),
            (
                r#"{"args":["--conf","x=emr-containers-sa-spark-driver-1"]}"#,
                "args[1]=emr-containers-sa-spark-driver-1",
            ),
            (
                r#"{"a":"Uses EMR-Containers-SA-x."}"#,
                "a=emr-containers-sa-x",
            ),
            (
                r#"{"a":"emr-container-sa-spark-livy"}"#,
                "a=emr-container-sa-spark-livy",
            ),
            (
                r#"{"a":"\u0065mr-containers-sa-x"}"#,
                "a=emr-containers-sa-x",
            ),
            (r#"{"a":"sa=livy-runner,"}"#, "a=livy-runner"),
        ] {
            assert_eq!(found(json), [expected], "{json}");
        }
        assert_eq!(
            found(r#"{"emr-containers-sa-k":{"x":1}}"#),
            ["=emr-containers-sa-k"]
        );
    }

    #[test]
    fn what_only_sounds_like_one() {
        for json in [
            r#"{"automountServiceAccountToken":false}"#,
            r#"{"serviceAccountToken":{"path":"token","audience":"x"}}"#,
            r#"{"serviceAccount":{"create":true,"annotations":{"name2":"x"}}}"#,
            r#"{"serviceAccountName":""}"#,
            r#"{"a":"emr-containers-job"}"#,
            r#"{"a":"livy-runner-2"}"#,
            "{}",
        ] {
            assert_eq!(found(json), [""; 0], "{json}");
        }
    }

    #[test]
    fn the_record_of_managed_fields_is_not_read_again() {
        let record = r#"[{"fieldsV1":{"f:spec":{"f:emr-containers-sa-x":{}}}}]"#;
        let object = |path: &str| {
            let json = format!(r#"{{"{path}":{{"managedFields":{record}}}}}"#);
            found(&json).len()
        };
        assert_eq!(object("metadata"), 0);
        // Anywhere else a field of that name is a field like any other.
        assert_eq!(object("spec"), 1);
        let nested = format!(r#"{{"spec":{{"metadata":{{"managedFields":{record}}}}}}}"#);
        assert_eq!(found(&nested).len(), 1);
    }

    #[test]
    fn depth_is_reported_not_passed_over() {
        for depth in [101, 5_000, 100_000] {
            let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let raw = Raw::parse(&json).expect("valid JSON");
            assert!(
                find("object", raw, &[]).expect("read").unread.is_some(),
                "{depth}"
            );
        }
        let json = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let raw = Raw::parse(&json).expect("valid JSON");
        assert!(find("object", raw, &[]).expect("read").unread.is_none());
    }
}
