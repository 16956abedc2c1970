//! The answer, as the API server demands it (`admission.k8s.io/v1`).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::envelope::{API_VERSION, KIND};

/// One answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response<'a> {
    /// The request's uid; the API server refuses any other.
    pub uid: &'a str,
    /// Whether the request goes on.
    pub allowed: bool,
    /// Why not; `None` where allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status<'a>>,
    /// `JSONPatch` where there is a patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_type: Option<&'static str>,
    /// The changes to the object: a JSON string, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Box<RawValue>>,
    /// Shown to the user by `kubectl`.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub warnings: &'a [String],
    /// Written into the audit event, each key under the webhook's name.
    #[serde(serialize_with = "pairs")]
    pub audit_annotations: &'a [(&'static str, Cow<'a, str>)],
}

/// A denial's reason. `code` and `reason` decide how `kubectl` words it.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    /// 403.
    pub code: u16,
    /// `Forbidden`.
    pub reason: &'static str,
    /// Shown to the user verbatim.
    pub message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: &'a Response<'a>,
}

impl Response<'_> {
    /// The body to send.
    ///
    /// # Errors
    ///
    /// None in practice: every part is text. Passed on all the same, so that a
    /// failure becomes a failed call and never a half-written answer.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut body = Vec::with_capacity(512);
        let review = Review {
            api_version: API_VERSION,
            kind: KIND,
            response: self,
        };
        serde_json::to_writer(&mut body, &review)?;
        Ok(body)
    }
}

fn pairs<S: serde::Serializer>(
    pairs: &[(&'static str, Cow<'_, str>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}
