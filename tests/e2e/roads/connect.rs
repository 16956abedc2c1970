//! Into a pod by raw requests: exec, attach, port-forward and the proxies,
//! with every HTTP method and every way to write a name.

use serde_json::{Value, json};

use super::pair::{Pair, running_pod, wait_for_rights};
use super::refusal::{POD_EXEC, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::audit::annotation;

/// Admitted: what fails then is that the pod has no node to run on.
const NO_NODE: u16 = 400;
/// Admitted: there is no such pod.
const NO_POD: u16 = 404;
/// Admitted: the pod has no address to connect to.
const NO_ADDRESS: u16 = 400;
/// Admitted: nothing listens behind the Service.
const NOBODY_THERE: u16 = 503;

#[test]
fn exec_attach_and_port_forward_are_closed_by_get_and_by_post() {
    let pair = Pair::with_driver();
    for method in ["GET", "POST"] {
        for (rest, open, seen) in [
            (
                "pods/driver/exec?command=id",
                NO_NODE,
                "exec into pod <ns>/driver",
            ),
            (
                "pods/driver/exec?command=sh&stdin=true&tty=true&container=main",
                NO_NODE,
                "exec into pod <ns>/driver",
            ),
            // Not even whether it exists is told.
            (
                "pods/ghost/exec?command=id",
                NO_POD,
                "exec into pod <ns>/ghost",
            ),
            ("pods/driver/attach", NO_NODE, "attach to pod <ns>/driver"),
            (
                "pods/driver/attach?stdin=true&tty=true",
                NO_NODE,
                "attach to pod <ns>/driver",
            ),
            ("pods/ghost/attach", NO_POD, "attach to pod <ns>/ghost"),
            (
                "pods/driver/portforward",
                NO_NODE,
                "forward ports of pod <ns>/driver",
            ),
            (
                "pods/driver/portforward?ports=4040",
                NO_NODE,
                "forward ports of pod <ns>/driver",
            ),
            (
                "pods/ghost/portforward?ports=80",
                NO_POD,
                "forward ports of pod <ns>/ghost",
            ),
        ] {
            pair.closed(
                &Road::new(method, "v1", rest),
                open,
                POD_EXEC,
                &format!("alice may not {seen}."),
            );
        }
    }
}

/// Name in the path, and how a refusal shows it.
const PROXIED: [(&str, u16, &str); 8] = [
    ("pods/driver", NO_ADDRESS, "pod <ns>/driver."),
    (
        "pods/driver:4040",
        NO_ADDRESS,
        "pod <ns>/driver on port 4040.",
    ),
    (
        "pods/http:driver:4040",
        NO_ADDRESS,
        "pod <ns>/driver on port 4040.",
    ),
    (
        "pods/https:driver:4040",
        NO_ADDRESS,
        "pod <ns>/driver on port 4040.",
    ),
    ("services/ui", NOBODY_THERE, "service <ns>/ui."),
    (
        "services/ui:4040",
        NOBODY_THERE,
        "service <ns>/ui on port 4040.",
    ),
    (
        "services/http:ui:ui-port",
        NOBODY_THERE,
        "service <ns>/ui on port ui-port.",
    ),
    (
        "services/https:ui:443",
        NOBODY_THERE,
        "service <ns>/ui on port 443.",
    ),
];

#[test]
fn proxies_are_closed_to_every_method_name_and_path() {
    let pair = Pair::with_driver();
    for (name, open, seen) in PROXIED {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            for path in ["proxy", "proxy/", "proxy/jobs/?id=1"] {
                pair.closed(
                    &Road::new(method, "v1", format!("{name}/{path}")),
                    open,
                    POD_EXEC,
                    &format!("alice may not proxy to {seen}"),
                );
            }
        }
    }
}

/// HEAD has no body to refuse with; the audit log tells that it was refused.
#[test]
fn proxies_are_closed_to_head() {
    let pair = Pair::with_driver();
    let cluster = pair.cluster();
    for (name, open, seen) in PROXIED {
        let road = Road::new("HEAD", "v1", format!("{name}/proxy/"));
        assert_eq!(road.by(cluster.alice(), &pair.open).status, open, "{name}");
        assert_eq!(
            road.by(cluster.alice(), &pair.enforced).status,
            403,
            "{name}"
        );
        let path = road.path(&pair.enforced);
        let events = pair.enforced.wait_for_audit("the refused HEAD", |event| {
            event["requestURI"] == path.as_str() && event["responseStatus"]["code"] == 403
        });
        let seen = seen.replace("<ns>", &pair.enforced.name);
        assert_eq!(
            annotation(&events[0], "enforce.rolegate.dev/pod-exec"),
            Some(
                format!(
                    "enforce: alice may not proxy to {}",
                    seen.trim_end_matches('.')
                )
                .as_str()
            ),
        );
    }
}

