//! One page of a list, as the API server sends it.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Objects of one page: as many as kubectl asks for.
pub(crate) const PAGE: usize = 500;

#[derive(Deserialize)]
pub(crate) struct Page<'a> {
    #[serde(borrow, default)]
    pub(crate) items: Vec<&'a RawValue>,
    /// Required: without it nobody knows whether there is more.
    metadata: Meta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    #[serde(rename = "continue")]
    next: String,
    resource_version: String,
}

impl<'a> Page<'a> {
    /// # Errors
    ///
    /// The error of the JSON.
    pub(crate) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// What the query for the next page has besides; `None` after the last.
    pub(crate) fn next(&self) -> Option<String> {
        let token = &self.metadata.next;
        (!token.is_empty()).then(|| format!("&continue={}", url_escaped(token)))
    }

    /// The version of the list.
    pub(crate) fn into_version(self) -> String {
        self.metadata.resource_version
    }
}

/// Tokens are base64, which has `+`, `/` and `=`.
fn url_escaped(token: &str) -> String {
    token
        .replace('%', "%25")
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
        .replace('&', "%26")
}
