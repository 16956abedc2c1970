//! A control plane of its own on the worst day: our configuration installed,
//! nobody at its address, and a namespace for each door with a bit of
//! everything in it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{self, ROLE, job_account};
use crate::harness::http::{Answer, MERGE};
use crate::harness::users::User;
use crate::harness::{Cluster, Namespace, wait};

use super::call::{ALICE, Call, Who, config_map, patch, post};
use super::lookalikes::{LOOKALIKE, lookalike, lookalikes};
use super::{NAMESPACED, people, verdict, without_one};

/// By which the audit log's lines of these tests are told from the others.
pub(super) const AGENT: &str = "rolegate-conditions-test";

/// The finalizer in place of a Job's own, which its controller would remove.
pub(super) const FINALIZER: &str = "example.com/hold";

pub(super) struct Scene {
    pub(super) cluster: &'static Cluster,
    places: Vec<(Option<&'static str>, Place)>,
}

/// A namespace and what the tables need to know of it.
pub(super) struct Place {
    pub(super) namespace: Namespace<'static>,
    /// A job's service account, with a name EMR reserves.
    pub(super) job_account: String,
    /// The pod `bare`: on node n1, without labels, annotations and owners.
    pub(super) bare_uid: String,
    pub(super) node_uid: String,
}

impl Scene {
    pub(super) fn get() -> &'static Self {
        static SCENE: LazyLock<Scene> = LazyLock::new(Scene::set_up);
        &SCENE
    }

    fn set_up() -> Self {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        cluster.apply_as_admin(&lookalikes());
        people::bind_in_the_cluster(cluster);
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}});
        let node = cluster.create("/api/v1/nodes", &node);
        let modes = NAMESPACED.iter().map(|door| door.mode).chain([None]);
        let places = modes
            .map(|mode| (mode, Place::furnish(cluster, mode, &node)))
            .collect();
        let scene = Self { cluster, places };
        // While nothing is in its way: the API server's own plugins learn of
        // the pods a moment later than the API itself.
        for (_, place) in &scene.places {
            scene.wait_until_the_node_knows_its_pod(place);
        }
        let copies = without_one::install(cluster);
        scene.wait_until_all_are_called(copies);
        scene
    }

    pub(super) fn place(&self, mode: Option<&str>) -> &Place {
        let found = self.places.iter().find(|(known, _)| *known == mode);
        &found.expect("a namespace for every mode").1
    }

    /// Sends a request as a dry run.
    pub(super) fn send(&self, place: &Place, who: Who, call: &Call) -> Answer {
        let mut path = place.path(&call.target);
        if !call.connects {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str("dryRun=All");
        }
        let user = self.user(place, who);
        let mut request = self.cluster.request(&user, call.method, &path);
        request = request.header("User-Agent", AGENT);
        request = match who {
            Who::Pretended(name, groups) => groups
                .iter()
                .fold(request.impersonate(name), |request, group| {
                    request.header("Impersonate-Group", group)
                }),
            Who::PretendedController(name) => {
                request.impersonate(&format!("system:serviceaccount:kube-system:{name}"))
            }
            _ => request,
        };
        if let Some(body) = &call.body {
            request = request.body(call.content_type, body.to_string());
        }
        request.send()
    }

    fn user(&self, place: &Place, who: Who) -> User {
        let token = |namespace: &Namespace<'_>, name: &str| {
            self.ensure_account(namespace, name);
            namespace.unbound_token(name)
        };
        match who {
            Who::Person(name) => self.cluster.user(name).clone(),
            Who::Account(name) => token(&place.namespace, name),
            Who::Controller(name) => {
                let (cluster, system) = (self.cluster, "kube-system".to_owned());
                let namespace = Namespace {
                    cluster,
                    name: system,
                };
                token(&namespace, name)
            }
            // Whoever may impersonate; what is seen is whom they pretend to be.
            Who::Pretended(..) | Who::PretendedController(_) => self.cluster.admin().clone(),
        }
    }

    /// Some controllers run only in some clusters; their names mean the same.
    fn ensure_account(&self, namespace: &Namespace<'_>, name: &str) {
        let object = cast::service_account(name);
        let path = namespace.core("serviceaccounts");
        let answer = self
            .cluster
            .request(self.cluster.admin(), "POST", &path)
            .json(&object)
            .send();
        assert!(matches!(answer.status, 201 | 409), "{name}: {answer:?}");
    }

    fn wait_until_the_node_knows_its_pod(&self, place: &Place) {
        let token = post(
            &format!("serviceaccounts/{}/token", place.job_account),
            place.token_request(),
        );
        let status = patch("pods/bare/status", json!({"status": {"phase": "Running"}}));
        for call in [token, status] {
            wait::until("the kubelet's own requests to be admitted", || {
                let answer = self.send(place, Who::Person("system:node:n1"), &call);
                matches!(answer.status, 200 | 201)
                    .then_some(())
                    .ok_or(answer.body)
            });
        }
    }

    /// A new configuration takes effect about a second later, each of the two
    /// on its own.
    fn wait_until_all_are_called(&self, mut awaited: Vec<String>) {
        wait::until("both webhook configurations to be in effect", || {
            for (mode, place) in &self.places {
                let call = match mode {
                    Some(_) => config_map(),
                    None => super::cluster_door::reserved_account(),
                };
                let answer = self.send(place, ALICE, &call);
                if *mode == Some("enforce") && answer.status != 500 {
                    return Err(format!("{answer:?}"));
                }
                let called = verdict::failed_open(self, &[answer]);
                awaited.retain(|name| !called.values().any(|names| names.contains(name)));
            }
            if awaited.is_empty() {
                Ok(())
            } else {
                Err(format!("not called: {awaited:?}"))
            }
        });
    }
}

