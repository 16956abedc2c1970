//! The answer, as the API server demands it (`admission.k8s.io/v1`).

use std::borrow::Cow;

use base64::engine::general_purpose::STANDARD;
use base64::{EncodeSliceError, Engine as _};

use crate::json;

use super::envelope::{API_VERSION, KIND};

/// One answer.
#[derive(Debug)]
pub struct Response<'a> {
    /// The request's uid; the API server refuses any other.
    pub uid: &'a str,
    /// Whether the request goes on.
    pub allowed: bool,
    /// Why not; `None` where allowed.
    pub status: Option<Status<'a>>,
    /// The changes to the object: a JSON Patch.
    pub patch: Option<&'a [u8]>,
    /// Shown to the user by `kubectl`.
    pub warnings: &'a [String],
    /// Written into the audit event, each key under the webhook's name.
    pub audit_annotations: &'a [(&'static str, Cow<'a, str>)],
}

/// A denial's reason. `code` and `reason` decide how `kubectl` words it.
#[derive(Debug)]
pub struct Status<'a> {
    /// 403.
    pub code: u16,
    /// `Forbidden`.
    pub reason: &'static str,
    /// Shown to the user verbatim.
    pub message: &'a str,
}

/// An answer that cannot be written. It does not occur: base64 gets the room
/// that it needs. Passed on all the same, so that it would become a failed call
/// and never a half-written answer.
pub type Unwritten = EncodeSliceError;

impl Response<'_> {
    /// The body to send.
    ///
    /// # Errors
    ///
    /// None in practice: see [`Unwritten`].
    pub fn to_json(&self) -> Result<Vec<u8>, Unwritten> {
        let patch = self.patch.unwrap_or_default();
        let mut out = Vec::with_capacity(1024 + patch.len() * 3 / 2);
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
        if self.patch.is_some() {
            put_in(patch, &mut out)?;
        }
        out.extend_from_slice(b"}}");
        Ok(out)
    }
}

/// Base64 has nothing to escape, so the patch is not looked through.
fn put_in(patch: &[u8], out: &mut Vec<u8>) -> Result<(), Unwritten> {
    out.extend_from_slice(br#","patchType":"JSONPatch","patch":""#);
    let start = out.len();
    out.resize(start + patch.len().div_ceil(3) * 4, 0);
    let place = out.get_mut(start..).unwrap_or_default();
    STANDARD.encode_slice(patch, place)?;
    out.push(b'"');
    Ok(())
}
