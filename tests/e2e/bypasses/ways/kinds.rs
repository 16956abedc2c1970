//! Custom resources that rules know by their names, in definitions that take
//! any content.

use serde_json::{Value, json};

use super::Way::{self, Request};
use super::{Answer, Place, Stage, driver_pod};
use crate::harness::definitions::Kind;

pub(super) const GATEWAY: Kind = ("gateway.networking.k8s.io/v1", "gateways", "Gateway");
pub(super) const HTTP_ROUTE: Kind = ("gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute");
const SNAPSHOT: Kind = (
    "snapshot.storage.k8s.io/v1",
    "volumesnapshots",
    "VolumeSnapshot",
);
const CILIUM: Kind = (
    "cilium.io/v2",
    "ciliumnetworkpolicies",
    "CiliumNetworkPolicy",
);
const KYVERNO: Kind = ("kyverno.io/v1", "policies", "Policy");
const KYVERNO_CEL: Kind = (
    "policies.kyverno.io/v1",
    "namespacedmutatingpolicies",
    "NamespacedMutatingPolicy",
);
const OPEN_TELEMETRY: Kind = (
    "opentelemetry.io/v1alpha1",
    "instrumentations",
    "Instrumentation",
);
const ISTIO: Kind = ("networking.istio.io/v1beta1", "proxyconfigs", "ProxyConfig");
const DAPR: Kind = ("dapr.io/v1alpha1", "configurations", "Configuration");

pub(crate) const ALL: [Kind; 9] = [
    GATEWAY,
    HTTP_ROUTE,
    SNAPSHOT,
    CILIUM,
    KYVERNO,
    KYVERNO_CEL,
    OPEN_TELEMETRY,
    ISTIO,
    DAPR,
];

pub(in crate::bypasses) const MUTATORS: &[Way] = &[
    Request("Kyverno", |stage, place| any(stage, place, &KYVERNO)),
    Request("Kyverno's CEL", |stage, place| {
        any(stage, place, &KYVERNO_CEL)
    }),
    Request("OpenTelemetry", |stage, place| {
        any(stage, place, &OPEN_TELEMETRY)
    }),
    Request("Istio", |stage, place| any(stage, place, &ISTIO)),
    Request("Dapr", |stage, place| any(stage, place, &DAPR)),
];

pub(in crate::bypasses) fn network_policy(stage: &Stage, place: Place<'_>) -> Answer {
    create(
        stage,
        place,
        &CILIUM,
        &json!({"egress": [{"toEntities": ["all"]}]}),
    )
}

pub(in crate::bypasses) fn snapshot(stage: &Stage, place: Place<'_>) -> Answer {
    let claim = format!("{}-pvc-0", driver_pod());
    create(
        stage,
        place,
        &SNAPSHOT,
        &json!({"source": {"persistentVolumeClaimName": claim}}),
    )
}

fn any(stage: &Stage, place: Place<'_>, kind: &Kind) -> Answer {
    create(stage, place, kind, &json!({}))
}

pub(super) fn create(stage: &Stage, place: Place<'_>, kind: &Kind, spec: &Value) -> Answer {
    let (group_version, plural, kind) = kind;
    let object = json!({"apiVersion": group_version, "kind": kind, "metadata": {"name": "mine"}, "spec": spec});
    super::create(stage, &place.group(group_version, plural), &object)
}
