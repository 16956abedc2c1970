//! Service accounts named anywhere in an object of any kind.
//!
//! A custom resource can start pods in ways nobody here has heard of:
//! `spec.driver.serviceAccount`, `sparkConf`, submit arguments in one long
//! string. So the whole object is walked, once, without building a tree of it,
//! and two things are kept: the values of fields that are called after a
//! service account, and reserved names inside any string or key.

use std::fmt::{self, Write as _};

use memchr::{memchr_iter, memmem};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{ReviewError, Text};

/// Deeper objects are reported instead of read: nobody's manifest is, and the
/// parser's own limit (128) must not be what decides.
pub const MAX_DEPTH: usize = 100;

/// One place that names a service account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Where, as `spec.driver.serviceAccount`.
    pub path: String,
    /// The service account named there, in lower case.
    pub name: String,
    /// A field called after a service account, or a name inside other text.
    pub field: bool,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct References {
    /// Every place, in document order.
    pub found: Vec<Reference>,
    /// Where the object went deeper than it can be read.
    pub too_deep: Option<String>,
}

/// Walks `raw`. `fixed` are further names to look for: job service accounts
/// that the policy declares for an operator and that lack the reserved prefix.
///
/// # Errors
///
/// [`ReviewError::Json`] naming `what` when the object is not valid JSON.
pub fn find(what: &'static str, raw: &RawValue, fixed: &[&str]) -> Result<References, ReviewError> {
    let mut walk = State {
        fixed,
        path: Vec::new(),
        out: References::default(),
    };
    let mut parser = serde_json::Deserializer::from_str(raw.get());
    match (Value {
        state: &mut walk,
        names: false,
    })
    .deserialize(&mut parser)
    {
        Ok(()) => Ok(walk.out),
        Err(_) if walk.out.too_deep.is_some() => Ok(walk.out),
        Err(error) => Err(ReviewError::json(what, &error)),
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
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Index(index) => write!(path, "[{index}]"),
                Step::Key(key) if key.contains(['.', '[', ' ']) => {
                    write!(path, "[\"{}\"]", super::shown(key, 80))
                }
                Step::Key(key) if path.is_empty() => write!(path, "{}", super::shown(key, 80)),
                Step::Key(key) => write!(path, ".{}", super::shown(key, 80)),
            };
        }
        path
    }

    fn keep(&mut self, name: String, field: bool) {
        let path = self.path();
        self.out.found.push(Reference { path, name, field });
    }

    /// A value. `names`: the field it stands in is called after a service account.
    fn value(&mut self, text: &str, names: bool) {
        if names {
            if !text.is_empty() {
                self.keep(text.to_ascii_lowercase(), true);
            }
        } else {
            self.mentions(text);
        }
    }

    fn mentions(&mut self, text: &str) {
        for name in reserved_names(text) {
            self.keep(name, false);
        }
        let whole = |byte: Option<&u8>| byte.is_none_or(|&byte| !in_name(byte));
        for name in self.fixed {
            let found = memmem::find_iter(text.as_bytes(), name).any(|at| {
                let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
                whole(before) && whole(text.as_bytes().get(at + name.len()))
            });
            if found {
                self.keep((*name).to_owned(), false);
            }
        }
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
        let length = rest.iter().take_while(|&&byte| in_name(byte)).count();
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

struct Value<'s, 'de, 'f> {
    state: &'s mut State<'de, 'f>,
    names: bool,
}

impl<'de> Value<'_, 'de, '_> {
    fn down<E: Error>(&mut self, step: Step<'de>) -> Result<(), E> {
        self.state.path.push(step);
        if self.state.path.len() > MAX_DEPTH {
            self.state.out.too_deep.get_or_insert_with(String::new);
            return Err(E::custom("too deep"));
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
        self.state.value(text, self.names);
        Ok(())
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
            self.state.mentions(&key);
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
        let raw = RawValue::from_string(json.to_owned()).expect("test JSON");
        let references = find("object", &raw, &["livy-runner"]).expect("valid");
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
    fn depth_is_reported_not_passed_over() {
        for depth in [101, 5_000, 100_000] {
            let json = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let raw = RawValue::from_string(json).expect("valid JSON");
            assert!(
                find("object", &raw, &[]).expect("read").too_deep.is_some(),
                "{depth}"
            );
        }
        let json = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let raw = RawValue::from_string(json).expect("valid JSON");
        assert!(find("object", &raw, &[]).expect("read").too_deep.is_none());
    }
}
