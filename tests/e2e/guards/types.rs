//! The expressions by themselves.

use serde_json::{Value, json};

use super::with_guards;
use crate::harness::{Cluster, dirs, wait};

const PATH: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

/// What kube-controller-manager says about the expressions of a policy against
/// the types of what it matches. It looks at definite versions and resources
/// only, so a copy names some; without a binding it judges nothing.
fn warnings(cluster: &Cluster, mut policy: Value) -> Value {
    let rules = policy["spec"]["matchConstraints"]["resourceRules"].as_array_mut();
    let rules = rules.expect("every policy has some");
    rules.retain(|rule| !rule["resources"].to_string().contains('*'));
    for rule in rules {
        rule["apiVersions"] = json!(["v1"]);
    }
    let name = dirs::random_name("e2e-types");
    policy["metadata"] = json!({"name": name});
    cluster.create(PATH, &policy);
    let status = wait::until(&format!("{name} to be checked"), || {
        let stored = cluster.get(&format!("{PATH}/{name}"));
        let seen = stored["status"]["observedGeneration"] == stored["metadata"]["generation"];
        seen.then(|| stored["status"].clone())
            .ok_or_else(|| stored["status"].to_string())
    });
    status["typeChecking"]["expressionWarnings"].clone()
}

#[test]
fn kubernetes_own_type_check_finds_nothing() {
    let cluster = with_guards();
    let mut checked = 0;
    let component = "manifests/policies/node-guard/node-guard.yaml";
    let all = cluster.read_policies().into_iter();
    for policy in all.chain(cluster.read_manifest(component)) {
        if policy["kind"] != "ValidatingAdmissionPolicy" {
            continue;
        }
        let found = warnings(cluster, policy.clone());
        assert_eq!(
            found,
            Value::Null,
            "{}: {found:#}",
            policy["metadata"]["name"]
        );
        // That it does look.
        let mut wrong = policy;
        wrong["spec"]["validations"] =
            json!([{"expression": "object.spec.nothing == oldObject.nothing"}]);
        wrong["spec"]["variables"] = json!([]);
        assert_ne!(warnings(cluster, wrong), Value::Null);
        checked += 1;
    }
    assert_eq!(checked, 7);
}
