//! The policies by themselves.

use serde_json::Value;

use super::with_guards;
use crate::harness::wait;

const PATH: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";

/// kube-controller-manager checks every expression against the types of what
/// the policy matches, as far as it matches something definite.
#[test]
fn kubernetes_own_type_check_finds_nothing() {
    let cluster = with_guards();
    let mut checked = 0;
    for policy in cluster.read_policies() {
        if policy["kind"] != "ValidatingAdmissionPolicy" {
            continue;
        }
        let name = policy["metadata"]["name"]
            .as_str()
            .expect("a name")
            .to_owned();
        let status = wait::until(&format!("{name} to be checked"), || {
            let stored = cluster.get(&format!("{PATH}/{name}"));
            let seen = stored["status"]["observedGeneration"] == stored["metadata"]["generation"];
            seen.then(|| stored["status"].clone())
                .ok_or_else(|| stored["status"].to_string())
        });
        let warnings = &status["typeChecking"]["expressionWarnings"];
        assert_eq!(*warnings, Value::Null, "{name}: {warnings:#}");
        checked += 1;
    }
    assert_eq!(checked, 6);
}
