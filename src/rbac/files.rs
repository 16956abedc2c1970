//! Roles and bindings in files: manifests, rendered charts, `kubectl get -o yaml`.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use rolegate_core::rbac::{Binding, GROUP, Role};
use rolegate_core::request::document;

use super::Found;

/// Reads files, and folders with all that is below them; `-` is standard input.
/// Objects of other kinds are passed over. `namespace` is that of Roles and
/// `RoleBindings` that name none.
///
/// # Errors
///
/// A sentence that names the file, if one cannot be read. A part of the RBAC would
/// give wrong answers, so no file is left out.
pub fn from_files(paths: &[PathBuf], namespace: &str) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            read(&mut found, "standard input", &bytes, namespace)?;
            continue;
        }
        for file in files_below(path)? {
            let name = file.display().to_string();
            let bytes = fs::read(&file).with_context(|| format!("cannot read {name}"))?;
            read(&mut found, &name, &bytes, namespace)?;
        }
    }
    if found.roles + found.bindings == 0 {
        bail!("there is no Role, ClusterRole, RoleBinding or ClusterRoleBinding in these files");
    }
    Ok(found)
}

/// The file itself, or the YAML and JSON files of a folder, in the order of their
/// names.
pub(crate) fn files_below(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let shown = path.display();
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot read the folder {shown}"))?;
    let mut entries = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("cannot read the folder {shown}"))?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        // A link may lead back up.
        if entry.is_dir() && !entry.is_symlink() {
            files.append(&mut files_below(&entry)?);
        } else if matches!(
            entry.extension().and_then(std::ffi::OsStr::to_str),
            Some("yaml" | "yml" | "json")
        ) {
            files.push(entry);
        }
    }
    Ok(files)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
}

fn read(found: &mut Found, file: &str, bytes: &[u8], namespace: &str) -> anyhow::Result<()> {
    let documents = match document::split(bytes) {
        Ok(documents) => documents,
        Err(document::DocumentError::Empty) => return Ok(()),
        Err(error) => return Err(error).with_context(|| file.to_owned()),
    };
    for document in documents {
        let text = document.text();
        let context = || format!("{file}#{}", document.number());
        let head: Head = serde_json::from_str(text).with_context(context)?;
        if head.api_version.split('/').next() != Some(GROUP) {
            continue;
        }
        match head.kind.as_str() {
            "Role" | "ClusterRole" => {
                found.roles += 1;
                let role = Role::parse(text, namespace).with_context(context)?;
                found.graph.put_role(role);
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                found.bindings += 1;
                let binding = Binding::parse(text, namespace).with_context(context)?;
                found.graph.put_binding(binding);
            }
            other => bail!("{}: {GROUP} has no kind `{other}`", context()),
        }
    }
    Ok(())
}
