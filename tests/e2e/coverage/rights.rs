//! The dangerous requests about roles and bindings.

use serde_json::{Value, json};

use super::probes::{Place, Probe};

const GROUP: &str = "rbac.authorization.k8s.io";
const VERSION: &str = "rbac.authorization.k8s.io/v1";

impl Place<'_> {
    /// Somebody who gets what no tenant may have: by a role's rules, or as a further
    /// subject of Kubernetes' own `edit`.
    pub(super) fn rights(self, resource: &str) -> Option<Probe> {
        let (plural, _) = resource
            .split_once('.')
            .filter(|(_, group)| *group == GROUP)?;
        let path = match plural {
            "roles" | "rolebindings" => self.group(VERSION, plural),
            _ => format!("/apis/{VERSION}/{plural}"),
        };
        let rule = |resource: &str| json!([{"apiGroups": [""], "resources": [resource], "verbs": ["get"]}]);
        let subject =
            |kind: &str, name: &str| json!({"kind": kind, "apiGroup": GROUP, "name": name});
        let (kind, stored, create, change): (_, _, _, Value) = match plural {
            "roles" | "clusterroles" => (
                if plural == "roles" {
                    "Role"
                } else {
                    "ClusterRole"
                },
                json!({"rules": rule("pods")}),
                json!({"rules": rule("secrets")}),
                json!({"rules": rule("secrets")}),
            ),
            "rolebindings" | "clusterrolebindings" => {
                let bound = |subjects: &[Value]| {
                    json!({
                        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "edit"},
                        "subjects": subjects,
                    })
                };
                let trusted = subject("Group", "system:masters");
                (
                    if plural == "rolebindings" {
                        "RoleBinding"
                    } else {
                        "ClusterRoleBinding"
                    },
                    bound(std::slice::from_ref(&trusted)),
                    bound(&[subject("User", "carl")]),
                    json!({"subjects": [trusted, subject("User", "carl")]}),
                )
            }
            _ => return None,
        };
        let named = |name: &str, mut object: Value| {
            object["apiVersion"] = json!(VERSION);
            object["kind"] = json!(kind);
            object["metadata"] = json!({"name": name});
            object
        };
        Some(Probe {
            path,
            stored: Some(named("stored", stored)),
            create: named("mine", create),
            change,
        })
    }
}
