//! An interactive endpoint: EMR's Deployment of the gateway, the kernels that
//! the gateway starts, the executors that a kernel starts.

use serde_json::{Value, json};

use super::attack::{Attack, state};
use super::client::{Client, pod_of};
use super::emr::{bind_role, service_account, service_account_of};
use super::{examples, node, traces};
use crate::harness::accounts::{Pod, pod, pod_spec};
use crate::harness::cast::{ACCOUNT, OTHER_ROLE, ROLE, becomes, config_map, job_account};
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace, wait};

const GATEWAY: &str = "jeg-0000000337okspsc913";

#[test]
fn an_endpoint_its_kernels_and_their_executors_pass_untouched() {
    let namespace = &examples::interactive_endpoint().used;
    let endpoint = Endpoint::start(namespace, ROLE);
    let executor = endpoint.start_executor();
    let path = namespace.core(&format!("pods/{}", executor.name));
    assert_eq!(
        namespace.cluster.get(&path)["spec"]["volumes"][0]["name"],
        "aws-iam-token"
    );
    // The gateway's Deployment starts pods whenever somebody scales it.
    examples::interactive_endpoint().expect_honest(&["waiting-workload low deployments"]);
    let of = |role: &str| namespace.core(&format!("{role}?labelSelector=kernel_id%3Dk1"));
    endpoint.kernel.delete(&of("pods"), "Background");
    endpoint.kernel.delete(&of("configmaps"), "Background");

    let (gateway, kernel) = (
        endpoint.gateway.user.name.as_str(),
        endpoint.kernel.user.name.as_str(),
    );
    traces::expect_no_finding(
        namespace,
        &[
            ("emr-containers", "create", "deployments"),
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
            (gateway, "create", "pods"),
            (kernel, "create", "configmaps"),
            (kernel, "create", "pods"),
            (kernel, "deletecollection", "pods"),
            (kernel, "deletecollection", "configmaps"),
        ],
    );
}

#[test]
fn an_endpoint_of_a_role_that_is_not_listed_is_refused_at_the_first_object() {
    let listed = examples::interactive_endpoint();
    let emr = Client::new(&listed.misused, listed.misused.cluster.emr());
    let gateway = job_account("jeg", OTHER_ROLE);
    let refused = |what: &str, path: String, body: Value| {
        let attack = Attack {
            what: what.to_owned(),
            method: "POST",
            path,
            body,
            rule: "execution-role",
            says: format!("{}, which the policy does not list", becomes(OTHER_ROLE)),
        };
        attack.expect_refused(&emr);
    };
    let path = listed.misused.core("serviceaccounts");
    refused(
        "EMR's first object",
        path,
        service_account_of(&gateway, OTHER_ROLE),
    );
    let path = listed.misused.group("apps/v1", "deployments");
    refused("the gateway's Deployment", path, deployment(&gateway));

    Endpoint::start(&listed.unmanaged, OTHER_ROLE);
}

#[test]
fn without_rolegate_a_kernel_reaches_another_roles() {
    let namespace = Namespace::unmanaged(Cluster::shared());
    let endpoint = Endpoint::start(&namespace, ROLE);
    for (attacker, attack) in endpoint.attacks() {
        attack.expect_works(attacker);
    }
}

#[test]
fn a_kernel_keeps_to_its_own_role() {
    let namespace = Namespace::labelled(guarded().cluster, "enforce");
    let endpoint = Endpoint::start(&namespace, ROLE);
    let attacks = endpoint.attacks();
    let before = state(&endpoint.kernel);
    for (attacker, attack) in attacks {
        attack.expect_refused(attacker);
    }
    assert_eq!(state(&endpoint.kernel), before, "nothing has changed");
}

/// A gateway and one of its kernels, both with their pods' tokens.
struct Endpoint<'n> {
    gateway: Client<'n>,
    kernel: Client<'n>,
    kernel_pod: Pod,
    role: &'static str,
}

