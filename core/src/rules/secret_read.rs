//! # secret-read
//!
//! Nobody has a Secret read for them that is not theirs.
//!
//! ## What it stops
//!
//! References to Secrets, in whatever creates or changes
//!
//! - pods, debug containers of pods, and the pod templates of Deployments,
//!   `ReplicaSets`, `StatefulSets`, `DaemonSets`, Jobs, `CronJobs`,
//!   `ReplicationControllers`, `PodTemplates` and `ControllerRevisions`: `env`,
//!   `envFrom`, volumes (`secret`, `projected`, `csi` and the old kinds) and
//!   `imagePullSecrets`. A template that changes in any way is judged whole:
//!   with another image it reads the same Secret for somebody else, and so does
//!   a pod. Restarts, scaling and writes that change nothing pass
//! - objects that make somebody else read a Secret: Ingresses (`tls` and the
//!   annotations for authentication), Gateways and `ListenerSets`, `PushSecrets`,
//!   and the routes of Traefik, Contour and Istio
//!
//! ## Who may
//!
//! | who | Secrets |
//! |---|---|
//! | EMR, administrators | all |
//! | tenants and add-ons, in pods under ordinary service accounts and in the other objects | what `submitters.secrets` of the policy lists for them |
//! | a job, an operator or the job controller, in pods under a job's service account | what `submitters.secrets` lists for those whose `submitters.roles` hold that role, and EMR's `emr-containers-s3-…` of the very job |
//! | an operator, in the other objects | what any submitter of the namespace has |
//! | Kubernetes' controllers, in other pods | all: the templates were judged when they were written |
//!
//! EMR does not check what a job's pod template reads, so a job is held to the
//! same list. Pull secrets count even where they come from the service account:
//! list those that tenants' pods need. No pattern reaches the names that EMR
//! reserves (`emr-containers-s3-…`, tokens of job service accounts); only the
//! whole name does.
//!
//! ## Why
//!
//! Whoever starts a pod reads every Secret the pod names, with no right to
//! read Secrets at all. AWS's security page asks not to grant it: "Kubernetes
//! RBAC permissions to read secrets".
//!
//! ## What to do instead
//!
//! Have the platform team list the names in the policy
//! (`virtualClusters[].submitters[].secrets`), or read AWS Secrets Manager with
//! the job's own role.
//!
//! With Kerberos, Spark makes Secrets of its own for a driver and names them
//! after nothing that would say whose they are: list `*-kerberos-keytab` and
//! `*-delegation-tokens`.
//!
//! ## What it does not see
//!
//! Reads (`get`, `list`, `watch`) never reach admission, and writes that answer
//! with the data are for the admission policies beside rolegate. A template
//! that waited in the cluster before the namespace was labelled: its
//! controller's pods pass. Look before you label. What a custom resource of
//! another kind makes its operator read: the pod that comes of it is judged,
//! whatever else the operator does is not. A `SecretProviderClass` reads AWS's
//! secrets with the role of the pod that mounts it, and only with that.

mod other_readers;
mod references;

use crate::facts::{Action, Extent, Requester, RunsAs};
use crate::write::Write;
use crate::names::shown;
use crate::names::{Component, JobId, PodName, Role};
use crate::policy::Submitter;
use crate::request::ReviewError;

use super::shared::violation::{self, Violation};
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("secret-read", Severity::High, include_str!("secret_read.rs"));

/// See the file's header.
pub(super) struct SecretRead;

static ADVICE: Advice = Advice {
    why: "whoever starts a pod reads every Secret that the pod names, whatever their own \
                   rights to read Secrets",
    instead: "ask the platform team to list the Secret under `submitters.secrets` in \
                       rolegate's policy, or read AWS Secrets Manager with the job's role",
    source: "Amazon EMR on EKS security best practices: permissions to read secrets",
};

/// What EMR gives the Secrets with which a job's log sidecar writes to S3:
/// `emr-containers-s3-<virtual cluster>-<job id>`.
const LOG_SECRET: &str = "emr-containers-s3-";

