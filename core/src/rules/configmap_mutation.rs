//! # configmap-mutation
//!
//! Denies creating, changing and deleting ConfigMaps in a managed namespace, except
//! to the requesters in the table below.
//!
//! ## What it stops
//!
//! CREATE, UPDATE and DELETE of ConfigMaps by tenants: `kubectl create`,
//! `edit`, `patch`, `apply`, `delete`, deletecollection, and each of them as a
//! dry-run. Creation is denied too, because a ConfigMap that exists before EMR
//! creates its own is used in its place.
//!
//! ## Who may
//!
//! | requester | ConfigMaps |
//! |---|---|
//! | EMR, administrators | all |
//! | a job | Spark's and Flink's own (`spark-drv-…`, `spark-exec-…`, `…-driver-podspec-conf-map`, `…-hadoop-config`, `…-krb5-file`, Flink's), and of these it changes and deletes only what belongs to its own pod or job; never EMR's |
//! | an operator of the policy | all but EMR's, those of jobs that came through EMR, and stored ones whose owner runs under a role that is not declared for it |
//! | add-ons with the capability `configmaps` | none that is named as EMR, Spark or Flink name theirs, and none of a job |
//! | Kubernetes | `kube-root-ca.crt`, garbage collection, namespace deletion |
//! | tenants | what `submitters.configMaps` of the policy lists, never a reserved name, and none of a job |
//!
//! EMR's are `podtemplate-…`, `…-spark-defaults` and `fluentd-…`. A stored map is a
//! job's by its owner, by labels that only jobs have, or by its name. Labels that
//! belong to jobs are denied to all others, and `kube-root-ca.crt` to all but
//! Kubernetes, EMR and administrators. An UPDATE that changes nothing is allowed for
//! every requester.
//!
//! ## Why
//!
//! EMR builds a job's pods from ConfigMaps: pod templates with the managed
//! service account, Spark's defaults, the configuration of the log sidecar.
//! A requester who changes one changes what runs under the job's role. AWS's
//! security page asks administrators not to grant it: "Kubernetes RBAC permissions to modify configmap".
//!
//! ## What to do instead
//!
//! Pass settings with the job (`configurationOverrides`, pod templates in S3).
//! For an application's own ConfigMaps, have the platform team list their
//! names in the policy (`virtualClusters[].submitters[].configMaps`).
//!
//! ## What it does not see
//!
//! The role of a stored map's owner where rolegate cannot look the owner up
//! (`--cluster off`): an operator then changes what carries no job's id.

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Action, Extent, Facts, JobToken, Requester, System};
use crate::names::{Framework, MapName, ROOT_CA, run_of_map};
use crate::policy::{self, About, Capability, Severity};
use crate::request::pod::PodMeta;
use crate::request::{Act, Object, OwnerReference, ReviewError};
use crate::write::Write;

use super::shared::labels::{Holder, borrowed};
use super::shared::ownership::{Evidence, Named, undeclared_role};
use super::shared::violation::{Violation, new_ones};
use super::{ALL, Advice, Checked, Finding, Rule, Stop};

pub(super) static ABOUT: About = About::new(
    "configmap-mutation",
    Severity::High,
    include_str!("configmap_mutation.rs"),
);

/// See the file's header.
pub(super) struct ConfigMapMutation;

static ADVICE: Advice = Advice {
    why: "EMR builds job pods from ConfigMaps, so a requester who writes one decides what runs \
          under a job's execution role",
    instead: &[
        (
            &[Person],
            "pass settings with the job (configurationOverrides, pod templates), or ask the platform team to list the name under `submitters.configMaps` in rolegate's policy",
        ),
        (
            &[Software],
            "list this service account under `submitters.users` and the name under `submitters.configMaps` in rolegate's policy",
        ),
        (
            &[AddOn],
            "give this add-on the capability `configmaps` under `identities.platform` in rolegate's policy",
        ),
        (
            &[Operator],
            "leave the ConfigMap to the job that owns it, or declare that job's role for this operator under `identities.operators[].roles` in rolegate's policy",
        ),
        (
            &[Job],
            "write ConfigMaps by the names that Spark and Flink give them, and change only those of this job; pass other settings with the job (configurationOverrides)",
        ),
        (
            &[Workload],
            "look for software that works under this identity: Kubernetes' controllers delete ConfigMaps whose owner is gone, and write no others",
        ),
    ],
    source: "Amazon EMR on EKS security best practices: permissions to modify configmap",
};

