//! What a scan finds, line by line, as text or as JSON.

use std::io::{self, Write};

use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use rolegate_core::policy::Severity;

use super::{Origin, Reported, json as decisions};

/// One thing that a scan tells.
#[derive(Debug)]
pub enum ScanLine<'a> {
    Finding(&'a Reported<'a>),
    /// What the rules will refuse of the pods that an object leads to.
    PodsToCome {
        object: &'a str,
        text: &'a str,
    },
}

/// Writes a line as text.
///
/// # Errors
///
/// The error of `out`.
pub fn text(out: &mut impl Write, line: &ScanLine<'_>) -> io::Result<()> {
    let reported = match line {
        ScanLine::Finding(reported) => reported,
        ScanLine::PodsToCome { object, text } => {
            return writeln!(out, "{} {object}: {text}", "warning".yellow());
        }
    };
    let finding = reported.finding;
    let severity = finding.severity.as_str();
    let severity = match finding.severity {
        Severity::Critical | Severity::High => severity.red().bold().to_string(),
        Severity::Medium | Severity::Low => severity.yellow().to_string(),
    };
    let object = &reported.object;
    let place = match object.namespace.as_str() {
        "" => object.name.clone(),
        namespace => format!("{namespace}/{}", object.name),
    };
    writeln!(
        out,
        "{severity} {} {} {place}: {}",
        finding.rule.bold(),
        object.resource,
        reported.sentence()
    )?;
    let at = match &reported.origin {
        origin @ Origin::File { .. } => Some(origin.to_string()),
        _ => None,
    };
    let path = reported.path().map(ToString::to_string);
    let at: Vec<String> = at.into_iter().chain(path).collect();
    if !at.is_empty() {
        writeln!(out, "    at:      {}", at.join(" "))?;
    }
    writeln!(out, "    why:     {}", finding.advice.why)?;
    writeln!(out, "    instead: {}", reported.instead)?;
    if let Some(reason) = reported.exempted {
        writeln!(
            out,
            "    exempted: {}",
            rolegate_core::names::shown(reason, 200)
        )?;
    }
    Ok(())
}

/// A line as JSON.
#[must_use]
pub fn json(line: &ScanLine<'_>) -> Value {
    match line {
        ScanLine::Finding(reported) => {
            let mut value = decisions::finding(reported);
            let object = &reported.object;
            value["type"] = "finding".into();
            value["object"] = json!({
                "group": object.group,
                "resource": object.resource,
                "namespace": object.namespace,
                "name": object.name,
            });
            if let Origin::Cluster { resource_version } = &reported.origin {
                value["resourceVersion"] = (*resource_version).into();
            }
            value
        }
        ScanLine::PodsToCome { object, text } => json!({
            "type": "podsToCome",
            "object": object,
            "message": text,
        }),
    }
}
