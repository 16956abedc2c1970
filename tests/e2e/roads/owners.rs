//! Those whose work it is: EMR, administrators, the control plane. In an
//! enforce namespace, with rolegate in the way.

use serde_json::{Value, json};

use super::config_maps::map;
use super::kinds::BUILT_IN;
use super::pair::{JOB, account, running_pod};
use super::refusal::{POD_EXEC, assert_refused};
use super::road::Road;
use super::sample::{Sample, prepare, samples};
use crate::harness::audit::annotation;
use crate::harness::http::MERGE;
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace, wait};

fn namespace() -> Namespace<'static> {
    let namespace = Namespace::labelled(guarded().cluster, "enforce");
    for component in ["client", "driver", "jeg"] {
        namespace.service_account(&account(component));
    }
    namespace
}

/// Whether rolegate had a say in an event.
fn asked(event: &Value) -> bool {
    let annotations = event["annotations"].as_object();
    annotations.is_some_and(|all| all.keys().any(|key| key.contains("rolegate.dev/")))
}

/// Waits for the pod of a controller, and for the event of its creation:
/// admitted, by rolegate and without a finding.
fn assert_controller_starts(namespace: &Namespace<'_>, controller: &str, account: &str) {
    let event = namespace
        .wait_for_audit("the controller's pod", |event| {
            event["verb"] == "create"
                && event["objectRef"]["resource"] == "pods"
                && event["user"]["username"]
                    == format!("system:serviceaccount:kube-system:{controller}")
        })
        .remove(0);
    assert_eq!(event["responseStatus"]["code"], 201, "{event}");
    assert!(
        annotation(&event, "enforce.rolegate.dev/policy").is_some(),
        "rolegate was asked: {event}"
    );
    assert_eq!(
        annotation(&event, "enforce.rolegate.dev/foreign-service-account"),
        None
    );
    wait::until("the pod", || {
        let pods = namespace.cluster.get(&namespace.core("pods"));
        let items = pods["items"].as_array().cloned().unwrap_or_default();
        let there = items
            .iter()
            .any(|pod| pod["spec"]["serviceAccountName"] == account);
        there.then_some(()).ok_or_else(|| pods.to_string())
    });
}

#[test]
fn emrs_job_gets_its_pod_from_the_job_controller() {
    let namespace = namespace();
    let mut job = BUILT_IN
        .iter()
        .find(|kind| kind.kind == "Job")
        .expect("in the table")
        .object(JOB, &account("client"));
    job["spec"]["suspend"] = false.into();
    Road::create("batch/v1", "jobs", &job)
        .by(namespace.cluster.emr(), &namespace)
        .expect_status(201);
    assert_controller_starts(&namespace, "job-controller", &account("client"));
}

#[test]
fn emrs_endpoint_gets_its_gateway_from_the_replica_set_controller() {
    let namespace = namespace();
    let mut gateway = BUILT_IN[0].object("jeg", &account("jeg"));
    gateway["spec"]["replicas"] = 1.into();
    Road::create("apps/v1", "deployments", &gateway)
        .by(namespace.cluster.emr(), &namespace)
        .expect_status(201);
    assert_controller_starts(&namespace, "replicaset-controller", &account("jeg"));
}

