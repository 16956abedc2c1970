//! Debug containers: into a running pod by every way to write
//! `pods/ephemeralcontainers`.

use serde_json::{Value, json};

use super::pair::Pair;
use super::refusal::{POD_EXEC, assert_kubectl_refused, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

const REST: &str = "pods/driver/ephemeralcontainers";
const SEEN: &str =
    "alice may not add a debug container to pod <ns>/driver (at spec.ephemeralContainers).";

fn container(name: &str) -> Value {
    json!({"name": name, "image": "registry.example/debug:1", "targetContainerName": "main"})
}

#[test]
fn every_patch_type_is_closed() {
    let pair = Pair::with_driver();
    let one = |name: &str| json!({"spec": {"ephemeralContainers": [container(name)]}});
    // Containers cannot be taken away again, so each way adds its own; a merge
    // patch writes the whole list and comes first.
    for (content_type, patch) in [
        (MERGE, one("merge")),
        (STRATEGIC, one("strategic")),
        (
            JSON_PATCH,
            json!([{"op": "add", "path": "/spec/ephemeralContainers", "value": [container("merge"), container("strategic")]}]),
        ),
        (
            APPLY,
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "driver"},
                "spec": {"ephemeralContainers": [container("apply")]},
            }),
        ),
    ] {
        let mut road = Road::patch("v1", REST, content_type, &patch);
        if content_type == APPLY {
            road = road.query("fieldManager=e2e&force=true");
        }
        pair.closed(&road.dry(), 200, POD_EXEC, SEEN);
        pair.closed(&road, 200, POD_EXEC, SEEN);
    }
}

#[test]
fn a_put_is_closed() {
    let pair = Pair::with_driver();
    let alice = pair.cluster().alice();
    let put = |namespace: &Namespace<'_>| {
        let mut pod = stored(namespace);
        pod["spec"]["ephemeralContainers"] = json!([container("put")]);
        Road::new("PUT", "v1", REST).json(&pod).by(alice, namespace)
    };
    put(&pair.open).expect_status(200);
    assert_refused(&put(&pair.enforced), &pair.enforced, POD_EXEC, SEEN);
}

#[test]
fn kubectl_debug_says_why() {
    let pair = Pair::with_driver();
    let debug = |namespace: &Namespace<'static>| {
        let kubectl = pair.cluster().kubectl(pair.cluster().alice());
        kubectl.namespace(namespace).run(&[
            "debug",
            "driver",
            "--image=registry.example/debug:1",
            "--target=main",
            "--attach=false",
            "--profile=general",
        ])
    };
    debug(&pair.open).expect_ok();
    let joined = stored(&pair.open)["spec"]["ephemeralContainers"].clone();
    assert_eq!(joined[0]["image"], "registry.example/debug:1", "{joined}");
    let said = debug(&pair.enforced).expect_refused();
    assert_kubectl_refused(&said, &pair.enforced, POD_EXEC, SEEN);
}

/// Controllers and clients write back what they read; that is no attack.
#[test]
fn a_write_that_changes_nothing_passes() {
    let pair = Pair::with_driver();
    let namespace = &pair.enforced;
    // With a debug container of an administrator in it.
    Road::patch(
        "v1",
        REST,
        STRATEGIC,
        &json!({"spec": {"ephemeralContainers": [container("admins")]}}),
    )
    .by(pair.cluster().admin(), namespace)
    .expect_status(200);
    for road in [
        Road::new("PUT", "v1", REST).json(&stored(namespace)),
        Road::patch("v1", REST, MERGE, &json!({})),
        Road::patch("v1", REST, STRATEGIC, &json!({})),
        Road::patch("v1", REST, JSON_PATCH, &json!([])),
    ] {
        road.by(pair.cluster().alice(), namespace)
            .expect_status(200);
    }
}

fn stored(namespace: &Namespace<'_>) -> Value {
    namespace.cluster.get(&namespace.core("pods/driver"))
}
