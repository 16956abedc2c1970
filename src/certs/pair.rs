//! A certificate chain and its private key, checked to match.

use std::fmt::Write;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use x509_parser::parse_x509_certificate;

#[derive(Clone, Debug)]
pub struct Pair {
    /// The chain and key, as rustls serves them.
    pub key: Arc<CertifiedKey>,
    pub not_after: Timestamp,
    /// SHA-256 of the leaf, as `AB:CD:...`, to compare with what a client sees.
    pub fingerprint: String,
}

/// Why a pair cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("there is no certificate in PEM form in the certificate file")]
    NoCertificate,
    #[error("there is no private key in PEM form in the key file")]
    NoKey,
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    #[error("the certificate is not valid X.509")]
    NotX509,
    #[error("the private key cannot be used: {0}")]
    Unusable(TlsError),
}

impl Pair {
    /// Reads a chain (leaf first) and its key from PEM. An expired certificate
    /// is not an error: clients reject it themselves, and the metric shows it.
    ///
    /// # Errors
    ///
    /// [`CertificateError`], which never quotes the files.
    pub fn from_pem(
        chain: &[u8],
        key: &[u8],
        provider: &CryptoProvider,
    ) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::NoCertificate)?;
        // Checked first: if both files are wrong, the error names the certificate.
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey)?;
        Self::from_der(chain, key, provider)
    }

    /// Reads the same from DER.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn from_der(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<Self, CertificateError> {
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let (_, parsed) = parse_x509_certificate(leaf).map_err(|_| CertificateError::NotX509)?;
        let not_after = Timestamp::from_second(parsed.validity().not_after.timestamp())
            .map_err(|_| CertificateError::NotX509)?;
        let fingerprint = fingerprint(leaf);
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::Mismatch,
            other => CertificateError::Unusable(other),
        })?;
        Ok(Self {
            key: Arc::new(key),
            not_after,
            fingerprint,
        })
    }
}

fn fingerprint(leaf: &CertificateDer<'_>) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, leaf).as_ref() {
        let colon = if text.is_empty() { "" } else { ":" };
        let _infallible = write!(text, "{colon}{byte:02X}");
    }
    text
}
