//! Owner references to another job's objects, in whatever would be taken for a part of
//! the job or would hold up its deletion.

use crate::request::pod::PodMeta;
use crate::request::view::TemplateShape;
use crate::request::{Object, ReviewError};
use crate::rules::shared::ownership::borrowed_owners;
use crate::rules::shared::violation::{Violation, new_ones};
use crate::write::Write;

use super::metadata::{claims_of_set, whole};
use super::{ABOUT, Advice, Checked, Finding};
use crate::rules::ALL;

pub(super) static OWNER: Advice = Advice {
    why: "an object is deleted with its owner, and one that blocks its owner's deletion keeps a \
          job from ending",
    instead: &[(
        ALL,
        "leave the owner reference out, or name an object of your own",
    )],
    source: "Kubernetes documentation: Owners and Dependents, Garbage Collection",
};

/// Owners that are another job's. Of an object that is no part of a job, only those
/// count whose deletion it would block.
pub(super) fn judge(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    let violations = violations(write, new)?;
    if violations.is_empty() || write.is_unchanged() {
        return Ok(());
    }
    let stored = old.map(|old| self::violations(write, old)).transpose()?;
    let object = write.object();
    for violation in new_ones(violations, stored.unwrap_or_default()) {
        let act = format!("give {object} {}", violation.seen);
        findings.push(violation.finding(&ABOUT, &OWNER, act));
    }
    Ok(())
}

/// Those of the object itself, and of the claims that a `StatefulSet` makes.
fn violations<'a>(write: &Write<'a>, object: Object<'a>) -> Result<Vec<Violation>, ReviewError> {
    let own = whole(write, object)?;
    let claims = claims_of_set(write, object)?;
    let with_owners = std::iter::once(&*own)
        .chain(&claims)
        .filter(|metadata| !metadata.owner_references.is_empty());
    let mut all = Vec::new();
    for metadata in with_owners {
        let mut violations = Vec::new();
        borrowed_owners(write, metadata, &mut violations);
        let parts = has_parts(write);
        violations.retain(|violation| parts || blocks(metadata, violation));
        all.append(&mut violations);
    }
    Ok(all)
}

/// Whether jobs consist of objects of this kind.
fn has_parts(write: &Write<'_>) -> bool {
    let target = &write.target;
    TemplateShape::of_target(target).is_some()
        || TemplateShape::of(&target.resource).is_some()
        || target.group().is_empty()
            && matches!(
                target.resource(),
                "pods" | "services" | "persistentvolumeclaims" | "configmaps"
            )
}

fn blocks(metadata: &PodMeta<'_>, violation: &Violation) -> bool {
    let mut owners = metadata.owner_references.iter();
    owners.any(|owner| {
        owner.block_owner_deletion == Some(true)
            && violation.key == format!("owner {}", owner.uid.as_str())
    })
}
