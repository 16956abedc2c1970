//! `rolegate explain`: print a rule's page, or the list of rules.

use std::io::{self, Write as _};

use anyhow::bail;

use rolegate_core::policy::About;
use rolegate_core::rules::{self, RULES, Rule};
use rolegate_core::scan::CHECKS;

use super::Verdict;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The id of a rule, or of a check of `rolegate scan`; without it, all are listed
    rule: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Verdict> {
    let mut out = anstream::stdout();
    let Some(name) = &args.rule else {
        list(&mut out, RULES.iter().map(|rule| rule.about()))?;
        writeln!(out, "\nwhat `rolegate scan` finds beside the rules:")?;
        list(&mut out, CHECKS)?;
        return Ok(Verdict::Clean);
    };
    if rules::is_planned(name) {
        bail!("rule `{name}` is not in this version")
    }
    let rule = rules::rule(name).map(Rule::about);
    let check = || CHECKS.into_iter().find(|one| one.id.as_str() == name);
    let Some(about) = rule.or_else(check) else {
        bail!("there is no rule `{name}`; `rolegate explain` lists them")
    };
    write!(out, "{}", about.page())?;
    Ok(Verdict::Clean)
}

fn list<'a>(
    out: &mut impl io::Write,
    pages: impl IntoIterator<Item = &'a About>,
) -> io::Result<()> {
    for about in pages {
        writeln!(out, "{:<26}{}", about.id, about.title())?;
    }
    Ok(())
}
