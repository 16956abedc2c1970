//! Leaving rolegate's reach by way of the namespace.

use serde_json::{Value, json};

use super::{Attack, assert_passes, assert_refused, bare, with_guards};
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::{Cluster, dirs};

const GUARD: &str = "namespace-guard";

pub(super) const MODE: &str = "rolegate.dev/mode";
pub(super) const CHAIN: &str = "rolegate.dev/chain";

pub(super) fn object(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// A namespace with these labels and nothing else, made by an administrator.
pub(super) fn make(cluster: &Cluster, labels: &Value) -> String {
    let name = dirs::random_name("e2e-guard");
    cluster.create("/api/v1/namespaces", &object(&name, labels));
    name
}

pub(super) fn path(name: &str, rest: &str) -> String {
    format!("/api/v1/namespaces/{name}{rest}")
}

/// The namespace as it is stored, with other labels.
fn relabelled(cluster: &Cluster, name: &str, labels: &Value) -> Value {
    let mut stored = cluster.get(&path(name, ""));
    let mut all = stored["metadata"]["labels"].clone();
    for (key, value) in labels.as_object().into_iter().flatten() {
        match value {
            Value::Null => {
                all.as_object_mut().expect("labels").remove(key);
            }
            value => all[key] = value.clone(),
        }
    }
    stored["metadata"]["labels"] = all;
    stored["metadata"]["managedFields"] = json!([]);
    stored
}

/// Every road on which labels change; `null` takes one off.
fn roads(cluster: &Cluster, name: &str, labels: &Value) -> Vec<Attack> {
    let merge = json!({"metadata": {"labels": labels}});
    let operations: Vec<Value> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let path = format!("/metadata/labels/{}", key.replace('/', "~1"));
            match value {
                Value::Null => json!({"op": "remove", "path": path}),
                value => json!({"op": "add", "path": path, "value": value}),
            }
        })
        .collect();
    let whole = relabelled(cluster, name, labels);
    let mut roads = vec![
        Attack::new("PATCH", path(name, "")).body(MERGE, &merge),
        Attack::new("PATCH", path(name, "")).body(STRATEGIC, &merge),
        Attack::new("PATCH", path(name, "")).body(JSON_PATCH, &json!(operations)),
        Attack::new("PUT", path(name, "")).json(&whole),
        Attack::new("PATCH", path(name, "/status")).body(MERGE, &merge),
        Attack::new("PUT", path(name, "/status")).json(&whole),
        Attack::new("PUT", path(name, "/finalize")).json(&whole),
    ];
    // What is not applied is not taken off: apply is for changes.
    if !labels
        .as_object()
        .into_iter()
        .flatten()
        .any(|(_, value)| value.is_null())
    {
        let apply = format!("{}?fieldManager=e2e&force=true", path(name, ""));
        roads.push(Attack::new("PATCH", apply).body(APPLY, &object(name, labels)));
    }
    roads
}

