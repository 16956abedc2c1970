//! Which changes a requester may make to a pod, depending on whose pod it is.

use crate::facts::{Requester, RunsAs};
use crate::policy::{Capability, Platform};
use crate::request::pod::Pod;
use crate::rules::shared::labels::{Holder, not_to_give};
use crate::rules::shared::ownership::{identity_of, is_declared, is_own_pod};
use crate::rules::shared::startable::{Start, refusal};
use crate::write::{PodWrite, Write};

use super::change::{ChangeKind, PodChange};

/// Whose a pod is, seen from the requester.
pub(super) enum PodOwner {
    /// The requester's own job, or one of a role declared for the requester;
    /// anybody's, if the requester is Kubernetes.
    Requester,
    /// No job's: its service account becomes no role.
    NoJob {
        /// Whether the requester may start pods under that service account.
        startable: bool,
    },
    /// Another job's, with a clause that says which role it runs as.
    AnotherJob(String),
    /// A job's that a controller adopts.
    Adopted,
}

impl PodOwner {
    pub(super) fn of(write: &Write<'_>, pod_write: &PodWrite<'_>, adopts: bool) -> Self {
        let pod = pod_write.old.as_ref().unwrap_or(&pod_write.new);
        let own = match &write.requester {
            Requester::Job(job) => is_own_pod(job, pod, write),
            Requester::Operator(operator) => is_declared(operator, pod, write),
            Requester::System(_) if adopts => return Self::Adopted,
            Requester::System(_) => true,
            _ => false,
        };
        if own {
            return Self::Requester;
        }
        match identity_of(pod, write) {
            RunsAs::Job { role, .. } => {
                Self::AnotherJob(format!(", which runs as the IAM role {role}"))
            }
            RunsAs::Reserved => {
                Self::AnotherJob(", whose service account is for no job that is known".to_owned())
            }
            RunsAs::Ordinary => {
                let start = Start::Pod {
                    name: write.possible_name(),
                };
                let mut accounts = pod.spec.service_accounts();
                let startable = accounts.all(|account| refusal(write, account, start).is_none());
                Self::NoJob { startable }
            }
        }
    }

    /// A clause for the sentence, after the pod's name.
    pub(super) fn clause(&self) -> &str {
        match self {
            Self::AnotherJob(clause) => clause,
            Self::Adopted => ", which it could not have started",
            Self::Requester | Self::NoJob { .. } => "",
        }
    }
}

/// `new`: the pod as it would be stored.
pub(super) fn may_change(
    write: &Write<'_>,
    owner: &PodOwner,
    new: &Pod<'_>,
    change: &PodChange<'_>,
) -> bool {
    if change.kind == ChangeKind::Rolegate {
        return false;
    }
    match (&write.requester, owner) {
        (Requester::System(_), PodOwner::Adopted) => change.kind != ChangeKind::Owner,
        (Requester::System(_) | Requester::Admin | Requester::EmrService, _) => true,
        (Requester::Job(_) | Requester::Operator(_), PodOwner::Requester) => match change.kind {
            ChangeKind::Status => false,
            ChangeKind::Reserved => may_label(write, new, change),
            _ => true,
        },
        // Cluster software may do what a tenant may, and what its entry names.
        (Requester::Platform(entry), PodOwner::NoJob { startable }) => {
            may_as_tenant(change.kind, *startable) || is_capable(entry, change.kind)
        }
        (Requester::Platform(entry), _) => is_capable(entry, change.kind),
        (Requester::Tenant(_), PodOwner::NoJob { startable }) => {
            may_as_tenant(change.kind, *startable)
        }
        _ => false,
    }
}

/// What everybody may change in a pod that is no job's.
const fn may_as_tenant(kind: ChangeKind, startable: bool) -> bool {
    match kind {
        ChangeKind::Status | ChangeKind::Reserved => false,
        ChangeKind::Image => startable,
        _ => true,
    }
}

/// Whether a job or an operator may give its own pod a label, or take one from it.
fn may_label(write: &Write<'_>, new: &Pod<'_>, change: &PodChange<'_>) -> bool {
    let (Some(key), Some(value)) = (&change.entry, &change.value) else {
        return true;
    };
    let holder = Holder {
        name: write.possible_name(),
        uid: None,
    };
    not_to_give(write, holder, &new.metadata.labels, key, value).is_none()
}

fn is_capable(entry: &Platform, kind: ChangeKind) -> bool {
    let needed = match kind {
        ChangeKind::Label | ChangeKind::Scheduling | ChangeKind::Finalizer => Capability::Annotate,
        ChangeKind::Size => Capability::Resize,
        ChangeKind::Status => Capability::Status,
        ChangeKind::Deadline => Capability::Evict,
        ChangeKind::Image
        | ChangeKind::Rolegate
        | ChangeKind::Reserved
        | ChangeKind::Owner
        | ChangeKind::Other => return false,
    };
    entry.capabilities.contains(needed)
}
