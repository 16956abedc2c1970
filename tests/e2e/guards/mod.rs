//! The in-tree guards on the real API server: each stops the tenant, leaves
//! everybody alone whose work it is, and without it the attack works.
//!
//! Without: on a control plane of its own where nothing of ours is installed,
//! or in a namespace without a label. With: on the control plane that all
//! tests share, where the guards are always on, so the rest of the suite shows
//! that nothing honest is in their way.
//!
//! | module | rows of `docs/bypasses.md` |
//! |---|---|
//! | `secrets`, `secrets_pass` | C2, C3, C4 |
//! | `job_secrets` | E6 |
//! | `webhooks`, `webhooks_pass` | C11, D1 |
//! | `namespaces`, `namespaces_pass` | D3, D4, F8, and the namespace's part of B17 |
//! | `own`, `own_pass` | D5, F7 |
//! | `bootstrap` | B10 |
//! | `cost` | D17, D18 |
//! | `chain`, `node`, `types`, `overlays` | what no row names |

mod bootstrap;
mod chain;
mod cost;
mod job_secrets;
mod namespaces;
mod namespaces_pass;
mod node;
pub(crate) mod overlays;
mod own;
mod own_pass;
mod secrets;
mod secrets_pass;
mod types;
mod webhooks;
mod webhooks_pass;

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::cast::service_account;
use crate::harness::http::Answer;
use crate::harness::users::User;
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace, wait};

/// A control plane without anything of ours; mallory has the same rights.
fn bare() -> &'static Cluster {
    static BARE: LazyLock<Cluster> = LazyLock::new(|| {
        let cluster = Cluster::start();
        cluster.make_mallory();
        cluster
    });
    &BARE
}

/// The shared control plane, the guards in place.
fn with_guards() -> &'static Cluster {
    guarded().cluster
}

/// One request that can be made on either control plane.
#[derive(Clone, Debug)]
struct Attack {
    method: &'static str,
    path: String,
    body: Option<(&'static str, String)>,
}

impl Attack {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
        }
    }

    fn body(mut self, content_type: &'static str, body: &Value) -> Self {
        self.body = Some((content_type, body.to_string()));
        self
    }

    fn json(self, body: &Value) -> Self {
        self.body("application/json", body)
    }

    /// The same as a dry run, which is decided alike.
    fn dry(mut self) -> Self {
        self.path
            .push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str("dryRun=All");
        self
    }

    fn request<'c>(&self, cluster: &'c Cluster, user: &User) -> crate::harness::http::Request<'c> {
        let request = cluster.request(user, self.method, &self.path);
        match &self.body {
            Some((content_type, body)) => request.body(content_type, body.clone()),
            None => request,
        }
    }

    fn by(&self, cluster: &Cluster, user: &User) -> Answer {
        self.request(cluster, user).send()
    }
}

/// Asserts a refusal by this guard, in words that contain `said`.
#[track_caller]
fn assert_refused(what: &str, answer: &Answer, guard: &str, said: &str) {
    assert!(
        answer.refused_by_guard(guard),
        "{what}: not refused by {guard}: {} {}",
        answer.status,
        answer.body
    );
    let status = answer.json();
    assert_eq!(status["reason"], "Forbidden", "{what}: {status}");
    let message = answer.message();
    for part in [said, " Why: ", " Instead: "] {
        assert!(message.contains(part), "{what}: no {part:?} in {message}");
    }
}

/// Asserts that it was admitted and succeeded.
#[track_caller]
fn assert_passes(what: &str, answer: &Answer) {
    assert!(
        (200..300).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.body
    );
}

impl Namespace<'_> {
    /// Gives one subject exactly these verbs on these resources of the core
    /// group here; waits until the authorizer knows.
    fn grant(&self, subject: &Value, verbs: &[&str], resources: &[&str]) {
        let name = crate::harness::dirs::random_name("some");
        let rbac = "rbac.authorization.k8s.io";
        let group = "rbac.authorization.k8s.io/v1";
        self.cluster.create(
            &self.group(group, "roles"),
            &json!({
                "apiVersion": group, "kind": "Role", "metadata": {"name": name},
                "rules": [
                    {"apiGroups": [""], "resources": resources, "verbs": verbs},
                    // By which the wait below sees that the rest has arrived.
                    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [name], "verbs": ["get"]},
                ],
            }),
        );
        self.cluster.create(
            &self.group(group, "rolebindings"),
            &json!({
                "apiVersion": group, "kind": "RoleBinding", "metadata": {"name": name},
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name}, "subjects": [subject],
            }),
        );
        let user = match subject["kind"].as_str() {
            Some("ServiceAccount") => self.account_user(subject["name"].as_str().expect("a name")),
            _ => subject["name"].as_str().expect("a name").to_owned(),
        };
        wait::until("RBAC to know the grant", || {
            let review = json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {"user": user, "resourceAttributes":
                    {"namespace": self.name, "verb": "get", "resource": "configmaps", "name": name}},
            });
            let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            let cluster = self.cluster;
            let answer = cluster
                .request(cluster.admin(), "POST", path)
                .json(&review)
                .try_send()?;
            (answer.json()["status"]["allowed"] == true)
                .then_some(())
                .ok_or(answer.body)
        });
    }
}

/// A user as a subject of RBAC.
fn user(name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name})
}

/// A service account's own token, of a namespace that may not be the test's;
/// made if it is not there.
fn account(cluster: &Cluster, namespace: &str, name: &str) -> User {
    let namespace = Namespace {
        cluster,
        name: namespace.to_owned(),
    };
    let admin = cluster.admin();
    for (path, object) in [
        (
            "/api/v1/namespaces".to_owned(),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name}}),
        ),
        (namespace.core("serviceaccounts"), service_account(name)),
    ] {
        let answer = cluster.request(admin, "POST", &path).json(&object).send();
        assert!(matches!(answer.status, 201 | 409), "{name}: {answer:?}");
    }
    namespace.unbound_token(name)
}
