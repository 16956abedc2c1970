//! `ConfigMaps` by raw requests: every verb, every patch type, and each of them
//! as a dry-run.

use serde_json::{Value, json};

use super::pair::{JOB, Pair};
use super::refusal::{CONFIG_MAPS, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

const ONE: &str = "configmaps/shape";

pub(super) fn map(name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"app": "shape"}},
        "data": {"key": value},
    })
}

/// Both namespaces with the map `shape`.
fn pair() -> Pair {
    Pair::new(|namespace| {
        let path = namespace.core("configmaps");
        namespace.cluster.create(&path, &map("shape", "original"));
    })
}

fn assert_untouched(namespace: &Namespace<'_>) {
    let stored = namespace.cluster.get(&namespace.core(ONE));
    assert_eq!(stored["data"], json!({"key": "original"}), "{stored}");
}

#[test]
fn creating_is_refused() {
    let pair = pair();
    let generated = |prefix: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": prefix}});
    let apply = |name: &str| {
        Road::patch("v1", format!("configmaps/{name}"), APPLY, &map(name, "1"))
            .query("fieldManager=e2e")
    };
    for (road, name) in [
        (Road::create("v1", "configmaps", &map("app", "1")), "app."),
        (
            Road::create("v1", "configmaps", &json!({"metadata": {"name": "empty"}})),
            "empty.",
        ),
        (Road::create("v1", "configmaps", &generated("app-")), "app-"),
        (apply("applied"), "applied."),
        // The names EMR gives its own: a map that is there first is used.
        (
            Road::create("v1", "configmaps", &map(&format!("podtemplate-{JOB}"), "1")),
            "podtemplate-",
        ),
        (
            Road::create(
                "v1",
                "configmaps",
                &map(&format!("{JOB}-spark-defaults"), "1"),
            ),
            JOB,
        ),
        (
            Road::create("v1", "configmaps", &map(&format!("fluentd-x-{JOB}"), "1")),
            "fluentd-x-",
        ),
        (
            Road::create("v1", "configmaps", &generated("podtemplate-")),
            "podtemplate-",
        ),
        (apply("podtemplate-applied"), "podtemplate-applied."),
        // And Spark's.
        (
            Road::create(
                "v1",
                "configmaps",
                &map("spark-drv-0123456789abcdef-conf-map", "1"),
            ),
            "spark-drv-",
        ),
    ] {
        let seen = format!("alice may not create ConfigMap <ns>/{name}");
        pair.closed(&road.dry(), 201, CONFIG_MAPS, &seen);
        pair.closed(&road, 201, CONFIG_MAPS, &seen);
    }
    let left = pair.cluster().get(&pair.enforced.core("configmaps"));
    let names: Vec<_> = left["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|map| map["metadata"]["name"].clone())
        .filter(|name| name != "kube-root-ca.crt")
        .collect();
    assert_eq!(names, ["shape"]);
}

#[test]
fn changing_is_refused() {
    let pair = pair();
    let data = |value: &str| json!({"data": {"key": value}});
    let meta = |part: &str, value: Value| json!({"metadata": {part: value}});
    for road in [
        Road::new("PUT", "v1", ONE).json(&map("shape", "put")),
        Road::patch("v1", ONE, MERGE, &data("merge")),
        Road::patch("v1", ONE, STRATEGIC, &data("strategic")),
        Road::patch(
            "v1",
            ONE,
            JSON_PATCH,
            &json!([{"op": "replace", "path": "/data/key", "value": "json"}]),
        ),
        Road::patch("v1", ONE, APPLY, &map("shape", "apply")).query("fieldManager=e2e&force=true"),
        Road::patch("v1", ONE, MERGE, &json!({"binaryData": {"more": "eA=="}})),
        Road::patch("v1", ONE, MERGE, &json!({"immutable": false})),
        // The garbage collector deletes what an owner is given that is gone.
        Road::patch(
            "v1",
            ONE,
            MERGE,
            &meta(
                "ownerReferences",
                json!([{"apiVersion": "v1", "kind": "Pod", "name": "mine", "uid": "0"}]),
            ),
        )
        .dry(),
        Road::patch("v1", ONE, MERGE, &meta("labels", json!({"app": "other"}))).dry(),
        Road::patch("v1", ONE, MERGE, &meta("annotations", json!({"a": "b"}))),
        Road::patch(
            "v1",
            ONE,
            MERGE,
            &meta("finalizers", json!(["example.com/mine"])),
        )
        .dry(),
    ] {
        let seen = "alice may not change ConfigMap <ns>/shape.";
        pair.closed(&road.dry(), 200, CONFIG_MAPS, seen);
        pair.closed(&road, 200, CONFIG_MAPS, seen);
    }
    assert_untouched(&pair.enforced);
}

#[test]
fn deleting_is_refused() {
    let pair = pair();
    let options =
        |key: &str, value: Value| json!({"apiVersion": "v1", "kind": "DeleteOptions", key: value});
    for road in [
        Road::new("DELETE", "v1", ONE).dry(),
        Road::new("DELETE", "v1", ONE)
            .dry()
            .query("propagationPolicy=Foreground"),
        Road::new("DELETE", "v1", ONE).json(&options("dryRun", json!(["All"]))),
        Road::new("DELETE", "v1", "configmaps?labelSelector=app%3Dshape").dry(),
        Road::new(
            "DELETE",
            "v1",
            "configmaps?fieldSelector=metadata.name%3Dshape",
        )
        .dry(),
        // This one happens, where it is let through; nothing is left for another.
        Road::new("DELETE", "v1", "configmaps?labelSelector=app%3Dshape"),
    ] {
        let seen = "alice may not delete ConfigMap <ns>/shape.";
        pair.closed(&road, 200, CONFIG_MAPS, seen);
    }
    assert_untouched(&pair.enforced);
    let gone = pair
        .cluster()
        .request(pair.cluster().admin(), "GET", &pair.open.core(ONE));
    gone.send().expect_status(404);

    let pair = self::pair();
    pair.closed(
        &Road::new("DELETE", "v1", ONE).json(&options("gracePeriodSeconds", json!(0))),
        200,
        CONFIG_MAPS,
        "alice may not delete ConfigMap <ns>/shape.",
    );
    assert_untouched(&pair.enforced);
}

/// Which of several maps is refused first is the API server's choice.
#[test]
fn deleting_all_of_them_is_refused_and_none_goes() {
    let pair = pair();
    let all = Road::new("DELETE", "v1", "configmaps");
    pair.closed(
        &all.dry(),
        200,
        CONFIG_MAPS,
        "alice may not delete ConfigMap <ns>/",
    );
    pair.closed(
        &all,
        200,
        CONFIG_MAPS,
        "alice may not delete ConfigMap <ns>/",
    );
    assert_untouched(&pair.enforced);
}

#[test]
fn a_write_that_changes_nothing_passes() {
    let pair = pair();
    let namespace = &pair.enforced;
    let alice = pair.cluster().alice();
    let stored = pair.cluster().get(&namespace.core(ONE));
    for road in [
        Road::new("PUT", "v1", ONE).json(&stored),
        Road::patch("v1", ONE, MERGE, &json!({})),
        Road::patch("v1", ONE, STRATEGIC, &json!({})),
        Road::patch("v1", ONE, JSON_PATCH, &json!([])),
        Road::patch("v1", ONE, APPLY, &map("shape", "original"))
            .query("fieldManager=e2e&force=true"),
    ] {
        road.dry().by(alice, namespace).expect_status(200);
        road.by(alice, namespace).expect_status(200);
    }
    assert_untouched(namespace);

    // The same map again is a new one: nothing was there to leave as it was.
    let again = Road::create("v1", "configmaps", &map("again", "1")).by(alice, namespace);
    assert_refused(
        &again,
        namespace,
        CONFIG_MAPS,
        "alice may not create ConfigMap <ns>/again.",
    );
}
