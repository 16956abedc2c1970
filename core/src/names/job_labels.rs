//! The labels that belong to jobs: those that EMR, Spark, Flink, their operators and
//! Kubernetes put on a job's objects, and by which they and Services find them.

use std::fmt;

use super::JobId;

/// What such a label says of an object that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Which run it belongs to: the value is a job's id, or `spark-<job id>`.
    Run,
    /// Which Spark application it belongs to: `spark-<job id>` in EMR's jobs,
    /// `spark-<32 hexadecimal digits>` elsewhere.
    Application,
    /// Which Job of Kubernetes' it belongs to. EMR's Jobs have the run's id as name.
    JobName,
    /// EMR's own bookkeeping.
    Emr,
    /// Which resource of an operator it belongs to.
    Operator,
    /// It is a part of some Spark application.
    Part,
    /// It is a part of an interactive endpoint.
    Endpoint,
    /// It is a part of a Flink cluster; `app` says of which.
    Flink,
    /// It belongs to a controller of Kubernetes', which finds it by this label.
    Controller,
    /// Which application a scheduler counts its pods to, and may replace them by. Others
    /// use it too, with values of their own.
    Scheduled,
    /// It says nothing of a job, but whoever changes it on a job's pod changes what
    /// the control plane or EKS does with the pod.
    Tracking,
}

/// A row of the table.
#[derive(Debug)]
pub struct JobLabel {
    /// The key, or what it begins with.
    key: Key,
    /// The values that count; empty: all.
    values: &'static [&'static str],
    pub says: Says,
    /// Where the label is set, or read.
    pub source: &'static str,
}

#[derive(Debug)]
enum Key {
    Is(&'static str),
    Begins(&'static str),
}

/// The label with which Spark marks all objects of an application.
pub const APPLICATION: &str = "spark-app-selector";
/// EMR's label with the run's id.
pub const RUN: &str = "emr-containers.amazonaws.com/job.id";
/// The label with which Flink names the cluster of a pod.
pub const FLINK_CLUSTER: &str = "app";

const SPARK: &str = "apache/spark resource-managers/kubernetes/core Constants.scala";
const EMR_PODS: &str = "cilium/cilium#19970, the labels of a job submitter's pod";
const GATEWAY: &str = "jupyter-server/enterprise_gateway etc/kubernetes, kernel-pod.yaml.j2";
const FLINK: &str = "apache/flink flink-kubernetes Constants.java; \
                     apache/flink-kubernetes-operator StandaloneKubernetesUtils.java";
const YUNIKORN: &str = "apache/yunikorn-k8shim pkg/common/constants/constants.go";
const WELL_KNOWN: &str = "https://kubernetes.io/docs/reference/labels-annotations-taints/";

const fn row(
    key: Key,
    values: &'static [&'static str],
    says: Says,
    source: &'static str,
) -> JobLabel {
    JobLabel {
        key,
        values,
        says,
        source,
    }
}

use Key::{Begins, Is};

/// The table. The first row that fits counts.
static TABLE: &[JobLabel] = &[
    row(Is(RUN), &[], Says::Run, EMR_PODS),
    row(Is(APPLICATION), &[], Says::Application, SPARK),
    row(
        Is("batch.kubernetes.io/job-name"),
        &[],
        Says::JobName,
        WELL_KNOWN,
    ),
    row(Is("job-name"), &[], Says::JobName, WELL_KNOWN),
    row(
        Begins("emr-containers.amazonaws.com/"),
        &[],
        Says::Emr,
        EMR_PODS,
    ),
    row(
        Begins("eks-subscription.amazonaws.com/"),
        &[],
        Says::Emr,
        "awslabs/emr-on-eks-cost-tracking-solution: emr.internal.id",
    ),
    row(
        Begins("sparkoperator.k8s.io/"),
        &[],
        Says::Operator,
        "kubeflow/spark-operator pkg/common/spark.go",
    ),
    row(
        Begins("spark.operator/"),
        &[],
        Says::Operator,
        "apache/spark-kubernetes-operator Constants.java",
    ),
    row(Is("spark-role"), &[], Says::Part, SPARK),
    row(Is("spark-version"), &[], Says::Part, SPARK),
    row(Is("spark-exec-id"), &[], Says::Part, SPARK),
    row(Is("spark-exec-inactive"), &[], Says::Part, SPARK),
    row(Is("spark-exec-resourceprofile-id"), &[], Says::Part, SPARK),
    row(Is("spark-app-name"), &[], Says::Part, SPARK),
    row(
        Is("spark-app-tag"),
        &[],
        Says::Part,
        "apache/incubator-livy SparkKubernetesApp.scala",
    ),
    row(Is("kernel_id"), &[], Says::Endpoint, GATEWAY),
    row(Is("app"), &["enterprise-gateway"], Says::Endpoint, GATEWAY),
    row(
        Is("gateway-selector"),
        &["enterprise-gateway"],
        Says::Endpoint,
        GATEWAY,
    ),
    row(Is("applicationId"), &[], Says::Scheduled, YUNIKORN),
    row(
        Is("yunikorn.apache.org/app-id"),
        &[],
        Says::Scheduled,
        YUNIKORN,
    ),
    row(
        Is("type"),
        &["flink-native-kubernetes", "flink-standalone-kubernetes"],
        Says::Flink,
        FLINK,
    ),
    row(
        Is("batch.kubernetes.io/controller-uid"),
        &[],
        Says::Controller,
        WELL_KNOWN,
    ),
    row(Is("controller-uid"), &[], Says::Controller, WELL_KNOWN),
    row(
        Is("pod-template-hash"),
        &[],
        Says::Controller,
        "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",
    ),
    // Not `controller-revision-hash`: the selectors of sets do not hold it, so it makes
    // nobody adopt a pod, and other controllers of sets (OpenKruise) give it too.
    row(
        Begins("batch.kubernetes.io/"),
        &[],
        Says::Tracking,
        WELL_KNOWN,
    ),
    row(
        Begins("eks.amazonaws.com/"),
        &[],
        Says::Tracking,
        "aws/amazon-eks-pod-identity-webhook README",
    ),
    row(
        Begins("iam.amazonaws.com/"),
        &[],
        Says::Tracking,
        "jtblin/kube2iam README: iam.amazonaws.com/role",
    ),
];

/// Labels of Flink's pods with values that others use too: by them alone a selector
/// finds a cluster's pods, but a pod that has them is no part of one.
const PARTS_OF_FLINK: (&str, [&str; 2]) = ("component", ["jobmanager", "taskmanager"]);

impl fmt::Display for JobLabel {
    /// `app: enterprise-gateway`, `spark-role`, `sparkoperator.k8s.io/…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            Is(key) => f.write_str(key)?,
            Begins(start) => write!(f, "{start}…")?,
        }
        if self.values.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.values.join(", "))
    }
}

