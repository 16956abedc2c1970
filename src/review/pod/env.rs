//! A container's variables.

use std::ops::Deref;

use memchr::{memchr, memmem};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::super::objects::ObjectsOnly;
use super::{EnvVar, List};

/// What a variable that any rule or the mutation looks at has in its name or
/// beside it. A rule that asks for another one adds it here.
const LOOKED_AT: [&str; 4] = ["valueFrom", "AWS_", "ROLE_ARN", "JAVA_TOOL_OPTIONS"];

/// Whether a list with a variable of this name is taken apart.
pub(super) fn is_looked_at(name: &str) -> bool {
    LOOKED_AT.iter().any(|what| name.contains(what))
}

/// `env`: most of a pod's text, and in most pods nothing that is judged. Only
/// a list that may hold such a variable is taken apart; any other derefs to
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env<'a> {
    /// As it stands in the body, so that two lists are equal only if their texts are.
    text: &'a str,
    list: List<EnvVar<'a>>,
}

impl Env<'_> {
    /// Whether the field is there with at least one variable, looked at or not.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        let inner = self.text.trim_start_matches(['[', ' ', '\n', '\r', '\t']);
        !inner.is_empty() && inner != "]"
    }
}

impl<'a> Deref for Env<'a> {
    type Target = [EnvVar<'a>];

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Env<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(raw) = Option::<&'a RawValue>::deserialize(deserializer)? else {
            return Ok(Self::default());
        };
        let text = raw.get();
        let list = if is_plain(text) {
            List::default()
        } else {
            let mut parser = serde_json::Deserializer::from_str(text);
            List::deserialize(ObjectsOnly(&mut parser)).map_err(Error::custom)?
        };
        Ok(Self { text, list })
    }
}

/// Whether no variable of the list is looked at. A name with an escape in it
/// could be any, so such a list is taken apart.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.starts_with('[')
        && memchr(b'\\', bytes).is_none()
        && LOOKED_AT
            .iter()
            .all(|what| memmem::find(bytes, what.as_bytes()).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_taken_apart() {
        for (text, variables, given) in [
            ("null", 0, false),
            ("[]", 0, false),
            ("[ \n]", 0, false),
            (r#"[{"name":"A","value":"x"}]"#, 0, true),
            (r#"[{"name":"AWS_REGION","value":"x"}]"#, 1, true),
            (r#"[{"name":"A"},{"name":"B","valueFrom":{}}]"#, 2, true),
            (r#"[{"name":"A","value":"CLIENT_ROLE_ARN"}]"#, 1, true),
            (r#"[{"name":"\u0041WS_REGION"}]"#, 1, true),
        ] {
            let env: Env<'_> = serde_json::from_str(text).expect(text);
            assert_eq!(
                (env.iter().count(), env.has_variables()),
                (variables, given),
                "{text}"
            );
        }
        for wrong in [
            "7",
            r#"{"name":"A"}"#,
            r#""x""#,
            r#"[["AWS_REGION"]]"#,
            r#"[{"name":"AWS_A","name":"AWS_B"}]"#,
        ] {
            assert!(serde_json::from_str::<Env<'_>>(wrong).is_err(), "{wrong}");
        }
    }
}
