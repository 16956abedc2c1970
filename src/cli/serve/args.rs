//! The flags of `rolegate serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cluster::ClusterMode;
use crate::runtime::Drain;
use crate::server::{ConnectionLimits, Limits, duration_flag};
use crate::telemetry::LogFormat;

/// The environment variable that is read if `--log-level` is not given.
const LOG_VARIABLE: &str = "ROLEGATE_LOG";
/// A review takes microseconds, so that more threads would only cost memory.
const MOST_THREADS: usize = 4;

/// Answer the API server's admission webhooks over HTTPS.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Address of the HTTPS port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,

    /// Address of the plain HTTP port with /livez, /readyz and /metrics
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub health_listen: SocketAddr,

    /// Certificate chain in PEM form, leaf first; without it, a self-signed
    /// certificate is made in memory
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate in PEM form
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Certificates of the authorities (CA) of clients, in PEM form. Clients without
    /// a certificate of one of them get no further than the handshake; without this
    /// option, everybody who reaches the port gets an answer
    #[arg(long, value_name = "FILE")]
    pub client_ca: Option<PathBuf>,

    /// Policy file; without it, the built-in policy applies
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// How often the policy and certificate files are read again
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration_flag)]
    pub reload_interval: Duration,

    /// Whether to use a cluster's API server
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    pub cluster: ClusterMode,

    /// Format of the log, which goes to standard error
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// Log filter, such as `info` or `info,rolegate::certs=debug` [default: the
    /// variable `ROLEGATE_LOG`, else info]
    #[arg(long, value_name = "FILTER")]
    pub log_level: Option<String>,

    /// How long new connections are still accepted after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration_flag)]
    pub drain_delay: Duration,

    /// How long requests in flight may take after that
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration_flag)]
    pub drain_timeout: Duration,

    /// Threads that answer requests [default: one per processor, at most 4]
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<usize>,

    /// Connections open at once, in total; a new one takes the place of one that
    /// does no work
    #[arg(long, value_name = "COUNT", default_value_t = ConnectionLimits::default().total)]
    pub max_connections: usize,

    /// Connections open at once, per client address
    #[arg(long, value_name = "COUNT", default_value_t = ConnectionLimits::default().per_peer)]
    pub max_connections_per_peer: usize,

    /// Age from which a connection is closed with its next answer, plus or minus
    /// up to a tenth
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration_flag)]
    pub max_connection_age: Duration,

    /// Reviews in flight at once, per door (webhook endpoint)
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().inflight_requests)]
    pub max_inflight_requests: usize,

    /// Bytes of large bodies in flight at once, per door, without the first 64 KiB
    /// of each; below 32 MiB the largest reviews never fit
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().inflight_bytes)]
    pub max_inflight_bytes: usize,
}

impl ServeArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            inflight_requests: self.max_inflight_requests,
            inflight_bytes: self.max_inflight_bytes,
            connections: ConnectionLimits {
                total: self.max_connections,
                per_peer: self.max_connections_per_peer,
                age: self.max_connection_age,
                ..ConnectionLimits::default()
            },
            ..Limits::default()
        }
    }

    pub(super) fn drain(&self) -> Drain {
        Drain {
            delay: self.drain_delay,
            finish: self.drain_timeout,
        }
    }

    pub(super) fn log_filter(&self) -> String {
        self.log_level
            .clone()
            .or_else(|| std::env::var(LOG_VARIABLE).ok())
            .unwrap_or_else(|| "info".to_owned())
    }

    pub(super) fn threads(&self) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or(processors.min(MOST_THREADS)).max(1)
    }
}
