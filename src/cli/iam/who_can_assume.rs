//! `rolegate iam who-can-assume`: which service accounts can become which roles.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use owo_colors::OwoColorize as _;
use serde::Deserialize;
use serde_json::json;

use rolegate_core::iam::{
    ANY_NAMESPACE, Account, Hints, SubjectKind, Trust, Via, Way, Whose, World, accounts_of,
    who_can_assume,
};
use rolegate_core::names::{RoleArn, shown};
use rolegate_core::request::document;

use super::{Place, Verdict, role};
use crate::cli::rbac::Format;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Files with trust policies, as `rolegate iam lint` takes them; the roles must be named
    /// in them, or by --role
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// The role of a trust policy that stands alone
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// Service accounts: manifests, or `kubectl get serviceaccounts -A -o json`; `-` is
    /// standard input; may be repeated. Without it: those of the policy's jobs, and names
    /// that a tenant could create
    #[arg(long, value_name = "FILE")]
    accounts: Vec<PathBuf>,
    /// Only what the policy does not mean: others than the role's own jobs, and namespaces
    /// in which it does not let the role run
    #[arg(long)]
    strangers: bool,
    /// The output format; `json` prints one object per line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let policy = args.place.policy()?;
    let world = args.place.world(&policy, &[])?;
    let alone = role("--role", args.role.as_ref())?;
    let trusts = trusts(&args.files, alone, &world)?;
    let accounts = if args.accounts.is_empty() {
        accounts_of(&trusts, &world)
    } else {
        listed(&args.accounts)?
    };
    let mut ways = who_can_assume(&trusts, &accounts, &world);
    if args.strangers {
        ways.retain(Way::is_strange);
    }
    let mut out = anstream::stdout();
    match args.format {
        Format::Text => text(&mut out, &ways)?,
        Format::Json => ways.iter().try_for_each(|way| line(&mut out, way))?,
    }
    let found = args.strangers && !ways.is_empty();
    Ok(if found {
        Verdict::Denied
    } else {
        Verdict::Clean
    })
}

/// The trust policies of files; `alone` is the role of a document that does not say whose it
/// is.
pub(in crate::cli) fn trusts(
    files: &[PathBuf],
    alone: Option<RoleArn>,
    world: &World<'_>,
) -> anyhow::Result<Vec<Trust>> {
    let hints = Hints {
        kind: Some(SubjectKind::Trust),
        role: alone,
        cluster: world.cluster.clone(),
    };
    let mut trusts = Vec::new();
    for path in files {
        let (name, text) = super::read(path)?;
        let found = match rolegate_core::iam::read(&text, &hints) {
            Ok(found) => found,
            Err(error) => bail!("{name}: {error}"),
        };
        // A role that is left out would be missing from the answer.
        if let Some(one) = found.skipped.first() {
            bail!("{name}: {}: {}", one.place, one.why);
        }
        for subject in found
            .subjects
            .into_iter()
            .filter(|subject| subject.kind == SubjectKind::Trust)
        {
            let Some(role) = subject.role else {
                bail!(
                    "{name}: the file does not say whose trust policy this is; name the role with --role"
                );
            };
            trusts.push(Trust {
                role,
                document: subject.document,
            });
        }
    }
    Ok(trusts)
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
}

fn listed(paths: &[PathBuf]) -> anyhow::Result<Vec<Account>> {
    let mut accounts = Vec::new();
    for path in paths {
        let (name, text) = super::read(path)?;
        for document in document::split(text.as_bytes()).with_context(|| name.clone())? {
            let head: Head = serde_json::from_str(document.text()).with_context(|| name.clone())?;
            if head.kind == "ServiceAccount" {
                if head.metadata.namespace.is_empty() {
                    bail!(
                        "{name}: service account {} has no namespace",
                        shown(&head.metadata.name, 253)
                    );
                }
                accounts.push(Account {
                    namespace: head.metadata.namespace,
                    name: head.metadata.name,
                });
            }
        }
    }
    if accounts.is_empty() {
        bail!("there is no ServiceAccount in these files");
    }
    accounts.sort();
    accounts.dedup();
    Ok(accounts)
}

fn whose(way: &Way) -> String {
    match &way.whose {
        Whose::Own => "its own jobs".to_owned(),
        Whose::Role(role) if way.whose.is_any_other_role() => {
            format!(
                "jobs of every other role of account {}",
                role.account.as_str()
            )
        }
        Whose::Role(role) => format!("jobs of role {role}"),
        Whose::Reserved => "service accounts with EMR's prefix and no role".to_owned(),
        Whose::Anybody => "service accounts that a tenant can create".to_owned(),
    }
}

/// One line for all accounts of one kind in one namespace.
fn text(out: &mut impl Write, ways: &[Way]) -> io::Result<()> {
    if ways.is_empty() {
        return writeln!(out, "no service account can become one of these roles");
    }
    let mut last = None;
    let mut written: Vec<String> = Vec::new();
    for way in ways {
        if last != Some(&way.role) {
            writeln!(out, "{}", way.role.bold())?;
            last = Some(&way.role);
            written.clear();
        }
        let namespace = if way.account.namespace == ANY_NAMESPACE {
            "any namespace".to_owned()
        } else {
            shown(&way.account.namespace, 63)
        };
        let via = match &way.via {
            Via::Irsa => "IRSA".to_owned(),
            Via::PodIdentity => "EKS Pod Identity, with an association".to_owned(),
            Via::Chain(path, needs) => {
                let roles: Vec<_> = path.iter().map(ToString::to_string).collect();
                let needs = if *needs {
                    ", if the policies of the role before it allow it"
                } else {
                    ""
                };
                format!("{}{needs}", roles.join(", then "))
            }
        };
        let unmeant = if way.meant == Some(false) {
            " (the policy does not let the role run here)"
        } else {
            ""
        };
        let tenants = if way.tenants.is_empty() {
            String::new()
        } else {
            format!(" (submitted by {})", shown(&way.tenants.join(", "), 300))
        };
        let whose = whose(way);
        let line = format!("  {namespace}: {whose}{tenants}, through {via}{unmeant}");
        if !written.contains(&line) {
            writeln!(out, "{line}")?;
            written.push(line);
        }
    }
    Ok(())
}

fn line(out: &mut impl Write, way: &Way) -> io::Result<()> {
    let (via, path, needs) = match &way.via {
        Via::Irsa => ("irsa", Vec::new(), false),
        Via::PodIdentity => ("pod-identity", Vec::new(), false),
        Via::Chain(path, needs) => (
            "chain",
            path.iter().map(ToString::to_string).collect(),
            *needs,
        ),
    };
    let line = json!({
        "role": way.role.as_str(),
        "namespace": way.account.namespace,
        "serviceAccount": way.account.name,
        "whose": whose(way),
        "tenants": way.tenants,
        "via": via,
        "path": path,
        "needsIdentityPolicy": needs,
        "meant": way.meant,
    });
    writeln!(out, "{line}")
}
