//! The TLS configuration of the HTTPS port.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;

/// TLS 1.2 and 1.3 with `certificates`, for HTTP/1.1 only. The API server uses
/// no other version for webhooks, and HTTP/2 would only add attack surface.
///
/// # Errors
///
/// If the crypto provider supports neither version.
pub(in crate::server) fn acceptor(
    provider: Arc<CryptoProvider>,
    certificates: Arc<dyn ResolvesServerCert>,
) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // The API server's client never resumes a session, so none is stored.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
