//! Other software that starts pods by custom resources. The pods read the Secrets that
//! their templates name; what a controller reads by itself is found by its fields.

use super::row::{Join, Kind, RoleOf, starts};

const ARGO: &[&str] = &["argoproj.io"];

/// The template that an Argo workflow runs, with its service account.
const fn template(name: &'static str, resource: &'static str, scope: &'static str) -> Join {
    Join {
        name,
        only: Some((scope, "")),
        group: None,
        resource,
        role: RoleOf::Names,
        is_last_word: false,
    }
}

pub(super) const ROWS: &[Kind] = &[
    // A stored workflow runs the templates in its status.
    starts(
        ARGO,
        &["workflows"],
        "argoproj/argo-workflows docs/fields.md",
    )
    .accounts(&[
        "spec.serviceAccountName",
        "spec.executor.serviceAccountName",
    ])
    .joins(&[template(
        "spec.workflowTemplateRef.name",
        "workflowtemplates",
        "spec.workflowTemplateRef.clusterScope",
    )])
    .read_back_of_whole(&[
        "status.storedTemplates",
        "status.storedWorkflowTemplateSpec",
    ]),
    starts(
        ARGO,
        &["cronworkflows"],
        "argoproj/argo-workflows docs/cron-workflows.md",
    )
    .joins(&[template(
        "spec.workflowSpec.workflowTemplateRef.name",
        "workflowtemplates",
        "spec.workflowSpec.workflowTemplateRef.clusterScope",
    )]),
    starts(
        ARGO,
        &[
            "workflowtemplates",
            "clusterworkflowtemplates",
            "workflowtasksets",
        ],
        "argoproj/argo-workflows docs/workflow-templates.md",
    ),
    // Their pods get Secrets, and send what is in them to where the object says.
    starts(
        ARGO,
        &["eventsources", "sensors", "eventbus"],
        "argoproj/argo-events docs/APIs.md",
    )
    .secret_key_selectors(),
    starts(
        &["ray.io"],
        &["rayclusters", "rayjobs", "rayservices", "raycronjobs"],
        "ray-project/kuberay docs/reference/api.md",
    )
    .joins(&[Join {
        name: "spec.clusterSelector.ray.io/cluster",
        only: None,
        group: None,
        resource: "rayclusters",
        role: RoleOf::Names,
        is_last_word: false,
    }]),
    starts(
        &["batch.volcano.sh"],
        &["jobs", "cronjobs"],
        "volcano-sh/volcano config/crd/volcano/bases/batch.volcano.sh_jobs.yaml",
    ),
    starts(
        &["flow.volcano.sh"],
        &["jobflows", "jobtemplates"],
        "volcano-sh/volcano config/crd/jobflow/bases/flow.volcano.sh_jobtemplates.yaml",
    ),
    starts(
        &["jobset.x-k8s.io"],
        &["jobsets"],
        "kubernetes-sigs/jobset api/jobset/v1alpha2/jobset_types.go",
    ),
    starts(
        &["leaderworkerset.x-k8s.io"],
        &["leaderworkersets"],
        "kubernetes-sigs/lws api/leaderworkerset/v1/leaderworkerset_types.go",
    ),
    starts(
        &["kubeflow.org", "trainer.kubeflow.org"],
        &[],
        "kubeflow/trainer pkg/apis; kubeflow/notebooks components/notebook-controller/api",
    ),
    starts(
        &["serving.kserve.io"],
        &[],
        "kserve/kserve pkg/apis/serving/v1beta1/inference_service.go",
    ),
    starts(
        &[
            "serving.knative.dev",
            "sources.knative.dev",
            "eventing.knative.dev",
        ],
        &[],
        "knative/docs docs/versioned/serving/reference/serving-api.md",
    ),
    starts(
        &["tekton.dev", "triggers.tekton.dev"],
        &[],
        "tektoncd/pipeline docs/pipeline-api.md; tektoncd/triggers docs/triggers-api.md",
    ),
    // The community's operator; Airflow itself starts plain pods.
    starts(
        &["airflow.k8s.io", "airflow.apache.org"],
        &[],
        "apache/airflow-on-k8s-operator docs/api.md",
    ),
];
