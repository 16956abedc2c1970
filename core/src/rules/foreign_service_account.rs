//! # foreign-service-account
//!
//! Denies starting pods under service accounts that are not the requester's own.
//!
//! ## What it stops
//!
//! - pods: `serviceAccountName` and its old alias `serviceAccount`, judged after
//!   all mutation
//! - pod templates of Deployments, `ReplicaSets`, `StatefulSets`, `DaemonSets`, Jobs,
//!   `CronJobs`, `ReplicationControllers`, `PodTemplates` and of whatever a
//!   `ControllerRevision` holds. An UPDATE is judged if it changes the template
//!   (`kubectl rollout undo` does) or resumes a suspended Job, so rollout restarts,
//!   status writes and no-op writes pass
//! - more pods of a workload that stands there under a job's account, or under one to
//!   which the policy gives rights: `replicas`, `parallelism`, `suspend`, `paused`, a
//!   schedule and their like, `*/scale` of Kubernetes' workloads and of
//!   `FlinkDeployments`, and a `HorizontalPodAutoscaler`, KEDA's `ScaledObject` or an
//!   unknown kind with a `scaleTargetRef` that names such a workload. Its template may
//!   be older than the namespace's label. For `*/scale` and autoscalers the workload is
//!   looked up. Workloads under other accounts are scaled by whoever may, and fewer pods
//!   are `job-lifecycle`'s
//! - pods of an old revision, by a Deployment's or a `StatefulSet`'s controller, under such
//!   an account, where the workload, which is looked up, has another one by now
//! - a rollback by the annotation `deprecated.deployment.rollback.to`, which shows no template
//! - names that only a job gives a pod or a Job (`spark-<job id>-driver`,
//!   `<job id>-xxxxx`, `<application>-<16 hexadecimal digits>-exec-<n>`, Flink's task
//!   managers), by others, under any service account: the job's own could not be made
//! - custom resources of any kind: every field named after a service account or after
//!   an execution role (`executionRoleArn`), and every option, argument, line or whole
//!   text that names a reserved service account (Spark configuration, Flink options,
//!   submit arguments, JSON, YAML and base64 in a string). In a sentence a name starts
//!   nothing. A fixed name of the policy (`spark`) counts in fields and options that
//!   name accounts (`serviceAccount`, `--sa`), and as a value nowhere else. `metadata` and
//!   `status` do not count, except annotations named after service accounts or roles;
//!   labels, names of images, descriptions, messages and log lines do not count anywhere
//! - a role of jobs in any other field, list, option or annotation named after roles
//!   (`roleArn`, `additionalRoles`, `AWS_ROLE_ARN` in a list of variables or in Spark's or
//!   Flink's configuration, `eks.amazonaws.com/role-arn` in a template). What a container's
//!   program gets as arguments is its own: it runs as something already
//! - of the known kinds (docs/coverage.md lists them): further fields; the
//!   object that another names (`FlinkSessionJob.spec.deploymentName`), whose role the
//!   requester needs as if it named the role; and the fields of `status` by which an
//!   operator acts (Flink's `lastStableSpec`), which are the operator's. Kinds that
//!   start nothing and log in nowhere (rules, dashboards, routes, certificates, copies) are
//!   not judged
//! - a role for a service account of another namespace: the field `namespace` of AWS's and
//!   Crossplane's `PodIdentityAssociation` is compared with the object's own. The requester
//!   needs an entry of `submitters` for that namespace too, which allows the account
//! - logins: objects whose software takes the token of a service account or acts in its
//!   name (`SecretStores`, Issuers, Flux's sources and `serviceAccountName`, KEDA's and
//!   Vault's authentication). The requester needs the right to start a pod under that
//!   account; that it may submit jobs of the role is not enough
//! - an UPDATE of a custom resource that changes more than `metadata` and `status` is
//!   judged by all that the new object names, and by the jobs that the stored object
//!   stands for. Where the policy declares operators, also a driver's or job manager's pod
//!   template in a file (`driver.podTemplateFile`, `kubernetes.pod-template-file`) is
//!   denied, because it can name any service account
//!
//! ## Who may start what
//!
//! | requester | service accounts |
//! |---|---|
//! | EMR, administrators | all |
//! | platform identities with `scale`; Kubernetes | more pods of any workload |
//! | a job | those of its own account and role, in its own namespace; a driver only as `spark-<own job id>-driver`, and no other pod with a job id in its name |
//! | an operator of the policy | those of the roles the policy declares for it |
//! | Kubernetes | job controller: `client`; replica set controller: `jeg`; those and the stateful set controller: components of a declared operator; the operator itself, and others that become no role |
//! | tenants | `default`, or what `submitters.serviceAccounts` lists; in a custom resource that starts pods also those of `submitters.roles`, in any custom resource these roles; never one to which the policy gives rights (`service-account-token` says which), unless the same entry of `submitters` names it and the requester |
//!
//! ## Why
//!
//! EMR's service accounts become IAM roles, and their names say which. A pod under
//! such a service account has its role, and so does everybody who chooses what the
//! pod runs. AWS's security page asks not to grant it: "Kubernetes RBAC permissions
//! to create pods".
//!
//! ## What to do instead
//!
//! Submit the job through EMR (`StartJobRun`) with the execution role. For
//! other pods, use a service account that the policy lists for you.
//!
//! ## What it does not see
//!
//! - Names that an operator assembles from parts: templates, expressions, other
//!   encodings. The pod is judged when the operator creates it.
//! - Whose an object is that another joins, without a cluster (`--cluster off`). Then
//!   only those may join who may submit every role of the declared operators.
//! - The ARN of a role, unless the field is an execution role's or the policy names the
//!   role as one of jobs (`executionRoles`, `submitters.roles`, `operators.roles`).
//! - The EKS cluster that a `PodIdentityAssociation` names (`clusterName`): it may be
//!   another one than this.
//! - Templates that a template refers to by name (Argo's `templateRef`, Tekton's
//!   `pipelineRef`): the pods are judged when they are created.
//! - The workload of a `*/scale` or of an autoscaler where rolegate cannot look it up
//!   (`--cluster off`, no right to get it): the audit annotation `skipped` says so. The
//!   controller's pods are judged all the same, but not those of EMR's gateway (`jeg`) and
//!   of the declared operators' roles. Then look for such Deployments with another's image
//!   before you label the namespace.
//! - Autoscalers that were there before the label, or before their workload; restarts,
//!   and pods that their controller replaces.

