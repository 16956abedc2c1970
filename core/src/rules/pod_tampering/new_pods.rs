//! Node names and borrowed labels, in pods that are about to start and in what starts
//! them.

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::{Action, Extent, Facts, Requester};
use crate::names::shown;
use crate::policy::Capability;
use crate::request::pod::{Pod, PodMeta};
use crate::request::view::TemplateShape;
use crate::request::{Object, Path};
use crate::rules::shared::labels::{Holder, borrowed, mirrors};
use crate::rules::shared::violation::{Violation, brought, new_ones};
use crate::write::Write;

use super::metadata::{self, jobs_of_cron_job};
use super::{
    ABOUT, Advice, Checked, Finding, NODE_NAME, POD_UPDATES, WHY_BIND, adoption, emrs_workloads,
    owners,
};

pub(super) static NODE: Advice = Advice {
    why: WHY_BIND,
    instead: &[
        (
            &[Person, Operator, Job],
            "leave spec.nodeName out and use nodeSelector, affinity and tolerations",
        ),
        (
            &[Software, AddOn],
            "leave spec.nodeName out, or list this software under `identities.platform` with the capability `bind` in rolegate's policy",
        ),
    ],
    source: NODE_NAME,
};

pub(super) static LABEL: Advice = Advice {
    why: "Services and controllers find a job's pods by these labels, so whatever borrows them \
          receives another job's traffic or is counted among its pods",
    instead: &[
        (
            &[Person, Software, AddOn],
            "leave the label out: EMR, Spark, Flink and Kubernetes set it; an account under which a team runs Spark itself belongs under `identities.operators[].jobServiceAccounts` in rolegate's policy",
        ),
        (
            &[Operator],
            "give this label to the pods of this operator's own jobs only, under a service account of their role (`identities.operators[].roles`, `identities.operators[].jobServiceAccounts`)",
        ),
        (
            &[Job],
            "leave the label out: Spark and Flink set it for the job's own pods",
        ),
    ],
    source: POD_UPDATES,
};

pub(super) fn judge(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    if matches!(write.requester, Requester::System(_)) {
        return adoption::of_workload(write, facts, findings);
    }
    if write.extent(Action::ChangePod) == Extent::All {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return owners::judge(write, findings);
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
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    let own = metadata::whole(write, new)?;
    let holder = Holder {
        name: write.possible_name(),
        uid: own.uid.as_deref(),
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
        judge_labels(write, new, old, findings)?;
        let stored = old.map(Object::own_metadata).transpose()?;
        emrs_workloads::judge(write, pod_write, &stored.unwrap_or_default(), findings);
    }
    owners::judge(write, findings)
}

/// A write to `status` of anything but a pod: the API server stores the metadata too.
pub(super) fn judge_status(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    if matches!(write.requester, Requester::System(_))
        || write.extent(Action::ChangePod) == Extent::All
        || write.is_unchanged()
    {
        return Ok(());
    }
    if TemplateShape::of(&write.target.resource).is_some()
        && let Some((new, old)) = write.act.written()
    {
        judge_labels(write, new, old, findings)?;
    }
    owners::judge(write, findings)
}

/// Labels of what makes pods, and of the Jobs that a `CronJob` makes.
fn judge_labels<'a>(
    write: &Write<'a>,
    new: Object<'a>,
    old: Option<Object<'a>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let own = new.own_metadata()?;
    let holder = Holder {
        name: write.possible_name(),
        uid: own.uid.as_deref(),
    };
    let of = |metadata: &PodMeta<'_>| {
        let mut violations = Vec::new();
        borrowed(write, holder, &metadata.labels, &mut violations);
        violations
    };
    let stored = old
        .map(Object::own_metadata)
        .transpose()?
        .unwrap_or_default();
    let mut violations = new_ones(of(&own), of(&stored));
    if let Some(jobs) = jobs_of_cron_job(write, new)? {
        let stored = old.map(|old| jobs_of_cron_job(write, old)).transpose()?;
        let stored = stored.flatten().unwrap_or_default();
        violations.extend(new_ones(of(&jobs), of(&stored)));
    }
    for violation in violations {
        let act = format!("give {} {}", write.object(), violation.seen);
        findings.push(violation.finding(&ABOUT, &LABEL, act));
    }
    Ok(())
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
