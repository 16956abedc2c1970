//! The Spark operator: a submitter writes a `SparkApplication`, the operator
//! starts its driver, the driver its executors.

use serde_json::{Value, json};

use super::attack::Attack;
use super::client::Client;
use super::operators::{self, account};
use super::{node, traces};
use crate::harness::Namespace;
use crate::harness::accounts::pod;
use crate::harness::cast::{JOB, OTHER_ROLE, ROLE, becomes};

const APPLICATIONS: (&str, &str) = ("sparkoperator.k8s.io/v1beta2", "sparkapplications");

#[test]
fn an_application_of_a_declared_role_passes_from_the_submitter_to_the_executors() {
    let scene = operators::spark();
    let namespace = &scene.enforced;
    let alice = Client::new(namespace, namespace.cluster.alice());
    let operator = scene.operator(namespace);

    alice.create(APPLICATIONS.1, &application("pi", ROLE));
    let driver = operator.create_pod(&pod("pi-driver", &account("spark", "driver", ROLE)));
    let owner =
        json!([{"apiVersion": "v1", "kind": "Pod", "name": driver.name, "uid": driver.uid}]);
    operator.create("services", &json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "pi-ui-svc", "ownerReferences": owner},
        "spec": {"selector": {"spark-role": "driver", "sparkoperator.k8s.io/app-name": "pi"}, "ports": [{"port": 4040}]},
    }));
    operator.create("configmaps", &json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "spark-drv-0123456789abcdef-conf-map", "ownerReferences": owner},
    }));
    let running = json!({"status": {"applicationState": {"state": "RUNNING"}}});
    operator.patch(
        &namespace.group(APPLICATIONS.0, "sparkapplications/pi/status"),
        &running,
    );
    node::run(namespace, &driver);
    let token = node::token(namespace, &account("spark", "driver", ROLE), &driver, None);
    let driver = Client::new(namespace, &token);
    let mut executor = pod(
        "pi-0123456789abcdef-exec-1",
        &account("spark", "executor", ROLE),
    );
    executor["metadata"]["ownerReferences"] = owner;
    driver.create_pod(&executor);
    // Accounts of a role that is not listed are there from the start, for the attacks.
    scene.expect_honest(&["execution-role high serviceaccounts"]);

    for (user, verb, resource) in [
        ("alice", "create", APPLICATIONS.1),
        (&operator.user.name, "create", "pods"),
        (&operator.user.name, "create", "services"),
        (&operator.user.name, "create", "configmaps"),
        (&operator.user.name, "patch", APPLICATIONS.1),
        (&driver.user.name, "create", "pods"),
    ] {
        traces::expect_passed(namespace, &(user, verb, resource));
    }
}

#[test]
fn without_rolegate_operator_and_submitters_use_any_role() {
    let namespace = &operators::spark().unmanaged;
    for (attacker, attack) in attacks(namespace) {
        attack.expect_works(&attacker);
    }
}

#[test]
fn operator_and_submitters_keep_to_their_roles() {
    let namespace = &operators::spark().enforced;
    for (attacker, attack) in attacks(namespace) {
        attack.expect_refused(&attacker);
    }
}

fn attacks<'n>(namespace: &'n Namespace<'static>) -> Vec<(Client<'n>, Attack)> {
    let mut all = by_operator(namespace);
    all.extend(by_submitters(namespace));
    all
}

fn by_operator<'n>(namespace: &'n Namespace<'static>) -> Vec<(Client<'n>, Attack)> {
    let undeclared = format!(
        "{}, which the policy does not declare for this operator",
        becomes(OTHER_ROLE)
    );
    let taken = format!("spark-{JOB}-driver");
    [
        (
            "evil-driver",
            account("spark", "driver", OTHER_ROLE),
            undeclared,
        ),
        (
            &taken,
            account("spark", "driver", ROLE),
            format!("the name {taken} would make the pod pass for a part of that job"),
        ),
        (
            "evil-default",
            "default".to_owned(),
            "an operator starts pods only under roles that the policy declares for it".to_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, account, says)| {
        let attack = Attack {
            what: format!("the operator's pod {name} under {account}"),
            method: "POST",
            path: namespace.core("pods"),
            body: pod(name, &account),
            rule: "foreign-service-account",
            says,
        };
        (operators::spark().operator(namespace), attack)
    })
    .collect()
}

/// An application of another role, said in each of the places the operator
/// reads; and one of the declared role, by somebody who is no submitter.
fn by_submitters<'n>(namespace: &'n Namespace<'static>) -> Vec<(Client<'n>, Attack)> {
    let (alice, bob) = (namespace.cluster.alice(), namespace.cluster.bob());
    let mut by_conf = application("evil-conf", ROLE);
    by_conf["spec"]["sparkConf"] = json!({"spark.kubernetes.authenticate.driver.serviceAccountName": account("spark", "driver", OTHER_ROLE)});
    let mut by_executor = application("evil-executor", ROLE);
    by_executor["spec"]["executor"]["serviceAccount"] =
        account("spark", "executor", OTHER_ROLE).into();
    [
        (alice, application("evil", OTHER_ROLE), OTHER_ROLE),
        (alice, by_conf, OTHER_ROLE),
        (alice, by_executor, OTHER_ROLE),
        (bob, application("bobs", ROLE), ROLE),
    ]
    .into_iter()
    .map(|(user, body, role)| {
        let name = body["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let attack = Attack {
            what: format!("{}'s SparkApplication {name}", user.name),
            method: "POST",
            path: namespace.group(APPLICATIONS.0, APPLICATIONS.1),
            body,
            rule: "foreign-service-account",
            says: becomes(role),
        };
        (Client::new(namespace, user), attack)
    })
    .collect()
}

fn application(name: &str, role: &str) -> Value {
    json!({
        "apiVersion": APPLICATIONS.0, "kind": "SparkApplication", "metadata": {"name": name},
        "spec": {
            "type": "Python", "mainApplicationFile": "s3://bucket/pi.py",
            "driver": {"serviceAccount": account("spark", "driver", role)},
            "executor": {"serviceAccount": account("spark", "executor", role), "instances": 2},
        },
    })
}
