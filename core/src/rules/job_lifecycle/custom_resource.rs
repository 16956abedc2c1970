//! Custom resources that stand for a job: whoever deletes one, or has the garbage
//! collector delete it, has its operator end the job.

use serde::Deserialize;

use crate::facts::{Facts, Requester};
use crate::policy::Capability;
use crate::request::pod::PodMeta;
use crate::request::references::{By, Reference};
use crate::request::{Act, Object, ReviewError, change};
use crate::rules::shared::custom_resource::{Whose, is_of_a_job, joined, refusal_of_role, role_of};
use crate::rules::shared::ownership::borrowed_owners;
use crate::rules::{Checked, Finding};
use crate::write::Write;

use super::{finding, runs_as};

pub(super) fn check(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    let kind = write.kind_row();
    if kind.is_some_and(|kind| kind.lets_run) {
        return queued(write, findings);
    }
    let Some(old) = write.act.stored() else {
        return Ok(());
    };
    if !write.target.is_main() || kind.is_some_and(|kind| !kind.starts) || is_queue(write) {
        return Ok(());
    }
    let (verb, key) = match write.act {
        Act::Update { old, new } => match disowning(old, new)? {
            Some(what) => (format!("change {what} of"), what),
            None => return Ok(()),
        },
        _ => ("delete".to_owned(), "delete"),
    };
    let stored = write.named_before()?;
    let names = stored.map_or(&[][..], |stored| &stored.found);
    if let Some(clause) = names.iter().find_map(|name| foreign(write, name)) {
        findings.push(finding(write, &verb, key, &clause));
        return Ok(());
    }
    for joined in joined(write, facts, kind, old)? {
        let clause = match &joined.whose {
            Whose::Names(names) => names.found.iter().find_map(|name| foreign(write, name)),
            Whose::Absent => None,
            Whose::Unknown if !joined.is_last_word => None,
            Whose::Unknown => Some(format!(
                ", which joins {}: rolegate could not read whose {} that is",
                joined.what, joined.resource
            )),
        };
        if let Some(clause) = clause {
            findings.push(finding(write, &verb, key, &clause));
            break;
        }
    }
    Ok(())
}

/// What a queue keeps for a job: whoever brings a second one, deletes it, or says that it is not active or was
/// evicted, has the queue end the job. Whose it is, its owner says.
fn queued(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    #[derive(Deserialize)]
    struct View<'a> {
        #[serde(borrow)]
        metadata: Option<PodMeta<'a>>,
    }
    if is_queue(write) {
        return Ok(());
    }
    let (object, verb, key) = match write.act {
        Act::Create(new) => (new, "create".to_owned(), "create"),
        Act::Update { old, new } => match ending(old, new)? {
            Some(what) => (old, format!("change {what} of"), what),
            None => return Ok(()),
        },
        Act::Delete(old) => (old, "delete".to_owned(), "delete"),
        Act::Connect(_) => return Ok(()),
    };
    let metadata = object.read::<View<'_>>()?.metadata.unwrap_or_default();
    let mut owners = Vec::new();
    borrowed_owners(write, &metadata, &mut owners);
    if let Some(owner) = owners.first() {
        let clause = format!(", which has {}", owner.seen);
        findings.push(finding(write, &verb, key, &clause));
    }
    Ok(())
}

/// The first part of a queue's object that an UPDATE changes and that decides whether
/// the job runs.
fn ending(old: Object<'_>, new: Object<'_>) -> Result<Option<&'static str>, ReviewError> {
    for part in change::changed("the object", Some(old.raw()), Some(new.raw()))? {
        match part.name.as_str() {
            "spec" => return Ok(Some("the spec")),
            "status" => return Ok(Some("the status")),
            _ => {}
        }
    }
    disowning(old, new)
}

/// Queues take jobs back; software that copies identities ends nothing by its copies.
fn is_queue(write: &Write<'_>) -> bool {
    matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Evict)
            || entry.capabilities.contains(Capability::Mirror))
}

/// The job of another that a name stands for, as a clause.
pub(super) fn foreign(write: &Write<'_>, name: &Reference) -> Option<String> {
    if !is_of_a_job(write, name) {
        return None;
    }
    let role = role_of(write, name);
    if let Some(role) = &role {
        refusal_of_role(write, role)?;
    } else if name.by == By::Role || matches!(write.requester, Requester::Operator(_)) {
        return None;
    }
    Some(runs_as(role.as_ref()))
}

/// The first change of `metadata` that has the object deleted, or keeps it from being
/// deleted.
fn disowning(old: Object<'_>, new: Object<'_>) -> Result<Option<&'static str>, ReviewError> {
    for part in change::changed("the object", Some(old.raw()), Some(new.raw()))? {
        if part.name.as_str() != "metadata" {
            continue;
        }
        for field in change::changed("the object", part.old, part.new)? {
            match field.name.as_str() {
                "ownerReferences" => return Ok(Some("metadata.ownerReferences")),
                "finalizers" => return Ok(Some("metadata.finalizers")),
                _ => {}
            }
        }
    }
    Ok(None)
}
