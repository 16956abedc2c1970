//! # secret-read
//!
//! Denies references to Secrets that the policy does not list for the requester
//! or its job.
//!
//! ## What it stops
//!
//! References to Secrets, in the CREATE or UPDATE of
//!
//! - pods, debug containers of pods, and the pod templates of Deployments,
//!   `ReplicaSets`, `StatefulSets`, `DaemonSets`, Jobs, `CronJobs`,
//!   `ReplicationControllers`, `PodTemplates` and `ControllerRevisions`: `env`,
//!   `envFrom`, volumes (`secret`, `projected`, `csi` and the older kinds) and
//!   `imagePullSecrets`. A template that changes in any way is judged as a whole,
//!   and so is a pod that gets another image: the new program would read the same
//!   Secret for somebody else. Restarts, scaling and writes that change nothing
//!   are allowed
//! - objects whose controller reads a Secret for the object's writer: Ingresses
//!   (`tls` and the annotations for authentication), Gateways and `ListenerSets`, the
//!   routes of Traefik, Contour and Istio, cert-manager's Issuers, the monitors of
//!   Prometheus, `PushSecrets` and `SecretStores`, Flux's and Argo's objects
//!   (docs/coverage.md lists the known kinds), and custom resources that nobody knows,
//!   by fields whose names say so: `secretName`, `secretRef`, `secretKeyRef`,
//!   `…SecretRef`, `credentialsSecret`, `{kind: Secret, name: …}`. What the controller
//!   writes (`writeConnectionSecretToRef`, a Certificate's `secretName`) does not count,
//!   and neither does what a pod in the object reads: the pod is judged by itself. An
//!   UPDATE is judged by all Secrets of the object, because another address may get
//!   them; of an Ingress or Gateway, which show Secrets to nobody, by new ones only
//!
//! ## Who may
//!
//! | requester | Secrets |
//! |---|---|
//! | EMR, administrators | all |
//! | tenants and add-ons, in pods under ordinary service accounts and in the other objects | those that `submitters.secrets` of the policy lists for them |
//! | a job, an operator or the job controller, in pods under a job's service account | those that `submitters.secrets` lists for submitters whose `submitters.roles` contain that role, and the `emr-containers-s3-…` Secret that EMR made for the same job |
//! | an operator, in the other objects | those that the policy lists for any submitter of the namespace |
//! | add-ons with the capability `secrets` or `mirror`, in the other objects | all: they repeat what others wrote |
//! | Kubernetes' controllers, in other pods | all: the templates were judged when they were written |
//!
//! EMR does not check which Secrets a job's pod template reads, so jobs are held
//! to the same list. Pull secrets count even where they come from the service
//! account: list those that tenants' pods need. No pattern matches the names that
//! EMR reserves (`emr-containers-s3-…`, tokens of job service accounts); the
//! policy has to list such a Secret by its full name.
//!
//! ## Why
//!
//! A pod reads every Secret that it names, so the permission to start a pod is
//! enough to read them, without any permission to read Secrets. AWS's security
//! page asks administrators not to grant it: "Kubernetes RBAC permissions to read
//! secrets".
//!
//! ## What to do instead
//!
//! Have the platform team list the names in the policy
//! (`virtualClusters[].submitters[].secrets`), or read AWS Secrets Manager with
//! the job's own role.
//!
//! With Kerberos, Spark makes Secrets of its own for a driver, under names that do
//! not say which job they belong to: list `*-kerberos-keytab` and
//! `*-delegation-tokens`.
//!
//! ## What it does not see
//!
//! - Reads (`get`, `list`, `watch`): they never reach admission. Writes whose
//!   answer contains the data are denied by rolegate's
//!   `ValidatingAdmissionPolicies`.
//! - A patch that fails: the API server's error for a patch that does not decode
//!   contains the whole Secret, and comes before any admission. The right to `patch`
//!   Secrets is a right to read them: grant it only together with `get`.
//! - A template that was in the cluster before the namespace was labelled: the
//!   pods that its controller starts are allowed. Check the templates before you
//!   label a namespace.
//! - A Secret in a field of an unknown kind whose name does not say so.
//! - What a `SecretProviderClass` reads: it reads AWS's secrets with the role of
//!   the pod that mounts it, and with no other role.

mod other_readers;
mod references;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, RunsAs};
use crate::names::{Component, JobId, LogSecret, PodName, Role, shown};
use crate::policy::{About, Severity};
use crate::write::Write;

use super::shared::startable::emr_starts;
use super::shared::violation::{self, Violation};
use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "secret-read",
    Severity::High,
    include_str!("secret_read.rs"),
);

/// See the file's header.
pub(super) struct SecretRead;

