//! The file of the client authorities, read periodically and compared by
//! content, like the certificate's files (`files.rs`).

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use rustls::crypto::CryptoProvider;

use super::{Authorities, AuthorityMetrics, ClientCertificates};

/// The file of the authorities, read periodically.
#[derive(Debug)]
pub struct AuthorityFile {
    path: PathBuf,
    provider: Arc<CryptoProvider>,
    /// The content last checked, valid or not; `None` if it could not be read.
    /// So a bad file is reported once.
    seen: Option<Vec<u8>>,
}

impl AuthorityFile {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(path: PathBuf, provider: Arc<CryptoProvider>) -> Self {
        Self {
            path,
            provider,
            seen: None,
        }
    }

    /// Reads the file for the first time.
    ///
    /// # Errors
    ///
    /// A sentence that names the file.
    pub fn load(&mut self) -> anyhow::Result<Authorities> {
        let content = self.read()?;
        let authorities = self.check(&content)?;
        self.seen = Some(content);
        Ok(authorities)
    }

    /// Reads the file again. Valid new authorities are in force from the next
    /// handshake on; otherwise the old ones stay and the error is logged once.
    pub fn reload(&mut self, used: &ClientCertificates, metrics: &AuthorityMetrics) {
        let result = match self.read() {
            Ok(content) if self.seen.as_ref() == Some(&content) => return,
            Ok(content) => {
                let checked = self.check(&content);
                self.seen = Some(content);
                checked
            }
            Err(error) => {
                if self.seen.take().is_none() {
                    return;
                }
                Err(error)
            }
        };
        match result {
            Ok(authorities) => {
                tracing::info!(
                    count = authorities.count,
                    not_after = %authorities.not_after,
                    "the client authorities were replaced; the next handshake uses them"
                );
                metrics.used(&authorities);
                metrics.reloaded("replaced");
                used.replace(authorities);
            }
            Err(error) => {
                metrics.reloaded("kept");
                tracing::error!(
                    "the file of client authorities cannot be used; the old ones stay in force: {error:#}"
                );
            }
        }
    }

    fn read(&self) -> anyhow::Result<Vec<u8>> {
        fs::read(&self.path).with_context(|| format!("cannot read {}", self.path.display()))
    }

    fn check(&self, content: &[u8]) -> anyhow::Result<Authorities> {
        Authorities::from_pem(content, &self.provider)
            .with_context(|| format!("{}", self.path.display()))
    }
}
