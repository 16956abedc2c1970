//! What an update changes in a pod, sorted by who may change it.

use std::collections::BTreeMap;

use crate::json::{Raw, Text};
use crate::names::{ANNOTATION_PREFIX, JobLabel, Says, shown};
use crate::request::change::{Changed, changed};
use crate::request::{Path, ReviewError, view};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeKind {
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
    /// The resources of a container or of the pod.
    Size,
    /// What ends the pod after some time.
    Deadline,
    /// The status.
    Status,
    /// Any other field that some version of Kubernetes allows to change.
    Other,
}

/// One thing that an update changes.
#[derive(Debug)]
pub(super) struct PodChange<'a> {
    pub(super) kind: ChangeKind,
    pub(super) path: Path,
    /// The changed thing for a sentence. Already escaped.
    pub(super) what: String,
    /// The new value of a label or annotation.
    pub(super) value: Option<Text<'a>>,
    /// The key of a label or annotation.
    pub(super) entry: Option<Text<'a>>,
}

impl PodChange<'_> {
    fn new(kind: ChangeKind, path: Path, what: impl Into<String>) -> Self {
        Self {
            kind,
            path,
            what: what.into(),
            value: None,
            entry: None,
        }
    }

    /// A field that a sentence calls by its path.
    fn field(kind: ChangeKind, path: Path) -> Self {
        let what = path.to_string();
        Self::new(kind, path, what)
    }

    /// What a finding's key calls it.
    pub(super) fn key(&self) -> String {
        match &self.entry {
            Some(key) => self.path.clone().key(key.to_string()).to_string(),
            None => self.path.to_string(),
        }
    }
}

/// Whether a label or annotation belongs to rolegate.
pub(super) fn is_rolegates(key: &str) -> bool {
    key.starts_with(ANNOTATION_PREFIX)
}

/// Everything that differs between a stored pod and its replacement.
pub(super) fn pod_changes<'a>(
    old: Raw<'a>,
    new: Raw<'a>,
) -> Result<Vec<PodChange<'a>>, ReviewError> {
    let mut found = Vec::new();
    for part in changed("the pod", Some(old), Some(new))? {
        let path = Path::root().key(part.name.to_string());
        match part.name.as_str() {
            "metadata" => metadata(&part, &path, &mut found)?,
            "spec" => spec(&part, &path, &mut found)?,
            "status" => found.push(PodChange::field(ChangeKind::Status, path)),
            _ => found.push(PodChange::field(ChangeKind::Other, path)),
        }
    }
    Ok(found)
}

fn metadata<'a>(
    part: &Changed<'a>,
    path: &Path,
    found: &mut Vec<PodChange<'a>>,
) -> Result<(), ReviewError> {
    for field in changed("metadata", part.old, part.new)? {
        let path = path.clone().key(field.name.to_string());
        match field.name.as_str() {
            "labels" => entries(&field, "label", &path, found)?,
            "annotations" => entries(&field, "annotation", &path, found)?,
            "ownerReferences" => {
                found.push(PodChange::new(ChangeKind::Owner, path, "owner references"));
            }
            "finalizers" => found.push(PodChange::new(ChangeKind::Finalizer, path, "finalizers")),
            other => found.push(PodChange::new(ChangeKind::Other, path, shown(other, 120))),
        }
    }
    Ok(())
}

/// Labels or annotations, called `word` each.
fn entries<'a>(
    field: &Changed<'a>,
    word: &str,
    path: &Path,
    found: &mut Vec<PodChange<'a>>,
) -> Result<(), ReviewError> {
    for pair in changed("metadata.labels or annotations", field.old, field.new)? {
        let key = pair.name.as_str();
        let value = pair.new.map(|raw| view::read("a label", raw)).transpose()?;
        let kind = kind_of(key, value.as_ref());
        let what = format!("{word} {}", shown(key, 120));
        found.push(PodChange {
            value,
            entry: Some(pair.name),
            ..PodChange::new(kind, path.clone(), what)
        });
    }
    Ok(())
}

fn kind_of(key: &str, value: Option<&Text<'_>>) -> ChangeKind {
    let is_jobs = |value: &Text<'_>| {
        let says = JobLabel::of(key, value).map(|row| row.says);
        says.is_some_and(|says| says != Says::Part)
    };
    if is_rolegates(key) {
        ChangeKind::Rolegate
    } else if JobLabel::is_reserved(key) || value.is_some_and(is_jobs) {
        ChangeKind::Reserved
    } else {
        ChangeKind::Label
    }
}

fn spec<'a>(
    part: &Changed<'a>,
    path: &Path,
    found: &mut Vec<PodChange<'a>>,
) -> Result<(), ReviewError> {
    for field in changed("spec", part.old, part.new)? {
        let path = path.clone().key(field.name.to_string());
        let kind = match field.name.as_str() {
            "containers" | "initContainers" => {
                containers(&field, &path, found)?;
                continue;
            }
            "schedulingGates"
            | "nodeSelector"
            | "affinity"
            | "tolerations"
            | "topologySpreadConstraints" => ChangeKind::Scheduling,
            "activeDeadlineSeconds" | "terminationGracePeriodSeconds" => ChangeKind::Deadline,
            "resources" => ChangeKind::Size,
            _ => ChangeKind::Other,
        };
        found.push(PodChange::field(kind, path));
    }
    Ok(())
}

/// Compares containers by position: while a pod lives, they keep their order
/// and their names.
fn containers<'a>(
    field: &Changed<'a>,
    path: &Path,
    found: &mut Vec<PodChange<'a>>,
) -> Result<(), ReviewError> {
    let read = |raw: Option<Raw<'a>>| -> Result<Vec<Raw<'a>>, ReviewError> {
        let list = raw.map(|raw| view::read::<Option<Vec<Raw<'a>>>>("containers", raw));
        Ok(list.transpose()?.flatten().unwrap_or_default())
    };
    let (old, new) = (read(field.old)?, read(field.new)?);
    if old.len() != new.len() {
        found.push(PodChange::field(ChangeKind::Other, path.clone()));
    }
    for (index, (old, new)) in old.into_iter().zip(new).enumerate() {
        let differs = changed("a container", Some(old), Some(new))?;
        let path = path.clone().index(index);
        let is_image = |field: &Changed<'_>| field.name.as_str() == "image";
        if differs.iter().any(is_image) {
            let name = container_name(new)?;
            let what = format!("image of container {}", shown(&name, 63));
            found.push(PodChange::new(
                ChangeKind::Image,
                path.clone().key("image"),
                what,
            ));
        }
        if let Some(field) = differs.iter().find(|field| !is_image(field)) {
            let kind = match field.name.as_str() {
                "resources" | "resizePolicy" => ChangeKind::Size,
                _ => ChangeKind::Other,
            };
            found.push(PodChange::field(kind, path.key(field.name.to_string())));
        }
    }
    Ok(())
}

/// Empty where it has none.
fn container_name(container: Raw<'_>) -> Result<Text<'_>, ReviewError> {
    let fields: BTreeMap<Text<'_>, Raw<'_>> = view::read("a container", container)?;
    let name = fields.get(&Text::from("name"));
    let name = name.map(|raw| view::read("a container's name", *raw));
    Ok(name.transpose()?.unwrap_or_default())
}
