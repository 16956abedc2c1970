//! Files that are read periodically and checked when their content has changed.
//!
//! They are read and compared, not watched: the kubelet swaps a symlink two
//! levels up (`..data`), and a watch on the file does not notice.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use aws_lc_rs::digest::{Context as Hasher, SHA256};

#[derive(Debug)]
pub(super) struct Reread<const N: usize> {
    paths: [PathBuf; N],
    /// SHA-256 of the content last checked, valid or not; `None` if it could not be
    /// read. So a bad file is reported once. A digest, so that no copy of a key stays
    /// in memory.
    seen: Option<Vec<u8>>,
}

struct Content<const N: usize> {
    files: [Vec<u8>; N],
    digest: Vec<u8>,
}

impl<const N: usize> Reread<N> {
    /// Reads nothing yet.
    pub(super) fn new(paths: [PathBuf; N]) -> Self {
        Self { paths, seen: None }
    }

    /// Reads the files for the first time. The error names the file.
    pub(super) fn load<T>(
        &mut self,
        check: impl Fn(&[Vec<u8>; N]) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let content = self.read()?;
        let checked = self.check(&content, check)?;
        self.seen = Some(content.digest);
        Ok(checked)
    }

    /// Reads the files again. `None` if there is nothing new to say about them.
    pub(super) fn changed<T>(
        &mut self,
        check: impl Fn(&[Vec<u8>; N]) -> anyhow::Result<T>,
    ) -> Option<anyhow::Result<T>> {
        // The files may have been swapped between reading the one and the
        // other, so that invalid ones are read a second time.
        let read = self.read().and_then(|content| {
            let swapped = self.is_new(&content) && check(&content.files).is_err();
            if swapped { self.read() } else { Ok(content) }
        });
        match read {
            Ok(content) if !self.is_new(&content) => None,
            Ok(content) => {
                let checked = self.check(&content, check);
                self.seen = Some(content.digest);
                Some(checked)
            }
            // Unreadable files are reported once.
            Err(error) => self.seen.take().map(|_| Err(error)),
        }
    }

    fn is_new(&self, content: &Content<N>) -> bool {
        self.seen.as_ref() != Some(&content.digest)
    }

    fn read(&self) -> anyhow::Result<Content<N>> {
        let mut files = [const { Vec::new() }; N];
        let mut hasher = Hasher::new(&SHA256);
        for (path, file) in self.paths.iter().zip(&mut files) {
            *file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            hasher.update(file);
            // Distinguishes (ab, c) from (a, bc).
            hasher.update(&file.len().to_be_bytes());
        }
        let digest = hasher.finish().as_ref().to_vec();
        Ok(Content { files, digest })
    }

    fn check<T>(
        &self,
        content: &Content<N>,
        check: impl Fn(&[Vec<u8>; N]) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        check(&content.files).with_context(|| {
            let names = self.paths.iter().map(|path| path.display().to_string());
            names.collect::<Vec<_>>().join(" with ")
        })
    }
}