/// Labels before, the change, and what a refusal says.
fn changes() -> Vec<(Value, Value, &'static str)> {
    let mode = |value: &str| json!({MODE: value});
    let off = json!({MODE: null});
    let lower = "lower or remove rolegate.dev/mode of namespace";
    let no_mode = "to \"";
    let security = "lower Pod Security";
    let level = |part: &str, value: &str| json!({MODE: "audit", (format!("pod-security.kubernetes.io/{part}")): value});
    let to =
        |part: &str, value: Value| json!({(format!("pod-security.kubernetes.io/{part}")): value});
    let mut changes = vec![
        (mode("enforce"), mode("warn"), lower),
        (mode("enforce"), mode("audit"), lower),
        (mode("enforce"), off.clone(), lower),
        (mode("warn"), mode("audit"), lower),
        (mode("warn"), off.clone(), lower),
        (mode("audit"), off.clone(), lower),
        // No mode, so enforce holds.
        (mode("enfroce"), off.clone(), lower),
        (mode("enfroce"), mode("warn"), lower),
        (mode(""), off.clone(), lower),
        (mode(""), mode("audit"), lower),
        (mode("enforce"), mode("enfroce"), no_mode),
        (mode("audit"), mode("Enforce"), no_mode),
        (mode("audit"), mode("off"), no_mode),
        (mode("audit"), mode(""), no_mode),
        (json!({}), mode("none"), no_mode),
        (mode("enfroce"), mode("enforec"), no_mode),
        (
            json!({CHAIN: "enabled"}),
            json!({CHAIN: null}),
            "change rolegate.dev/chain",
        ),
        (
            json!({CHAIN: "enabled"}),
            json!({CHAIN: "disabled"}),
            "change rolegate.dev/chain",
        ),
        (
            json!({CHAIN: ""}),
            json!({CHAIN: null}),
            "change rolegate.dev/chain",
        ),
        (
            mode("enforce"),
            json!({CHAIN: "enabled"}),
            "change rolegate.dev/chain",
        ),
        (
            level("enforce-version", "v1.30"),
            to("enforce-version", json!("v1.4")),
            security,
        ),
        (
            level("enforce-version", "latest"),
            to("enforce-version", json!("v1.30")),
            security,
        ),
        (
            mode("audit"),
            to("enforce-version", json!("v1.30")),
            security,
        ),
        (
            json!({}),
            json!({"resource.kubernetes.io/admin-access": "true"}),
            "admin-access",
        ),
        (
            mode("audit"),
            json!({"resource.k8s.io/admin-access": "true"}),
            "admin-access",
        ),
    ];
    for part in ["enforce", "audit", "warn"] {
        changes.extend([
            (
                level(part, "restricted"),
                to(part, json!("baseline")),
                security,
            ),
            (level(part, "restricted"), to(part, Value::Null), security),
            (
                level(part, "baseline"),
                to(part, json!("privileged")),
                security,
            ),
            // Without a label the cluster's default applies.
            (mode("enforce"), to(part, json!("privileged")), security),
            // Two at once: one up, one down.
            (
                level(part, "baseline"),
                json!({(format!("pod-security.kubernetes.io/{part}")): null, MODE: "enforce"}),
                security,
            ),
        ]);
    }
    changes
}

#[test]
fn labels_come_off_by_every_road_where_no_guard_is() {
    let cluster = bare();
    for (before, change, _) in changes() {
        let count = roads(cluster, &make(cluster, &before), &change).len();
        for index in 0..count {
            let name = make(cluster, &before);
            let road = roads(cluster, &name, &change).swap_remove(index);
            let what = format!("{before} {change} {road:?}");
            assert_passes(&what, &road.by(cluster, cluster.mallory()));
            let labels = &cluster.get(&path(&name, ""))["metadata"]["labels"];
            for (key, value) in change.as_object().into_iter().flatten() {
                assert_eq!(&labels[key], value, "{what}");
            }
        }
    }
}

#[test]
fn every_road_is_closed() {
    let cluster = with_guards();
    for (before, change, said) in changes() {
        let name = make(cluster, &before);
        for road in roads(cluster, &name, &change) {
            let what = format!("{before} {change} {road:?}");
            for road in [road.clone(), road.dry()] {
                let answer = road.by(cluster, cluster.mallory());
                assert_refused(
                    &what,
                    &answer,
                    GUARD,
                    "rolegate namespace-guard: mallory may not ",
                );
                assert!(answer.message().contains(said), "{what}: {}", answer.body);
                assert!(answer.message().contains(&name), "{what}: {}", answer.body);
            }
        }
    }
}

/// Pod Security itself refuses a level that is none, but not by a subresource.
#[test]
fn a_level_that_is_none_does_not_slip_in_by_a_subresource() {
    for (part, value) in [
        ("audit", "nonsense"),
        ("enforce", "nonsense"),
        ("enforce-version", "nonsense"),
        ("enforce-version", "v1.99999999999999999999"),
    ] {
        let label = format!("pod-security.kubernetes.io/{part}");
        let before = if part == "enforce-version" {
            "latest"
        } else {
            "baseline"
        };
        let labels = json!({MODE: "warn", (label.as_str()): before});
        let change = json!({"metadata": {"labels": {(label.as_str()): value}}});
        let attack = |name: &str| Attack::new("PATCH", path(name, "/status")).body(MERGE, &change);
        let name = make(bare(), &labels);
        assert_passes(&label, &attack(&name).by(bare(), bare().mallory()));
        let name = make(with_guards(), &labels);
        let answer = attack(&name).by(with_guards(), with_guards().mallory());
        assert_refused(&label, &answer, GUARD, "lower Pod Security");
    }
}

