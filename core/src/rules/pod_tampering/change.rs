//! What a write changes in a pod, sorted by whose business it is.

use std::collections::BTreeMap;

use crate::json::Raw;
use crate::json::Text;
use crate::names::shown;
use crate::request::change::{Changed, changed};
use crate::request::{ReviewError, view};
use crate::rules::shared::job_labels::is_reserved;

/// Kinds of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A container's image.
    Image,
    /// A label or annotation under `rolegate.dev/`.
    Rolegate,
    /// A label or annotation by which EMR, Spark, EKS or the job controller
    /// finds a pod.
    Reserved,
    /// Any other label or annotation.
    Label,
    /// Owner references.
    Owner,
    /// Finalizers.
    Finalizer,
    /// Where the pod may run, and when it may start.
    Scheduling,
    /// Something of a container other than its image: its resources.
    Size,
    /// What ends the pod after a while.
    Deadline,
    /// The status.
    Status,
    /// Whatever else a version of Kubernetes may let one change.
    Other,
}

/// One thing that a write changes.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Whose business it is.
    pub(super) kind: Kind,
    /// Where.
    pub(super) path: String,
    /// In words.
    pub(super) what: String,
    /// The new value, where it is text.
    pub(super) value: Option<Text<'a>>,
}

/// What belongs to rolegate.
pub(super) fn is_rolegates(key: &str) -> bool {
    key.starts_with("rolegate.dev/")
}

/// Everything that differs between a stored pod and its replacement.
pub(super) fn changes<'a>(old: Raw<'a>, new: Raw<'a>) -> Result<Vec<Change<'a>>, ReviewError> {
    let mut found = Vec::new();
    for part in changed("the pod", Some(old), Some(new))? {
        match part.name.as_str() {
            "metadata" => metadata(&part, &mut found)?,
            "spec" => spec(&part, &mut found)?,
            "status" => found.push(plain(Kind::Status, "status", "status")),
            other => found.push(plain(Kind::Other, other, other)),
        }
    }
    Ok(found)
}

fn plain<'a>(kind: Kind, path: &str, what: &str) -> Change<'a> {
    Change {
        kind,
        path: shown(path, 120),
        what: shown(what, 120),
        value: None,
    }
}

fn metadata<'a>(part: &Changed<'a>, found: &mut Vec<Change<'a>>) -> Result<(), ReviewError> {
    for field in changed("metadata", part.old, part.new)? {
        let name = field.name.as_str();
        match name {
            "labels" | "annotations" => {
                let word = if name == "labels" {
                    "label"
                } else {
                    "annotation"
                };
                for pair in changed("metadata.labels or annotations", field.old, field.new)? {
                    let key = pair.name.as_str();
                    let kind = if is_rolegates(key) {
                        Kind::Rolegate
                    } else if is_reserved(key) {
                        Kind::Reserved
                    } else {
                        Kind::Label
                    };
                    let value = pair.new.map(|raw| view::read("a label", raw)).transpose()?;
                    found.push(Change {
                        kind,
                        path: format!("metadata.{name}"),
                        what: format!("{word} {}", shown(key, 120)),
                        value,
                    });
                }
            }
            "ownerReferences" => {
                found.push(plain(
                    Kind::Owner,
                    "metadata.ownerReferences",
                    "owner references",
                ));
            }
            "finalizers" => {
                found.push(plain(Kind::Finalizer, "metadata.finalizers", "finalizers"));
            }
            other => found.push(plain(Kind::Other, &format!("metadata.{other}"), other)),
        }
    }
    Ok(())
}

fn spec<'a>(part: &Changed<'a>, found: &mut Vec<Change<'a>>) -> Result<(), ReviewError> {
    for field in changed("spec", part.old, part.new)? {
        let path = format!("spec.{}", field.name);
        match field.name.as_str() {
            "containers" | "initContainers" => containers(&field, found)?,
            "schedulingGates"
            | "nodeSelector"
            | "affinity"
            | "tolerations"
            | "topologySpreadConstraints" => {
                found.push(plain(Kind::Scheduling, &path, &path));
            }
            "activeDeadlineSeconds" | "terminationGracePeriodSeconds" => {
                found.push(plain(Kind::Deadline, &path, &path));
            }
            "resources" => found.push(plain(Kind::Size, &path, &path)),
            _ => found.push(plain(Kind::Other, &path, &path)),
        }
    }
    Ok(())
}

/// Containers keep their place and their name for as long as the pod lives.
fn containers<'a>(field: &Changed<'a>, found: &mut Vec<Change<'a>>) -> Result<(), ReviewError> {
    type Fields<'a> = BTreeMap<Text<'a>, Raw<'a>>;
    let read = |raw: Option<Raw<'a>>| -> Result<Vec<Raw<'a>>, ReviewError> {
        let list = raw.map(|raw| view::read::<Option<Vec<Raw<'a>>>>("containers", raw));
        Ok(list.transpose()?.flatten().unwrap_or_default())
    };
    let path = format!("spec.{}", field.name);
    let (old, new) = (read(field.old)?, read(field.new)?);
    if old.len() != new.len() {
        found.push(plain(Kind::Other, &path, &path));
    }
    for (index, (old, new)) in old.into_iter().zip(new).enumerate() {
        let differs = changed("a container", Some(old), Some(new))?;
        let Some(first) = differs.first() else {
            continue;
        };
        let at = format!("{path}[{index}]");
        if differs.iter().any(|field| field.name.as_str() == "image") {
            let fields: Fields<'_> = view::read("a container", new)?;
            let name = fields.get(&Text::from("name"));
            let name: Text<'_> = name
                .map(|raw| view::read("a container's name", *raw))
                .transpose()?
                .unwrap_or_default();
            found.push(Change {
                kind: Kind::Image,
                path: format!("{at}.image"),
                what: format!("image of container {}", shown(&name, 63)),
                value: None,
            });
        }
        let other = |field: &&Changed<'_>| field.name.as_str() != "image";
        if let Some(field) = differs.iter().find(other) {
            let kind = match field.name.as_str() {
                "resources" | "resizePolicy" => Kind::Size,
                _ => Kind::Other,
            };
            found.push(plain(
                kind,
                &format!("{at}.{}", first.name),
                &format!("{at}.{}", field.name),
            ));
        }
    }
    Ok(())
}
