//! The file of the client authorities, which is read periodically.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use super::reread::Reread;
use super::{Authorities, AuthorityMetrics, ClientCertificates};

/// The file of the authorities, read periodically.
#[derive(Debug)]
pub struct AuthorityFile {
    file: Reread<1>,
    provider: Arc<CryptoProvider>,
}

impl AuthorityFile {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(path: PathBuf, provider: Arc<CryptoProvider>) -> Self {
        Self {
            file: Reread::new([path]),
            provider,
        }
    }

    /// Reads the file for the first time.
    ///
    /// # Errors
    ///
    /// A sentence that names the file.
    pub fn load(&mut self) -> anyhow::Result<Authorities> {
        self.file
            .load(|[file]| Authorities::from_pem(file, &self.provider))
    }

    /// Reads the file again. Valid new authorities are in force from the next
    /// handshake on; otherwise the old ones stay and the error is logged once.
    pub fn reload(&mut self, used: &ClientCertificates, metrics: &AuthorityMetrics) {
        let changed = self
            .file
            .changed(|[file]| Authorities::from_pem(file, &self.provider));
        match changed {
            None => {}
            Some(Ok(authorities)) => {
                tracing::info!(
                    count = authorities.count,
                    not_after = %authorities.not_after,
                    "the client authorities were replaced; the next handshake uses them"
                );
                metrics.used(&authorities);
                metrics.reloaded("replaced");
                used.replace(authorities);
            }
            Some(Err(error)) => {
                metrics.reloaded("kept");
                tracing::error!(
                    "the file of client authorities cannot be used; the old ones stay in force: {error:#}"
                );
            }
        }
    }
}
