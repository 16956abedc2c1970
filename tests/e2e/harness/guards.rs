//! The in-tree guards, as shipped, and somebody they stop.

use std::path::Path;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::http::Answer;
use super::users::User;
use super::wait;

/// The shipped policies and bindings, from the repository's root.
pub(crate) const POLICIES: &str = "manifests/policies";

/// What mallory may do in the whole cluster.
const RIGHTS: &str = "e2e-mallory";

impl Cluster {
    /// Somebody who may, by RBAC, write namespaces, webhook configurations and
    /// cluster roles, and nothing else: rights that teams and operators do have.
    pub(crate) fn mallory(&self) -> &User {
        self.user("mallory")
    }

    /// Gives mallory these rights; waits until the authorizer knows.
    pub(crate) fn make_mallory(&self) {
        let rule = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["*"]});
        self.grant_in_the_cluster(
            RIGHTS,
            &[
                rule(
                    "",
                    &["namespaces", "namespaces/status", "namespaces/finalize"],
                ),
                rule(
                    "admissionregistration.k8s.io",
                    &[
                        "mutatingwebhookconfigurations",
                        "validatingwebhookconfigurations",
                    ],
                ),
                rule(
                    "rbac.authorization.k8s.io",
                    &["clusterroles", "clusterrolebindings"],
                ),
            ],
            &json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory"}),
        );
        wait::until("mallory's rights", || {
            let path = "/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=1";
            let answer = self.request(self.mallory(), "GET", path).try_send()?;
            (answer.status == 200).then_some(()).ok_or(answer.body)
        });
    }

    /// A `ClusterRole` with these rules, bound to one subject.
    pub(crate) fn grant_in_the_cluster(&self, name: &str, rules: &[Value], subject: &Value) {
        let rbac = "rbac.authorization.k8s.io";
        self.apply_as_admin(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": name}, "rules": rules,
        }));
        self.apply_as_admin(&json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
            "subjects": [subject],
        }));
    }

    /// Applies the shipped policies, and waits until they are in effect.
    pub(crate) fn install_guards(&self) {
        self.make_mallory();
        // Policies before bindings, each kind in one order: the API server sees
        // them in that order, so the last of both kinds stands for all.
        let shipped = self.read_policies();
        for kind in [
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
        ] {
            let of_kind = shipped.iter().filter(|object| object["kind"] == kind);
            let (last, others): (Vec<_>, Vec<_>) =
                of_kind.partition(|object| object["metadata"]["name"] == "rolegate-webhook-guard");
            assert_eq!(last.len(), 1, "{kind}");
            for object in others.into_iter().chain(last) {
                self.apply_as_admin(object);
            }
        }
        wait::until("the guards to be in effect", || {
            let path =
                "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?dryRun=All";
            let probe = json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": "probe"},
            });
            let answer = self
                .request(self.mallory(), "POST", path)
                .json(&probe)
                .try_send()?;
            answer
                .refused_by_guard("webhook-guard")
                .then_some(())
                .ok_or_else(|| format!("{} {}", answer.status, answer.body))
        });
    }

    /// What `kubectl apply -k manifests/policies` applies.
    pub(crate) fn read_policies(&self) -> Vec<Value> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(POLICIES);
        let built = self
            .kubectl(self.admin())
            .run(&["kustomize", &path.display().to_string()])
            .expect_ok();
        let printed = self
            .kubectl(self.admin())
            .stdin(built)
            .run(&["create", "--dry-run=client", "-o", "json", "-f", "-"])
            .expect_ok();
        serde_json::Deserializer::from_str(&printed)
            .into_iter::<Value>()
            .map(|object| object.unwrap_or_else(|e| panic!("kubectl printed {printed:?}: {e}")))
            .flat_map(|object| match object["items"].as_array() {
                Some(items) => items.clone(),
                None => vec![object],
            })
            .collect()
    }
}

impl Answer {
    /// Whether that guard, `secret-guard` for instance, refused it.
    pub(crate) fn refused_by_guard(&self, guard: &str) -> bool {
        self.status == 403
            && self.message().contains(&format!(
                "ValidatingAdmissionPolicy 'rolegate-{guard}' with binding 'rolegate-{guard}"
            ))
    }
}
