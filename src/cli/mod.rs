//! The command line: one file per verb.
//!
//! Exit codes: 0 nothing denied, 1 something denied, 2 invalid input or usage, 141
//! standard output was closed early.
//! Data goes to standard output, everything else to standard error.

mod can;
mod chain;
mod completions;
mod explain;
mod iam;
mod manifests;
mod policy;
mod rbac;
mod review;
mod scan;
pub mod serve;
mod who_can;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use jiff::Timestamp;

use rolegate_core::policy::{Level, Policy, Strictness};

#[derive(Debug, Parser)]
#[command(name = "rolegate", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the admission webhook
    Serve(Box<serve::ServeArgs>),
    /// Check AdmissionReviews or manifests against the rules, without a cluster
    Review(Box<review::Args>),
    /// Judge what a cluster or a folder of manifests holds, and list who can do what
    Scan(scan::Args),
    /// List who may do something by RBAC, and by which binding
    WhoCan(who_can::Args),
    /// List what a subject may do by RBAC that matters to jobs, and what rolegate does
    /// about it
    Can(can::Args),
    /// Show the AWS profile that role chaining writes
    #[command(subcommand)]
    Chain(chain::Verb),
    /// Render and check IAM documents: trust policies and permissions
    #[command(subcommand)]
    Iam(iam::Verb),
    /// Print a rule's page; without a rule, list them
    Explain(explain::Args),
    /// Check a policy file, or print its JSON Schema
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Print the admission policies that complement the webhook
    #[command(subcommand)]
    Manifests(manifests::Verb),
    /// Print shell completions
    Completions(completions::Args),
}

/// Runs the command line. Returns the process's exit code.
#[must_use]
pub fn run() -> ExitCode {
    let result = match parse().verb {
        Verb::Serve(args) => return serve::run(&args),
        Verb::Review(args) => review::run(&args),
        Verb::Scan(args) => scan::run(&args),
        Verb::WhoCan(args) => who_can::run(&args),
        Verb::Can(args) => can::run(&args),
        Verb::Chain(verb) => chain::run(&verb),
        Verb::Iam(verb) => iam::run(&verb),
        Verb::Explain(args) => explain::run(&args),
        Verb::Policy(verb) => policy::run(verb),
        Verb::Manifests(verb) => manifests::run(verb),
        Verb::Completions(args) => completions::run(&args),
    };
    match result {
        Ok(verdict) => verdict.into(),
        Err(error) if is_closed_output(&error) => ExitCode::from(CLOSED_OUTPUT),
        Err(error) => bad_input(&format!("{error:#}")),
    }
}

/// The arguments. `kubectl` runs a program called `kubectl-rolegate` as
/// `kubectl rolegate`, and help and errors then say so.
fn parse() -> Cli {
    let called = std::env::args_os().next();
    let called = called.as_deref().map(Path::new).and_then(Path::file_stem);
    if called.is_some_and(|name| name == "kubectl-rolegate") {
        let command = Cli::command()
            .name("kubectl-rolegate")
            .bin_name("kubectl rolegate");
        let matches = command.get_matches();
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    } else {
        Cli::parse()
    }
}

/// The exit code when nobody reads standard output any more, as in `rolegate
/// review FILE | head -1`: what a shell reports of a program that SIGPIPE ended.
/// Not 0 or 1, because what was not read was not judged either.
const CLOSED_OUTPUT: u8 = 128 + 13;

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// Prints an input error on standard error; exit code 2.
pub(crate) fn bad_input(problem: &dyn std::fmt::Display) -> ExitCode {
    // If standard error cannot be written, only the exit code is left.
    let _ = writeln!(anstream::stderr(), "rolegate: {problem}");
    Verdict::Bad.into()
}

/// The result of a verb, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// Nothing was denied.
    Clean,
    /// At least one request was denied.
    Denied,
    /// At least one input was invalid.
    Bad,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        Self::from(match verdict {
            Verdict::Clean => 0,
            Verdict::Denied => 1,
            Verdict::Bad => 2,
        })
    }
}

/// The policy file of `--policy`, else the built-in policy. Warnings go to standard error;
/// of notes, which say what the policy leaves out, only how many there are.
fn load_policy(file: Option<&Path>) -> anyhow::Result<Policy> {
    let Some(file) = file else {
        return Ok(Policy::builtin());
    };
    let (policy, warnings) = read_policy(file)?;
    let mut notes = 0;
    for warning in &warnings {
        if warning.level == Level::Note {
            notes += 1;
        } else {
            writeln!(anstream::stderr(), "{warning}")?;
        }
    }
    if notes > 0 {
        let noun = if notes == 1 { "note" } else { "notes" };
        writeln!(
            anstream::stderr(),
            "note: {notes} {noun} about the policy; `rolegate policy check {}` prints them",
            file.display()
        )?;
    }
    Ok(policy)
}

fn read_policy(file: &Path) -> anyhow::Result<(Policy, Vec<rolegate_core::policy::PolicyWarning>)> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| anyhow::anyhow!("cannot read policy {}: {error}", file.display()))?;
    Ok(Policy::parse(
        &file.display().to_string(),
        &text,
        Timestamp::now(),
        Strictness::Check,
    )?)
}
