//! Node names and borrowed labels in pods that are about to start.

use crate::facts::{Action, Extent, Requester};
use crate::names::shown;
use crate::policy::Capability;
use crate::request::Path;
use crate::request::pod::Pod;
use crate::rules::shared::job_labels::{JOB_LABELS, is_anothers};
use crate::rules::shared::violation::{Violation, brought};
use crate::write::Write;

use super::{ABOUT, Advice, Checked, Finding, NODE_NAME, POD_UPDATES, WHY_BIND};

static NODE: Advice = Advice {
    why: WHY_BIND,
    instead: "leave spec.nodeName out and use nodeSelector, affinity and tolerations",
    source: NODE_NAME,
};

static LABEL: Advice = Advice {
    why: "Services find a driver by these labels, so a pod that borrows them receives another \
          job's traffic",
    instead: "leave the label out: EMR and Spark set it",
    source: POD_UPDATES,
};

pub(super) fn judge(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    if write.extent(Action::ChangePod) == Extent::All
        || matches!(write.requester, Requester::System(_))
    {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let may_bind = matches!(&write.requester, Requester::Platform(entry)
        if entry.capabilities.contains(Capability::Bind));
    let pods_of = if pod_write.is_pod() { "" } else { "pods of " };
    let object = write.object();
    if !may_bind {
        for violation in brought(pod_write, chosen_node) {
            let act = format!("{} for {pods_of}{object}", violation.seen);
            findings.push(violation.finding(&ABOUT, &NODE, act));
        }
    }
    let labels = |pod: &Pod<'_>, violations: &mut Vec<Violation>| {
        borrowed_labels(pod, &write.requester, violations);
    };
    for violation in brought(pod_write, labels) {
        let act = format!("give {pods_of}{object} {}", violation.seen);
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

/// Labels that make a pod pass for a part of another job.
fn borrowed_labels(pod: &Pod<'_>, requester: &Requester<'_>, violations: &mut Vec<Violation>) {
    for key in JOB_LABELS {
        if let Some(value) = pod.metadata.labels.get(key)
            && is_anothers(value, requester)
        {
            violations.push(Violation {
                key: format!("{key}={value}"),
                path: Path::root().key("metadata").key("labels"),
                seen: format!("the label {key} of another job ({})", shown(value, 63)),
            });
        }
    }
}