/// One that is there already counts as what Pod Security makes of it.
#[test]
fn a_level_that_is_none_is_not_lowered_either() {
    let cluster = with_guards();
    let label = "pod-security.kubernetes.io/enforce";
    let name = make(cluster, &json!({MODE: "warn", (label): "baseline"}));
    let set = |value: Value| {
        let labels = json!({"metadata": {"labels": {(label): value}}});
        Attack::new("PATCH", path(&name, "/status")).body(MERGE, &labels)
    };
    assert_passes(
        "as administrator",
        &set(json!("nonsense")).by(cluster, cluster.admin()),
    );
    for value in [json!("baseline"), Value::Null] {
        let answer = set(value.clone()).by(cluster, cluster.mallory());
        assert_refused(&value.to_string(), &answer, GUARD, "lower Pod Security");
    }
    let answer = set(json!("restricted")).by(cluster, cluster.mallory());
    assert_passes("raised", &answer);
}

/// Deleting it, or having it deleted, and emptying it of what holds it back.
#[test]
fn it_is_not_deleted_by_any_road() {
    let attacks = |cluster: &Cluster, name: &str| {
        let owned = json!({"metadata": {"ownerReferences": [{
            "apiVersion": "v1", "kind": "Node", "name": "gone", "uid": "00000000-0000-0000-0000-000000000000",
        }]}});
        let mut finalized = cluster.get(&path(name, ""));
        finalized["spec"]["finalizers"] = json!([]);
        vec![
            (
                "change its owners",
                Attack::new("PATCH", path(name, "")).body(MERGE, &owned),
            ),
            (
                "take finalizers",
                Attack::new("PUT", path(name, "/finalize")).json(&finalized),
            ),
            (
                "delete namespace",
                Attack::new("DELETE", path(name, "")).dry(),
            ),
            ("delete namespace", Attack::new("DELETE", path(name, ""))),
        ]
    };
    for labels in [
        json!({MODE: "audit"}),
        json!({MODE: "enfroce"}),
        json!({MODE: ""}),
        json!({CHAIN: "enabled"}),
    ] {
        let name = make(with_guards(), &labels);
        for (said, attack) in attacks(with_guards(), &name) {
            let what = format!("{labels} {attack:?}");
            let answer = attack.by(with_guards(), with_guards().mallory());
            assert_refused(&what, &answer, GUARD, said);
        }
        let count = attacks(bare(), &make(bare(), &labels)).len();
        for index in 0..count {
            let name = make(bare(), &labels);
            let (_, attack) = attacks(bare(), &name).swap_remove(index);
            let what = format!("{labels} {attack:?}");
            assert_passes(&what, &attack.by(bare(), bare().mallory()));
        }
    }
}

/// A new namespace may choose its mode, and nothing else of these.
#[test]
fn a_new_one_with_a_label_that_is_wrong_is_refused() {
    for (labels, said) in [
        (json!({MODE: "enfroce"}), "to \"enfroce\""),
        (json!({MODE: ""}), "to \"\""),
        (json!({CHAIN: "yes"}), "change rolegate.dev/chain"),
        (
            json!({"resource.kubernetes.io/admin-access": "true"}),
            "admin-access",
        ),
    ] {
        let name = dirs::random_name("e2e-guard");
        let create = Attack::new("POST", "/api/v1/namespaces").json(&object(&name, &labels));
        let answer = create.by(with_guards(), with_guards().mallory());
        assert_refused(&labels.to_string(), &answer, GUARD, said);
        let mut generated = object("", &labels);
        generated["metadata"] = json!({"generateName": "e2e-guard-", "labels": labels});
        let create = Attack::new("POST", "/api/v1/namespaces").json(&generated);
        let answer = create.by(with_guards(), with_guards().mallory());
        assert_refused(&labels.to_string(), &answer, GUARD, said);
        assert_passes("bare", &create.by(bare(), bare().mallory()));
    }
}

/// Whoever may pretend to be a controller has its name and no uid.
#[test]
fn a_controllers_name_is_not_a_controller() {
    let cluster = with_guards();
    let name = make(cluster, &json!({MODE: "enforce"}));
    for pretended in ["namespace-controller", "generic-garbage-collector"] {
        let user = format!("system:serviceaccount:kube-system:{pretended}");
        let delete = Attack::new("DELETE", path(&name, "")).dry();
        let answer = delete
            .request(cluster, cluster.admin())
            .impersonate(&user)
            .send();
        assert_refused(pretended, &answer, GUARD, &format!("{user} may not delete"));
    }
}
