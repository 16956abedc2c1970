//! The worst day: rolegate is killed while jobs run.
//!
//! Where it enforces, no new write by a tenant or a job gets in; everything
//! that keeps a cluster alive goes on, and all other namespaces do not notice.
//! `conditions` proves the same request by request; here the real controllers
//! do the work.

mod cluster_lives;
mod recovery;
mod running;
mod stage;
mod writes;

use serde_json::json;

use crate::harness::Namespace;
use crate::harness::audit::annotation;
use crate::harness::cast::token_request;

use stage::Stage;
use writes::{Outcome, writes};

/// The annotation of a webhook that did not answer and was passed over.
const FAILED_OPEN: &str = "failed-open.validating.webhook.admission.k8s.io/round_0_index_0";

#[test]
fn enforce_refuses_new_writes_of_tenants_jobs_and_emr() {
    let stage = Stage::get();
    // A mode nobody knows counts as enforce.
    for mode in ["enforce", "enfroce"] {
        for write in writes(stage.job(mode)) {
            let (asked, outcome) = (write.to_string(), write.send(stage.cluster));
            assert!(
                matches!(&outcome, Outcome::NoAnswer(door) if door == "enforce.rolegate.dev"),
                "{mode}, {asked}: {outcome:?}"
            );
        }
    }
}

#[test]
fn warn_audit_and_unlabelled_namespaces_do_not_notice() {
    let stage = Stage::get();
    for (mode, door) in [
        ("warn", Some("warn.rolegate.dev")),
        ("audit", Some("audit.rolegate.dev")),
        ("", None),
    ] {
        let job = stage.job(mode);
        for write in writes(job) {
            let asked = write.to_string();
            // Not even there: service accounts with a reserved name.
            let reserved = write.names_a_reserved_account();
            let door = door.or(reserved.then_some("cluster.rolegate.dev"));
            let outcome = write.send(stage.cluster);
            let Outcome::Admitted { audit_id, warnings } = outcome else {
                panic!("{mode}, {asked}: {outcome:?}");
            };
            assert!(warnings.is_empty(), "{mode}, {asked}: {warnings:?}");
            let events = job.namespace.wait_for_audit(&asked, |event| {
                event["auditID"] == audit_id && event["stage"] == "ResponseComplete"
            });
            assert_eq!(annotation(&events[0], FAILED_OPEN), door, "{mode}, {asked}");
        }
    }
}

/// What a person sees of it.
#[test]
fn kubectl_says_which_webhook_did_not_answer() {
    let stage = Stage::get();
    let namespace = &stage.job("enforce").namespace;
    let kubectl = stage
        .cluster
        .kubectl(stage.cluster.alice())
        .namespace(namespace);
    let refused = kubectl.run(&["create", "configmap", "x"]).expect_refused();
    assert!(
        refused.contains(r#"failed calling webhook "enforce.rolegate.dev""#),
        "{refused}"
    );
}

#[test]
fn administrators_and_break_glass_get_in() {
    let stage = Stage::get();
    let cluster = stage.cluster;
    let namespace = &stage.job("enforce").namespace;
    let admin = cluster.kubectl(cluster.admin()).namespace(namespace);
    let operator = cluster
        .kubectl(cluster.cluster_operator())
        .namespace(namespace);
    for (name, kubectl, who) in [
        ("masters", &admin, "--as="),
        ("operator", &operator, "--as="),
        ("oncall", &admin, "--as=oncall"),
    ] {
        kubectl.run(&["create", "configmap", name, who]).expect_ok();
        kubectl
            .run(&["label", "configmap", name, who, "a=b"])
            .expect_ok();
        kubectl.run(&["delete", "configmap", name, who]).expect_ok();
    }
    // The same person without the role.
    let refused = admin.run(&["create", "configmap", "x", "--as=offcall"]);
    let refused = refused.expect_refused();
    assert!(refused.contains("failed calling webhook"), "{refused}");
}

#[test]
fn a_namespace_made_during_the_outage_is_furnished() {
    let cluster = Stage::get().cluster;
    // Comes back when the default service account is there.
    let namespace = Namespace::labelled(cluster, "enforce");
    cluster_lives::eventually_there(&namespace, "configmaps/kube-root-ca.crt");
    let probe = namespace.try_config_map().expect("an answer");
    assert_eq!(probe.status, 500, "it is not yet managed: {}", probe.body);
}

#[test]
fn the_scheduler_binds_and_the_kubelet_takes_over() {
    let stage = Stage::get();
    let cluster = stage.cluster;
    let namespace = &stage.job("enforce").namespace;
    let pod = namespace.pod("admins-own", "default");
    running::bind(namespace, &pod.name);
    running::report(namespace, &pod.name, "Running");
    let stored = cluster.get(&namespace.core("pods/admins-own"));
    assert_eq!(stored["spec"]["nodeName"], running::NODE);
    assert_eq!(stored["status"]["phase"], "Running");
    let bound = json!({"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid});
    let token = token_request(&json!({ "boundObjectRef": bound }));
    crate::harness::wait::until("a token for the pod on the node", || {
        let path = namespace.core("serviceaccounts/default/token");
        let answer = cluster
            .request(cluster.node(), "POST", &path)
            .json(&token)
            .try_send()?;
        // The API server's node plugin learns of the pod a moment later.
        (answer.status == 201).then_some(()).ok_or(answer.body)
    });
}