/// A role of reads can hold `get` on the ways into a pod, and a GET is all a
/// proxy needs. Of exec, Kubernetes asks for `create` besides since 1.35, but
/// asks after admission.
#[test]
fn a_subject_with_only_get_is_refused() {
    let pair = Pair::with_driver();
    let bob = pair.cluster().bob();
    for namespace in [&pair.open, &pair.enforced] {
        grant_get(namespace, &bob.name);
        wait_for_rights(namespace, bob, "pods/driver");
    }
    for (rest, open, seen) in [
        (
            "pods/driver/proxy/",
            NO_ADDRESS,
            "proxy to pod <ns>/driver.",
        ),
        (
            "services/ui/proxy/",
            NOBODY_THERE,
            "proxy to service <ns>/ui.",
        ),
    ] {
        let seen = format!("bob may not {seen}");
        pair.closed_to(bob, &Road::new("GET", "v1", rest), open, POD_EXEC, &seen);
    }

    let get = Road::new("GET", "v1", "pods/driver/exec?command=id");
    let open = get.by(bob, &pair.open);
    assert!(
        open.status == NO_NODE || open.status == 403 && !open.refused_by_webhook(),
        "{}",
        open.body
    );
    let refused = get.by(bob, &pair.enforced);
    let seen = "bob may not exec into pod <ns>/driver.";
    assert_refused(&refused, &pair.enforced, POD_EXEC, seen);
}

fn grant_get(namespace: &Namespace<'_>, user: &str) {
    let rbac = "rbac.authorization.k8s.io";
    let group_version = "rbac.authorization.k8s.io/v1";
    namespace.cluster.create(
        &namespace.group(group_version, "roles"),
        &json!({
            "apiVersion": group_version, "kind": "Role", "metadata": {"name": "reader"},
            "rules": [{"apiGroups": [""], "resources": ["pods", "pods/exec", "pods/proxy", "services/proxy"], "verbs": ["get"]}],
        }),
    );
    namespace.cluster.create(
        &namespace.group(group_version, "rolebindings"),
        &json!({
            "apiVersion": group_version, "kind": "RoleBinding", "metadata": {"name": "reader"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "reader"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": user}],
        }),
    );
}

/// A tenant's own pod is a pod of the namespace like any other: what runs
/// beside jobs is not entered either.
#[test]
fn a_tenants_own_pod_is_closed_too() {
    let pair = Pair::new(|namespace| running_pod(namespace, "mine", "default"));
    pair.closed(
        &Road::new("POST", "v1", "pods/mine/exec?command=id"),
        NO_NODE,
        POD_EXEC,
        "alice may not exec into pod <ns>/mine.",
    );
}

/// Whoever asks for the connection as a websocket is asked the same.
#[test]
fn a_websocket_is_closed() {
    let pair = Pair::with_driver();
    let road = Road::new("GET", "v1", "pods/driver/exec?command=id");
    let upgrade = |namespace: &Namespace<'static>| {
        road.request(pair.cluster().alice(), namespace)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", "v5.channel.k8s.io")
            .send()
    };
    assert_eq!(upgrade(&pair.open).status, NO_NODE);
    assert_refused(
        &upgrade(&pair.enforced),
        &pair.enforced,
        POD_EXEC,
        "alice may not exec into pod <ns>/driver.",
    );
}

#[test]
fn a_refused_exec_is_in_the_audit_log_with_its_reason() {
    let pair = Pair::with_driver();
    let road = Road::new("POST", "v1", "pods/driver/exec?command=id");
    road.by(pair.cluster().alice(), &pair.enforced);
    let events = pair.enforced.wait_for_audit("the refused exec", |event| {
        event["objectRef"]["subresource"] == "exec" && event["stage"] == "ResponseComplete"
    });
    let event: &Value = &events[0];
    let said = format!(
        "enforce: alice may not exec into pod {}/driver",
        pair.enforced.name
    );
    assert_eq!(
        annotation(event, "enforce.rolegate.dev/pod-exec"),
        Some(said.as_str())
    );
    assert!(
        annotation(event, "enforce.rolegate.dev/policy").is_some_and(|hash| hash.len() == 12),
        "{event}"
    );
    assert_eq!(event["responseStatus"]["code"], 403, "{event}");
}
