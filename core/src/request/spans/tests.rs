use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Spans;
use crate::request::document::{self, Document};
use crate::request::{Path, Segment};

fn split(text: &str) -> Vec<Document> {
    document::split(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn at(spans: &Spans, path: &str) -> String {
    let at = spans.at(&Path::parse_dotted(path));
    at.map_or_else(|| "nowhere".to_owned(), |at| at.to_string())
}

/// Each text's first object.
fn check(rows: &[(&str, &[(&str, &str)])]) {
    for (text, places) in rows {
        agrees(text).unwrap_or_else(|error| panic!("{error}"));
        let documents = split(text);
        for (path, expected) in *places {
            assert_eq!(
                at(documents[0].spans(), path),
                *expected,
                "{path} in {text}"
            );
        }
    }
}

#[test]
fn yaml() {
    check(&[
        (
            "# first\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: b\n  -   name: c\n",
            &[
                ("", "2:1"),
                ("kind", "3:1"),
                ("spec", "4:1"),
                ("spec.containers", "5:3"),
                ("spec.containers[0]", "6:5"),
                ("spec.containers[0].name", "6:5"),
                ("spec.containers[0].image", "7:5"),
                ("spec.containers[1].name", "8:7"),
            ],
        ),
        // A missing value has the position of its nearest parent.
        (
            "kind: Pod\nspec:\n  a: 1\n  b:\n    - c\n",
            &[
                ("spec.nodeName", "2:1"),
                ("spec.a.b.c", "3:3"),
                ("spec.b[7].x", "4:3"),
                ("spec.b.c", "4:3"),
                ("spec[0]", "2:1"),
                ("metadata.labels", "1:1"),
            ],
        ),
        // Flow style, over lines, with comments and quoted keys.
        (
            "---\nmetadata: { name: x, \"labels\": { 'a.b/c': d, # no\n  e: [1, {f: g},\n   [h]] } }\n",
            &[
                ("metadata.name", "2:13"),
                ("metadata.labels", "2:22"),
                ("metadata.labels[\"a.b/c\"]", "2:34"),
                ("metadata.labels[a.b/c]", "2:34"),
                ("metadata.labels.e", "3:3"),
                ("metadata.labels.e[0]", "3:7"),
                ("metadata.labels.e[1].f", "3:11"),
                ("metadata.labels.e[2]", "4:4"),
                ("metadata.labels.e[2][0]", "4:5"),
            ],
        ),
        // Columns count characters; the contents of block texts are ignored.
        (
            "a: {\"ä\\u00e9\": 1, b: 2}\ntext: |\n  kind: no\n  b: c\nmore: >-\n  x\n\n  y: z\nend: 1\n",
            &[
                ("a.b", "1:19"),
                ("text.kind", "2:1"),
                ("more", "5:1"),
                ("end", "9:1"),
                ("a[\"äé\"]", "1:5"),
            ],
        ),
        ("a: 1\r\nb:\r\n  - c\r\n", &[("b", "2:1"), ("b[0]", "3:5")]),
        // Keys that are not strings, and explicit keys.
        (
            "1: a\ntrue: b\n? long\n: c\n\"<<\": d\n",
            &[
                ("[\"1\"]", "1:1"),
                ("true", "2:1"),
                ("long", "3:3"),
                ("[\"<<\"]", "5:1"),
            ],
        ),
        // A key is its text, whatever type it looks like.
        (
            "0x10: a\n010: b\n1.50: c\n!!str e: f\nyes: g\n2020-01-01: i\n",
            &[
                ("[\"1.50\"]", "3:1"),
                ("yes", "5:1"),
                ("[\"2020-01-01\"]", "6:1"),
            ],
        ),
        // Missing and null values.
        (
            "a:\nb:\n  -\n  - ~\nc: null\n",
            &[("b[1]", "4:5"), ("c", "5:1"), ("a", "1:1")],
        ),
    ]);
}

/// The position is that of the value's own text.
#[test]
fn repetitions_of_yaml() {
    check(&[
        (
            "base: &env\n  - name: A\n  - &b { name: B }\nx: *env\ny:\n  - *b\n  - *b\n",
            &[
                ("x", "4:1"),
                ("x[0]", "2:5"),
                ("x[1].name", "3:10"),
                ("y[1]", "7:5"),
                ("y[1].name", "3:10"),
                ("y[1].value", "7:5"),
            ],
        ),
        // The last of a member and a merged one; the first of a list of merged objects.
        (
            "a: &a { p: 1, q: 1 }\nb: &b\n  <<: *a\n  q: 2\n  r: 2\nc:\n  r: 3\n  <<: [ *b, {s: 4, p: 5}, *a ]\nd:\n  <<: { t: 6 }\n",
            &[
                ("b.p", "1:9"),
                ("b.q", "4:3"),
                ("c.p", "1:9"),
                ("c.q", "4:3"),
                ("c.r", "5:3"),
                ("c.s", "8:14"),
                ("c.t", "6:1"),
                ("d.t", "10:9"),
            ],
        ),
        // An anchor may be redefined, and its text may be used as a key.
        (
            "a: &x {k: 1}\nb: *x\nc: &x {k: 2}\nd: *x\ne: &key f\n*key : 3\n",
            &[("b.k", "1:8"), ("d.k", "3:8"), ("f", "6:1")],
        ),
    ]);
}

#[test]
fn json() {
    check(&[
        (
            "{\"kind\":\"Pod\",\n  \"spec\" : {\"a\": [1, -2.5e3, true,{\"b\":null}] }\n}",
            &[
                ("", "1:1"),
                ("kind", "1:2"),
                ("spec", "2:3"),
                ("spec.a", "2:13"),
                ("spec.a[0]", "2:19"),
                ("spec.a[1]", "2:22"),
                ("spec.a[3]", "2:35"),
                ("spec.a[3].b", "2:36"),
                ("spec.a[4]", "2:13"),
                ("spec.b", "2:3"),
            ],
        ),
        // Escapes, brackets in texts, characters of several bytes, empty things.
        (
            "\n {\"a\\\"\\\\\":\"}]\\\"{\",\"\\u00e4\":\"€𝄞\",\"c\":{},\"d\":[],\"e\":\"\"}",
            &[
                ("", "2:2"),
                ("[\"a\\\"\\\\\"]", "2:3"),
                ("[\"ä\"]", "2:19"),
                ("c", "2:33"),
                ("d", "2:40"),
                ("e", "2:47"),
            ],
        ),
        // The last of two members with one name, as in the parsed object.
        (
            "{\"a\":1,\n\"a\":{\"b\":2},\n\"c\":3}",
            &[("a", "2:1"), ("a.b", "2:6")],
        ),
    ]);
}

#[test]
fn every_document_and_item_has_its_own() {
    let rows: &[(&str, &[&str])] = &[
        (
            "kind: A\n---\n# none\n---\n~\n---\nkind: B\n...\n---\nkind: C\n",
            &["1:1", "7:1", "10:1"],
        ),
        ("---\n---\nkind: A\n", &["3:1"]),
        (
            "kind: X\n---\nkind: PodList\nitems:\n  - kind: A\n  - {kind: B}\n---\nkind: C\n",
            &["1:1", "5:5", "6:6", "8:1"],
        ),
        ("x: &x\n  - kind: A\nkind: List\nitems: *x\n", &["2:5"]),
        (
            "{\"kind\":\"A\"}{\"kind\":\"B\"}\n {\"kind\":\"C\"}",
            &["1:2", "1:14", "2:3"],
        ),
        (
            "{\"kind\":\"List\",\"items\":[{\"kind\":\"A\"},\n{\"kind\":\"B\"}]} {\"kind\":\"C\"}",
            &["1:26", "2:2", "2:17"],
        ),
    ];
    for (text, expected) in rows {
        let documents = split(text);
        let found: Vec<_> = documents
            .iter()
            .map(|one| at(one.spans(), "kind"))
            .collect();
        assert_eq!(found, *expected, "{text}");
        let numbers: Vec<_> = documents.iter().map(Document::number).collect();
        assert_eq!(numbers, (1..=expected.len()).collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn the_object_of_a_review() {
    let wrap = document::Wrap {
        user: crate::request::SampleUser::person("alice", &[]),
        namespace: "default".into(),
        operation: crate::request::Operation::Create,
        old: None,
        name: None,
    };
    for (request, expected) in [
        ("\"object\": {\n\"a\": 1}", "2:1"),
        (
            "\"object\": {\n\"a\": 1},\n\"oldObject\": {\n\"a\": 1}",
            "2:1",
        ),
        ("\"object\": null,\n\"oldObject\": {\n\"a\": 1}", "3:1"),
        ("\"object\": null", "nowhere"),
        ("\"a\": 1", "nowhere"),
    ] {
        let text = format!("{{\"kind\":\"AdmissionReview\",\"request\":{{{request}}}}}");
        let document = split(&text).pop().expect("one");
        let sent = document.into_review(&wrap).expect("a review");
        assert_eq!(sent.review, text);
        assert_eq!(at(&sent.spans, "a"), expected, "{text}");
    }
    // A member `request` in an object of another kind does not make it a review.
    let text = "apiVersion: a/v1\nkind: Mine\nrequest:\n  object:\n    b: 1\na: 2\n";
    let sent = split(text).pop().expect("one").into_review(&wrap);
    assert_eq!(at(&sent.expect("a review").spans, "a"), "6:1");
}

#[test]
fn no_text_is_shown() {
    let spans = split("kind: Secret\n")[0].spans().clone();
    assert!(!format!("{spans:?}").contains("Secret"));
}

/// Some megabytes each. They would take minutes if the file were counted through for
/// every object or position.
#[test]
fn large_files() {
    const COUNT: usize = 40_000;
    let last = COUNT - 1;
    let mut yaml = String::from("kind: ConfigMap\ndata:\n");
    let mut objects = String::from("{\"kind\":\"List\",\"items\":[");
    let mut elements = String::from("kind: X\nlist:\n");
    for index in 0..COUNT {
        let text = "x".repeat(100);
        let comma = if index == 0 { "" } else { "," };
        writeln!(yaml, "  key{index}: {text}").expect("written");
        write!(objects, "{comma}{{\"kind\":\"Pod\",\"é\":\"{text}\"}}").expect("written");
        writeln!(elements, "  - {text}").expect("written");
    }
    objects.push_str("]}");
    let document = &split(&yaml)[0];
    assert_eq!(
        at(document.spans(), &format!("data.key{last}")),
        format!("{}:3", COUNT + 2)
    );
    let document = &split(&elements)[0];
    assert_eq!(
        at(document.spans(), &format!("list[{last}]")),
        format!("{}:5", COUNT + 2)
    );
    // One line, with a position in every object.
    let documents = split(&objects);
    assert_eq!(documents.len(), COUNT);
    let first = objects.find("\"é\"").expect("there") + 1;
    let length = 100 + "{\"kind\":\"Pod\",\"é\":\"\"},".chars().count();
    for (index, document) in documents.iter().enumerate() {
        assert_eq!(
            at(document.spans(), "é"),
            format!("1:{}", first + index * length)
        );
    }
}

/// Deeply nested text needs no stack.
#[test]
fn deep_files() {
    let depth = 200_000;
    let junk = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let text = format!("{{\"kind\":\"X\",\"a\":{junk},\n\"b\":1}}");
    assert_eq!(at(split(&text)[0].spans(), "b"), "2:1");
}

/// The paths of all values in `value`.
fn paths(value: &Value, path: &Path, out: &mut Vec<Path>) {
    out.push(path.clone());
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| paths(value, &path.clone().key(key.clone()), out)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| paths(value, &path.clone().index(index), out)),
        _ => {}
    }
}

/// Every value is found, at the position of its key.
fn agrees(text: &str) -> Result<(), TestCaseError> {
    let lines: Vec<Vec<char>> = text
        .split('\n')
        .map(|line| line.chars().collect())
        .collect();
    for document in split(text) {
        let spans = document.spans();
        let outline = spans.file.outline();
        let object = spans.object(outline).expect("an object");
        let value: Value = serde_json::from_str(document.text()).expect("JSON");
        let mut all = Vec::new();
        paths(&value, &Path::root(), &mut all);
        for path in all {
            let mut value = object;
            for segment in path.segments() {
                let next = outline.step(value, segment);
                prop_assert!(next.is_some(), "{path} is nowhere in {text}");
                value = next.unwrap_or_default();
            }
            let at = spans.at(&path).expect("a position");
            let line = &lines[at.line as usize - 1];
            prop_assert!(
                (at.column as usize) <= line.len() + 1,
                "{path} at {at} in {text}"
            );
            if let Some(Segment::Key(key)) = path.segments().last() {
                let rest: String = line[at.column as usize - 1..].iter().collect();
                let bare = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
                prop_assert!(
                    !bare
                        || rest.starts_with('*')
                        || rest.trim_start_matches(['"', '\'']).starts_with(&**key),
                    "{path} at {at} in {text}"
                );
            }
        }
    }
    Ok(())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z:#&*!|> \n'\"\\\\é-]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z0-9 .\"/é<-]{1,5}|[a-z]{1,3}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn all_of_any_json(value in value(), pretty in any::<bool>()) {
        let value = json!({ "kind": "X", "spec": value });
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        agrees(&text.expect("JSON"))?;
    }

    #[test]
    fn all_of_any_yaml(value in value(), before in any::<bool>()) {
        let value = json!({ "kind": "X", "spec": value });
        let text = serde_saphyr::to_string(&value).expect("YAML");
        // A mapping under a quoted `<<` is merged: the parser does not say what is quoted.
        prop_assume!(!text.contains("\"<<\":"));
        agrees(&if before { format!("---\n~\n---\n{text}") } else { text })?;
    }
}
