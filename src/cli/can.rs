//! `rolegate can`: what RBAC lets one subject do that matters to jobs, what rolegate does
//! about it, and what more the subject can get.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use owo_colors::OwoColorize as _;
use serde_json::json;

use rolegate_core::facts::Class;
use rolegate_core::facts::surface::{By, Verb};
use rolegate_core::names::shown;
use rolegate_core::permissions::{Gain, Held, Reach, Standing, class_of, held, reach};
use rolegate_core::rbac::Identity;

use super::Verdict;
use super::rbac::{Format, Source};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A username such as alice or system:serviceaccount:spark-a:runner; the service
    /// account spark-a/runner may be written so too
    subject: String,
    /// A group of the user; may be repeated
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// The namespace
    #[arg(short, long, value_name = "NAME")]
    namespace: String,
    /// The policy file; without it, the built-in policy applies
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let name = username(&args.subject)?;
    let policy = super::load_policy(args.policy.as_deref())?;
    let found = args.source.read(&args.namespace)?;
    let identity = Identity::authenticated(&name, args.groups.iter().cloned());
    let class = class_of(&identity, &args.namespace, &policy);
    let held = held(&found.graph, &identity, class, &args.namespace);
    let more = reach(&found.graph, &identity, &held, &args.namespace, &policy);
    let mut out = anstream::stdout();
    match args.source.format {
        Format::Text => {
            text(&mut out, args, &identity, class, &held)?;
            can_get(&mut out, &more)?;
        }
        Format::Json => {
            held.iter().try_for_each(|one| line(&mut out, one))?;
            more.iter().try_for_each(|one| reach_line(&mut out, one))?;
        }
    }
    Ok(Verdict::Clean)
}

/// The username of a subject: itself, or that of the service account
/// `NAMESPACE/NAME`.
fn username(subject: &str) -> anyhow::Result<String> {
    let is_group = GROUPS.contains(&subject) || subject.starts_with("system:serviceaccounts:");
    if is_group {
        bail!("{subject} is a group; name a user in it, and the group with --group {subject}");
    }
    // Usernames of IAM have slashes, too, and colons before them.
    match subject.split_once('/') {
        Some((namespace, name)) if !namespace.contains(':') => {
            if namespace.is_empty() || name.is_empty() || name.contains('/') {
                bail!("`{subject}` is no service account; write NAMESPACE/NAME");
            }
            Ok(format!("system:serviceaccount:{namespace}:{name}"))
        }
        _ if subject.trim().is_empty() => bail!("the subject is empty; write a username"),
        _ => Ok(subject.to_owned()),
    }
}

/// Groups that Kubernetes itself gives, and nobody is a user of that name.
const GROUPS: [&str; 5] = [
    "system:masters",
    "system:nodes",
    "system:authenticated",
    "system:unauthenticated",
    "system:serviceaccounts",
];

