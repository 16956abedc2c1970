//! Typical objects of installed software: what teams write for it with nothing but what is
//! theirs, and what a tenant writes to get more. `operators/*.yaml` holds them.

use rolegate_core::policy::Policy;
use rolegate_core::request::document;
use serde_json::Value;

use crate::support::scene::{admin, create, emr, update};
use crate::support::{Review, policy, tenant, user};

const HONEST: &str = include_str!("../operators/honest.yaml");
const HOSTILE: &str = include_str!("../operators/hostile.yaml");

/// Two teams under one operator, and a third in a namespace of its own.
fn teams() -> Policy {
    policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-etl", "arn:aws:iam::111122223333:role/team-a-payroll"]
      jobServiceAccounts: [{ name: spark, role: "arn:aws:iam::111122223333:role/team-a-payroll" }]
virtualClusters:
  - namespaces: [spark-a]
    executionRoles: ["arn:aws:iam::111122223333:role/team-a-*"]
    submitters:
    - groups: [team-a]
      roles: ["arn:aws:iam::111122223333:role/team-a-etl"]
      secrets: ["app-*"]
  - namespaces: [spark-c]
    executionRoles: ["arn:aws:iam::111122223333:role/team-c-*"]
"#,
    )
}

fn manifests(text: &str) -> Vec<Value> {
    let documents = document::split(text.as_bytes()).expect("YAML");
    let texts = documents.iter().map(document::Document::text);
    texts
        .map(|text| serde_json::from_str(text).expect("an object"))
        .collect()
}

fn resource_of(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().expect("a text");
    let group = text("apiVersion").split('/').next().expect("a group");
    let kind = text("kind").to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) if !kind.ends_with("ay") => format!("{stem}ies"),
        _ => format!("{kind}s"),
    };
    format!("{group}/{plural}")
}

#[test]
fn honest_objects_pass() {
    let policy = teams();
    let manifests = manifests(HONEST);
    assert!(manifests.len() > 40);
    for object in manifests {
        let resource = resource_of(&object);
        create(tenant(), &resource, "x", object.clone()).passes(&policy);
        let mut changed = object.clone();
        changed["spec"]["more"] = "settings".into();
        update(tenant(), &resource, object.clone(), changed).passes(&policy);
        let deleted = Review::new(tenant(), "DELETE", &resource, "x").old(object);
        deleted.passes(&policy);
    }
}

#[test]
fn hostile_objects_are_refused() {
    let policy = teams();
    for object in manifests(HOSTILE) {
        let expected = object["metadata"]["annotations"]["refused"].clone();
        let (rule, words) = expected
            .as_str()
            .and_then(|text| text.split_once(": "))
            .expect("a rule");
        let resource = resource_of(&object);
        create(tenant(), &resource, "x", object.clone()).refused(&policy, rule, words);
        // The same in an object that was harmless before.
        let mut before = object.clone();
        before["spec"] = serde_json::json!({});
        update(tenant(), &resource, before, object.clone()).refused(&policy, rule, words);
        // Somebody without any entry may do no more.
        let nobody = create(user("mallory", &["team-z"]), &resource, "x", object.clone());
        assert!(!nobody.findings(&policy).is_empty(), "{object}");
        for trusted in [admin(), emr()] {
            create(trusted, &resource, "x", object.clone()).passes(&policy);
        }
        // What an operator reports of it starts nothing.
        let status = format!("{resource}/status");
        update(tenant(), &status, object.clone(), object).passes(&policy);
    }
}
