//! `rolegate who-can`: the subjects that RBAC lets do something, and how.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;
use serde_json::json;

use rolegate_core::permissions::Question;
use rolegate_core::rbac::Holder;

use super::Verdict;
use super::rbac::{Format, Source};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The verb: get, list, watch, create, update, patch, delete, impersonate, …
    verb: String,
    /// The resource as a role names it, such as secrets, pods/exec, deployments.apps
    /// or deployments.apps/scale; or a URL such as /metrics
    resource: String,
    /// One object; without it, all those that may do it for any object are listed
    name: Option<String>,
    /// The namespace; without it, only cluster-wide rights count
    #[arg(short, long, value_name = "NAME", default_value = "")]
    namespace: String,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let name = args.name.as_deref().unwrap_or_default();
    let question = Question::parse(&args.verb, &args.resource, &args.namespace, name)?;
    let found = args.source.read(&args.namespace)?;
    let holders = found.graph.who_can(&question.attributes());
    let mut out = anstream::stdout();
    match args.source.format {
        Format::Text => text(&mut out, args, &question, &holders)?,
        Format::Json => holders.iter().try_for_each(|one| line(&mut out, one))?,
    }
    Ok(Verdict::Clean)
}

fn text(
    out: &mut impl Write,
    args: &Args,
    question: &Question,
    holders: &[Holder<'_>],
) -> io::Result<()> {
    let name = args.name.as_deref().map(|name| format!(" {name}"));
    let place = match args.namespace.as_str() {
        "" => String::new(),
        name => format!(" in {name}"),
    };
    let what = format!(
        "{} {}{}{place}",
        args.verb,
        args.resource,
        name.unwrap_or_default()
    );
    match holders.len() {
        0 => writeln!(out, "no binding lets anybody {what}")?,
        1 => writeln!(out, "1 subject may {what}:")?,
        many => writeln!(out, "{many} subjects may {what}:")?,
    }
    for Holder { subject, grants } in holders {
        writeln!(out, "{}", subject.bold())?;
        for grant in grants {
            writeln!(out, "  {grant}")?;
        }
    }
    writeln!(out, "the group system:masters may, without a binding")?;
    if args.namespace.is_empty() && !question.is_cluster_scoped() {
        writeln!(
            out,
            "note: without --namespace, only rights in all namespaces at once are listed"
        )?;
    }
    Ok(())
}

fn line(out: &mut impl Write, holder: &Holder<'_>) -> io::Result<()> {
    let grants: Vec<_> = holder.grants.iter().map(super::rbac::grant).collect();
    let line = json!({ "subject": holder.subject.to_string(), "grants": grants });
    writeln!(out, "{line}")
}
