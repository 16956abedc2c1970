//! Custom resources: whatever names a service account in them, at whatever place.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::facts::Requester;
use crate::json::Raw;
use crate::policy::Capability;
use crate::policy::RuleId;
use crate::request::references::{self, By, Reference, References, Unread};
use crate::request::{Operation, ReviewError, change};
use crate::rules::Finding;
use crate::rules::shared::startable::{Start, refusal};
use crate::write::Write;

use super::{SOURCE, WHY, finding};

/// A custom resource can name hundreds; this many tell the story.
const MOST_FINDINGS: usize = 8;

/// Judges what a custom resource names; on UPDATE what it names anew, or all
/// of it where the object asks for something else than before.
pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    if let Requester::Platform(entry) = &write.requester
        && entry.capabilities.contains(Capability::Mirror)
    {
        return Ok(());
    }
    let new = scan(write, "request.object", request.object()?)?;
    if new.found.is_empty() && new.unread.is_none() {
        return Ok(());
    }
    let updates = request.operation() == Operation::Update;
    if updates && change::same_object(Some(request.old_object()?), request.object) {
        return Ok(());
    }
    if let Some((why, path)) = &new.unread
        && !matches!(write.requester, Requester::System(_))
    {
        findings.push(unread(write, *why, path));
    }
    let old: HashSet<Reference> = if updates && write.keeps_intent() {
        let old = scan(write, "request.oldObject", request.old_object()?)?;
        old.found.into_iter().collect()
    } else {
        HashSet::new()
    };
    let verb = if updates { "change" } else { "create" };
    let refused: Vec<(&Reference, String)> = new
        .found
        .iter()
        .filter(|reference| !old.contains(reference))
        .filter_map(|found| Some((found, refusal_of(write, found)?)))
        .collect();
    let more = refused.len().saturating_sub(MOST_FINDINGS);
    for (index, (found, refused)) in refused.iter().take(MOST_FINDINGS).enumerate() {
        let mut finding = match found.by {
            By::Template => template_elsewhere(write, verb, found.path.clone()),
            By::Field | By::Text => finding(
                write,
                verb,
                &write.object(),
                &found.name,
                refused,
                found.path.clone(),
            ),
        };
        if more > 0 && index + 1 == MOST_FINDINGS {
            // Writing to a String cannot fail.
            let _ = pod_write!(finding.seen, ", and {more} more like it");
        }
        findings.push(finding);
    }
    Ok(())
}

/// Why the requester may not name that service account in a custom resource.
fn refusal_of(write: &Write<'_>, found: &Reference) -> Option<String> {
    if found.by != By::Template {
        return refusal(write, &found.name, Start::CustomResource);
    }
    // Only an operator of the policy could start what the file says; for
    // anybody else's pod the rule asks again.
    let own = matches!(
        write.requester,
        Requester::System(_) | Requester::Operator(_)
    );
    (!own && !write.policy.operators.is_empty()).then(String::new)
}

fn template_elsewhere(write: &Write<'_>, verb: &str, path: String) -> Finding {
    Finding {
        rule: RuleId::ForeignServiceAccount,
        seen: format!(
            "{} may not {verb} {} with a driver's pod template from a file, which can name any service account",
            write.who(),
            write.object(),
        ),
        path: Some(path),
        why: WHY,
        instead: "write the template into the object (spec.driver.template)".into(),
        source: SOURCE,
    }
}

fn scan(write: &Write<'_>, part: &'static str, object: Raw<'_>) -> Result<References, ReviewError> {
    let operators = write.policy.operators.iter();
    let fixed: Vec<&str> = operators
        .flat_map(|operator| &operator.job_service_accounts)
        .map(|fixed| fixed.name.as_str())
        .filter(|name| {
            !crate::names::RESERVED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
        })
        .collect();
    references::find(part, object, &fixed)
}

fn unread(write: &Write<'_>, why: Unread, path: &str) -> Finding {
    let (problem, instead) = match why {
        Unread::TooDeep => (
            format!("is nested deeper than {} levels", references::MAX_DEPTH),
            "write the object with less nesting",
        ),
        Unread::TooMany => (
            format!(
                "names more than {} service accounts",
                references::MOST_NAMES
            ),
            "split the object into smaller ones",
        ),
    };
    Finding {
        rule: RuleId::ForeignServiceAccount,
        seen: format!(
            "{} {problem}, so rolegate cannot tell which service accounts it names",
            write.object(),
        ),
        path: Some(path.to_owned()),
        why: WHY,
        instead: instead.into(),
        source: SOURCE,
    }
}