impl<'n> Endpoint<'n> {
    fn start(namespace: &'n Namespace<'static>, role: &'static str) -> Self {
        let emr = Client::new(namespace, namespace.cluster.emr());
        for component in ["jeg", "jeg-kernel", "session"] {
            service_account(&emr, &job_account(component, role), role);
            bind_role(
                &emr,
                &format!("spark-{component}"),
                &job_account(component, role),
            );
        }
        emr.create("deployments", &deployment(&job_account("jeg", role)));
        emr.create(
            "services",
            &json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": GATEWAY},
                "spec": {"selector": {"app": GATEWAY}, "ports": [{"port": 18888}]},
            }),
        );
        let gateway_pod = wait_for_pod(namespace, GATEWAY);
        node::run(namespace, &gateway_pod);
        let token = node::token(namespace, &job_account("jeg", role), &gateway_pod, None);
        let gateway = Client::new(namespace, &token);

        let kernel_pod =
            gateway.create_pod(&pod("jovyan-k1-driver", &job_account("jeg-kernel", role)));
        node::run(namespace, &kernel_pod);
        let token = node::token(
            namespace,
            &job_account("jeg-kernel", role),
            &kernel_pod,
            None,
        );
        Self {
            gateway,
            kernel: Client::new(namespace, &token),
            kernel_pod,
            role,
        }
    }

    fn start_executor(&self) -> Pod {
        let metadata = |name: &str| {
            json!({
                "name": name, "labels": {"kernel_id": "k1"},
                "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": self.kernel_pod.name, "uid": self.kernel_pod.uid}],
            })
        };
        self.kernel.create("configmaps", &json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("spark-exec-0123456789abcdef-conf-map"),
        }));
        let mut executor = pod("", &job_account("session", self.role));
        executor["metadata"] = metadata("kernel-0123456789abcdef-exec-1");
        self.kernel.create_pod(&executor)
    }

    /// With an endpoint of another role beside it.
    fn attacks(&self) -> Vec<(&Client<'n>, Attack)> {
        let namespace = self.kernel.namespace;
        let theirs = job_account("jeg-kernel", OTHER_ROLE);
        let emr = Client::new(namespace, namespace.cluster.emr());
        service_account(&emr, &theirs, OTHER_ROLE);
        let their_map = "spark-exec-fedcba9876543210-conf-map";
        emr.create("configmaps", &config_map(their_map));
        let start = |name: &str| Attack {
            what: format!("pod {name} under another role"),
            method: "POST",
            path: namespace.core("pods"),
            body: pod(name, &theirs),
            rule: "foreign-service-account",
            says: format!(
                "becomes the IAM role {ACCOUNT}/{OTHER_ROLE}, and this job runs as {ACCOUNT}/{ROLE}"
            ),
        };
        let on_map = |method: &'static str, verb: &str, body: Value| Attack {
            what: format!("{method} another kernel's ConfigMap"),
            method,
            path: namespace.core(&format!("configmaps/{their_map}")),
            body,
            rule: "configmap-mutation",
            says: format!("may not {verb} ConfigMap {}/{their_map}", namespace.name),
        };
        vec![
            (&self.gateway, start("evil-kernel")),
            (&self.kernel, start("evil-executor")),
            (
                &self.gateway,
                on_map(
                    "PATCH",
                    "change",
                    json!({"data": {"spark.properties": "evil"}}),
                ),
            ),
            (
                &self.kernel,
                on_map(
                    "PATCH",
                    "change",
                    json!({"data": {"spark.properties": "worse"}}),
                ),
            ),
            (&self.kernel, on_map("DELETE", "delete", Value::Null)),
        ]
    }
}

fn deployment(account: &str) -> Value {
    let labels = json!({"app": GATEWAY});
    let mut spec = pod_spec(account);
    spec["restartPolicy"] = "Always".into();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": GATEWAY, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    })
}

/// The pod that the replica set controller makes for a Deployment whose label
/// `app` is its name.
pub(super) fn wait_for_pod(namespace: &Namespace<'_>, app: &str) -> Pod {
    wait::until(
        &format!("the replica set controller to make a pod of {app}"),
        || {
            let pods = namespace
                .cluster
                .get(&namespace.core(&format!("pods?labelSelector=app%3D{app}")));
            let made = pods["items"].get(0).map(pod_of);
            made.ok_or_else(|| pods.to_string())
        },
    )
}
