//! The response, in the form that the API server requires (`admission.k8s.io/v1`).

use std::borrow::Cow;

use base64_simd::STANDARD;

use crate::json;

use super::envelope::{API_VERSION, KIND};

/// The response to one review.
#[derive(Debug)]
pub struct Response<'a> {
    /// The uid of the request; the API server rejects any other.
    pub uid: &'a str,
    pub allowed: bool,
    /// The reason of a denial; `None` if allowed.
    pub status: Option<Status<'a>>,
    /// A JSON Patch of the object.
    pub patch: Option<&'a [u8]>,
    /// Shown to the user by `kubectl`.
    pub warnings: &'a [String],
    /// Added to the audit event, each key prefixed with the webhook's name.
    pub audit_annotations: &'a [(&'static str, Cow<'a, str>)],
}

/// The reason of a denial. `kubectl` words its message by `code` and `reason`.
#[derive(Debug)]
pub struct Status<'a> {
    /// Always 403.
    pub code: u16,
    /// Always `Forbidden`.
    pub reason: &'static str,
    /// Shown to the user verbatim.
    pub message: &'a str,
}

impl Response<'_> {
    /// The body of the HTTP response.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024 + self.patch.map_or(0, <[u8]>::len) * 3 / 2);
        out.push(b'{');
        json::write_member(&mut out, "apiVersion", API_VERSION);
        json::write_member(&mut out, "kind", KIND);
        out.extend_from_slice(br#","response":{"#);
        json::write_member(&mut out, "uid", self.uid);
        out.extend_from_slice(br#","allowed":"#);
        out.extend_from_slice(if self.allowed { b"true" } else { b"false" });
        if let Some(status) = &self.status {
            out.extend_from_slice(br#","status":{"#);
            json::write_member(&mut out, "reason", status.reason);
            json::write_member(&mut out, "message", status.message);
            out.extend_from_slice(format!(r#","code":{}}}"#, status.code).as_bytes());
        }
        for (index, warning) in self.warnings.iter().enumerate() {
            out.extend_from_slice(if index == 0 {
                br#","warnings":["#
            } else {
                b","
            });
            json::write(&mut out, warning);
        }
        if !self.warnings.is_empty() {
            out.push(b']');
        }
        out.extend_from_slice(br#","auditAnnotations":{"#);
        for (key, value) in self.audit_annotations {
            json::write_member(&mut out, key, value);
        }
        out.push(b'}');
        if let Some(patch) = self.patch {
            // Base64 needs no escaping.
            out.extend_from_slice(br#","patchType":"JSONPatch","patch":""#);
            STANDARD.encode_append(patch, &mut out);
            out.push(b'"');
        }
        out.extend_from_slice(b"}}");
        out
    }
}
