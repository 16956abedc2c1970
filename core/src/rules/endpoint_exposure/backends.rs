//! The Services that a route names, looked up: the name of an engine's Service need
//! not say that it is one (`orders-rest` may be a Flink cluster's).

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::facts::Facts;
use crate::json::{Text, from_str_seed};
use crate::request::Object;
use crate::rules::Stop;
use crate::write::Write;

use super::served;

/// A route has a few backends. Those beyond are not looked up.
const MOST: usize = 64;

/// The deepest place of a name; what is nested more deeply is not looked at.
const DEEPEST: usize = 32;

/// The fields that name a Service in the kinds of [`super::routes::ROUTES`]: backends
/// of Ingresses and routes, hosts of meshes.
const FIELDS: [&str; 9] = [
    "name",
    "serviceName",
    "service",
    "host",
    "hosts",
    "hostname",
    "address",
    "addresses",
    "destination",
];

/// The named Services that belong to a job which is not the requester's, each with a
/// clause that says so. None where nobody can look them up.
pub(super) fn of_jobs(
    write: &Write<'_>,
    facts: &Facts<'_>,
    route: Object<'_>,
) -> Result<Vec<(String, String)>, Stop> {
    if facts.know_nothing() {
        return Ok(Vec::new());
    }
    let (mut found, mut needs) = (Vec::new(), Vec::new());
    for name in names(route) {
        match served::look_up(write, facts, &name) {
            Ok(Some(whose)) => found.push((name, whose)),
            Ok(None) => {}
            Err(Stop::Needs(more)) => needs.extend(more),
            Err(stop) => return Err(stop),
        }
    }
    if needs.is_empty() {
        Ok(found)
    } else {
        Err(Stop::Needs(needs))
    }
}

/// What could be a Service's name, from the fields that name one.
fn names(route: Object<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let walk = Walk {
        names: &mut names,
        named: false,
        depth: 0,
    };
    // What cannot be walked names nothing that a controller could read.
    let _ = from_str_seed(route.raw().get(), walk);
    names
}

struct Walk<'w> {
    names: &'w mut BTreeSet<String>,
    /// Whether the value is that of one of [`FIELDS`].
    named: bool,
    depth: usize,
}

impl Walk<'_> {
    fn below(&mut self, named: bool) -> Walk<'_> {
        Walk {
            names: self.names,
            named,
            depth: self.depth + 1,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEEPEST {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        // A host's first part: `etl-rest.spark-a.svc.cluster.local`.
        let name = text.split('.').next().unwrap_or_default();
        let is_name = (1..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if self.named && is_name && self.names.len() < MOST {
            self.names.insert(name.to_owned());
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
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

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let named = self.named;
        while list.next_element_seed(self.below(named))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let named = FIELDS.contains(&key.as_str());
            map.next_value_seed(self.below(named))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::json::Raw;
    use crate::request::{Object, Version};

    #[test]
    fn names_of_services() {
        for (text, expected) in [
            (
                r#"{"spec":{"rules":[{"host":"Shop.example.com","http":{"paths":[{"path":"/","backend":{"service":{"name":"etl-rest","port":{"number":80}}}}]}}]}}"#,
                &["etl-rest"][..],
            ),
            (
                r#"{"spec":{"rules":[{"backendRefs":[{"name":"a"},{"name":"b"}]}]}}"#,
                &["a", "b"],
            ),
            (
                r#"{"spec":{"http":[{"route":[{"destination":{"host":"etl-rest.spark-a.svc"}}]}]}}"#,
                &["etl-rest"],
            ),
            (r#"{"spec":{"backend":{"serviceName":"x"}}}"#, &["x"]),
            (r#"{"spec":{"path":"etl-rest"}}"#, &[]),
        ] {
            let raw = Raw::parse(text).expect("JSON");
            let found = names(Object::new(raw, Version::New));
            assert!(
                found
                    .iter()
                    .map(String::as_str)
                    .eq(expected.iter().copied()),
                "{found:?}"
            );
        }
    }
}
