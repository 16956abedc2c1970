//! Kubernetes' own kinds with a pod template.

use serde_json::{Value, json};

use super::accounts::pod_spec;

/// The plurals of those that start pods, and of the one that only holds a
/// template.
pub(crate) const PLURALS: [&str; 8] = [
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "replicationcontrollers",
    "podtemplates",
];

/// The API version of one of [`PLURALS`].
pub(crate) fn group_version(plural: &str) -> Option<&'static str> {
    Some(match plural {
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" => "apps/v1",
        "jobs" | "cronjobs" => "batch/v1",
        "replicationcontrollers" | "podtemplates" => "v1",
        _ => return None,
    })
}

/// One of [`PLURALS`] that starts pods under `account` as soon as it can: none
/// at once, and none at all before somebody scales or resumes it.
pub(crate) fn workload(plural: &str, name: &str, account: &str) -> Value {
    let labels = json!({"app": name});
    let selector = json!({"matchLabels": labels});
    let mut template = json!({"metadata": {"labels": labels}, "spec": pod_spec(account)});
    template["spec"]["restartPolicy"] = match plural {
        "jobs" | "cronjobs" => "Never".into(),
        _ => "Always".into(),
    };
    let mut spec = match plural {
        "jobs" => json!({"suspend": true}),
        "cronjobs" => {
            json!({"schedule": "0 0 1 1 *", "suspend": true, "jobTemplate": {"spec": {"template": template}}})
        }
        "replicationcontrollers" => json!({"replicas": 0, "selector": labels}),
        "daemonsets" => json!({"selector": selector}),
        _ => json!({"replicas": 0, "selector": selector}),
    };
    let mut object = json!({
        "apiVersion": group_version(plural), "kind": kind(plural), "metadata": {"name": name},
    });
    match plural {
        "podtemplates" => object["template"] = template,
        "cronjobs" => object["spec"] = spec,
        _ => {
            spec["template"] = template;
            object["spec"] = spec;
        }
    }
    object
}

/// A Deployment whose pods run as `account`, at no replicas yet.
pub(crate) fn deployment(name: &str, account: &str) -> Value {
    workload("deployments", name, account)
}

fn kind(plural: &str) -> &'static str {
    match plural {
        "deployments" => "Deployment",
        "replicasets" => "ReplicaSet",
        "statefulsets" => "StatefulSet",
        "daemonsets" => "DaemonSet",
        "jobs" => "Job",
        "cronjobs" => "CronJob",
        "replicationcontrollers" => "ReplicationController",
        "podtemplates" => "PodTemplate",
        other => unreachable!("{other} is none of them"),
    }
}
