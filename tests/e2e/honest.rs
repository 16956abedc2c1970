//! Requests that rolegate admits in an enforce namespace: writes that change
//! nothing, a tenant's own objects, EMR's rights on a running job. Whole jobs
//! are in `jobs`.

use serde_json::{Value, json};

use crate::coverage::probes::{CLUSTER_SCOPED, NAMESPACED};
use crate::coverage::stage::stage;
use crate::harness::accounts::pod;
use crate::harness::cast::{JOB, OTHER_ROLE, config_map, job_account, token_request};
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::road::Road;
use crate::harness::scan;
use crate::harness::webhook::guarded_at_both_doors;
use crate::harness::workloads::{PLURALS, group_version, workload};
use crate::harness::{Namespace, wait};

/// The subresources of a kind that take writes of the whole object.
const WITHIN: [(&str, &[&str]); 4] = [
    ("pods", &["status", "resize", "ephemeralcontainers"]),
    ("services", &["status"]),
    ("jobs.batch", &["status"]),
    (
        "certificatesigningrequests.certificates.k8s.io",
        &["approval", "status"],
    ),
];

/// Controllers and clients write back what they read. For every kind that
/// rolegate judges, an empty patch of each type and a PUT of the stored object
/// pass, whatever the API server adds on the way.
#[test]
fn a_write_that_changes_nothing_passes() {
    let stage = stage();
    let mut wrong = Vec::new();
    let stored = NAMESPACED.iter().chain(&CLUSTER_SCOPED).copied();
    for resource in stored.chain(["things.stored.example.com"]) {
        // Who cannot read a Secret could read it in the answer.
        let user = match resource {
            "secrets" => stage.cluster.alice(),
            _ => stage.bob(),
        };
        let object = stage.stored(resource);
        let within = WITHIN.iter().find(|(known, _)| *known == resource);
        let subresources = within.map_or(&[][..], |(_, subresources)| subresources);
        let paths = subresources.iter().map(|sub| format!("{object}/{sub}"));
        for path in paths.chain([object.clone()]) {
            for (kind, body) in [
                (MERGE, json!({})),
                (STRATEGIC, json!({})),
                (JSON_PATCH, json!([])),
            ] {
                // Custom resources have no schema for it.
                if kind == STRATEGIC && resource.starts_with("things") {
                    continue;
                }
                let request = stage.cluster.request(user, "PATCH", &path);
                let answer = request.body(kind, body.to_string()).send();
                if answer.status != 200 {
                    wrong.push(format!("{kind} {path}: {}", answer.body));
                }
            }
            // Its controller may write in between.
            let answer = wait::until("a PUT of what is stored", || {
                let whole = stage.cluster.get(&object);
                let request = stage.cluster.request(user, "PUT", &path);
                let answer = request.json(&whole).try_send()?;
                (answer.status != 409)
                    .then_some(answer)
                    .ok_or("a conflict".to_owned())
            });
            if answer.status != 200 {
                wrong.push(format!("PUT {path}: {}", answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "refused:\n{}", wrong.join("\n"));
}

/// Labels and status of a workload under a job's account start nothing.
#[test]
fn labels_and_reports_of_a_jobs_workload_pass() {
    let namespace = Namespace::labelled(guarded_at_both_doors().cluster, "enforce");
    let cluster = namespace.cluster;
    let account = job_account("jeg", OTHER_ROLE);
    namespace.service_account(&account);
    let labels = json!({"metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}}});
    for plural in PLURALS {
        let group_version = group_version(plural).expect("one of them");
        let create = Road::create(group_version, plural, &workload(plural, "emrs", &account));
        create.by(cluster.admin(), &namespace).expect_status(201);
        let one = format!("{plural}/emrs");
        Road::patch(group_version, &*one, MERGE, &labels)
            .by(cluster.alice(), &namespace)
            .expect_status(200);
        let status = match plural {
            "podtemplates" | "jobs" => continue,
            "cronjobs" => json!({"lastScheduleTime": "2026-11-22T12:00:00Z"}),
            _ => json!({"observedGeneration": 1}),
        };
        let rest = format!("{one}/status");
        Road::patch(group_version, rest, MERGE, &json!({"status": status}))
            .by(cluster.alice(), &namespace)
            .expect_status(200);
    }
}

/// Pods, tokens and workloads under `default`.
#[test]
fn a_tenants_own_passes() {
    let namespace = Namespace::labelled(guarded_at_both_doors().cluster, "enforce");
    let cluster = namespace.cluster;
    let mut alias = pod("alias", "default");
    alias["spec"]["serviceAccount"] = alias["spec"]["serviceAccountName"].take();
    let mut mesh = pod("mesh", "default");
    mesh["spec"]["volumes"] = json!([{"name": "t", "projected": {"sources": [
        {"serviceAccountToken": {"path": "token", "audience": "istio-ca"}},
    ]}}]);
    let token = |spec| Road::create("v1", "serviceaccounts/default/token", &token_request(&spec));
    for road in [
        Road::create("v1", "pods", &pod("own", "default")),
        Road::create("v1", "pods", &alias),
        Road::create("v1", "pods", &mesh),
        Road::patch("v1", "pods/applied", APPLY, &pod("applied", "default"))
            .query("fieldManager=e2e"),
        token(json!({})),
        token(json!({"audiences": ["vault"]})),
    ] {
        let answer = road.by(cluster.alice(), &namespace);
        assert_eq!(answer.status, 201, "{}: {}", road.shown(), answer.body);
    }
    for plural in PLURALS {
        let group_version = group_version(plural).expect("one of them");
        Road::create(group_version, plural, &workload(plural, "own", "default"))
            .by(cluster.alice(), &namespace)
            .expect_status(201);
    }
    let policy = guarded_at_both_doors().rolegate.policy_file();
    scan::expect_honest(&namespace, &policy, &[]);
}

/// EMR has the rights of its documented Role: its ConfigMaps, exec and
/// port-forward, but not attach and proxy.
#[test]
fn emr_writes_its_maps_and_enters_its_pods() {
    let namespace = Namespace::labelled(guarded_at_both_doors().cluster, "enforce");
    let emr = namespace.cluster.emr();
    let driver = job_account("driver", OTHER_ROLE);
    namespace.service_account(&driver);
    namespace.running_pod("driver", &driver);
    for name in [
        format!("podtemplate-{JOB}"),
        format!("{JOB}-spark-defaults"),
        format!("fluentd-x-{JOB}"),
    ] {
        let one = format!("configmaps/{name}");
        let change: Value = json!({"data": {"key": "2"}});
        for (road, status) in [
            (Road::create("v1", "configmaps", &config_map(&name)), 201),
            (Road::patch("v1", &one, MERGE, &change), 200),
            (Road::new("DELETE", "v1", &one), 200),
        ] {
            road.by(emr, &namespace).expect_status(status);
        }
    }
    for rest in [
        "pods/driver/exec?command=id",
        "pods/driver/portforward?ports=80",
    ] {
        // Admitted; the pod has no node.
        Road::new("POST", "v1", rest)
            .by(emr, &namespace)
            .expect_status(400);
    }
    for rest in ["pods/driver/attach", "pods/driver/proxy/"] {
        let answer = Road::new("POST", "v1", rest).by(emr, &namespace);
        let message = answer.message();
        let says = "rolegate refused this request: pod-exec: emr-containers may not ";
        // Two doors: whichever is asked first.
        assert!(answer.status == 403 && message.contains(says), "{message}");
        assert!(
            message.contains("EMR itself needs exec and port-forward only"),
            "{message}"
        );
    }
}

/// The real controller writes it anew.
#[test]
fn the_root_certificate_comes_back() {
    let namespace = Namespace::labelled(guarded_at_both_doors().cluster, "enforce");
    let cluster = namespace.cluster;
    let path = namespace.core("configmaps/kube-root-ca.crt");
    let read = || cluster.request(cluster.admin(), "GET", &path).try_send();
    let first = wait::until("the root certificate's ConfigMap", || {
        let answer = read()?;
        let uid = (answer.status == 200).then(|| answer.json()["metadata"]["uid"].clone());
        uid.ok_or(answer.body)
    });
    let delete = cluster.request(cluster.admin(), "DELETE", &path);
    delete.send().expect_status(200);
    wait::until("another one", || {
        let answer = read()?;
        let again = answer.status == 200 && answer.json()["metadata"]["uid"] != first;
        again.then_some(()).ok_or(answer.body)
    });
}
