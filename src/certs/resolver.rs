//! Gives the newest certificate to every TLS handshake.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::Pair;

/// The certificate being served. Replacing it affects neither open connections
/// nor handshakes in progress.
#[derive(Debug)]
pub struct Certificates(ArcSwap<CertifiedKey>);

impl Certificates {
    #[must_use]
    pub fn new(pair: &Pair) -> Arc<Self> {
        Arc::new(Self(ArcSwap::new(Arc::clone(&pair.key))))
    }

    /// Serves `pair` from the next handshake on.
    pub fn replace(&self, pair: &Pair) {
        self.0.store(Arc::clone(&pair.key));
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}
