//! D10 and F7: grants by every verb and in either order. alice holds `bind` and
//! `escalate`, in both namespaces and for cluster roles; what she is refused an
//! administrator of the policy may do.

use serde_json::{Value, json};

use super::{RBAC, RBAC_V1, Stage, bound, role, stage};
use crate::harness::http::{APPLY, Answer, JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::users::User;
use crate::harness::{Cluster, Namespace, wait};

const JSON: &str = "application/json";

/// A request below a namespace's RBAC.
struct Try {
    method: &'static str,
    rest: &'static str,
    kind: &'static str,
    body: Value,
}

impl Try {
    /// Without a trace.
    fn by(&self, user: &User, namespace: &Namespace<'_>) -> Answer {
        let mut path = namespace.group(RBAC_V1, &format!("{}?dryRun=All", self.rest));
        if self.kind == APPLY {
            path.push_str("&fieldManager=e2e&force=true");
        }
        let request = namespace.cluster.request(user, self.method, &path);
        request.body(self.kind, self.body.to_string()).send()
    }
}

fn bob() -> Value {
    json!({"kind": "User", "apiGroup": RBAC, "name": "bob"})
}

/// Gives bob Secrets by a binding to a role that has them, or by a role that he has.
fn grants() -> Vec<Try> {
    let put = |method, rest, kind, body| Try {
        method,
        rest,
        kind,
        body,
    };
    let binding = bound("idle", "Role", "reads-secrets", &bob());
    let fresh = bound("fresh", "Role", "reads-secrets", &bob());
    let reads = role("narrow", &["get"]);
    let rule = reads["rules"][0].clone();
    let merged = |key: &str, value: &Value| json!({key: [value]});
    let added = |path: &str, value: Value| json!([{"op": "add", "path": path, "value": value}]);
    let (idle, narrow) = ("rolebindings/idle", "roles/narrow");
    vec![
        put("POST", "rolebindings", JSON, fresh.clone()),
        put("PATCH", "rolebindings/fresh", APPLY, fresh),
        put("PUT", idle, JSON, binding.clone()),
        put("PATCH", idle, APPLY, binding),
        put("PATCH", idle, MERGE, merged("subjects", &bob())),
        put("PATCH", idle, STRATEGIC, merged("subjects", &bob())),
        put("PATCH", idle, JSON_PATCH, added("/subjects/-", bob())),
        put("PUT", narrow, JSON, reads.clone()),
        put("PATCH", narrow, APPLY, reads),
        put("PATCH", narrow, MERGE, merged("rules", &rule)),
        put("PATCH", narrow, STRATEGIC, merged("rules", &rule)),
        put("PATCH", narrow, JSON_PATCH, added("/rules/-", rule)),
    ]
}

fn write(user: &User, method: &'static str, path: &str, body: &Value, cluster: &Cluster) -> Answer {
    let request = cluster.request(user, method, path);
    if body.is_null() {
        request.send()
    } else {
        request.json(body).send()
    }
}

#[track_caller]
fn refused(stage: &Stage, answer: &Answer, says: &str) {
    let message = answer.message();
    let expected = answer.refused_by_webhook()
        && message.contains("rbac-grant: alice may not ")
        && message.contains(says);
    assert!(expected, "{}\n{}", answer.body, stage.rolegate.log_text());
}

/// A role with Secrets that a controller has, and a role without that bob has.
fn furnish(namespace: &Namespace<'_>) {
    let cluster = namespace.cluster;
    let system = json!({"kind": "ServiceAccount", "namespace": "kube-system", "name": "x"});
    let pods = json!({
        "apiVersion": RBAC_V1, "kind": "Role", "metadata": {"name": "narrow"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    });
    let idle = bound("idle", "Role", "reads-secrets", &system);
    let narrow = bound("narrow", "Role", "narrow", &bob());
    for (plural, object) in [
        ("roles", role("reads-secrets", &["get"])),
        ("roles", pods),
        ("rolebindings", idle),
        ("rolebindings", narrow),
    ] {
        cluster.create(&namespace.group(RBAC_V1, plural), &object);
    }
}

#[test]
fn d10_by_every_verb() {
    let stage = stage();
    let (cluster, alice) = (stage.cluster, stage.cluster.alice());
    for namespace in stage.both() {
        furnish(namespace);
    }
    for grant in grants() {
        let what = format!("{} {} {}", grant.method, grant.rest, grant.kind);
        let open = grant.by(alice, &stage.open);
        assert!(open.status < 300, "without rolegate: {what}: {}", open.body);
        let answer = grant.by(alice, &stage.enforced);
        refused(stage, &answer, "it gives user bob get secrets");
        let answer = grant.by(cluster.cluster_operator(), &stage.enforced);
        assert!(answer.status < 300, "{what}: {}", answer.body);
    }
    // A binding's role cannot be changed, so it is deleted and made anew; so is a role.
    for (rest, anew, says) in [
        (
            "rolebindings/idle",
            bound("idle", "ClusterRole", "edit", &bob()),
            "it gives user bob get, list, watch secrets",
        ),
        (
            "roles/narrow",
            role("narrow", &["list"]),
            "it gives user bob list secrets by RoleBinding",
        ),
    ] {
        let (plural, _) = rest.split_once('/').expect("a name");
        for namespace in stage.both() {
            let path = namespace.group(RBAC_V1, rest);
            write(alice, "DELETE", &path, &Value::Null, cluster).expect_status(200);
        }
        let path = stage.open.group(RBAC_V1, plural);
        write(alice, "POST", &path, &anew, cluster).expect_status(201);
        let path = stage.enforced.group(RBAC_V1, plural);
        refused(stage, &write(alice, "POST", &path, &anew, cluster), says);
        let operator = cluster.cluster_operator();
        write(operator, "POST", &path, &anew, cluster).expect_status(201);
    }
}

/// A Role can give `bind` on cluster roles, and with it every one of them in the
/// namespace.
#[test]
fn d10_bind_on_cluster_roles_by_a_role() {
    let stage = stage();
    let (cluster, alice) = (stage.cluster, stage.cluster.alice());
    let binder = json!({
        "apiVersion": RBAC_V1, "kind": "Role", "metadata": {"name": "binder"},
        "rules": [
            {"apiGroups": [RBAC], "resources": ["rolebindings"], "verbs": ["create"]},
            {"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": ["bind"]},
        ],
    });
    for namespace in stage.both() {
        let path = namespace.group(RBAC_V1, "roles");
        write(alice, "POST", &path, &binder, cluster).expect_status(201);
    }
    let gives = bound("binder", "Role", "binder", &bob());
    let path = stage.enforced.group(RBAC_V1, "rolebindings");
    let answer = write(alice, "POST", &path, &gives, cluster);
    refused(stage, &answer, "it gives user bob bind clusterroles");
    // Without rolegate, it is worth all that there is.
    let path = stage.open.group(RBAC_V1, "rolebindings");
    write(alice, "POST", &path, &gives, cluster).expect_status(201);
    let all = bound("all", "ClusterRole", "cluster-admin", &bob());
    wait::until("bob to bind cluster-admin", || {
        let path = format!("{path}?dryRun=All");
        let answer = write(cluster.bob(), "POST", &path, &all, cluster);
        (answer.status == 201).then_some(()).ok_or(answer.body)
    });
}

/// A moment apart.
#[test]
fn d10_an_administrator_grants_in_either_order() {
    let stage = stage();
    let operator = stage.cluster.cluster_operator();
    for (plural, object) in [
        ("roles", role("theirs", &["get"])),
        ("rolebindings", bound("theirs", "Role", "theirs", &bob())),
        ("rolebindings", bound("later", "Role", "later", &bob())),
        ("roles", role("later", &["list"])),
    ] {
        let path = stage.enforced.group(RBAC_V1, plural);
        write(operator, "POST", &path, &object, stage.cluster).expect_status(201);
    }
}

fn cluster_path(plural: &str) -> String {
    format!("/apis/{RBAC_V1}/{plural}")
}

fn cluster_role(name: &str, label: Option<&str>, rule: &Value) -> Value {
    let mut object = json!({
        "apiVersion": RBAC_V1, "kind": "ClusterRole", "metadata": {"name": name},
        "rules": [rule],
    });
    if let Some(label) = label {
        object["metadata"]["labels"] = json!({label: "true"});
    }
    object
}

fn cluster_binding(role: &str) -> Value {
    json!({
        "apiVersion": RBAC_V1, "kind": "ClusterRoleBinding", "metadata": {"name": "mine"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}, "subjects": [bob()],
    })
}

const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";
/// Roles that are there before, and bound to nobody.
const SECRETS: &str = "e2e-secrets";
const GLASS: &str = "e2e-glass";

/// Method, path, kind, body and what the refusal says. Cluster-scoped objects reach
/// every namespace.
fn cluster_grants() -> Vec<(&'static str, String, &'static str, Value, &'static str)> {
    let secrets = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]});
    let label = json!({"metadata": {"labels": {TO_VIEW: "true"}}});
    let by_view = "gives user bob list secrets by RoleBinding";
    let labelled = cluster_role("e2e-labelled", Some(TO_VIEW), &secrets);
    let (roles, bindings) = (
        cluster_path("clusterroles"),
        cluster_path("clusterrolebindings"),
    );
    let one = format!("{roles}/{SECRETS}");
    let more = json!([{"op": "add", "path": "/aggregationRule/clusterRoleSelectors/-",
        "value": {"matchLabels": {"e2e": "secrets"}}}]);
    let glass = "use breakglass.rolegate.dev";
    vec![
        ("POST", roles.clone(), JSON, labelled, by_view),
        ("PATCH", one, MERGE, label, by_view),
        // The selector reaches the role; the role does not change.
        ("PATCH", format!("{roles}/view"), JSON_PATCH, more, by_view),
        (
            "POST",
            bindings.clone(),
            JSON,
            cluster_binding("cluster-admin"),
            "gives user bob ",
        ),
        ("POST", bindings, JSON, cluster_binding(GLASS), glass),
    ]
}

