//! `kubectl apply -k manifests`, as the install page says, on a control plane
//! of its own: what is applied there is pointed at a Service nobody serves.

use std::path::Path;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::cast::config_map;
use crate::harness::http::JSON_PATCH;
use crate::harness::kubectl::Output;
use crate::harness::rolegate::Rolegate;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, wait};

const PODS: &str = "/api/v1/namespaces/rolegate/pods";
const WEBHOOK: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/rolegate";

struct Installed {
    cluster: Cluster,
    first: Output,
}

fn manifests() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    path.display().to_string()
}

fn apply(cluster: &Cluster) -> Output {
    let kubectl = cluster.kubectl(cluster.admin());
    kubectl.run(&["apply", "--validate=strict", "-k", &manifests()])
}

fn installed() -> &'static Installed {
    static INSTALLED: LazyLock<Installed> = LazyLock::new(|| {
        let cluster = Cluster::start();
        let first = apply(&cluster);
        Installed { cluster, first }
    });
    &INSTALLED
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map_or(&[], Vec::as_slice)
}

/// The pods the real controllers made of the Deployment.
fn pods(cluster: &Cluster) -> Vec<Value> {
    wait::until("two pods of the Deployment", || {
        let pods = cluster.get(PODS);
        let ours = items(&pods)
            .iter()
            .filter(|pod| pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet");
        let ours: Vec<Value> = ours.cloned().collect();
        (ours.len() == 2).then_some(ours).ok_or_else(|| {
            let path = "/apis/apps/v1/namespaces/rolegate/replicasets";
            format!("{pods} {}", cluster.get(path)["items"][0]["status"])
        })
    })
}

#[test]
fn everything_is_created_without_a_warning() {
    let Installed { cluster, first } = installed();
    assert_eq!((first.code, first.stderr.as_str()), (0, ""), "{first}");
    for kind in [
        "namespace/rolegate",
        "serviceaccount/rolegate",
        "clusterrole.rbac.authorization.k8s.io/rolegate-breakglass",
        "configmap/rolegate-policy",
        "service/rolegate",
        "deployment.apps/rolegate",
        "poddisruptionbudget.policy/rolegate",
        "networkpolicy.networking.k8s.io/rolegate",
        "validatingadmissionpolicy.admissionregistration.k8s.io/rolegate-secret-guard",
        "validatingadmissionpolicybinding.admissionregistration.k8s.io/rolegate-secret-guard-enforce",
        "validatingadmissionpolicybinding.admissionregistration.k8s.io/rolegate-self-guard",
        "validatingwebhookconfiguration.admissionregistration.k8s.io/rolegate",
        "mutatingwebhookconfiguration.admissionregistration.k8s.io/rolegate",
    ] {
        assert!(
            first.stdout.contains(&format!("{kind} created")),
            "{kind}: {first}"
        );
    }
    assert_eq!(pods(cluster).len(), 2);
}

#[test]
fn a_second_time_changes_nothing() {
    let Installed { cluster, .. } = installed();
    // After that no controller writes anything but status.
    pods(cluster);
    let stored = || {
        let kubectl = cluster.kubectl(cluster.admin());
        let listed = kubectl
            .run(&["get", "-o", "json", "-k", &manifests()])
            .expect_ok();
        let mut listed: Value = serde_json::from_str(&listed).expect("a List");
        for object in listed["items"].as_array_mut().expect("objects") {
            object["status"] = Value::Null;
            object["metadata"]["resourceVersion"] = Value::Null;
            object["metadata"]["managedFields"] = Value::Null;
        }
        listed
    };
    let before = stored();
    let second = apply(cluster).expect_ok();
    for line in second.lines() {
        // kubectl sends a PodDisruptionBudget's spec each time, changed or not.
        let unchanged = line.ends_with(" unchanged")
            || line == "poddisruptionbudget.policy/rolegate configured";
        assert!(unchanged, "{second}");
    }
    assert_eq!(items(&before).len(), second.lines().count(), "{second}");
    assert_eq!(before, stored());
}

/// What `certs/` fills in, or cert-manager, is not the file's to take away.
#[test]
fn a_second_time_leaves_the_ca_bundle_alone() {
    // Not in `installed`, where another test compares before and after.
    let cluster = Cluster::start();
    let shipped = format!("{}/webhook/validating.yaml", manifests());
    let admin = cluster.kubectl(cluster.admin());
    admin.run(&["apply", "-f", &shipped]).expect_ok();
    let bundle = STANDARD.encode(cluster.authority.certificate());
    let patch: Vec<Value> = (0..4)
        .map(|index| json!({"op": "add", "path": format!("/webhooks/{index}/clientConfig/caBundle"), "value": bundle}))
        .collect();
    let request = cluster.request(cluster.admin(), "PATCH", WEBHOOK);
    request
        .body(JSON_PATCH, Value::from(patch).to_string())
        .send()
        .expect_status(200);
    for how in [
        &["apply", "-f", &shipped][..],
        &["apply", "--server-side", "-f", &shipped],
    ] {
        admin.run(how).expect_ok();
        let stored = cluster.get(WEBHOOK);
        for webhook in stored["webhooks"].as_array().into_iter().flatten() {
            assert_eq!(webhook["clientConfig"]["caBundle"], *bundle, "{how:?}");
        }
    }
}

#[test]
fn the_deployments_pods_pass_pod_security_restricted() {
    let Installed { cluster, .. } = installed();
    let deployment = cluster.get("/apis/apps/v1/namespaces/rolegate/deployments/rolegate");
    let mut pod = deployment["spec"]["template"].clone();
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["generateName"] = "by-hand-".into();
    let create = |pod: &Value| {
        let path = format!("{PODS}?dryRun=All");
        cluster
            .request(cluster.admin(), "POST", &path)
            .json(pod)
            .send()
    };
    let answer = create(&pod).expect_status(201);
    assert_eq!(answer.warnings(), [""; 0]);
    // The namespace does enforce it.
    let mut loose = pod.clone();
    loose["spec"]["hostNetwork"] = true.into();
    let answer = create(&loose).expect_status(403);
    assert!(
        answer
            .message()
            .contains("violates PodSecurity \"restricted"),
        "{}",
        answer.body
    );
}

/// A stopped rolegate can be started again, whoever labels what.
#[test]
fn its_own_namespace_and_kube_system_are_never_judged() {
    let cluster = Cluster::start();
    let admin = cluster.kubectl(cluster.admin());
    apply(&cluster).expect_ok();
    let map = config_map("new");
    for (namespace, judged) in [
        ("kube-system", false),
        ("rolegate", false),
        ("default", true),
    ] {
        admin
            .run(&["label", "namespace", namespace, "rolegate.dev/mode=enforce"])
            .expect_ok();
        let grant = [
            "create",
            "rolebinding",
            "alice",
            "--clusterrole=admin",
            "--user=alice",
            "-n",
            namespace,
        ];
        admin.run(&grant).expect_ok();
        let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
        wait::until(&format!("{namespace}: judged {judged}"), || {
            let answer = cluster
                .request(cluster.alice(), "POST", &path)
                .json(&map)
                .try_send()?;
            let expected = if judged { 500 } else { 201 };
            (answer.status == expected).then_some(()).ok_or(answer.body)
        });
    }
    // `default` shows that the configuration is in effect by now.
    for namespace in ["kube-system", "rolegate"] {
        let path = format!("/api/v1/namespaces/{namespace}/configmaps?dryRun=All");
        cluster
            .request(cluster.alice(), "POST", &path)
            .json(&map)
            .send()
            .expect_status(201);
    }
}

/// With the addresses and files of a test in place of a pod's.
#[test]
fn the_deployments_arguments_start_the_binary_with_the_shipped_policy() {
    let shipped = Cluster::shared().read_manifest("manifests/deployment.yaml");
    let args = shipped[0]["spec"]["template"]["spec"]["containers"][0]["args"].as_array();
    let mut args = args.expect("arguments").iter().filter_map(Value::as_str);
    assert_eq!(args.next(), Some("serve"));
    let mut given = Vec::new();
    let mut own = Vec::new();
    while let Some(flag) = args.next() {
        let value = args.next().unwrap_or_else(|| panic!("{flag} has no value"));
        match flag {
            "--listen" | "--health-listen" | "--tls-cert" | "--tls-key" | "--policy" => {
                own.push(flag);
            }
            _ => given.extend([flag, value]),
        }
    }
    // The harness gives these five itself.
    assert_eq!(own.len(), 5, "{own:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy.yaml");
    let policy = std::fs::read_to_string(path).expect("the shipped policy");
    let rolegate = Rolegate::start_with(Some(&policy), &given);
    assert_eq!(rolegate.health("/livez").expect("an answer").0, 200);
    for line in rolegate.log_text().lines() {
        // --log-format json
        let parsed: Result<Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok(), "{line}");
    }
}

/// The file that all of the above install is the one that the tests read.
#[test]
fn the_kustomization_holds_the_tested_configuration() {
    let Installed { cluster, .. } = installed();
    let file = cluster.read_manifest(VALIDATING).remove(0);
    let stored = cluster.get(WEBHOOK);
    let pairs = file["webhooks"].as_array().into_iter().flatten();
    let pairs = pairs.zip(stored["webhooks"].as_array().into_iter().flatten());
    let mut compared = 0;
    for (file, stored) in pairs {
        for part in [
            "name",
            "rules",
            "namespaceSelector",
            "matchConditions",
            "failurePolicy",
            "clientConfig",
        ] {
            assert_eq!(file[part], stored[part], "{part}");
        }
        compared += 1;
    }
    assert_eq!(compared, 4);
}
