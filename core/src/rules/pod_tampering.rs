//! # pod-tampering
//!
//! Nobody turns a running pod into another, or leads one past the scheduler.
//!
//! ## What it stops
//!
//! - a job's pod changed by somebody whose pod it is not, through `pods`,
//!   `pods/status`, `pods/resize` or any other subresource: another image in a
//!   running container, labels, annotations, owner references, finalizers,
//!   deadlines, whatever else Kubernetes lets one change
//! - another image in a pod under a service account that the requester may not
//!   start pods under
//! - `pods/status` by tenants, jobs and operators: a made-up address takes over
//!   the traffic of a Service
//! - labels and annotations under `rolegate.dev/`, by anybody but administrators
//! - labels that make a pod pass for a part of another job (`spark-app-selector`,
//!   `emr-containers.amazonaws.com/job.id`), in new pods, templates and changes
//! - bindings (`pods/binding`, `bindings`), and `spec.nodeName` in new pods and
//!   templates: choosing a node goes past the scheduler and all it checks
//! - a controller that adopts a job's pod which it could not have started: a
//!   replica set that takes drivers in, to remove them when it is scaled down
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators | everything |
//! | EMR | everything but what belongs to rolegate |
//! | Kubernetes | its own work; the scheduler binds |
//! | a job | all of its own pods but their status: its own pod, those it owns, those that carry its job id or its Flink cluster's name |
//! | an operator of the policy | all of pods under the roles declared for it, but their status |
//! | add-ons | `bind`: bindings and `spec.nodeName`; `status`; `resize`; `annotate`: labels and annotations that are not EMR's, scheduling gates and placement, finalizers; `evict`: deadlines |
//! | tenants | pods under other service accounts: all but the status, images they could not start, and EMR's labels |
//!
//! A write that changes nothing passes for everybody.
//!
//! ## Why
//!
//! The image of a running container can be replaced: the pod keeps its service
//! account, so the new program becomes the job's role, and no pod is created.
//! Labels decide which Service sends its traffic to a pod, owner references
//! what is deleted with it.
//!
//! ## What to do instead
//!
//! Submit the job anew with the image and the labels it is to have. Choose
//! nodes with `nodeSelector`, affinity and tolerations. Have the platform team
//! list cluster software under `identities.platform` in the policy.
//!
//! ## What it does not see
//!
//! Labels with names or values of a tenant's own choosing: a Service that selects
//! `app: etl`, or the `spark-app-selector` of a driver that an operator started,
//! which carries no job id, sends its traffic to whoever has that label. A template with a node's
//! name that stood there before the namespace was labelled. Debug containers are
//! `pod-exec`'s matter, deletion `job-lifecycle`'s, a new pod's
//! `rolegate.dev/` annotations `chain-profile`'s.

mod change;

use std::collections::HashSet;

use memchr::memmem;

use crate::facts::{Action, Extent, Requester, RunsAs, System};
use crate::write::{PodWrite, Write};
use crate::json::Pairs;
use crate::json::Raw;
use crate::names::shown;
use crate::policy::{Capability, Platform};
use crate::request::pod::Pod;
use crate::request::view;
use crate::request::{Operation, ReviewError};

use self::change::{Change, Kind, changes, is_rolegates};
use super::shared::job_labels::{JOB_LABELS, is_anothers, is_reserved};
use super::shared::ownership::{identity_of, is_declared, is_own_pod};
use super::shared::startable::{Start, refusal};
use super::shared::violation::{Violation, brought};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("pod-tampering", Severity::High, include_str!("pod_tampering.rs"));

/// See the file's header.
pub(super) struct PodTampering;

const WHY: &str = "a running pod keeps its service account and its Services whatever is changed \
                   in it, so whoever changes a job's pod acts as the job";
const WHY_BIND: &str = "choosing a pod's node goes past the scheduler and everything that it and \
                        the queues before it check";
const WHY_LABEL: &str = "Services find a driver by these labels, so a pod that borrows them \
                         receives another job's traffic";
const INSTEAD: &str = "submit the job anew with what it is to have; cluster software is listed \
                       under `identities.platform` in rolegate's policy";
const SOURCE: &str = "Kubernetes documentation, Pods: pod update and replacement";
const SOURCE_BIND: &str = "Kubernetes documentation, Assigning Pods to Nodes: nodeName";

/// So many changes tell the story.
const MOST_NAMED: usize = 4;

impl Rule for PodTampering {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        let pods = request.target.is("", "pods");
        let writes = matches!(request.operation(), Operation::Create | Operation::Update);
        if matches!(write.requester, Requester::Admin) || !writes {
            return Ok(());
        }
        match request.target.subresource() {
            "binding" if pods => binding(write, findings),
            "" if request.target.is("", "bindings") => binding(write, findings),
            "ephemeralcontainers" if pods => Ok(()),
            _ if pods && request.operation() == Operation::Update => changed_pod(write, findings),
            "" => new_pods(write, findings),
            _ => Ok(()),
        }
    }
}

