//! A control plane of its own for each operator, with the policy that we tell
//! its users to write.

use std::sync::LazyLock;

use super::client::Client;
use crate::harness::Namespace;
use crate::harness::accounts::emr_service_account;
use crate::harness::authorizer::Authorizer;
use crate::harness::cast::{ACCOUNT, OTHER_ROLE, ROLE};
use crate::harness::definitions::Kind;
use crate::harness::scan;

/// An operator with a chart of its own.
struct Operator {
    /// Its service account, as EMR's chart names it.
    name: &'static str,
    framework: &'static str,
    components: [&'static str; 2],
    /// What it is asked for.
    resource: Kind,
    /// The policy that we tell its users to write.
    policy: &'static str,
    /// Where the policy says it lives, and where it works.
    namespaces: [&'static str; 2],
}

const SPARK: Operator = Operator {
    name: "emr-containers-sa-spark-operator",
    framework: "spark",
    components: ["driver", "executor"],
    resource: (
        "sparkoperator.k8s.io/v1beta2",
        "sparkapplications",
        "SparkApplication",
    ),
    policy: include_str!("../../../examples/policies/spark-operator.yaml"),
    namespaces: ["spark-operator", "spark-team-a"],
};

const FLINK: Operator = Operator {
    name: "emr-containers-sa-flink-operator",
    framework: "flink",
    components: ["jobmanager", "taskmanager"],
    resource: (
        "flink.apache.org/v1beta1",
        "flinkdeployments",
        "FlinkDeployment",
    ),
    policy: include_str!("../../../examples/policies/flink-operator.yaml"),
    namespaces: ["flink-operator", "flink-team-a"],
};

/// A team's namespace with rolegate and one without, and the operator that
/// works in both.
pub(super) struct Scene {
    pub(super) enforced: Namespace<'static>,
    pub(super) unmanaged: Namespace<'static>,
    /// Where the operator lives; not a managed namespace.
    home: Namespace<'static>,
    operator: &'static Operator,
    authorizer: Authorizer,
}

/// The Spark operator's, made on first use.
pub(super) fn spark() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(|| Scene::new(&SPARK));
    &SCENE
}

/// The Flink operator's, made on first use.
pub(super) fn flink() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(|| Scene::new(&FLINK));
    &SCENE
}

impl Scene {
    fn new(operator: &'static Operator) -> Self {
        let (mut authorizer, cluster) = Authorizer::start();
        // The policy names the namespaces, so they come before rolegate.
        let home = Namespace::unmanaged(cluster);
        let enforced = Namespace::labelled(cluster, "enforce");
        let unmanaged = Namespace::unmanaged(cluster);
        home.job(operator.name, operator.name);
        for namespace in [&enforced, &unmanaged] {
            namespace.grant_everything("User", &home.account_user(operator.name));
            namespace.grant_everything("User", "bob");
            // The policy declares the first for the operators and for alice's team.
            for role in [ROLE, OTHER_ROLE] {
                for component in operator.components {
                    namespace.service_account(&account(operator.framework, component, role));
                }
            }
        }
        cluster.define(&[operator.resource]);
        let [its_home, its_work] = operator.namespaces;
        let policy = operator
            .policy
            .replace(&format!("{its_home}/"), &format!("{}/", home.name))
            .replace(&format!("[{its_work}]"), &format!("[{}]", enforced.name));
        authorizer.protect(cluster, &policy);
        Self {
            enforced,
            unmanaged,
            home,
            operator,
            authorizer,
        }
    }

    /// A scan finds no fault with the jobs that run there, but for these.
    pub(super) fn expect_honest(&self, but_for: &[&str]) {
        let policy = self.authorizer.rolegate.policy_file();
        scan::expect_honest(&self.enforced, &policy, but_for);
    }

    /// The operator at work in one of the two.
    pub(super) fn operator<'n>(&self, namespace: &'n Namespace<'static>) -> Client<'n> {
        Client::new(namespace, &self.home.unbound_token(self.operator.name))
    }
}

/// The service account of a component of a role.
pub(super) fn account(framework: &str, component: &str, role: &str) -> String {
    emr_service_account(framework, component, ACCOUNT, role)
}
