//! The answer, as the API server demands it (`admission.k8s.io/v1`).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

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
    /// The changes to the object: a JSON Patch.
    #[serde(skip)]
    pub patch: Option<&'a [u8]>,
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
        let patch = self.patch.unwrap_or_default();
        let mut body = Vec::with_capacity(512 + patch.len() * 3 / 2);
        let review = Review {
            api_version: API_VERSION,
            kind: KIND,
            response: self,
        };
        serde_json::to_writer(&mut body, &review)?;
        if self.patch.is_some() {
            put_in(patch, &mut body)?;
        }
        Ok(body)
    }
}

/// Puts a patch in at the answer's end, which is that of `response` and that
/// of the review. Base64 has nothing to escape, so it is not looked through.
fn put_in(patch: &[u8], body: &mut Vec<u8>) -> serde_json::Result<()> {
    const END: &[u8] = b"}}";
    body.truncate(body.len() - END.len());
    body.extend_from_slice(br#","patchType":"JSONPatch","patch":""#);
    let start = body.len();
    body.resize(start + patch.len().div_ceil(3) * 4, 0);
    let place = body.get_mut(start..).unwrap_or_default();
    STANDARD
        .encode_slice(patch, place)
        .map_err(serde::ser::Error::custom)?;
    body.push(b'"');
    body.extend_from_slice(END);
    Ok(())
}

fn pairs<S: serde::Serializer>(
    pairs: &[(&'static str, Cow<'_, str>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}
