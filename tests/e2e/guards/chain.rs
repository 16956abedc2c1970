//! The annotations in which rolegate keeps a pod's AWS profile.

use serde_json::{Value, json};

use super::namespaces::CHAIN;
use super::{Attack, assert_passes, assert_refused, with_guards};
use crate::harness::Namespace;
use crate::harness::accounts::pod;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

const GUARD: &str = "chain-guard";
const PROFILE: &str = "rolegate.dev/aws-config";

/// With a pod that has a profile, and one that has none.
fn namespace(labels: &Value) -> Namespace<'static> {
    let namespace = Namespace::with_labels(with_guards(), labels);
    let mut chained = pod("chained", "default");
    chained["metadata"]["annotations"] = json!({(PROFILE): "[default]", "other": "1"});
    namespace.pod_from(&chained);
    namespace.pod("plain", "default");
    namespace
}

fn chained() -> Namespace<'static> {
    namespace(&json!({CHAIN: "enabled"}))
}

/// A change of one pod's annotations by every road that changes any.
fn roads(namespace: &Namespace<'_>, pod: &str, annotations: &Value) -> Vec<Attack> {
    let merge = json!({"metadata": {"annotations": annotations}});
    let mut whole = namespace
        .cluster
        .get(&namespace.core(&format!("pods/{pod}")));
    whole["metadata"]["managedFields"] = json!([]);
    // Whatever has changed meanwhile.
    whole["metadata"]["resourceVersion"] = Value::Null;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        match value {
            Value::Null => {
                let all = whole["metadata"]["annotations"].as_object_mut();
                all.expect("annotations").remove(key);
            }
            value => whole["metadata"]["annotations"][key] = value.clone(),
        }
    }
    let path = |rest: &str| namespace.core(&format!("pods/{pod}{rest}"));
    let mut roads = vec![
        Attack::new("PATCH", path("")).body(MERGE, &merge),
        Attack::new("PATCH", path("")).body(STRATEGIC, &merge),
        Attack::new("PUT", path("")).json(&whole),
        Attack::new("PATCH", path("/status")).body(MERGE, &merge),
        Attack::new("PUT", path("/status")).json(&whole),
    ];
    if annotations
        .as_object()
        .into_iter()
        .flatten()
        .all(|(_, value)| !value.is_null())
    {
        let applied = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "annotations": annotations}});
        let apply = path("?fieldManager=e2e&force=true");
        roads.push(Attack::new("PATCH", apply).body(APPLY, &applied));
        let (binding, bindings) = bindings(namespace, pod, annotations);
        roads.extend([binding, bindings]);
    }
    roads
}

/// What a scheduler sends, and its older form, with annotations.
fn bindings(namespace: &Namespace<'_>, pod: &str, annotations: &Value) -> (Attack, Attack) {
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": {"name": pod, "namespace": namespace.name, "annotations": annotations},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    });
    (
        Attack::new("POST", namespace.core(&format!("pods/{pod}/binding"))).json(&binding),
        Attack::new("POST", namespace.core("bindings")).json(&binding),
    )
}

