//! `rolegate iam render`: one document, for the console, Terraform, `CloudFormation` or
//! the AWS CLI.

use std::io::Write as _;

use anyhow::bail;
use clap::ValueEnum;

use rolegate_core::iam::render::{ALL, Format, Input, known, render};
use rolegate_core::names::shown;

use super::{Place, Verdict, role};

#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(in crate::cli) struct Args {
    /// The document, such as execution-role-trust
    document: Option<String>,
    #[command(flatten)]
    place: Place,
    /// The ARN of the role that the document belongs to
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// Other roles: execution roles of a submitter, targets of a chain, runtime roles; may
    /// be repeated
    #[arg(long, value_name = "ARN")]
    roles: Vec<String>,
    /// The role that assumes: the source of a chain, EMR on EC2's instance profile
    #[arg(long, value_name = "ARN")]
    source: Option<String>,
    /// A namespace; may be repeated; without it, those of the policy
    #[arg(short, long, value_name = "NAME")]
    namespace: Vec<String>,
    /// List the service accounts of Spark jobs by their exact names, without a wildcard
    #[arg(long)]
    exact: bool,
    /// With the service accounts of Flink jobs
    #[arg(long)]
    flink: bool,
    /// The audience of the tokens
    #[arg(long, value_name = "NAME", default_value = "sts.amazonaws.com")]
    audience: String,
    /// A bucket of the jobs, or a prefix in it (BUCKET/PREFIX); may be repeated
    #[arg(long, value_name = "BUCKET")]
    bucket: Vec<String>,
    /// The log group of the jobs
    #[arg(long, value_name = "NAME")]
    log_group: Option<String>,
    /// The id of a virtual cluster; may be repeated
    #[arg(long, value_name = "ID")]
    virtual_cluster: Vec<String>,
    /// The external id that the assumed role asks for; without it, the chain's in the policy
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// The source identity
    #[arg(long, value_name = "NAME")]
    source_identity: Option<String>,
    /// A ZIP file with PEM certificates in S3, for encryption in transit
    #[arg(long, value_name = "S3-URL")]
    certificates: Option<String>,
    /// The source's sessions have tags, as those of EKS Pod Identity
    #[arg(long)]
    tagged: bool,
    /// The version of Kubernetes, such as 1.31
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<String>,
    /// What to write
    #[arg(long = "as", value_name = "FORMAT", value_enum, default_value_t = As::Json)]
    format: As,
    /// Write JSON without white space
    #[arg(long)]
    minify: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    Json,
    Terraform,
    Cloudformation,
    Cli,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout();
    let Some(name) = &args.document else {
        for known in &ALL {
            writeln!(out, "{:36} {}", known.name, known.about)?;
        }
        return Ok(Verdict::Clean);
    };
    let Some(known) = known(name) else {
        bail!(
            "there is no document {}; `rolegate iam render` lists them",
            shown(name, 80)
        );
    };
    let policy = args.place.policy()?;
    let documents = render(known, &input(args, &policy)?)?;
    let format = match args.format {
        As::Json => Format::Json,
        As::Terraform => Format::Terraform,
        As::Cloudformation => Format::CloudFormation,
        As::Cli => Format::Cli,
    };
    write!(out, "{}", format.write(&documents, args.minify)?)?;
    let mut err = anstream::stderr();
    let mut verdict = Verdict::Clean;
    for one in &documents {
        if let Some(size) = one.size() {
            writeln!(err, "{}: {size}", one.name)?;
            if !size.fits() {
                verdict = Verdict::Denied;
                writeln!(err, "{}: it does not fit: {}", one.name, size.advice())?;
            }
        }
        for note in &one.notes {
            writeln!(err, "note: {note}")?;
        }
        for command in one.commands.iter().filter(|_| args.format != As::Cli) {
            writeln!(err, "then: {command}")?;
        }
    }
    Ok(verdict)
}

fn input<'p>(args: &Args, policy: &'p rolegate_core::policy::Policy) -> anyhow::Result<Input<'p>> {
    let minor = match &args.kubernetes_version {
        None => None,
        Some(text) => {
            let minor = text
                .strip_prefix("1.")
                .and_then(|rest| rest.split('.').next()?.parse().ok());
            let Some(minor) = minor else {
                bail!(
                    "--kubernetes-version {}: a version looks like 1.31",
                    shown(text, 40)
                );
            };
            Some(minor)
        }
    };
    Ok(Input {
        cluster: args.place.cluster()?,
        issuer: args.place.issuer()?,
        role: role("--role", args.role.as_ref())?,
        namespaces: args.namespace.clone(),
        exact: args.exact,
        flink: args.flink,
        audience: args.audience.clone(),
        buckets: args.bucket.clone(),
        log_group: args.log_group.clone(),
        virtual_clusters: args.virtual_cluster.clone(),
        roles: args.roles.clone(),
        source: role("--source", args.source.as_ref())?,
        external_id: args.external_id.clone(),
        source_identity: args.source_identity.clone(),
        certificates: args.certificates.clone(),
        tagged: args.tagged,
        kubernetes_minor: minor,
        ..Input::new(policy)
    })
}
