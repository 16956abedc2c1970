//! This reader beside `serde_json`.

mod filled;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Error, Fill, ParseFault, Problem, Raw, Reader, Tree, fill, filled, from_str, write};
use crate::json::List;

/// Whether both take a text, and for the same.
fn agree(text: &str) -> bool {
    let theirs = serde_json::from_str::<Value>(text).ok();
    let raw = serde_json::from_str::<&RawValue>(text).ok();
    from_str::<Tree>(text).ok().map(|Tree(value)| value) == theirs
        && from_str::<Raw<'_>>(text).ok().map(Raw::get) == raw.map(RawValue::get)
}

#[test]
fn what_is_json() {
    for text in [
        "",
        " ",
        "{}",
        "[]",
        " [ 1 , 2 ]\n",
        "{\"a\":1}",
        "{ \"a\" : 1 , \"b\" : [ ] }",
        "{\"a\":1,}",
        "{,}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1",
        "[1",
        "{]",
        "[}",
        "1 2",
        "\"\"",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"a\\nb\\/\\u0041\"",
        "\"\\u00g1\"",
        "\"\\u12\"",
        "\"\\x\"",
        "\"\\ud83d\\ude00\"",
        "\"tab\tin it\"",
        "\"\u{1f}\"",
        "\"\u{7f}é€😀\"",
        "0",
        "-0",
        "01",
        "-",
        "1.",
        ".5",
        "1.5e",
        "1.5e+3",
        "1E-2",
        "1e400",
        "18446744073709551616",
        "true",
        "tru",
        "truee",
        "null",
        "nul",
        "falsy",
        "\u{feff}1",
        "NaN",
        "'a'",
        "/**/1",
    ] {
        assert!(agree(text), "{text:?}");
    }
}

/// Eight bytes are looked at together: none hides another, wherever it stands.
#[test]
fn every_character_at_every_place_of_a_string() {
    let ascii = (0..=0x7f_u8).map(char::from);
    for character in ascii.chain(['é', '€', '😀']) {
        // What is one above and one below a quote, and one above a backslash.
        for beside in ["#", "!", "]"] {
            for place in 0..18 {
                let (before, after) = (beside.repeat(place), beside.repeat(9));
                let text = format!("\"{before}{character}{after}\"");
                assert!(agree(&text), "{text:?}");
            }
        }
    }
}

/// Long strings are gone over by blocks.
#[test]
fn every_place_of_a_long_string() {
    for place in 0..200 {
        for special in ["\"", "\\", "\\n", "\u{1f}", "\u{80}", "!"] {
            let text = format!(
                "\"{}{special}{}\"",
                "x".repeat(place),
                "#".repeat(200 - place)
            );
            assert!(agree(&text), "{text}");
        }
    }
}

/// Strings with many escapes are gone over by blocks, too. What is wrong stands at
/// every place of a block and of its neighbours.
#[test]
fn every_place_among_many_escapes() {
    for filler in [
        "\\n",
        "\\u003c",
        "\\\"",
        "\\\\",
        "\\ud83d\\ude00",
        "a\\t",
        "é\\/",
    ] {
        for special in [
            "",
            "x",
            "\"",
            "\\",
            "\\x",
            "\\u00g0",
            "\\u12",
            "\\ud83d",
            "\\ude00",
            "\u{1f}",
            "\\u0000",
            "\\uD83D\\uDE00",
            "\\ud83d\\u0041",
            "\\ud83dx",
            "\\u00e9",
            "\\uFFFF",
            "😀",
        ] {
            for before in 0..80 {
                let text = format!(
                    "\"{}{special}{}\"",
                    filler.repeat(before),
                    filler.repeat(70)
                );
                assert!(agree(&text), "{text}");
                assert!(agree(&text[..text.len() - 1]), "no end: {text}");
                let passed = serde_json::from_str::<&RawValue>(&text).is_ok();
                assert_eq!(Raw::parse(&text).is_ok(), passed, "{text}");
            }
        }
    }
}

#[test]
fn half_a_character_is_no_string() {
    // As in serde_json it may stand where nobody reads the string.
    let text = r#"{"a":"\ud83d"}"#;
    assert!(agree(text) && Raw::parse(text).is_ok());
    assert!(from_str::<Value>(text).is_err());
}

