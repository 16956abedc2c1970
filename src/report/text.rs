//! Decisions as text for a terminal.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;

use rolegate_core::decision::Judged;
use rolegate_core::names::shown;
use rolegate_core::request::document;

use super::Reviewed;

/// Writes one decision with every finding.
///
/// # Errors
///
/// What `out` answers.
pub fn write(out: &mut impl Write, reviewed: &Reviewed<'_>) -> io::Result<()> {
    let Reviewed {
        source,
        request,
        decision,
        patched,
    } = reviewed;
    let outcome = match decision.outcome() {
        "deny" => "denied".red().bold().to_string(),
        "warn" => "allowed with a warning".yellow().to_string(),
        "audit" => "allowed, recorded".yellow().to_string(),
        _ => "allowed".green().to_string(),
    };
    let namespace = match request.namespace() {
        "" => String::new(),
        name => format!(" in {}", shown(name, 63)),
    };
    writeln!(
        out,
        "{source}: {outcome}: {} {} {}{namespace} by {} ({})",
        request.operation,
        document::title(request),
        decision.name,
        shown(&request.user.username, 200),
        decision.class.as_str(),
    )?;
    patched.map_or(Ok(()), |patched| patched.write(out))?;
    decision
        .judged
        .iter()
        .try_for_each(|judged| finding(out, judged))
}

fn finding(out: &mut impl Write, judged: &Judged<'_>) -> io::Result<()> {
    let finding = &judged.finding;
    writeln!(
        out,
        "  {} ({}): {}",
        finding.rule.bold(),
        judged.mode,
        finding.seen
    )?;
    if let Some(path) = &finding.path {
        writeln!(out, "    at:      {path}")?;
    }
    writeln!(out, "    why:     {}", finding.why)?;
    writeln!(out, "    instead: {}", finding.instead)?;
    writeln!(out, "    source:  {}", finding.source)?;
    if let Some(reason) = judged.exempted {
        writeln!(out, "    exempted: {}", shown(reason, 200))?;
    }
    Ok(())
}
