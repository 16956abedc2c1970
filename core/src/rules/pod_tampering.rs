//! # pod-tampering
//!
//! Denies changes that turn a running pod into another, and pod placement that
//! bypasses the scheduler.
//!
//! ## What it stops
//!
//! - a change to another job's pod, through `pods`, `pods/status`, `pods/resize` or
//!   any other subresource: another image in a running container, labels,
//!   annotations, owner references, finalizers, deadlines, and any other field that
//!   Kubernetes allows to change
//! - another image in a pod under a service account that the requester may not
//!   start pods under
//! - `pods/status` by tenants, jobs and operators: a pod with a forged address
//!   receives the traffic of a Service
//! - labels and annotations under `rolegate.dev/`, by anybody but administrators
//! - labels that make a pod pass for a part of another job (`spark-app-selector`,
//!   `emr-containers.amazonaws.com/job.id`), in new pods, templates and changes
//! - bindings (`pods/binding`, `bindings`), and `spec.nodeName` in new pods and
//!   templates: choosing a node bypasses the scheduler and everything it checks
//! - a controller that adopts a job's pod which it could not have started: a
//!   replica set that adopts drivers deletes them when it is scaled down
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators | everything |
//! | EMR | everything but what belongs to rolegate |
//! | Kubernetes | its own work; the scheduler binds |
//! | a job | everything but the status of its own pods: its token's pod, the pods it owns, those that carry its job id or its Flink cluster's name |
//! | an operator of the policy | everything but the status of pods under the roles declared for it |
//! | add-ons | `bind`: bindings and `spec.nodeName`; `status`; `resize`; `annotate`: labels and annotations that are not EMR's, scheduling gates and placement, finalizers; `evict`: deadlines |
//! | tenants | pods under other service accounts: everything but the status, images they could not start, and EMR's labels |
//!
//! A write that changes nothing is allowed for everybody.
//!
//! ## Why
//!
//! The image of a running container can be replaced. The pod keeps its service
//! account, so the new program runs as the job's role, and no pod is created.
//! Labels decide which Service sends its traffic to a pod; owner references
//! decide what is deleted with it.
//!
//! ## What to do instead
//!
//! Submit the job again with the image and the labels it needs. Choose nodes with
//! `nodeSelector`, affinity and tolerations. Ask the platform team to list cluster
//! software under `identities.platform` in the policy.
//!
//! ## What it does not see
//!
//! Labels with names or values that a tenant chose: a Service that selects
//! `app: etl`, or the `spark-app-selector` of a driver that an operator started,
//! which carries no job id, sends its traffic to any pod with that label. A
//! template with a node's name that existed before the namespace was labelled.
//! Other rules cover debug containers (`pod-exec`), deletion (`job-lifecycle`) and
//! the `rolegate.dev/` annotations of a new pod (`chain-profile`).

mod adoption;
mod binding;
mod change;
mod emrs_workloads;
mod new_pods;
mod permission;
mod update;

use crate::facts::{Facts, Requester};
use crate::policy::{About, Severity};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "pod-tampering",
    Severity::Critical,
    include_str!("pod_tampering.rs"),
);

/// See the file's header.
pub(super) struct PodTampering;

const POD_UPDATES: &str = "Kubernetes documentation, Pods: pod update and replacement";
const NODE_NAME: &str = "Kubernetes documentation, Assigning Pods to Nodes: nodeName";
const WHY_BIND: &str = "choosing a pod's node bypasses the scheduler and everything that it and \
                        the queues before it check";

impl Rule for PodTampering {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some((new, old)) = write.act.written() else {
            return Ok(());
        };
        if matches!(write.requester, Requester::Admin) {
            return Ok(());
        }
        let pods = write.target.is("", "pods");
        match (write.target.subresource(), old) {
            ("binding", _) if pods => binding::judge(write, new, findings),
            ("", _) if write.target.is("", "bindings") => binding::judge(write, new, findings),
            ("ephemeralcontainers", _) if pods => Ok(()),
            (_, Some(old)) if pods => update::judge(write, old, new, facts, findings),
            ("", _) => new_pods::judge(write, facts, findings),
            _ => Ok(()),
        }
    }
}