/// The headings, with what stands under them.
type Section = (&'static str, fn(&Standing) -> bool);

const SECTIONS: [Section; 4] = [
    ("not stopped by rolegate", |one| {
        matches!(one, Standing::Open { .. })
    }),
    ("judged by rolegate, request by request", |one| {
        matches!(one, Standing::Judged(_))
    }),
    ("always denied by rolegate where it enforces", |one| {
        matches!(one, Standing::Denied(_))
    }),
    ("allowed without limit by rolegate's policy", |one| {
        matches!(one, Standing::Unlimited)
    }),
];

fn text(
    out: &mut impl Write,
    args: &Args,
    identity: &Identity<'_>,
    class: Class,
    held: &[Held<'_>],
) -> io::Result<()> {
    let namespace = &args.namespace;
    let name = shown(identity.name, 253);
    writeln!(
        out,
        "{} ({}) may do this in {namespace} and in the cluster:",
        name.bold(),
        class.as_str()
    )?;
    if identity.is_superuser() {
        writeln!(out, "everything, as system:masters, without any binding")?;
    }
    let mut any = false;
    for (heading, belongs) in SECTIONS {
        let section = held.iter().filter(|one| belongs(&one.standing));
        for (at, one) in section.enumerate() {
            if at == 0 {
                writeln!(out, "\n{heading}")?;
            }
            any = true;
            permission(out, one)?;
        }
    }
    if !any {
        writeln!(out, "nothing that gives access to a job")?;
    }
    Ok(())
}

fn permission(out: &mut impl Write, held: &Held<'_>) -> io::Result<()> {
    let verbs: Vec<&str> = held.verbs.iter().map(Verb::as_str).collect();
    let what = format!("  {} {}", verbs.join(", "), held.row);
    let about = match held.standing {
        Standing::Open { why, .. } => why.to_owned(),
        Standing::Denied(by) | Standing::Judged(by) => names(by),
        Standing::Unlimited | Standing::Harmless => String::new(),
    };
    let separator = if about.is_empty() { "" } else { ": " };
    writeln!(out, "{}{separator}{about}", what.bold())?;
    for grant in &held.grants {
        writeln!(out, "    by {grant}")?;
    }
    Ok(())
}

/// What it does not hold, and how it can get it.
fn can_get(out: &mut impl Write, more: &[Reach<'_>]) -> io::Result<()> {
    if more.is_empty() {
        return Ok(());
    }
    writeln!(out, "\ncan get more in one step")?;
    for reach in more {
        match reach.other {
            None => writeln!(out, "  {}", "every permission".bold())?,
            Some(other) => writeln!(out, "  as {}: {}", other.bold(), gains(&reach.gains))?,
        }
        for (way, grants) in &reach.ways {
            let it = if reach.other.is_some() { " it" } else { "" };
            writeln!(out, "    by {}{it}", way.in_words())?;
            for grant in grants {
                writeln!(out, "      {grant}")?;
            }
        }
    }
    Ok(())
}

/// The first few.
fn gains(gains: &[Gain]) -> String {
    const MOST: usize = 4;
    let line = |one: &Gain| {
        let verbs: Vec<&str> = one.verbs.iter().map(Verb::as_str).collect();
        format!("{} {}", verbs.join(", "), one.row)
    };
    let shown: Vec<String> = gains.iter().take(MOST).map(line).collect();
    match gains.len().saturating_sub(MOST) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

fn reach_line(out: &mut impl Write, reach: &Reach<'_>) -> io::Result<()> {
    let ways: Vec<_> = reach
        .ways
        .iter()
        .map(|(way, grants)| {
            let grants: Vec<_> = grants.iter().map(super::rbac::grant).collect();
            json!({ "way": way.as_str(), "grants": grants })
        })
        .collect();
    let gains: Vec<_> = reach
        .gains
        .iter()
        .map(|one| {
            json!({
                "group": one.row.group, "resource": one.row.resource,
                "subresource": one.row.subresource,
                "verbs": one.verbs.iter().map(Verb::as_str).collect::<Vec<_>>(),
            })
        })
        .collect();
    let line = json!({ "as": reach.other.map(ToString::to_string), "ways": ways, "gains": gains });
    writeln!(out, "{line}")
}

/// The first few judges; `pods` has ten.
fn names(by: &[By]) -> String {
    const MOST: usize = 3;
    let shown: Vec<&str> = by.iter().take(MOST).map(|one| one.as_str()).collect();
    let more = if by.len() > MOST { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn line(out: &mut impl Write, held: &Held<'_>) -> io::Result<()> {
    let (standing, by) = match held.standing {
        Standing::Open { .. } => ("open", &[][..]),
        Standing::Judged(by) => ("judged", by),
        Standing::Denied(by) => ("denied", by),
        Standing::Unlimited => ("unlimited", &[][..]),
        Standing::Harmless => ("harmless", &[][..]),
    };
    let by: Vec<&str> = by.iter().map(|one| one.as_str()).collect();
    let why = match held.standing {
        Standing::Open { why, .. } => Some(why),
        _ => None,
    };
    let line = json!({
        "group": held.row.group,
        "resource": held.row.resource,
        "subresource": held.row.subresource,
        "verbs": held.verbs.iter().map(Verb::as_str).collect::<Vec<_>>(),
        "standing": standing,
        "judgedBy": by,
        "why": why,
        "grants": held.grants.iter().map(super::rbac::grant).collect::<Vec<_>>(),
    });
    writeln!(out, "{line}")
}
