//! What `/mutate` answers: always allowed, with a patch where there is something to do.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::policy::{ChainMode, PolicyHash};
use crate::review::response::Response;

use super::Patch;

/// What becomes of one request at the mutating side.
#[derive(Debug, Default)]
pub struct Mutation {
    /// The changes; none where there is nothing to do.
    pub patch: Patch,
    /// For whoever creates the pod, at most 120 characters each.
    pub warnings: Vec<String>,
    /// The role at the end of the chain and the mode, where there is a profile.
    pub chained: Option<(String, ChainMode)>,
}

impl Mutation {
    /// What happened, for logs and metrics: `patch`, `warn` or `allow`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        if !self.patch.is_empty() {
            "patch"
        } else if self.warnings.is_empty() {
            "allow"
        } else {
            "warn"
        }
    }

    /// The answer's body.
    ///
    /// # Errors
    ///
    /// See [`Response::to_json`].
    pub fn to_json(&self, uid: &str, policy: PolicyHash) -> serde_json::Result<Vec<u8>> {
        let mut annotations: Vec<(&'static str, Cow<'_, str>)> =
            vec![("policy", policy.as_str().into())];
        if let Some((target, mode)) = &self.chained {
            annotations.push(("chain", format!("{target} ({})", mode.as_str()).into()));
        }
        let patch = (!self.patch.is_empty())
            .then(|| in_base64(&self.patch))
            .transpose()?;
        Response {
            uid,
            allowed: true,
            status: None,
            patch_type: patch.as_ref().map(|_| "JSONPatch"),
            patch,
            warnings: &self.warnings,
            audit_annotations: &annotations,
        }
        .to_json()
    }
}

/// A patch as the API server wants it: JSON, as a JSON string of base64. Base64
/// has nothing to escape, so it is not looked through for that.
fn in_base64(patch: &Patch) -> serde_json::Result<Box<RawValue>> {
    let json = serde_json::to_vec(patch)?;
    let mut text = String::with_capacity(json.len() / 3 * 4 + 6);
    text.push('"');
    STANDARD.encode_string(json, &mut text);
    text.push('"');
    RawValue::from_string(text)
}
