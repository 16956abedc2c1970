//! C5 and C6: whatever has a Secret read on the tenant's behalf; B9: tokens in
//! Secrets.

use serde_json::{Value, json};

use super::Way::{self, Line, Request};
use super::{
    Answer, MERGE, Place, Stage, create, deployment, driver, driver_pod, kinds, new_pod,
    with_volume,
};
use crate::harness::cast::token_request;
use crate::harness::http::STRATEGIC;

#[rustfmt::skip]
pub(in crate::bypasses) const BY_PODS: &[Way] = &[
    Request("env", |stage, place| of_container(stage, place, "env", variable())),
    Request("envFrom", |stage, place| of_container(stage, place, "envFrom", json!([{"secretRef": {"name": "stored"}}]))),
    Request("an init container's env", |stage, place| new_pod(stage, place, |pod| {
        pod["spec"]["initContainers"] = json!([{"name": "init", "image": "i", "env": variable()}]);
    })),
    Request("a debug container's env", debug_container),
    Request("imagePullSecrets", |stage, place| new_pod(stage, place, |pod| {
        pod["spec"]["imagePullSecrets"] = json!([{"name": "stored"}]);
    })),
    Request("a volume", |stage, place| with_volume(stage, place, &json!({"secret": {"secretName": "stored"}}))),
    Request("a projected volume", |stage, place| with_volume(stage, place, &json!({"projected": {"sources": [{"secret": {"name": "stored"}}]}}))),
    Request("csi", |stage, place| with_volume(stage, place, &json!({"csi": {"driver": "d.example.com", "nodePublishSecretRef": {"name": "stored"}}}))),
    Request("csi's attributes", |stage, place| with_volume(stage, place, &json!({"csi": {"driver": "d.example.com", "volumeAttributes": {"secretName": "stored"}}}))),
    Request("azureFile", |stage, place| with_volume(stage, place, &json!({"azureFile": {"secretName": "stored", "shareName": "s"}}))),
    Request("cephfs", |stage, place| with_volume(stage, place, &json!({"cephfs": {"monitors": ["m"], "secretRef": {"name": "stored"}}}))),
    Request("cinder", |stage, place| with_volume(stage, place, &json!({"cinder": {"volumeID": "v", "secretRef": {"name": "stored"}}}))),
    Request("flexVolume", |stage, place| with_volume(stage, place, &json!({"flexVolume": {"driver": "example.com/d", "secretRef": {"name": "stored"}}}))),
    Request("iscsi", |stage, place| with_volume(stage, place, &json!({"iscsi": {
        "targetPortal": "10.0.0.1:3260", "iqn": "iqn.2026-11.com.example:d", "lun": 0,
        "chapAuthSession": true, "secretRef": {"name": "stored"},
    }}))),
    Request("rbd", |stage, place| with_volume(stage, place, &json!({"rbd": {"monitors": ["m"], "image": "i", "secretRef": {"name": "stored"}}}))),
    Request("scaleIO", |stage, place| with_volume(stage, place, &json!({"scaleIO": {
        "gateway": "https://g", "system": "s", "volumeName": "v", "secretRef": {"name": "stored"},
    }}))),
    Request("storageos", |stage, place| with_volume(stage, place, &json!({"storageos": {"volumeName": "v", "secretRef": {"name": "stored"}}}))),
    Request("a Secret in a template", |stage, place| deployment(stage, place, |spec| {
        spec["containers"][0]["env"] = variable();
    })),
];

#[rustfmt::skip]
pub(in crate::bypasses) const BY_ROUTES: &[Way] = &[
    Request("an Ingress", |stage, place| ingress(stage, place, &json!({}), true)),
    Request("an Ingress's annotation", |stage, place| ingress(
        stage, place, &json!({"nginx.ingress.kubernetes.io/auth-secret": "stored"}), false,
    )),
    Request("a Gateway", |stage, place| kinds::create(stage, place, &kinds::GATEWAY, &json!({
        "listeners": [{"name": "l", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "stored"}]}}],
    }))),
];

/// B6: for a job's account whatever it is for, and for AWS whoever's it is.
#[rustfmt::skip]
pub(in crate::bypasses) const TOKENS_BY_REQUEST: &[Way] = &[
    Line("serviceaccounts/token", "create"),
    Request("a token for the API server", |stage, place| token(stage, place, &driver(), &json!({}))),
    Request("a token for somebody else", |stage, place| {
        token(stage, place, &driver(), &json!({"audiences": ["vault"], "expirationSeconds": 600}))
    }),
    Request("an ordinary account's token for AWS", |stage, place| {
        token(stage, place, "default", &json!({"audiences": ["sts.amazonaws.com"]}))
    }),
    Request("a volume with a token for AWS", |stage, place| with_volume(stage, place, &json!({"projected": {"sources": [
        {"serviceAccountToken": {"path": "token", "audience": "sts.amazonaws.com"}},
    ]}}))),
    Request("a volume with a token for EKS", |stage, place| with_volume(stage, place, &json!({"projected": {"sources": [
        {"serviceAccountToken": {"path": "token", "audience": "pods.eks.amazonaws.com"}},
    ]}}))),
];

fn token(stage: &Stage, place: Place<'_>, account: &str, spec: &Value) -> Answer {
    let path = place.core(&format!("serviceaccounts/{account}/token"));
    create(stage, &path, &token_request(spec))
}

pub(in crate::bypasses) const TOKENS: &[Way] = &[
    Line("secrets", "create"),
    Request("a token Secret turned over", turned_over),
];

fn variable() -> Value {
    json!([{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "stored", "key": "a"}}}])
}

fn of_container(stage: &Stage, place: Place<'_>, field: &str, value: Value) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["containers"][0][field] = value;
    })
}

fn debug_container(stage: &Stage, place: Place<'_>) -> Answer {
    let path = place.core(&format!(
        "pods/{}/ephemeralcontainers?dryRun=All",
        driver_pod()
    ));
    let change = json!({"spec": {"ephemeralContainers": [
        {"name": "debug", "image": "busybox", "env": variable()},
    ]}});
    stage
        .bobs("PATCH", &path, Some((STRATEGIC, &change)))
        .send()
}

/// The token controller then fills it with the other account's token.
fn turned_over(stage: &Stage, place: Place<'_>) -> Answer {
    let change =
        json!({"metadata": {"annotations": {"kubernetes.io/service-account.name": driver()}}});
    let path = place.core("secrets/token?dryRun=All");
    stage.alices("PATCH", &path, (MERGE, &change)).send()
}

fn ingress(stage: &Stage, place: Place<'_>, annotations: &Value, tls: bool) -> Answer {
    let mut object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "mine", "annotations": annotations},
        "spec": {"defaultBackend": {"service": {"name": "mine", "port": {"number": 80}}}},
    });
    if tls {
        object["spec"]["tls"] = json!([{"hosts": ["a.example.com"], "secretName": "stored"}]);
    }
    create(
        stage,
        &place.group("networking.k8s.io/v1", "ingresses"),
        &object,
    )
}
