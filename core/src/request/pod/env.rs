//! The environment variables of a container.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{self, Fill, List, ParseFault, Raw, Reader, Text, filled};

use super::Named;

/// `env`. It is most of a pod's text, and usually nothing in it is judged. So only
/// the variables that a rule or the mutation looks up by name, and those with
/// `valueFrom`, are kept. The others are skipped without being parsed if they are
/// written as API servers write them.
#[derive(Clone, Debug, Default)]
pub struct Env<'a> {
    count: usize,
    /// With their indices in the full list.
    kept: Vec<(usize, EnvVar<'a>)>,
    /// The full list, unparsed; empty where it is absent or `null`.
    text: &'a str,
}

impl<'a> Env<'a> {
    /// Whether the full list is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The names of all variables, kept or not, and for each whether some variable of
    /// the name has a value with characters of the author's choice. Reads the list
    /// again.
    #[must_use]
    pub fn free_texts(&self) -> HashMap<Cow<'a, str>, bool> {
        let all: List<EnvVar<'a>> = json::fill(self.text).unwrap_or_default();
        let mut names = HashMap::with_capacity(all.len());
        for variable in all.iter() {
            let is_field = |source: &KeySource<'_>| source.is_field();
            let is_free = !variable.value_from.as_deref().is_some_and(is_field);
            *names.entry(variable.name.0.clone()).or_default() |= is_free;
        }
        names
    }

    /// The kept variables, each with its index in the full list.
    #[must_use]
    pub fn kept(&self) -> impl DoubleEndedIterator<Item = (usize, &EnvVar<'a>)> {
        self.kept.iter().map(|(index, variable)| (*index, variable))
    }
}

impl<'de: 'a, 'a> Fill<'de> for Env<'a> {
    fn fill(&mut self, reader: &mut Reader<'de>) -> Result<(), ParseFault> {
        let start = reader.start();
        if !reader.begin(b'[', true)? {
            return Ok(());
        }
        let mut first = true;
        while reader.another(&mut first)? {
            let index = self.count;
            self.count += 1;
            if reader.skip_unwanted(is_looked_at) {
                continue;
            }
            if self.kept.is_empty() {
                self.kept.reserve(8);
            }
            self.kept.push((index, EnvVar::default()));
            if let Some((_, variable)) = self.kept.last_mut() {
                variable.fill(reader)?;
            }
            self.kept.pop_if(|(_, variable)| !variable.is_kept());
        }
        self.text = reader.since(start);
        Ok(())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvVar<'a> {
    pub name: Text<'a>,
    /// The API server treats absent and empty alike.
    pub value: Option<Text<'a>>,
    pub value_from: Option<Box<KeySource<'a>>>,
}

filled!(EnvVar<'a> {
    name: "name",
    value: "value",
    value_from: "valueFrom",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource<'a> {
    pub secret_key_ref: Option<Named<'a>>,
    pub config_map_key_ref: Option<Named<'a>>,
    field_ref: Option<FieldRef<'a>>,
    resource_field_ref: Option<Raw<'a>>,
}

filled!(KeySource<'a> {
    config_map_key_ref: "configMapKeyRef",
    field_ref: "fieldRef",
    resource_field_ref: "resourceFieldRef",
    secret_key_ref: "secretKeyRef",
});

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct FieldRef<'a> {
    field_path: Text<'a>,
}

filled!(FieldRef<'a> {
    field_path: "fieldPath",
});

impl KeySource<'_> {
    /// Whether it is a field of the pod that holds a name, an address or a number:
    /// never a blank or a quote.
    fn is_field(&self) -> bool {
        const FIELDS: [&str; 9] = [
            "metadata.name",
            "metadata.namespace",
            "metadata.uid",
            "spec.nodeName",
            "spec.serviceAccountName",
            "status.hostIP",
            "status.hostIPs",
            "status.podIP",
            "status.podIPs",
        ];
        let named = |field: &FieldRef<'_>| FIELDS.contains(&field.field_path.as_str());
        self.field_ref.as_ref().is_some_and(named) || self.resource_field_ref.is_some()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFrom<'a> {
    /// Comes before each key; usually absent.
    pub prefix: Option<Text<'a>>,
    pub secret_ref: Option<Named<'a>>,
    pub config_map_ref: Option<Named<'a>>,
}

filled!(EnvFrom<'a> {
    prefix: "prefix",
    config_map_ref: "configMapRef",
    secret_ref: "secretRef",
});

/// Whether a rule or the mutation looks up a variable of this name. Code that looks
/// up another name must add it here.
pub(super) fn is_looked_at(name: &str) -> bool {
    // By the first and the last letter, because a pod has hundreds of other names.
    let bytes = name.as_bytes();
    let (first, last) = (bytes.first(), bytes.last());
    first == Some(&b'A') && (name.starts_with("AWS_") || name.starts_with("AMAZON_"))
        || last == Some(&b'N')
            && (name.ends_with("_ROLE_ARN") || name == "ROLE_1_ARN" || name == "ROLE_2_ARN")
        || (last == Some(&b'S') || has_j(name)) && holds_java_options(name)
        || name == "HOME"
}

