//! What is filled in, beside what `serde_json` reads.

use proptest::prelude::*;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::{fill, filled};
use crate::json::List;
use crate::json::Text;

/// Every kind of field, and a twin that `serde_json` reads.
#[derive(Debug, Default, PartialEq)]
struct Filled<'a> {
    text: Text<'a>,
    perhaps: Option<Text<'a>>,
    number: Option<i64>,
    truth: Option<bool>,
    list: List<Text<'a>>,
    inner: Option<Box<Filled<'a>>>,
}

filled!(Filled<'a> {
    text: "text",
    perhaps: "perhaps",
    number: "number",
    truth: "truth",
    list: "list",
    inner: "inner",
});

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
struct Twin {
    text: Option<String>,
    perhaps: Option<String>,
    number: Option<i64>,
    truth: Option<bool>,
    list: Option<Vec<Option<String>>>,
    #[serde(deserialize_with = "no_list")]
    inner: Option<Box<Twin>>,
}

/// `serde` takes a list for a struct.
fn no_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Twin>>, D::Error> {
    let text = Box::<RawValue>::deserialize(deserializer)?;
    if text.get().starts_with('[') {
        return Err(D::Error::custom("a list"));
    }
    serde_json::from_str(text.get()).map_err(D::Error::custom)
}

impl Twin {
    fn is(&self, filled: &Filled<'_>) -> bool {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let list = self.list.iter().flatten().map(text);
        text(&self.text) == filled.text.as_str()
            && self.perhaps.as_deref() == filled.perhaps.as_deref()
            && (self.number, self.truth) == (filled.number, filled.truth)
            && list.eq(filled.list.iter().map(Text::to_string))
            && match (&self.inner, &filled.inner) {
                (Some(twin), Some(filled)) => twin.is(filled),
                (None, None) => true,
                _ => false,
            }
    }
}

/// Objects with the twins' fields and others, in any order, right and wrong.
fn any_object() -> impl Strategy<Value = String> {
    let key = || {
        prop::sample::select(vec![
            "text",
            "perhaps",
            "number",
            "truth",
            "list",
            "inner",
            "other",
            "tex",
            "texts",
            "",
            r"t\u0065xt",
            r"\u0069nner",
            r#"te\"xt"#,
        ])
    };
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-7",
        "1.5",
        "99999999999999999999",
        r#""""#,
        r#""a""#,
        r#""\u00e9\"""#,
        r#""}""#,
        "[]",
        r#"["a",null,"b"]"#,
        "[1]",
        "{}",
        r#"{"a":"]"}"#,
        "[{}]",
    ]);
    let space = || prop::sample::select(vec!["", "", "", " ", "\n"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(4, 40, 6, move |inner| {
            let member =
                (space(), key(), space(), inner).prop_map(|(before, key, after, value)| {
                    format!("{before}\"{key}\"{after}:{after}{value}{before}")
                });
            prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(",")))
        })
}

proptest! {
    #[test]
    fn structs_are_filled_as_serde_json_reads_them(text in any_object()) {
        prop_assume!(text.starts_with('{'));
        let filled = fill::<Filled<'_>>(&text);
        match serde_json::from_str::<Twin>(&text) {
            Ok(twin) => prop_assert!(filled.is_ok_and(|filled| twin.is(&filled)), "{text}"),
            Err(_) => prop_assert!(filled.is_err(), "{text}"),
        }
    }
}
