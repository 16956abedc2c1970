//! Kubernetes' own kinds that start pods.

use serde_json::{Value, json};

use crate::harness::accounts::pod_spec;

/// A kind that carries a pod template.
#[derive(Clone, Copy)]
pub(super) struct Workload {
    pub(super) group_version: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    /// Where its template is.
    pub(super) template: &'static str,
    /// Whether the template of one that exists may be changed at all.
    pub(super) changes: bool,
}

const fn workload(
    group_version: &'static str,
    plural: &'static str,
    kind: &'static str,
    template: &'static str,
    changes: bool,
) -> Workload {
    Workload {
        group_version,
        plural,
        kind,
        template,
        changes,
    }
}

/// Those of kube-apiserver itself.
pub(super) const BUILT_IN: [Workload; 9] = [
    workload(
        "apps/v1",
        "deployments",
        "Deployment",
        "spec.template",
        true,
    ),
    workload(
        "apps/v1",
        "replicasets",
        "ReplicaSet",
        "spec.template",
        true,
    ),
    workload(
        "apps/v1",
        "statefulsets",
        "StatefulSet",
        "spec.template",
        true,
    ),
    workload("apps/v1", "daemonsets", "DaemonSet", "spec.template", true),
    workload("batch/v1", "jobs", "Job", "spec.template", false),
    workload(
        "batch/v1",
        "cronjobs",
        "CronJob",
        "spec.jobTemplate.spec.template",
        true,
    ),
    workload(
        "v1",
        "replicationcontrollers",
        "ReplicationController",
        "spec.template",
        true,
    ),
    workload("v1", "podtemplates", "PodTemplate", "template", true),
    workload(
        "apps/v1",
        "controllerrevisions",
        "ControllerRevision",
        "data.spec.template",
        false,
    ),
];

impl Workload {
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
                object["spec"] = json!({"selector": {"matchLabels": labels}, "template": template});
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
