//! Custom resources under the names that their operators give them. The
//! definitions take any content.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::wait;

/// Group and version, plural, kind.
pub(crate) type Kind = (&'static str, &'static str, &'static str);

impl Cluster {
    /// Defines these kinds, each with a status of its own, and waits until the
    /// API server serves them.
    pub(crate) fn define(&self, kinds: &[Kind]) {
        for kind in kinds {
            self.apply_as_admin(&definition(kind));
        }
        for (group_version, plural, _) in kinds {
            let path = format!("/apis/{group_version}/{plural}");
            wait::until("a custom resource to be served", || {
                let answer = self.request(self.admin(), "GET", &path).try_send()?;
                (answer.status == 200).then_some(()).ok_or(answer.body)
            });
        }
    }
}

fn definition((group_version, plural, kind): &Kind) -> Value {
    let (group, version) = group_version
        .split_once('/')
        .expect("a group and a version");
    let mut subresources = json!({"status": {}});
    // The one that rolegate looks up when it is scaled.
    if *plural == "flinkdeployments" {
        subresources["scale"] = json!({
            "specReplicasPath": ".spec.taskManager.replicas", "statusReplicasPath": ".status.taskManager.replicas",
        });
    }
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            // Asked of groups under k8s.io.
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test's copy"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "listKind": format!("{kind}List")},
            "versions": [{
                "name": version, "served": true, "storage": true,
                "schema": {"openAPIV3Schema": anything},
                "subresources": subresources,
            }],
        },
    })
}
