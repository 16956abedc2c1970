//! The Secrets that EMR and Spark make for a job: nobody else writes them.

use serde_json::{Value, json};

use super::secrets::secret;
use super::{Attack, assert_passes, assert_refused, bare, with_guards};
use crate::harness::Namespace;
use crate::harness::cast::{JOB, OTHER_JOB, OTHER_ROLE, job_account};
use crate::harness::http::MERGE;
use crate::harness::users::User;

const CLUSTER: &str = "jk518skp01ys9ka8b0npx9nt0";

/// EMR's for the logs of [`JOB`], and Spark's for a driver.
fn names() -> [String; 3] {
    [
        format!("emr-containers-s3-{CLUSTER}-{JOB}"),
        "pi-772b9c81ae56a93d-kubernetes-credentials".to_owned(),
        "pi-772b9c81ae56a93d-delegation-tokens".to_owned(),
    ]
}

/// Making it beforehand, under a generated name too, changing it, deleting it.
fn attacks(namespace: &Namespace<'_>, name: &str) -> Vec<Attack> {
    let all = namespace.core("secrets");
    let one = format!("{all}/{name}");
    let label = json!({"metadata": {"labels": {"a": "b"}}});
    let mut other = secret(&format!("{name}-x"));
    other["metadata"]["name"] = json!(name.replacen("pi-", "po-", 1).replacen("s3-", "s3-x", 1));
    vec![
        Attack::new("POST", &all).json(&other).dry(),
        Attack::new("PATCH", &one).body(MERGE, &label).dry(),
        Attack::new("PUT", &one).json(&secret(name)).dry(),
        Attack::new("DELETE", &one).dry(),
        Attack::new("DELETE", &all).dry(),
    ]
}

fn store(namespace: &Namespace<'_>) {
    for name in names() {
        namespace
            .cluster
            .create(&namespace.core("secrets"), &secret(&name));
    }
}

#[test]
fn e6_they_are_anybodys_where_rolegate_is_not() {
    let namespace = Namespace::unmanaged(bare());
    store(&namespace);
    for name in names() {
        for attack in attacks(&namespace, &name) {
            let answer = attack.by(namespace.cluster, namespace.cluster.alice());
            assert_passes(&format!("{attack:?}"), &answer);
        }
    }
}

/// alice may read every Secret here; another job and an operator's account may, too.
#[test]
fn e6_they_are_closed_where_it_enforces() {
    let namespace = Namespace::labelled(with_guards(), "enforce");
    let cluster = namespace.cluster;
    store(&namespace);
    namespace.service_account("operator");
    let operator = namespace.unbound_token("operator");
    for name in names() {
        for attack in attacks(&namespace, &name) {
            for user in [cluster.alice(), &operator] {
                let answer = attack.by(cluster, user);
                assert_refused(
                    &format!("{attack:?}"),
                    &answer,
                    "secret-guard",
                    "makes for a job",
                );
            }
        }
    }
    // Another job's runner, and a job's account by a token that is bound to no pod.
    let (_, another) = job(&namespace, "client", &format!("{OTHER_JOB}-abcde"));
    let unbound = namespace.unbound_token(&job_account("client", OTHER_ROLE));
    // And pods of another job that it called after this one.
    let (_, executor) = job(&namespace, "executor", &format!("x-{JOB}-exec-1"));
    let (_, starts_alike) = job(&namespace, "jeg-kernel", &format!("{JOB}-exec-1"));
    let [logs, ..] = names();
    for attack in attacks(&namespace, &logs) {
        for user in [&another, &unbound, &executor, &starts_alike] {
            let answer = attack.by(cluster, user);
            assert_refused(
                &format!("{attack:?}"),
                &answer,
                "secret-guard",
                "makes for a job",
            );
        }
    }
}

fn job(namespace: &Namespace<'_>, component: &str, pod: &str) -> (String, User) {
    let account = job_account(component, OTHER_ROLE);
    let (_, user) = namespace.job(&account, pod);
    (account, user)
}

#[test]
fn e6_emr_the_job_and_whoever_holds_the_role_go_on() {
    let namespace = Namespace::labelled(with_guards(), "enforce");
    let cluster = namespace.cluster;
    store(&namespace);
    let (_, runner) = job(&namespace, "client", &format!("{JOB}-abcde"));
    let (_, driver) = job(&namespace, "driver", &format!("spark-{JOB}-driver"));
    namespace.service_account("spark-operator");
    let operator = namespace.unbound_token("spark-operator");
    let rbac = "rbac.authorization.k8s.io";
    let role = cluster
        .read_manifest("manifests/rbac.yaml")
        .into_iter()
        .find(|object| object["metadata"]["name"] == "rolegate-job-secrets")
        .expect("the role is shipped");
    cluster.apply_as_admin(&role);
    cluster.create(
        &format!("/apis/{rbac}/v1/clusterrolebindings"),
        &json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding",
            "metadata": {"name": format!("job-secrets-{}", namespace.name)},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "rolegate-job-secrets"},
            "subjects": [{"kind": "ServiceAccount", "name": "spark-operator", "namespace": namespace.name}],
        }),
    );
    crate::harness::wait::until("RBAC to know the operator's role", || {
        let [name, ..] = names();
        let answer = attacks(&namespace, &name)[1].by(cluster, &operator);
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
    for name in names() {
        // deletecollection is of all Secrets, a new one of another run's.
        for attack in &attacks(&namespace, &name)[1..4] {
            for user in [cluster.emr(), &runner, &driver, &operator, cluster.admin()] {
                let answer = attack.by(cluster, user);
                assert_passes(&format!("{attack:?} by {}", user.name), &answer);
            }
        }
    }
    // Names that only look alike.
    for name in [
        "emr-logs",
        "my-kubernetes-credentials",
        "team-delegation-tokens",
    ] {
        let made = Attack::new("POST", namespace.core("secrets")).json(&secret(name));
        assert_passes(name, &made.dry().by(cluster, cluster.alice()));
    }
    // The garbage collector and the namespace controller.
    let kept = cluster.get(&namespace.core(&format!("secrets/{}", names()[0])));
    assert_eq!(kept["metadata"]["labels"], Value::Null);
    let path = format!("/api/v1/namespaces/{}", namespace.name);
    cluster
        .request(cluster.admin(), "DELETE", &path)
        .send()
        .expect_status(200);
    super::secrets_pass::gone(cluster, &path);
}
