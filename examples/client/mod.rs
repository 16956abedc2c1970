//! An HTTPS client for the bench programs, as small as one can be.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where to send what.
#[derive(Args, Clone)]
pub(crate) struct Target {
    /// Address of the HTTPS port
    #[arg(long, default_value = "127.0.0.1:8443")]
    pub(crate) address: SocketAddr,
    /// Path and query of the door
    #[arg(long, default_value = "/validate/enforce?timeout=3s")]
    path: String,
    /// File with the `AdmissionReview` to send; without it, the review of a
    /// pod's creation is sent
    #[arg(long)]
    review: Option<PathBuf>,
    /// Minimum size of that pod's review, in bytes
    #[arg(long, default_value_t = 5 * 1024)]
    bytes: usize,
    /// Service account of that pod
    #[arg(long, default_value = "default")]
    account: String,
}

impl Target {
    /// The HTTP request, with the headers that the API server sends.
    pub(crate) fn request(&self) -> anyhow::Result<Vec<u8>> {
        let body = match &self.review {
            Some(file) => std::fs::read_to_string(file)?,
            None => pod_review(self),
        };
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: rolegate.rolegate.svc:443\r\nUser-Agent: kube-apiserver-admission\r\n\
             Content-Length: {}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\
             Accept-Encoding: gzip\r\n\r\n",
            self.path,
            body.len()
        );
        Ok([head.as_bytes(), body.as_bytes()].concat())
    }

    /// Waits up to 5 s for a server that is starting.
    pub(crate) fn wait_until_listening(&self) -> std::io::Result<()> {
        let begun = Instant::now();
        loop {
            match std::net::TcpStream::connect(self.address) {
                Err(_) if begun.elapsed() < Duration::from_secs(5) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                result => return result.map(drop),
            }
        }
    }
}

/// Opens connections, all with the same settings.
#[derive(Clone)]
pub(crate) struct Dialer {
    address: SocketAddr,
    connector: TlsConnector,
}

impl Dialer {
    pub(crate) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        Ok(Self {
            address,
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    pub(crate) async fn tcp(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(crate) async fn tls(&self, stream: TcpStream) -> std::io::Result<Connection> {
        let name = ServerName::IpAddress(self.address.ip().into());
        Ok(Connection {
            stream: self.connector.connect(name, stream).await?,
            buffer: Vec::new(),
        })
    }
}

pub(crate) struct Connection {
    pub(crate) stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

/// The status of an answer, and whether the server closes the connection after it.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) closes: bool,
}

impl Connection {
    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.resize(self.buffer.len().max(4 * 1024), 0);
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(
                read > 0,
                "the server closed the connection without an answer"
            );
            filled += read;
            let Some(head) = memchr::memmem::find(&self.buffer[..filled], b"\r\n\r\n") else {
                continue;
            };
            let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
            let status = text.split(' ').nth(1).context("no status")?.parse()?;
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .context("an answer without a length")?
                .parse()?;
            let total = head + 4 + length;
            self.buffer.resize(self.buffer.len().max(total), 0);
            if filled < total {
                self.stream
                    .read_exact(&mut self.buffer[filled..total])
                    .await?;
            }
            return Ok(Answer {
                status,
                closes: text.contains("connection: close"),
            });
        }
    }
}

/// The review of a pod's creation, of at least `bytes`.
fn pod_review(target: &Target) -> String {
    let mut environment = Vec::new();
    loop {
        let body = review(&target.account, &environment).to_string();
        if body.len() >= target.bytes {
            return body;
        }
        let number = environment.len();
        environment.push(json!({ "name": format!("SPARK_SETTING_{number}"), "value": "spark.driver.extraJavaOptions" }));
    }
}

fn review(account: &str, environment: &[serde_json::Value]) -> serde_json::Value {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "report", "namespace": "spark-team-a", "labels": { "app": "report" } },
        "spec": {
            "serviceAccountName": account,
            "containers": [{ "name": "main", "image": "public.ecr.aws/docker/library/busybox:1.36", "env": environment }],
        },
    });
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": { "group": "", "version": "v1", "kind": "Pod" },
            "resource": { "group": "", "version": "v1", "resource": "pods" },
            "requestKind": { "group": "", "version": "v1", "kind": "Pod" },
            "requestResource": { "group": "", "version": "v1", "resource": "pods" },
            "name": "report",
            "namespace": "spark-team-a",
            "operation": "CREATE",
            "userInfo": { "username": "ana", "uid": "", "groups": ["team-a", "system:authenticated"] },
            "object": pod,
            "oldObject": null,
            "dryRun": false,
            "options": { "kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1" },
        },
    })
}

/// A value in KiB from `/proc/<pid>/<file>`.
pub(crate) fn memory(pid: u32, file: &str, name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .context("no such line")?;
    Ok(line
        .trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()?)
}

/// Trusts every certificate: the server is on the loopback interface.
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
