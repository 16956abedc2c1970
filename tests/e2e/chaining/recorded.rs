//! Every recorded pod, through the real API server with both webhooks in front:
//! every patch applies, and a second pass changes nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::job;
use super::scene::{self, CONFIG};
use crate::harness::{Namespace, pod_identity};

#[test]
fn every_recorded_pod_is_patched_once() {
    let namespace = scene::job("recorded").namespace;
    let cluster = namespace.cluster;
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
        let stored = job::assert_settled(&pod, |pod| {
            let path = namespace.core("pods?dryRun=All");
            let request = cluster.request(cluster.admin(), "POST", &path);
            let answer = request.json(pod).send();
            assert_eq!(answer.status, 201, "{}: {}", case["case"], answer.body);
            answer.json()
        });
        chained += usize::from(stored["metadata"]["annotations"][CONFIG].is_string());
    }
    assert!(chained > 80, "only {chained} pods were chained");
}

/// The case's own, made once.
fn service_account(namespace: &Namespace<'_>, case: &Value, known: &mut BTreeSet<String>) {
    let name = case["podSubmitted"]["spec"]["serviceAccountName"]
        .as_str()
        .unwrap_or("default");
    let theirs = job::COMPONENTS.map(job::account);
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