/// Whether a variable of this name holds options of a Java program: the JVM's own,
/// Spark's, and those that start scripts pass on, such as Flink's `JVM_ARGS` and
/// `FLINK_ENV_JAVA_OPTS_JM`, and `PYSPARK_SUBMIT_ARGS`.
#[must_use]
#[inline]
pub fn holds_java_options(name: &str) -> bool {
    let of_programs = || {
        ["_OPTIONS", "_OPTS", "_ARGS"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    name.ends_with('S') && of_programs()
        || has_j(name) && (name.contains("JAVA_OPTS") || name.starts_with("SPARK_JAVA_OPT_"))
}

/// Whether there is a `J` in a name of eight letters or more, as `JAVA_OPT` has. Eight
/// bytes at a time: a pod has hundreds of other names.
#[inline]
fn has_j(name: &str) -> bool {
    let (eights, _) = name.as_bytes().as_chunks::<8>();
    let has = |eight: &[u8; 8]| {
        let different = u64::from_ne_bytes(*eight) ^ u64::from_ne_bytes([b'J'; 8]);
        let ones = u64::from_ne_bytes([1; 8]);
        different.wrapping_sub(ones) & !different & (ones << 7) != 0
    };
    eights.iter().any(has) || name.as_bytes().last_chunk().is_some_and(has)
}

impl EnvVar<'_> {
    fn is_kept(&self) -> bool {
        self.value_from.is_some() || is_looked_at(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ways in which a tenant could write a variable so that it is skipped.
    const WRITINGS: [&str; 19] = [
        r#"{"name":"A","value":"x"}"#,
        r#"{"name":"AWS_A","value":"x"}"#,
        r#"{"name":"AWS_A","value":""}"#,
        r#"{"value":"x","name":"AWS_A"}"#,
        r#"{"name":"\u0041WS_A","value":"x"}"#,
        r#"{"\u006eame":"AWS_A","value":"x"}"#,
        r#"{"name":"AWS_A", "value":"x"}"#,
        r#"{ "name":"AWS_A","value":"x"}"#,
        r#"{"name":"AWS_A","value":"x" }"#,
        r#"{"name":"AWS_A","value":null}"#,
        r#"{"name":"AWS_A"}"#,
        r#"{"name":"A_ROLE_ARN","value":"a\"}"}"#,
        r#"{"name":"A","value":"x","valueFrom":{}}"#,
        r#"{"name":"A","value":"x","\u0076alueFrom":{}}"#,
        r#"{"name":"","value":"x"}"#,
        r#"{"name":"A","value":"\",\"name\":\"AWS_A"}"#,
        r#"{"name":"A\",\"value\":\"x\"}","value":"{}"}"#,
        r#"{"name":"_ROLE_ARNé","value":"AWS_A"}"#,
        "{}",
    ];

    proptest! {
        /// The kept variables and their indices are those of a reader that skips nothing.
        #[test]
        fn no_writing_of_a_variable_is_passed_over(
            variables in prop::collection::vec(prop::sample::select(&WRITINGS[..]), 0..12),
            comma in prop::sample::select(vec![",", " ,", ",\n\t"]),
        ) {
            let text = format!("[{}]", variables.join(comma));
            let all: List<EnvVar<'_>> = json::fill(&text).expect("a list");
            let env: Env<'_> = json::fill(&text).expect("a list");
            let kept = all.iter().enumerate().filter(|(_, variable)| variable.is_kept());
            prop_assert_eq!(
                env.kept().collect::<Vec<_>>(),
                kept.collect::<Vec<_>>(),
                "{}",
                text
            );
            prop_assert_eq!(env.is_empty(), all.is_empty());
        }
    }

    proptest! {
        #[test]
        fn names_with_java_options_are_found(
            before in "[A-Z_J\u{ff}]{0,20}",
            part in prop::sample::select(vec!["JAVA_OPTS", "SPARK_JAVA_OPT_", "J", ""]),
            after in "[A-Z_J]{0,9}",
        ) {
            let name = format!("{before}{part}{after}");
            let long = name.len() >= 8;
            prop_assert_eq!(has_j(&name), long && name.contains('J'));
            let in_name = name.contains("JAVA_OPTS") || name.starts_with("SPARK_JAVA_OPT_");
            prop_assert!(!in_name || holds_java_options(&name));
        }
    }

    #[test]
    fn what_is_looked_at_is_kept_with_its_place() {
        for (text, kept, is_empty) in [
            ("null", &[][..], true),
            ("[]", &[], true),
            ("[ \n]", &[], true),
            (r#"[{"name":"A","value":"x"}]"#, &[], false),
            (r#"[{"name":"AWS_REGION","value":"x"}]"#, &[0], false),
            (r#"[{"name":"A"},{"name":"B","valueFrom":{}}]"#, &[1], false),
            (
                r#"[{"name":"A"},{"value":"x","name":"CLIENT_ROLE_ARN"}]"#,
                &[1],
                false,
            ),
            (
                r#"[{"name":"\u0041WS_A"},{"name":"AWS_A"},{"name":"A"}]"#,
                &[0, 1],
                false,
            ),
        ] {
            let env: Env<'_> = json::fill(text).expect(text);
            let places: Vec<_> = env.kept().map(|(place, _)| place).collect();
            assert_eq!((&*places, env.is_empty()), (kept, is_empty), "{text}");
        }
        for wrong in [
            "7",
            r#"{"name":"A"}"#,
            r#""x""#,
            r#"[["AWS_REGION"]]"#,
            "[null]",
            r#"[{"name":"A","name":"AWS_B"}]"#,
        ] {
            assert!(json::fill::<Env<'_>>(wrong).is_err(), "{wrong}");
        }
    }
}
