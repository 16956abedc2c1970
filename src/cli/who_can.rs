//! `rolegate who-can`: the subjects that RBAC lets do something and how, and those that can
//! get it.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;
use serde_json::json;

use rolegate_core::permissions::{Question, Route, Routes, routes};
use rolegate_core::rbac::{Holder, Subject};

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
    let indirect = routes(&found.graph, &question.attributes(), &holders);
    let mut out = anstream::stdout();
    match args.source.format {
        Format::Text => {
            text(&mut out, args, &question, &holders)?;
            can_get(&mut out, &indirect)?;
        }
        Format::Json => {
            holders.iter().try_for_each(|one| line(&mut out, one))?;
            let mut ways = indirect.routes.iter();
            ways.try_for_each(|one| route_line(&mut out, one))?;
        }
    }
    if indirect.not_followed > 0 {
        writeln!(
            anstream::stderr(),
            "warning: who can act as {} further holders was not looked for",
            indirect.not_followed
        )?;
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

/// Those that do not hold it, and how they can.
fn can_get(out: &mut impl Write, found: &Routes<'_>) -> io::Result<()> {
    if found.routes.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nwho can get it in one more step:")?;
    let mut last = None;
    for route in &found.routes {
        if last != Some(route.subject) {
            writeln!(out, "{}", route.subject.bold())?;
            last = Some(route.subject);
        }
        let through = names(&route.through);
        writeln!(out, "  by {}{through}", route.way.in_words())?;
        for grant in &route.grants {
            writeln!(out, "    {grant}")?;
        }
    }
    Ok(())
}

/// The first few holders.
fn names(through: &[Subject]) -> String {
    const MOST: usize = 3;
    let shown: Vec<String> = through.iter().take(MOST).map(Subject::to_string).collect();
    match (shown.is_empty(), through.len().saturating_sub(MOST)) {
        (true, _) => String::new(),
        (false, 0) => format!(" {}", shown.join(" or ")),
        (false, more) => format!(" {} or {more} more", shown.join(", ")),
    }
}

fn route_line(out: &mut impl Write, route: &Route<'_>) -> io::Result<()> {
    let grants: Vec<_> = route.grants.iter().map(super::rbac::grant).collect();
    let through: Vec<String> = route.through.iter().map(Subject::to_string).collect();
    let line = json!({
        "subject": route.subject.to_string(), "way": route.way.as_str(),
        "through": through, "grants": grants,
    });
    writeln!(out, "{line}")
}

fn line(out: &mut impl Write, holder: &Holder<'_>) -> io::Result<()> {
    let grants: Vec<_> = holder.grants.iter().map(super::rbac::grant).collect();
    let line = json!({ "subject": holder.subject.to_string(), "way": "holds", "grants": grants });
    writeln!(out, "{line}")
}
