//! A certificate and its key in two files that are read periodically.
//!
//! Files are read and compared, not watched: the kubelet swaps a symlink two
//! levels up (`..data`), and a watch on the file does not notice.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use aws_lc_rs::digest::{Context as Hasher, SHA256};
use rustls::crypto::CryptoProvider;

use super::{CertificateMetrics, Certificates, Pair};

#[derive(Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    /// SHA-256 of the content last checked, valid or not, so that a bad pair is
    /// reported once. A digest, so that no copy of the key stays in memory.
    seen: Option<Vec<u8>>,
}

struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
    digest: Vec<u8>,
}

impl CertificateFiles {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf, provider: Arc<CryptoProvider>) -> Self {
        Self {
            certificate,
            key,
            provider,
            seen: None,
        }
    }

    /// Reads the files for the first time.
    ///
    /// # Errors
    ///
    /// A sentence that names the file.
    pub fn load(&mut self) -> anyhow::Result<Pair> {
        let content = self.read()?;
        let pair = self.check(&content)?;
        self.seen = Some(content.digest);
        Ok(pair)
    }

    /// Reads the files again. A valid new pair is served from the next
    /// handshake on; otherwise the old pair stays and the error is logged once.
    pub fn reload(&mut self, served: &Certificates, metrics: &CertificateMetrics) {
        // The files may have been swapped between reading the one and the
        // other, so that an invalid pair is read a second time.
        let attempt = self.changed().and_then(|found| match found {
            Some(content) if self.check(&content).is_err() => self.changed(),
            found => Ok(found),
        });
        let result = match attempt {
            Ok(None) => return,
            Ok(Some(content)) => {
                let checked = self.check(&content);
                self.seen = Some(content.digest);
                checked
            }
            Err(error) => {
                // Unreadable files are reported once.
                if self.seen.take().is_none() {
                    return;
                }
                Err(error)
            }
        };
        match result {
            Ok(pair) => {
                served.replace(&pair);
                metrics.serving(&pair);
                metrics.reloaded("replaced");
                tracing::info!(
                    fingerprint = pair.fingerprint,
                    not_after = %pair.not_after,
                    "the certificate was replaced; the next handshake uses it"
                );
            }
            Err(error) => {
                metrics.reloaded("kept");
                tracing::error!(
                    "the certificate on disk cannot be used; the old one stays in use: {error:#}"
                );
            }
        }
    }

    fn changed(&self) -> anyhow::Result<Option<Content>> {
        let content = self.read()?;
        Ok((self.seen.as_ref() != Some(&content.digest)).then_some(content))
    }

    fn read(&self) -> anyhow::Result<Content> {
        let (certificate, key) = (read(&self.certificate)?, read(&self.key)?);
        let mut hasher = Hasher::new(&SHA256);
        hasher.update(&certificate);
        // Distinguishes (ab, c) from (a, bc).
        hasher.update(&certificate.len().to_be_bytes());
        hasher.update(&key);
        let digest = hasher.finish().as_ref().to_vec();
        Ok(Content {
            certificate,
            key,
            digest,
        })
    }

    fn check(&self, content: &Content) -> anyhow::Result<Pair> {
        Pair::from_pem(&content.certificate, &content.key, &self.provider)
            .with_context(|| format!("{} with {}", self.certificate.display(), self.key.display()))
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
