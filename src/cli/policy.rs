//! `rolegate policy`: check a policy file, or print its JSON Schema.

use std::io::Write as _;
use std::path::PathBuf;

use super::Verdict;

/// The verbs below `rolegate policy`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Check a policy file and print its effect
    Check {
        /// The policy file
        file: PathBuf,
    },
    /// Print the JSON Schema of policy files
    Schema,
}

pub(super) fn run(verb: Verb) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout();
    match verb {
        Verb::Check { file } => {
            let (policy, warnings) = super::read_policy(&file)?;
            write!(
                out,
                "{}",
                rolegate_core::policy::check_report(
                    &file.display().to_string(),
                    &policy,
                    &warnings,
                    jiff::Timestamp::now()
                )
            )?;
        }
        Verb::Schema => writeln!(out, "{:#}", rolegate_core::rules::json_schema())?,
    }
    Ok(Verdict::Clean)
}
