//! `rolegate explain`: a rule's page, or the list of rules.

use std::io::Write as _;

use anyhow::bail;

use rolegate_core::policy::RuleId;
use rolegate_core::rules::{self, RULES};

use super::Verdict;

/// Arguments of `rolegate explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule to explain
    rule: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout();
    match &args.rule {
        Some(name) => {
            let id: RuleId = name.parse()?;
            let Some(rule) = rules::rule(id) else {
                bail!("rule `{id}` is not in this version")
            };
            write!(out, "{}", rule.page())?;
        }
        None => {
            for rule in RULES {
                writeln!(out, "{:<26}{}", rule.id().as_str(), summary(&rule.page()))?;
            }
        }
    }
    Ok(Verdict::Clean)
}

/// The first paragraph below the title, on one line.
fn summary(page: &str) -> String {
    let body = page.lines().skip(1).skip_while(|line| line.is_empty());
    body.take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
