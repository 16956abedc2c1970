//! The stand-in for EKS's pod identity webhook does what the real one was
//! recorded doing, in the same place: in front of a real API server.

use serde_json::{Value, json};

use crate::harness::{Cluster, Namespace, pod_identity};

/// What the stand-in is there for. The real one does more: tokens' lengths and
/// audiences, Windows, odd annotations.
const CASES: [&str; 19] = [
    "irsa-driver",
    "irsa-executor",
    "irsa-jobrunner-from-job",
    "init-and-native-sidecar",
    "no-annotation-sa",
    "skip-label",
    "env-role-arn-set",
    "env-both-set",
    "env-all-but-mount",
    "skip-fluentd",
    "volumes-absent",
    "volume-name-taken",
    "podid-sa-podid",
    "podid-sa-both",
    "podid-with-role-arn-env",
    "podid-uri-empty",
    "podid-no-labels",
    "podid-skip",
    "podid-label-taken",
];

#[test]
fn stand_in_does_what_the_real_one_was_recorded_doing() {
    let cluster = Cluster::shared();
    pod_identity::install_shared();
    for case in CASES.map(pod_identity::recorded_case) {
        let namespace = Namespace::unmanaged(cluster);
        let account = &case["serviceAccount"];
        let name = account["name"].as_str().unwrap_or_default();
        namespace.annotated_service_account(name, &account["annotations"]);
        let case_name = case["case"].as_str().unwrap_or_default();
        if case_name.starts_with("podid-") {
            pod_identity::associate(&namespace.name, name);
        }
        let mut pod = case["podSubmitted"].clone();
        pod["metadata"]["namespace"] = namespace.name.as_str().into();
        let stored = cluster.create(&namespace.core("pods"), &pod);
        for part in ["volumes", "containers", "initContainers"] {
            assert_eq!(
                normal(&stored["spec"][part]),
                normal(&case["podStored"]["spec"][part]),
                "case {case_name}, {part}"
            );
        }
        assert_eq!(
            stored["metadata"]["labels"], case["podStored"]["metadata"]["labels"],
            "case {case_name}"
        );
    }
}

/// Without the five random characters of `kube-api-access-xxxxx`, and without
/// the random life of a Pod Identity token.
fn normal(value: &Value) -> Value {
    let mut value = value.clone();
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = normal(item)),
        Value::Object(fields)
            if fields.get("audience") == Some(&json!("pods.eks.amazonaws.com")) =>
        {
            fields.remove("expirationSeconds");
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| *field = normal(field)),
        Value::String(text) if text.starts_with("kube-api-access-") => {
            text.truncate("kube-api-access-".len());
        }
        _ => {}
    }
    value
}
