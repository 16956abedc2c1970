//! `rolegate review`: check reviews and manifests from files as the webhook would.

mod job_pod;
mod stand_in;

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;
use jiff::Timestamp;

use crate::report::{self, Patched, Reviewed};
use rolegate_core::decision::{Door, Outcome, Scope, decide};
use rolegate_core::facts::Facts;
use rolegate_core::policy::Policy;
use rolegate_core::request::document::{self, Document, Sent, Twice, Wrap};
use rolegate_core::request::{AdmissionReview, ReviewError, SampleUser};

use self::stand_in::StandIn;
use super::Verdict;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files with AdmissionReviews or manifests in JSON or YAML, with one or more
    /// documents each; without a file, or with `-`, standard input is read
    files: Vec<PathBuf>,
    /// The policy file; without it, the built-in policy applies
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The mode; in a cluster, the namespace's label sets it
    #[arg(long, value_enum, default_value_t = Mode::Enforce)]
    mode: Mode,
    /// The output format; `json` prints one object per document
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    wrap: WrapArgs,
}

/// The parts of the request that a manifest does not contain.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For manifests")]
struct WrapArgs {
    /// The requester, with all its evidence: emr, admin, tenant, user:<name>, job:<role>,
    /// operator:<namespace>/<name> or platform:<name>. As `emr` and `job:<role>`, a pod
    /// without a service account is a pod template of a Spark job
    #[arg(long = "as", value_name = "WHO", conflicts_with_all = ["user", "uid", "extra"])]
    stand_in: Option<String>,
    /// The requester's username
    #[arg(long, value_name = "NAME", default_value = "somebody")]
    user: String,
    /// A group of the requester; may be repeated
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// The requester's uid; every real service account token has one
    #[arg(long)]
    uid: Option<String>,
    /// A userInfo.extra value of the requester; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    extra: Vec<(String, String)>,
    /// The namespace, if the manifest names none; without it, `default`, or with --as the
    /// first namespace of the policy where such a requester works
    #[arg(long)]
    namespace: Option<String>,
    /// The operation; `update` compares the manifest with the object in --old
    #[arg(long, value_enum, default_value_t = Operation::Create)]
    operation: Operation,
    /// A file with the stored object that an update changes (one manifest)
    #[arg(long, value_name = "FILE")]
    old: Option<PathBuf>,
    /// The object's name, for the options of a CONNECT such as PodExecOptions
    #[arg(long)]
    name: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    Enforce,
    Warn,
    Audit,
    Cluster,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Operation {
    Create,
    Update,
    Delete,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let policy = super::load_policy(args.policy.as_deref())?;
    let wrap = args.wrap.wrap()?;
    let stand_in = match &args.wrap.stand_in {
        None => None,
        Some(text) => {
            let parsed = StandIn::parse(text, &policy);
            Some(parsed.map_err(|problem| anyhow::anyhow!("--as {text}: {problem}"))?)
        }
    };
    let setting = Setting {
        args,
        policy: &policy,
        wrap: &wrap,
        stand_in: stand_in.as_ref(),
    };
    let standard_input = [PathBuf::from("-")];
    let files = if args.files.is_empty() {
        &standard_input[..]
    } else {
        &args.files
    };
    let mut verdict = Verdict::Clean;
    for file in files {
        let name = if file.as_os_str() == "-" {
            "standard input".into()
        } else {
            file.display().to_string()
        };
        let split = |bytes: Vec<u8>| {
            let documents = document::split(&bytes)?;
            Ok((documents, document::given_twice(&bytes)))
        };
        match read(file).and_then(split) {
            Err(error) => {
                verdict = Verdict::Bad;
                writeln!(anstream::stderr(), "rolegate: {name}: {error:#}")?;
            }
            Ok((documents, twice)) => {
                for Twice { key, lines } in twice {
                    writeln!(
                        anstream::stderr(),
                        "warning: {name}:{}: key `{key}` is in line {} already; the last value \
                         counts, as for kubectl",
                        lines.1,
                        lines.0
                    )?;
                }
                if documents.is_empty() {
                    writeln!(
                        anstream::stderr(),
                        "note: {name}: the List has no items, so there is nothing to judge"
                    )?;
                }
                for document in documents {
                    verdict = verdict.max(setting.judge(&name, document)?);
                }
            }
        }
    }
    Ok(verdict)
}

/// What is the same for all documents.
struct Setting<'a> {
    args: &'a Args,
    policy: &'a Policy,
    wrap: &'a Wrap,
    stand_in: Option<&'a StandIn<'a>>,
}

