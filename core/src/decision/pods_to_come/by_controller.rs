//! The pods that Kubernetes' controllers make from a template.

use serde_json::{Value, json};

use crate::facts::{Addressee, Requester};
use crate::json::Tree;
use crate::request::SampleUser;
use crate::request::generated_prefix;
use crate::request::view::TemplateShape;
use crate::write::Write;

use super::{Coming, MOST_BYTES};

/// A built-in kind of workload, and what its controller makes.
struct Controller {
    resource: &'static str,
    /// The service account in kube-system.
    account: &'static str,
    /// What it adds to the workload's name.
    suffix: &'static str,
    makes: Made,
}

enum Made {
    /// Pods, with this owner.
    Pods(&'static str),
    /// Workloads of this kind, whose controller makes the pods.
    Workloads(&'static Controller),
}

const KUBE_SYSTEM: &str = "kube-system";
/// As the replica set and the job controller make them.
const RANDOM: &str = "-x7k2p";
const HASH: &str = "6d5f8c9b7d";

static REPLICA_SETS: Controller = Controller {
    resource: "replicasets",
    account: "replicaset-controller",
    suffix: RANDOM,
    makes: Made::Pods("ReplicaSet"),
};
static JOBS: Controller = Controller {
    resource: "jobs",
    account: "job-controller",
    suffix: RANDOM,
    makes: Made::Pods("Job"),
};
static OTHERS: [Controller; 5] = [
    Controller {
        resource: "deployments",
        account: "deployment-controller",
        suffix: "-6d5f8c9b7d",
        makes: Made::Workloads(&REPLICA_SETS),
    },
    Controller {
        resource: "cronjobs",
        account: "cronjob-controller",
        suffix: "-29400000",
        makes: Made::Workloads(&JOBS),
    },
    Controller {
        resource: "statefulsets",
        account: "statefulset-controller",
        suffix: "-0",
        makes: Made::Pods("StatefulSet"),
    },
    Controller {
        resource: "daemonsets",
        account: "daemon-set-controller",
        suffix: RANDOM,
        makes: Made::Pods("DaemonSet"),
    },
    Controller {
        resource: "replicationcontrollers",
        account: "replication-controller",
        suffix: RANDOM,
        makes: Made::Pods("ReplicationController"),
    },
];

/// The service account in kube-system of the controller that makes what workloads of this
/// kind own.
#[must_use]
pub fn controller_account(kind: &str) -> Option<&'static str> {
    let resource = format!("{}s", kind.to_ascii_lowercase());
    let mut all = [&REPLICA_SETS, &JOBS].into_iter().chain(&OTHERS);
    all.find(|one| one.resource == resource)
        .map(|one| one.account)
}

/// `None` for an object without a template, and where the template stays as it is.
pub(super) fn coming(write: &Write<'_>) -> Option<Vec<Coming>> {
    let shape = TemplateShape::of(&write.target.resource)?;
    let resource = write.target.resource();
    let all = [&REPLICA_SETS, &JOBS].into_iter().chain(&OTHERS);
    let mut controller = all.into_iter().find(|one| one.resource == resource)?;
    let (new, old) = write.act.written()?;
    if old.is_some() && !write.pod().ok()??.starts_other_programs() {
        return None;
    }
    let template = new.template(shape).ok()??;
    if template.raw().get().len() > MOST_BYTES {
        return None;
    }
    let Tree(template) = template.read().ok()?;
    let mut name = write.possible_name().to_owned();
    let reader = match write.requester {
        Requester::EmrService => Addressee::Emr,
        _ => Addressee::Workload,
    };
    let mut steps = Vec::new();
    loop {
        let owner = name.clone();
        name = format!("{}{}", generated_prefix(&name), controller.suffix);
        let user = SampleUser::service_account(KUBE_SYSTEM, controller.account);
        let step = |kind, object| Coming {
            user,
            kind,
            object,
            reader,
            account: None,
            template: Some(shape.path()),
        };
        match controller.makes {
            Made::Pods(kind) => {
                let pod = pod(&template, kind, &owner, &name);
                steps.push(step(("v1", "Pod", "pods"), pod));
                return Some(steps);
            }
            Made::Workloads(next) => {
                let kind = match next.resource {
                    "jobs" => ("batch/v1", "Job", "jobs"),
                    _ => ("apps/v1", "ReplicaSet", "replicasets"),
                };
                let workload = json!({
                    "metadata": { "name": name },
                    "spec": { "template": template },
                });
                steps.push(step(kind, workload));
                controller = next;
            }
        }
    }
}

/// A pod of the template as that kind of workload makes it.
fn pod(template: &Value, owner_kind: &str, owner: &str, name: &str) -> Value {
    let mut pod = json!({
        "metadata": template["metadata"],
        "spec": template["spec"],
    });
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    let group = match owner_kind {
        "ReplicationController" => "v1",
        "Job" => "batch/v1",
        _ => "apps/v1",
    };
    let metadata = &mut pod["metadata"];
    metadata["name"] = json!(name);
    metadata["ownerReferences"] = json!([{
        "apiVersion": group, "kind": owner_kind, "name": owner, "uid": "to-come",
        "controller": true, "blockOwnerDeletion": true,
    }]);
    if !metadata["labels"].is_object() {
        metadata["labels"] = json!({});
    }
    match owner_kind {
        "ReplicaSet" => metadata["labels"]["pod-template-hash"] = json!(HASH),
        "Job" => metadata["labels"]["batch.kubernetes.io/job-name"] = json!(owner),
        "StatefulSet" => metadata["labels"]["statefulset.kubernetes.io/pod-name"] = json!(name),
        _ => {}
    }
    pod
}