/// For names that only a job or EMR gives: no list of the policy may have them.
static RESERVED: Advice = Advice {
    instead: &[
        (
            &[Person],
            "submit the job through Amazon EMR; an account under which a team runs Spark or Flink itself belongs under `identities.operators[].jobServiceAccounts` in rolegate's policy",
        ),
        (
            &[Software],
            "list an account under which Spark or Flink runs without Amazon EMR under `identities.operators[].jobServiceAccounts` in rolegate's policy, or under `identities.operators`, if it starts jobs of others",
        ),
        (
            &[AddOn],
            "leave it to the job; software that starts jobs is listed under `identities.operators` in rolegate's policy",
        ),
        (
            &[Operator],
            "leave it to Amazon EMR, which made it for a job of its own",
        ),
        (
            &[Job],
            "leave it to Amazon EMR, or to the job whose it is; pass settings with the job (configurationOverrides)",
        ),
        (
            &[Workload],
            "look for software that works under this identity: Kubernetes' controllers delete ConfigMaps whose owner is gone, and write no others",
        ),
    ],
    ..ADVICE
};

static ROOT_CA_ADVICE: Advice = Advice {
    instead: &[(
        ALL,
        "leave it to Kubernetes, whose root-ca-cert-publisher writes it",
    )],
    ..ADVICE
};

static LABEL: Advice = Advice {
    why: "Flink and EMR find a job's ConfigMaps by these labels, and read and delete what they find",
    instead: &[(ALL, "leave the label out")],
    source: "Apache Flink, KubernetesHaServices: clean-up by labels",
};

impl Rule for ConfigMapMutation {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[&ADVICE, &RESERVED, &ROOT_CA_ADVICE, &LABEL];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if !write.target.is("", "configmaps") {
            return Ok(());
        }
        if !may_write(write, facts)? {
            if !write.is_unchanged() {
                findings.push(refused(write)?);
            }
            return Ok(());
        }
        if write.extent(Action::WriteConfigMap) != Extent::All {
            judge_labels(write, findings)?;
        }
        Ok(())
    }
}

fn refused(write: &Write<'_>) -> Result<Finding, ReviewError> {
    let verb = match write.act {
        Act::Create(_) => "create",
        Act::Update { .. } => "change",
        Act::Delete(_) => "delete",
        Act::Connect(_) => "connect to",
    };
    let act = format!("{verb} ConfigMap {}", write.what());
    let name = MapName::parse(write.possible_name());
    let advice = match name {
        MapName::RootCa => &ROOT_CA_ADVICE,
        _ if name.is_reserved() || stored_is_a_jobs(write)? => &RESERVED,
        _ => &ADVICE,
    };
    Ok(Finding::new(&ABOUT, advice, act))
}

/// Labels by which Flink and EMR find a job's maps.
fn judge_labels(write: &Write<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    if matches!(write.requester, Requester::System(_)) || write.is_unchanged() {
        return Ok(());
    }
    let of = |object: Object<'_>| -> Result<Vec<Violation>, ReviewError> {
        let metadata = object.read::<Stored<'_>>()?.metadata.unwrap_or_default();
        let holder = Holder {
            name: write.possible_name(),
            uid: None,
        };
        let mut violations = Vec::new();
        borrowed(write, holder, &metadata.labels, &mut violations);
        Ok(violations)
    };
    let before = old.map(of).transpose()?.unwrap_or_default();
    for violation in new_ones(of(new)?, before) {
        let act = format!("give ConfigMap {} {}", write.what(), violation.seen);
        findings.push(violation.finding(&ABOUT, &LABEL, act));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    metadata: Option<PodMeta<'a>>,
}

