//! Controllers that make an object their own which they did not create.
//!
//! A controller counts every object that fits its selector, and deletes the surplus:
//! the one that it has adopted stays, and the job's own goes.

use std::collections::HashSet;

use crate::facts::Addressee::Workload;
use crate::facts::{Facts, Requester, RunsAs, System};
use crate::names::{Component, JobId, shown};
use crate::request::pod::Pod;
use crate::request::{Act, Object, OwnerReference};
use crate::rules::Stop;
use crate::rules::shared::ownership::{identity_of, pods_of_owners};
use crate::rules::shared::startable::{Start, refusal};
use crate::write::{PodWrite, Write};

use super::{ABOUT, Advice, Finding, POD_UPDATES};

pub(super) static ADOPTION: Advice = Advice {
    why: "a controller that adopts an object counts it among its own, and deletes the others",
    instead: &[(
        &[Workload],
        "take the labels by which the controller finds it from the object",
    )],
    source: POD_UPDATES,
};

/// Whether a controller adopts a pod that it could not have started.
pub(super) fn of_pod(write: &Write<'_>, facts: &Facts<'_>) -> Result<bool, Stop> {
    let Some((pod, owners)) = adopted(write)? else {
        return Ok(false);
    };
    let start = Start::Pod {
        name: write.possible_name(),
    };
    let mut accounts = pod.spec.service_accounts();
    if accounts.any(|account| refusal(write, account, start).is_some()) {
        return Ok(true);
    }
    is_foreign(pod, &owners, write, facts)
}

/// A workload that another one adopts: a replica set by a Deployment.
pub(super) fn of_workload(
    write: &Write<'_>,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), Stop> {
    let Some((template, owners)) = adopted(write)? else {
        return Ok(());
    };
    let Some(first) = owners.first() else {
        return Ok(());
    };
    if is_foreign(template, &owners, write, facts)? {
        let act = format!(
            "make {} part of {} {}, which runs under another service account",
            write.object(),
            shown(&first.kind, 63),
            shown(&first.name, 253)
        );
        findings.push(Finding::new(&ABOUT, &ADOPTION, act).key("adoption"));
    }
    Ok(())
}

/// The stored pod or template of an object that a controller gives new owners, and
/// these.
fn adopted<'w, 'a>(
    write: &'w Write<'a>,
) -> Result<Option<(&'w Pod<'a>, Vec<OwnerReference<'a>>)>, Stop> {
    let Requester::System(System::Controller(_) | System::ControllerManager) = write.requester
    else {
        return Ok(None);
    };
    let Act::Update { old, new } = write.act else {
        return Ok(None);
    };
    // Read once more because a template does not hold its workload's owners.
    let owners = |object: Object<'a>| -> Result<_, Stop> {
        Ok(object.metadata()?.owner_references.unwrap_or_default())
    };
    let Some(PodWrite {
        old: Some(stored), ..
    }) = write.pod()?
    else {
        return Ok(None);
    };
    let (before, mut after) = (owners(old)?, owners(new)?);
    let known: HashSet<(&str, Option<bool>)> = before
        .iter()
        .map(|owner| (owner.uid.as_str(), owner.controller))
        .collect();
    after.retain(|owner| !known.contains(&(owner.uid.as_str(), owner.controller)));
    Ok((!after.is_empty()).then_some((stored, after)))
}

/// Whether the new owner is a workload under another service account, and one of the
/// two stands for a job.
fn is_foreign(
    pod: &Pod<'_>,
    owners: &[OwnerReference<'_>],
    write: &Write<'_>,
    facts: &Facts<'_>,
) -> Result<bool, Stop> {
    let identity = identity_of(pod, write);
    // EMR's Jobs run job runners and nothing else.
    let is_runner = matches!(
        identity,
        RunsAs::Job {
            component: Some(Component::Client),
            ..
        }
    );
    let of_run =
        |owner: &OwnerReference<'_>| *owner.kind == *"Job" && JobId::parse(&owner.name).is_some();
    if !is_runner && owners.iter().any(of_run) {
        return Ok(true);
    }
    let templates = pods_of_owners(owners, write, facts)?;
    Ok(templates
        .iter()
        .any(|template| identity_of(template, write) != identity))
}
