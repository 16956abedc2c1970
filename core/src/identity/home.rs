//! The AWS files of a home directory, which SDKs read where no variable names others.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::request::pod::{Container, Source, VolumeMount};

use super::value::Value;
use super::{LastPart, Place, Volumes, has_dotted, java};

/// The folders `.aws` of the home directories of EMR's images.
static USUAL: LazyLock<[Place<'static>; 2]> =
    LazyLock::new(|| ["/home/hadoop", "/root"].map(folder_of));
/// Homes that are looked at; nobody has more.
const MOST_HOMES: usize = 8;
/// Where Kubernetes' own files are mounted.
const SECRETS: &str = "/run/secrets";
/// The folder that SDKs look into.
const FOLDER: &str = ".aws";

/// Whether the pod puts files into the folder `.aws` of a home directory: by a volume
/// in it, or by one over the home directory whose files the pod chooses. A home
/// directory on a claim counts only where the pod says that it is the home.
/// `arguments` are the container's that Java may read.
pub(super) fn has_files(
    container: &Container<'_>,
    arguments: &[Cow<'_, str>],
    volumes: &Volumes<'_>,
) -> bool {
    let mounts = &container.volume_mounts;
    if mounts.iter().any(|mount| is_in_folder(mount, volumes)) {
        return true;
    }
    let home = Value::of(container, "HOME");
    if home == Value::Hidden {
        return true;
    }
    let covers_usual = |mount: &VolumeMount<'_>| {
        let last = LastPart::of(&mount.mount_path);
        let mut folders = USUAL.iter().filter(|folder| folder.may_be_in(last));
        folders.any(|folder| covers(mount, folder))
    };
    if mounts
        .iter()
        .any(|mount| covers_usual(mount) && brings_files(mount, volumes))
    {
        return true;
    }
    let chosen = match home {
        Value::Text(home) => Some(home),
        Value::Blank | Value::Hidden => None,
    };
    let javas = java::homes(container, arguments, MOST_HOMES + 1).into_iter();
    let mut homes: Vec<_> = chosen
        .into_iter()
        .chain(javas.map(Cow::Owned))
        .take(MOST_HOMES + 1)
        .collect();
    homes.dedup();
    homes.len() > MOST_HOMES
        || homes.into_iter().any(|home| {
            // Where EKS and Kubernetes mount their tokens, perhaps later, is no home.
            let folder = folder_of(&home);
            let mut over = mounts.iter().filter(|mount| covers(mount, &folder));
            Place::of(SECRETS).holds(&Place::of(&home))
                || over.any(|mount| !volumes.is_empty_dir(&mount.name))
        })
}

/// A volume in a folder `.aws`. An empty one may be where AWS CLI keeps its cache.
fn is_in_folder(mount: &VolumeMount<'_>, volumes: &Volumes<'_>) -> bool {
    let path = mount.mount_path.as_str();
    has_dotted(path, FOLDER)
        && Place::of(path).has(FOLDER)
        && !volumes.is_private_and_empty(&mount.name)
}

/// The folder `.aws` of a home directory.
fn folder_of(home: &str) -> Place<'_> {
    Place::of(home).join(FOLDER)
}

/// Whether a folder would be in this mount.
fn covers(mount: &VolumeMount<'_>, folder: &Place<'_>) -> bool {
    Place::of(&mount.mount_path).holds(folder)
}

/// Whether a volume has files that the pod chooses, in folders of its choice.
fn brings_files(mount: &VolumeMount<'_>, volumes: &Volumes<'_>) -> bool {
    let volume = volumes.get(&mount.name);
    let volume = volume.filter(|_| !volumes.is_token_only(&mount.name));
    volume.is_some_and(|volume| {
        volume.sources.iter().any(|source| {
            matches!(
                source,
                Source::Secret(_)
                    | Source::ConfigMap(_)
                    | Source::DownwardApi(_)
                    | Source::Projected(_)
                    | Source::Image(_)
                    | Source::Csi(_)
                    | Source::GitRepo
            )
        })
    })
}
