//! A control plane of its own for the operators: which roles they may run
//! stands in a policy, and the shared rolegate has only the built-in one.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::client::Client;
use super::emr::{ACCOUNT, role_arn};
use crate::harness::accounts::emr_service_account;
use crate::harness::rolegate::Rolegate;
use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, Namespace, wait};

/// The role that the operators and alice's team may use, and the other.
pub(super) const DECLARED: &str = "team-a-etl";
pub(super) const OTHER: &str = "team-b-etl";

const SPARK: &str = "emr-containers-sa-spark-operator";
const FLINK: &str = "emr-containers-sa-flink-operator";

/// A team's namespace with rolegate and one without, and the operators that
/// work in both.
pub(super) struct Operators {
    pub(super) enforced: Namespace<'static>,
    pub(super) unmanaged: Namespace<'static>,
    /// Where the operators live; theirs is not a managed namespace.
    home: Namespace<'static>,
    _rolegate: Rolegate,
}

/// Made on first use.
pub(super) fn operators() -> &'static Operators {
    static OPERATORS: LazyLock<Operators> = LazyLock::new(Operators::new);
    &OPERATORS
}

impl Operators {
    fn new() -> Self {
        static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
        let cluster: &'static Cluster = &CLUSTER;
        // The policy names the namespaces, so they come before rolegate.
        let home = Namespace::unmanaged(cluster);
        let enforced = Namespace::labelled(cluster, "enforce");
        let unmanaged = Namespace::unmanaged(cluster);
        for operator in [SPARK, FLINK] {
            home.job(operator, operator);
        }
        for namespace in [&enforced, &unmanaged] {
            for operator in [SPARK, FLINK] {
                namespace.grant_everything("User", &home.account_user(operator));
            }
            namespace.grant_everything("User", "bob");
            for role in [DECLARED, OTHER] {
                for component in ["driver", "executor"] {
                    namespace.service_account(&account("spark", component, role));
                }
                for component in ["jobmanager", "taskmanager"] {
                    namespace.service_account(&account("flink", component, role));
                }
            }
        }
        for (group, version, plural, kind) in [
            (
                "sparkoperator.k8s.io",
                "v1beta2",
                "sparkapplications",
                "SparkApplication",
            ),
            (
                "flink.apache.org",
                "v1beta1",
                "flinkdeployments",
                "FlinkDeployment",
            ),
        ] {
            define(cluster, group, version, plural, kind);
            wait::until("the custom resource to be served", || {
                let path = enforced.group(&format!("{group}/{version}"), plural);
                let answer = cluster.request(cluster.admin(), "GET", &path).try_send()?;
                (answer.status == 200).then_some(()).ok_or(answer.body)
            });
        }
        let rolegate = Rolegate::start(Some(&policy(&home.name, &enforced.name)));
        cluster.install(VALIDATING, &rolegate);
        cluster.wait_until_enforced();
        Self {
            enforced,
            unmanaged,
            home,
            _rolegate: rolegate,
        }
    }

    /// The Spark operator at work in one of the two.
    pub(super) fn spark<'n>(&self, namespace: &'n Namespace<'static>) -> Client<'n> {
        Client::new(namespace, &self.home.unbound_token(SPARK))
    }

    /// The Flink operator.
    pub(super) fn flink<'n>(&self, namespace: &'n Namespace<'static>) -> Client<'n> {
        Client::new(namespace, &self.home.unbound_token(FLINK))
    }
}

/// The service account of a component of a role.
pub(super) fn account(framework: &str, component: &str, role: &str) -> String {
    emr_service_account(framework, component, ACCOUNT, role)
}

fn policy(home: &str, enforced: &str) -> String {
    let role = role_arn(DECLARED);
    format!(
        "\
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
  - {{ serviceAccount: {home}/{SPARK}, roles: [\"{role}\"] }}
  - {{ serviceAccount: {home}/{FLINK}, roles: [\"{role}\"] }}
virtualClusters:
- namespaces: [{enforced}]
  submitters:
  - {{ groups: [team-a], roles: [\"{role}\"] }}
"
    )
}

/// A custom resource of any content, with a status of its own.
fn define(cluster: &Cluster, group: &str, version: &str, plural: &str, kind: &str) {
    let anything: Value = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    cluster.create(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        &json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {
                "name": format!("{plural}.{group}"),
                // Asked for in groups under k8s.io; the chart's says the same.
                "annotations": {"api-approved.kubernetes.io": "https://github.com/kubeflow/spark-operator/pull/1298"},
            },
            "spec": {
                "group": group, "scope": "Namespaced",
                "names": {"plural": plural, "kind": kind},
                "versions": [{
                    "name": version, "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": anything}, "subresources": {"status": {}},
                }],
            },
        }),
    );
}
