//! Starts the ports and the background tasks, and shuts them down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ResolvesServerCert;
use rustls::server::danger::ClientCertVerifier;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use super::args::ServeArgs;
use super::descriptors;
use super::policy::PolicyFile;
use crate::certs::{
    AuthorityFile, AuthorityMetrics, CertificateFiles, CertificateMetrics, Certificates,
    ClientCertificates, in_memory,
};
use crate::cluster::{self, Cluster, ClusterView};
use crate::runtime::{Condition, Signals};
use crate::server::{Ports, Reviewer, Tls};
use crate::telemetry::LostLines;
use rolegate_core::decision::PolicyStore;

/// Threads for big bodies and for reading files. They end when unused.
const BLOCKING_THREADS: usize = 16;
/// Connections that the kernel queues until they are accepted: more than there are
/// places for may come at once. The kernel takes less if `net.core.somaxconn` says so;
/// its own default is as many.
const BACKLOG: u32 = 4096;

/// Why serving ended, other than by a signal.
pub(super) enum Stop {
    BadInput(anyhow::Error),
    /// The reason is in the log.
    Failed,
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::BadInput(error)
    }
}

/// Serves until a signal. Reads all files before it starts a thread, so that
/// invalid input ends the process at once.
pub(super) fn run<R: Reviewer>(
    args: &ServeArgs,
    reviewer: impl FnOnce(Arc<PolicyStore>, Option<Cluster>) -> R,
    lost_lines: LostLines,
) -> Result<(), Stop> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(lost_lines));
    let policy = PolicyFile::load(args.policy.clone(), &mut registry)?;
    let certificate = Certificate::load(args, &mut registry)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.threads())
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("rolegate")
        .enable_all()
        .build()
        .context("cannot start the threads")?;
    let outcome = runtime.block_on(serve(args, reviewer, registry, policy, certificate));
    // Tasks that still run have had the drain's time to finish.
    runtime.shutdown_background();
    outcome
}

/// The certificate being served, the clients' authorities, and their files.
struct Certificate {
    served: Arc<Certificates>,
    files: Option<CertificateFiles>,
    metrics: CertificateMetrics,
    clients: Option<Clients>,
    provider: Arc<CryptoProvider>,
}

/// The authorities whose certificates clients must show.
struct Clients {
    checked: Arc<ClientCertificates>,
    file: AuthorityFile,
    metrics: AuthorityMetrics,
}

impl Certificate {
    fn load(args: &ServeArgs, registry: &mut Registry) -> anyhow::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let metrics = CertificateMetrics::register(registry);
        let (pair, files) = match (&args.tls_cert, &args.tls_key) {
            (Some(certificate), Some(key)) => {
                let mut files =
                    CertificateFiles::new(certificate.clone(), key.clone(), Arc::clone(&provider));
                (files.load()?, Some(files))
            }
            _ => (in_memory(Timestamp::now(), &provider)?, None),
        };
        metrics.serving(&pair);
        let source = if files.is_some() {
            "files"
        } else {
            "made in memory"
        };
        tracing::info!(source, fingerprint = pair.fingerprint, not_after = %pair.not_after, "certificate loaded");
        let served = Certificates::new(&pair);
        let clients = args
            .client_ca
            .clone()
            .map(|file| Clients::load(AuthorityFile::new(file, Arc::clone(&provider)), registry))
            .transpose()
            .context("--client-ca")?;
        Ok(Self {
            served,
            files,
            metrics,
            clients,
            provider,
        })
    }

    fn tls(&self) -> Tls {
        let clients = self.clients.as_ref();
        Tls {
            provider: Arc::clone(&self.provider),
            certificates: Arc::clone(&self.served) as Arc<dyn ResolvesServerCert>,
            clients: clients
                .map(|clients| Arc::clone(&clients.checked) as Arc<dyn ClientCertVerifier>),
        }
    }

    fn is_in_memory(&self) -> bool {
        self.files.is_none() && self.clients.is_none()
    }

    fn reload(&mut self) {
        if let Some(files) = &mut self.files {
            files.reload(&self.served, &self.metrics);
        }
        if let Some(clients) = &mut self.clients {
            clients.file.reload(&clients.checked, &clients.metrics);
        }
    }
}

