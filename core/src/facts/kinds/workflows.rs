//! Other software that starts pods by custom resources. The pods read the Secrets that
//! their templates name; what a controller reads by itself is found by its fields.

use super::row::{Join, Kind, RoleOf, starts};

const ARGO: &[&str] = &["argoproj.io"];

/// The template that an Argo workflow runs, with its service account.
const fn template(name: &'static str, resource: &'static str, scope: &'static str) -> Join {
    Join {
        name,
        namespace: None,
        only: Some((scope, "")),
        group: None,
        resource,
        role: RoleOf::Names,
        is_last_word: false,
    }
}

/// A cluster that runs what the object brings.
const fn cluster(name: &'static str, resource: &'static str) -> Join {
    Join {
        name,
        namespace: None,
        only: None,
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
    // An event starts the template.
    starts(
        ARGO,
        &["workfloweventbindings"],
        "argoproj/argo-workflows docs/events.md",
    )
    .joins(&[template(
        "spec.submit.workflowTemplateRef.name",
        "workflowtemplates",
        "spec.submit.workflowTemplateRef.clusterScope",
    )]),
    starts(
        ARGO,
        &[
            "workflowtemplates",
            "clusterworkflowtemplates",
            "workflowtasksets",
            "workflowartifactgctasks",
            "workflowtaskresults",
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
        &["rayclusters", "rayservices"],
        "ray-project/kuberay ray-operator/config/crd/bases/ray.io_rayclusters.yaml",
    ),
    starts(
        &["ray.io"],
        &["rayjobs"],
        "ray-project/kuberay ray-operator/config/crd/bases/ray.io_rayjobs.yaml",
    )
    .joins(&[cluster(
        "spec.clusterSelector.ray.io/cluster",
        "rayclusters",
    )]),
    starts(
        &["ray.io"],
        &["raycronjobs"],
        "ray-project/kuberay ray-operator/config/crd/bases/ray.io_raycronjobs.yaml",
    )
    .joins(&[cluster(
        "spec.jobTemplate.clusterSelector.ray.io/cluster",
        "rayclusters",
    )]),
    starts(
        &["kubernetes.dask.org"],
        &["daskclusters", "daskjobs"],
        "dask/dask-kubernetes dask_kubernetes/operator/deployment/helm/dask-kubernetes-operator/crds/daskcluster.yaml",
    ),
    // More workers, of whatever image, for a cluster.
    starts(
        &["kubernetes.dask.org"],
        &["daskworkergroups", "daskautoscalers"],
        "dask/dask-kubernetes dask_kubernetes/operator/deployment/helm/dask-kubernetes-operator/crds/daskworkergroup.yaml",
    )
    .joins(&[cluster("spec.cluster", "daskclusters")]),
    starts(
        &["batch.volcano.sh"],
        &["jobs", "cronjobs"],
        "volcano-sh/volcano config/crd/volcano/bases/batch.volcano.sh_jobs.yaml",
    ),
    // It has a Job of Volcano suspended, restarted or ended.
    starts(
        &["bus.volcano.sh"],
        &["commands"],
        "volcano-sh/volcano config/crd/volcano/bases/bus.volcano.sh_commands.yaml",
    )
    .joins(&[Join {
        group: Some(("batch.volcano.sh", "v1alpha1")),
        only: Some(("target.kind", "Job")),
        ..cluster("target.name", "jobs")
    }]),
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
            "sinks.knative.dev",
            "eventing.knative.dev",
        ],
        &[],
        "knative/serving config/core/300-resources/service.yaml; knative/eventing config/core/resources",
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
        "apache/airflow-on-k8s-operator config/crd/bases/airflow.apache.org_airflowclusters.yaml",
    ),
];