/// `spec.nodeName` and borrowed labels of pods that are to be started.
fn new_pods(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
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
    let node = |pod: &Pod<'_>, violations: &mut Vec<Violation>| {
        if let Some(node) = pod
            .spec
            .node_name
            .as_deref()
            .filter(|node| !node.is_empty())
        {
            violations.push(Violation {
                key: format!("node {node}"),
                path: "spec.nodeName".to_owned(),
                seen: format!("choose node {}", shown(node, 120)),
            });
        }
    };
    let verb = if pod_write.is_pod() { "" } else { "pods of " };
    if !may_bind {
        for violation in brought(pod_write, node) {
            findings.push(Finding {
                rule: RuleId::PodTampering,
                seen: format!(
                    "{} may not {} for {verb}{}",
                    write.who(),
                    violation.seen,
                    write.object()
                ),
                path: Some(violation.path),
                why: WHY_BIND,
                instead: "leave spec.nodeName out and use nodeSelector, affinity and tolerations"
                    .into(),
                source: SOURCE_BIND,
            });
        }
    }
    for violation in brought(pod_write, |pod, violations| borrowed(pod, write, violations)) {
        findings.push(Finding {
            rule: RuleId::PodTampering,
            seen: format!(
                "{} may not give {verb}{} {}",
                write.who(),
                write.object(),
                violation.seen
            ),
            path: Some(violation.path),
            why: WHY_LABEL,
            instead: "leave the label out: EMR and Spark set it".into(),
            source: SOURCE,
        });
    }
    Ok(())
}

/// Labels by which a pod would pass for a part of a job that is not the requester's.
fn borrowed(pod: &Pod<'_>, write: &Write<'_>, violations: &mut Vec<Violation>) {
    for key in JOB_LABELS {
        if let Some(value) = pod.metadata.labels.get(key)
            && is_anothers(value, &write.requester)
        {
            violations.push(Violation {
                key: format!("{key}={value}"),
                path: "metadata.labels".to_owned(),
                seen: format!("the label {key} of another job ({})", shown(value, 63)),
            });
        }
    }
}

/// A pod is given its node, and with it whatever the binding carries.
fn binding(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    #[derive(serde::Deserialize)]
    struct Binding<'a> {
        #[serde(borrow)]
        metadata: Option<Meta<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Meta<'a> {
        #[serde(borrow, default)]
        labels: Pairs<'a>,
        #[serde(borrow, default)]
        annotations: Pairs<'a>,
    }
    let may_bind = match &write.requester {
        Requester::System(System::ControlPlane) => true,
        Requester::Platform(entry) => entry.capabilities.contains(Capability::Bind),
        _ => write.extent(Action::ChangePod) == Extent::All,
    };
    if !may_bind {
        findings.push(Finding {
            rule: RuleId::PodTampering,
            seen: format!(
                "{} may not bind pod {} to a node",
                write.who(),
                write.what()
            ),
            path: None,
            why: WHY_BIND,
            instead: "leave pods to the scheduler; another scheduler is listed under \
                      `identities.platform` with the capability `bind` in rolegate's policy"
                .into(),
            source: SOURCE_BIND,
        });
        return Ok(());
    }
    let binding: Binding<'_> = view::read("request.object", write.request.object()?)?;
    let meta = binding.metadata.as_ref();
    let pairs = meta
        .iter()
        .flat_map(|meta| meta.labels.iter().chain(meta.annotations.iter()));
    let taken = |key: &str| is_rolegates(key) || is_reserved(key);
    if let Some((key, _)) = pairs.into_iter().find(|(key, _)| taken(key)) {
        findings.push(Finding {
            rule: RuleId::PodTampering,
            seen: format!(
                "{} may not give pod {} {} with its node",
                write.who(),
                write.what(),
                shown(key, 120)
            ),
            path: Some("metadata".to_owned()),
            why: "what a binding carries is written on the pod",
            instead: "bind the pod without it".into(),
            source: SOURCE_BIND,
        });
    }
    Ok(())
}

fn changed_pod(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    let (old, new) = (request.old_object()?, request.object()?);
    // Nodes and controllers write pods all day; what could matter shows in the text.
    let adopts = adopts(write)?;
    if matches!(
        write.requester,
        Requester::System(_) | Requester::EmrService
    ) && !(adopts || says(old, "rolegate.dev/") || says(new, "rolegate.dev/"))
    {
        return Ok(());
    }
    let mut changes = changes(old, new)?;
    // Elsewhere the API server keeps the status as it is, or writes it itself.
    changes.retain(|change| change.kind != Kind::Status || request.target.subresource() == "status");
    if changes.is_empty() {
        return Ok(());
    }
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let whose = Whose::of(write, pod_write, adopts);
    let refused: Vec<&Change<'_>> = changes
        .iter()
        .filter(|change| !may(write, &whose, change))
        .collect();
    let Some(first) = refused.first() else {
        return Ok(());
    };
    let mut named: Vec<&str> = Vec::new();
    for change in &refused {
        if named.len() < MOST_NAMED && !named.contains(&change.what.as_str()) {
            named.push(&change.what);
        }
    }
    let more = match refused.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    findings.push(Finding {
        rule: RuleId::PodTampering,
        seen: format!(
            "{} may not change {}{more} of pod {}{}",
            write.who(),
            named.join(", "),
            write.what(),
            whose.clause(),
        ),
        path: Some(first.path.clone()),
        why: WHY,
        instead: INSTEAD.into(),
        source: SOURCE,
    });
    Ok(())
}