impl Rule for SecretRead {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if write.extent(Action::ReferenceSecret) == Extent::All {
            return Ok(());
        }
        let Some(pod_write) = write.pod()? else {
            return other_readers::check(write, findings);
        };
        let violations = violation::started(pod_write, |pod, violations| {
            let mut identities = Vec::new();
            references::visit(pod, |reference| {
                if identities.is_empty() {
                    let accounts = pod.spec.service_accounts();
                    identities.extend(accounts.map(|account| write.runs_as(account)));
                }
                let secret = reference.secret;
                let mut identities = identities.iter();
                let refused = identities.find_map(|identity| refusal(write, identity, secret));
                let Some(why) = refused else { return };
                violations.push(Violation {
                    key: format!("{} {} {secret}", reference.container, reference.field),
                    path: reference.path(),
                    seen: format!("Secret {}: {why}", shown(secret, 253)),
                });
            });
        });
        let verb = pod_write.verb(write.operation());
        findings.extend(violations.into_iter().map(|violation| Finding {
            rule: RuleId::SecretRead,
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
        }));
        Ok(())
    }
}

/// Why a pod of that identity, created by this requester, may not have the
/// Secret; `None` where it may.
fn refusal(write: &Write<'_>, identity: &RunsAs, secret: &str) -> Option<String> {
    match (identity, &write.requester) {
        // Their templates were judged when they were written; EMR's own
        // Deployment names whatever its gateway needs.
        (
            RunsAs::Ordinary
            | RunsAs::Job {
                component: Some(Component::Jeg),
                ..
            },
            Requester::System(_),
        ) => None,
        (RunsAs::Job { role, .. }, _) => of_a_job(write, role, secret),
        (RunsAs::Ordinary, _) => of_the_requester(write, secret),
        (RunsAs::Reserved, _) => {
            Some("nothing says whose pods its service account is for".to_owned())
        }
    }
}

fn of_a_job(write: &Write<'_>, role: &Role, secret: &str) -> Option<String> {
    let name = write.possible_name();
    let own = match &write.requester {
        Requester::Job(job) => job.job_id(),
        // The job controller names pods after EMR's Job.
        Requester::System(_) => match PodName::parse(&name) {
            PodName::Runner(id) => Some(id),
            PodName::Driver(_) | PodName::Other => None,
        },
        _ => None,
    };
    if own.is_some() && job_of_log_secret(secret) == own {
        return None;
    }
    let submitters = write.tenancy.submitters.iter();
    let listed = submitters
        .filter(|entry| entry.roles.iter().any(|roles| roles.matches(role)))
        .any(|entry| lists(entry, secret));
    if listed {
        return None;
    }
    Some(match job_of_log_secret(secret) {
        Some(id) => format!("it is that of job {id}"),
        None => format!("the policy lists no such Secret for those who submit jobs as {role}"),
    })
}

/// Why an object that is nobody's job may not have the Secret.
fn of_the_requester(write: &Write<'_>, secret: &str) -> Option<String> {
    let listed = match &write.requester {
        Requester::System(_) => true,
        Requester::Tenant(_) | Requester::Platform(_) => {
            write.submitters().any(|entry| lists(entry, secret))
        }
        Requester::Operator(_) => {
            let mut submitters = write.tenancy.submitters.iter();
            submitters.any(|entry| lists(entry, secret))
        }
        _ => false,
    };
    (!listed).then(|| "the policy lists no such Secret for them".to_owned())
}

fn lists(entry: &Submitter, secret: &str) -> bool {
    let reserved = is_reserved(secret);
    entry
        .secrets
        .iter()
        .any(|glob| !(reserved && glob.is_wild()) && glob.matches(secret))
}

/// Names that no pattern of the policy hands to anybody.
fn is_reserved(secret: &str) -> bool {
    secret.starts_with(LOG_SECRET)
        || crate::names::RESERVED_PREFIXES
            .iter()
            .any(|prefix| secret.starts_with(prefix))
}

fn job_of_log_secret(secret: &str) -> Option<JobId<'_>> {
    let (_, id) = secret.strip_prefix(LOG_SECRET)?.rsplit_once('-')?;
    JobId::parse(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_log_secret() {
        for (name, expected) in [
            (
                "emr-containers-s3-jk518skp01ys9ka8b0npx9nt0-0000000337okspsc913",
                Some("0000000337okspsc913"),
            ),
            ("emr-containers-s3-0000000337okspsc913", None),
            ("emr-containers-s3-x-0000000337okspsc913-y", None),
            ("app-0000000337okspsc913", None),
        ] {
            assert_eq!(
                job_of_log_secret(name).map(JobId::as_str),
                expected,
                "{name}"
            );
        }
    }
}