impl JobLabel {
    /// The whole table.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        TABLE.iter()
    }

    /// The row of a label.
    #[must_use]
    pub fn of(key: &str, value: &str) -> Option<&'static Self> {
        TABLE
            .iter()
            .find(|row| row.has(key) && (row.values.is_empty() || row.values.contains(&value)))
    }

    /// Whether EMR, an operator, EKS or the control plane gives every meaning that a
    /// label or annotation of this key has.
    #[must_use]
    pub fn is_reserved(key: &str) -> bool {
        let mut rows = TABLE.iter();
        let shared = |says| matches!(says, Says::Controller | Says::Scheduled);
        rows.any(|row| row.values.is_empty() && !shared(row.says) && row.has(key))
            || key.ends_with("controller-uid")
    }

    /// The row by which a selector with this label finds a job's pods.
    #[must_use]
    pub fn selects(key: &str, value: &str) -> Option<Says> {
        let (part, values) = PARTS_OF_FLINK;
        if key == part && values.contains(&value) {
            return Some(Says::Flink);
        }
        let says = Self::of(key, value)?.says;
        (!matches!(says, Says::Tracking | Says::Scheduled)).then_some(says)
    }

    fn has(&self, key: &str) -> bool {
        match self.key {
            Is(whole) => key == whole,
            Begins(start) => key.starts_with(start),
        }
    }
}

/// The job that the value of a label names: `spark-<job id>`, or the id.
#[must_use]
pub fn run_of_label(value: &str) -> Option<JobId<'_>> {
    JobId::parse(value.strip_prefix("spark-").unwrap_or(value))
}

/// Whether a value of [`APPLICATION`] is one that Spark makes up for an application
/// without a job's id: `spark-<32 hexadecimal digits>`.
#[must_use]
pub fn is_made_up_application(value: &str) -> bool {
    value
        .strip_prefix("spark-")
        .is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_a_source_and_none_hides_another() {
        for (index, row) in TABLE.iter().enumerate() {
            assert!(row.source.contains('/'), "{row:?}");
            let (Is(key) | Begins(key)) = row.key;
            let value = row.values.first().copied().unwrap_or("x");
            let found = JobLabel::of(key, value).expect("a row");
            assert!(std::ptr::eq(found, &raw const TABLE[index]), "{row:?}");
        }
    }

    #[test]
    fn what_labels_say() {
        for (key, value, says, selects) in [
            ("spark-app-selector", "x", Some(Says::Application), true),
            ("spark-version", "3.5.0", Some(Says::Part), true),
            ("pod-template-hash", "x", Some(Says::Controller), true),
            ("app", "enterprise-gateway", Some(Says::Endpoint), true),
            ("app", "shop", None, false),
            ("component", "jobmanager", None, true),
            ("component", "web", None, false),
            ("type", "flink-native-kubernetes", Some(Says::Flink), true),
            (
                "batch.kubernetes.io/job-completion-index",
                "0",
                Some(Says::Tracking),
                false,
            ),
        ] {
            let found = JobLabel::of(key, value).map(|row| row.says);
            assert_eq!(found, says, "{key}");
            assert_eq!(JobLabel::selects(key, value).is_some(), selects, "{key}");
        }
        assert!(JobLabel::is_reserved("spark-role"));
        assert!(!JobLabel::is_reserved("app"));
        assert!(!JobLabel::is_reserved("pod-template-hash"));
    }
}
