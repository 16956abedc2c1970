//! Decisions as JSON: one object a line, so that any number of them streams.

use std::io::{self, Write};

use serde_json::json;

use super::Reviewed;

/// Writes one decision as one line.
///
/// # Errors
///
/// What `out` answers.
pub fn write(out: &mut impl Write, reviewed: &Reviewed<'_>) -> io::Result<()> {
    let Reviewed {
        source,
        request,
        decision,
    } = reviewed;
    let findings: Vec<_> = decision
        .judged
        .iter()
        .map(|judged| {
            json!({
                "rule": judged.finding.rule,
                "mode": judged.mode,
                "seen": judged.finding.seen,
                "path": judged.finding.path,
                "why": judged.finding.why,
                "instead": judged.finding.instead,
                "source": judged.finding.source,
                "exempted": judged.exempted,
            })
        })
        .collect();
    let line = json!({
        "source": source,
        "allowed": decision.allowed(),
        "outcome": decision.outcome(),
        "door": decision.door.as_str(),
        "policy": decision.policy.to_string(),
        "request": {
            "operation": request.operation.as_str(),
            "group": request.resource.group.as_str(),
            "resource": request.resource.resource.as_str(),
            "subResource": request.sub_resource(),
            "namespace": request.namespace(),
            "name": decision.name,
            "user": request.user.username.as_str(),
            "class": decision.class.as_str(),
        },
        "findings": findings,
        "message": decision.message(),
        "warnings": decision.warnings(),
    });
    writeln!(out, "{line}")
}
