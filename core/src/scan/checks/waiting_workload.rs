//! # waiting-workload
//!
//! Finds workloads that wait under a job's service account.
//!
//! ## What it finds
//!
//! Deployments, `StatefulSets`, `ReplicaSets`, `DaemonSets`, suspended Jobs, `CronJobs` and
//! other workloads in managed namespaces whose pod template names the service account of a
//! job. Interactive endpoints and operators have such Deployments; a team that prepared its
//! own before the namespace got its label has one too.
//!
//! ## Why
//!
//! Whoever scales or resumes it starts its image under the job's role.
//! `foreign-service-account` denies that to tenants where rolegate may look the workload up.
//!
//! ## What to do instead
//!
//! Delete those that neither Amazon EMR nor an operator made, before the namespace goes to
//! `enforce`.

use crate::facts::Addressee;
use crate::names::shown;
use crate::policy::{About, Policy, Severity};
use crate::rules::{Advice, Finding};

use super::super::{StoredObject, waiting};
use super::{Place, Told};

pub(super) static ABOUT: About = About::new(
    "waiting-workload",
    Severity::Low,
    include_str!("waiting_workload.rs"),
);

static ADVICE: Advice = Advice {
    why: "whoever scales or resumes it starts a pod with the job's role",
    instead: &[(
        &Addressee::ALL,
        "delete it, unless Amazon EMR or an operator of the policy made it",
    )],
    source: "Amazon EMR on EKS security best practices: permissions to create pods",
};

/// A finding for a workload under a job's service account.
#[must_use]
pub fn waiting_workload(object: &StoredObject, policy: &Policy) -> Option<Told> {
    let waiting = waiting(object, policy)?;
    let act = format!(
        "{object} waits under service account {} (role {}): {}",
        shown(&waiting.account, 253),
        waiting.role,
        waiting.state
    );
    Some(Told {
        place: Place {
            group: object.group.clone(),
            resource: object.resource.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        },
        finding: Finding::new(&ABOUT, &ADVICE, act),
    })
}
