//! `rolegate manifests`: print the manifests that rolegate makes itself.

use std::io::Write as _;

use anyhow::anyhow;

use crate::manifests::{GUARDS, Guard};

use super::Verdict;

/// The verbs below `rolegate manifests`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Print the admission policies with their bindings
    Policies {
        /// Only this one, such as `secret-guard`; also one that is off by default
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
}

pub(super) fn run(verb: Verb) -> anyhow::Result<Verdict> {
    let Verb::Policies { only } = verb;
    let chosen = match &only {
        Some(name) => vec![Guard::named(name).ok_or_else(|| unknown(name))?],
        None => GUARDS.into_iter().filter(|guard| !guard.optional).collect(),
    };
    let mut out = anstream::stdout();
    for (index, guard) in chosen.iter().enumerate() {
        let line = if index == 0 { "" } else { "---\n" };
        write!(out, "{line}{}", guard.yaml()?)?;
    }
    Ok(Verdict::Clean)
}

fn unknown(name: &str) -> anyhow::Error {
    let names: Vec<_> = GUARDS.iter().map(|guard| guard.name).collect();
    anyhow!(
        "there is no policy `{name}`; there are {}",
        names.join(", ")
    )
}