#[test]
fn deep_texts() {
    for depth in [63, 64, 65, 127, 128, 129, 1_000, 300_000] {
        let text = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        assert_eq!(Raw::parse(&text).map(Raw::get), Ok(&*text), "{depth}");
        let wrong = text.replace("1}", "1]");
        assert!(Raw::parse(&wrong).is_err(), "{depth}");
        let cut = text.get(..text.len() - 1).expect("ASCII");
        assert_eq!(
            Raw::parse(cut).map_err(|error| error.problem),
            Err(Problem::Early)
        );
    }
    assert!(agree(&format!("{}{}", "[".repeat(127), "]".repeat(127))));
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    let refused = from_str::<Value>(&deep).map_err(|error| error.problem);
    assert_eq!(refused, Err(Problem::Deep));
}

#[test]
fn problems_have_a_place() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Named {
        name: String,
    }
    for (text, problem, line, column) in [
        ("{\n \"name\": x}", Problem::Syntax, 2, 10),
        ("{\"name\":\"x\"", Problem::Early, 1, 12),
        ("{\"name\":7}", Problem::Shape, 1, 9),
        ("{\"name\":\"x\",\"name\":\"y\"}", Problem::Shape, 1, 19),
        ("[\"x\"]", Problem::Shape, 1, 1),
        ("{\"name\":\"x\"} 1", Problem::Syntax, 1, 14),
        ("{\"name\":\"\\ud83d\"}", Problem::Syntax, 1, 16),
    ] {
        let error = from_str::<Named>(text).expect_err(text);
        assert_eq!(
            (error.problem, error.line, error.column),
            (problem, line, column),
            "{text}"
        );
    }
}

#[derive(Debug, Default)]
struct Pair {
    a: Option<i64>,
    b: Option<i64>,
}

filled!(Pair { a: "a", b: "b" });

/// A text, and the pair where it begins like one.
#[derive(Default)]
struct RawAndPair<'a> {
    raw: Raw<'a>,
    pair: Option<Pair>,
}

impl<'de: 'a, 'a> Fill<'de> for RawAndPair<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        let begins = |text: &str| text.starts_with("{\"a\"");
        (self.raw, self.pair) = Raw::read_with(reader, begins)?;
        Ok(())
    }
}

type Both<'a> = List<RawAndPair<'a>>;

fn both(text: &str) -> Result<Both<'_>, Error> {
    fill(text)
}

