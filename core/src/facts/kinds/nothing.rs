//! Objects that start nothing and whose controller reads no Secret for their author:
//! rules, dashboards, routes, reports, copies of a pod's template.

use super::row::{Kind, nothing, starts};

pub(super) const ROWS: &[Kind] = &[
    nothing(
        &["monitoring.coreos.com"],
        &["prometheusrules"],
        "prometheus-operator/prometheus-operator Documentation/api-reference/api.md",
    )
    .no_secrets(),
    nothing(
        &["operator.victoriametrics.com"],
        &["vmrules"],
        "VictoriaMetrics/operator docs/api.md",
    )
    .no_secrets(),
    nothing(
        &["grafana.integreatly.org"],
        &[
            "grafanafolders",
            "grafanaalertrulegroups",
            "grafanamutetimings",
            "grafananotificationpolicies",
            "grafananotificationpolicyroutes",
            "grafananotificationtemplates",
            // The operator writes the Secrets that it names.
            "grafanaserviceaccounts",
        ],
        "grafana/grafana-operator deploy/kustomize/base/crds.yaml",
    )
    .no_secrets(),
    // Routes and network policies; `endpoint-exposure` judges what they open.
    nothing(
        &["gateway.networking.k8s.io"],
        &[
            "httproutes",
            "grpcroutes",
            "tcproutes",
            "tlsroutes",
            "udproutes",
            "referencegrants",
        ],
        "kubernetes-sigs/gateway-api apis/v1",
    )
    .no_secrets(),
    nothing(
        &["networking.istio.io"],
        &["virtualservices", "serviceentries", "sidecars"],
        "istio/api networking/v1",
    )
    .no_secrets(),
    nothing(
        &["security.istio.io", "telemetry.istio.io"],
        &[],
        "istio/api security/v1",
    )
    .no_secrets(),
    nothing(
        &["cilium.io"],
        &["ciliumnetworkpolicies"],
        "cilium/cilium pkg/k8s/apis/cilium.io/v2/cnp_types.go",
    )
    .no_secrets(),
    // Who an address belongs to, for every other node. The agent writes it.
    starts(
        &["cilium.io"],
        &["ciliumendpoints"],
        "cilium/cilium pkg/k8s/apis/cilium.io/v2/types.go",
    )
    .no_secrets()
    .read_back_of_whole(&["status.identity"]),
    nothing(
        &["crd.projectcalico.org", "projectcalico.org"],
        &["networkpolicies", "networksets"],
        "projectcalico/api pkg/apis/projectcalico/v3/networkpolicy.go",
    )
    .no_secrets(),
    nothing(
        &["elbv2.k8s.aws"],
        &["targetgroupbindings"],
        "kubernetes-sigs/aws-load-balancer-controller docs/guide/targetgroupbinding/spec.md",
    )
    .no_secrets(),
    // Certificates on their way.
    nothing(
        &["cert-manager.io"],
        &["certificaterequests"],
        "cert-manager/cert-manager pkg/apis/certmanager/v1/types_certificaterequest.go",
    )
    .no_secrets(),
    nothing(
        &["acme.cert-manager.io"],
        &["orders"],
        "cert-manager/cert-manager pkg/apis/acme/v1/types_order.go",
    )
    .no_secrets(),
    nothing(
        &["networking.internal.knative.dev"],
        &["certificates"],
        "knative/networking pkg/apis/networking/v1alpha1/certificate_types.go",
    )
    .no_secrets(),
    // Secrets that come from elsewhere.
    nothing(
        &["bitnami.com"],
        &["sealedsecrets"],
        "bitnami-labs/sealed-secrets pkg/apis/sealedsecrets/v1alpha1/types.go",
    )
    .no_secrets(),
    nothing(
        &["secrets-store.csi.x-k8s.io"],
        &["secretproviderclasses", "secretproviderclasspodstatuses"],
        "kubernetes-sigs/secrets-store-csi-driver apis/v1/secretproviderclass_types.go",
    )
    .no_secrets(),
    // Copies of a pod's template, for counting.
    nothing(
        &["kueue.x-k8s.io"],
        &["workloads", "localqueues"],
        "kubernetes-sigs/kueue apis/kueue/v1beta1/workload_types.go",
    )
    .no_secrets()
    .lets_run(),
    nothing(
        &["autoscaling.x-k8s.io"],
        &["provisioningrequests"],
        "kubernetes/autoscaler cluster-autoscaler/apis/provisioningrequest",
    )
    .no_secrets(),
    nothing(
        &["scheduling.volcano.sh", "scheduling.x-k8s.io"],
        &["podgroups", "queues"],
        "volcano-sh/volcano config/crd/volcano/bases/scheduling.volcano.sh_podgroups.yaml",
    )
    .no_secrets()
    .lets_run(),
    nothing(
        &["autoscaling.k8s.io"],
        &["verticalpodautoscalers", "verticalpodautoscalercheckpoints"],
        "kubernetes/autoscaler vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1/types.go",
    )
    .no_secrets(),
    nothing(
        &["keda.sh"],
        &["scaledobjects"],
        "kedacore/keda apis/keda/v1alpha1/scaledobject_types.go",
    )
    .no_secrets()
    .scales(),
    // Reports.
    nothing(
        &[
            "wgpolicyk8s.io",
            "reports.kyverno.io",
            "aquasecurity.github.io",
        ],
        &[],
        "kubernetes-sigs/wg-policy-prototypes policy-report/pkg/api",
    )
    .no_secrets(),
    nothing(
        &["kafka.strimzi.io"],
        &["kafkatopics", "kafkarebalances"],
        "strimzi/strimzi-kafka-operator packaging/install/topic-operator/04-Crd-kafkatopic.yaml",
    )
    .no_secrets(),
    nothing(
        &["access.strimzi.io"],
        &["kafkaaccesses"],
        "strimzi/strimzi-kafka-operator packaging/install/access-operator/040-Crd-kafkaaccess.yaml",
    )
    .no_secrets(),
    // What External Secrets makes up by itself. Grafana's service accounts are Grafana's.
    nothing(
        &["generators.external-secrets.io"],
        &["passwords", "uuids", "sshkeys", "fakes", "generatorstates"],
        "external-secrets/external-secrets deploy/crds/bundle.yaml",
    )
    .no_secrets(),
];
