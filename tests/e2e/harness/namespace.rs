//! A namespace for one test, in which RBAC refuses nothing.
//!
//! A role of `*` on `*` is bound, in the namespace, to the tenant's team, EMR
//! and the platform team: what is refused there is refused by admission. Bound
//! in a namespace it does not give `use` on `breakglass.rolegate.dev`, which
//! the webhook configuration asks for cluster-wide.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::{dirs, wait};

/// The label that puts a namespace under rolegate's care.
pub(crate) const MODE_LABEL: &str = "rolegate.dev/mode";

/// One test's namespace. It stays until the control plane goes.
pub(crate) struct Namespace<'c> {
    pub(crate) cluster: &'c Cluster,
    pub(crate) name: String,
}

impl<'c> Namespace<'c> {
    /// One that rolegate has nothing to do with.
    pub(crate) fn unmanaged(cluster: &'c Cluster) -> Self {
        Self::with_labels(cluster, &json!({}))
    }

    /// One with `rolegate.dev/mode` set to `mode` from the start.
    pub(crate) fn labelled(cluster: &'c Cluster, mode: &str) -> Self {
        Self::with_labels(cluster, &json!({MODE_LABEL: mode}))
    }

    /// One with any labels.
    pub(crate) fn with_labels(cluster: &'c Cluster, labels: &Value) -> Self {
        Self::named(cluster, &dirs::random_name("e2e"), labels)
    }

    /// One that a policy knows by its name.
    pub(crate) fn named(cluster: &'c Cluster, name: &str, labels: &Value) -> Self {
        let name = name.to_owned();
        cluster.create(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}),
        );
        let namespace = Self { cluster, name };
        cluster.create(
            &namespace.rbac("roles"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": "everything"},
                "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
            }),
        );
        namespace.grant_everything("Group", "team-a");
        namespace.grant_everything("User", "emr-containers");
        namespace.grant_everything("User", "platform");
        // The service account controller makes it; without it no pod starts.
        wait::until("the default service account", || {
            let path = namespace.core("serviceaccounts/default");
            let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
            (answer.status == 200).then_some(()).ok_or_else(|| {
                format!(
                    "{}; is the controller manager alive? logs in {}",
                    answer.body,
                    cluster.logs().display()
                )
            })
        });
        // A new binding takes a moment to reach the authorizer. The last of
        // them stands for all: they arrive in order.
        wait::until("RBAC to know the namespace's bindings", || {
            let path = namespace.core("configmaps");
            let answer = cluster
                .request(cluster.platform(), "GET", &path)
                .try_send()?;
            (answer.status == 200).then_some(()).ok_or(answer.body)
        });
        namespace
    }

    /// Lets a `User` or `Group` do everything in this namespace.
    pub(crate) fn grant_everything(&self, kind: &str, name: &str) {
        self.bind(&json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}));
    }

    /// Binds the role of `*` on `*` to an RBAC subject.
    pub(super) fn bind(&self, subject: &Value) {
        self.cluster.create(
            &self.rbac("rolebindings"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": dirs::random_name("everything")},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "everything"},
                "subjects": [subject],
            }),
        );
    }

    /// Sets the mode label, as admin.
    pub(crate) fn set_mode(&self, mode: &str) {
        self.cluster
            .request(
                self.cluster.admin(),
                "PATCH",
                &format!("/api/v1/namespaces/{}", self.name),
            )
            .body(
                super::http::MERGE,
                json!({"metadata": {"labels": {MODE_LABEL: mode}}}).to_string(),
            )
            .send()
            .expect_status(200);
    }

    /// The path of something of the core group: `pods`, `pods/p/exec`.
    pub(crate) fn core(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.name)
    }

    /// The path of something of another group: `("apps/v1", "deployments")`.
    pub(crate) fn group(&self, group_version: &str, rest: &str) -> String {
        format!("/apis/{group_version}/namespaces/{}/{rest}", self.name)
    }

    fn rbac(&self, rest: &str) -> String {
        self.group("rbac.authorization.k8s.io/v1", rest)
    }
}
