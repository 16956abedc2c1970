//! Volumes: folders of a node, disks that exist already, and whose they are.

use serde::Deserialize;

use crate::json::{List, Present, Raw, Text};
use crate::names::shown;
use crate::request::{Act, Object, ReviewError, change};
use crate::rules::Finding;
use crate::write::Write;

use super::{Judged, finding, is_driver, is_in_kube_system, named, of_spec};

/// The claim that a volume is bound to.
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

pub(super) fn volume(write: &Write<'_>) -> Judged {
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
    impl Spec<'_> {
        /// The field that makes it a folder of a node.
        const fn folder(&self) -> Option<&'static str> {
            match self {
                Self {
                    host_path: Some(_), ..
                } => Some("hostPath"),
                Self { local: Some(_), .. } => Some("local"),
                _ => None,
            }
        }
    }
    fn spec(object: Object<'_>) -> Result<Spec<'_>, ReviewError> {
        Ok(object.read::<Volume<'_>>()?.spec.unwrap_or_default())
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    if is_in_kube_system(write) {
        return Ok(None);
    }
    let new = spec(new)?;
    let of_node = |field: &'static str| {
        let act = format!("make a folder of a node a volume: {}", write.object());
        finding(field, act).at(of_spec().key(field))
    };
    let Some(old) = old else {
        return Ok(match new.folder() {
            Some(field) => Some(of_node(field)),
            None => (!is_driver(write)).then(|| existing(write)),
        });
    };
    let old = spec(old)?;
    // The source of a volume never changes; its claim can.
    if let (Some(field), None) = (new.folder(), old.folder()) {
        return Ok(Some(of_node(field)));
    }
    Ok((new.claim_ref != old.claim_ref).then(|| {
        let to = new.claim_ref.as_ref().map_or_else(
            || "the next claim".to_owned(),
            |claim| format!("claim {}", named(&claim.namespace, &claim.name)),
        );
        let act = format!("give {} to {to}", write.object());
        finding(to, act).at(of_spec().key("claimRef"))
    }))
}

fn existing(write: &Write<'_>) -> Finding {
    let act = format!(
        "make {} of a disk that exists: storage drivers make volumes for claims",
        write.object()
    );
    finding("existing disk", act)
}

/// The content of a snapshot or of a group of snapshots: a handle of a disk that
/// exists already.
pub(super) fn snapshot(write: &Write<'_>) -> Judged {
    #[derive(Default, Deserialize)]
    struct Content<'a> {
        #[serde(borrow)]
        spec: Option<Raw<'a>>,
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    if is_driver(write) {
        return Ok(None);
    }
    let new: Content<'_> = new.read()?;
    if let Some(old) = old {
        let old: Content<'_> = old.read()?;
        if change::same(old.spec, new.spec) {
            return Ok(None);
        }
    }
    Ok(Some(existing(write)))
}

/// Only the attach-detach controller attaches disks to nodes.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for all that judge a resource"
)]
pub(super) fn attachment(write: &Write<'_>) -> Judged {
    let creates = matches!(write.act, Act::Create(_));
    Ok((creates && !is_in_kube_system(write)).then(|| {
        let act = format!("attach a disk to a node by {}", write.object());
        finding("attachment", act)
    }))
}

/// A driver whose volumes come with a token of every pod that mounts one.
pub(super) fn driver(write: &Write<'_>) -> Judged {
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
    fn tokens(object: Object<'_>) -> Result<List<Token<'_>>, ReviewError> {
        let spec = object.read::<Driver<'_>>()?.spec;
        Ok(spec.unwrap_or_default().token_requests)
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    if is_in_kube_system(write) {
        return Ok(None);
    }
    let new = tokens(new)?;
    let old = old.map(tokens).transpose()?.unwrap_or_default();
    let mut added = new.iter().enumerate();
    let added = added.find(|(_, token)| !old.contains(token));
    Ok(added.map(|(index, token)| {
        let audience = match token.audience.as_str() {
            "" => "the API server".to_owned(),
            audience => shown(audience, 120),
        };
        let act = format!(
            "have kubelets hand pods' tokens for {audience} to {}",
            write.object()
        );
        let path = of_spec().key("tokenRequests").index(index);
        finding(format!("tokens for {audience}"), act).at(path)
    }))
}
