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
//! - labels that belong to jobs and controllers, in new pods, in whatever makes pods
//!   (in the template and on the object itself) and in changes, also by `status`: those of another run,
//!   and, by tenants and add-ons, all that EMR, Spark, Flink and their operators give
//!   (list below); `pod-template-hash`, `controller-uid` and their like by everybody
//! - owner references to another job's pods, Jobs, Services and `ConfigMaps`, on
//!   everything that jobs consist of; on every other object where they block the
//!   owner's deletion; also by a write to `status`, and on the claims of a `StatefulSet`
//! - bindings (`pods/binding`, `bindings`), and `spec.nodeName` in new pods and
//!   templates: choosing a node bypasses the scheduler and everything it checks
//! - a controller that adopts a pod which it could not have started, or a pod or a
//!   replica set of another service account where one of the two is a job's: it
//!   deletes the surplus. EMR's Jobs are known by their names; other workloads are
//!   looked up
//! - another program, command or environment in what EMR left (the Deployment of an
//!   endpoint's gateway, a run's Job), by whomever but EMR, Kubernetes and
//!   administrators. Restarts and scaling are allowed
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
//! `app: etl` sends its traffic to any pod with that label. The application that a
//! job without an id names in `spark-app-selector`, where it is another's. The
//! adopting workload where rolegate cannot look it up (`--cluster off`). Owners whose
//! names do not say that they are a job's; Leases and Events, which are not sent. A
//! template with a node's name that existed before the namespace was labelled.
//! Other rules cover debug containers (`pod-exec`), deletion (`job-lifecycle`) and
//! the `rolegate.dev/` annotations of a new pod (`chain-profile`).

mod adoption;
mod binding;
mod change;
mod emrs_workloads;
mod metadata;
mod new_pods;
mod owners;
mod permission;
mod update;

use std::fmt::Write as _;

use crate::facts::{Facts, Requester};
use crate::names::JobLabel;
use crate::policy::{About, Severity};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About {
    tables: Some(job_labels_table),
    ..About::new(
        "pod-tampering",
        Severity::Critical,
        include_str!("pod_tampering.rs"),
    )
};

/// The list that the page ends with.
fn job_labels_table() -> String {
    let mut text = "\n## Labels that belong to jobs\n\n| label | source |\n|---|---|\n".to_owned();
    for row in JobLabel::all() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{row}` | {} |", row.source);
    }
    text
}

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

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[
            &update::CHANGE,
            &new_pods::NODE,
            &new_pods::LABEL,
            &owners::OWNER,
            &binding::BIND,
            &binding::CARRIED,
            &adoption::ADOPTION,
            &emrs_workloads::EMRS,
        ];
        LIST
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
            // It stores labels, owners and finalizers too.
            ("status", _) => new_pods::judge_status(write, findings),
            _ => Ok(()),
        }
    }
}