mod custom_resource;
mod elsewhere;
mod joins;
mod read_back;
mod report;
mod revisions;
mod scaling;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, Requester, RunsAs, System, surface};
use crate::names::shown;
use crate::policy::{About, Severity};
use crate::request::view::TemplateShape;
use crate::request::{Object, Path, change};
use crate::write::Write;

use super::shared::custom_resource::mirrors;
use super::shared::privileged;
use super::shared::startable::{Start, refusal};
use super::{Advice, Checked, Finding, Rule};

pub(super) static ABOUT: About = About::new(
    "foreign-service-account",
    Severity::Critical,
    include_str!("foreign_service_account.rs"),
);

/// See the file's header.
pub(super) struct ForeignServiceAccount;

static ADVICE: Advice = Advice {
    why: "EMR's service accounts become IAM roles, and a pod under one of them has its role",
    instead: &[
        (
            &[Person],
            "submit the job through Amazon EMR (StartJobRun), or use a service account that rolegate's policy lists for you",
        ),
        (
            &[Software, AddOn],
            "list software that starts jobs under `identities.operators` in rolegate's policy, with the roles of its jobs; other software starts jobs through Amazon EMR (StartJobRun)",
        ),
        (
            &[Emr],
            "list the endpoint's component under `identities.emrService.components` in rolegate's policy, with the kind of workload that starts it",
        ),
        (
            &[Operator],
            "declare the role for this operator under `identities.operators[].roles` in rolegate's policy, or its service account under `identities.operators[].jobServiceAccounts`",
        ),
        (
            &[Job],
            "start pods under this job's own role, named as Spark and Flink name them",
        ),
        (
            &[Workload],
            "start it through Amazon EMR, give it a service account that is no job's, or declare the operator that it belongs to under `identities.operators` in rolegate's policy",
        ),
    ],
    source: "Amazon EMR on EKS security best practices: permissions to create pods",
};

/// For an account that becomes no role.
static ADVICE_ON_ORDINARY: Advice = Advice {
    instead: &[
        (
            &[Person],
            "use a service account that rolegate's policy lists for you, or ask the platform team to list this one under `submitters.serviceAccounts`",
        ),
        (
            &[Software, AddOn],
            "list this software under `submitters.users`, with the service account of its pods under `submitters.serviceAccounts` in rolegate's policy",
        ),
        (
            &[Operator],
            "list the service account with its role under `identities.operators[].jobServiceAccounts` in rolegate's policy, or leave this pod to another requester",
        ),
        (
            &[Job],
            "start pods under this job's own role, named as Spark and Flink name them",
        ),
        (
            &[Workload],
            "leave pods to the controllers of workloads: a node starts static pods only",
        ),
    ],
    why: "whoever starts a pod under a service account has all rights of that account",
    ..ADVICE
};

/// For an account that has rights under the policy.
static ADVICE_ON_TRUSTED: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn],
        "use another service account: this one has rights of its own in rolegate's policy, so nobody else may use it",
    )],
    ..ADVICE_ON_ORDINARY
};

/// For a name that a job's pod has.
static ADVICE_ON_NAME: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn, Operator, Job, Workload],
        "give the pod or the workload another name",
    )],
    why: "a pod's name says which job it belongs to, and two pods cannot have one name",
    ..ADVICE
};

