//! A control plane: etcd, kube-apiserver and kube-controller-manager, no node.
//!
//! Without nodes pods stay Pending and nothing runs; but every request passes
//! real authentication, authorization and admission, and the controllers are
//! the real ones: Jobs become Pods, namespaces get their service accounts.

use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use serde_json::json;

use super::components::{self, Layout};
use super::every_pod::{self, Watcher};
use super::http::{self, Api};
use super::supervise::Supervised;
use super::tls::Authority;
use super::users::{self, User};
use super::{dirs, wait};

/// What a test may want different. The default is what EKS runs.
#[derive(Default)]
pub(crate) struct Options {
    /// An `AuthorizationConfiguration`, for the authorization webhook.
    pub(crate) authorization_config: Option<String>,
    /// More flags for kube-apiserver.
    pub(crate) apiserver_flags: Vec<String>,
}

/// A running control plane. Dropping it ends it; the shared one ends with the
/// process. Every pod made there is watched: see `every_pod`.
pub(crate) struct Cluster {
    pub(crate) dir: PathBuf,
    pub(crate) port: u16,
    pub(crate) authority: Authority,
    pub(crate) api: Api,
    people: Vec<User>,
    watcher: OnceLock<Arc<Watcher>>,
    // Last first: dropped in this order, the clients before what they talk to.
    parts: Mutex<Vec<Supervised>>,
}

impl Cluster {
    /// The one that nearly all tests share, each in namespaces of its own.
    pub(crate) fn shared() -> &'static Self {
        // Lazy and not Once: when the start fails, the other tests fail at
        // once instead of each waiting for another start.
        static SHARED: LazyLock<Cluster> = LazyLock::new(|| Cluster::start());
        &SHARED
    }

    /// A control plane of the test's own, for tests that break things.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::start_with(&Options::default())
    }

    /// [`Cluster::start`], with some things different.
    #[track_caller]
    pub(crate) fn start_with(options: &Options) -> Self {
        let started = Location::caller();
        let dir = dirs::fresh("cluster");
        let authority = Authority::new("rolegate-e2e");
        let people = users::people();
        let layout = Layout::prepare(&dir, &authority, &people, options);
        let mut etcd = components::etcd(&layout);
        let mut apiserver = components::apiserver(&layout, options);
        let cluster = Self {
            api: Api::new(layout.apiserver_port, &authority.certificate()),
            port: layout.apiserver_port,
            dir,
            authority,
            people,
            watcher: OnceLock::new(),
            parts: Mutex::default(),
        };
        wait::until("the API server to be ready", || {
            etcd.assert_running();
            apiserver.assert_running();
            let answer = cluster
                .request(cluster.admin(), "GET", "/readyz")
                .try_send()?;
            (answer.status == 200).then_some(()).ok_or_else(|| {
                format!(
                    "{} {}\n{}",
                    answer.status,
                    answer.body,
                    apiserver.log_tail()
                )
            })
        });
        // Not before: it gives up on an API server that is not ready.
        components::kubeconfig(
            &layout.controller_kubeconfig(),
            cluster.port,
            &layout.ca(),
            cluster.user("system:kube-controller-manager"),
        );
        let controllers = components::controller_manager(&layout);
        *cluster.parts.lock().expect("nobody else holds it") = vec![controllers, apiserver, etcd];
        cluster.make_cluster_operators();
        cluster
            .watcher
            .get_or_init(|| every_pod::install(&cluster, started));
        cluster
    }

    /// What watches the pods that are made here.
    pub(crate) fn watcher(&self) -> &Watcher {
        self.watcher
            .get()
            .expect("it starts with the control plane")
    }

    fn make_cluster_operators(&self) {
        self.create(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": users::CLUSTER_OPERATORS},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": users::CLUSTER_OPERATORS}],
            }),
        );
    }

    /// One of the people of `users.rs`, by name.
    pub(crate) fn user(&self, name: &str) -> &User {
        self.people
            .iter()
            .find(|user| user.name == name)
            .unwrap_or_else(|| panic!("no user {name:?}: see harness/users.rs"))
    }

    /// In `system:masters`: admission conditions let it pass as break-glass.
    pub(crate) fn admin(&self) -> &User {
        self.user("admin")
    }

    /// Bound to cluster-admin, not in `system:masters`.
    pub(crate) fn cluster_operator(&self) -> &User {
        self.user("cluster-operator")
    }

    /// A tenant; may do anything, by RBAC, in every test's namespaces.
    pub(crate) fn alice(&self) -> &User {
        self.user("alice")
    }

    /// Another team's tenant; has no rights until a test grants some.
    pub(crate) fn bob(&self) -> &User {
        self.user("bob")
    }

    /// EMR's service, as the aws-auth mapping names it.
    pub(crate) fn emr(&self) -> &User {
        self.user("emr-containers")
    }

    /// For a `platform` entry of a policy.
    pub(crate) fn platform(&self) -> &User {
        self.user("platform")
    }

    /// The kubelet of node `n1`.
    pub(crate) fn node(&self) -> &User {
        self.user("system:node:n1")
    }

    /// The scheduler.
    pub(crate) fn scheduler(&self) -> &User {
        self.user("system:kube-scheduler")
    }

    /// Kills the API server. A control plane of the test's own is of no use after that.
    pub(crate) fn stop_api_server(&self) {
        let mut parts = self.parts.lock().expect("nobody else holds it");
        if let [_controllers, apiserver, _etcd] = &mut **parts {
            apiserver.kill();
        }
    }

    /// The file of the authority that signed the API server's certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// The API server's audit log.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    /// A kubeconfig for `user`, written on first use.
    pub(crate) fn kubeconfig(&self, user: &User) -> PathBuf {
        let name: String = user
            .name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        // Two tokens of one service account differ from their middle on.
        let path = self.dir.join(format!(
            "{name}-{:016x}.kubeconfig",
            http::hash(&user.token)
        ));
        components::kubeconfig(&path, self.port, &self.ca_file(), user);
        path
    }

    /// Where the parts' logs are.
    pub(crate) fn logs(&self) -> &Path {
        &self.dir
    }
}
