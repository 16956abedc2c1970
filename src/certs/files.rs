//! A certificate in two files, read again and again.
//!
//! Reading and comparing beats watching: the kubelet swaps a symlink two
//! levels up (`..data`), which a watch on the file never sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use aws_lc_rs::digest::{Context as Hasher, SHA256};
use rustls::crypto::CryptoProvider;

use super::{CertificateMetrics, Certificates, Pair};

/// The two files and what was last found in them.
#[derive(Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    /// Of the content last judged, good or bad: a bad pair is reported once,
    /// not every few seconds. A digest, so that no key lies about.
    seen: Option<Vec<u8>>,
}

struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
    digest: Vec<u8>,
}

impl CertificateFiles {
    /// Names the files; reads nothing.
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf, provider: Arc<CryptoProvider>) -> Self {
        Self {
            certificate,
            key,
            provider,
            seen: None,
        }
    }

    /// Reads them for the first time.
    ///
    /// # Errors
    ///
    /// One sentence that names the file.
    pub fn load(&mut self) -> anyhow::Result<Pair> {
        let content = self.read()?;
        let pair = self.judge(&content)?;
        self.seen = Some(content.digest);
        Ok(pair)
    }

    /// Reads them again; a good new pair is served from the next handshake on,
    /// anything else leaves the old one and says so once.
    pub fn reload(&mut self, served: &Certificates, metrics: &CertificateMetrics) {
        // Between reading the one and the other the two may have been swapped,
        // so what looks wrong is looked at again before it is believed.
        let attempt = self.changed().and_then(|found| match found {
            Some(content) if self.judge(&content).is_err() => self.changed(),
            found => Ok(found),
        });
        let result = match attempt {
            Ok(None) => return,
            Ok(Some(content)) => {
                let judged = self.judge(&content);
                self.seen = Some(content.digest);
                judged
            }
            Err(error) => {
                // Unreadable twice is one report.
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
                    "the certificate on disk cannot be used, the old one stays: {error:#}"
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
        // Keeps (ab, c) and (a, bc) apart.
        hasher.update(&certificate.len().to_be_bytes());
        hasher.update(&key);
        let digest = hasher.finish().as_ref().to_vec();
        Ok(Content {
            certificate,
            key,
            digest,
        })
    }

    fn judge(&self, content: &Content) -> anyhow::Result<Pair> {
        Pair::from_pem(&content.certificate, &content.key, &self.provider)
            .with_context(|| format!("{} with {}", self.certificate.display(), self.key.display()))
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
