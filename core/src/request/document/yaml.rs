//! YAML as `kubectl` takes it: the words of YAML 1.1 (`yes`, `on`, `0400`), merge keys, and
//! of a key that is given twice the last value.

use std::collections::HashMap;

use granit_parser::{Event, Parser};
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::DocumentError;
use super::merged::Merged;
use crate::names::shown;

/// The documents of a text.
pub(super) fn values(text: &str) -> Result<Vec<Value>, DocumentError> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        legacy_octal_numbers: true,
        // Files of the user's own, such as all roles and bindings of a large cluster.
        // Aliases keep their limits: a short text must not become a long one.
        budget: serde_saphyr::budget! {
            max_documents: 1_000_000,
            max_events: 100_000_000,
            max_nodes: 50_000_000,
            max_total_scalar_bytes: 1 << 30,
        },
    };
    let read = serde_saphyr::from_multiple_with_options::<Merged>(text, options);
    let values = read.map_err(|error| {
        if let Some(template) = template(text) {
            return template;
        }
        let at = error.location();
        let (line, column) = at.map_or((0, 0), |at| (at.line(), at.column()));
        DocumentError::Yaml {
            line,
            column,
            key: key_before(text, line),
        }
    })?;
    let values: Vec<Value> = values.into_iter().map(|Merged(value)| value).collect();
    if values.iter().any(is_template)
        && let Some(template) = template(text)
    {
        return Err(template);
    }
    Ok(values)
}

/// Whether brackets of Helm are left in an object, in quotes. Argo and others replace such
/// brackets too, but later, in a cluster; and a `ConfigMap` may hold a template.
fn is_template(object: &Value) -> bool {
    let metadata = &object["metadata"];
    let names = ["name", "generateName", "namespace"].map(|key| &metadata[key]);
    let has_brackets = |name: &Value| name.as_str().is_some_and(|name| name.contains("{{"));
    names.into_iter().any(has_brackets) || has_helm(object)
}

/// Whether a text of the object, other than data and notes, refers to what only Helm knows.
fn has_helm(value: &Value) -> bool {
    const CARRIERS: [&str; 4] = ["annotations", "binaryData", "data", "stringData"];
    const WORDS: [&str; 6] = [
        ".Values",
        ".Release",
        ".Chart",
        ".Capabilities",
        "include ",
        "tpl ",
    ];
    match value {
        Value::String(text) => text.split("{{").skip(1).any(|code| {
            let code = code.trim_start_matches('-').trim_start();
            WORDS.iter().any(|word| code.starts_with(word))
        }),
        Value::Array(values) => values.iter().any(has_helm),
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| !CARRIERS.contains(&key.as_str()) && has_helm(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The error for a text with the brackets of Helm and its like, at the first of them.
fn template(text: &str) -> Option<DocumentError> {
    let lines = text.lines().zip(1..);
    let is_code = |line: &str| !line.trim_start().starts_with('#');
    let mut templates = lines.filter(|(line, _)| line.contains("{{") && is_code(line));
    let (_, line) = templates.next()?;
    Some(DocumentError::Template {
        line,
        key: key_before(text, line),
    })
}

/// The key in this line or in the nearest one above that has one.
fn key_before(text: &str, line: u64) -> String {
    let count = usize::try_from(line).unwrap_or(usize::MAX);
    let lines: Vec<&str> = text.lines().take(count).collect();
    let key = lines.into_iter().rev().find_map(|line| {
        let line = line.trim_start().trim_start_matches("- ");
        let (key, _) = line
            .split_once(": ")
            .or_else(|| Some((line.strip_suffix(':')?, "")))?;
        let key = key.trim().trim_matches(['"', '\'']);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        (!key.is_empty() && key.chars().all(plain)).then_some(key)
    });
    shown(key.unwrap_or_default(), 100)
}

/// For an error: ` (key spec)`.
pub(super) fn after(key: &str) -> String {
    match key {
        "" => String::new(),
        key => format!(" (key `{key}`)"),
    }
}

/// A key that a mapping has twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The key, escaped.
    pub key: String,
    /// The lines of the first and of the last value, from 1.
    pub lines: (usize, usize),
}

/// The keys of a file that are given twice. `kubectl` drops the first value without a word;
/// Argo CD, Flux and Helm refuse such a file.
#[must_use]
pub fn given_twice(bytes: &[u8]) -> Vec<Twice> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Vec::new();
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        return Vec::new();
    }
    let mut found: Vec<Twice> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        let line = span.start.line();
        match event {
            Event::Scalar(key, ..) => {
                if let Some(Open::Mapping { keys, is_key }) = open.last_mut()
                    && *is_key
                    && &*key != "<<"
                    && let Some(first) = keys.insert(key.to_string(), line)
                {
                    found.push(Twice {
                        key: shown(&key, 200),
                        lines: (first, line),
                    });
                }
                next(&mut open);
            }
            Event::Alias(_) => next(&mut open),
            Event::SequenceStart(..) => open.push(Open::Sequence),
            Event::MappingStart(..) => open.push(Open::Mapping {
                keys: HashMap::new(),
                is_key: true,
            }),
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
                next(&mut open);
            }
            _ => {}
        }
    }
    found
}

