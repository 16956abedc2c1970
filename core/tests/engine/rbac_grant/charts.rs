//! The rights of installed software (`tests/recorded/rbac`): who may install it, and what
//! an installer whom the policy does not name is told.

use rolegate_core::policy::Policy;
use rolegate_core::request::document;
use serde_json::{Value, json};

use super::{Cluster, write};
use crate::support::scene::{TEAM_A_ARN, admin};
use crate::support::{policy, service_account, tenant, user};

/// Name, its file, and the accounts for which an unknown installer is refused: those
/// with rights that nobody below an administrator may have in a managed namespace.
type Chart = (&'static str, &'static str, &'static [&'static str]);

const CHARTS: [Chart; 6] = [
    (
        "cert-manager",
        include_str!("../../../../tests/recorded/rbac/cert-manager.yaml"),
        &[
            "cert-manager/cert-manager",
            "cert-manager/cert-manager-cainjector",
        ],
    ),
    (
        "argo-cd",
        include_str!("../../../../tests/recorded/rbac/argo-cd.yaml"),
        &[
            "argocd/argocd-application-controller",
            "argocd/argocd-applicationset-controller",
            "argocd/argocd-server",
        ],
    ),
    (
        "spark-operator",
        include_str!("../../../../tests/recorded/rbac/spark-operator.yaml"),
        &["spark-operator/spark-operator-webhook"],
    ),
    (
        "external-secrets",
        include_str!("../../../../tests/recorded/rbac/external-secrets.yaml"),
        &[
            "external-secrets/external-secrets",
            "external-secrets/external-secrets-cert-controller",
        ],
    ),
    (
        "kyverno",
        include_str!("../../../../tests/recorded/rbac/kyverno.yaml"),
        &[
            "kyverno/kyverno-admission-controller",
            "kyverno/kyverno-background-controller",
            "kyverno/kyverno-cleanup-controller",
            "kyverno/kyverno-reports-controller",
        ],
    ),
    (
        "karpenter",
        include_str!("../../../../tests/recorded/rbac/karpenter.yaml"),
        &[],
    ),
];

fn objects(text: &str) -> Vec<Value> {
    let documents = document::split(text.as_bytes()).expect("YAML");
    let objects = documents
        .iter()
        .map(|one| serde_json::from_str(one.text()).expect("JSON"));
    objects.collect()
}

/// With a namespace for the jobs of the spark-operator.
fn cluster() -> Cluster {
    let team = json!({ "metadata": { "name": "spark-team-a", "labels": { "rolegate.dev/mode": "enforce" } } });
    Cluster::new().with("namespaces", team)
}

/// What `who` is told on installing the objects in their order, and everything is stored
/// all the same. Namespaces without the label send nothing to rolegate.
fn install(objects: &[Value], who: &Value, policy: &Policy) -> Vec<String> {
    let mut cluster = cluster();
    let mut told = Vec::new();
    for object in objects {
        let plural = match object["kind"].as_str() {
            Some("ClusterRole") => "clusterroles",
            Some("ClusterRoleBinding") => "clusterrolebindings",
            Some("Role") => "roles",
            Some("RoleBinding") => "rolebindings",
            Some("ServiceAccount") => continue,
            other => panic!("{other:?}"),
        };
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let mut review = write(who.clone(), plural, None, object.clone());
        review = review.set("namespace", json!(namespace));
        if matches!(namespace, "" | "spark-team-a") {
            let message = |decision: &super::Decision<'_>| {
                assert!(decision.skipped.is_empty(), "{:?}", decision.skipped);
                let found = |rule: &str| {
                    let mut judged = decision.judged.iter();
                    judged.any(|one| one.finding.rule.as_str() == rule)
                };
                found("rbac-grant").then(|| decision.message())
            };
            told.extend(cluster.decided(&review, policy, message));
        }
        cluster = cluster.with(plural, object.clone());
    }
    told
}

fn declared() -> Policy {
    policy(&format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
doors: {{ cluster: enforce }}
identities:
  admins: {{ groups: [system:masters, platform-admins] }}
  addOns: [cert-manager, kyverno]
  platform:
  - {{ users: ["system:serviceaccount:argocd:argocd-application-controller"], capabilities: [configmaps] }}
  - {{ users: ["system:serviceaccount:external-secrets:external-secrets"], capabilities: [configmaps] }}
  - {{ users: ["system:serviceaccount:spark-operator:spark-operator-webhook"], capabilities: [configmaps] }}
  operators: [{{ serviceAccount: spark-operator/spark-operator-controller, roles: ["{TEAM_A_ARN}"] }}]
virtualClusters:
- namespaces: [spark-team-a]
"#
    ))
}

#[test]
fn administrators_and_a_gitops_controller_install_declared_software() {
    let declared = declared();
    let gitops = service_account("argocd", "argocd-application-controller");
    for (name, text, _) in CHARTS {
        let objects = objects(text);
        assert!(objects.len() > 6, "{name}");
        let backwards: Vec<Value> = objects.iter().rev().cloned().collect();
        for order in [&objects, &backwards] {
            for who in [&admin(), &user("ana", &["platform-admins"]), &gitops] {
                assert_eq!(install(order, who, &declared), [""; 0], "{name}: {who}");
            }
            // An administrator need not have declared it.
            let told = install(order, &admin(), &Policy::builtin());
            assert_eq!(told, [""; 0], "{name}");
        }
    }
}

#[test]
fn an_unknown_installer_is_refused_for_each_account_and_told_what_to_do() {
    // Nobody but the installer is declared.
    let policy = policy(
        "apiVersion: rolegate.dev/v1alpha1
kind: Policy
doors: { cluster: enforce }
identities: { platform: [{ users: ['system:serviceaccount:argocd:deployer'], capabilities: [configmaps] }] }
virtualClusters: [{ namespaces: [spark-team-a] }]
",
    );
    let software = service_account("gitops", "deployer");
    let add_on = service_account("argocd", "deployer");
    for (name, text, accounts) in CHARTS {
        let objects = objects(text);
        let backwards: Vec<Value> = objects.iter().rev().cloned().collect();
        for order in [&objects, &backwards] {
            for (who, advice) in [
                (&tenant(), "ask a platform administrator"),
                (
                    &software,
                    "under `identities.addOns` or `identities.platform`",
                ),
                (
                    &add_on,
                    "under `identities.addOns` or `identities.platform`",
                ),
            ] {
                let told = install(order, who, &policy);
                for account in accounts {
                    let named = format!("it gives service account {account} ");
                    assert!(
                        told.iter().any(|message| message.contains(&named)),
                        "{name}: {who}: {account}: {told:#?}"
                    );
                }
                for message in &told {
                    let one = |account: &&&str| {
                        message.contains(&format!("it gives service account {account} "))
                    };
                    assert!(
                        accounts.iter().any(|account| one(&account)),
                        "{name}: {message}"
                    );
                    assert!(message.contains(advice), "{name}: {message}");
                }
            }
        }
    }
}
