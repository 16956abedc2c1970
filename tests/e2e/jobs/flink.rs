//! A native Flink cluster: the operator makes a Deployment, the real
//! controllers its job manager, the job manager its task managers and the
//! `ConfigMaps` by which it finds its state again.

use serde_json::{Value, json};

use super::attack::Attack;
use super::client::Client;
use super::interactive_endpoint::wait_for_pod;
use super::operators::{self, account};
use super::{node, traces};
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{ACCOUNT, OTHER_ROLE, ROLE, config_map};
use crate::harness::{Namespace, dirs};

#[test]
fn a_flink_cluster_of_a_declared_role_passes_untouched() {
    let scene = operators::flink();
    let namespace = &scene.enforced;
    let manager = Manager::start(namespace);
    let cluster = &manager.cluster;
    manager
        .client
        .create_pod(&task_manager(&format!("{cluster}-taskmanager-1-1"), ROLE));
    // Accounts of a role that is not listed are there from the start, for the attacks.
    scene.expect_honest(&[
        "execution-role high serviceaccounts",
        "waiting-workload low deployments",
    ]);
    for name in [
        format!("{cluster}-cluster-config-map"),
        format!("{cluster}-{:032x}-config-map", 7),
    ] {
        manager.client.create("configmaps", &config_map(&name));
        let path = namespace.core(&format!("configmaps/{name}"));
        manager
            .client
            .patch(&path, &json!({"data": {"counter": "1"}}));
        manager.client.delete(&path, "Background");
    }
    let operator = scene.operator(namespace).user.name;
    let token = &manager.client.user.name;
    for (user, verb, resource) in [
        (operator.as_str(), "create", "deployments"),
        (&operator, "create", "configmaps"),
        (
            "system:serviceaccount:kube-system:deployment-controller",
            "create",
            "replicasets",
        ),
        (
            "system:serviceaccount:kube-system:replicaset-controller",
            "create",
            "pods",
        ),
        (token, "create", "pods"),
        (token, "create", "configmaps"),
        (token, "patch", "configmaps"),
        (token, "delete", "configmaps"),
    ] {
        traces::expect_passed(namespace, &(user, verb, resource));
    }
}

#[test]
fn without_rolegate_one_flink_cluster_takes_over_another() {
    let manager = Manager::start(&operators::flink().unmanaged);
    for (attacker, attack) in manager.attacks() {
        attack.expect_works(&attacker);
    }
}

#[test]
fn a_flink_cluster_keeps_to_itself() {
    let manager = Manager::start(&operators::flink().enforced);
    for (attacker, attack) in manager.attacks() {
        attack.expect_refused(&attacker);
    }
}

/// A cluster whose job manager runs.
struct Manager {
    cluster: String,
    client: Client<'static>,
}

impl Manager {
    fn start(namespace: &'static Namespace<'static>) -> Self {
        let cluster = dirs::random_name("etl");
        let operator = operators::flink().operator(namespace);
        for name in [
            format!("flink-config-{cluster}"),
            format!("pod-template-{cluster}"),
        ] {
            operator.create("configmaps", &config_map(&name));
        }
        operator.create("deployments", &deployment(&cluster, ROLE));
        let pod = wait_for_pod(namespace, &cluster);
        node::run(namespace, &pod);
        let token = node::token(namespace, &account("flink", "jobmanager", ROLE), &pod, None);
        Self {
            cluster,
            client: Client::new(namespace, &token),
        }
    }

    fn attacks(&self) -> Vec<(Client<'static>, Attack)> {
        let namespace = self.client.namespace;
        let mut all = self.on_maps();
        let pods = [
            (
                "-taskmanager-1-7",
                "taskmanager",
                OTHER_ROLE,
                format!("becomes the IAM role {ACCOUNT}/{OTHER_ROLE}, and this job runs as"),
            ),
            (
                "-x-taskmanager-1-1",
                "taskmanager",
                ROLE,
                "named <its cluster>-taskmanager-<attempt>-<number> only".to_owned(),
            ),
            (
                "-x-0123456789-abcde",
                "jobmanager",
                ROLE,
                "named <its cluster>-taskmanager-<attempt>-<number> only".to_owned(),
            ),
        ];
        for (end, component, role, says) in pods {
            let name = format!("{}{end}", self.cluster);
            all.push((
                self.client(),
                Attack {
                    what: format!("the job manager's pod {name} under {component} of {role}"),
                    method: "POST",
                    path: namespace.core("pods"),
                    body: pod(&name, &account("flink", component, role)),
                    rule: "foreign-service-account",
                    says,
                },
            ));
        }
        let operator = || operators::flink().operator(namespace);
        all.push((operator(), Attack {
            what: "the operator's Deployment of an undeclared role".to_owned(),
            method: "POST",
            path: namespace.group("apps/v1", "deployments"),
            body: deployment(&format!("{}-evil", self.cluster), OTHER_ROLE),
            rule: "foreign-service-account",
            says: format!("becomes the IAM role {ACCOUNT}/{OTHER_ROLE}, which the policy does not declare for this operator"),
        }));
        all.push((
            operator(),
            Attack {
                what: "the operator's pod that passes for a job manager".to_owned(),
                method: "POST",
                path: namespace.core("pods"),
                body: pod(
                    &format!("{}-y-0123456789-abcde", self.cluster),
                    &account("flink", "jobmanager", ROLE),
                ),
                rule: "foreign-service-account",
                says: "a Flink job manager is started by a Deployment".to_owned(),
            },
        ));
        all
    }

    /// The maps of another cluster of the same role, whose name begins alike.
    fn on_maps(&self) -> Vec<(Client<'static>, Attack)> {
        let namespace = self.client.namespace;
        let theirs = format!("{}-b-cluster-config-map", self.cluster);
        operators::flink()
            .operator(namespace)
            .create("configmaps", &config_map(&theirs));
        let ahead = format!("{}-c-cluster-config-map", self.cluster);
        [
            ("POST", "create", String::new(), config_map(&ahead), &ahead),
            (
                "PATCH",
                "change",
                format!("/{theirs}"),
                json!({"data": {"counter": "evil"}}),
                &theirs,
            ),
            (
                "DELETE",
                "delete",
                format!("/{theirs}"),
                Value::Null,
                &theirs,
            ),
        ]
        .into_iter()
        .map(|(method, verb, rest, body, name)| {
            let attack = Attack {
                what: format!("{method} another Flink cluster's ConfigMap"),
                method,
                path: namespace.core(&format!("configmaps{rest}")),
                body,
                rule: "configmap-mutation",
                says: format!("may not {verb} ConfigMap {}/{name}", namespace.name),
            };
            (self.client(), attack)
        })
        .collect()
    }

    fn client(&self) -> Client<'static> {
        Client::new(self.client.namespace, &self.client.user)
    }
}

pub(super) fn deployment(name: &str, role: &str) -> Value {
    let labels = json!({"app": name, "type": "flink-native-kubernetes"});
    let mut spec = pod_spec(&account("flink", "jobmanager", role));
    spec["restartPolicy"] = "Always".into();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    })
}

fn task_manager(name: &str, role: &str) -> Value {
    pod(name, &account("flink", "taskmanager", role))
}