#[test]
fn a_text_and_what_it_says() {
    let text = r#"[ {"a":12, "b":3} ,{"b":1,"a":2},{"a":1,"b":"x"}, 7 , {"a":1,"a":1}]"#;
    let read: Both<'_> = both(text).expect("all of it is JSON");
    let texts: Vec<_> = read.iter().map(|both| both.raw.get()).collect();
    assert_eq!(
        texts,
        [
            r#"{"a":12, "b":3}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,"b":"x"}"#,
            "7",
            r#"{"a":1,"a":1}"#,
        ]
    );
    let says: Vec<_> = read.iter().map(|both| both.pair.is_some()).collect();
    assert_eq!(says, [true, false, false, false, false]);
    let first = read.first().and_then(|both| both.pair.as_ref());
    assert_eq!(
        first.map(|pair| (pair.a, pair.b)),
        Some((Some(12), Some(3)))
    );
    for broken in [r#"[{"a":1,"b":"x"]"#, r#"[{"a":1"#, r#"[{"a":tru}]"#] {
        assert!(both(broken).is_err(), "{broken}");
    }
    // Giving up halfway down leaves no level behind.
    let many = format!("[{}]", vec![r#"{"a":1,"b":[[[1]]]}"#; 200].join(","));
    assert_eq!(both(&many).map(|all| all.len()), Ok(200));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(text in "[a-z\"\\\\/é😀\u{0}-\u{20}\u{7f}]{0,40}") {
        let mut out = Vec::new();
        write(&mut out, &text);
        let written = String::from_utf8(out).expect("UTF-8");
        prop_assert_eq!(serde_json::from_str::<String>(&written).ok(), Some(text));
    }
}

/// JSON as text, with white space and escapes where they may stand.
fn any_json() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["", "", " ", "\n\t", "\r"]);
    let string = prop_oneof![
        "[a-z\"\\\\/é😀 \u{0}-\u{20}]{0,20}".prop_map(|text| Value::from(text).to_string()),
        prop::sample::select(vec![
            r#""\u0041\ud83d\ude00""#.to_owned(),
            r#""\/\b\f""#.to_owned(),
            r#""\udc00""#.to_owned(),
        ]),
    ];
    let leaf = prop_oneof![
        prop::sample::select(vec!["null", "true", "false", "0", "-1", "1.5e3", "1e999"])
            .prop_map(str::to_owned),
        any::<f64>().prop_map(|number| Value::from(number).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        string.clone(),
    ];
    let spaced = (space.clone(), leaf, space.clone()).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
    spaced.prop_recursive(6, 60, 6, move |inner| {
        let member = (string.clone(), space.clone(), inner.clone())
            .prop_map(|(key, space, value)| format!("{space}{key}{space}:{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn takes_what_serde_json_takes(text in any_json()) {
        prop_assert!(agree(&text), "{text}");
    }

    /// One character changed, left out or put in.
    #[test]
    fn refuses_what_serde_json_refuses(
        text in any_json(),
        place in any::<prop::sample::Index>(),
        other in prop::sample::select(vec!["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "e", " ", "\u{1}", "é"]),
        instead in any::<bool>(),
    ) {
        let places: Vec<_> = text.char_indices().collect();
        prop_assume!(!places.is_empty());
        let (at, old) = *place.get(&places);
        let end = if instead { at + old.len_utf8() } else { at };
        let changed = [text.get(..at).expect("a place"), other, text.get(end..).expect("a place")].concat();
        prop_assert!(agree(&changed), "{changed}");
    }
}

/// What nobody reads ends where it ends for those who read it.
fn passes_to_the_end(text: &str) -> bool {
    let followed = format!("{text}]}} \"{{[");
    let mut reader = Reader::new(&followed);
    reader.pass().is_ok() && reader.at == text.len()
}

#[test]
fn what_nobody_reads_at_every_offset() {
    for inner in [
        r"{}",
        r#"{"}":"]","{":["[","{"]}"#,
        r#"["\"}","\\",{"\\\"]":"\\\\\""}]"#,
        r#"{"k:{\"name\":\"AWS_REGION\"}":{".":{},"f:name":{}}}"#,
    ] {
        // Every character of it at either side of a block's end.
        for before in 0..130 {
            let text = format!(
                "[{}{inner},\"{}\"]",
                " ".repeat(before),
                r#"\\\""#.repeat(40)
            );
            assert!(passes_to_the_end(&text), "{text}");
            let cut = text.get(..text.len() - 1).expect("ASCII");
            assert_eq!(
                Reader::new(cut)
                    .pass()
                    .map_err(|fault| fault.in_text(cut, 0).problem),
                Err(Problem::Early)
            );
        }
    }
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    assert!(passes_to_the_end(&deep));
}

proptest! {
    #[test]
    fn what_is_not_read_ends_where_it_ends(text in any_json()) {
        let text = text.trim_matches([' ', '\n', '\r', '\t']);
        prop_assert!(passes_to_the_end(text), "{text}");
    }
}

/// Strings of pieces that end anywhere in a block, wrong ones among them.
fn many_escapes() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "\\n", "\\t", "\\\\", "\\\"", "\\/", "\\u003c", "\\u003E", "\\u0026", "\\u2028", "\\u00e9", "\\uFFFF",
            "\\u0000", "\\u007f", "\\u0080", "\\u07ff", "\\u0800", "\\ud7ff", "\\ue000", "\\ud83d\\ude00", "\\uD800\\uDC00", "\\udbff\\udfff",
        ]),
        2 => prop::sample::select(vec!["x", "u", "n", "é", "😀", " ", "003c", "{", "}", "[", "]", ",", ":"]),
        1 => prop::sample::select(vec![
            "\"", "\\", "\\x", "\\u", "\\u1", "\\u12", "\\u123", "\\u12g4", "\\ud83d", "\\ude00", "\\ud83d\\n", "\\ud83d\\u0041",
            "\\ud83d\\ud83d", "\u{1f}", "\n", "\0", "\u{7f}", "\\U0041", "\\é", "\\u00é", "\\u١٢٣٤", "\\ ", "\\\u{1f}",
        ]),
    ];
    let run = (
        piece,
        prop_oneof![5 => 1..4_usize, 2 => 5..40_usize, 1 => 60..70_usize],
    )
        .prop_map(|(piece, count)| piece.repeat(count));
    prop::collection::vec(run, 0..24).prop_map(|runs| runs.concat())
}

proptest! {
    #[test]
    fn agrees_about_many_escapes(inside in many_escapes(), spaces in 0..70_usize, ends in any::<bool>()) {
        let end = if ends { "\"" } else { "" };
        let text = format!("{}\"{inside}{end}", " ".repeat(spaces));
        prop_assert!(agree(&text), "{text:?}");
        // As a key, as a value that is skipped, as one that is read.
        let object = format!("{{\"{inside}{end}:[\"{inside}{end}],\"a\":\"{inside}{end}}}");
        prop_assert!(agree(&object), "{object:?}");
    }
}
