//! What the rules say of an object's likeliest writer.

use jiff::Timestamp;

use crate::decision::{Outcome, Scope, Skipped, decide};
use crate::facts::Facts;
use crate::policy::{Mode, Policy};
use crate::request::{AdmissionReview, ReviewError};
use crate::rules::Finding;

use super::{StoredObject, Writer};

/// What is wrong with a stored object.
#[derive(Debug)]
pub struct Seen {
    /// The likeliest writer, such as `a tenant`.
    pub who: String,
    pub findings: Vec<SeenFinding>,
    /// Rules that did not judge, because a fact about the cluster is unknown.
    pub skipped: Vec<Skipped>,
    /// Warnings about the pods that it leads to.
    pub pods_to_come: Vec<String>,
}

/// A finding about a stored object. Its `act` goes on from "may not".
#[derive(Debug)]
pub struct SeenFinding {
    pub finding: Finding,
    /// The effect that a write of the object would have.
    pub mode: Mode,
    /// The reason of the exemption that applies.
    pub exempted: Option<String>,
    /// What whoever wrote it can do instead.
    pub instead: String,
}

/// Judges the object by the writer of whom the rules find least, the first of several.
/// With no writer there is nothing to say.
///
/// # Errors
///
/// A [`ReviewError`] if a part that a rule must judge cannot be read.
pub fn judge(
    object: &StoredObject,
    writers: &[Writer],
    scope: Scope,
    policy: &Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Seen, ReviewError> {
    let mut least: Option<Seen> = None;
    for writer in writers {
        let seen = as_written_by(object, writer, scope, policy, facts, now)?;
        let Some(seen) = seen else { continue };
        if seen.findings.is_empty() {
            return Ok(seen);
        }
        let fewer = |least: &Seen| seen.findings.len() < least.findings.len();
        if least.as_ref().is_none_or(fewer) {
            least = Some(seen);
        }
    }
    Ok(least.unwrap_or_else(|| Seen {
        who: String::new(),
        findings: Vec::new(),
        skipped: Vec::new(),
        pods_to_come: Vec::new(),
    }))
}

/// `None` if the rules ask for facts once more.
fn as_written_by(
    object: &StoredObject,
    writer: &Writer,
    scope: Scope,
    policy: &Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Option<Seen>, ReviewError> {
    let review = object.review(&writer.user);
    let review = AdmissionReview::parse(review.as_bytes())?;
    let Outcome::Decided(mut decision) = decide(&review.request, scope, policy, facts, now)? else {
        return Ok(None);
    };
    let judged = std::mem::take(&mut decision.judged);
    let findings = judged.into_iter().map(|judged| SeenFinding {
        instead: decision.what_helps(&judged.finding).to_owned(),
        mode: judged.effect(),
        exempted: judged.exempted.map(str::to_owned),
        finding: judged.finding,
    });
    let findings = findings.collect();
    Ok(Some(Seen {
        who: writer.is.clone(),
        findings,
        skipped: decision.skipped,
        pods_to_come: decision.pods_to_come,
    }))
}