impl Setting<'_> {
    /// Decides one document and prints the result.
    fn judge(&self, file: &str, document: Document) -> anyhow::Result<Verdict> {
        let source = format!("{file}#{}", document.number());
        let (Some(stand_in), true) = (self.stand_in, document.is_manifest()) else {
            return judge(self, self.wrap, &source, file, document, None);
        };
        let WrapArgs {
            namespace, groups, ..
        } = &self.args.wrap;
        let object = match document.object() {
            Ok(object) => object,
            Err(error) => return bad(&source, &error),
        };
        match stand_in.sends(object, namespace.as_deref(), groups, self.policy) {
            Err(problem) => bad(&source, &problem),
            Ok(sent) => {
                let wrap = Wrap {
                    user: sent.user,
                    ..self.wrap.clone()
                };
                let document = document.with_text(sent.object.to_string());
                judge(self, &wrap, &source, file, document, Some(&sent.says))
            }
        }
    }
}

fn judge(
    setting: &Setting<'_>,
    wrap: &Wrap,
    source: &str,
    file: &str,
    document: Document,
    stand_in: Option<&str>,
) -> anyhow::Result<Verdict> {
    let (args, policy) = (setting.args, setting.policy);
    let door = match args.mode {
        Mode::Enforce => Door::Enforce,
        Mode::Warn => Door::Warn,
        Mode::Audit => Door::Audit,
        Mode::Cluster => Door::Cluster,
    };
    let document = match document.into_review(wrap) {
        Ok(document) => document,
        Err(error) => return bad(source, &error),
    };
    let Sent { review, spans, .. } = &document;
    let unreadable = |error: &ReviewError| match document.misfit(error) {
        Some(misfit) => bad(source, &misfit),
        None => bad(source, error),
    };
    let sent = match AdmissionReview::parse(review.as_bytes()) {
        Ok(sent) => sent.request,
        Err(error) => return unreadable(&error),
    };
    // As in a cluster, the mutating webhook comes first.
    let patched = match Patched::of(&sent, policy) {
        Ok(patched) => patched,
        Err(error) => return unreadable(&error),
    };
    let after = patched.as_ref().map(|patched| patched.review(review));
    let request = match after
        .as_ref()
        .map(|review| AdmissionReview::parse(review.as_bytes()))
    {
        None => sent,
        Some(Ok(after)) => after.request,
        Some(Err(error)) => return bad(source, &error),
    };
    // For files there is no cluster to look facts up in.
    let facts = Facts::unknowable();
    let scope = Scope::of_door(door, policy);
    let decision = match decide(&request, scope, policy, &facts, Timestamp::now()) {
        Ok(Outcome::Decided(decision)) => decision,
        Ok(Outcome::Needs(needs)) => {
            anyhow::bail!("the engine asks for facts that cannot be known: {needs:?}")
        }
        // What the mutating webhook changed is no longer the file's.
        Err(error) if patched.is_none() => return unreadable(&error),
        Err(error) => return bad(source, &error),
    };
    let name = match request.object_name() {
        Ok(name) => name,
        Err(error) => return bad(source, &error),
    };
    let reviewed = Reviewed {
        source,
        file,
        spans,
        door,
        request: &request,
        name,
        decision: &decision,
        patched: patched.as_ref(),
        stand_in,
    };
    let mut out = anstream::stdout();
    match args.format {
        Format::Text => report::text::write(&mut out, &reviewed)?,
        Format::Json => report::json::write(&mut out, &reviewed)?,
    }
    Ok(if decision.allowed() {
        Verdict::Clean
    } else {
        Verdict::Denied
    })
}

fn bad(source: &str, error: &dyn std::fmt::Display) -> anyhow::Result<Verdict> {
    writeln!(anstream::stderr(), "rolegate: {source}: {error}")?;
    Ok(Verdict::Bad)
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    if file.as_os_str() != "-" {
        return std::fs::read(file).context("cannot read it");
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .context("cannot read it")?;
    Ok(bytes)
}

impl WrapArgs {
    fn wrap(&self) -> anyhow::Result<Wrap> {
        let old = match &self.old {
            None => None,
            Some(file) => {
                let bytes = read(file).with_context(|| format!("--old {}", file.display()))?;
                Some(
                    document::single(&bytes)
                        .with_context(|| format!("--old {}", file.display()))?,
                )
            }
        };
        Ok(Wrap {
            user: SampleUser {
                username: self.user.clone(),
                groups: self.groups.clone(),
                uid: self.uid.clone(),
                extra: self.extra.clone(),
            },
            namespace: self
                .namespace
                .clone()
                .unwrap_or_else(|| "default".to_owned()),
            operation: match self.operation {
                Operation::Create => rolegate_core::request::Operation::Create,
                Operation::Update => rolegate_core::request::Operation::Update,
                Operation::Delete => rolegate_core::request::Operation::Delete,
            },
            old,
            name: self.name.clone(),
        })
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` has no `=`; write KEY=VALUE"))
}
