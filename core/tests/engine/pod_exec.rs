//! The rule `pod-exec`: every way into a pod that admission sees
//! (facts A1 to A7, A15 of the bypass catalogue).

use crate::support::scene::{admin, driver, eks, emr, node};
use crate::support::{Review, controller, in_pod, judge, policy, service_account, tenant, user};
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

fn connect(user: Value, resource: &str, name: &str) -> Review {
    Review::new(user, "CONNECT", resource, name).object(json!({ "command": ["id"] }))
}

fn nobodies() -> Vec<Value> {
    vec![
        tenant(),
        user("", &[]),
        node(),
        controller("job-controller"),
        eks(),
        service_account("cert-manager", "cert-manager"),
        driver(),
    ]
}

#[test]
fn every_way_to_connect() {
    let builtin = Policy::builtin();
    for user in nobodies() {
        for (resource, name, words) in [
            ("/pods/exec", "p", "exec into pod spark-a/p"),
            ("/pods/attach", "p", "attach to pod spark-a/p"),
            ("/pods/portforward", "p", "forward ports of pod spark-a/p"),
            (
                "/pods/proxy",
                "http:p:4040",
                "proxy to pod spark-a/p on port 4040",
            ),
            ("/pods/proxy", "p", "proxy to pod spark-a/p"),
            (
                "/services/proxy",
                "https:s:443",
                "proxy to service spark-a/s on port 443",
            ),
            ("/pods/teleport", "p", "connect to pod spark-a/p"),
            (
                "kubevirt.io/virtualmachines/console",
                "v",
                "connect to virtualmachine spark-a/v",
            ),
        ] {
            connect(user.clone(), resource, name).refused(&builtin, "pod-exec", words);
        }
    }
}

#[test]
fn a_pod_without_a_name_and_a_dry_run_and_missing_options() {
    let builtin = Policy::builtin();
    Review::new(tenant(), "CONNECT", "/pods/exec", "").refused(&builtin, "pod-exec", "(no name)");
    connect(tenant(), "/pods/exec", "p")
        .set("dryRun", json!(true))
        .refused(&builtin, "pod-exec", "exec");
    // Another operation or version on the same subresource.
    Review::new(tenant(), "CREATE", "/pods/exec", "p").refused(&builtin, "pod-exec", "exec");
    let mut old = connect(tenant(), "/pods/exec", "p");
    old.0["request"]["resource"]["version"] = json!("v1beta7");
    old.refused(&builtin, "pod-exec", "exec");
}

#[test]
fn emr_and_administrators() {
    let builtin = Policy::builtin();
    for resource in ["/pods/exec", "/pods/portforward"] {
        connect(emr(), resource, "p").passes(&builtin);
    }
    connect(emr(), "/pods/attach", "p").refused(&builtin, "pod-exec", "attach");
    for resource in [
        "/pods/exec",
        "/pods/attach",
        "/pods/proxy",
        "/services/proxy",
    ] {
        connect(admin(), resource, "p").passes(&builtin);
    }
}

#[test]
fn nodes_by_path() {
    let builtin = Policy::builtin();
    let node = |path: Value| {
        Review::new(tenant(), "CONNECT", "/nodes/proxy", "n1:10250")
            .set("namespace", Value::Null)
            .object(json!({ "path": path }))
    };
    for path in [
        "/metrics",
        "/metrics/cadvisor",
        "/stats/summary",
        "/healthz",
        "/configz",
    ] {
        node(json!(path)).passes(&builtin);
    }
    for path in [
        "/exec/spark-a/p/c",
        "/run/spark-a/p/c",
        "/pods",
        "/",
        "/metrics/../exec/a/b/c",
    ] {
        node(json!(path)).refused(&builtin, "pod-exec", "proxy to node n1 on port 10250");
    }
    node(Value::Null).refused(&builtin, "pod-exec", "node n1");
    Review::new(tenant(), "CONNECT", "/nodes/proxy", "n1")
        .set("namespace", Value::Null)
        .refused(&builtin, "pod-exec", "node n1");
}

#[test]
fn debug_containers() {
    let builtin = Policy::builtin();
    let pod = |containers: Value| json!({ "metadata": { "name": "p" }, "spec": { "ephemeralContainers": containers } });
    let update = |user: Value, old: Value, new: Value| {
        Review::new(user, "UPDATE", "/pods/ephemeralcontainers", "p")
            .old(pod(old))
            .object(pod(new))
    };
    let one = json!([{ "name": "debug", "image": "busybox" }]);
    for user in nobodies() {
        update(user.clone(), Value::Null, one.clone()).refused(
            &builtin,
            "pod-exec",
            "add a debug container to pod spark-a/p",
        );
        update(user.clone(), json!([]), one.clone()).refused(&builtin, "pod-exec", "debug");
        update(
            user.clone(),
            one.clone(),
            json!([{ "name": "debug", "image": "other" }]),
        )
        .refused(&builtin, "pod-exec", "debug");
        // A write that changes nothing passes for everybody.
        update(user, one.clone(), one.clone()).passes(&builtin);
    }
    update(admin(), Value::Null, one).passes(&builtin);
}

#[test]
fn labels_and_owners_of_the_object_grant_nothing() {
    let builtin = Policy::builtin();
    let one = json!([{ "name": "debug", "image": "busybox" }]);
    let mine = json!({
        "metadata": {
            "name": "p",
            "labels": { "emr-containers.amazonaws.com/component": "driver", "rolegate.dev/mode": "audit" },
            "annotations": { "kubernetes.io/config.mirror": "x" },
            "ownerReferences": [{ "kind": "Job", "name": "0000000337okspsc913", "uid": "u" }],
        },
        "spec": { "ephemeralContainers": one },
    });
    Review::new(tenant(), "UPDATE", "/pods/ephemeralcontainers", "p")
        .old(json!({ "metadata": mine["metadata"], "spec": {} }))
        .object(mine)
        .refused(&builtin, "pod-exec", "debug");
}

#[test]
fn exemptions_end_and_never_cover_jobs() {
    let text = |until: &str| {
        format!(
            r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: livy/livy
      roles: ["arn:aws:iam::111122223333:role/team-a-etl"]
      jobServiceAccounts: [{{ name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }}]
exemptions:
  - rules: [pod-exec]
    users: ["alice", "system:serviceaccount:spark-a:livy-*", "system:serviceaccount:spark-a:debugger"]
    namespaces: [spark-a]
    until: {until}
    reason: incident 4711
"#
        )
    };
    let judged = |policy: &Policy, user: Value| {
        let body = connect(user, "/pods/exec", "p").0.to_string();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let request = &review.request;
        judge(request, rolegate_core::decision::Door::Enforce, policy)
            .expect("a decision")
            .allowed()
    };
    let running = policy(&text("2026-12-01T00:00:00Z"));
    assert!(judged(&running, tenant()));
    assert!(!judged(&running, user("Alice", &[])));
    assert!(judged(&running, service_account("spark-a", "debugger")));
    assert!(!judged(
        &running,
        crate::support::impersonated("spark-a", "debugger")
    ));
    assert!(
        !judged(&running, in_pod("spark-a", "livy-runner", "pi-driver", "u")),
        "a job"
    );
    assert!(
        !judged(&running, service_account("spark-a", "livy-runner")),
        "a job's unbound token"
    );
    assert!(
        !judged(&policy(&text("2026-11-01T00:00:00Z")), tenant()),
        "it has ended"
    );
}