fn try_in_the_cluster(
    cluster: &Cluster,
    user: &User,
    (method, path, kind, body): (&'static str, &str, &str, &Value),
) -> Answer {
    let path = format!("{path}?dryRun=All");
    let request = cluster.request(user, method, &path);
    request.body(kind, body.to_string()).send()
}

/// The rights, and that alice's grants work before rolegate is installed: the cluster
/// door is everywhere.
pub(super) fn prepare(cluster: &Cluster) {
    let subject = json!({"kind": "User", "apiGroup": RBAC, "name": "alice"});
    let all = json!({"apiGroups": [RBAC], "resources": ["*"], "verbs": ["*"]});
    cluster.grant_in_the_cluster("e2e-lookups-alice", &[all], &subject);
    let secrets = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]});
    let mut role = cluster_role(SECRETS, None, &secrets);
    role["metadata"]["labels"] = json!({"e2e": "secrets"});
    cluster.create(&cluster_path("clusterroles"), &role);
    let glass =
        json!({"apiGroups": ["rolegate.dev"], "resources": ["breakglass"], "verbs": ["use"]});
    let role = cluster_role(GLASS, None, &glass);
    cluster.create(&cluster_path("clusterroles"), &role);
    for (method, path, kind, body, _) in cluster_grants() {
        wait::until("alice's rights, without rolegate", || {
            let alice = cluster.alice();
            let answer = try_in_the_cluster(cluster, alice, (method, &path, kind, &body));
            let works = answer.status < 300;
            works.then_some(()).ok_or(answer.body)
        });
    }
}

#[test]
fn d10_f7_by_cluster_roles() {
    let stage = stage();
    let cluster = stage.cluster;
    // bob has `view`, which tenants may give him.
    let view = bound("bobs-view", "ClusterRole", "view", &bob());
    let path = stage.enforced.group(RBAC_V1, "rolebindings");
    write(cluster.alice(), "POST", &path, &view, cluster).expect_status(201);
    for (method, path, kind, body, says) in cluster_grants() {
        let request = (method, path.as_str(), kind, &body);
        let answer = try_in_the_cluster(cluster, cluster.alice(), request);
        refused(stage, &answer, says);
        let answer = try_in_the_cluster(cluster, cluster.cluster_operator(), request);
        assert!(answer.status < 300, "{path}: {}", answer.body);
    }
    // The label on a role without Secrets, which installations of operators send.
    let harmless = json!({"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]});
    let body = cluster_role("e2e-things", Some(TO_VIEW), &harmless);
    let request = ("POST", &*cluster_path("clusterroles"), JSON, &body);
    let answer = try_in_the_cluster(cluster, cluster.alice(), request);
    assert_eq!(answer.status, 201, "{}", answer.body);
}
