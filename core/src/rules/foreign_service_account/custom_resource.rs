//! Service accounts named anywhere in a custom resource.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::facts::Requester;
use crate::names;
use crate::policy::Capability;
use crate::request::references::{self, By, Reference, References, Unread};
use crate::request::{Object, ReviewError};
use crate::rules::shared::startable::{Start, refusal};
use crate::rules::{Advice, Finding};
use crate::write::Write;

use crate::rules::shared::violation::MOST;

use super::{ABOUT, ADVICE, finding};

static ADVICE_ON_TEMPLATE_FILES: Advice = Advice {
    instead: "write the template into the object (spec.driver.template)",
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

/// Judges the service accounts that a custom resource names. An UPDATE of
/// `metadata` and `status` alone is judged by the names that it adds; any other
/// UPDATE by all names, because it may start other programs under them.
pub(super) fn check(
    write: &Write<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    if let Requester::Platform(entry) = &write.requester
        && entry.capabilities.contains(Capability::Mirror)
    {
        return Ok(());
    }
    let named = scan(write, new)?;
    if named.found.is_empty() && named.unread.is_none() || write.is_unchanged() {
        return Ok(());
    }
    let verb = if old.is_some() { "change" } else { "create" };
    let what = format!("{verb} {}", write.object());
    if let Some((why, at)) = named.unread
        && !matches!(write.requester, Requester::System(_))
    {
        findings.push(unread(&what, why).at(at));
    }
    let stored: HashSet<Reference> = match old {
        Some(old) if write.keeps_intent() => scan(write, old)?.found.into_iter().collect(),
        _ => HashSet::new(),
    };
    let refused: Vec<(&Reference, String)> = named
        .found
        .iter()
        .filter(|reference| !stored.contains(reference))
        .filter_map(|reference| Some((reference, refusal_of(write, reference)?)))
        .collect();
    let more = refused.len().saturating_sub(MOST);
    for (index, (reference, refused)) in refused.iter().take(MOST).enumerate() {
        let path = &reference.path;
        let mut finding = match reference.by {
            By::Template => template_file(&what).key(format!("template file at {path}")),
            By::Field | By::Text => finding(write, &what, &reference.name, refused)
                .key(format!("{} at {path}", reference.name)),
        };
        if more > 0 && index + 1 == MOST {
            // Writing to a String cannot fail.
            let _ = write!(finding.act, ", and {more} more like it");
        }
        findings.push(finding.at(path.clone()));
    }
    Ok(())
}

/// Why the requester may not name that service account in a custom resource.
fn refusal_of(write: &Write<'_>, reference: &Reference) -> Option<String> {
    if reference.by != By::Template {
        return refusal(write, &reference.name, Start::CustomResource);
    }
    // Only an operator of the policy can start a job's pod from the file. Pods
    // that others start are judged when they are created.
    let own = matches!(
        write.requester,
        Requester::System(_) | Requester::Operator(_)
    );
    (!own && !write.policy.operators.is_empty()).then(String::new)
}

fn template_file(what: &str) -> Finding {
    let act = format!(
        "{what} with a driver's pod template from a file, which can name any service account"
    );
    Finding::new(&ABOUT, &ADVICE_ON_TEMPLATE_FILES, act)
}

fn scan(write: &Write<'_>, object: Object<'_>) -> Result<References, ReviewError> {
    // The walk finds reserved names by itself.
    let fixed: Vec<&str> = write
        .policy
        .fixed_names(write.target.namespace())
        .filter(|name| !names::is_reserved(name))
        .collect();
    references::find(object, &fixed)
}

fn unread(what: &str, why: Unread) -> Finding {
    let (problem, advice, key) = match why {
        Unread::TooDeep => (
            format!("is nested deeper than {} levels", references::MAX_DEPTH),
            &ADVICE_ON_DEPTH,
            "nested too deep",
        ),
        Unread::TooMany => (
            format!(
                "names more than {} service accounts",
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