#[test]
fn emr_writes_its_config_maps_and_gets_into_its_pods() {
    let namespace = namespace();
    let emr = namespace.cluster.emr();
    running_pod(&namespace, "driver", &account("driver"));
    for name in [
        format!("podtemplate-{JOB}"),
        format!("{JOB}-spark-defaults"),
        format!("fluentd-x-{JOB}"),
    ] {
        let one = format!("configmaps/{name}");
        for (road, status) in [
            (Road::create("v1", "configmaps", &map(&name, "1")), 201),
            (
                Road::patch("v1", &one, MERGE, &json!({"data": {"key": "2"}})),
                200,
            ),
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
    // What its documented Role does not hold it does not get.
    for (rest, seen) in [
        ("pods/driver/attach", "attach to pod <ns>/driver."),
        ("pods/driver/proxy/", "proxy to pod <ns>/driver."),
    ] {
        let answer = Road::new("POST", "v1", rest).by(emr, &namespace);
        let seen = format!("emr-containers may not {seen}");
        assert_refused(&answer, &namespace, POD_EXEC, &seen);
    }
}

/// `system:masters`, and whoever RBAC gives everything, cluster-wide: they get
/// in on the worst day, so rolegate is not even asked.
#[test]
fn administrators_and_holders_of_the_break_glass_right_are_not_asked_about() {
    let cluster = guarded().cluster;
    for user in [cluster.admin(), cluster.cluster_operator()] {
        let namespace = prepare(Namespace::labelled(cluster, "enforce"));
        for Sample { road, open, .. } in samples() {
            road.by(user, &namespace).expect_status(open);
        }
        let events = namespace.wait_for_audit("their requests", |event| {
            event["user"]["username"] == user.name.as_str()
        });
        for event in events {
            assert!(!asked(&event), "{event}");
        }
    }
}

/// The same roads, to show that they are roads: `*` on `*` in one namespace is
/// no break-glass right.
#[test]
fn everything_in_one_namespace_is_no_break_glass_right() {
    let namespace = prepare(Namespace::labelled(guarded().cluster, "enforce"));
    for Sample {
        road, rule, seen, ..
    } in samples()
    {
        let answer = road.by(namespace.cluster.alice(), &namespace);
        assert_refused(&answer, &namespace, rule, &format!("{seen}."));
    }
}

#[test]
fn nodes_report_and_the_scheduler_binds() {
    let namespace = namespace();
    let cluster = namespace.cluster;
    namespace.pod("driver", &account("driver"));
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "driver"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    });
    Road::create("v1", "pods/driver/binding", &binding)
        .by(cluster.scheduler(), &namespace)
        .expect_status(201);
    let running = json!({"status": {"phase": "Running"}});
    Road::patch("v1", "pods/driver/status", MERGE, &running)
        .by(cluster.node(), &namespace)
        .expect_status(200);
    Road::new("DELETE", "v1", "pods/driver?gracePeriodSeconds=0")
        .by(cluster.node(), &namespace)
        .expect_status(200);
}

fn is_gone(cluster: &Cluster, path: &str) -> Result<(), String> {
    let answer = cluster.request(cluster.admin(), "GET", path).try_send()?;
    (answer.status == 404).then_some(()).ok_or(answer.body)
}

#[test]
fn the_root_certificate_comes_back() {
    let namespace = namespace();
    let cluster = namespace.cluster;
    let path = namespace.core("configmaps/kube-root-ca.crt");
    wait::until("the root certificate's ConfigMap", || {
        let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    let first = cluster.get(&path)["metadata"]["uid"].clone();
    let delete = cluster.request(cluster.admin(), "DELETE", &path);
    delete.send().expect_status(200);
    wait::until("another one", || {
        let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
        let again = answer.status == 200 && answer.json()["metadata"]["uid"] != first;
        again.then_some(()).ok_or(answer.body)
    });
}

#[test]
fn the_garbage_collector_collects() {
    let namespace = namespace();
    let cluster = namespace.cluster;
    let owner = cluster.create(&namespace.core("configmaps"), &map("owner", "1"));
    let mut collected = map(&format!("podtemplate-{JOB}"), "1");
    collected["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
    }]);
    cluster.create(&namespace.core("configmaps"), &collected);
    let path = namespace.core("configmaps/owner");
    let delete = cluster.request(cluster.admin(), "DELETE", &path);
    delete.send().expect_status(200);
    let path = namespace.core(&format!("configmaps/podtemplate-{JOB}"));
    wait::until("the garbage collector", || is_gone(cluster, &path));
}

#[test]
fn a_namespace_with_jobs_in_it_deletes() {
    let namespace = namespace();
    let cluster = namespace.cluster;
    cluster.create(
        &namespace.core("configmaps"),
        &map(&format!("podtemplate-{JOB}"), "1"),
    );
    namespace.pod("driver", &account("driver"));
    for kind in BUILT_IN {
        Road::create(
            kind.group_version,
            kind.plural,
            &kind.object("emrs", &account("driver")),
        )
        .by(cluster.admin(), &namespace)
        .expect_status(201);
    }
    let path = format!("/api/v1/namespaces/{}", namespace.name);
    let delete = cluster.request(cluster.admin(), "DELETE", &path);
    delete.send().expect_status(200);
    wait::until("the namespace to be gone", || is_gone(cluster, &path));
}
