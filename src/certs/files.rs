//! A certificate and its key in two files that are read periodically.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use super::reread::Reread;
use super::{CertificateMetrics, Certificates, Pair};

#[derive(Debug)]
pub struct CertificateFiles {
    files: Reread<2>,
    provider: Arc<CryptoProvider>,
}

impl CertificateFiles {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf, provider: Arc<CryptoProvider>) -> Self {
        Self {
            files: Reread::new([certificate, key]),
            provider,
        }
    }

    /// Reads the files for the first time.
    ///
    /// # Errors
    ///
    /// A sentence that names the file.
    pub fn load(&mut self) -> anyhow::Result<Pair> {
        self.files.load(|files| pair(files, &self.provider))
    }

    /// Reads the files again. A valid new pair is served from the next
    /// handshake on; otherwise the old pair stays and the error is logged once.
    pub fn reload(&mut self, served: &Certificates, metrics: &CertificateMetrics) {
        match self.files.changed(|files| pair(files, &self.provider)) {
            None => {}
            Some(Ok(pair)) => {
                served.replace(&pair);
                metrics.serving(&pair);
                metrics.reloaded("replaced");
                tracing::info!(
                    fingerprint = pair.fingerprint,
                    not_after = %pair.not_after,
                    "the certificate was replaced; the next handshake uses it"
                );
            }
            Some(Err(error)) => {
                metrics.reloaded("kept");
                tracing::error!(
                    "the certificate on disk cannot be used; the old one stays in use: {error:#}"
                );
            }
        }
    }
}

fn pair([certificate, key]: &[Vec<u8>; 2], provider: &Arc<CryptoProvider>) -> anyhow::Result<Pair> {
    Ok(Pair::from_pem(certificate, key, provider)?)
}
