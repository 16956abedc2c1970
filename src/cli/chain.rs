//! `rolegate chain`: print the AWS profile of role chaining, without a cluster.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use rolegate_core::facts::RunsAs;
use rolegate_core::mutation::{Profile, SessionName, Source};
use rolegate_core::names::JobId;
use rolegate_core::names::RoleArn;
use rolegate_core::names::shown;
use rolegate_core::policy::{Chain, Policy};

use super::Verdict;

/// The verbs below `rolegate chain`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Print the AWS profile that a job's pods get
    Render(Args),
}

/// Arguments of `rolegate chain render`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy file
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The namespace the job runs in
    #[arg(long)]
    namespace: String,
    /// The service account its pods run as
    #[arg(long, value_name = "NAME")]
    service_account: String,
    /// The role to chain to; without it, the chain's default
    #[arg(long, value_name = "ARN")]
    to: Option<String>,
    /// The job's id, used in the session name
    #[arg(long, value_name = "ID", default_value = "0000000000000000000")]
    job_id: String,
    /// Assume that the job uses EKS Pod Identity; without it, the chain's mode decides
    #[arg(long)]
    pod_identity: bool,
}

pub(super) fn run(verb: &Verb) -> anyhow::Result<Verdict> {
    let Verb::Render(args) = verb;
    let policy = super::load_policy(Some(&args.policy))?;
    let chain = chain(args, &policy)?;
    let target = target(args, chain)?;
    let id = JobId::parse(&args.job_id)
        .with_context(|| "--job-id: a job's id has 19 characters, each 0-9 or a-z".to_owned())?;
    let source = if args.pod_identity {
        Source::PodIdentity
    } else {
        Source::expected(chain)
    };
    let profile = Profile {
        chain,
        target,
        source: &source,
        session: &SessionName::of(id.as_str()),
    };
    write!(anstream::stdout(), "{}", profile.text())?;
    Ok(Verdict::Clean)
}

fn chain<'a>(args: &Args, policy: &'a Policy) -> anyhow::Result<&'a Chain> {
    let identity = RunsAs::of(&args.namespace, &args.service_account, policy);
    let Some(role) = identity.role() else {
        bail!(
            "service account {} maps to no IAM role; the service accounts of jobs are named \
             emr-containers-sa-<framework>-<component>-<account>-<role>, or declared in the \
             policy (identities.operators[].jobServiceAccounts)",
            shown(&args.service_account, 200)
        );
    };
    policy
        .tenancy(&args.namespace)
        .chains
        .iter()
        .find(|chain| chain.from.role() == role)
        .with_context(|| {
            let namespace = shown(&args.namespace, 63);
            format!(
                "the policy lists no chain from {role} in namespace {namespace} \
                 (virtualClusters[].chains)"
            )
        })
}

fn target<'a>(args: &Args, chain: &'a Chain) -> anyhow::Result<&'a RoleArn> {
    let listed = || {
        let list: Vec<_> = chain.to.iter().map(ToString::to_string).collect();
        list.join(", ")
    };
    let Some(to) = &args.to else {
        let default = chain.default.as_ref();
        return default.with_context(|| {
            format!(
                "the chain has no default role; give --to one of {}",
                listed()
            )
        });
    };
    let asked = RoleArn::parse(to).with_context(|| format!("--to {}", shown(to, 200)))?;
    let mut permitted = chain.to.iter();
    permitted
        .find(|arn| arn.role() == asked.role() && arn.partition() == asked.partition())
        .with_context(|| format!("the policy does not list {asked}; it lists {}", listed()))
}
