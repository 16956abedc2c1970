//! A raw HTTPS client: tests must be able to send malformed requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longer than any step takes, unless it fails.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    pub(crate) stream: TlsStream<TcpStream>,
    /// Bytes received after the last answer.
    rest: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::offering(address, &[b"http/1.1"]).await.unwrap()
    }

    /// A client at another address of this machine, 127.0.0.`last`.
    pub(crate) async fn connect_from(last: u8, address: SocketAddr) -> Self {
        Self::over(tcp_from(last, address).await).await.unwrap()
    }

    /// A client over a TCP connection that is open.
    pub(crate) async fn over(stream: TcpStream) -> std::io::Result<Self> {
        Self::handshake(stream, &[b"http/1.1"], None).await
    }

    pub(crate) async fn offering(
        address: SocketAddr,
        protocols: &[&[u8]],
    ) -> std::io::Result<Self> {
        Self::handshake(TcpStream::connect(address).await?, protocols, None).await
    }

    /// A client with a certificate and its key, both PEM.
    pub(crate) async fn showing(
        address: SocketAddr,
        certificate: &str,
        key: &str,
    ) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        Self::handshake(stream, &[b"http/1.1"], Some((certificate, key))).await
    }

    async fn handshake(
        stream: TcpStream,
        protocols: &[&[u8]],
        shown: Option<(&str, &str)>,
    ) -> std::io::Result<Self> {
        // As the API server's client does.
        stream.set_nodelay(true)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)));
        let mut config = match shown {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .map(|stream| Self {
                stream,
                rest: Vec::new(),
            })
    }

    /// The server's certificate, as DER.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.send(post(path, body)).await;
        self.answer().await
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("an answer")
    }

    /// `None` if the connection ends before an answer.
    pub(crate) async fn try_answer(&mut self) -> Option<Answer> {
        tokio::time::timeout(TIMEOUT, self.read())
            .await
            .expect("an answer or an end in time")
    }

    async fn read(&mut self) -> Option<Answer> {
        let mut bytes = std::mem::take(&mut self.rest);
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            match self.stream.read_buf(&mut bytes).await {
                Ok(read) if read > 0 => {}
                _ => return None,
            }
        };
        let head = String::from_utf8(bytes[..end].to_vec())
            .unwrap()
            .to_ascii_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap()
            .parse()
            .unwrap();
        let mut body = bytes.split_off(end + 4);
        while body.len() < length {
            if self.stream.read_buf(&mut body).await.ok()? == 0 {
                return None;
            }
        }
        self.rest = body.split_off(length);
        Some(Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::from_utf8(body).unwrap(),
        })
    }

    /// Waits until the server closes the connection, with or without a TLS close.
    pub(crate) async fn closed(&mut self) {
        let mut rest = Vec::new();
        let _end = tokio::time::timeout(TIMEOUT, self.stream.read_to_end(&mut rest))
            .await
            .expect("the server closes");
    }
}

/// A TCP connection from 127.0.0.`last`, before any handshake.
pub(crate) async fn tcp_from(last: u8, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(SocketAddr::from(([127, 0, 0, last], 0)))
        .unwrap();
    socket.connect(address).await.unwrap()
}

/// A complete request.
pub(crate) fn post(path: &str, body: &str) -> String {
    format!("{}{body}", head(path, body.len()))
}

/// The head of a request.
pub(crate) fn head(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: rolegate\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
