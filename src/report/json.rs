//! Decisions as JSON: one object a line, so that any number of them streams.

use std::io::{self, Write};

use serde_json::{Value, json};

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
        patched,
        ..
    } = reviewed;
    let findings: Vec<_> = decision
        .judged
        .iter()
        .map(|judged| {
            let (path, at) = reviewed.place(&judged.finding);
            json!({
                "rule": judged.finding.rule,
                "mode": judged.mode,
                "seen": judged.finding.seen,
                "path": judged.finding.path,
                "pointer": path.map(|path| path.pointer()),
                "location": at.map(|at| json!({
                    "file": reviewed.file,
                    "line": at.line,
                    "column": at.column,
                })),
                "why": judged.finding.why,
                "instead": judged.finding.instead,
                "source": judged.finding.source,
                "exempted": judged.exempted,
            })
        })
        .collect();
    let mut line = json!({
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
