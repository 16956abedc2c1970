//! Decisions as text for a terminal.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;

use crate::decision::Judged;
use crate::review::{document, shown};

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
        ..
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
        .try_for_each(|judged| finding(out, reviewed, judged))
}

fn finding(out: &mut impl Write, reviewed: &Reviewed<'_>, judged: &Judged<'_>) -> io::Result<()> {
    let finding = &judged.finding;
    writeln!(
        out,
        "  {} ({}): {}",
        finding.rule.bold(),
        judged.mode,
        finding.seen
    )?;
    let (_, at) = reviewed.place(finding);
    // `file:line:column` first, where terminals and editors look for it.
    let at = at.map(|at| format!("{}:{at}", reviewed.file));
    let at: Vec<_> = at
        .as_deref()
        .into_iter()
        .chain(finding.path.as_deref())
        .collect();
    if !at.is_empty() {
        writeln!(out, "    at:      {}", at.join(" "))?;
    }
    writeln!(out, "    why:     {}", finding.why)?;
    writeln!(out, "    instead: {}", finding.instead)?;
    writeln!(out, "    source:  {}", finding.source)?;
    if let Some(reason) = judged.exempted {
        writeln!(out, "    exempted: {}", shown(reason, 200))?;
    }
    Ok(())
}
