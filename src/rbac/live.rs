//! Roles and bindings of a cluster, read once, page by page.

use anyhow::Context as _;
use http::Request;
use kube::Client;
use serde::Deserialize;
use serde_json::value::RawValue;

use rolegate_core::rbac::{Binding, GROUP, Role};

use super::Found;

/// Objects of one page: as many as kubectl asks for.
const PAGE: usize = 500;

/// Reads the four kinds of RBAC.
///
/// # Errors
///
/// A sentence, if the API server does not answer or does not let the user list one of
/// the kinds.
pub async fn from_cluster(client: &Client) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for plural in ["clusterroles", "roles"] {
        let mut skipped = Vec::new();
        let graph = &mut found.graph;
        found.roles += list(client, plural, |item| match Role::parse(item, "") {
            Ok(role) => graph.put_role(role),
            Err(error) => skipped.push(format!("one of the {plural} cannot be read: {error}")),
        })
        .await?;
        found.skipped.append(&mut skipped);
    }
    for plural in ["clusterrolebindings", "rolebindings"] {
        let mut skipped = Vec::new();
        let graph = &mut found.graph;
        found.bindings += list(client, plural, |item| match Binding::parse(item, "") {
            Ok(binding) => graph.put_binding(binding),
            Err(error) => skipped.push(format!("one of the {plural} cannot be read: {error}")),
        })
        .await?;
        found.skipped.append(&mut skipped);
    }
    Ok(found)
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    items: Vec<&'a RawValue>,
    #[serde(default)]
    metadata: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(rename = "continue", default)]
    next: String,
}

/// Passes every object of a kind to `each`; returns their number.
async fn list(client: &Client, plural: &str, mut each: impl FnMut(&str)) -> anyhow::Result<usize> {
    let mut count = 0;
    let mut next = String::new();
    loop {
        let path = format!("/apis/{GROUP}/v1/{plural}?limit={PAGE}{next}");
        let request = Request::get(path).body(Vec::new())?;
        let text = client
            .request_text(request)
            .await
            .with_context(|| format!("cannot list {plural}.{GROUP}"))?;
        let page: Page<'_> =
            serde_json::from_str(&text).with_context(|| format!("the list of {plural}"))?;
        count += page.items.len();
        for item in &page.items {
            each(item.get());
        }
        if page.metadata.next.is_empty() {
            return Ok(count);
        }
        let token: String = url_escaped(&page.metadata.next);
        next = format!("&continue={token}");
    }
}

/// Tokens are base64, which has `+`, `/` and `=`.
pub(crate) fn url_escaped(token: &str) -> String {
    token
        .replace('%', "%25")
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
        .replace('&', "%26")
}