static ADVICE: Advice = Advice {
    why: "a pod reads every Secret that it names, without any permission to read Secrets",
    instead: &[
        (
            &[Person],
            "ask the platform team to list the Secret under `submitters.secrets` in rolegate's policy, or read AWS Secrets Manager with the job's role",
        ),
        (
            &[Software, AddOn],
            "list this service account under `submitters.users`, with the Secret under `submitters.secrets` in rolegate's policy",
        ),
        (
            &[Operator, Job],
            "list the Secret under `submitters.secrets`, in an entry with the job's role under `submitters.roles` in rolegate's policy, or read AWS Secrets Manager with that role",
        ),
        (
            &[Workload],
            "list the Secret under `submitters.secrets`, in an entry with the role of these pods under `submitters.roles` in rolegate's policy, or take it out of the workload",
        ),
    ],
    source: SOURCE,
};

const SOURCE: &str = "Amazon EMR on EKS security best practices: permissions to read secrets";

impl Rule for SecretRead {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[
            &ADVICE,
            &other_readers::ADVICE,
            &other_readers::ADVICE_ON_SIZE,
        ];
        LIST
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
                    identities.extend(accounts.map(|account| (account, write.runs_as(account))));
                }
                let secret = reference.secret;
                let mut identities = identities.iter();
                let refused = identities
                    .find_map(|(account, identity)| refusal(write, account, identity, secret));
                let Some(why) = refused else { return };
                violations.push(Violation {
                    key: format!("{} {} {secret}", reference.container, reference.field),
                    path: reference.path(),
                    seen: format!("Secret {}: {why}", shown(secret, 253)),
                });
            });
        });
        let verb = pod_write.verb(write.operation());
        findings.extend(violations.into_iter().map(|violation| {
            let act = format!("{verb} {} with {}", write.object(), violation.seen);
            violation.finding(&ABOUT, &ADVICE, act)
        }));
        Ok(())
    }
}

/// Why this requester may not start a pod of that identity with the Secret; `None`
/// where it may.
fn refusal(write: &Write<'_>, account: &str, identity: &RunsAs, secret: &str) -> Option<String> {
    match (identity, &write.requester) {
        // Their templates were judged when they were written. The gateway's
        // Deployment is EMR's own and names the Secrets that the gateway needs.
        (
            RunsAs::Ordinary
            | RunsAs::Job {
                component: Some(Component::Jeg),
                ..
            },
            Requester::System(_),
        ) => None,
        (RunsAs::Job { .. }, Requester::System(_)) if emr_starts(write, account, None) => None,
        (RunsAs::Job { role, .. }, _) => refusal_to_job(write, role, secret),
        (RunsAs::Ordinary, _) => refusal_to_requester(write, secret),
        (RunsAs::Reserved, _) => {
            Some("nothing says whose pods its service account is for".to_owned())
        }
    }
}

fn refusal_to_job(write: &Write<'_>, role: &Role, secret: &str) -> Option<String> {
    let own = match &write.requester {
        Requester::Job(job) => job.job_id(),
        // The job controller names pods after EMR's Job.
        Requester::System(_) => match PodName::parse(write.possible_name()) {
            PodName::Runner(id) => Some(id),
            PodName::Driver(_) | PodName::Other => None,
        },
        _ => None,
    };
    let job = job_of_log_secret(secret);
    if own.is_some() && job == own {
        return None;
    }
    let submitters = write.tenancy.submitters.iter();
    let listed = submitters
        .filter(|entry| entry.roles.iter().any(|roles| roles.matches(role)))
        .any(|entry| entry.lists_secret(secret));
    if listed {
        return None;
    }
    Some(match job {
        Some(id) => format!("it is that of job {id}"),
        None => format!("the policy lists no such Secret for those who submit jobs as {role}"),
    })
}

/// The job for which EMR made this Secret. A name without a virtual cluster is not
/// EMR's and therefore gives a job nothing.
fn job_of_log_secret(secret: &str) -> Option<JobId<'_>> {
    let name = LogSecret::parse(secret)?;
    name.virtual_cluster.map(|_| name.job)
}

/// Why this requester may not use the Secret in an object that belongs to no job.
fn refusal_to_requester(write: &Write<'_>, secret: &str) -> Option<String> {
    let listed = match &write.requester {
        Requester::System(_) => true,
        Requester::Tenant(_) | Requester::Platform(_) => {
            write.submitters().any(|entry| entry.lists_secret(secret))
        }
        Requester::Operator(_) => {
            let mut submitters = write.tenancy.submitters.iter();
            submitters.any(|entry| entry.lists_secret(secret))
        }
        _ => false,
    };
    (!listed).then(|| "the policy lists no such Secret for them".to_owned())
}