fn may_write(write: &Write<'_>, facts: &Facts<'_>) -> Result<bool, Stop> {
    let name = write.possible_name();
    Ok(
        match (write.extent(Action::WriteConfigMap), &write.requester) {
            (Extent::All, _) => true,
            (_, Requester::System(system)) => is_kubernetes_work(*system, name, write),
            (_, Requester::Operator(operator)) => is_operators_work(operator, name, write, facts)?,
            (_, Requester::Platform(entry))
                if entry.capabilities.contains(Capability::ConfigMaps) =>
            {
                !MapName::parse(name).is_reserved() && !stored_is_a_jobs(write)?
            }
            (_, Requester::Job(job)) => is_jobs_work(job, name, write)?,
            _ => {
                !name.is_empty()
                    && !MapName::parse(name).is_reserved()
                    && !stored_is_a_jobs(write)?
                    && write
                        .submitters()
                        .flat_map(|entry| &entry.config_maps)
                        .any(|glob| glob.matches(name))
            }
        },
    )
}

/// Whether the stored map belongs to a job by its owner or its labels.
fn stored_is_a_jobs(write: &Write<'_>) -> Result<bool, ReviewError> {
    let Some(old) = write.act.stored() else {
        return Ok(false);
    };
    let metadata = old.read::<Stored<'_>>()?.metadata.unwrap_or_default();
    Ok(evidence(write, &metadata).is_a_jobs())
}

fn evidence<'e>(write: &'e Write<'_>, metadata: &'e PodMeta<'e>) -> Evidence<'e> {
    Evidence {
        name: Named::Map(write.possible_name()),
        metadata,
        selector: None,
    }
}

/// All maps but EMR's, those of runs, and those of a role that the policy does not
/// declare for the operator.
fn is_operators_work(
    operator: &policy::Operator,
    name: &str,
    write: &Write<'_>,
    facts: &Facts<'_>,
) -> Result<bool, Stop> {
    let parsed = MapName::parse(name);
    if matches!(parsed, MapName::Emr | MapName::RootCa) || run_of_map(name).is_some() {
        return Ok(false);
    }
    let Some(old) = write.act.stored() else {
        return Ok(true);
    };
    let metadata = old.read::<Stored<'_>>()?.metadata.unwrap_or_default();
    if evidence(write, &metadata).is_emrs() {
        return Ok(false);
    }
    let mut owners: Vec<OwnerReference<'_>> = metadata.owner_references.to_vec();
    if let (true, MapName::Flink(map)) = (owners.is_empty(), parsed)
        && let Some(cluster) = map.cluster
    {
        // The maps of high availability have no owner, so that they outlive it.
        owners.push(OwnerReference {
            kind: "Deployment".into(),
            name: cluster.into(),
            ..OwnerReference::default()
        });
    }
    Ok(undeclared_role(operator, &owners, write, facts)?.is_none())
}

fn is_kubernetes_work(system: System, name: &str, write: &Write<'_>) -> bool {
    match system {
        System::ControllerManager => true,
        System::Controller("root-ca-cert-publisher") => name == ROOT_CA,
        System::Controller("generic-garbage-collector" | "namespace-controller") => {
            matches!(write.act, Act::Update { .. } | Act::Delete(_))
        }
        System::ControlPlane => {
            write.user.username.starts_with("eks:")
                && !matches!(MapName::parse(name), MapName::Emr | MapName::RootCa)
        }
        System::Controller(_) | System::Node => false,
    }
}

/// A job's own configuration: new under a name that Spark or Flink gives, or
/// stored and its own.
fn is_jobs_work(job: &JobToken<'_>, name: &str, write: &Write<'_>) -> Result<bool, Stop> {
    let parsed = MapName::parse(name);
    let anothers = run_of_map(name).is_some_and(|run| job.job_id() != Some(run));
    if anothers || matches!(parsed, MapName::Emr | MapName::RootCa) {
        return Ok(false);
    }
    let cluster = job.flink_cluster();
    let flink_own = job.framework == Framework::Flink
        && cluster.is_some()
        && matches!(parsed, MapName::Flink(map) if map.cluster == cluster);
    Ok(match write.act {
        Act::Create(_) => flink_own || parsed == MapName::Spark,
        Act::Update { old, .. } | Act::Delete(old) => {
            let metadata = old.read::<Stored<'_>>()?.metadata.unwrap_or_default();
            flink_own || evidence(write, &metadata).is_own(job)
        }
        Act::Connect(_) => false,
    })
}
