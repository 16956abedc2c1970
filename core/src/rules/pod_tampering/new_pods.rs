//! Node names, borrowed labels and owners: in pods that are about to start, in what
//! starts them, and in whatever would hold up a job's deletion.

use serde::Deserialize;

use crate::facts::{Action, Extent, Facts, Requester};
use crate::names::shown;
use crate::policy::Capability;
use crate::request::pod::{Pod, PodMeta};
use crate::request::view::TemplateShape;
use crate::request::{Object, Path, ReviewError};
use crate::rules::shared::labels::{Holder, borrowed, mirrors};
use crate::rules::shared::ownership::borrowed_owners;
use crate::rules::shared::violation::{Violation, brought, new_ones};
use crate::write::Write;

use super::{
    ABOUT, Advice, Checked, Finding, NODE_NAME, POD_UPDATES, WHY_BIND, adoption, emrs_workloads,
};

static NODE: Advice = Advice {
    why: WHY_BIND,
    instead: "leave spec.nodeName out and use nodeSelector, affinity and tolerations",
    source: NODE_NAME,
};

static LABEL: Advice = Advice {
    why: "Services and controllers find a job's pods by these labels, so whatever borrows them \
          receives another job's traffic or is counted among its pods",
    instead: "leave the label out: EMR, Spark, Flink and Kubernetes set it; an account under which \
              a team runs Spark itself belongs under `identities.operators[].jobServiceAccounts` \
              in rolegate's policy",
    source: POD_UPDATES,
};

static OWNER: Advice = Advice {
    why: "an object is deleted with its owner, and one that blocks its owner's deletion keeps a \
          job from ending",
    instead: "leave the owner reference out, or name an object of your own",
    source: "Kubernetes documentation: Owners and Dependents, Garbage Collection",
};

pub(super) fn judge(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    if matches!(write.requester, Requester::System(_)) {
        return adoption::of_workload(write, facts, findings);
    }
    if write.extent(Action::ChangePod) == Extent::All {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return judge_owners(write, findings);
    };
    let may_bind = matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Bind));
    let pods_of = if pod_write.is_pod() { "" } else { "pods of " };
    if !may_bind {
        for violation in brought(pod_write, chosen_node) {
            let act = format!("{} for {pods_of}{}", violation.seen, write.object());
            findings.push(violation.finding(&ABOUT, &NODE, act));
        }
    }
    if mirrors(write) {
        return Ok(());
    }
    let written = written(write)?;
    let holder = Holder {
        name: write.possible_name(),
        uid: written.new.uid.as_deref(),
    };
    let of_pods = brought(
        pod_write,
        |pod: &Pod<'_>, violations: &mut Vec<Violation>| {
            borrowed(write, holder, &pod.metadata.labels, violations);
        },
    );
    for violation in of_pods {
        let act = format!("give {pods_of}{} {}", write.object(), violation.seen);
        findings.push(violation.finding(&ABOUT, &LABEL, act));
    }
    if !pod_write.is_pod() {
        let of = |metadata: &PodMeta<'_>| {
            let mut violations = Vec::new();
            borrowed(write, holder, &metadata.labels, &mut violations);
            violations
        };
        let mut violations = new_ones(of(&written.new), of(&written.old));
        let (new, old) = jobs_of_cron_job(write)?;
        violations.extend(new_ones(of(&new), of(&old)));
        for violation in violations {
            let act = format!("give {} {}", write.object(), violation.seen);
            findings.push(violation.finding(&ABOUT, &LABEL, act));
        }
    }
    emrs_workloads::judge(write, pod_write, &written.old, findings);
    judge_owners(write, findings)
}

/// A write to `status` of anything but a pod: the API server stores the metadata too.
pub(super) fn judge_status(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    if matches!(write.requester, Requester::System(_))
        || write.extent(Action::ChangePod) == Extent::All
        || write.is_unchanged()
    {
        return Ok(());
    }
    if TemplateShape::of(&write.target.resource).is_some() {
        let written = written(write)?;
        let holder = Holder {
            name: write.possible_name(),
            uid: written.new.uid.as_deref(),
        };
        let of = |metadata: &PodMeta<'_>| {
            let mut violations = Vec::new();
            borrowed(write, holder, &metadata.labels, &mut violations);
            violations
        };
        for violation in new_ones(of(&written.new), of(&written.old)) {
            let act = format!("give {} {}", write.object(), violation.seen);
            findings.push(violation.finding(&ABOUT, &LABEL, act));
        }
    }
    judge_owners(write, findings)
}

