//! `rolegate iam`: IAM documents, rendered from the policy, linted, and evaluated. AWS is
//! never called.

mod lint;
mod render;
mod who_can_assume;

pub(super) use who_can_assume::trusts;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use rolegate_core::iam::{EksCluster, Issuer, World};
use rolegate_core::names::{RoleArn, shown};
use rolegate_core::policy::Policy;

use super::Verdict;

/// The verbs below `rolegate iam`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Print an IAM document that fits the policy; without a name, list the documents
    Render(Box<render::Args>),
    /// Check trust policies and identity policies
    Lint(lint::Args),
    /// List which service accounts can become which roles
    WhoCanAssume(who_can_assume::Args),
}

/// What the verbs have in common: the policy and the cluster.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The policy file; without it, the built-in policy, which lists no namespaces
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// The EKS cluster's ARN
    #[arg(long, value_name = "ARN")]
    cluster_arn: Option<String>,
    /// The issuer of the cluster's tokens, as `aws eks describe-cluster` prints it
    #[arg(long, value_name = "URL")]
    oidc_issuer: Option<String>,
}

pub(super) fn run(verb: &Verb) -> anyhow::Result<Verdict> {
    match verb {
        Verb::Render(args) => render::run(args),
        Verb::Lint(args) => lint::run(args),
        Verb::WhoCanAssume(args) => who_can_assume::run(args),
    }
}

impl Place {
    pub(super) fn policy(&self) -> anyhow::Result<Policy> {
        super::load_policy(self.policy.as_deref())
    }

    fn cluster(&self) -> anyhow::Result<Option<EksCluster>> {
        let parse = |text: &String| {
            let name = shown(text, 200);
            EksCluster::parse(text)
                .map_err(|error| anyhow::anyhow!("--cluster-arn {name}: {error}"))
        };
        self.cluster_arn.as_ref().map(parse).transpose()
    }

    fn issuer(&self) -> anyhow::Result<Option<Issuer>> {
        let parse = |text: &String| {
            let name = shown(text, 200);
            Issuer::parse(text).map_err(|error| anyhow::anyhow!("--oidc-issuer {name}: {error}"))
        };
        self.oidc_issuer.as_ref().map(parse).transpose()
    }

    pub(super) fn world<'p>(
        &self,
        policy: &'p Policy,
        audiences: &[String],
    ) -> anyhow::Result<World<'p>> {
        Ok(World {
            policy,
            cluster: self.cluster()?,
            issuer: self.issuer()?,
            audiences: audiences.to_vec(),
        })
    }
}

/// A role's ARN of an option.
fn role(option: &str, text: Option<&String>) -> anyhow::Result<Option<RoleArn>> {
    let parse = |text: &String| {
        RoleArn::parse(text).with_context(|| format!("{option} {}", shown(text, 200)))
    };
    text.map(parse).transpose()
}

/// The name of an input and its text; `-` is standard input.
fn read(path: &Path) -> anyhow::Result<(String, String)> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.context("cannot read standard input")?;
        return Ok(("standard input".to_owned(), text));
    }
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    Ok((name, text))
}
