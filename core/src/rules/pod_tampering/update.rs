//! Updates of pods, through `pods` and its subresources.

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Facts, Requester};
use crate::request::Object;
use crate::write::Write;

use super::change::{ChangeKind, PodChange, pod_changes};
use super::permission::{PodOwner, may_change};
use super::{ABOUT, Advice, Checked, Finding, POD_UPDATES, adoption, owners};

pub(super) static CHANGE: Advice = Advice {
    why: "a running pod keeps its service account and its Services whatever is changed in it, so a \
          requester who changes a job's pod can act as the job",
    instead: &[
        (&[Person], "submit the job again with the settings you need"),
        (
            &[Software],
            "list cluster software under `identities.platform` in rolegate's policy, with the capability that it needs: `annotate`, `resize`, `status` or `evict`",
        ),
        (
            &[AddOn],
            "give this add-on the capability that it needs under `identities.platform` in rolegate's policy: `annotate`, `resize`, `status` or `evict`; no add-on may change a job's images, owners or reserved labels",
        ),
        (
            &[Operator],
            "change only pods of the roles that are declared under `identities.operators[].roles` in rolegate's policy, and no label that belongs to jobs",
        ),
        (
            &[Job],
            "change only pods of this job, and no label that belongs to EMR or Kubernetes",
        ),
        (&[Emr], "leave the annotations of rolegate.dev as they are"),
        (
            &[Workload],
            "take the labels by which the controller finds the pod from it, and leave the annotations of rolegate.dev as they are",
        ),
    ],
    source: POD_UPDATES,
};

/// A finding names at most this many changes.
const MOST_NAMED: usize = 4;

pub(super) fn judge(
    write: &Write<'_>,
    old: Object<'_>,
    new: Object<'_>,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let adopts = adoption::of_pod(write, facts)?;
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
    if !trusted
        && changes
            .iter()
            .any(|change| change.kind == ChangeKind::Owner)
    {
        owners::judge(write, findings)?;
    }
    let owner = PodOwner::of(write, pod_write, adopts);
    changes.retain(|change| !may_change(write, &owner, &pod_write.new, change));
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
