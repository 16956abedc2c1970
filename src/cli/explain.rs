//! `rolegate explain`: print a rule's page, or the list of rules.

use std::io::Write as _;

use anyhow::bail;

use rolegate_core::rules::{self, RULES};

use super::Verdict;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The rule's id; without it, all rules are listed
    rule: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout();
    match &args.rule {
        Some(name) => {
            if rules::is_planned(name) {
                bail!("rule `{name}` is not in this version")
            }
            let Some(rule) = rules::rule(name) else {
                bail!("there is no rule `{name}`; `rolegate explain` lists them")
            };
            write!(out, "{}", rule.about().page())?;
        }
        None => {
            for rule in RULES {
                let about = rule.about();
                writeln!(out, "{:<26}{}", about.id, about.title())?;
            }
        }
    }
    Ok(Verdict::Clean)
}
