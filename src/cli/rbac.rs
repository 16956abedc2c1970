//! What `who-can` and `can` have in common: where the RBAC comes from.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use rolegate_core::rbac::Grant;

use crate::rbac::{Found, from_cluster, from_files};

#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Read roles and bindings from a file or a folder instead of the cluster:
    /// manifests, a rendered chart, or `kubectl get -A -o yaml` of the four kinds; `-`
    /// is standard input; may be repeated
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,
    /// The context of the kubeconfig; without it, the current one
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    context: Option<String>,
    /// The output format; `json` prints one object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

impl Source {
    /// Reads all roles and bindings. What had to be left out is said on standard
    /// error.
    pub(super) fn read(&self, namespace: &str) -> anyhow::Result<Found> {
        let found = if self.from.is_empty() {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime
                .block_on(async { from_cluster(&client(self.context.as_deref()).await?).await })?
        } else {
            from_files(&self.from, namespace)?
        };
        for skipped in &found.skipped {
            writeln!(anstream::stderr(), "warning: {skipped}; it is left out")?;
        }
        Ok(found)
    }
}

/// A client for a context of the kubeconfig, or for the current one.
pub(super) async fn client(context: Option<&str>) -> anyhow::Result<Client> {
    const WHICH: &str = "no cluster is configured; name files with --from, or set KUBECONFIG";
    let config = if let Some(context) = context {
        let options = KubeConfigOptions {
            context: Some(context.to_owned()),
            ..KubeConfigOptions::default()
        };
        let kubeconfig = Kubeconfig::read().context(WHICH)?;
        Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .with_context(|| format!("--context {context}"))?
    } else {
        Config::infer().await.context(WHICH)?
    };
    Client::try_from(config).context("the cluster's configuration cannot be used")
}

/// A grant as JSON.
pub(super) fn grant(grant: &Grant<'_>) -> Value {
    json!({
        "binding": grant.binding.key.to_string(),
        "role": grant.role.to_string(),
        "ruleIn": grant.source.key.to_string(),
        "onlyFor": grant.names(),
    })
}
