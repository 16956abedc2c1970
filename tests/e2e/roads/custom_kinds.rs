//! Custom resources as their operators define them, and the places in them
//! that name a service account.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::Cluster;
use crate::harness::accounts::pod_spec;
use crate::harness::definitions::Kind;

/// One place in one kind that names a service account.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) group_version: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    spec: &'static str,
    /// The path to that place, as a refusal gives it.
    pub(super) path: &'static str,
}

/// In `spec`, `<sa>` stands for the account and `"<pod>"` for a pod template
/// under it.
const fn case(
    group_version: &'static str,
    plural: &'static str,
    kind: &'static str,
    spec: &'static str,
    path: &'static str,
) -> Case {
    Case {
        group_version,
        plural,
        kind,
        spec,
        path,
    }
}

const SPARK: &str = "sparkoperator.k8s.io/v1beta2";
const FLINK: &str = "flink.apache.org/v1beta1";
const ARGO: &str = "argoproj.io/v1alpha1";
const UNHEARD_OF: &str = "unheard.example.com/v1";

#[rustfmt::skip]
pub(super) const CASES: [Case; 20] = [
    case(SPARK, "sparkapplications", "SparkApplication",
        r#"{"driver":{"serviceAccount":"<sa>"}}"#,
        "spec.driver.serviceAccount"),
    case(SPARK, "sparkapplications", "SparkApplication",
        r#"{"sparkConf":{"spark.kubernetes.authenticate.driver.serviceAccountName":"<sa>"}}"#,
        r#"spec.sparkConf["spark.kubernetes.authenticate.driver.serviceAccountName"]"#),
    case(SPARK, "sparkapplications", "SparkApplication",
        r#"{"driver":{"template":"<pod>"}}"#,
        "spec.driver.template.spec.serviceAccountName"),
    case(SPARK, "scheduledsparkapplications", "ScheduledSparkApplication",
        r#"{"template":{"executor":{"serviceAccount":"<sa>"}}}"#,
        "spec.template.executor.serviceAccount"),
    case(FLINK, "flinkdeployments", "FlinkDeployment",
        r#"{"serviceAccount":"<sa>"}"#,
        "spec.serviceAccount"),
    case(FLINK, "flinkdeployments", "FlinkDeployment",
        r#"{"flinkConfiguration":{"kubernetes.service-account":"<sa>"}}"#,
        r#"spec.flinkConfiguration["kubernetes.service-account"]"#),
    case(ARGO, "workflows", "Workflow",
        r#"{"serviceAccountName":"<sa>"}"#,
        "spec.serviceAccountName"),
    case(ARGO, "workflows", "Workflow",
        r#"{"templates":[{"executor":{"serviceAccountName":"<sa>"}}]}"#,
        "spec.templates[0].executor.serviceAccountName"),
    case(ARGO, "cronworkflows", "CronWorkflow",
        r#"{"workflowSpec":{"arguments":{"parameters":[{"name":"sa","value":"<sa>"}]}}}"#,
        "spec.workflowSpec.arguments.parameters[0].value"),
    case("ray.io/v1", "rayclusters", "RayCluster",
        r#"{"headGroupSpec":{"template":"<pod>"}}"#,
        "spec.headGroupSpec.template.spec.serviceAccountName"),
    case("ray.io/v1", "rayjobs", "RayJob",
        r#"{"rayClusterSpec":{"workerGroupSpecs":[{"template":"<pod>"}]}}"#,
        "spec.rayClusterSpec.workerGroupSpecs[0].template.spec.serviceAccountName"),
    case("batch.volcano.sh/v1alpha1", "jobs", "Job",
        r#"{"tasks":[{"template":"<pod>"}]}"#,
        "spec.tasks[0].template.spec.serviceAccountName"),
    case("jobset.x-k8s.io/v1alpha2", "jobsets", "JobSet",
        r#"{"replicatedJobs":[{"template":{"spec":{"template":"<pod>"}}}]}"#,
        "spec.replicatedJobs[0].template.spec.template.spec.serviceAccountName"),
    case("kubeflow.org/v1", "pytorchjobs", "PyTorchJob",
        r#"{"pytorchReplicaSpecs":{"Master":{"template":"<pod>"}}}"#,
        "spec.pytorchReplicaSpecs.Master.template.spec.serviceAccountName"),
    case("tekton.dev/v1", "taskruns", "TaskRun",
        r#"{"serviceAccountName":"<sa>"}"#,
        "spec.serviceAccountName"),
    case("leaderworkerset.x-k8s.io/v1", "leaderworkersets", "LeaderWorkerSet",
        r#"{"leaderWorkerTemplate":{"workerTemplate":"<pod>"}}"#,
        "spec.leaderWorkerTemplate.workerTemplate.spec.serviceAccountName"),
    case("emr.services.k8s.aws/v1alpha1", "jobruns", "JobRun",
        r#"{"jobDriver":{"sparkSubmitParameters":"--conf a=b --conf x.serviceAccountName=<sa> --y"}}"#,
        "spec.jobDriver.sparkSubmitParameters"),
    // Nobody has heard of this one, nor of what its fields mean.
    case(UNHEARD_OF, "things", "Thing",
        r#"{"command":["submit","--sa=<sa>,more"]}"#,
        "spec.command[1]"),
    case(UNHEARD_OF, "things", "Thing",
        r#"{"run":{"as":"<sa>"}}"#,
        "spec.run.as"),
    case(UNHEARD_OF, "things", "Thing",
        r#"{"by":{"<sa>":{"enabled":true}}}"#,
        "spec.by"),
];

impl Case {
    /// The spec that names `account`.
    pub(super) fn spec(&self, account: &str) -> Value {
        let pod = json!({"metadata": {}, "spec": pod_spec(account)}).to_string();
        let text = self
            .spec
            .replace(r#""<pod>""#, &pod)
            .replace("<sa>", account);
        serde_json::from_str(&text).expect("the table holds JSON")
    }

    /// An object of this kind.
    pub(super) fn object(&self, name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": self.group_version, "kind": self.kind,
            "metadata": {"name": name}, "spec": spec,
        })
    }
}

/// Puts the definitions on the shared control plane, on first use, and waits
/// until it serves them.
pub(super) fn install() {
    static INSTALLED: LazyLock<()> = LazyLock::new(|| {
        let kinds: BTreeSet<Kind> = CASES
            .iter()
            .map(|case| (case.group_version, case.plural, case.kind))
            .collect();
        Cluster::shared().define(&Vec::from_iter(kinds));
    });
    LazyLock::force(&INSTALLED);
}
