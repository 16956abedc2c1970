//! What tenants may go on doing to a workload that runs under a job's account:
//! restart it, scale it, report on it, write it back as it is.

use serde_json::json;

use super::kinds::BUILT_IN;
use super::pair::{Pair, account};
use super::refusal::{ACCOUNTS, assert_refused};
use super::road::Road;
use crate::harness::http::{JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::wait;

/// Both namespaces with every kind of workload under a job's account, made by
/// those who may.
fn pair() -> Pair {
    Pair::new(|namespace| {
        namespace.service_account(&account("jeg"));
        for kind in BUILT_IN {
            Road::create(
                kind.group_version,
                kind.plural,
                &kind.object("emrs", &account("jeg")),
            )
            .by(namespace.cluster.admin(), namespace)
            .expect_status(201);
        }
    })
}

#[test]
fn a_write_that_leaves_the_template_alone_passes() {
    let pair = pair();
    let (alice, namespace) = (pair.cluster().alice(), &pair.enforced);
    for kind in BUILT_IN {
        let rest = format!("{}/emrs", kind.plural);
        let stored = pair
            .cluster()
            .get(&Road::new("GET", kind.group_version, &*rest).path(namespace));
        let patch =
            |content_type, patch| Road::patch(kind.group_version, &rest, content_type, &patch);
        let mut roads = vec![
            patch(MERGE, json!({})),
            patch(STRATEGIC, json!({})),
            patch(JSON_PATCH, json!([])),
        ];
        // By its labels a revision belongs to a workload, so they are no tenant's.
        if kind.plural != "controllerrevisions" {
            roads.push(patch(
                MERGE,
                json!({"metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}}}),
            ));
        }
        if stored.get("status").is_some() {
            let rest = format!("{rest}/status");
            roads.push(Road::patch(
                kind.group_version,
                rest,
                MERGE,
                &json!({"status": {}}),
            ));
        }
        for road in roads {
            let answer = road.by(alice, namespace);
            assert_eq!(answer.status, 200, "{}: {}", road.shown(), answer.body);
        }
        // Its controller may write the status in between.
        wait::until("a PUT of what is stored", || {
            let stored = pair
                .cluster()
                .get(&Road::new("GET", kind.group_version, &*rest).path(namespace));
            let road = Road::new("PUT", kind.group_version, &rest).json(&stored);
            let answer = road.dry().by(alice, namespace);
            if answer.status == 409 {
                return Err(answer.body);
            }
            assert_eq!(answer.status, 200, "{rest}: {}", answer.body);
            Ok(())
        });
    }
}

#[test]
fn status_writes_pass() {
    let pair = pair();
    let (alice, namespace) = (pair.cluster().alice(), &pair.enforced);
    for (group_version, rest, status) in [
        (
            "apps/v1",
            "deployments/emrs/status",
            json!({"observedGeneration": 1}),
        ),
        (
            "apps/v1",
            "replicasets/emrs/status",
            json!({"observedGeneration": 1}),
        ),
        (
            "apps/v1",
            "statefulsets/emrs/status",
            json!({"observedGeneration": 1}),
        ),
        (
            "apps/v1",
            "daemonsets/emrs/status",
            json!({"observedGeneration": 1}),
        ),
        (
            "batch/v1",
            "cronjobs/emrs/status",
            json!({"lastScheduleTime": "2026-11-22T12:00:00Z"}),
        ),
        (
            "v1",
            "replicationcontrollers/emrs/status",
            json!({"observedGeneration": 1}),
        ),
    ] {
        let road = Road::patch(group_version, rest, MERGE, &json!({"status": status}));
        let answer = road.by(alice, namespace);
        assert_eq!(answer.status, 200, "{}: {}", road.shown(), answer.body);
    }
}

#[test]
fn kubectl_rollout_restart_and_scale_pass() {
    let pair = pair();
    let kubectl = |args: &[&str]| {
        let alice = pair.cluster().kubectl(pair.cluster().alice());
        alice.namespace(&pair.enforced).run(args).expect_ok()
    };
    for kind in ["deployment", "statefulset", "daemonset"] {
        kubectl(&["rollout", "restart", &format!("{kind}/emrs")]);
    }
    for kind in [
        "deployment",
        "replicaset",
        "statefulset",
        "replicationcontroller",
    ] {
        kubectl(&["scale", "--replicas=2", &format!("{kind}/emrs")]);
        kubectl(&["scale", "--replicas=0", &format!("{kind}/emrs")]);
    }
}

/// The same account with other code is the same takeover.
#[test]
fn other_code_under_the_same_account_is_refused() {
    let pair = pair();
    for kind in BUILT_IN.iter().filter(|kind| kind.changes) {
        let rest = format!("{}/emrs", kind.plural);
        let pointer = |inner: &str| format!("/{}/{inner}", kind.template.replace('.', "/"));
        let seen = format!(
            "alice may not change the pods of {} <ns>/emrs under service account",
            kind.kind
        );
        for (inner, value) in [
            ("spec/containers/0/image", json!("registry.example/mine:1")),
            ("spec/containers/0/command", json!(["sh"])),
            (
                "spec/containers/0/env",
                json!([{"name": "A", "value": "b"}]),
            ),
            ("spec/nodeName", json!("mine")),
            (
                "metadata/annotations",
                json!({"sidecar.istio.io/inject": "true"}),
            ),
        ] {
            let patch = json!([{"op": "add", "path": pointer(inner), "value": value}]);
            let road = Road::patch(kind.group_version, &rest, JSON_PATCH, &patch);
            pair.closed(&road.dry(), 200, ACCOUNTS, &seen);
        }
    }
}

/// The annotation of a restart covers for nothing that comes with it.
#[test]
fn a_restart_with_something_more_is_refused() {
    let pair = pair();
    let restart = "kubectl.kubernetes.io/restartedAt";
    let patch = json!({"spec": {"template": {
        "metadata": {"annotations": {restart: "2026-11-22T12:00:00Z"}},
        "spec": {"containers": [{"name": "main", "image": "registry.example/mine:1"}]},
    }}});
    let road = Road::patch("apps/v1", "deployments/emrs", STRATEGIC, &patch);
    let answer = road.by(pair.cluster().alice(), &pair.enforced);
    let seen = "alice may not change the pods of Deployment <ns>/emrs under service account";
    assert_refused(&answer, &pair.enforced, ACCOUNTS, seen);
}