impl Rule for ForeignServiceAccount {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[
            &ADVICE,
            &ADVICE_ON_ORDINARY,
            &ADVICE_ON_TRUSTED,
            &ADVICE_ON_NAME,
            &report::ADVICE_ON_LOGINS,
            &report::ADVICE_ON_ROLES,
            &report::ADVICE_ON_TEMPLATE_FILES,
            &report::ADVICE_ON_DEPTH,
            &report::ADVICE_ON_SIZE,
            &elsewhere::ADVICE_ELSEWHERE,
            &joins::ADVICE_ON_UNKNOWN,
            &joins::ADVICE_ON_ABSENT,
            &read_back::ADVICE_ON_STATUS,
            &scaling::ADVICE_ON_SCALING,
            &scaling::ADVICE_ON_ROLLBACK,
            &revisions::ADVICE_ON_REVISIONS,
        ];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some((new, old)) = write.act.written() else {
            return Ok(());
        };
        if write.extent(Action::StartPod) == Extent::All {
            return Ok(());
        }
        match Carrier::of(write) {
            Carrier::Nothing => scaling::check(write, facts, new, old, findings),
            Carrier::Pod => check_pod(write, facts, findings),
            Carrier::Template(shape) => check_template(write, facts, shape, new, old, findings),
            Carrier::Anything => {
                let scaled = scaling::reference(write, facts, new, old, findings);
                let named = custom_resource::check(write, facts, new, old, findings);
                scaling::both(scaled, named, facts, findings)
            }
        }
    }
}

/// Where an object of this resource can name a service account.
enum Carrier {
    Nothing,
    Pod,
    Template(TemplateShape),
    Anything,
}

impl Carrier {
    fn of(write: &Write<'_>) -> Self {
        let target = &write.target;
        let main = target.is_main();
        if main && let Some(shape) = TemplateShape::of(&target.resource) {
            return Self::Template(shape);
        }
        match (target.group(), target.resource()) {
            ("", "pods") if main => Self::Pod,
            // A revision may hold the data of any controller.
            ("apps", "controllerrevisions") => Self::Anything,
            (group, _) if surface::is_built_in(group) => Self::Nothing,
            // The count alone; what it counts is not in it.
            _ if target.subresource() == "scale" => Self::Nothing,
            _ => Self::Anything,
        }
    }
}

fn check_pod(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let start = Start::Pod {
        name: write.possible_name(),
    };
    let is_stored = |account: &str| {
        let old = pod_write.old.as_ref();
        old.is_some_and(|old| old.spec.service_accounts().any(|known| known == account))
    };
    for (field, account) in pod_write.new.spec.service_account_fields() {
        if is_stored(account) {
            continue;
        }
        let Some(refused) = refusal(write, account, start) else {
            continue;
        };
        let what = format!("start pod {}", write.what());
        let at = Path::root().key("spec").key(field);
        findings.push(finding(write, &what, account, &refused).at(at));
    }
    if pod_write.old.is_none() && matches!(write.requester, Requester::System(_)) {
        return revisions::of_pod(write, facts, &pod_write.new, findings);
    }
    Ok(())
}

fn check_template(
    write: &Write<'_>,
    facts: &Facts<'_>,
    shape: TemplateShape,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    // A queue's copy of a template, to count by. Nothing starts pods from it.
    if shape == TemplateShape::PodTemplate && mirrors(write) {
        return Ok(());
    }
    scaling::rollback(write, new, old, findings)?;
    let template = new.template(shape)?;
    if let Some(old) = old {
        let before = old.template(shape)?;
        let same = change::same_template(before.map(Object::raw), template.map(Object::raw));
        if same && !write.resumes_job()? {
            return scaling::workload(write, facts, template, new, old, findings);
        }
    }
    let Some(new) = template else { return Ok(()) };
    let start = Start::Template {
        workload: write.possible_name(),
    };
    let verb = match old {
        Some(_) => "change the pods of",
        None => "start pods by",
    };
    for (field, account) in new.service_accounts()? {
        let Some(refused) = refusal(write, &account, start) else {
            continue;
        };
        let what = format!("{verb} {}", write.object());
        let at = Path::parse_dotted(shape.path()).key("spec").key(field);
        findings.push(finding(write, &what, &account, &refused).at(at));
    }
    Ok(())
}

/// `what`: a verb and its object.
fn finding(write: &Write<'_>, what: &str, account: &str, refused: &str) -> Finding {
    let act = format!(
        "{what} under service account {}: {refused}",
        shown(account, 160)
    );
    Finding::new(&ABOUT, advice(write, account), act).key(account.to_owned())
}

/// What helps depends on what the account stands for.
fn advice(write: &Write<'_>, account: &str) -> &'static Advice {
    if write.runs_as(account) != RunsAs::Ordinary {
        return &ADVICE;
    }
    match write.requester {
        Requester::System(System::Node) | Requester::Operator(_) | Requester::Job(_) => {
            &ADVICE_ON_ORDINARY
        }
        Requester::System(_) => &ADVICE_ON_NAME,
        _ if privileged::refusal(write, account).is_some() => &ADVICE_ON_TRUSTED,
        _ if privileged::is_listed(write, account)
            || account == "default" && write.submitters().next().is_none() =>
        {
            &ADVICE_ON_NAME
        }
        _ => &ADVICE_ON_ORDINARY,
    }
}
