//! Decisions as JSON: one object per line, so that they can be streamed.

use std::io::{self, Write};

use serde_json::{Value, json};

use rolegate_core::decision::Skipped;
use rolegate_core::names::shown;

use super::{Origin, Reported, Reviewed};

/// Writes one decision as one line.
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
    let findings: Vec<_> = reviewed
        .reported()
        .map(|reported| finding(&reported))
        .collect();
    let skipped: Vec<_> = decision
        .skipped
        .iter()
        .map(|Skipped { rule, need }| {
            // As in text: names in it come from the document.
            json!({ "rule": rule, "need": shown(&need.to_string(), 320) })
        })
        .collect();
    let mut line = json!({
        "source": source,
        "allowed": decision.allowed(),
        "outcome": decision.outcome(),
        "door": reviewed.door.as_str(),
        "policy": decision.policy.to_string(),
        "request": {
            "operation": request.operation().as_str(),
            "group": request.target.group(),
            "resource": request.target.resource(),
            "subResource": request.target.subresource(),
            "namespace": request.target.namespace(),
            "name": decision.name,
            "user": request.user.username.as_str(),
            "class": decision.class.as_str(),
        },
        "findings": findings,
        "skipped": skipped,
        "message": decision.message(),
        "warnings": decision.warnings(),
    });
    if let Some(stand_in) = reviewed.stand_in {
        line["judged"] = stand_in.into();
    }
    if let Some(patched) = patched {
        let mutation = &patched.mutation;
        line["chain"] = json!({
            "to": mutation.chained.as_ref().map(|(target, _)| target),
            "mode": mutation.chained.as_ref().map(|(_, mode)| mode.as_str()),
            "patch": serde_json::from_slice::<Value>(&mutation.patch.to_json()).unwrap_or_default(),
            "warnings": mutation.warnings,
            "pod": patched.after,
        });
    }
    writeln!(out, "{line}")
}

pub(super) fn finding(reported: &Reported<'_>) -> Value {
    let finding = reported.finding;
    let location = match reported.origin {
        Origin::File { path, at: Some(at) } => json!({
            "file": path,
            "line": at.line,
            "column": at.column,
        }),
        _ => Value::Null,
    };
    json!({
        "rule": finding.rule,
        "severity": finding.severity,
        "mode": reported.mode,
        "message": reported.sentence(),
        "path": reported.path().map(ToString::to_string),
        "pointer": reported.path().map(rolegate_core::request::Path::pointer),
        "location": location,
        "fingerprint": reported.fingerprint(),
        "why": finding.advice.why,
        "instead": reported.instead,
        "source": finding.advice.source,
        "exempted": reported.exempted,
    })
}