impl Clients {
    fn load(mut file: AuthorityFile, registry: &mut Registry) -> anyhow::Result<Self> {
        let metrics = AuthorityMetrics::register(registry);
        let authorities = file.load()?;
        metrics.used(&authorities);
        tracing::info!(
            count = authorities.count,
            not_after = %authorities.not_after,
            "clients must show a certificate"
        );
        Ok(Self {
            checked: ClientCertificates::new(authorities),
            file,
            metrics,
        })
    }
}

async fn serve<R: Reviewer>(
    args: &ServeArgs,
    reviewer: impl FnOnce(Arc<PolicyStore>, Option<Cluster>) -> R,
    mut registry: Registry,
    policy: PolicyFile,
    certificate: Certificate,
) -> Result<(), Stop> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let mut limits = args.limits();
    limits.connections.total = descriptors::connections(limits.connections.total);
    let ports = Ports {
        limits,
        ..Ports::default()
    };
    ports.readiness.met(Condition::Policy);
    ports.readiness.met(Condition::Certificate);
    let client = cluster::connect(args.cluster, &ports.readiness).await?;
    let cluster = client.map(|client| Cluster {
        view: ClusterView::new(client.clone(), &ports.readiness, &mut registry),
        client,
    });
    let reviewer = reviewer(Arc::clone(&policy.store), cluster.clone());
    let (https, health) = (bind(args.listen)?, bind(args.health_listen)?);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        https = %https.local_addr().unwrap_or(args.listen),
        health = %health.local_addr().unwrap_or(args.health_listen),
        "serving"
    );

    // Each task runs until the process ends. If one ends earlier, by a bug or a
    // panic, the process stops, so that it is restarted.
    let mut tasks = JoinSet::new();
    let tls = certificate.tls();
    let reviews = ports
        .reviews(https, reviewer, tls, &mut registry)
        .context("cannot set up TLS")?;
    tasks.spawn(named("HTTPS port", reviews));
    tasks.spawn(named("health port", ports.health(health, registry)));
    tasks.spawn(named(
        "reader of files",
        reread(args.reload_interval, policy, certificate),
    ));
    if let Some(Cluster { client, view }) = cluster {
        let readiness = ports.readiness.clone();
        tasks.spawn(named("cluster", async move {
            cluster::wait_until_answering(client, readiness.clone()).await;
            view.run(readiness).await;
        }));
    }

    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "shutting down"),
        ended = tasks.join_next() => {
            let which = ended.and_then(Result::ok).unwrap_or("one that panicked");
            tracing::error!(which, "a background task ended unexpectedly; stopping");
            return Err(Stop::Failed);
        }
    }
    tokio::select! {
        _open = ports.shutdown.drain(args.drain(), &ports.readiness) => Ok(()),
        signal = signals.next() => {
            tracing::error!(signal, "told to stop a second time; aborting requests in flight");
            Err(Stop::Failed)
        }
    }
}

/// Opens a port at once, with a backlog for the burst of connections that
/// follows a restart: the runtime's own default is 128.
fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let open = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Without it, a restart would wait for the old process's closed connections.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|error: std::io::Error| anyhow!("cannot listen on {address}: {error}"))
}

async fn named(name: &'static str, task: impl Future<Output = ()>) -> &'static str {
    task.await;
    name
}

/// Reads the policy and the certificate periodically, on a blocking thread.
async fn reread(every: Duration, mut policy: PolicyFile, mut certificate: Certificate) {
    if policy.is_built_in() && certificate.is_in_memory() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(every).await;
        let read = tokio::task::spawn_blocking(move || {
            policy.reload();
            certificate.reload();
            (policy, certificate)
        });
        match read.await {
            Ok(back) => (policy, certificate) = back,
            // It panicked, which is logged. The task ends, and with it the process.
            Err(_) => return,
        }
    }
}
