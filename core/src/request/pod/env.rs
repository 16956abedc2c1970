//! A container's variables.

use crate::json::{Sift, Sifted, Text, filled};

use super::Named;

/// `env`: most of a pod's text, and in most pods nothing that is judged. Kept
/// are the variables that somebody asks for by name and those whose value
/// comes from elsewhere.
pub type Env<'a> = Sifted<EnvVar<'a>>;

/// One variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvVar<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its value; absent and empty are one to the API server.
    pub value: Option<Text<'a>>,
    /// Where else its value comes from.
    pub value_from: Option<Box<KeySource<'a>>>,
}

filled!(EnvVar<'a> {
    name: "name",
    value: "value",
    value_from: "valueFrom",
});

/// `env[].valueFrom`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource<'a> {
    /// A Secret's key.
    pub secret_key_ref: Option<Named<'a>>,
    /// A `ConfigMap`'s key.
    pub config_map_key_ref: Option<Named<'a>>,
}

filled!(KeySource<'a> {
    config_map_key_ref: "configMapKeyRef",
    secret_key_ref: "secretKeyRef",
});

/// `envFrom[]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFrom<'a> {
    /// A whole Secret.
    pub secret_ref: Option<Named<'a>>,
    /// A whole `ConfigMap`.
    pub config_map_ref: Option<Named<'a>>,
}

filled!(EnvFrom<'a> {
    config_map_ref: "configMapRef",
    secret_ref: "secretRef",
});

/// Whether a rule or the mutation asks for a variable of this name. Whoever
/// asks for another one adds it here.
pub(super) fn is_looked_at(name: &str) -> bool {
    name.starts_with("AWS_") || name.ends_with("_ROLE_ARN") || name == "JAVA_TOOL_OPTIONS"
}

impl Sift for EnvVar<'_> {
    fn is_wanted(name: &str) -> bool {
        is_looked_at(name)
    }

    fn is_kept(&self) -> bool {
        self.value_from.is_some() || is_looked_at(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json;
    use crate::json::List;

    /// Variables as a tenant would write one so that it is passed over.
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
        /// What is kept, and where, is what a reader of every variable finds.
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