fn changes() -> [(&'static str, Value); 4] {
    [
        (
            "chained",
            json!({(PROFILE): "[default]\ncredential_process = id"}),
        ),
        ("chained", json!({(PROFILE): null})),
        (
            "chained",
            json!({"rolegate.dev/chain-to": "arn:aws:iam::444455556666:role/other"}),
        ),
        ("plain", json!({(PROFILE): "[default]", "other": "1"})),
    ]
}

#[test]
fn annotations_change_by_every_road_where_chaining_is_off() {
    for (pod, change) in changes() {
        let namespace = namespace(&json!({}));
        let count = roads(&namespace, pod, &change).len();
        for index in 0..count {
            // A binding is for once.
            let road = roads(&namespace, pod, &change).swap_remove(index).dry();
            let answer = road.by(namespace.cluster, namespace.cluster.alice());
            assert_passes(&format!("{pod} {change} {road:?}"), &answer);
        }
    }
    // What a binding brings does end up on the pod.
    let namespace = namespace(&json!({}));
    let (binding, _) = bindings(&namespace, "plain", &json!({(PROFILE): "mine"}));
    let answer = binding.by(namespace.cluster, namespace.cluster.alice());
    assert_passes("binding", &answer);
    let pod = namespace.cluster.get(&namespace.core("pods/plain"));
    assert_eq!(pod["metadata"]["annotations"][PROFILE], "mine");
}

#[test]
fn no_road_changes_them_where_it_is_on() {
    // Whatever the mode, and whatever the label says.
    for labels in [
        json!({CHAIN: "enabled"}),
        json!({CHAIN: "enabled", "rolegate.dev/mode": "audit"}),
        json!({CHAIN: ""}),
    ] {
        let namespace = namespace(&labels);
        for (pod, change) in changes() {
            for road in roads(&namespace, pod, &change) {
                for road in [road.clone().dry(), road] {
                    let what = format!("{labels} {pod} {change} {road:?}");
                    let answer = road.by(namespace.cluster, namespace.cluster.alice());
                    let said = format!(
                        "alice may not change the rolegate.dev/ annotations of pod {}/{pod}.",
                        namespace.name
                    );
                    assert_refused(&what, &answer, GUARD, &said);
                }
            }
        }
    }
}

#[test]
fn everything_else_of_a_pod_is_as_free_as_before() {
    let namespace = chained();
    let cluster = namespace.cluster;
    let path = |rest: &str| namespace.core(&format!("pods/{rest}"));
    let mut attacks = vec![
        Attack::new("PATCH", path("chained")).body(MERGE, &json!({})),
        Attack::new("PATCH", path("chained")).body(MERGE, &json!({"metadata": {"labels": {"a": "b"}}})),
        Attack::new("PATCH", path("chained/status")).body(MERGE, &json!({"status": {"phase": "Running"}})),
        Attack::new("PATCH", path("plain/status")).body(MERGE, &json!({"status": {"message": "m"}})),
        Attack::new("PATCH", path("chained")).body(JSON_PATCH, &json!([
            {"op": "replace", "path": "/spec/containers/0/image", "value": "registry.example/main:2"},
        ])),
    ];
    for pod in ["chained", "plain"] {
        // A binding has no annotations as a rule, or others.
        let (binding, bindings) = bindings(
            &namespace,
            pod,
            &json!({"other.example.com/rolegate.dev": "1"}),
        );
        attacks.extend([binding.dry(), bindings.dry()]);
        attacks.extend(
            roads(&namespace, pod, &json!({"other": "2"}))
                .into_iter()
                .map(Attack::dry),
        );
    }
    attacks.push(Attack::new("POST", path("plain/binding")).json(&json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "plain"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    })));
    attacks.push(Attack::new("DELETE", path("chained")));
    for attack in attacks {
        assert_passes(&format!("{attack:?}"), &attack.by(cluster, cluster.alice()));
    }
}

#[test]
fn administrators_may() {
    let namespace = chained();
    let cluster = namespace.cluster;
    for (pod, change) in changes() {
        for road in roads(&namespace, pod, &change) {
            let answer = road.clone().dry().by(cluster, cluster.cluster_operator());
            assert_passes(&format!("{road:?}"), &answer);
        }
    }
}

/// A new pod is what the mutating webhook and its rule look at.
#[test]
fn a_new_pod_is_not_this_guards_business() {
    let namespace = chained();
    let mut new = pod("new", "default");
    new["metadata"]["annotations"] = json!({(PROFILE): "[default]"});
    let create = Attack::new("POST", namespace.core("pods")).json(&new);
    assert_passes(
        "create",
        &create.by(namespace.cluster, namespace.cluster.alice()),
    );
}

/// A pod may have very many annotations; its node must be able to report all
/// the same, and nobody gets past the guard that way.
#[test]
fn very_many_annotations_change_nothing() {
    let namespace = chained();
    let cluster = namespace.cluster;
    let mut many = pod("many", "default");
    let mut annotations = serde_json::Map::new();
    for index in 0..60_000 {
        annotations.insert(format!("{index:x}"), "".into());
    }
    annotations.insert(PROFILE.to_owned(), "[default]".into());
    many["metadata"]["annotations"] = annotations.into();
    namespace.pod_from(&many);
    let path = namespace.core("pods/many/status");
    let report =
        Attack::new("PATCH", path.clone()).body(MERGE, &json!({"status": {"phase": "Running"}}));
    assert_passes("report", &report.by(cluster, cluster.alice()));
    let change = json!({"metadata": {"annotations": {(PROFILE): "mine"}}});
    let attack = Attack::new("PATCH", path).body(MERGE, &change);
    let answer = attack.by(cluster, cluster.alice());
    assert!(
        answer.refused_by_guard(GUARD),
        "{} {}",
        answer.status,
        answer.body
    );
}
