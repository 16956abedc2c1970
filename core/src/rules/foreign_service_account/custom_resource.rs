//! Identities named anywhere in a custom resource.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::facts::Facts;
use crate::facts::Requester;
use crate::names::shown;
use crate::request::references::{self, By, Reference, Unread};
use crate::request::{Object, Path};
use crate::rules::shared::custom_resource::{is_of_a_job, mirrors, refusal_of};
use crate::rules::shared::violation::MOST;
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::{ABOUT, ADVICE, finding, joins, read_back};

static ADVICE_ON_ROLES: Advice = Advice {
    why: "whoever chooses what runs under an IAM role has that role",
    instead: "name a role that rolegate's policy lists for you (submitters.roles, or roles of an \
              entry of identities.operators), or ask the platform team to list it",
    source: "Amazon EMR on EKS security best practices: permissions to create pods",
};

static ADVICE_ON_TEMPLATE_FILES: Advice = Advice {
    instead: "write the template into the object (spec.driver.template, spec.podTemplate)",
    ..ADVICE
};

static ADVICE_ON_DEPTH: Advice = Advice {
    instead: "write the object with less nesting",
    ..ADVICE
};

static ADVICE_ON_SIZE: Advice = Advice {
    instead: "split the object into smaller ones",
    ..ADVICE
};

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
    // A job that the new object no longer stands for was ended by it.
    let names: HashSet<&str> = named.found.iter().map(|one| one.name.as_str()).collect();
    let gone = before
        .iter()
        .filter(|one| !names.contains(one.name.as_str()));
    refused = gone
        .filter(|one| is_of_a_job(write, one))
        .filter_map(|one| Some((one, refusal_of(write, one)?)))
        .take(1)
        .collect();
    let what = format!("{what}, which stands for another's job,");
    report(write, &what, &refused, findings);
    joins::check(write, facts, new, old, findings)
}

fn report(
    write: &Write<'_>,
    what: &str,
    refused: &[(&Reference, String)],
    findings: &mut Vec<Finding>,
) {
    let more = refused.len().saturating_sub(MOST);
    for (index, (reference, refused)) in refused.iter().take(MOST).enumerate() {
        let mut finding = of_reference(write, what, reference, refused);
        if more > 0 && index + 1 == MOST {
            // Writing to a String cannot fail.
            let _ = write!(finding.act, ", and {more} more like it");
        }
        findings.push(finding.at(reference.path.clone()));
    }
}

/// The finding for one reference.
pub(super) fn of_reference(
    write: &Write<'_>,
    what: &str,
    reference: &Reference,
    refused: &str,
) -> Finding {
    let Reference { path, name, by } = reference;
    match by {
        By::Template => template_file(what).key(format!("template file at {path}")),
        By::Field | By::Text | By::Secret => {
            finding(write, what, name, refused).key(format!("{name} at {path}"))
        }
        By::Role | By::SomeRole | By::RoleName => {
            let act = format!("{what} with the IAM role {}: {refused}", shown(name, 200));
            Finding::new(&ABOUT, &ADVICE_ON_ROLES, act).key(format!("{name} at {path}"))
        }
    }
}

fn template_file(what: &str) -> Finding {
    let act = format!(
        "{what} with a driver's pod template from a file, which can name any service account"
    );
    Finding::new(&ABOUT, &ADVICE_ON_TEMPLATE_FILES, act)
}

/// The finding for an object that was not read to its end.
pub(super) fn unread(what: &str, why: Unread) -> Finding {
    let (problem, advice, key) = match why {
        Unread::TooDeep => (
            format!("is nested deeper than {} levels", references::MAX_DEPTH),
            &ADVICE_ON_DEPTH,
            "nested too deep",
        ),
        Unread::TooMany => (
            format!(
                "names more than {} service accounts, roles and Secrets",
                references::MOST_NAMES
            ),
            &ADVICE_ON_SIZE,
            "too many names",
        ),
    };
    let act =
        format!("{what}, which {problem}, so rolegate cannot tell which service accounts it names");
    Finding::new(&ABOUT, advice, act).key(key)
}

/// A finding about the object at a path, with advice of its own.
pub(super) fn about(advice: &'static Advice, act: String, at: Path) -> Finding {
    let key = at.to_string();
    Finding::new(&ABOUT, advice, act).at(at).key(key)
}
