//! # credential-provider
//!
//! A job has the credentials of its own role, and no others.
//!
//! ## What it stops
//!
//! **Ways to the node and its role**, in pods, debug containers and the pod
//! templates of built-in kinds:
//!
//! - what the *baseline* level of Kubernetes' Pod Security Standards forbids:
//!   `hostNetwork`, `hostPID`, `hostIPC`, `hostPath`, `hostPort`, privileged
//!   containers, added capabilities, `procMount`, unsafe sysctls, probes and
//!   hooks that call another host, Windows host processes, and confinement by
//!   `AppArmor`, seccomp or `SELinux` that is taken away, in fields or in the old
//!   annotations
//! - `gitRepo` and `flexVolume` volumes, which run programs on the node, and a
//!   Windows domain's credentials (`gmsaCredentialSpecName`)
//! - annotations that ask an agent on the node for a role (`iam.amazonaws.com/…`,
//!   as kube2iam and kiam read them), also through `pods/status` and `pods/binding`
//!
//! A template that changes in any way is judged whole, and a pod that gets
//! another image. Restarts, scaling and writes that change nothing pass.
//!
//! **A job's pod without the credentials of its role.** EKS puts them in by a
//! webhook that lets pods pass when it does not answer, or has not yet heard of
//! the service account. So a new pod under a job's service account must have
//! in every container and init container
//!
//! - `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`, or
//! - `AWS_CONTAINER_CREDENTIALS_FULL_URI` and
//!   `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`,
//!
//! with a value each (one taken from elsewhere may turn out empty), and the
//! token's volume where the variable says. The annotation
//! `eks.amazonaws.com/skip-containers` and the label that keeps EKS's webhook
//! away are the writer's own words: they excuse nothing.
//!
//! ## Who may
//!
//! Administrators. Nobody else, EMR included, whose pods never need it: what
//! comes with EMR's request comes from the job's pod template. Under ordinary
//! service accounts, pods that Kubernetes' controllers and nodes create pass:
//! their templates were judged when they were written. `DaemonSets` of add-ons
//! belong into namespaces of their own; an administrator can write them here.
//!
//! ## Why
//!
//! Whoever reaches the node reaches the node's role and the tokens of every
//! pod on it. And where a job's own credentials are missing, AWS's SDKs go on
//! to the node's role without a word.
//!
//! ## What to do instead
//!
//! Leave the field out. For scratch space on local disks have the platform team
//! list the very folders:
//!
//! ```yaml
//! rules:
//!   credential-provider: { hostPaths: [/local1, /mnt/fast] }
//! ```
//!
//! A listed folder is shared by all pods of the node. A pod without
//! credentials: start it again; if that does not help, see whether EKS's
//! webhook answers and the service account has its role. Where jobs are meant
//! to run as the node, switch this half off with `requireIdentity: false`.
//!
//! ## What it does not see
//!
//! Whether a pod reaches the node's metadata service all the same: set its hop
//! limit to 1 and close it by network policy. Runtime classes, which only
//! administrators make. A template that waited in the cluster before the
//! namespace was labelled: look before you label. Whether the role in
//! `AWS_ROLE_ARN` is the right one: `execution-role` says.

mod identity;
mod node;

use serde::Deserialize;

use crate::facts::{Action, Extent, Requester, RunsAs};
use crate::write::Write;
use crate::request::pod::{Pod, PodMeta};
use crate::request::{Operation, ReviewError, view};

use super::shared::violation::{self, Violation};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("credential-provider", Severity::High, include_str!("credential_provider.rs"));

/// See the file's header.
pub(super) struct CredentialProvider;

static ADVICE: Advice = Advice {
    why: "whatever reaches its node, or asks an agent there for a role, gets credentials \
                   that are not its own",
    instead: "leave it out; for scratch space on local disks ask the platform team to list \
                       the folder under `rules.credential-provider.hostPaths` in rolegate's policy",
    source: "Kubernetes Pod Security Standards, baseline; Amazon EKS best practices: \
                      restrict access to the instance profile",
};

/// An object can have thousands of annotations; this many tell the story.
const MOST_FINDINGS: usize = 8;

impl Rule for CredentialProvider {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::ReachNode) == Extent::All {
            return Ok(());
        }
        let Some(pod_write) = write.pod()? else {
            return annotations_elsewhere(write, findings);
        };
        let folders = &write.policy.rules.credential_provider.host_paths;
        let violations = violation::started(pod_write, |pod, violations| node::judge(pod, folders, violations));
        if !violations.is_empty() && is_judged(write, &pod_write.new) {
            let verb = pod_write.verb(write.operation());
            findings.extend(
                violations
                    .into_iter()
                    .map(|violation| finding(write, verb, violation)),
            );
        }
        identity::check(write, pod_write, findings);
        Ok(())
    }
}

/// Kubernetes starts what was judged as a template; a job's pods it starts are
/// judged all the same.
fn is_judged(write: &Write<'_>, pod: &Pod<'_>) -> bool {
    let mut accounts = pod.spec.service_accounts();
    !matches!(write.requester, Requester::System(_))
        || accounts.any(|account| write.runs_as(account) != RunsAs::Ordinary)
}

fn finding(write: &Write<'_>, verb: &str, violation: Violation) -> Finding {
    Finding {
        rule: RuleId::CredentialProvider,
        seen: format!(
            "{} may not {verb} {} with {}",
            write.who(),
            write.object(),
            violation.seen
        ),
        path: Some(violation.path),
        why: WHY,
        instead: INSTEAD.into(),
        source: SOURCE,
    }
}

/// A pod's annotations can be written with its status, and a binding's become
/// the pod's.
fn annotations_elsewhere(
    write: &Write<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    #[derive(Deserialize)]
    struct Annotated<'a> {
        #[serde(borrow)]
        metadata: Option<PodMeta<'a>>,
    }
    let request = write.request();
    let pods = request.target.is("", "pods")
        && matches!(request.target.subresource(), "status" | "binding" | "resize");
    let old = match request.operation() {
        Operation::Create => None,
        Operation::Update => request.old_object,
        Operation::Delete | Operation::Connect => return Ok(()),
    };
    if !(pods || request.target.is("", "bindings"))
        || matches!(write.requester, Requester::System(_))
    {
        return Ok(());
    }
    let new: Annotated<'_> = view::read("request.object", request.object()?)?;
    let old: Option<Annotated<'_>> = old
        .map(|raw| view::read("request.oldObject", raw))
        .transpose()?;
    let judge = |annotated: Option<Annotated<'_>>| {
        let mut violations = Vec::new();
        if let Some(meta) = annotated.and_then(|annotated| annotated.metadata) {
            node::judge_annotations(&meta.annotations, &mut violations);
        }
        violations
    };
    let mut violations = judge(Some(new));
    if !violations.is_empty() {
        let before = judge(old);
        violations.retain(|violation| !before.iter().any(|old| old.key == violation.key));
    }
    findings.extend(
        violations
            .into_iter()
            .take(MOST_FINDINGS)
            .map(|violation| finding(write, "change", violation)),
    );
    Ok(())
}
