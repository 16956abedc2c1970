//! Is it a real control plane? What every other test takes for granted.

use serde_json::json;

use crate::harness::accounts::{pod, pod_spec};
use crate::harness::{Cluster, Namespace, wait};

#[test]
fn calls_itself_by_its_version() {
    let version = Cluster::shared().get("/version");
    assert_eq!(version["major"], "1", "{version}");
    let text = version["gitVersion"].as_str().unwrap_or_default();
    assert!(
        text.starts_with("v1.") && !text.contains("v0.0.0"),
        "{version}"
    );
}

#[test]
fn kubectl_acts_as_the_user_it_is_given() {
    let cluster = Cluster::shared();
    let mine = Namespace::unmanaged(cluster);
    let alice = cluster.kubectl(cluster.alice());
    let who = alice.run(&[
        "auth",
        "whoami",
        "-o",
        "jsonpath={.status.userInfo.username}",
    ]);
    assert_eq!(who.expect_ok(), "alice");

    let bob = cluster.kubectl(cluster.bob()).namespace(&mine);
    let refused = bob.run(&["get", "pods"]).expect_refused();
    assert!(
        refused.contains("Forbidden"),
        "bob has no rights here: {refused}"
    );

    let operator = cluster.kubectl(cluster.cluster_operator());
    assert_eq!(
        operator
            .run(&["auth", "can-i", "*", "*", "-A"])
            .expect_ok()
            .trim(),
        "yes"
    );
}

#[test]
fn job_controller_makes_a_pod_under_its_own_identity() {
    let cluster = Cluster::shared();
    let namespace = Namespace::unmanaged(cluster);
    cluster.create(
        &namespace.group("batch/v1", "jobs"),
        &json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "job"},
            "spec": {"template": {"spec": pod_spec("default")}},
        }),
    );
    wait::until("the Job's pod", || {
        let pods = cluster.get(&namespace.core("pods?labelSelector=job-name=job"));
        let made = pods["items"]
            .as_array()
            .is_some_and(|items| items.len() == 1);
        made.then_some(()).ok_or_else(|| pods.to_string())
    });
    namespace.wait_for_audit("the job controller's CREATE of a pod", |event| {
        event["verb"] == "create"
            && event["objectRef"]["resource"] == "pods"
            && event["user"]["username"] == "system:serviceaccount:kube-system:job-controller"
            && event["user"]["uid"].is_string()
    });
}

/// That no impersonated identity is ever taken for a job rests on
/// these differences.
#[test]
fn impersonated_unbound_and_bound_service_accounts_can_be_told_apart() {
    let cluster = Cluster::shared();
    let namespace = Namespace::unmanaged(cluster);
    let (pod, bound) = namespace.job("spark", "driver");
    let unbound = namespace.unbound_token("spark");
    let who = |request: crate::harness::http::Request<'_>| {
        request
            .json(&json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}))
            .send()
            .expect_status(201)
            .json()["status"]["userInfo"]
            .clone()
    };
    let review = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let pod_uid = "authentication.kubernetes.io/pod-uid";

    let bound = who(cluster.request(&bound, "POST", review));
    assert_eq!(bound["extra"][pod_uid][0], pod.uid, "{bound}");
    assert!(bound["uid"].is_string(), "{bound}");

    let unbound = who(cluster.request(&unbound, "POST", review));
    assert!(
        unbound["extra"][pod_uid].is_null() && unbound["uid"].is_string(),
        "{unbound}"
    );

    let name = namespace.account_user("spark");
    let pretended = who(cluster
        .request(cluster.admin(), "POST", review)
        .impersonate(&name));
    assert_eq!(pretended["username"], bound["username"]);
    assert!(
        pretended["extra"].is_null() && pretended["uid"].is_null(),
        "{pretended}"
    );
}

#[test]
fn a_pod_gets_the_real_defaults() {
    let cluster = Cluster::shared();
    let namespace = Namespace::unmanaged(cluster);
    cluster.create(&namespace.core("pods"), &pod("plain", "default"));
    let stored = cluster.get(&namespace.core("pods/plain"));
    let token = &stored["spec"]["volumes"][0]["name"];
    assert!(
        token
            .as_str()
            .unwrap_or_default()
            .starts_with("kube-api-access-"),
        "{stored}"
    );
}
