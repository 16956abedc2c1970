//! Updates of pods, through `pods` and its subresources.

use std::collections::HashSet;

use crate::facts::{Requester, System};
use crate::request::{Object, ReviewError};
use crate::rules::shared::startable::{Start, refusal};
use crate::write::{PodWrite, Write};

use super::change::{ChangeKind, PodChange, pod_changes};
use super::permission::{PodOwner, may_change};
use super::{ABOUT, Advice, Checked, Finding, POD_UPDATES};

static CHANGE: Advice = Advice {
    why: "a running pod keeps its service account and its Services whatever is changed in it, so a \
          requester who changes a job's pod can act as the job",
    instead: "submit the job again with the settings you need; cluster software is listed under \
              `identities.platform` in rolegate's policy",
    source: POD_UPDATES,
};

/// A finding names at most this many changes.
const MOST_NAMED: usize = 4;

pub(super) fn judge(
    write: &Write<'_>,
    old: Object<'_>,
    new: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let adopts = adopts(write)?;
    // Kubernetes and EMR write pods all day. Apart from adoption they are denied
    // only what belongs to rolegate, which the text mentions.
    let trusted = matches!(
        write.requester,
        Requester::System(_) | Requester::EmrService
    );
    if trusted && !(adopts || old.mentions("rolegate") || new.mentions("rolegate")) {
        return Ok(());
    }
    let mut changes = pod_changes(old.raw(), new.raw())?;
    if write.target.subresource() != "status" {
        // Elsewhere the API server keeps the status as it is, or writes it itself.
        changes.retain(|change| change.kind != ChangeKind::Status);
    }
    if changes.is_empty() {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let owner = PodOwner::of(write, pod_write, adopts);
    changes.retain(|change| !may_change(write, &owner, change));
    if let Some(finding) = finding(write, &owner, &changes) {
        findings.push(finding);
    }
    Ok(())
}

/// One finding for all denied changes; `None` where there are none.
fn finding(write: &Write<'_>, owner: &PodOwner, denied: &[PodChange<'_>]) -> Option<Finding> {
    let first = denied.first()?;
    let mut named: Vec<&PodChange<'_>> = Vec::new();
    for change in denied {
        if named.len() < MOST_NAMED && named.iter().all(|known| known.what != change.what) {
            named.push(change);
        }
    }
    let more = match denied.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let whats: Vec<&str> = named.iter().map(|change| change.what.as_str()).collect();
    let keys: Vec<String> = named.iter().map(|change| change.key()).collect();
    let act = format!(
        "change {}{more} of pod {}{}",
        whats.join(", "),
        write.what(),
        owner.clause(),
    );
    Some(
        Finding::new(&ABOUT, &CHANGE, act)
            .at(first.path.clone())
            .key(keys.join(", ")),
    )
}

/// Whether a controller gives a job's pod a new owner although it could not
/// have started it.
fn adopts(write: &Write<'_>) -> Result<bool, ReviewError> {
    let Requester::System(System::Controller(_) | System::ControllerManager) = write.requester
    else {
        return Ok(false);
    };
    let Some(PodWrite {
        new,
        old: Some(old),
        ..
    }) = write.pod()?
    else {
        return Ok(false);
    };
    let (old_owners, new_owners) = (
        &old.metadata.owner_references,
        &new.metadata.owner_references,
    );
    if old_owners == new_owners {
        return Ok(false);
    }
    let known: HashSet<&str> = old_owners.iter().map(|owner| owner.uid.as_str()).collect();
    if new_owners
        .iter()
        .all(|owner| known.contains(owner.uid.as_str()))
    {
        return Ok(false);
    }
    let start = Start::Pod {
        name: write.possible_name(),
    };
    let mut accounts = old.spec.service_accounts();
    Ok(accounts.any(|account| refusal(write, account, start).is_some()))
}
