//! Claims and snapshots themselves.

use serde::Deserialize;

use crate::facts::{JobToken, Requester};
use crate::write::Write;
use crate::json::Raw;
use crate::json::Text;
use crate::names::shown;
use crate::names::{ClaimName, JobId, PodName, executor_prefix};
use crate::request::pod::{ClaimSpec, PodMeta};
use crate::request::{Operation, ReviewError, change, view};
use crate::rules::shared::ownership::is_owned_by;

use super::{Violation, judge_claim, not_own, others_id, own_id};

/// The label that Spark gives everything it makes for an application; in EMR's
/// jobs `spark-<job id>`.
const APPLICATION: &str = "spark-app-selector";

/// What is wrong with a write of a claim or a snapshot.
pub(super) fn judge(write: &Write<'_>) -> Result<Vec<Violation>, ReviewError> {
    let request = write.request();
    let resource = &request.target.resource;
    if matches!(write.requester, Requester::System(_)) {
        return Ok(Vec::new());
    }
    let (group, kind) = (resource.group.as_str(), resource.resource.as_str());
    match (group, kind, request.target.subresource()) {
        // What is written to its status takes labels and owners along.
        ("", "persistentvolumeclaims", "" | "status") => judge_write(write),
        ("snapshot.storage.k8s.io", "volumesnapshots", "")
        | ("groupsnapshot.storage.k8s.io", "volumegroupsnapshots", "") => judge_snapshot(write),
        _ => Ok(Vec::new()),
    }
}

#[derive(Deserialize)]
struct Claim<'a> {
    #[serde(borrow)]
    metadata: Option<PodMeta<'a>>,
    #[serde(borrow)]
    spec: Option<ClaimSpec<'a>>,
}

fn judge_write(write: &Write<'_>) -> Result<Vec<Violation>, ReviewError> {
    let request = write.request();
    let mut violations = Vec::new();
    match request.operation() {
        Operation::Create => {
            let new: Claim<'_> = view::read("request.object", request.object()?)?;
            let verb = format!("create {}", write.object());
            if let Some(why) = not_to_name(write, &write.possible_name()) {
                violations.push(violation(format!("{verb}: {why}"), "metadata.name"));
            }
            if let Some(spec) = &new.spec {
                judge_claim(write, spec, &verb, "spec", &mut violations);
            }
        }
        Operation::Update => {
            let old: Claim<'_> = view::read("request.oldObject", request.old_object()?)?;
            let new: Claim<'_> = view::read("request.object", request.object()?)?;
            let verb = format!("change {}", write.object());
            let spec = |claim: &Claim<'_>| {
                let mut violations = Vec::new();
                if let Some(spec) = &claim.spec {
                    judge_claim(write, spec, &verb, "spec", &mut violations);
                }
                violations
            };
            let before = spec(&old);
            violations = spec(&new);
            violations.retain(|violation| !before.iter().any(|old| old.key == violation.key));
            if changes(&old, &new, request.old_object()?, request.object()?)?
                && let Some(why) = not_to_touch(write, old.metadata.as_ref())
            {
                violations.push(violation(format!("{verb}: {why}"), ""));
            }
        }
        Operation::Delete => {
            let old: Claim<'_> = view::read("request.oldObject", request.old_object()?)?;
            if let Some(why) = not_to_touch(write, old.metadata.as_ref()) {
                violations.push(violation(format!("delete {}: {why}", write.object()), ""));
            }
        }
        Operation::Connect => {}
    }
    Ok(violations)
}

fn violation(seen: String, path: &str) -> Violation {
    Violation {
        key: String::new(),
        path: path.to_owned(),
        seen,
    }
}

/// Whether an UPDATE changes what a claim is: annotations and finalizers are
/// the storage drivers' bookkeeping.
fn changes(
    old: &Claim<'_>,
    new: &Claim<'_>,
    old_raw: Raw<'_>,
    new_raw: Raw<'_>,
) -> Result<bool, ReviewError> {
    #[derive(Deserialize)]
    struct Spec<'a> {
        #[serde(borrow)]
        spec: Option<Raw<'a>>,
    }
    let none = PodMeta::default();
    let before = old.metadata.as_ref().unwrap_or(&none);
    let after = new.metadata.as_ref().unwrap_or(&none);
    let same_meta =
        before.labels == after.labels && before.owner_references == after.owner_references;
    let old: Spec<'_> = view::read("request.oldObject", old_raw)?;
    let new: Spec<'_> = view::read("request.object", new_raw)?;
    Ok(!same_meta || !change::same(old.spec, new.spec))
}

/// Why the requester may not give a new claim that name.
fn not_to_name(write: &Write<'_>, name: &str) -> Option<String> {
    match write.requester {
        Requester::Job(_) | Requester::Operator(_) => {
            others_id(own_id(write), name).map(|id| format!("the name is one of job {id}"))
        }
        _ => not_own(write, name),
    }
}

