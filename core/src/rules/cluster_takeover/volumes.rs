//! Disks: of a node, of somebody else, and what is on them.

use serde::Deserialize;

use crate::write::Write;
use crate::json::Raw;
use crate::json::Text;
use crate::json::{List, Present};
use crate::names::shown;
use crate::request::{Operation, ReviewError, change, view};

use super::{Violation, is_driver, is_in_kube_system, named};

/// Who a volume is for.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Claim<'a> {
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    uid: Option<Text<'a>>,
}

pub(super) fn volume(write: &Write<'_>) -> Result<Violation, ReviewError> {
    #[derive(Default, Deserialize)]
    struct Volume<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Spec<'a> {
        host_path: Option<Present>,
        local: Option<Present>,
        #[serde(borrow)]
        claim_ref: Option<Claim<'a>>,
    }
    let request = write.request();
    if request.operation() == Operation::Delete || is_in_kube_system(write) {
        return Ok(None);
    }
    let new = view::read::<Volume<'_>>("request.object", request.object()?)?
        .spec
        .unwrap_or_default();
    let folder = [("hostPath", new.host_path), ("local", new.local)]
        .into_iter()
        .find_map(|(field, there)| there.map(|_| field));
    if request.operation() == Operation::Create {
        return Ok(match folder {
            Some(field) => Some((
                format!("make a folder of a node a volume: {}", write.object()),
                Some(format!("spec.{field}")),
            )),
            None => (!is_driver(write)).then(|| existing(write)),
        });
    }
    let old = view::read::<Volume<'_>>("request.oldObject", request.old_object()?)?
        .spec
        .unwrap_or_default();
    // Where its content is never changes; whose it is can.
    if folder.is_some() && old.host_path.is_none() && old.local.is_none() {
        return Ok(Some((
            format!("make a folder of a node a volume: {}", write.object()),
            folder.map(|field| format!("spec.{field}")),
        )));
    }
    Ok((new.claim_ref != old.claim_ref).then(|| {
        let to = new.claim_ref.as_ref().map_or_else(
            || "whoever claims it next".to_owned(),
            |claim| format!("claim {}", named(&claim.namespace, &claim.name)),
        );
        (
            format!("give {} to {to}", write.object()),
            Some("spec.claimRef".to_owned()),
        )
    }))
}

fn existing(write: &Write<'_>) -> (String, Option<String>) {
    (
        format!(
            "make {} of a disk that exists: storage drivers make volumes for claims",
            write.object()
        ),
        None,
    )
}

/// A snapshot's content, or a group's: a handle of what exists already.
pub(super) fn snapshot(write: &Write<'_>) -> Result<Violation, ReviewError> {
    #[derive(Default, Deserialize)]
    struct Content<'a> {
        #[serde(borrow)]
        spec: Option<Raw<'a>>,
    }
    let request = write.request();
    if request.operation() == Operation::Delete || is_driver(write) {
        return Ok(None);
    }
    let new: Content<'_> = view::read("request.object", request.object()?)?;
    if request.operation() == Operation::Update {
        let old: Content<'_> = view::read("request.oldObject", request.old_object()?)?;
        if change::same(old.spec, new.spec) {
            return Ok(None);
        }
    }
    Ok(Some(existing(write)))
}

/// Attaching a disk to a node is the attach-detach controller's.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for all that judge a resource"
)]
pub(super) fn attachment(write: &Write<'_>) -> Result<Violation, ReviewError> {
    let creates = write.operation() == Operation::Create;
    Ok((creates && !is_in_kube_system(write)).then(|| {
        (
            format!("attach a disk to a node by {}", write.object()),
            None,
        )
    }))
}

/// A driver whose volumes come with a token of every pod that mounts one.
pub(super) fn driver(write: &Write<'_>) -> Result<Violation, ReviewError> {
    #[derive(Default, Deserialize)]
    struct Driver<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Spec<'a> {
        #[serde(borrow)]
        token_requests: List<Token<'a>>,
    }
    #[derive(PartialEq, Eq, Deserialize)]
    struct Token<'a> {
        #[serde(borrow, default)]
        audience: Text<'a>,
    }
    let request = write.request();
    if request.operation() == Operation::Delete || is_in_kube_system(write) {
        return Ok(None);
    }
    let new = view::read::<Driver<'_>>("request.object", request.object()?)?
        .spec
        .unwrap_or_default();
    let old = match request.operation() {
        Operation::Update => {
            view::read::<Driver<'_>>("request.oldObject", request.old_object()?)?.spec
        }
        _ => None,
    }
    .unwrap_or_default();
    let added = new
        .token_requests
        .iter()
        .enumerate()
        .find(|(_, token)| !old.token_requests.contains(token));
    Ok(added.map(|(index, token)| {
        (
            format!(
                "have kubelets hand pods' tokens for {} to {}",
                match token.audience.as_str() {
                    "" => "the API server".to_owned(),
                    audience => shown(audience, 120),
                },
                write.object()
            ),
            Some(format!("spec.tokenRequests[{index}]")),
        )
    }))
}
