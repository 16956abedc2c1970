//! The API server, where there is one: finding it, seeing that it answers, and
//! looking up single objects. No rule of this version asks for one.

mod look_up;

pub use look_up::{Found, look_up};

use std::time::Duration;

use kube::{Client, Config};

use crate::runtime::{Condition, Readiness};

/// `--cluster`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ClusterMode {
    /// Use a cluster if a configuration is found, else run without.
    #[default]
    Auto,
    /// Refuse to start without a configuration.
    Required,
    /// Never look for one.
    Off,
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For one `/version`.
const PATIENCE: Duration = Duration::from_secs(10);

/// Finds a cluster's configuration: the pod's own, else a kubeconfig. With one,
/// the process is not ready until [`wait_until_answering`] has seen it answer.
///
/// # Errors
///
/// One sentence, if a cluster is required and there is no configuration, or if
/// no client can be made from it.
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

/// Asks for `/version`, at longer and longer intervals, until there is an answer.
pub async fn wait_until_answering(client: Client, readiness: Readiness) {
    let mut pause = FIRST_PAUSE;
    loop {
        let problem = match tokio::time::timeout(PATIENCE, client.apiserver_version()).await {
            Ok(Ok(version)) => {
                tracing::info!(version = version.git_version, "the API server answers");
                readiness.met(Condition::Cluster);
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        tracing::warn!(problem, again_in = ?pause, "the API server does not answer; not ready until it does");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
