//! What watching a large cluster costs: `cargo run --release --example view -- 10000`
//! keeps so many roles and as many role bindings of an API server that this makes up,
//! and prints memory, time and the time of decisions about grants.

#![expect(clippy::print_stdout, reason = "it prints what it measures")]
#![expect(clippy::expect_used, reason = "a failed step stops it")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use prometheus_client::registry::Registry;
use rolegate::cluster::ClusterView;
use rolegate::runtime::Readiness;
use rolegate::server::{Engine, Reviewer, Round};
use rolegate_core::decision::{Door, PolicyStore};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PAGE: usize = 250;
/// Roles and bindings of a namespace.
const IN_EACH: usize = 10;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let count = count.unwrap_or(10_000);
    let service = tower::service_fn(move |request: Request<Body>| async move {
        let uri = request.uri().clone();
        let query = uri.query().unwrap_or_default();
        if query.contains("watch=true") {
            std::future::pending::<()>().await;
        }
        let body = page(uri.path(), query, count).to_string();
        Response::builder()
            .body(Body::from(body.into_bytes()))
            .map_err(tower::BoxError::from)
    });
    let client = Client::new(service, "rolegate");
    let before = resident();
    let readiness = Readiness::default();
    let view = ClusterView::new(client.clone(), &readiness, &mut Registry::default());
    let started = Instant::now();
    tokio::spawn(view.clone().run(readiness.clone()));
    while view.rights().is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!(
        "{count} roles and as many bindings: known after {:?}",
        started.elapsed()
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("resident: {} MiB, of which {} before", resident(), before);
    let engine = Engine::new(Arc::new(PolicyStore::new(Policy::builtin())), Some(client))
        .with_view(Some(view));
    for (what, review) in [
        (
            "a binding to a role that is denied",
            binding("Role", "strong"),
        ),
        (
            "a binding to the ClusterRole edit, denied",
            binding("ClusterRole", "edit"),
        ),
        (
            "a binding to a role of no weight, looked up",
            binding("Role", "role-1"),
        ),
        ("a role with one binding, denied", role("roles", "role-1")),
        (
            "a ClusterRole with many bindings, denied",
            role("clusterroles", "shared"),
        ),
        (
            "a ClusterRole that is aggregated into edit, denied",
            role("clusterroles", "part-1"),
        ),
    ] {
        let body = review.to_string();
        let mut times = Vec::new();
        let mut denied = false;
        for _ in 0..200 {
            let started = Instant::now();
            let round = engine
                .review(Door::Enforce, body.as_bytes(), jiff::Timestamp::now(), None)
                .expect("a review");
            times.push(started.elapsed());
            denied = matches!(round, Round::Reviewed(_));
        }
        times.sort_unstable();
        println!(
            "{what}: {:?}, slowest of 200 {:?}, at once: {denied}",
            times[100], times[199]
        );
    }
}

/// In MiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or_default() / 1024
}

fn page(path: &str, query: &str, count: usize) -> Value {
    let resource = path.rsplit('/').next().unwrap_or_default();
    let start = query
        .split_once("continue=")
        .and_then(|(_, token)| token.parse().ok())
        .unwrap_or(0);
    let all = match resource {
        "roles" | "rolebindings" => count,
        "namespaces" => count / IN_EACH,
        "clusterroles" => 200,
        _ => 0,
    };
    let end = all.min(start + PAGE);
    let items: Vec<Value> = (start..end).map(|index| object(resource, index)).collect();
    let next = if end < all {
        end.to_string()
    } else {
        String::new()
    };
    json!({"metadata": {"resourceVersion": "7", "continue": next}, "items": items})
}

/// As an API server sends it, with who wrote which field.
fn object(resource: &str, index: usize) -> Value {
    let namespace = format!("team-{}", index / IN_EACH);
    let written = json!([{"manager": "helm", "operation": "Update", "fieldsType": "FieldsV1", "time": "2026-01-01T00:00:00Z",
        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}}, "f:rules": {}, "f:subjects": {}, "f:roleRef": {}}}]);
    let mut metadata = json!({
        "name": format!("role-{index}"), "namespace": namespace, "uid": format!("00000000-0000-0000-0000-{index:012}"),
        "resourceVersion": "7", "labels": {"app.kubernetes.io/name": "app", "helm.sh/chart": format!("chart-{index}")},
        "managedFields": written,
    });
    let rules = json!([
        {"apiGroups": [""], "resources": ["configmaps", "pods", "services"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list", "watch", "update", "patch"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["leader"], "verbs": ["*"]},
    ]);
    match resource {
        "roles" => {
            if index == 0 {
                metadata["name"] = json!("strong");
                return json!({"metadata": metadata, "rules": secrets()});
            }
            json!({"metadata": metadata, "rules": rules})
        }
        "rolebindings" => {
            let many = index.is_multiple_of(2);
            let role = if many {
                "shared".to_owned()
            } else {
                format!("role-{index}")
            };
            let kind = if many { "ClusterRole" } else { "Role" };
            json!({
                "metadata": metadata,
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
                "subjects": [{"kind": "Group", "name": format!("team-{}", index / IN_EACH)}, {"kind": "User", "name": format!("user-{index}@example.com")}],
            })
        }
        "clusterroles" => {
            metadata["namespace"] = Value::Null;
            match index {
                0 => {
                    metadata["name"] = json!("edit");
                    let selector =
                        json!({"clusterRoleSelectors": [{"matchLabels": {"to-edit": "true"}}]});
                    json!({"metadata": metadata, "rules": secrets(), "aggregationRule": selector})
                }
                1 => {
                    metadata["name"] = json!("shared");
                    json!({"metadata": metadata, "rules": rules})
                }
                _ => {
                    metadata["name"] = json!(format!("part-{index}"));
                    metadata["labels"]["to-edit"] = json!((index % 2 == 1).to_string());
                    json!({"metadata": metadata, "rules": rules})
                }
            }
        }
        _ => {
            metadata["namespace"] = Value::Null;
            metadata["name"] = json!(format!("team-{index}"));
            if index.is_multiple_of(10) {
                metadata["labels"]["rolegate.dev/mode"] = json!("enforce");
            }
            json!({"metadata": metadata})
        }
    }
}

fn secrets() -> Value {
    json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}])
}

fn review(resource: &str, kind: &str, namespace: &str, object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "CREATE", "namespace": namespace, "name": object["metadata"]["name"],
            "kind": {"group": "rbac.authorization.k8s.io", "version": "v1", "kind": kind},
            "resource": {"group": "rbac.authorization.k8s.io", "version": "v1", "resource": resource},
            "userInfo": {"username": "alice", "groups": ["team-0", "system:authenticated"]},
            "object": object, "oldObject": null, "dryRun": false,
        },
    })
}

fn binding(kind: &str, name: &str) -> Value {
    let object = json!({
        "metadata": {"name": "mine", "namespace": "team-0"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "bob"}],
    });
    review("rolebindings", "RoleBinding", "team-0", &object)
}

fn role(resource: &str, name: &str) -> Value {
    let mut object = json!({
        "metadata": {"name": name, "labels": {"to-edit": name.starts_with("part").to_string()}},
        "rules": secrets(),
    });
    if resource == "roles" {
        object["metadata"]["namespace"] = json!("team-0");
        return review(resource, "Role", "team-0", &object);
    }
    review(resource, "ClusterRole", "", &object)
}