/// Why the requester may not change or delete a stored claim.
fn not_to_touch(write: &Write<'_>, stored: Option<&PodMeta<'_>>) -> Option<String> {
    let name = write.possible_name();
    match &write.requester {
        Requester::Job(job) => (!is_own(job, &name, stored))
            .then(|| "it belongs neither to this job's pod nor to its job".to_owned()),
        Requester::Operator(_) => {
            others_id(None, &name).map(|id| format!("it is that of job {id}"))
        }
        _ => is_a_jobs(&name, stored).then(|| "it is a job's".to_owned()),
    }
}

fn is_own(job: &JobToken<'_>, name: &str, stored: Option<&PodMeta<'_>>) -> bool {
    let owners = stored
        .into_iter()
        .flat_map(|meta| meta.owner_references.iter());
    let mut owners = owners.filter(|owner| is_owned_by(job, owner));
    let Some(id) = job.job_id() else {
        return owners.next().is_some();
    };
    let application = stored.and_then(|meta| meta.labels.get(APPLICATION));
    let by_label = application.and_then(|label| label.strip_prefix("spark-")) == Some(id.as_str());
    owners.next().is_some() || by_label || JobId::words(name).any(|word| word == id)
}

/// Whether anything says that a stored claim is some job's.
fn is_a_jobs(name: &str, stored: Option<&PodMeta<'_>>) -> bool {
    if JobId::words(name).next().is_some() || ClaimName::parse(name) != ClaimName::Other {
        return true;
    }
    stored.is_some_and(|meta| {
        meta.labels.get(APPLICATION).is_some()
            || meta.owner_references.iter().any(|owner| {
                let name = owner.name.as_str();
                match owner.kind.as_str() {
                    "Pod" => {
                        PodName::parse(name).job_id().is_some() || executor_prefix(name).is_some()
                    }
                    "Job" => JobId::parse(name).is_some(),
                    _ => false,
                }
            })
    })
}

#[derive(Deserialize)]
struct Snapshot<'a> {
    #[serde(borrow)]
    spec: Option<SnapshotSpec<'a>>,
}

#[derive(Deserialize)]
struct SnapshotSpec<'a> {
    #[serde(borrow)]
    source: Option<SnapshotSource<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SnapshotSource<'a> {
    #[serde(borrow)]
    persistent_volume_claim_name: Option<Text<'a>>,
    #[serde(borrow)]
    volume_snapshot_content_name: Option<Text<'a>>,
    #[serde(borrow)]
    volume_group_snapshot_content_name: Option<Text<'a>>,
    selector: Option<crate::json::Present>,
}

fn judge_snapshot(write: &Write<'_>) -> Result<Vec<Violation>, ReviewError> {
    let request = write.request();
    let (verb, old) = match request.operation() {
        Operation::Create => ("create", None),
        Operation::Update => ("change", Some(request.old_object()?)),
        Operation::Delete | Operation::Connect => return Ok(Vec::new()),
    };
    let mut violations = of_snapshot(write, verb, "request.object", request.object()?)?;
    if let Some(old) = old
        && !violations.is_empty()
    {
        let before = of_snapshot(write, verb, "request.oldObject", old)?;
        violations.retain(|violation| !before.iter().any(|old| old.key == violation.key));
    }
    Ok(violations)
}

fn of_snapshot(
    write: &Write<'_>,
    verb: &str,
    part: &'static str,
    object: Raw<'_>,
) -> Result<Vec<Violation>, ReviewError> {
    let snapshot: Snapshot<'_> = view::read(part, object)?;
    let source = snapshot.spec.and_then(|spec| spec.source);
    let source = source.unwrap_or_default();
    let given = |text: &Option<Text<'_>>| {
        let text = text.as_deref().filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let mut violations = Vec::new();
    let mut push = |field: &str, what: String| {
        violations.push(Violation {
            key: format!("{field} {what}"),
            path: format!("spec.source.{field}"),
            seen: format!("{verb} {} of {what}", write.object()),
        });
    };
    if let Some(claim) = given(&source.persistent_volume_claim_name)
        && let Some(why) = not_own(write, &claim)
    {
        let what = format!("claim {}: {why}", shown(&claim, 253));
        push("persistentVolumeClaimName", what);
    }
    for (field, name) in [
        (
            "volumeSnapshotContentName",
            &source.volume_snapshot_content_name,
        ),
        (
            "volumeGroupSnapshotContentName",
            &source.volume_group_snapshot_content_name,
        ),
    ] {
        if let Some(name) = given(name) {
            let what = format!("content {}, which may be another's", shown(&name, 253));
            push(field, what);
        }
    }
    if source.selector.is_some() {
        push(
            "selector",
            "claims by their labels, which a job's may have".to_owned(),
        );
    }
    Ok(violations)
}