impl Place {
    fn furnish(cluster: &'static Cluster, mode: Option<&str>, node: &Value) -> Self {
        let namespace = match mode {
            Some(mode) => Namespace::labelled(cluster, mode),
            None => Namespace::unmanaged(cluster),
        };
        // Nobody is to be stopped by RBAC. It does not reach `breakglass`,
        // which is asked for the whole cluster.
        namespace.grant_everything("Group", "system:authenticated");
        let job_account = job_account("driver", ROLE);
        namespace.service_account(&job_account);
        let create = |target: &str, object: &Value| {
            cluster.create(&path_in(&namespace, target), object)["metadata"]["uid"].clone()
        };
        let owner = create("configmaps", &cast::config_map("shape"));
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}});
        create("services", &service);

        let mut bare = pod("bare", &job_account);
        bare["spec"]["nodeName"] = "n1".into();
        bare["metadata"]["finalizers"] = json!([FINALIZER]);
        let mut full = bare.clone();
        full["metadata"]["name"] = "full".into();
        full["metadata"]["labels"] = json!({"part": "driver"});
        full["metadata"]["annotations"] = json!({"note": "first"});
        full["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "shape", "uid": owner}]);
        let bare_uid = create("pods", &bare);
        create("pods", &full);
        create("pods", &pod("free", &job_account));

        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
            "spec": {"suspend": true, "template": {"spec": pod_spec("default")}},
        });
        create("batch/v1:jobs", &job);
        for (name, kind) in [
            ("opaque", "Opaque"),
            ("token", "kubernetes.io/service-account-token"),
        ] {
            create("secrets", &secret(name, kind, "default"));
        }
        for (kind, resource) in [("Pod", "pods"), ("Job", "jobs")] {
            let object = lookalike(kind, "bare");
            let path = path_in(&namespace, &format!("{LOOKALIKE}/v1:{resource}"));
            wait::until("the lookalike resources to be served", || {
                let request = cluster.request(cluster.admin(), "POST", &path);
                let answer = request.json(&object).try_send()?;
                (answer.status == 201).then_some(()).ok_or(answer.body)
            });
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            job_account,
            bare_uid: text(&bare_uid),
            node_uid: text(&node["metadata"]["uid"]),
            namespace,
        }
    }

    fn path(&self, target: &str) -> String {
        path_in(&self.namespace, target)
    }

    /// A kubelet's request for a token of the pod `bare`.
    pub(super) fn token_request(&self) -> Value {
        let bare = json!({"apiVersion": "v1", "kind": "Pod", "name": "bare", "uid": self.bare_uid});
        cast::token_request(&json!({ "boundObjectRef": bare }))
    }
}

fn path_in(namespace: &Namespace<'_>, target: &str) -> String {
    match target.split_once(':') {
        _ if target.starts_with('/') => target.to_owned(),
        Some((group, resource)) => namespace.group(group, resource),
        None => namespace.core(target),
    }
}

/// A Secret; the annotation means something to token Secrets only.
pub(super) fn secret(name: &str, kind: &str, account: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": kind,
        "metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": account}},
    })
}

/// Merges into an object's metadata; what most of the tables change.
#[expect(
    clippy::needless_pass_by_value,
    reason = "tables read better without a & before every json!"
)]
pub(super) fn metadata(target: &str, change: Value) -> Call {
    let call = patch(target, json!({"metadata": change}));
    debug_assert_eq!(call.content_type, MERGE);
    call
}
