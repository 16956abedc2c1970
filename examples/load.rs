//! Sends requests to one door over a few kept-alive HTTPS connections, and
//! prints one line: throughput, latencies, and the server's processor time and
//! memory.
//!
//! `load --connections 4 --seconds 5 --pid 123`

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The unit of processor time in `/proc/<pid>/stat`; the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Clone, Parser)]
struct Load {
    /// Address of the HTTPS port
    #[arg(long, default_value = "127.0.0.1:8443")]
    address: SocketAddr,
    /// Path and query of the door
    #[arg(long, default_value = "/validate/enforce?timeout=3s")]
    path: String,
    /// File with the `AdmissionReview` to send; without it, the review of a
    /// pod's creation is sent
    #[arg(long)]
    review: Option<std::path::PathBuf>,
    /// Minimum size of that pod's review, in bytes
    #[arg(long, default_value_t = 5 * 1024)]
    bytes: usize,
    /// Service account of that pod
    #[arg(long, default_value = "default")]
    account: String,
    /// Kept-alive connections, with one request at a time on each
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Duration of the run
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Threads, which share the connections
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Process whose processor time and memory are measured
    #[arg(long)]
    pid: Option<u32>,
}

fn main() -> anyhow::Result<()> {
    let load = Load::parse();
    wait_until_listening(load.address)?;
    let idle = load.pid.map(|pid| memory(pid, "VmRSS")).transpose()?;
    let ticks_before = load.pid.map(ticks).transpose()?;
    let begun = Instant::now();
    let threads: Vec<_> = (0..load.threads.max(1))
        .map(|thread| {
            let load = load.clone();
            std::thread::spawn(move || run_thread(&load, thread))
        })
        .collect();
    let mut latencies = Vec::new();
    for thread in threads {
        let Ok(done) = thread.join() else {
            bail!("a thread panicked")
        };
        latencies.extend(done?);
    }
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(!latencies.is_empty(), "nothing was answered");
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_micros();
    let mut line = format!(
        "connections={} requests={} throughput={:.0} p50_us={} p99_us={}",
        load.connections,
        latencies.len(),
        f64::from(u32::try_from(latencies.len())?) / seconds,
        at(50),
        at(99)
    );
    if let (Some(pid), Some(idle), Some(ticks_before)) = (load.pid, idle, ticks_before) {
        let ticks = f64::from(u32::try_from(ticks(pid)? - ticks_before)?);
        let per_request = ticks / TICKS_PER_SECOND / f64::from(u32::try_from(latencies.len())?);
        write!(line, " cpu_us={:.1}", per_request * 1e6)?;
        let (now, peak) = (memory(pid, "VmRSS")?, memory(pid, "VmHWM")?);
        write!(line, " idle_kib={idle} loaded_kib={now} peak_kib={peak}")?;
    }
    anstream::println!("{line}");
    Ok(())
}

/// Waits up to 5 s for a server that is starting.
fn wait_until_listening(address: SocketAddr) -> std::io::Result<()> {
    let begun = Instant::now();
    loop {
        match std::net::TcpStream::connect(address) {
            Err(_) if begun.elapsed() < Duration::from_secs(5) => {
                std::thread::sleep(Duration::from_millis(10));
            }
            result => return result.map(drop),
        }
    }
}

/// Runs one thread's share of the connections. Returns every latency.
fn run_thread(load: &Load, thread: usize) -> anyhow::Result<Vec<Duration>> {
    let connections = (0..load.connections)
        .filter(|connection| connection % load.threads == thread)
        .count();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let end = Instant::now() + Duration::from_secs(load.seconds);
    let request = Arc::new(request(load)?);
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let request = Arc::clone(&request);
            let address = load.address;
            tasks.spawn(async move { run_connection(address, &request, end).await });
        }
        let mut all = Vec::new();
        while let Some(done) = tasks.join_next().await {
            all.extend(done??);
        }
        Ok(all)
    })
}

async fn run_connection(
    address: SocketAddr,
    request: &[u8],
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = connect(address).await?;
    let mut buffer = vec![0; 16 * 1024];
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        stream.write_all(request).await?;
        let closes = answer(&mut stream, &mut buffer).await?;
        latencies.push(sent.elapsed());
        if closes {
            stream = connect(address).await?;
        }
    }
    Ok(latencies)
}

async fn connect(address: SocketAddr) -> anyhow::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::IpAddress(address.ip().into());
    Ok(TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?)
}

/// Reads one answer. Returns whether the server closes the connection after it.
async fn answer(stream: &mut TlsStream<TcpStream>, buffer: &mut Vec<u8>) -> anyhow::Result<bool> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        ensure!(
            read > 0,
            "the server closed the connection in the middle of an answer"
        );
        filled += read;
        let Some(head) = memchr::memmem::find(&buffer[..filled], b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        ensure!(text.starts_with("http/1.1 200"), "not a decision: {text}");
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .context("an answer without a length")?
            .parse()?;
        let total = head + 4 + length;
        buffer.resize(buffer.len().max(total), 0);
        if filled < total {
            stream.read_exact(&mut buffer[filled..total]).await?;
        }
        return Ok(text.contains("connection: close"));
    }
}

/// The HTTP request, with the headers that the API server sends.
fn request(load: &Load) -> anyhow::Result<Vec<u8>> {
    let body = match &load.review {
        Some(file) => std::fs::read_to_string(file)?,
        None => pod_review(load),
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: rolegate.rolegate.svc:443\r\nUser-Agent: kube-apiserver-admission\r\n\
         Content-Length: {}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\
         Accept-Encoding: gzip\r\n\r\n",
        load.path,
        body.len()
    );
    Ok([head.as_bytes(), body.as_bytes()].concat())
}

/// The review of a pod's creation, of at least `load.bytes`.
fn pod_review(load: &Load) -> String {
    let mut environment = Vec::new();
    loop {
        let body = review(&load.account, &environment).to_string();
        if body.len() >= load.bytes {
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

/// User and system processor time of the process so far, in ticks.
fn ticks(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The program's name before it may contain blanks and brackets.
    let (_, rest) = stat.rsplit_once(") ").context("no such line")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || anyhow::Ok(fields.next().context("too short")?.parse::<u64>()?);
    Ok(next()? + next()?)
}

/// A value from `/proc/<pid>/status`, in KiB.
fn memory(pid: u32, name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
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
