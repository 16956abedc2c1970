//! Decisions as text for a terminal.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;

use rolegate_core::decision::Skipped;
use rolegate_core::names::shown;
use rolegate_core::policy::Mode;
use rolegate_core::request::document;
use rolegate_core::rules::Finding;

use super::{Origin, Reported, Reviewed};

/// Writes one decision with every finding.
///
/// # Errors
///
/// The error of `out`.
pub fn write(out: &mut impl Write, reviewed: &Reviewed<'_>) -> io::Result<()> {
    let Reviewed {
        source,
        request,
        decision,
        patched,
        ..
    } = reviewed;
    let outcome = match decision.outcome() {
        "deny" => "denied".red().bold().to_string(),
        "warn" => "allowed with a warning".yellow().to_string(),
        "audit" => "allowed, recorded".yellow().to_string(),
        _ => "allowed".green().to_string(),
    };
    let namespace = match request.target.namespace() {
        "" => String::new(),
        name => format!(" in {}", shown(name, 63)),
    };
    writeln!(
        out,
        "{source}: {outcome}: {} {} {}{namespace} by {} ({})",
        request.operation(),
        document::title(request),
        decision.name,
        shown(&request.user.username, 200),
        decision.class.as_str(),
    )?;
    if let Some(stand_in) = reviewed.stand_in {
        writeln!(out, "  judged: {}", shown(stand_in, 400))?;
    }
    patched.map_or(Ok(()), |patched| patched.write(out))?;
    reviewed
        .reported()
        .try_for_each(|reported| finding(out, &reported))?;
    for Skipped { rule, need } in &decision.skipped {
        let need = shown(&need.to_string(), 320);
        writeln!(out, "  not judged: {rule}: rolegate would look up {need}")?;
    }
    let mut warnings = decision.pods_to_come.iter();
    warnings.try_for_each(|warning| writeln!(out, "  warning: {warning}"))
}

fn finding(out: &mut impl Write, reported: &Reported<'_>) -> io::Result<()> {
    let Finding { rule, advice, .. } = reported.finding;
    let mode = reported.mode.unwrap_or(Mode::Audit);
    writeln!(out, "  {} ({mode}): {}", rule.bold(), reported.sentence())?;
    // `file:line:column` comes first, so that terminals and editors recognize it.
    let at = match &reported.origin {
        origin @ Origin::File { at: Some(_), .. } => Some(origin.to_string()),
        _ => None,
    };
    let path = reported.path().map(ToString::to_string);
    let at: Vec<String> = at.into_iter().chain(path).collect();
    if !at.is_empty() {
        writeln!(out, "    at:      {}", at.join(" "))?;
    }
    writeln!(out, "    why:     {}", advice.why)?;
    writeln!(out, "    instead: {}", reported.instead)?;
    writeln!(out, "    source:  {}", advice.source)?;
    if let Some(reason) = reported.exempted {
        writeln!(out, "    exempted: {}", shown(reason, 200))?;
    }
    Ok(())
}