/// The metadata of the object itself, as written and as stored.
#[derive(Default)]
struct Written<'a> {
    new: PodMeta<'a>,
    old: PodMeta<'a>,
}

fn written<'a>(write: &Write<'a>) -> Result<Written<'a>, ReviewError> {
    let Some((new, old)) = write.act.written() else {
        return Ok(Written::default());
    };
    Ok(Written {
        new: new.own_metadata()?,
        old: old
            .map(Object::own_metadata)
            .transpose()?
            .unwrap_or_default(),
    })
}

/// The metadata of the Jobs that a `CronJob` makes, as written and as stored.
fn jobs_of_cron_job<'a>(write: &Write<'a>) -> Result<(PodMeta<'a>, PodMeta<'a>), ReviewError> {
    #[derive(Deserialize)]
    struct Jobs<'a> {
        #[serde(borrow)]
        metadata: Option<PodMeta<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        #[serde(borrow)]
        job_template: Option<Jobs<'a>>,
    }
    #[derive(Deserialize)]
    struct View<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(Default::default());
    };
    if !write.target.is("batch", "cronjobs") {
        return Ok(Default::default());
    }
    let read = |object: Object<'a>| -> Result<PodMeta<'a>, ReviewError> {
        let spec = object.read::<View<'a>>()?.spec;
        let jobs = spec.and_then(|spec| spec.job_template?.metadata);
        Ok(jobs.unwrap_or_default())
    };
    Ok((read(new)?, old.map(read).transpose()?.unwrap_or_default()))
}

/// Owners that are another job's. Of an object that is no part of a job, only those
/// count whose deletion it would block.
pub(super) fn judge_owners(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    let metadata = new.own_metadata()?;
    let claims = claims_of_set(write)?;
    if metadata.owner_references.is_empty() && claims.new.is_empty() {
        return Ok(());
    }
    let parts = has_parts(write);
    let of = |metadata: &PodMeta<'_>| {
        let mut violations = Vec::new();
        borrowed_owners(write, metadata, &mut violations);
        violations.retain(|violation| parts || blocks(metadata, violation));
        violations
    };
    let all = |metadata: &PodMeta<'_>, claims: &[PodMeta<'_>]| {
        let mut violations = of(metadata);
        violations.extend(claims.iter().flat_map(of));
        violations
    };
    let violations = all(&metadata, &claims.new);
    if violations.is_empty() || write.is_unchanged() {
        return Ok(());
    }
    let stored = old
        .map(Object::own_metadata)
        .transpose()?
        .unwrap_or_default();
    let object = write.object();
    for violation in new_ones(violations, all(&stored, &claims.old)) {
        let act = format!("give {object} {}", violation.seen);
        findings.push(violation.finding(&ABOUT, &OWNER, act));
    }
    Ok(())
}

/// The metadata of the claims that a `StatefulSet` makes: the controller copies it whole.
#[derive(Default)]
struct Claims<'a> {
    new: Vec<PodMeta<'a>>,
    old: Vec<PodMeta<'a>>,
}

fn claims_of_set<'a>(write: &Write<'a>) -> Result<Claims<'a>, ReviewError> {
    #[derive(Deserialize)]
    struct Claim<'a> {
        #[serde(borrow)]
        metadata: Option<PodMeta<'a>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Spec<'a> {
        #[serde(borrow)]
        volume_claim_templates: Option<Vec<Claim<'a>>>,
    }
    #[derive(Deserialize)]
    struct View<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(Claims::default());
    };
    if !write.target.is("apps", "statefulsets") {
        return Ok(Claims::default());
    }
    let read = |object: Object<'a>| -> Result<Vec<PodMeta<'a>>, ReviewError> {
        let spec = object.read::<View<'a>>()?.spec;
        let claims = spec.and_then(|spec| spec.volume_claim_templates);
        let claims = claims.into_iter().flatten();
        Ok(claims.filter_map(|claim| claim.metadata).collect())
    };
    Ok(Claims {
        new: read(new)?,
        old: old.map(read).transpose()?.unwrap_or_default(),
    })
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

fn chosen_node(pod: &Pod<'_>, violations: &mut Vec<Violation>) {
    let node = pod.spec.node_name.as_deref();
    if let Some(node) = node.filter(|node| !node.is_empty()) {
        violations.push(Violation {
            key: format!("node {node}"),
            path: Path::root().key("spec").key("nodeName"),
            seen: format!("choose node {}", shown(node, 120)),
        });
    }
}
