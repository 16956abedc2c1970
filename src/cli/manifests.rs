//! `rolegate manifests`: print the manifests that rolegate generates.

use std::io::Write as _;

use anyhow::anyhow;

use crate::manifests::{ADMISSION_POLICIES, AdmissionPolicy};

use super::Verdict;

/// The verbs below `rolegate manifests`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Print the admission policies with their bindings
    Policies {
        /// Print only this policy, such as `secret-guard`, even if it is optional
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
}

pub(super) fn run(verb: Verb) -> anyhow::Result<Verdict> {
    let Verb::Policies { only } = verb;
    let chosen = match &only {
        Some(name) => vec![AdmissionPolicy::named(name).ok_or_else(|| unknown(name))?],
        None => ADMISSION_POLICIES
            .into_iter()
            .filter(|policy| !policy.optional)
            .collect(),
    };
    let mut out = anstream::stdout();
    for (index, policy) in chosen.iter().enumerate() {
        let separator = if index == 0 { "" } else { "---\n" };
        write!(out, "{separator}{}", policy.yaml()?)?;
    }
    Ok(Verdict::Clean)
}

fn unknown(name: &str) -> anyhow::Error {
    let names = ADMISSION_POLICIES.map(|policy| policy.name);
    anyhow!(
        "there is no admission policy `{name}`; the names are {}",
        names.join(", ")
    )
}
