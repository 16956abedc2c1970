//! Bindings: a pod gets its node, and the labels and annotations of the binding.

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Requester, System};
use crate::json::Pairs;
use crate::names::{JobLabel, shown};
use crate::policy::Capability;
use crate::request::{Object, Path};
use crate::write::Write;

use super::change::is_rolegates;
use super::{ABOUT, Advice, Checked, Finding, NODE_NAME, WHY_BIND};

pub(super) static BIND: Advice = Advice {
    why: WHY_BIND,
    instead: &[
        (
            &[Person],
            "leave pods to the scheduler, and direct them by nodeSelector, affinity and tolerations",
        ),
        (
            &[Software, AddOn],
            "list another scheduler under `identities.platform` with the capability `bind` in rolegate's policy",
        ),
        (
            &[Operator, Job],
            "leave pods to the scheduler, and direct them by nodeSelector, affinity and tolerations in the pod template",
        ),
        (
            &[Workload],
            "look for software that works under this identity: Kubernetes' scheduler alone binds pods",
        ),
    ],
    source: NODE_NAME,
};

pub(super) static CARRIED: Advice = Advice {
    why: "the API server copies a binding's labels and annotations to the pod",
    instead: &[(&[AddOn, Workload, Emr], "bind the pod without it")],
    source: NODE_NAME,
};

#[derive(Deserialize)]
struct Binding<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    labels: Pairs<'a>,
    #[serde(borrow, default)]
    annotations: Pairs<'a>,
}

pub(super) fn judge(
    write: &Write<'_>,
    binding: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let pod = write.what();
    if !may_bind(write) {
        let act = format!("bind pod {pod} to a node");
        findings.push(Finding::new(&ABOUT, &BIND, act).key("node"));
        return Ok(());
    }
    let binding: Binding<'_> = binding.read()?;
    let metadata = binding.metadata.as_ref();
    let mut pairs = metadata
        .iter()
        .flat_map(|metadata| metadata.labels.iter().chain(metadata.annotations.iter()));
    if let Some((key, _)) = pairs.find(|(key, _)| is_rolegates(key) || JobLabel::is_reserved(key)) {
        let act = format!("give pod {pod} {} with its node", shown(key, 120));
        let finding = Finding::new(&ABOUT, &CARRIED, act);
        findings.push(
            finding
                .at(Path::root().key("metadata"))
                .key(key.to_string()),
        );
    }
    Ok(())
}

fn may_bind(write: &Write<'_>) -> bool {
    match &write.requester {
        Requester::System(System::ControlPlane) => true,
        Requester::Platform(entry) => entry.capabilities.contains(Capability::Bind),
        _ => write.extent(Action::ChangePod) == Extent::All,
    }
}
