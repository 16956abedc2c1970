//! The response of `/mutate`: always allowed, with a patch where something is to do.

use std::borrow::Cow;

use crate::policy::{ChainMode, PolicyHash};
use crate::request::response::Response;

use super::Patch;

/// What the mutating webhook does with one request.
#[derive(Debug, Default)]
pub struct Mutation {
    /// The changes; none where there is nothing to do.
    pub patch: Patch,
    /// For the creator of the pod.
    pub warnings: Vec<String>,
    /// The role at the end of the chain, and the mode, where the pod gets a profile.
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
    #[must_use]
    pub fn to_json(&self, uid: &str, policy: PolicyHash) -> Vec<u8> {
        let mut annotations: Vec<(&'static str, Cow<'_, str>)> =
            vec![("policy", policy.as_str().into())];
        if let Some((target, mode)) = &self.chained {
            annotations.push(("chain", [target, " (", mode.as_str(), ")"].concat().into()));
        }
        let patch = (!self.patch.is_empty()).then(|| self.patch.to_json());
        Response {
            uid,
            allowed: true,
            status: None,
            patch: patch.as_deref(),
            warnings: &self.warnings,
            audit_annotations: &annotations,
        }
        .to_json()
    }
}
