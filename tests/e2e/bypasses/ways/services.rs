//! A17: doors to a job, and detours from it.

use serde_json::{Value, json};

use super::Way::{self, Line, Request};
use super::{Answer, Place, Stage, create, kinds};
use crate::coverage::probes::driver_service;

const INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";
const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";

#[rustfmt::skip]
pub(in crate::bypasses) const DOORS: &[Way] = &[
    Line("services", "create"),
    Line("services", "patch"),
    Line("services", "delete"),
    Line("services/status", "patch"),
    Line("ingresses.networking.k8s.io", "create"),
    Line("ingresses.networking.k8s.io", "patch"),
    Line("endpoints", "create"),
    Line("endpointslices.discovery.k8s.io", "create"),
    Request("an external IP", |stage, place| service(stage, place, &json!({}), &json!({"externalIPs": ["10.0.0.66"]}))),
    Request("a load balancer", |stage, place| load_balancer(stage, place, &json!({}))),
    Request("a load balancer, not internal", |stage, place| load_balancer(stage, place, &json!({INTERNAL: "false"}))),
    Request("a load balancer, internet-facing", |stage, place| load_balancer(stage, place, &json!({SCHEME: "internet-facing"}))),
    Request("a load balancer, both", |stage, place| load_balancer(stage, place, &json!({SCHEME: "internet-facing", INTERNAL: "true"}))),
    // The cloud controller makes this one, and does not know the scheme.
    Request("a load balancer, by a scheme that nobody reads", |stage, place| load_balancer(stage, place, &json!({SCHEME: "internal"}))),
    Request("a load balancer of another class", |stage, place| service(stage, place, &json!({INTERNAL: "true"}), &json!({
        "type": "LoadBalancer", "loadBalancerClass": "example.com/any",
    }))),
    Request("a Service for a driver", |stage, place| service(stage, place, &json!({}), &json!({"selector": {"spark-role": "driver"}}))),
    Request("a Service for EMR's pods", |stage, place| service(stage, place, &json!({}), &json!({
        "selector": {"emr-containers.amazonaws.com/component": "driver"},
    }))),
    Request("another name for a driver's Service", |stage, place| service(stage, place, &json!({}), &json!({
        "type": "ExternalName", "externalName": format!("{}.{}.svc.cluster.local", driver_service(), place.0),
    }))),
    Request("an HTTPRoute", |stage, place| kinds::create(stage, place, &kinds::HTTP_ROUTE, &json!({
        "rules": [{"backendRefs": [{"name": driver_service(), "port": 4040}]}],
    }))),
];

/// What EKS's two controllers make internal: the old annotation in both of its
/// values, the scheme by type, and the scheme by class.
pub(in crate::bypasses) fn internal(stage: &Stage, place: Place<'_>) -> [Answer; 4] {
    let by_class = json!({"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb"});
    [
        load_balancer(stage, place, &json!({INTERNAL: "true"})),
        load_balancer(stage, place, &json!({INTERNAL: "0.0.0.0/0"})),
        load_balancer(stage, place, &json!({SCHEME: "internal", TYPE: "external"})),
        service(stage, place, &json!({SCHEME: "internal"}), &by_class),
    ]
}

fn load_balancer(stage: &Stage, place: Place<'_>, annotations: &Value) -> Answer {
    service(stage, place, annotations, &json!({"type": "LoadBalancer"}))
}

fn service(stage: &Stage, place: Place<'_>, annotations: &Value, fields: &Value) -> Answer {
    let mut spec = json!({"selector": {"app": "mine"}, "ports": [{"port": 80}]});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "spec": spec,
        "metadata": {"name": "mine", "annotations": annotations},
    });
    create(stage, &place.core("services"), &object)
}