/// A collection that has not ended.
enum Open {
    Sequence,
    Mapping {
        /// Each key with its line.
        keys: HashMap<String, usize>,
        /// Whether a key comes next.
        is_key: bool,
    },
}

/// A key or a value has ended.
fn next(open: &mut [Open]) {
    if let Some(Open::Mapping { is_key, .. }) = open.last_mut() {
        *is_key = !*is_key;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::split;
    use super::{Twice, given_twice, values};

    /// The roles of a large cluster, as `kubectl get -o yaml` prints them, or one by one.
    #[test]
    fn large_files_and_short_ones_that_grow() {
        let items = "- kind: Role\n  rules: [{verbs: [get, list], resources: [pods, services]}]\n";
        let list = format!("kind: List\nitems:\n{}", items.repeat(30_000));
        assert_eq!(split(list.as_bytes()).expect("YAML").len(), 30_000);
        let documents = "---\nkind: Role\n".repeat(3_000);
        assert_eq!(split(documents.as_bytes()).expect("YAML").len(), 3_000);
        // Ten of ten of ten …
        let levels = (1..9).map(|level| {
            let ten = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("a{level}: &a{level} [{ten}]\n")
        });
        let first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        let grows: String = std::iter::once(first).chain(levels).collect();
        assert!(split(grows.as_bytes()).is_err());
    }

    #[test]
    fn words_of_yaml_1_1_and_the_last_of_two_values() {
        let read = |text: &str| values(text).expect("YAML");
        assert_eq!(
            read("a: yes\nb: off\nc: 0400\nd: \"yes\"\ne: True\nf: 010.5\ng: null\nh: 1_000\n"),
            [json!({
                "a": true, "b": false, "c": 256, "d": "yes", "e": true, "f": 10.5, "g": null,
                "h": 1000,
            })]
        );
        assert_eq!(read("a: 1\nb: 2\na: 3\n"), [json!({ "a": 3, "b": 2 })]);
        assert_eq!(
            read("x: &x {a: 1, b: 1}\ny: {<<: *x, b: 2}\n"),
            [json!({ "x": { "a": 1, "b": 1 }, "y": { "a": 1, "b": 2 } })]
        );
    }

    /// What `kubectl label --local -o json` prints for each.
    #[test]
    fn of_a_member_and_a_merged_one_the_later_counts() {
        let x = "x: &x {a: 1, b: 1}\n";
        for (y, expected) in [
            ("{<<: *x, b: 2}", json!({ "a": 1, "b": 2 })),
            ("{b: 2, <<: *x}", json!({ "a": 1, "b": 1 })),
            ("{a: 2, <<: *x, b: 2}", json!({ "a": 1, "b": 2 })),
            (
                "{b: 2, <<: [{b: 3, c: 3}, *x]}",
                json!({ "a": 1, "b": 3, "c": 3 }),
            ),
            ("{<<: {a: 5}, <<: *x}", json!({ "a": 1, "b": 1 })),
            ("[{<<: *x, b: [z]}]", json!([{ "a": 1, "b": ["z"] }])),
        ] {
            let read = values(&format!("{x}y: {y}\n")).expect(y);
            assert_eq!(
                read,
                [json!({ "x": { "a": 1, "b": 1 }, "y": expected })],
                "{y}"
            );
        }
        assert_eq!(values("\"<<\": d").expect("YAML"), [json!({ "<<": "d" })]);
    }

    #[test]
    fn keys_that_are_given_twice() {
        let twice = |key: &str, lines| Twice {
            key: key.to_owned(),
            lines,
        };
        for (text, expected) in [
            ("a: 1\nb: {a: 1}\nc: [{a: 1}, {a: 2}]\n", vec![]),
            ("a: 1\nb: 2\na: 3\n", vec![twice("a", (1, 3))]),
            ("s:\n- x: {k: 1, k: 2}\n  y: 1\n", vec![twice("k", (2, 2))]),
            ("a: 1\n---\na: 1\n", vec![]),
            ("k: a\nv: a\n? [x]\n: 1\nk: b\n", vec![twice("k", (1, 5))]),
        ] {
            assert_eq!(given_twice(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn sentences() {
        for (text, words) in [
            (
                "metadata:\n  name: {{ .Release.Name }}-x\n",
                "it is a template, not YAML: line 2 (key `name`); render it first, as `helm template … | rolegate review -`",
            ),
            (
                "{{- if .Values.on }}\na: 1\n{{- end }}\n",
                "it is a template, not YAML: line 1; render it first",
            ),
            (
                "metadata:\n  namespace: {{NAMESPACE}}\n",
                "line 2 (key `namespace`)",
            ),
            (
                "kind: Pod\nmetadata: {name: a}\nspec:\n  serviceAccountName: \"{{ .Values.sa }}\"\n",
                "it is a template, not YAML: line 4 (key `serviceAccountName`)",
            ),
            (
                "metadata:\n  name: '{{ app }}'\n",
                "it is a template, not YAML: line 2 (key `name`)",
            ),
            ("spec:\n  a: [\n", "(key `a`)"),
            (
                "[{\"kind\":\"Pod\"}]",
                "it is a list, not a manifest; write its elements as documents separated by `---`, or as `items` of a `kind: List`",
            ),
            ("--- \nhello\n", "it is a text, not a manifest"),
            ("kind: Pod\n---\n7\n", "it is a number, not a manifest"),
            ("\t\n# nothing\n", "it contains no document"),
            ("{\"a\":", "ends too early"),
        ] {
            let said = split(text.as_bytes()).expect_err("no YAML").to_string();
            assert!(said.contains(words), "{text}: {said}");
        }
        for (text, count) in [
            ("kind: List\nitems: []\n", 0),
            ("{\"kind\":\"List\",\"items\":[]}", 0),
            ("# one\n---\nkind: Pod\n---\n# two\n", 1),
            ("\u{feff}kind: Pod\r\nspec: {}\r\n", 1),
            ("\u{feff}{\"kind\":\"Pod\"}", 1),
            ("{kind: Pod}", 1),
            // Argo replaces it, and a ConfigMap carries it.
            (
                "kind: Workflow\nspec: {args: ['{{inputs.parameters.x}}']}\n",
                1,
            ),
            ("kind: ConfigMap\ndata: {t: '{{ .Values.x }}'}\n", 1),
        ] {
            assert_eq!(split(text.as_bytes()).expect(text).len(), count, "{text}");
        }
    }
}
