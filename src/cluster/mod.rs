//! The optional connection to an API server: its configuration, whether it
//! answers, look-ups of the single objects that rules ask for, and the modes of
//! namespaces; and `view`, what rolegate keeps of the cluster by watching it.
//! `manifests/lookups` and `manifests/view` grant the rights for them.

mod look_up;
mod namespaces;
mod page;
mod view;

pub use look_up::{Found, look_up};
pub use namespaces::Namespaces;
pub(crate) use page::{PAGE, Page};
pub use view::ClusterView;

use std::time::Duration;

use kube::{Client, Config};

use crate::runtime::{Condition, Readiness};

/// The cluster that a process serves.
#[derive(Clone)]
pub struct Cluster {
    pub client: Client,
    /// What is known of it.
    pub view: ClusterView,
}

/// The value of `--cluster`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ClusterMode {
    /// Use a cluster if a configuration is found.
    #[default]
    Auto,
    /// Do not start without a configuration.
    Required,
    /// Use no cluster.
    Off,
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest time for one request to `/version`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Makes a client from the pod's own configuration, else from a kubeconfig. With
/// a client, the process is not ready until [`wait_until_answering`] returns.
///
/// # Errors
///
/// A sentence, if a cluster is required and no configuration is found, or if
/// the configuration is invalid.
pub async fn connect(mode: ClusterMode, readiness: &Readiness) -> anyhow::Result<Option<Client>> {
    if mode == ClusterMode::Off {
        return Ok(None);
    }
    let config = match Config::infer().await {
        Ok(config) => config,
        Err(error) if mode == ClusterMode::Required => {
            anyhow::bail!("a cluster is required, but no configuration for one was found: {error}")
        }
        Err(error) => {
            tracing::info!(%error, "running without a cluster: no configuration for one was found");
            return Ok(None);
        }
    };
    tracing::info!(server = %config.cluster_url, "using a cluster");
    let client = Client::try_from(config)
        .map_err(|error| anyhow::anyhow!("the cluster's configuration cannot be used: {error}"))?;
    readiness.block(Condition::Cluster);
    Ok(Some(client))
}

/// Requests `/version` until the API server answers, with growing pauses.
pub async fn wait_until_answering(client: Client, readiness: Readiness) {
    let mut pause = FIRST_PAUSE;
    loop {
        let problem = match tokio::time::timeout(TIMEOUT, client.apiserver_version()).await {
            Ok(Ok(version)) => {
                tracing::info!(version = version.git_version, "the API server answers");
                readiness.met(Condition::Cluster);
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("no answer within {} s", TIMEOUT.as_secs()),
        };
        tracing::warn!(problem, again_in = ?pause, "the API server does not answer; not ready until it does");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
