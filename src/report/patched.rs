//! A pod before and after role chaining.

use std::io;

use serde_json::Value;

use rolegate_core::json;
use rolegate_core::mutation::Mutation;
use rolegate_core::names::shown;
use rolegate_core::policy::Policy;
use rolegate_core::request::{Act, Request, ReviewError};
use rolegate_core::write::Write;

/// A pod that role chaining changes, or about which it warns.
#[derive(Debug)]
pub struct Patched {
    /// The answer of the mutating webhook.
    pub mutation: Mutation,
    before: Value,
    /// The pod after the patch.
    pub after: Value,
}

impl Patched {
    /// The result of role chaining for a request; `None` if it changes nothing
    /// and warns about nothing.
    ///
    /// # Errors
    ///
    /// A [`ReviewError`] if the pod cannot be read.
    pub fn of(request: &Request<'_>, policy: &Policy) -> Result<Option<Self>, ReviewError> {
        let mutation = Write::new(request, policy)?.mutation()?;
        if mutation.patch.is_empty() && mutation.warnings.is_empty() {
            return Ok(None);
        }
        let Act::Create(new) = request.act else {
            return Ok(None);
        };
        let json::Tree(before) = new.read()?;
        let mut after = before.clone();
        // The patch was made for this object, so that it applies.
        mutation
            .patch
            .apply(&mut after)
            .map_err(|_| ReviewError::Missing("request.object.metadata"))?;
        Ok(Some(Self {
            mutation,
            before,
            after,
        }))
    }

    /// The review with the patched pod.
    #[must_use]
    pub fn review(&self, review: &str) -> String {
        let mut value: Value = serde_json::from_str(review).unwrap_or_default();
        if let Some(object) = value.pointer_mut("/request/object") {
            object.clone_from(&self.after);
        }
        value.to_string()
    }

    /// Writes the difference as text.
    pub(super) fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        if let Some((target, mode)) = &self.mutation.chained {
            writeln!(out, "  chained to {target} in mode {}", mode.as_str())?;
        }
        for operation in &self.mutation.patch.0 {
            let (path, value) = operation.parts();
            let path = path.to_string();
            match (&*path, &value) {
                // A new list or map: its entries are written one by one.
                (_, Value::Array(items)) => items
                    .iter()
                    .try_for_each(|item| line(out, '+', &format!("{path}/-"), item))?,
                ("/metadata/annotations", Value::Object(members)) => {
                    for (key, member) in members {
                        line(
                            out,
                            '+',
                            &format!("{path}/{}", key.replace('/', "~1")),
                            member,
                        )?;
                    }
                }
                _ => {
                    if let Some(old) = self.before.pointer(&path) {
                        line(out, '-', &path, old)?;
                    }
                    line(out, '+', &path, &value)?;
                }
            }
        }
        self.mutation
            .warnings
            .iter()
            .try_for_each(|warning| writeln!(out, "  warning: {warning}"))
    }
}

fn line(out: &mut impl io::Write, sign: char, path: &str, value: &Value) -> io::Result<()> {
    write!(out, "  {sign} {}", dotted(path))?;
    match value {
        Value::String(text) if text.contains('\n') => {
            writeln!(out)?;
            text.lines()
                .try_for_each(|line| writeln!(out, "  {sign}   {}", shown(line, 2048)))
        }
        value => writeln!(out, ": {}", shown(&value.to_string(), 2048)),
    }
}

/// `/a/0/b~1c/-` as `a[0]["b/c"][]`.
fn dotted(path: &str) -> String {
    let parts = path.split('/').skip(1).map(|part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part == "-" {
            "[]".to_owned()
        } else if part.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("[{part}]")
        } else if part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            format!(".{part}")
        } else {
            format!("[{part:?}]")
        }
    });
    let dotted: String = parts.collect();
    dotted.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_for_people() {
        for (path, expected) in [
            ("/spec/containers/0/env/-", "spec.containers[0].env[]"),
            (
                "/metadata/annotations/rolegate.dev~1aws-config",
                "metadata.annotations[\"rolegate.dev/aws-config\"]",
            ),
        ] {
            assert_eq!(super::dotted(path), expected);
        }
    }
}
