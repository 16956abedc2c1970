//! Custom resources that are called like resources of other groups.

use serde_json::{Value, json};

use super::scene::FINALIZER;

/// Their group. One more is called after `authorization.k8s.io`.
pub(super) const LOOKALIKE: &str = "lookalike.example";

/// An object of the group of lookalikes.
pub(super) fn lookalike(kind: &str, name: &str) -> Value {
    json!({
        "apiVersion": format!("{LOOKALIKE}/v1"), "kind": kind,
        "metadata": {"name": name, "finalizers": [FINALIZER]}, "spec": {},
    })
}

/// Their definitions.
pub(super) fn lookalikes() -> Value {
    let definition = |group: &str, kind: &str| {
        let plural = format!("{}s", kind.to_lowercase());
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}")},
            "spec": {
                "group": group, "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural},
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema},
                }],
            },
        })
    };
    let mut items: Vec<Value> = ["Pod", "Job", "Event", "Lease", "Secret"]
        .map(|kind| definition(LOOKALIKE, kind))
        .into();
    items.push(definition(
        &format!("authorization.k8s.io.{LOOKALIKE}"),
        "Review",
    ));
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
