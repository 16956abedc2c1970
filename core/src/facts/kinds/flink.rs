//! Flink's operator, Apache's and EMR's. The Secrets that its objects name are read by
//! the pods. It compares every object with the spec in its status, rolls back to that
//! one, and stops the jobs whose ids are there: so the whole status is its own.

use crate::facts::known::Further;

use super::row::{Join, Kind, RoleOf, starts};

const GROUP: &[&str] = &["flink.apache.org"];

const STATUS: &[&str] = &["status"];

const SESSION_CLUSTER: &Further = &Further {
    field: "spec.deploymentName",
    resource: "flinkdeployments",
};

pub(super) const ROWS: &[Kind] = &[
    starts(
        GROUP,
        &["flinkdeployments"],
        "apache/flink-kubernetes-operator docs/content/docs/custom-resource/reference.md; \
         Amazon EMR on EKS: executionRoleArn",
    )
    .accounts(&["spec.serviceAccount"])
    .roles(&["spec.executionRoleArn"])
    .no_secrets()
    .read_back(STATUS),
    starts(
        GROUP,
        &["flinkbluegreendeployments"],
        "apache/flink-kubernetes-operator docs/content/docs/custom-resource/reference.md",
    )
    .accounts(&["spec.template.spec.serviceAccount"])
    .roles(&["spec.template.spec.executionRoleArn"])
    .no_secrets()
    .read_back(STATUS),
    starts(
        GROUP,
        &["flinksessionjobs"],
        "apache/flink-kubernetes-operator docs/content/docs/custom-resource/overview.md",
    )
    .joins(&[Join {
        name: "spec.deploymentName",
        namespace: None,
        only: None,
        group: None,
        resource: "flinkdeployments",
        role: RoleOf::Names,
        is_last_word: true,
    }])
    .no_secrets()
    .read_back(STATUS),
    // It has another's job write its state to a path of the author's choice.
    starts(
        GROUP,
        &["flinkstatesnapshots"],
        "apache/flink-kubernetes-operator docs/content/docs/custom-resource/snapshots.md",
    )
    .joins(&[
        Join {
            name: "spec.jobReference.name",
            namespace: None,
            only: Some(("spec.jobReference.kind", "FlinkDeployment")),
            group: None,
            resource: "flinkdeployments",
            role: RoleOf::Names,
            is_last_word: true,
        },
        Join {
            name: "spec.jobReference.name",
            namespace: None,
            only: Some(("spec.jobReference.kind", "FlinkSessionJob")),
            group: None,
            resource: "flinksessionjobs",
            role: RoleOf::Named(SESSION_CLUSTER),
            is_last_word: true,
        },
    ])
    .no_secrets()
    .read_back(STATUS),
    // Operators from before Apache's.
    starts(
        &["flinkoperator.k8s.io"],
        &["flinkclusters"],
        "spotify/flink-on-k8s-operator docs/crd.md",
    )
    .no_secrets()
    .read_back(&["status.components", "status.savepoint", "status.revision"]),
];
