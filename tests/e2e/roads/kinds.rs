//! The kinds that start pods: Kubernetes' own, and custom resources as their
//! operators define them, with a schema that takes everything.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::accounts::pod_spec;
use crate::harness::{Cluster, wait};

/// A kind that carries a pod template.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) group_version: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    /// Where its template is.
    pub(super) template: &'static str,
    /// Whether the template of one that exists may be changed at all.
    pub(super) changes: bool,
}

const fn kind(
    group_version: &'static str,
    plural: &'static str,
    kind: &'static str,
    template: &'static str,
    changes: bool,
) -> Kind {
    Kind {
        group_version,
        plural,
        kind,
        template,
        changes,
    }
}

/// Those of kube-apiserver itself.
pub(super) const BUILT_IN: [Kind; 9] = [
    kind(
        "apps/v1",
        "deployments",
        "Deployment",
        "spec.template",
        true,
    ),
    kind(
        "apps/v1",
        "replicasets",
        "ReplicaSet",
        "spec.template",
        true,
    ),
    kind(
        "apps/v1",
        "statefulsets",
        "StatefulSet",
        "spec.template",
        true,
    ),
    kind("apps/v1", "daemonsets", "DaemonSet", "spec.template", true),
    kind("batch/v1", "jobs", "Job", "spec.template", false),
    kind(
        "batch/v1",
        "cronjobs",
        "CronJob",
        "spec.jobTemplate.spec.template",
        true,
    ),
    kind(
        "v1",
        "replicationcontrollers",
        "ReplicationController",
        "spec.template",
        true,
    ),
    kind("v1", "podtemplates", "PodTemplate", "template", true),
    kind(
        "apps/v1",
        "controllerrevisions",
        "ControllerRevision",
        "data.spec.template",
        false,
    ),
];

impl Kind {
    /// An object that starts pods under `account` as soon as it can: none at
    /// once, and none at all before somebody scales or resumes it.
    pub(super) fn object(&self, name: &str, account: &str) -> Value {
        let labels = json!({"app": name});
        let mut template = json!({"metadata": {"labels": labels}, "spec": pod_spec(account)});
        template["spec"]["restartPolicy"] = match self.kind {
            "Job" | "CronJob" => "Never".into(),
            _ => "Always".into(),
        };
        let mut object = json!({
            "apiVersion": self.group_version, "kind": self.kind, "metadata": {"name": name},
        });
        let selected =
            json!({"replicas": 0, "selector": {"matchLabels": labels}, "template": template});
        match self.kind {
            "Deployment" | "ReplicaSet" | "StatefulSet" => object["spec"] = selected,
            "DaemonSet" => {
                object["spec"] = json!({"selector": {"matchLabels": labels}, "template": template})
            }
            "Job" => object["spec"] = json!({"suspend": true, "template": template}),
            "CronJob" => {
                object["spec"] = json!({
                    "schedule": "0 0 1 1 *", "suspend": true,
                    "jobTemplate": {"spec": {"template": template}},
                });
            }
            "ReplicationController" => {
                object["spec"] = json!({"replicas": 0, "selector": labels, "template": template});
            }
            "PodTemplate" => object["template"] = template,
            "ControllerRevision" => {
                object["revision"] = 1.into();
                object["data"] = json!({"spec": {"template": template}});
            }
            other => unreachable!("{other} is not in the table"),
        }
        object
    }

    /// A merge patch that puts the template under `account`.
    pub(super) fn switch(&self, account: &str) -> Value {
        let spec = json!({"spec": {"serviceAccountName": account, "serviceAccount": account}});
        self.template
            .rsplit('.')
            .fold(spec, |inner, key| json!({key: inner}))
    }
}

/// Group, version, plural, kind.
pub(super) type Custom = (&'static str, &'static str, &'static str, &'static str);

/// Installed as they are named here, once, all namespaced and with a status.
const CUSTOM: [Custom; 14] = [
    (
        "sparkoperator.k8s.io",
        "v1beta2",
        "sparkapplications",
        "SparkApplication",
    ),
    (
        "sparkoperator.k8s.io",
        "v1beta2",
        "scheduledsparkapplications",
        "ScheduledSparkApplication",
    ),
    (
        "flink.apache.org",
        "v1beta1",
        "flinkdeployments",
        "FlinkDeployment",
    ),
    ("argoproj.io", "v1alpha1", "workflows", "Workflow"),
    ("argoproj.io", "v1alpha1", "cronworkflows", "CronWorkflow"),
    ("ray.io", "v1", "rayclusters", "RayCluster"),
    ("ray.io", "v1", "rayjobs", "RayJob"),
    ("batch.volcano.sh", "v1alpha1", "jobs", "Job"),
    ("jobset.x-k8s.io", "v1alpha2", "jobsets", "JobSet"),
    ("kubeflow.org", "v1", "pytorchjobs", "PyTorchJob"),
    ("tekton.dev", "v1", "taskruns", "TaskRun"),
    (
        "leaderworkerset.x-k8s.io",
        "v1",
        "leaderworkersets",
        "LeaderWorkerSet",
    ),
    ("emr.services.k8s.aws", "v1alpha1", "jobruns", "JobRun"),
    ("unheard.example.com", "v1", "things", "Thing"),
];

/// Puts the definitions of the custom resources on the shared control plane,
/// on first use, and waits until it serves them.
pub(super) fn install_custom_resources() {
    static INSTALLED: LazyLock<()> = LazyLock::new(|| {
        let cluster = Cluster::shared();
        for custom in CUSTOM {
            install(cluster, custom);
        }
        for (group, version, plural, _) in CUSTOM {
            let path = format!("/apis/{group}/{version}/{plural}");
            wait::until("a custom resource to be served", || {
                let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
                (answer.status == 200).then_some(()).ok_or(answer.body)
            });
        }
    });
    LazyLock::force(&INSTALLED);
}

fn install(cluster: &Cluster, (group, version, plural, kind): Custom) {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let mut definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{
                "name": version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": anything},
                "subresources": {"status": {}},
            }],
        },
    });
    if group.ends_with(".k8s.io") || group.ends_with(".x-k8s.io") {
        definition["metadata"]["annotations"] =
            json!({"api-approved.kubernetes.io": "unapproved, a test's copy"});
    }
    cluster.apply_as_admin(&definition);
}
