//! Service account tokens as a kubelet would project them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A token: the claims are right, the signature is not, and nobody here checks
/// it.
pub(crate) fn issue(audience: &str, subject: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
        "aud": [audience], "sub": subject, "exp": 4_102_444_800_u64,
    });
    let header = part(json!({"alg": "RS256", "typ": "JWT"}));
    let signature = URL_SAFE_NO_PAD.encode("signed");
    format!("{header}.{}.{signature}", part(claims))
}

/// The subject of a token for this audience.
pub(super) fn subject(token: &str, audience: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let right = claims["aud"].as_array()?.iter().any(|aud| aud == audience);
    let subject = claims["sub"].as_str().filter(|_| right)?;
    Some(subject.to_owned())
}
