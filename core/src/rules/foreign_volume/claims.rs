//! Claims and snapshots themselves.

use serde::Deserialize;

use crate::facts::{Facts, Requester};
use crate::json::{Present, Text};
use crate::names::shown;
use crate::policy::Capability;
use crate::request::change::changed;
use crate::request::pod::{ClaimSpec, PodMeta};
use crate::request::{Act, Object, Path, ReviewError};
use crate::rules::Stop;
use crate::rules::shared::ownership::{Evidence, Named, undeclared_role};
use crate::rules::shared::violation::new_ones;
use crate::write::Write;

use super::{Violation, judge_claim, judge_labels, not_own, others_id, own_id};

/// Judges a write of a claim or a snapshot.
pub(super) fn judge(write: &Write<'_>, facts: &Facts<'_>) -> Result<Vec<Violation>, Stop> {
    if matches!(write.requester, Requester::System(_)) {
        return Ok(Vec::new());
    }
    let target = &write.target;
    match (target.group(), target.resource(), target.subresource()) {
        // A write to `status` stores labels and owners too.
        ("", "persistentvolumeclaims", "" | "status") => judge_claim_write(write, facts),
        ("snapshot.storage.k8s.io", "volumesnapshots", "")
        | ("groupsnapshot.storage.k8s.io", "volumegroupsnapshots", "") => {
            Ok(judge_snapshot(write)?)
        }
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

fn judge_claim_write(write: &Write<'_>, facts: &Facts<'_>) -> Result<Vec<Violation>, Stop> {
    Ok(match write.act {
        Act::Create(new) => judge_new(write, new)?,
        Act::Update { old, new } => judge_change(write, facts, old, new)?,
        Act::Delete(old) => {
            let old: Claim<'_> = old.read()?;
            let why = not_to_touch(write, facts, &old.metadata.unwrap_or_default())?;
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
    violations.extend(of_labels(write, &new, &verb));
    violations.extend(of_spec(write, &new, &verb));
    Ok(violations)
}

fn judge_change(
    write: &Write<'_>,
    facts: &Facts<'_>,
    old: Object<'_>,
    new: Object<'_>,
) -> Result<Vec<Violation>, Stop> {
    let (old_claim, new_claim): (Claim<'_>, Claim<'_>) = (old.read()?, new.read()?);
    let verb = format!("change {}", write.object());
    let of = |claim: &Claim<'_>| {
        let mut violations = of_labels(write, claim, &verb);
        violations.extend(of_spec(write, claim, &verb));
        violations
    };
    let mut violations = new_ones(of(&new_claim), of(&old_claim));
    if write.is_unchanged() || keeps_volumes(write) && is_bookkeeping(old, new)? {
        return Ok(violations);
    }
    if let Some(why) = not_to_touch(write, facts, &old_claim.metadata.unwrap_or_default())? {
        violations.push(whole_claim(format!("{verb}: {why}")));
    }
    Ok(violations)
}

/// Labels by which a driver finds its claims: it mounts those that it finds.
fn of_labels(write: &Write<'_>, claim: &Claim<'_>, verb: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if let Some(metadata) = &claim.metadata {
        let at = Path::root().key("metadata").key("labels");
        judge_labels(write, &metadata.labels, verb, &at, &mut violations);
    }
    violations
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

/// Whether the requester is software that keeps volumes, and writes its bookkeeping
/// into claims of others: storage drivers and their sidecars (provisioner, resizer,
/// snapshotter), which annotate claims, protect them with finalizers and write
/// their status.
/// The policy names them by the capability `volumes`.
fn keeps_volumes(write: &Write<'_>) -> bool {
    matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Volumes))
}

/// Whether an UPDATE changes annotations, finalizers and the status only.
fn is_bookkeeping(old: Object<'_>, new: Object<'_>) -> Result<bool, ReviewError> {
    for part in changed("the claim", Some(old.raw()), Some(new.raw()))? {
        match part.name.as_str() {
            "status" => {}
            "metadata" => {
                let fields = changed("metadata", part.old, part.new)?;
                let kept = |name: &str| matches!(name, "annotations" | "finalizers");
                if !fields.iter().all(|field| kept(&field.name)) {
                    return Ok(false);
                }
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
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
fn not_to_touch(
    write: &Write<'_>,
    facts: &Facts<'_>,
    stored: &PodMeta<'_>,
) -> Result<Option<String>, Stop> {
    let evidence = Evidence {
        name: Named::Claim(write.possible_name()),
        metadata: stored,
        selector: None,
    };
    Ok(match &write.requester {
        Requester::Job(job) => (!evidence.is_own(job))
            .then(|| "it belongs neither to this job's pod nor to its job".to_owned()),
        Requester::Operator(operator) => match evidence.run() {
            Some(id) => Some(format!("it is that of job {id}")),
            None => undeclared_role(operator, &stored.owner_references, write, facts)?
                .map(|role| format!("its owner runs as the IAM role {role}")),
        },
        _ => evidence.is_a_jobs().then(|| "it is a job's".to_owned()),
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
