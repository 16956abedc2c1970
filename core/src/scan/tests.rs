//! Who could have written an object, and what the checks find of near misses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::policy::Policy;
use crate::rbac::{Binding, Graph, Role};

const DRIVER: &str = "emr-containers-sa-spark-driver-111122223333-2hiamcixdm9axe98";
const CLIENT: &str = "emr-containers-sa-spark-client-111122223333-2hiamcixdm9axe98";

fn object(kind: &str, name: &str, more: &Value) -> StoredObject {
    let api_version = match kind {
        "Pod" | "Service" | "ServiceAccount" => "v1",
        "Job" => "batch/v1",
        _ => "apps/v1",
    };
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": { "name": name, "namespace": "a" },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        match value {
            Value::Object(members) if key == "metadata" => {
                for (key, value) in members {
                    object["metadata"][key] = value.clone();
                }
            }
            other => object[key] = other.clone(),
        }
    }
    StoredObject::of_manifest(&object.to_string(), "").expect("an object")
}

fn template(account: &str) -> Value {
    json!({ "spec": { "template": { "spec": { "serviceAccountName": account } } } })
}

fn owned_by(kind: &str, name: &str, account: &str) -> Value {
    json!({
        "metadata": { "ownerReferences": [
            { "apiVersion": "v1", "kind": kind, "name": name, "uid": "u", "controller": true },
        ] },
        "spec": { "serviceAccountName": account },
    })
}

/// By the built-in policy, which names no operators and no submitters. Add-ons and the
/// tenant are always possible.
#[test]
fn the_likeliest_writers() {
    let policy = Policy::builtin();
    let job = "a job with the role 111122223333/team-a-etl";
    for (object, expected) in [
        (
            object("Pod", "x-1", &owned_by("ReplicaSet", "x", "default")),
            vec!["Kubernetes' replicaset-controller"],
        ),
        (
            object("ReplicaSet", "x-1", &owned_by("Deployment", "x", "default")),
            vec!["Kubernetes' deployment-controller"],
        ),
        (
            object(
                "Pod",
                "app-1-exec-1",
                &owned_by("Pod", "spark-x-driver", DRIVER),
            ),
            vec![job],
        ),
        (object("Pod", "web", &json!({ "spec": {} })), vec![]),
        // A name and a label make no workload EMR's: its account does.
        (
            object("Job", "0000000371ij6gf8asm", &template(CLIENT)),
            vec!["Amazon EMR"],
        ),
        (object("Job", "mine", &template(CLIENT)), vec![]),
        (object("Deployment", "mine", &template(DRIVER)), vec![]),
        (
            object("ServiceAccount", DRIVER, &json!({})),
            vec!["Amazon EMR"],
        ),
        (object("ServiceAccount", "mine", &json!({})), vec![]),
    ] {
        let found = writers(&object, None, &policy);
        let named: Vec<&str> = found
            .iter()
            .map(|writer| writer.is.as_str())
            .filter(|is| *is != "a tenant" && !is.starts_with("service account "))
            .collect();
        let mut named = named;
        named.dedup();
        assert_eq!(named, expected, "{object}");
        assert!(!found.is_empty(), "{object}");
    }
    // The pod that owns it, by the account that it runs under.
    let service = object("Service", "x", &owned_by("Pod", "driver", ""));
    let found = writers(&service, Some(DRIVER), &policy);
    assert_eq!(found[0].is, "pod driver");
    assert!(found[0].user.username.ends_with(DRIVER));
    assert!(found[0].user.extra.iter().any(|(_, value)| value == "u"));
}

#[test]
fn what_waits_and_what_runs() {
    let policy = Policy::builtin();
    let of = |kind: &str, spec: &Value| {
        let mut more = template(DRIVER);
        for (key, value) in spec.as_object().into_iter().flatten() {
            more["spec"][key] = value.clone();
        }
        waiting(&object(kind, "x", &more), &policy).map(|waiting| waiting.state)
    };
    let none = json!({ "replicas": 0 });
    assert_eq!(of("Deployment", &none).as_deref(), Some("0 replicas"));
    let suspended = json!({ "suspend": true });
    assert_eq!(of("Job", &suspended).as_deref(), Some("suspended"));
    assert_eq!(of("Job", &json!({})), None, "it runs or has run");
    let ordinary = object("Deployment", "x", &template("default"));
    assert_eq!(waiting(&ordinary, &policy), None);
}

fn graph(verbs: &[&str], namespace: &str) -> Graph {
    let role = json!({
        "kind": "ClusterRole", "metadata": { "name": "r" },
        "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": verbs }],
    });
    let binding = json!({
        "kind": "RoleBinding", "metadata": { "name": "b", "namespace": namespace },
        "roleRef": { "kind": "ClusterRole", "name": "r" },
        "subjects": [{ "kind": "Group", "name": "team" }],
    });
    let role = Role::parse(&role.to_string(), "").expect("a role");
    let binding = Binding::parse(&binding.to_string(), "").expect("a binding");
    Graph::new([role], [binding])
}

#[test]
fn checks_find_what_they_say_and_nothing_near_it() {
    let policy = Policy::builtin();
    for (verbs, namespace, found) in [
        (&["get"][..], "a", true),
        (&["create"], "a", false),
        (&["get"], "b", false),
    ] {
        let told = pod_readers(&graph(verbs, namespace), &policy, "a");
        assert_eq!(told.is_some(), found, "{verbs:?} {namespace}");
    }
    let labels = |level: &str| {
        let mut labels = BTreeMap::new();
        labels.insert(
            "pod-security.kubernetes.io/enforce".to_owned(),
            level.to_owned(),
        );
        labels
    };
    for (verbs, labels, found) in [
        (&["create"][..], BTreeMap::new(), 1),
        (&["create"], labels("privileged"), 1),
        (&["create"], labels("baseline"), 0),
        (&["get"], BTreeMap::new(), 0),
    ] {
        let told = node_access(&graph(verbs, "dev"), &policy, [("dev", &labels)]);
        assert_eq!(told.len(), found, "{verbs:?} {labels:?}");
    }
}
