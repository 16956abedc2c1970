//! Claims and snapshots themselves.

use serde::Deserialize;

use crate::facts::{JobToken, Requester};
use crate::json::{Present, Raw, Text};
use crate::names::{ClaimName, JobId, PodName, executor_prefix, shown};
use crate::request::pod::{ClaimSpec, PodMeta};
use crate::request::{Act, Object, Path, ReviewError, change};
use crate::rules::shared::ownership::is_owned_by;
use crate::write::Write;

use super::{Violation, judge_claim, not_own, others_id, own_id};

/// The label that Spark gives everything it makes for an application; in EMR's
/// jobs `spark-<job id>`.
const APPLICATION: &str = "spark-app-selector";

/// Judges a write of a claim or a snapshot.
pub(super) fn judge(write: &Write<'_>) -> Result<Vec<Violation>, ReviewError> {
    if matches!(write.requester, Requester::System(_)) {
        return Ok(Vec::new());
    }
    let target = &write.target;
    match (target.group(), target.resource(), target.subresource()) {
        // A write to `status` stores labels and owners too.
        ("", "persistentvolumeclaims", "" | "status") => judge_claim_write(write),
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

fn judge_claim_write(write: &Write<'_>) -> Result<Vec<Violation>, ReviewError> {
    Ok(match write.act {
        Act::Create(new) => judge_new(write, new)?,
        Act::Update { old, new } => judge_change(write, old, new)?,
        Act::Delete(old) => {
            let old: Claim<'_> = old.read()?;
            let why = not_to_touch(write, old.metadata.as_ref());
            why.map(|why| whole_claim(format!("delete {}: {why}", write.object())))
                .into_iter()
                .collect()
        }
        Act::Connect(_) => Vec::new(),
    })
}

fn judge_new(write: &Write<'_>, new: Object<'_>) -> Result<Vec<Violation>, ReviewError> {
    let new: Claim<'_> = new.read()?;
    let verb = format!("create {}", write.object());
    let mut violations = Vec::new();
    if let Some(why) = not_to_name(write, write.possible_name()) {
        violations.push(Violation {
            key: "name".to_owned(),
            path: Path::root().key("metadata").key("name"),
            seen: format!("{verb}: {why}"),
        });
    }
    violations.extend(of_spec(write, &new, &verb));
    Ok(violations)
}

fn judge_change(
    write: &Write<'_>,
    old: Object<'_>,
    new: Object<'_>,
) -> Result<Vec<Violation>, ReviewError> {
    let (old_claim, new_claim): (Claim<'_>, Claim<'_>) = (old.read()?, new.read()?);
    let verb = format!("change {}", write.object());
    let before = of_spec(write, &old_claim, &verb);
    let mut violations = of_spec(write, &new_claim, &verb);
    violations.retain(|violation| !before.iter().any(|old| old.key == violation.key));
    if changes((old, &old_claim), (new, &new_claim))?
        && let Some(why) = not_to_touch(write, old_claim.metadata.as_ref())
    {
        violations.push(whole_claim(format!("{verb}: {why}")));
    }
    Ok(violations)
}

fn of_spec(write: &Write<'_>, claim: &Claim<'_>, verb: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(spec) = &claim.spec {
        judge_claim(
            write,
            spec,
            verb,
            &Path::root().key("spec"),
            &mut violations,
        );
    }
    violations
}

/// The change or deletion of a claim as a whole.
fn whole_claim(seen: String) -> Violation {
    Violation {
        key: "claim".to_owned(),
        path: Path::root(),
        seen,
    }
}

/// Whether an UPDATE changes a claim's spec, labels or owners. Annotations and
/// finalizers are the storage drivers' bookkeeping.
fn changes(
    (old, old_claim): (Object<'_>, &Claim<'_>),
    (new, new_claim): (Object<'_>, &Claim<'_>),
) -> Result<bool, ReviewError> {
    #[derive(Deserialize)]
    struct Spec<'a> {
        #[serde(borrow)]
        spec: Option<Raw<'a>>,
    }
    let none = PodMeta::default();
    let before = old_claim.metadata.as_ref().unwrap_or(&none);
    let after = new_claim.metadata.as_ref().unwrap_or(&none);
    let same_meta =
        before.labels == after.labels && before.owner_references == after.owner_references;
    let (old, new): (Spec<'_>, Spec<'_>) = (old.read()?, new.read()?);
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
        Requester::Job(job) => (!is_own(job, name, stored))
            .then(|| "it belongs neither to this job's pod nor to its job".to_owned()),
        Requester::Operator(_) => others_id(None, name).map(|id| format!("it is that of job {id}")),
        _ => is_a_jobs(name, stored).then(|| "it is a job's".to_owned()),
    }
}

/// Whether a stored claim belongs to the job whose token this is.
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

/// Whether a stored claim belongs to any job, by its name, label or owner.
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
    selector: Option<Present>,
}

fn judge_snapshot(write: &Write<'_>) -> Result<Vec<Violation>, ReviewError> {
    let Some((new, old)) = write.act.written() else {
        return Ok(Vec::new());
    };
    let verb = if old.is_some() { "change" } else { "create" };
    let mut violations = of_snapshot(write, verb, new)?;
    if let Some(old) = old
        && !violations.is_empty()
    {
        let before = of_snapshot(write, verb, old)?;
        violations.retain(|violation| !before.iter().any(|old| old.key == violation.key));
    }
    Ok(violations)
}

fn of_snapshot(
    write: &Write<'_>,
    verb: &str,
    object: Object<'_>,
) -> Result<Vec<Violation>, ReviewError> {
    let snapshot: Snapshot<'_> = object.read()?;
    let source = snapshot.spec.and_then(|spec| spec.source);
    let source = source.unwrap_or_default();
    let mut violations = Vec::new();
    let mut push = |field: &'static str, name: &str, what: String| {
        violations.push(Violation {
            key: format!("{field} {name}"),
            path: Path::root().key("spec").key("source").key(field),
            seen: format!("{verb} {} of {what}", write.object()),
        });
    };
    if let Some(claim) = given(source.persistent_volume_claim_name.as_ref())
        && let Some(why) = not_own(write, claim)
    {
        let what = format!("claim {}: {why}", shown(claim, 253));
        push("persistentVolumeClaimName", claim, what);
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
        if let Some(name) = given(name.as_ref()) {
            let what = format!("content {}, which may be another's", shown(name, 253));
            push(field, name, what);
        }
    }
    if source.selector.is_some() {
        let what = "claims by their labels, which a job's may have".to_owned();
        push("selector", "", what);
    }
    Ok(violations)
}

fn given<'t>(text: Option<&'t Text<'_>>) -> Option<&'t str> {
    text.map(Text::as_str).filter(|text| !text.is_empty())
}
