//! # credential-provider
//!
//! Denies pods that could get credentials other than their own role's, and job pods
//! that lack the credentials of their role.
//!
//! ## What it stops
//!
//! **Access to the node and its role**, in pods, debug containers and the pod
//! templates of built-in kinds:
//!
//! - what the *baseline* level of Kubernetes' Pod Security Standards forbids:
//!   `hostNetwork`, `hostPID`, `hostIPC`, `hostPath`, `hostPort`, privileged
//!   containers, added capabilities, `procMount` (unless `hostUsers: false`), unsafe
//!   sysctls and values of safe ones that are not numbers, probes and hooks that call
//!   another host, Windows host processes, and disabled confinement by `AppArmor`,
//!   seccomp or `SELinux`, in fields or in the old annotations
//! - `gitRepo` and `flexVolume` volumes, which run programs on the node, and a
//!   Windows domain's credentials (`gmsaCredentialSpecName`)
//! - annotations that ask an agent on the node for a role (`iam.amazonaws.com/…`,
//!   as kube2iam and kiam read them), also through `pods/status` and `pods/binding`
//!
//! A template that changes in any way is judged as a whole, and so is a pod that gets
//! another image. Restarts, scaling and writes that change nothing are allowed.
//!
//! **A job's pod without the credentials of its role.** EKS adds them by a webhook
//! that lets pods pass when it does not answer, or does not know the service account
//! yet. So a new pod under a job's service account must have in every container and
//! init container
//!
//! - `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`, or
//! - `AWS_CONTAINER_CREDENTIALS_FULL_URI` and
//!   `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`,
//!
//! each with a literal value (one taken from another object may turn out empty), and
//! the token's volume mounted where the variable says: a projected token of the
//! pod's service account with the audience `sts.amazonaws.com`, or for the second way
//! EKS Pod Identity's own address, path and audience `pods.eks.amazonaws.com`. A
//! mount counts by the place where it really is: `/var/run` is `/run`. The annotation
//! `eks.amazonaws.com/skip-containers`, and the label that keeps EKS's webhook
//! away, do not excuse a container: anybody who writes the pod can set them.
//!
//! **A job's pod with the credentials of another identity**, in pods and in the
//! templates of built-in kinds, whatever component of the job it is: a source of
//! credentials other than EKS Pod Identity's agent and its token, in the variables that
//! begin with `AWS_CONTAINER_`. The rule `execution-role` judges `AWS_ROLE_ARN`.
//!
//! ## Who may
//!
//! Administrators only. EMR may not either: its pods never need it, and what EMR
//! sends comes from the job's pod template. Pods under ordinary service accounts
//! that Kubernetes' controllers and nodes create are allowed: their templates were
//! judged when they were written. `DaemonSets` of add-ons belong in namespaces of
//! their own; an administrator can write them here.
//!
//! ## Why
//!
//! A pod that reaches the node reaches the node's role and the tokens of every pod
//! on the node. And where a job's own credentials are missing, AWS's SDKs silently
//! fall back to the node's role.
//!
//! ## What to do instead
//!
//! Leave the field out. For scratch space on local disks, and for the sockets of
//! agents, have the platform team list the whole paths:
//!
//! ```yaml
//! rules:
//!   credential-provider:
//!     hostPaths: [/local1, /mnt/fast]
//!     readOnlyHostPaths: [/var/run/datadog]   # enough to connect to a socket
//! ```
//!
//! A listed folder is shared by all pods of the node: who may write there can replace
//! what others find. `/var/run` is `/run`. What gives control of the node cannot be
//! listed: the folders of the system, the kubelet, container runtimes and their plugins,
//! `/var/log`. If a pod has no credentials,
//! start it again; if that does not help, check that EKS's webhook answers and that
//! the service account has its role. Where jobs are meant to run with the node's
//! role, or get their credentials from a service of their own, switch both parts about
//! a job's credentials off with `requireIdentity: false`.
//!
//! ## What it does not see
//!
//! Whether a pod can still reach the node's metadata service: set its hop limit to 1
//! and block it by network policy. Runtime classes, which only administrators
//! make. A template that was in the cluster before the namespace got its label:
//! check before you label. Access keys in variables: they are the job's own.

mod identity;
mod node;
mod options;

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, RunsAs};
use crate::policy::{About, Severity};
use crate::request::Object;
use crate::request::pod::{Pod, PodMeta};
use crate::write::Write;

