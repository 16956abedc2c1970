//! Roles and bindings of a cluster, read once, page by page.

use anyhow::Context as _;
use http::Request;
use kube::Client;

use rolegate_core::rbac::{Binding, GROUP, Role};

use super::Found;
use crate::cluster::{PAGE, Page};

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
        let page = Page::parse(&text).with_context(|| format!("the list of {plural}"))?;
        count += page.items.len();
        for item in &page.items {
            each(item.get());
        }
        match page.next() {
            Some(more) => next = more,
            None => return Ok(count),
        }
    }
}
