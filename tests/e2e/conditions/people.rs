//! Break-glass: whoever may `use` `breakglass.rolegate.dev` in the whole cluster.

use serde_json::{Value, json};

use crate::harness::Cluster;

use super::call::{ALICE, Case, Who, config_map, past, sent};
use super::scene::Place;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Near misses: a user each, with a right in the whole cluster that is not it.
const NEAR: [(&str, &str, &str, &str, &[&str]); 4] = [
    ("reads-it", "rolegate.dev", "breakglass", "get", &[]),
    ("of-another-group", "example.com", "breakglass", "use", &[]),
    ("of-another-kind", "rolegate.dev", "glass", "use", &[]),
    ("by-one-name", "rolegate.dev", "breakglass", "use", &["x"]),
];

/// The shipped role for one user, near misses for others, and for everybody
/// what the cluster door looks at.
pub(super) fn bind_in_the_cluster(cluster: &Cluster) {
    let shipped = cluster.read_manifest("manifests/rbac.yaml");
    let role = shipped
        .iter()
        .find(|object| object["kind"] == "ClusterRole");
    cluster.apply_as_admin(role.expect("the break-glass role"));
    bind(cluster, "rolegate-breakglass", "User", "oncall");
    for (user, group, resource, verb, names) in NEAR {
        let near = json!({"apiGroups": [group], "resources": [resource], "verbs": [verb], "resourceNames": names});
        role_for(cluster, user, &near);
        bind(cluster, user, "User", user);
    }
    let groups = [
        "",
        RBAC,
        "certificates.k8s.io",
        "apiregistration.k8s.io",
        "apiextensions.k8s.io",
    ];
    let objects = json!({"apiGroups": groups, "resources": ["*"], "verbs": ["*"]});
    role_for(cluster, "cluster-objects", &objects);
    bind(cluster, "cluster-objects", "Group", "system:authenticated");
}

fn role_for(cluster: &Cluster, name: &str, rule: &Value) {
    let object = json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]});
    cluster.create(&format!("/apis/{RBAC}/v1/clusterroles"), &object);
}

fn bind(cluster: &Cluster, role: &str, kind: &str, name: &str) {
    let binding = json!({
        "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": format!("test-{role}")},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": RBAC, "kind": kind, "name": name}],
    });
    cluster.create(&format!("/apis/{RBAC}/v1/clusterrolebindings"), &binding);
}

/// Administrators, whose break-glass holds whatever they ask for.
pub(super) const ADMINISTRATORS: [Who; 4] = [
    Who::Person("admin"),
    Who::Person("cluster-operator"),
    Who::Pretended("oncall", &[]),
    Who::Pretended("anybody", &["system:masters"]),
];

/// Those who come close to it.
pub(super) fn pretenders() -> Vec<Who> {
    let near = NEAR.map(|(user, ..)| Who::Pretended(user, &[]));
    let mut all = vec![
        // `*` on `*`, but in this namespace only.
        ALICE,
        Who::Pretended("system:masters", &[]),
        Who::Pretended("anybody", &["system:master"]),
        Who::Pretended("anybody", &["rolegate-breakglass"]),
    ];
    all.extend(near);
    all
}

pub(super) fn breakglass(_: &Place) -> Vec<Case> {
    let administrators = ADMINISTRATORS.map(|who| past(who, config_map()));
    let others = pretenders();
    let others = others.into_iter().map(|who| sent(who, config_map()));
    administrators.into_iter().chain(others).collect()
}
