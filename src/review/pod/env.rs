//! A container's variables.

use crate::json::{Sift, Sifted};

use super::EnvVar;

/// `env`: most of a pod's text, and in most pods nothing that is judged. Kept
/// are the variables that somebody asks for by name and those whose value
/// comes from elsewhere.
pub type Env<'a> = Sifted<EnvVar<'a>>;

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
    use super::*;
    use crate::json;

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
            let env: Env<'_> = json::from_str(text).expect(text);
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
            assert!(json::from_str::<Env<'_>>(wrong).is_err(), "{wrong}");
        }
    }
}