use super::shared::violation::{self, Violation};
use super::{Advice, Checked, Finding, Rule};

use self::options::Options;

pub(in crate::rules) use self::options::Entry;

pub(super) static ABOUT: About = About {
    notes: Some(options::notes),
    ..About::new(
        "credential-provider",
        Severity::Critical,
        include_str!("credential_provider.rs"),
    )
};

/// See the file's header.
pub(super) struct CredentialProvider;

static ADVICE: Advice = Advice {
    why: "a pod that reaches its node, or asks an agent there for a role, gets credentials that \
          are not its own",
    instead: &[
        (
            &[Person],
            "leave it out; for scratch space on local disks or an agent's socket ask the platform team to list the whole path under `rules.credential-provider.hostPaths` or `readOnlyHostPaths` in rolegate's policy",
        ),
        (
            &[Emr],
            "leave it out of the job's pod templates; for scratch space on local disks or an agent's socket ask the platform team to list the whole path under `rules.credential-provider.hostPaths` or `readOnlyHostPaths` in rolegate's policy",
        ),
        (
            &[Job],
            "leave it out of the job's configuration and pod templates; for scratch space on local disks or an agent's socket ask the platform team to list the whole path under `rules.credential-provider.hostPaths` or `readOnlyHostPaths` in rolegate's policy",
        ),
        (
            &[Software, AddOn, Operator, Workload],
            "leave it out; folders for scratch space on local disks are listed under `rules.credential-provider.hostPaths`, sockets of agents under `rules.credential-provider.readOnlyHostPaths` in rolegate's policy",
        ),
    ],
    source: "Kubernetes Pod Security Standards, baseline; Amazon EKS best practices: restrict \
             access to the instance profile",
};

impl Rule for CredentialProvider {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &identity::ADVICE, &identity::FOREIGN];
        LIST
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::ReachNode) == Extent::All {
            return Ok(());
        }
        let Some(pod_write) = write.pod()? else {
            return annotations_elsewhere(write, findings);
        };
        let folders = Options::folders(write.policy);
        let violations = violation::started(pod_write, |pod, violations| {
            node::judge(pod, folders, violations);
        });
        if !violations.is_empty() && is_judged(write, &pod_write.new) {
            let verb = pod_write.verb(write.operation());
            let findings_of = violations
                .into_iter()
                .map(|violation| finding(write, verb, violation));
            findings.extend(findings_of);
        }
        identity::check(write, pod_write, findings)
    }
}

/// Whether a violation counts. Pods that Kubernetes starts from a template were
/// judged with the template; job pods are judged in any case.
fn is_judged(write: &Write<'_>, pod: &Pod<'_>) -> bool {
    let mut accounts = pod.spec.service_accounts();
    !matches!(write.requester, Requester::System(_))
        || accounts.any(|account| write.runs_as(account) != RunsAs::Ordinary)
}

fn finding(write: &Write<'_>, verb: &str, violation: Violation) -> Finding {
    let act = format!("{verb} {} with {}", write.object(), violation.seen);
    violation.finding(&ABOUT, &ADVICE, act)
}

/// A pod's annotations can be written together with its status, and those of a
/// binding are merged into the pod's.
fn annotations_elsewhere(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    #[derive(Deserialize)]
    struct Annotated<'a> {
        #[serde(borrow)]
        metadata: Option<PodMeta<'a>>,
    }
    let pods = write.target.is("", "pods")
        && matches!(write.target.subresource(), "status" | "binding" | "resize");
    if !(pods || write.target.is("", "bindings")) || matches!(write.requester, Requester::System(_))
    {
        return Ok(());
    }
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    let new: Annotated<'_> = new.read()?;
    let old: Option<Annotated<'_>> = old.map(Object::read).transpose()?;
    let judge = |annotated: Option<Annotated<'_>>| {
        let mut violations = Vec::new();
        if let Some(meta) = annotated.and_then(|annotated| annotated.metadata) {
            node::judge_annotations(&meta.annotations, &mut violations);
        }
        violations
    };
    let violations = judge(Some(new));
    if violations.is_empty() {
        return Ok(());
    }
    let violations = violation::new_ones(violations, judge(old)).into_iter();
    findings.extend(violations.map(|violation| finding(write, "change", violation)));
    Ok(())
}
