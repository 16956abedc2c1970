//! Objects in files: manifests, rendered charts, `kubectl get -o yaml`.

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;

use rolegate_core::request::document::{self, DocumentError};
use rolegate_core::scan::StoredObject;

use super::world::is_aws_auth;
use super::{Item, Origin, Pass, kinds};
use crate::rbac::files_below;

/// Files, each of which is a page.
#[derive(Debug)]
pub struct Files {
    all: Vec<PathBuf>,
    /// Standard input can be read once only.
    standard_input: Option<Vec<u8>>,
    namespace: String,
    pass: Pass,
    left: VecDeque<PathBuf>,
    pub(super) left_out: Vec<String>,
}

impl Files {
    /// Files, and folders with all YAML and JSON files below them; `-` is standard input.
    /// `namespace` is that of objects that name none.
    ///
    /// # Errors
    ///
    /// A sentence, if a folder or standard input cannot be read.
    pub fn new(paths: &[PathBuf], namespace: &str) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        let mut standard_input = None;
        for path in paths {
            if path.as_os_str() == "-" {
                let mut bytes = Vec::new();
                let mut input = std::io::stdin().lock();
                input
                    .read_to_end(&mut bytes)
                    .context("cannot read standard input")?;
                standard_input = Some(bytes);
                files.push(path.clone());
            } else {
                files.append(&mut files_below(path)?);
            }
        }
        Ok(Self {
            all: files,
            standard_input,
            namespace: namespace.to_owned(),
            pass: Pass::World,
            left: VecDeque::new(),
            left_out: Vec::new(),
        })
    }

    pub(super) fn begin(&mut self, pass: Pass) {
        self.pass = pass;
        self.left = self.all.iter().cloned().collect();
    }

    pub(super) fn page(&mut self) -> anyhow::Result<Option<Vec<Item>>> {
        let Some(file) = self.left.pop_front() else {
            return Ok(None);
        };
        let (name, bytes) = match &self.standard_input {
            Some(bytes) if file.as_os_str() == "-" => ("standard input".to_owned(), bytes.clone()),
            _ => {
                let name = file.display().to_string();
                let bytes = std::fs::read(&file).with_context(|| format!("cannot read {name}"))?;
                (name, bytes)
            }
        };
        let documents = match document::split(&bytes) {
            Ok(documents) => documents,
            Err(DocumentError::Empty) => return Ok(Some(Vec::new())),
            Err(error) => return Err(error).with_context(|| name),
        };
        let mut items = Vec::new();
        for document in documents {
            let number = document.number();
            let object = match StoredObject::of_manifest(document.text(), &self.namespace) {
                Ok(object) => object,
                Err(error) => {
                    // Both passes read it.
                    if self.pass == Pass::World {
                        self.left_out.push(format!("{name}#{number}: {error}"));
                    }
                    continue;
                }
            };
            let wanted = kinds::order(self.pass, &object.group, &object.resource).is_some()
                || self.pass == Pass::World && is_aws_auth(&object);
            if wanted {
                let spans = document.into_spans();
                let path = name.clone();
                let origin = Origin::File { path, spans };
                items.push(Item { object, origin });
            }
        }
        Ok(Some(items))
    }
}
