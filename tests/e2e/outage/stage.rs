//! A control plane of its own, with a running job in a namespace for each
//! mode, and rolegate killed in the middle of them.

use std::sync::LazyLock;

use serde_json::json;

use crate::harness::rolegate::Rolegate;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, pod_identity, wait};

use super::running::{self, Job};

/// Namespaces by their label; the empty one has none. Two tests end their job
/// or their namespace and have one to themselves.
const LABELS: [(&str, &str); 7] = [
    ("enforce", "enforce"),
    ("enfroce", "enfroce"),
    ("completes", "enforce"),
    ("leaves", "enforce"),
    ("warn", "warn"),
    ("audit", "audit"),
    ("", ""),
];

pub(super) struct Stage {
    pub(super) cluster: &'static Cluster,
    jobs: Vec<(&'static str, Job)>,
}

impl Stage {
    /// After the kill.
    pub(super) fn get() -> &'static Self {
        static STAGE: LazyLock<Stage> = LazyLock::new(Stage::set_up);
        &STAGE
    }

    fn set_up() -> Self {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        let mut rolegate = Rolegate::start(None);
        cluster.install(VALIDATING, &rolegate);
        cluster.install_guards();
        pod_identity::install(cluster);
        cluster.wait_until_enforced();
        break_glass_for_oncall(cluster);
        running::make_node(cluster);
        // Each of them judged, and admitted, by rolegate.
        let jobs = LABELS
            .iter()
            .map(|(key, label)| {
                let namespace = match *label {
                    "" => Namespace::unmanaged(cluster),
                    label => Namespace::labelled(cluster, label),
                };
                namespace.grant_everything("User", "oncall");
                namespace.grant_everything("User", "offcall");
                (*key, Job::start(namespace))
            })
            .collect();
        rolegate.kill();
        let stage = Self { cluster, jobs };
        let probe = &stage.job("enforce").namespace;
        wait::until("the API server to miss rolegate", || {
            let answer = probe.try_config_map()?;
            (answer.status == 500).then_some(()).ok_or(answer.body)
        });
        stage
    }

    /// The job in the namespace of this key.
    pub(super) fn job(&self, key: &str) -> &Job {
        let found = self.jobs.iter().find(|(known, _)| *known == key);
        &found.unwrap_or_else(|| panic!("no job {key:?}")).1
    }
}

/// The shipped role, bound in the whole cluster to one person.
fn break_glass_for_oncall(cluster: &Cluster) {
    for object in cluster.read_manifest("manifests/rbac.yaml") {
        if object["kind"] == "ClusterRole" {
            cluster.apply_as_admin(&object);
        }
    }
    let group = "rbac.authorization.k8s.io";
    cluster.create(
        &format!("/apis/{group}/v1/clusterrolebindings"),
        &json!({
            "apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "oncall"},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "rolegate-breakglass"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": "oncall"}],
        }),
    );
}
