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
//! | an operator of the policy | all but EMR's |
//! | add-ons with the capability `configmaps` | all but EMR's |
//! | Kubernetes | `kube-root-ca.crt`, garbage collection, namespace deletion |
//! | tenants | what `submitters.configMaps` of the policy lists, never a reserved name |
//!
//! EMR's are `podtemplate-…`, `…-spark-defaults` and `fluentd-…`. An UPDATE that
//! changes nothing is allowed for every requester.
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

use crate::facts::{Action, Extent, JobToken, Requester, System};
use crate::names::Framework;
use crate::policy::Capability;
use crate::request::{Act, ReviewError};
use crate::write::Write;

use super::shared::ownership::is_owned_by;
use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

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
    instead: "pass settings with the job (configurationOverrides, pod templates), or ask the \
              platform team to list the name under `submitters.configMaps` in rolegate's policy",
    source: "Amazon EMR on EKS security best practices: permissions to modify configmap",
};

impl Rule for ConfigMapMutation {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        if !write.target.is("", "configmaps") || may_write(write)? || write.is_unchanged() {
            return Ok(());
        }
        let verb = match write.act {
            Act::Create(_) => "create",
            Act::Update { .. } => "change",
            Act::Delete(_) => "delete",
            Act::Connect(_) => "connect to",
        };
        let act = format!("{verb} ConfigMap {}", write.what());
        findings.push(Finding::new(&ABOUT, &ADVICE, act));
        Ok(())
    }
}

fn may_write(write: &Write<'_>) -> Result<bool, ReviewError> {
    let name = write.possible_name();
    Ok(
        match (write.extent(Action::WriteConfigMap), &write.requester) {
            (Extent::All, _) => true,
            (_, Requester::System(system)) => is_kubernetes_work(*system, name, write),
            (_, Requester::Operator(_)) => !is_emrs(name),
            (_, Requester::Platform(entry))
                if entry.capabilities.contains(Capability::ConfigMaps) =>
            {
                !is_emrs(name)
            }
            (_, Requester::Job(job)) => is_jobs_work(job, name, write)?,
            _ => {
                !name.is_empty()
                    && !is_reserved(name)
                    && write
                        .submitters()
                        .flat_map(|entry| &entry.config_maps)
                        .any(|glob| glob.matches(name))
            }
        },
    )
}

fn is_kubernetes_work(system: System, name: &str, write: &Write<'_>) -> bool {
    match system {
        System::ControllerManager => true,
        System::Controller("root-ca-cert-publisher") => name == "kube-root-ca.crt",
        System::Controller("generic-garbage-collector" | "namespace-controller") => {
            matches!(write.act, Act::Update { .. } | Act::Delete(_))
        }
        System::ControlPlane => write.user.username.starts_with("eks:") && !is_emrs(name),
        System::Controller(_) | System::Node => false,
    }
}

/// A job's own configuration: new under a name that Spark or Flink gives, or
/// stored and its own.
fn is_jobs_work(job: &JobToken<'_>, name: &str, write: &Write<'_>) -> Result<bool, ReviewError> {
    if is_emrs(name) || name == "kube-root-ca.crt" {
        return Ok(false);
    }
    let flink_own = job
        .flink_cluster()
        .is_some_and(|cluster| is_flinks(cluster, name));
    Ok(match write.act {
        Act::Create(_) => match job.framework {
            Framework::Flink => flink_own || is_sparks(name),
            Framework::Spark | Framework::Other => is_sparks(name),
        },
        Act::Update { old, .. } | Act::Delete(old) => {
            flink_own
                || old
                    .metadata()?
                    .owners()
                    .any(|owner| is_owned_by(job, owner))
        }
        Act::Connect(_) => false,
    })
}

/// What EMR owns.
fn is_emrs(name: &str) -> bool {
    name.starts_with("podtemplate-")
        || name.ends_with("-spark-defaults")
        || name.starts_with("fluentd-")
}

/// What Spark gives its ConfigMaps for names (`KubernetesClientUtils`,
/// `PodTemplateConfigMapStep`; with `HADOOP_CONF_DIR` or a krb5.conf in the job
/// runner also `HadoopConfDriverFeatureStep`, `KerberosConfDriverFeatureStep`).
fn is_sparks(name: &str) -> bool {
    name.starts_with("spark-drv-")
        || name.starts_with("spark-exec-")
        || name.ends_with("-driver-podspec-conf-map")
        || name.ends_with("-hadoop-config")
        || name.ends_with("-krb5-file")
}

/// What the job manager of Flink cluster `cluster` writes: its high-availability
/// maps, which carry no owner reference, and its configuration.
fn is_flinks(cluster: &str, name: &str) -> bool {
    let of_cluster = |prefix: &str| name.strip_prefix(prefix) == Some(cluster);
    if of_cluster("flink-config-") || of_cluster("pod-template-") || of_cluster("hadoop-config-") {
        return true;
    }
    let Some(rest) = name
        .strip_prefix(cluster)
        .and_then(|rest| rest.strip_prefix('-'))
    else {
        return false;
    };
    let job = |end: &str| {
        rest.strip_suffix(end)
            .is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    matches!(
        rest,
        "cluster-config-map" | "dispatcher-leader" | "resourcemanager-leader" | "restserver-leader"
    ) || job("-config-map")
        || job("-jobmanager-leader")
}

/// Names that no pattern of the policy can hand to a tenant.
fn is_reserved(name: &str) -> bool {
    is_emrs(name)
        || is_sparks(name)
        || name == "kube-root-ca.crt"
        || name.starts_with("flink-config-")
        || name.starts_with("pod-template-")
        || name.starts_with("hadoop-config-")
        || name.ends_with("-config-map")
        // Flink's high availability: serialized Java that the job manager reads.
        || name.ends_with("-leader")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flinks_own_maps() {
        let id = "0123456789abcdef0123456789abcdef";
        for (name, own) in [
            ("etl-cluster-config-map".to_owned(), true),
            (format!("etl-{id}-config-map"), true),
            (format!("etl-{id}-jobmanager-leader"), true),
            ("flink-config-etl".to_owned(), true),
            // Another cluster whose name begins alike.
            ("etl-b-cluster-config-map".to_owned(), false),
            ("flink-config-etl-b".to_owned(), false),
            ("etl".to_owned(), false),
            ("other-cluster-config-map".to_owned(), false),
        ] {
            assert_eq!(is_flinks("etl", &name), own, "{name}");
        }
    }

    #[test]
    fn reserved_names() {
        for name in [
            "podtemplate-0000000337okspsc913",
            "0000000337okspsc913-spark-defaults",
            "fluentd-jk518skp01ys9ka8b0npx9nt0-0000000337okspsc913",
            "spark-drv-0123456789abcdef-conf-map",
            "spark-exec-0123456789abcdef-conf-map",
            "pi-0123456789abcdef-driver-podspec-conf-map",
            "kube-root-ca.crt",
            "etl-cluster-config-map",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("app-settings"));
    }
}