/// Whether an object could hold `text` in a key: as it stands, or behind an escape.
fn says(object: Raw<'_>, text: &str) -> bool {
    let object = object.get().as_bytes();
    memmem::find(object, text.as_bytes()).is_some() || memmem::find(object, b"\\u").is_some()
}

/// Whether a controller gives a job's pod a new owner although it could not
/// have started it.
fn adopts(write: &Write<'_>) -> Result<bool, ReviewError> {
    let Requester::System(System::Controller(_) | System::ControllerManager) = write.requester
    else {
        return Ok(false);
    };
    let Some(PodWrite {
        new,
        old: Some(old),
        ..
    }) = write.pod()?
    else {
        return Ok(false);
    };
    let (old_owners, new_owners) = (
        &old.metadata.owner_references,
        &new.metadata.owner_references,
    );
    if old_owners == new_owners {
        return Ok(false);
    }
    let known: HashSet<&str> = old_owners.iter().map(|owner| owner.uid.as_str()).collect();
    if new_owners
        .iter()
        .all(|owner| known.contains(owner.uid.as_str()))
    {
        return Ok(false);
    }
    let name = write.possible_name();
    let start = Start::Pod { name: &name };
    let mut accounts = old.spec.service_accounts();
    Ok(accounts.any(|account| refusal(write, account, start).is_some()))
}

/// Whose pod it is, to the requester.
enum Whose {
    /// The requester's own, or one that it may start itself.
    Own,
    /// Under a service account that stands for nobody's role.
    Ordinary {
        /// Whether the requester may start such pods.
        startable: bool,
    },
    /// Somebody else's job.
    Jobs(String),
    /// A job's pod that a controller takes in.
    Adopted,
}

impl Whose {
    fn of(write: &Write<'_>, pod_write: &PodWrite<'_>, adopts: bool) -> Self {
        let pod = pod_write.old.as_ref().unwrap_or(&pod_write.new);
        let own = match &write.requester {
            Requester::Job(job) => is_own_pod(job, pod, write),
            Requester::Operator(operator) => is_declared(operator, pod, write),
            Requester::System(_) if adopts => return Self::Adopted,
            Requester::System(_) => true,
            _ => false,
        };
        if own {
            return Self::Own;
        }
        match identity_of(pod, write) {
            RunsAs::Job { role, .. } => Self::Jobs(format!(", which runs as the IAM role {role}")),
            RunsAs::Reserved => {
                Self::Jobs(", whose service account is reserved for Amazon EMR".to_owned())
            }
            RunsAs::Ordinary => {
                let name = write.possible_name();
                let start = Start::Pod { name: &name };
                let mut accounts = pod.spec.service_accounts();
                let startable = accounts.all(|account| refusal(write, account, start).is_none());
                Self::Ordinary { startable }
            }
        }
    }

    fn clause(&self) -> &str {
        match self {
            Self::Jobs(clause) => clause,
            Self::Adopted => ", which it could not have started",
            Self::Own | Self::Ordinary { .. } => "",
        }
    }
}

/// Whether the requester may make a change.
fn may(write: &Write<'_>, whose: &Whose, change: &Change<'_>) -> bool {
    if change.kind == Kind::Rolegate {
        return false;
    }
    match (&write.requester, whose) {
        (Requester::Admin | Requester::EmrService, _) => true,
        (Requester::System(_), _) => change.kind != Kind::Owner || !matches!(whose, Whose::Adopted),
        (Requester::Platform(entry), _) => is_capable(entry, change.kind),
        (Requester::Job(_) | Requester::Operator(_), Whose::Own) => {
            match (change.kind, &change.value) {
                (Kind::Status, _) => false,
                (Kind::Reserved, Some(value)) => !is_anothers(value, &write.requester),
                _ => true,
            }
        }
        (Requester::Tenant(_), Whose::Ordinary { startable }) => match change.kind {
            Kind::Status | Kind::Reserved => false,
            Kind::Image => *startable,
            _ => true,
        },
        _ => false,
    }
}

fn is_capable(entry: &Platform, kind: Kind) -> bool {
    let needed = match kind {
        Kind::Label | Kind::Scheduling | Kind::Finalizer => Capability::Annotate,
        Kind::Size => Capability::Resize,
        Kind::Status => Capability::Status,
        Kind::Deadline => Capability::Evict,
        Kind::Image | Kind::Rolegate | Kind::Reserved | Kind::Owner | Kind::Other => return false,
    };
    entry.capabilities.contains(needed)
}
