//! The authorities whose certificates clients must show (`--client-ca`).

use std::sync::Arc;

use anyhow::{Context, bail};
use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use x509_parser::parse_x509_certificate;

/// Authorities read from a file, ready to check certificates.
#[derive(Debug)]
pub struct Authorities {
    verifier: Arc<dyn ClientCertVerifier>,
    /// When the first of them expires.
    pub not_after: Timestamp,
    pub count: usize,
}

impl Authorities {
    /// Reads one or more authorities' certificates from PEM. An expired one is
    /// not an error, as with the serving certificate: the metric shows it.
    ///
    /// # Errors
    ///
    /// A sentence, which never quotes the file.
    pub fn from_pem(pem: &[u8], provider: &Arc<CryptoProvider>) -> anyhow::Result<Self> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .unwrap_or_default();
        let mut roots = RootCertStore::empty();
        let mut not_after = None;
        for (index, certificate) in certificates.iter().enumerate() {
            let number = index + 1;
            let end = expiry(certificate).with_context(|| format!("certificate {number}"))?;
            not_after = Some(not_after.map_or(end, |earliest: Timestamp| earliest.min(end)));
            roots
                .add(certificate.clone())
                .with_context(|| format!("certificate {number} cannot be used"))?;
        }
        let Some(not_after) = not_after else {
            bail!("there is no certificate in PEM form in it");
        };
        let count = certificates.len();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()?;
        Ok(Self {
            verifier,
            not_after,
            count,
        })
    }
}

/// When an authority's certificate expires.
fn expiry(certificate: &CertificateDer<'_>) -> anyhow::Result<Timestamp> {
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else {
        bail!("it is not valid X.509");
    };
    if !parsed.is_ca() {
        bail!("it is not the certificate of an authority (CA)");
    }
    Timestamp::from_second(parsed.validity().not_after.timestamp())
        .context("its end date is out of range")
}

/// The authorities in use. Replacing them affects the next handshake; open
/// connections stay until they have reached their age.
#[derive(Debug)]
pub struct ClientCertificates(ArcSwap<Authorities>);

impl ClientCertificates {
    #[must_use]
    pub fn new(authorities: Authorities) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(authorities)))
    }

    pub(super) fn replace(&self, authorities: Authorities) {
        self.0.store(Arc::new(authorities));
    }
}

impl ClientCertVerifier for ClientCertificates {
    /// None: clients then show whatever certificate they have. The list could
    /// not follow a reload.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.0.load().verifier.verify_client_cert(leaf, chain, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .load()
            .verifier
            .verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .load()
            .verifier
            .verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.load().verifier.supported_verify_schemes()
    }
}
