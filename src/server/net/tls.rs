//! The TLS configuration of the HTTPS port.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How the HTTPS port proves who it is, and whom it lets in.
#[derive(Debug)]
pub struct Tls {
    pub provider: Arc<CryptoProvider>,
    pub certificates: Arc<dyn ResolvesServerCert>,
    /// Checks the certificates of clients; without it, clients show none and
    /// everybody who reaches the port gets an answer.
    pub clients: Option<Arc<dyn ClientCertVerifier>>,
}

/// TLS 1.2 and 1.3 with `certificates`, for HTTP/1.1 only. The API server uses
/// no other version for webhooks, and HTTP/2 would only add attack surface.
///
/// # Errors
///
/// If the crypto provider supports neither version.
pub(in crate::server) fn acceptor(tls: Tls) -> Result<TlsAcceptor, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(tls.provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    let builder = match tls.clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(tls.certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // The API server's client never resumes a session, so none is stored.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Whether the client has shown a certificate, which the handshake has checked.
pub(in crate::server) fn shows_certificate<S>(stream: &TlsStream<S>) -> bool {
    stream.get_ref().1.peer_certificates().is_some()
}
