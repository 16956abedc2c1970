//! Identities named anywhere in a custom resource.

use std::collections::HashSet;

use crate::facts::{Facts, Requester};
use crate::request::Object;
use crate::request::references::Reference;
use crate::rules::shared::custom_resource::{is_of_a_job, mirrors, refusal_of};
use crate::rules::{Checked, Finding};
use crate::write::Write;

use super::report::{report, unread};
use super::{elsewhere, joins, read_back};

/// Judges the identities that a custom resource names. An UPDATE of `metadata` alone is
/// judged by the names that it adds; any other UPDATE by all names of the new object,
/// because it may start other programs under them, and by the jobs that the stored
/// object stands for, because it takes those over.
pub(super) fn check(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let kind = write.kind_row();
    if mirrors(write) || kind.is_some_and(|kind| !kind.starts) {
        return Ok(());
    }
    read_back::check(write, facts, new, old, findings)?;
    if old.is_some() && write.target.subresource() == "status" {
        return Ok(());
    }
    let keeps_intent = old.is_some() && write.keeps_intent();
    let Some(named) = write.named()? else {
        return Ok(());
    };
    let joins = kind.is_some_and(|kind| !kind.joins.is_empty());
    let nothing = named.found.is_empty() && named.unread.is_none();
    if nothing && (keeps_intent || old.is_none() && !joins) || write.is_unchanged() {
        return Ok(());
    }
    let verb = if old.is_some() { "change" } else { "create" };
    let what = format!("{verb} {}", write.object());
    if let Some((why, at)) = &named.unread
        && !matches!(write.requester, Requester::System(_))
    {
        findings.push(unread(&what, *why).at(at.clone()));
    }
    let mut before: &[Reference] = &[];
    if old.is_some()
        && let Some(stored) = write.named_before()?
    {
        before = &stored.found;
    }
    let known: HashSet<&Reference> = before.iter().filter(|_| keeps_intent).collect();
    let brought = named.found.iter().filter(|one| !known.contains(one));
    let mut refused: Vec<(&Reference, String)> = brought
        .filter_map(|reference| Some((reference, refusal_of(write, reference)?)))
        .collect();
    report(write, &what, &refused, findings);
    if keeps_intent {
        return Ok(());
    }
    elsewhere::check(write, &what, new, old, findings);
    // A job that the new object no longer stands for was ended by it.
    let kept: HashSet<&str> = named.found.iter().map(|one| one.name.as_str()).collect();
    let gone = before
        .iter()
        .filter(|one| !kept.contains(one.name.as_str()));
    refused = gone
        .filter(|one| is_of_a_job(write, one))
        .filter_map(|one| Some((one, refusal_of(write, one)?)))
        .take(1)
        .collect();
    let what = format!("{what}, which stands for another's job,");
    report(write, &what, &refused, findings);
    joins::check(write, facts, new, old, findings)
}
