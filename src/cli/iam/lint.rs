//! `rolegate iam lint`: what is wrong with the IAM documents of a file.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;
use owo_colors::OwoColorize as _;
use serde_json::json;

use rolegate_core::iam::lint::{Finding, Level, checks, lint};
use rolegate_core::iam::{Found, Hints, SubjectKind};

use super::{Place, Verdict, role};
use crate::cli::rbac::Format;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Policy documents, what `aws iam get-role` or `get-account-authorization-details`
    /// prints, Terraform plans as JSON, `CloudFormation` templates; `-` is standard input
    #[arg(required_unless_present = "checks")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// The ARN of the role whose trust policy the file is, where the file does not say
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// What a document alone is; without it, its content decides
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// An audience of the OIDC provider (its client ids); may be repeated
    #[arg(long, value_name = "NAME")]
    audience: Vec<String>,
    /// Exit with 1 for warnings, too
    #[arg(long)]
    strict: bool,
    /// List the checks
    #[arg(long)]
    checks: bool,
    /// The output format; `json` prints one object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Trust,
    Identity,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout();
    if args.checks {
        for check in checks() {
            writeln!(
                out,
                "{:32} {:8} {}",
                check.id,
                check.level.as_str(),
                check.about
            )?;
        }
        return Ok(Verdict::Clean);
    }
    let policy = args.place.policy()?;
    let world = args.place.world(&policy, &args.audience)?;
    let hints = Hints {
        kind: args.kind.map(|kind| match kind {
            Kind::Trust => SubjectKind::Trust,
            Kind::Identity => SubjectKind::Identity,
        }),
        role: role("--role", args.role.as_ref())?,
        cluster: world.cluster.clone(),
    };
    let mut verdict = Verdict::Clean;
    let mut findings = 0;
    let mut judged = 0;
    for path in &args.files {
        let (name, text) = super::read(path)?;
        let Found { subjects, skipped } = match rolegate_core::iam::read(&text, &hints) {
            Ok(found) => found,
            Err(error) => bail!("{name}: {error}"),
        };
        for one in skipped {
            let place = join(&name, &one.place, "");
            if one.malformed {
                verdict = verdict.max(Verdict::Bad);
                writeln!(anstream::stderr(), "rolegate: {place}: {}", one.why)?;
            } else {
                writeln!(
                    anstream::stderr(),
                    "warning: {place}: not evaluated: {}",
                    one.why
                )?;
            }
        }
        for subject in &subjects {
            judged += 1;
            for finding in lint(subject, &world) {
                findings += 1;
                let denies = match finding.check.level {
                    Level::Error => true,
                    Level::Warning => args.strict,
                    Level::Info => false,
                };
                if denies {
                    verdict = verdict.max(Verdict::Denied);
                }
                let role = subject.role.as_ref().map(ToString::to_string);
                match args.format {
                    Format::Text => text_of(
                        &mut out,
                        &join(&name, &subject.place, &finding.path),
                        role.as_deref(),
                        &finding,
                    )?,
                    Format::Json => {
                        line(&mut out, &name, &subject.place, role.as_deref(), &finding)?;
                    }
                }
            }
        }
    }
    if args.format == Format::Text && findings == 0 {
        let noun = if judged == 1 { "document" } else { "documents" };
        writeln!(out, "{judged} {noun}, nothing found")?;
    }
    Ok(verdict)
}

/// `file: place.path`.
fn join(file: &str, place: &str, path: &str) -> String {
    let dot = if place.is_empty() || path.is_empty() {
        ""
    } else {
        "."
    };
    let colon = if place.is_empty() && path.is_empty() {
        ""
    } else {
        ": "
    };
    format!("{file}{colon}{place}{dot}{path}")
}

fn text_of(
    out: &mut impl Write,
    at: &str,
    role: Option<&str>,
    finding: &Finding,
) -> io::Result<()> {
    let check = finding.check;
    writeln!(
        out,
        "{} {}: {}",
        check.level.as_str().bold(),
        check.id.bold(),
        finding.what
    )?;
    writeln!(out, "    at:      {at}")?;
    if let Some(role) = role {
        writeln!(out, "    role:    {role}")?;
    }
    for who in &finding.who {
        writeln!(out, "    who:     {who}")?;
    }
    writeln!(out, "    instead: {}", finding.instead)?;
    writeln!(out, "    source:  {}", check.source)?;
    if let Some(fix) = &finding.fix {
        writeln!(out, "    fix:     {}", fix.minified())?;
    }
    Ok(())
}

fn line(
    out: &mut impl Write,
    file: &str,
    place: &str,
    role: Option<&str>,
    finding: &Finding,
) -> io::Result<()> {
    let line = json!({
        "file": file,
        "place": place,
        "path": finding.path,
        "role": role,
        "check": finding.check.id,
        "level": finding.check.level.as_str(),
        "what": finding.what,
        "who": finding.who,
        "instead": finding.instead,
        "source": finding.check.source,
        "fix": finding.fix,
    });
    writeln!(out, "{line}")
}
