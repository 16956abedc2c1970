//! Spark operators. The Secrets that their objects name are read by the pods.

use super::row::{Kind, starts};

const OPERATOR: &[&str] = &["sparkoperator.k8s.io"];

pub(super) const ROWS: &[Kind] = &[
    // The operator deletes the driver and the Service that the status names.
    starts(
        OPERATOR,
        &["sparkapplications"],
        "kubeflow/spark-operator api/v1beta2/sparkapplication_types.go",
    )
    .accounts(&["spec.driver.serviceAccount", "spec.executor.serviceAccount"])
    .no_secrets()
    .read_back(&["status.driverInfo", "status.submissionID"]),
    // The operator deletes the runs that the status names.
    starts(
        OPERATOR,
        &["scheduledsparkapplications"],
        "kubeflow/spark-operator api/v1beta2/scheduledsparkapplication_types.go",
    )
    .accounts(&[
        "spec.template.driver.serviceAccount",
        "spec.template.executor.serviceAccount",
    ])
    .no_secrets()
    .read_back(&[
        "status.lastRunName",
        "status.pastSuccessfulRunNames",
        "status.pastFailedRunNames",
    ]),
    starts(
        OPERATOR,
        &["sparkconnects"],
        "kubeflow/spark-operator api/v1alpha1/sparkconnect_types.go",
    )
    .no_secrets(),
    // Apache's own operator: options and pod templates only. It starts the next attempt
    // by what the status says of the last one.
    starts(
        &["spark.apache.org"],
        &["sparkapplications", "sparkclusters"],
        "apache/spark-kubernetes-operator docs/spark_custom_resources.md",
    )
    .no_secrets()
    .read_back(&["status.currentAttemptSummary"]),
];
