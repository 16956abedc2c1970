//! Through a node: the kubelet runs a command in any of its pods for whoever
//! holds `nodes/proxy`. It has no namespace, so it comes by the cluster door.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::private::Private;
use super::refusal::{POD_EXEC, assert_refused_by};
use crate::harness::audit::annotation;
use crate::harness::http::Answer;
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, dirs, wait};

const KEY: &str = "cluster.rolegate.dev/pod-exec";
/// Admitted: there is no such node.
const NO_NODE: u16 = 404;

const INTO_PODS: [&str; 8] = [
    "",
    "/",
    "/exec/ns/pod/main?command=id",
    "/run/ns/pod/main",
    "/attach/ns/pod/main",
    "/portForward/ns/pod",
    "/pods",
    "/containerLogs/ns/pod/main",
];

const FIGURES: [&str; 5] = [
    "/metrics",
    "/metrics/cadvisor",
    "/stats/summary",
    "/healthz",
    "/configz",
];

/// What monitoring agents are given, and a tenant now and then.
fn grant_nodes_proxy(cluster: &Cluster) {
    static GRANTED: LazyLock<()> = LazyLock::new(|| {
        let cluster = Cluster::shared();
        let rbac = "rbac.authorization.k8s.io";
        cluster.apply_as_admin(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "e2e-nodes-proxy"},
            "rules": [{"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["*"]}],
        }));
        cluster.apply_as_admin(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "e2e-nodes-proxy"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "e2e-nodes-proxy"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "alice"}],
        }));
    });
    LazyLock::force(&GRANTED);
    wait::until("the grant to reach the authorizer", || {
        let path = "/api/v1/nodes/nobody/proxy/healthz";
        let answer = cluster.request(cluster.alice(), "GET", path).try_send()?;
        (answer.status == NO_NODE).then_some(()).ok_or(answer.body)
    });
}

fn ask(cluster: &Cluster, method: &str, node: &str, path: &str) -> Answer {
    let path = format!("/api/v1/nodes/{node}/proxy{path}");
    cluster.request(cluster.alice(), method, &path).send()
}

/// The audit event of the one request to a node of the test's own.
fn event(cluster: &Cluster, node: &str) -> Value {
    let needle = format!("/nodes/{node}/proxy");
    cluster
        .wait_for_audit("the proxied request", &needle, |_| true)
        .remove(0)
}

#[test]
fn the_cluster_door_is_in_audit_by_default() {
    let cluster = guarded().cluster;
    grant_nodes_proxy(cluster);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        for path in INTO_PODS {
            let node = dirs::random_name("node");
            let answer = ask(cluster, method, &format!("{node}:10250"), path);
            assert_eq!(answer.status, NO_NODE, "{method} {path}: {}", answer.body);
            assert_eq!(answer.warnings(), [""; 0], "audit is silent");
            let event = event(cluster, &format!("{node}:10250"));
            assert_eq!(
                annotation(&event, KEY),
                Some(format!("audit: alice may not proxy to node {node} on port 10250").as_str()),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn a_policy_can_make_the_cluster_door_enforce() {
    let (private, _namespace) =
        Private::start("enforce", |_| "doors: {cluster: enforce}\n".to_owned());
    let cluster = Cluster::shared();
    grant_nodes_proxy(cluster);
    for (name, shown) in [
        (private.name.clone(), private.name.clone()),
        (
            format!("{}:10250", private.name),
            format!("{} on port 10250", private.name),
        ),
    ] {
        for method in ["GET", "POST"] {
            for path in INTO_PODS {
                assert_refused_by(
                    &ask(cluster, method, &name, path),
                    "cluster",
                    "",
                    POD_EXEC,
                    &format!("alice may not proxy to node {shown}."),
                );
            }
            for path in FIGURES {
                let answer = ask(cluster, method, &name, path);
                assert_eq!(answer.status, NO_NODE, "{method} {path}: {}", answer.body);
            }
        }
    }
    // A path that only begins like one of those, as the API server cleans it.
    for path in [
        "/metrics/../exec/ns/pod/main",
        "/metricsx",
        "/metrics%2f..%2fexec",
        "/Metrics",
    ] {
        let answer = ask(cluster, "GET", &private.name, path);
        let seen = format!("alice may not proxy to node {}.", private.name);
        assert_refused_by(&answer, "cluster", "", POD_EXEC, &seen);
    }
}

#[test]
fn a_nodes_figures_pass_without_a_finding() {
    let cluster = guarded().cluster;
    grant_nodes_proxy(cluster);
    for path in FIGURES {
        let node = dirs::random_name("node");
        let answer = ask(cluster, "GET", &node, path);
        assert_eq!(answer.status, NO_NODE, "{path}: {}", answer.body);
        let event = event(cluster, &node);
        assert_eq!(annotation(&event, KEY), None, "{path}");
        assert!(
            annotation(&event, "cluster.rolegate.dev/policy").is_some(),
            "rolegate was asked: {event}"
        );
    }
}
