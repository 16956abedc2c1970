//! Everything wired together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use super::args::ServeArgs;
use super::policy::PolicyFile;
use crate::certs::{CertificateFiles, CertificateMetrics, Certificates, in_memory};
use crate::cluster;
use crate::runtime::{Condition, Signals};
use crate::server::{Ports, Reviewer};
use crate::telemetry::LostLines;
use rolegate_core::decision::PolicyStore;

/// Threads for big bodies and for reading files. They end when unused.
const BLOCKING_THREADS: usize = 16;
/// Connections the system keeps until they are accepted.
const BACKLOG: u32 = 1024;

/// Why serving ended, other than by a signal.
pub(super) enum Stop {
    BadInput(anyhow::Error),
    /// It is in the log.
    Failed,
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::BadInput(error)
    }
}

/// Serves until a signal. What the arguments name is read before anything is
/// started, so that bad input shows at once and leaves nothing behind.
pub(super) fn run<R: Reviewer>(
    args: &ServeArgs,
    reviewer: impl FnOnce(Arc<PolicyStore>) -> R,
    lost_lines: LostLines,
) -> Result<(), Stop> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(lost_lines));
    let policy = PolicyFile::load(args.policy.clone(), &mut registry)?;
    let certificate = Certificate::load(args, &mut registry)?;
    let reviewer = reviewer(Arc::clone(&policy.store));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.threads())
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("rolegate")
        .enable_all()
        .build()
        .context("cannot start the threads")?;
    let outcome = runtime.block_on(serve(args, reviewer, registry, policy, certificate));
    // Whatever still runs was given its time.
    runtime.shutdown_background();
    outcome
}

/// The certificate being served and, if it came from files, how to look again.
struct Certificate {
    served: Arc<Certificates>,
    files: Option<CertificateFiles>,
    metrics: CertificateMetrics,
    provider: Arc<CryptoProvider>,
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
        Ok(Self {
            served,
            files,
            metrics,
            provider,
        })
    }

    fn reload(&mut self) {
        if let Some(files) = &mut self.files {
            files.reload(&self.served, &self.metrics);
        }
    }
}

async fn serve<R: Reviewer>(
    args: &ServeArgs,
    reviewer: R,
    mut registry: Registry,
    policy: PolicyFile,
    certificate: Certificate,
) -> Result<(), Stop> {
    let mut signals = Signals::listen().context("cannot listen to signals")?;
    let stack = Ports {
        limits: args.limits(),
        ..Ports::default()
    };
    stack.readiness.met(Condition::Policy);
    stack.readiness.met(Condition::Certificate);
    let client = cluster::connect(args.cluster, &stack.readiness).await?;
    let (https, health) = (bind(args.listen)?, bind(args.health_listen)?);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        https = %https.local_addr().unwrap_or(args.listen),
        health = %health.local_addr().unwrap_or(args.health_listen),
        "serving"
    );

    // Each of these runs to the end of the process. One that ends earlier, by
    // a bug or a panic, takes the process with it: better restarted than deaf.
    let mut tasks = JoinSet::new();
    let served = Arc::clone(&certificate.served);
    let provider = Arc::clone(&certificate.provider);
    let reviews = stack
        .reviews(https, reviewer, provider, served, &mut registry)
        .context("cannot set up TLS")?;
    tasks.spawn(named("HTTPS port", reviews));
    tasks.spawn(named("health port", stack.health(health, registry)));
    tasks.spawn(named(
        "reader of files",
        reread(args.reload_interval, policy, certificate),
    ));
    if let Some(client) = client {
        let readiness = stack.readiness.clone();
        tasks.spawn(named("cluster", async move {
            cluster::wait_until_answering(client, readiness).await;
            std::future::pending::<()>().await;
        }));
    }

    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "going down"),
        ended = tasks.join_next() => {
            let which = ended.and_then(Result::ok).unwrap_or("one that panicked");
            tracing::error!(which, "a background task ended that never should; stopping");
            return Err(Stop::Failed);
        }
    }
    tokio::select! {
        _open = stack.shutdown.drain(args.drain(), &stack.readiness) => Ok(()),
        signal = signals.next() => {
            tracing::error!(signal, "told to go down a second time; aborting what is in flight");
            Err(Stop::Failed)
        }
    }
}

/// Opens a port at once, with room for the burst of connections that follows a
/// restart: the runtime's own default is 128.
fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let open = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A restart must not wait for the old process's closed connections.
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

/// Looks at both files again and again, on a thread that may block.
async fn reread(every: Duration, mut policy: PolicyFile, mut certificate: Certificate) {
    if policy.is_built_in() && certificate.files.is_none() {
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
            // It panicked, which is in the log: the task ends, and all with it.
            Err(_) => return,
        }
    }
}
