//! The rights of installed software (`tests/recorded/rbac`) on a real API server: an
//! administrator of the policy installs them, and a tenant with every right on cluster
//! roles is refused for the accounts that get more than a tenant may have.
//! `core/tests/engine/rbac_grant/charts.rs` has the other installers.

use std::path::Path;

use serde_json::{Value, json};

use super::{RBAC_V1, stage};

/// Name, and the accounts for which a tenant is refused.
const CHARTS: [(&str, &[&str]); 6] = [
    ("cert-manager", &["cert-manager", "cert-manager-cainjector"]),
    (
        "argo-cd",
        &[
            "argocd-application-controller",
            "argocd-applicationset-controller",
            "argocd-server",
        ],
    ),
    ("spark-operator", &["spark-operator-webhook"]),
    (
        "external-secrets",
        &["external-secrets", "external-secrets-cert-controller"],
    ),
    (
        "kyverno",
        &[
            "kyverno-admission-controller",
            "kyverno-background-controller",
            "kyverno-cleanup-controller",
            "kyverno-reports-controller",
        ],
    ),
    ("karpenter", &[]),
];

#[test]
fn installed_software() {
    let stage = stage();
    let cluster = stage.cluster;
    for (name, mode) in [
        ("cert-manager", None),
        ("argocd", None),
        ("spark-operator", None),
        ("spark-team-a", Some("enforce")),
        ("external-secrets", None),
        ("kyverno", None),
    ] {
        let mut namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        if let Some(mode) = mode {
            namespace["metadata"]["labels"] = json!({"rolegate.dev/mode": mode});
        }
        cluster.create("/api/v1/namespaces", &namespace);
    }
    for (name, accounts) in CHARTS {
        let manifest = format!("tests/recorded/rbac/{name}.yaml");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&manifest);
        let operator = cluster.kubectl(cluster.cluster_operator());
        let file = path.display().to_string();
        operator
            .run(&["apply", "--server-side", "-f", &file])
            .expect_ok();
        let mut refused = Vec::new();
        for binding in cluster.read_manifest(&manifest) {
            if binding["kind"] != "ClusterRoleBinding" {
                continue;
            }
            let path = format!("/apis/{RBAC_V1}/clusterrolebindings?dryRun=All");
            let request = cluster.request(cluster.alice(), "POST", &path);
            let answer = request.json(&binding).send();
            let message = answer.message();
            if answer.refused_by_webhook() {
                assert!(message.contains("rbac-grant: alice may not"), "{message}");
                let account = binding["subjects"][0]["name"].as_str();
                refused.push(account.unwrap_or_default().to_owned());
            } else {
                // Admitted; it is there already.
                assert_eq!(answer.status, 409, "{message}");
            }
        }
        refused.sort();
        refused.dedup();
        assert_eq!(refused, accounts, "{name}");
    }
    // Its own roles for tenants are aggregated, and `view` is still one that they may give.
    let view = super::bound(
        "after",
        "ClusterRole",
        "view",
        &json!({"kind": "Group", "apiGroup": super::RBAC, "name": "team-a"}),
    );
    stage.passes((RBAC_V1, "rolebindings"), &view);
    let things: Value = cluster.get(&format!("/apis/{RBAC_V1}/clusterroles/view"));
    assert!(things.to_string().contains("externalsecrets"), "{things}");
}
