//! Every recorded pod, through the real API server with both webhooks in front:
//! every patch applies, and a second pass changes nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scene::{self, CONFIG};
use crate::harness::{Namespace, pod_identity};

#[test]
fn every_recorded_pod_is_patched_once() {
    let namespace = scene::job("recorded").namespace;
    let mut known = BTreeSet::new();
    let mut chained = 0;
    for case in pod_identity::recorded() {
        // What was refused in the recording, for a reason of its own, is no pod.
        if !case["podStored"]["spec"].is_object() {
            continue;
        }
        service_account(&namespace, &case, &mut known);
        let mut pod = case["podSubmitted"].clone();
        pod["metadata"]["namespace"] = namespace.name.as_str().into();
        let first = dry_run(&namespace, &case, &pod);
        let second = dry_run(&namespace, &case, &as_sent(&first));
        for part in ["/spec", "/metadata/annotations", "/metadata/labels"] {
            assert_eq!(
                first.pointer(part),
                second.pointer(part),
                "{}, {part}",
                case["case"]
            );
        }
        chained += usize::from(first["metadata"]["annotations"][CONFIG].is_string());
    }
    assert!(chained > 80, "only {chained} pods were chained");
}

/// The case's own, made once.
fn service_account(namespace: &Namespace<'_>, case: &Value, known: &mut BTreeSet<String>) {
    let name = case["podSubmitted"]["spec"]["serviceAccountName"]
        .as_str()
        .unwrap_or("default");
    let theirs = super::job::COMPONENTS.map(super::job::account);
    if name == "default" || theirs.iter().any(|made| made == name) || !known.insert(name.to_owned())
    {
        return;
    }
    namespace.annotated_service_account(name, &case["serviceAccount"]["annotations"]);
    if case["case"]
        .as_str()
        .is_some_and(|case| case.starts_with("podid-"))
    {
        pod_identity::associate(&namespace.name, name);
    }
}

fn dry_run(namespace: &Namespace<'_>, case: &Value, pod: &Value) -> Value {
    let cluster = namespace.cluster;
    let answer = cluster
        .request(cluster.admin(), "POST", &namespace.core("pods?dryRun=All"))
        .json(pod)
        .send();
    assert_eq!(answer.status, 201, "{}: {}", case["case"], answer.body);
    answer.json()
}

/// A stored pod, as it can be sent again.
fn as_sent(stored: &Value) -> Value {
    let mut pod = stored.clone();
    let metadata = pod["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| {
        [
            "name",
            "generateName",
            "namespace",
            "labels",
            "annotations",
            "ownerReferences",
        ]
        .contains(&key.as_str())
    });
    if metadata.contains_key("generateName") {
        metadata.remove("name");
    }
    pod["status"].take();
    pod
}
