//! Mutators whose names are known. A name grants nothing: it is how the platform team
//! recognises what it has installed itself, and what is reported with less weight.

use crate::policy::Severity;

/// Whose a mutator is, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) what: &'static str,
    pub(super) severity: Severity,
}

/// EKS serves these on its own control plane: nobody in the cluster answers at such an
/// address, and `rolegate-webhook-guard` protects the first by its name.
const OF_EKS: [(&str, &str); 2] = [
    ("pod-identity-webhook", "EKS's pod identity webhook"),
    (
        "vpc-resource-mutating-webhook",
        "EKS's VPC resource controller",
    ),
];
const LOOPBACK: [&str; 2] = ["https://127.0.0.1:", "https://127.0.0.1/"];

/// How the configurations of public charts begin.
const BY_NAME: [(&str, &str); 22] = [
    (
        "amazon-cloudwatch-observability",
        "named as the CloudWatch agent operator's",
    ),
    (
        "aws-load-balancer-webhook",
        "named as the AWS Load Balancer Controller's",
    ),
    ("cert-manager-webhook", "named as cert-manager's"),
    ("consul-", "named as Consul's"),
    ("dapr-", "named as Dapr's"),
    ("datadog-webhook", "named as Datadog's"),
    (
        "gatekeeper-mutating-webhook-configuration",
        "named as Gatekeeper's",
    ),
    ("istio-", "named as Istio's"),
    ("istiod-", "named as Istio's"),
    ("keda-", "named as KEDA's"),
    ("kruise-", "named as OpenKruise's"),
    ("kubewarden", "named as Kubewarden's"),
    ("kueue-", "named as Kueue's"),
    ("kyverno-", "named as Kyverno's"),
    ("linkerd-", "named as Linkerd's"),
    (
        "opentelemetry-operator",
        "named as the OpenTelemetry operator's",
    ),
    (
        "pod-identity-webhook",
        "named as the pod identity webhook, but not served by EKS",
    ),
    ("spark-operator", "named as the Spark operator's"),
    ("vault-agent-injector", "named as Vault's injector"),
    ("volcano-admission-service", "named as Volcano's"),
    (
        "vpa-webhook-config",
        "named as the vertical pod autoscaler's",
    ),
    ("yunikorn-admission-controller", "named as YuniKorn's"),
];

/// By the configuration's name, and the URL that it names in place of a Service.
pub(super) fn known(configuration: &str, url: Option<&str>) -> Option<Known> {
    let on_the_control_plane =
        url.is_some_and(|url| LOOPBACK.iter().any(|start| url.starts_with(start)));
    if on_the_control_plane
        && let Some((_, what)) = OF_EKS.iter().find(|(name, _)| *name == configuration)
    {
        return Some(Known {
            what,
            severity: Severity::Low,
        });
    }
    let (_, what) = BY_NAME
        .iter()
        .find(|(start, _)| configuration.starts_with(start))?;
    Some(Known {
        what,
        severity: Severity::Medium,
    })
}
