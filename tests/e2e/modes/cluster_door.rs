//! The door for what has no namespace, or none with a label: as it is shipped
//! it lets everything pass in silence, and records.

use serde_json::{Value, json};

use crate::harness::audit::annotation;
use crate::harness::cast::{OTHER_ROLE, becomes, job_account, service_account};
use crate::harness::road::Road;
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace, dirs, wait};

const KEY: &str = "cluster.rolegate.dev/pod-exec";
/// Admitted: there is no such node.
const NO_NODE: u16 = 404;

/// What monitoring agents are given, and a tenant now and then.
fn grant_nodes_proxy(cluster: &Cluster) {
    let rule = json!({"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["*"]});
    let alice = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"});
    cluster.grant_in_the_cluster("e2e-nodes-proxy", &[rule], &alice);
    wait::until("the grant to reach the authorizer", || {
        let path = "/api/v1/nodes/nobody/proxy/healthz";
        let answer = cluster.request(cluster.alice(), "GET", path).try_send()?;
        (answer.status == NO_NODE).then_some(()).ok_or(answer.body)
    });
}

/// alice's request to a node of the test's own: the node, and the audit event.
fn ask(cluster: &Cluster, method: &str, path: &str) -> (String, Value) {
    let node = dirs::random_name("node");
    let needle = format!("/nodes/{node}:10250/proxy");
    let whole = format!("/api/v1{needle}{path}");
    let answer = cluster.request(cluster.alice(), method, &whole).send();
    assert_eq!(answer.status, NO_NODE, "{method} {path}: {}", answer.body);
    assert_eq!(answer.warnings(), [""; 0], "audit is silent");
    let mut events = cluster.wait_for_audit("the proxied request", &needle, |_| true);
    (node, events.remove(0))
}

#[test]
fn a_way_through_a_node_is_recorded() {
    let cluster = guarded().cluster;
    grant_nodes_proxy(cluster);
    for (method, path) in [
        ("GET", "/pods"),
        ("POST", "/run/ns/pod/main"),
        ("POST", "/exec/ns/pod/main?command=id"),
        ("PUT", "/"),
        ("PATCH", "/"),
        ("DELETE", ""),
    ] {
        let (node, event) = ask(cluster, method, path);
        let said = format!("audit: alice may not proxy to node {node} on port 10250");
        assert_eq!(
            annotation(&event, KEY),
            Some(said.as_str()),
            "{method} {path}"
        );
    }
    // What a node says of itself is asked about, and is no finding.
    let (_, event) = ask(cluster, "GET", "/metrics");
    assert_eq!(annotation(&event, KEY), None, "{event}");
    let policy = annotation(&event, "cluster.rolegate.dev/policy");
    assert!(policy.is_some(), "rolegate was asked: {event}");
}

#[test]
fn a_reserved_name_in_a_namespace_without_a_label_is_recorded() {
    let namespace = Namespace::unmanaged(guarded().cluster);
    let name = job_account("client", OTHER_ROLE);
    Road::create("v1", "serviceaccounts", &service_account(&name))
        .by(namespace.cluster.alice(), &namespace)
        .expect_status(201);
    let events = namespace.wait_for_audit("the creation", |event| {
        event["verb"] == "create" && event["objectRef"]["name"] == name.as_str()
    });
    let said = annotation(&events[0], "cluster.rolegate.dev/service-account-identity");
    assert!(
        said.is_some_and(|said| said.contains(&becomes(OTHER_ROLE))),
        "{events:#?}"
    );
}
