//! The rule `job-lifecycle`: every way to end somebody else's job that
//! admission sees (fact A13 of the bypass catalogue).

use crate::support::judge;
use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

use crate::support::{
    Review, controller, impersonated, in_pod, policy, service_account, tenant, user,
};

const A: &str = "111122223333-2hiamcixdm9axe98";
const B: &str = "111122223333-2hiamcixdo8c1g8c";
const JOB: &str = "0000000337okspsc913";
const OTHER_JOB: &str = "000000030s8cnaq04ql";
const RULE: &str = "job-lifecycle";
const POLICY: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
virtualClusters:
  - namespaces: [spark-a]
    submitters:
      - { groups: [owners], roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }
      - { groups: [team-a] }
"#;

fn account(component: &str, role: &str) -> String {
    format!("emr-containers-sa-{component}-{role}")
}

fn driver(job: &str, role: &str) -> Value {
    in_pod(
        "spark-a",
        &account("spark-driver", role),
        &format!("spark-{job}-driver"),
        "driver-uid",
    )
}

fn owner() -> Value {
    user("olga", &["owners"])
}

fn executor(account: &str) -> Value {
    json!({
        "metadata": { "name": "pi-0123456789abcdef-exec-1", "uid": "e", "ownerReferences": [
            { "kind": "Pod", "name": format!("spark-{JOB}-driver"), "uid": "driver-uid" },
        ] },
        "spec": { "serviceAccountName": account },
    })
}

fn delete(user: Value, resource: &str, name: &str, old: Value) -> Review {
    Review::new(user, "DELETE", resource, name).old(old)
}

fn emrs_job() -> Value {
    json!({
        "metadata": { "name": JOB, "labels": { "emr-containers.amazonaws.com/job.id": JOB } },
        "spec": { "parallelism": 1, "suspend": false, "template": { "spec": { "serviceAccountName": account("spark-client", A) } } },
        "status": { "active": 1 },
    })
}

fn workload(account: &str) -> Value {
    json!({
        "metadata": { "name": "etl", "labels": { "a": "b" } },
        "spec": { "replicas": 3, "template": { "spec": { "serviceAccountName": account } } },
    })
}

#[test]
fn it_warns_unless_told_otherwise() {
    let builtin = Policy::builtin();
    let body = delete(
        tenant(),
        "/pods",
        "p",
        executor(&account("spark-executor", A)),
    )
    .0
    .to_string();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
    let decision = judge(&request, Door::Enforce, &builtin).expect("a decision");
    assert!(decision.allowed());
    assert_eq!(decision.outcome(), "warn");
    assert!(
        decision.warnings()[0].contains("you may not delete"),
        "{:?}",
        decision.warnings()
    );
}

#[test]
fn pods() {
    let policy = policy(POLICY);
    let stored = || executor(&account("spark-executor", A));
    for user in [
        tenant(),
        user("", &[]),
        impersonated("kube-system", "generic-garbage-collector"),
        impersonated("spark-operator", "spark-operator"),
        service_account("spark-a", "default"),
        service_account("spark-a", &account("spark-driver", A)),
        service_account("istio-system", "istiod"),
        in_pod(
            "spark-a",
            &account("spark-driver", A),
            &format!("spark-{OTHER_JOB}-driver"),
            "o",
        ),
        driver(JOB, B),
    ] {
        // One by one, and as deletecollection sends it.
        for name in ["pi-0123456789abcdef-exec-1", ""] {
            delete(user.clone(), "/pods", name, stored()).refused(
                &policy,
                RULE,
                "delete Thing spark-a/pi-0123456789abcdef-exec-1, which runs as the IAM role 111122223333/team-a-etl",
            );
        }
        delete(user.clone(), "/pods", "p", stored())
            .set("dryRun", json!(true))
            .refused(&policy, RULE, "delete");
    }
    for user in [
        driver(JOB, A),
        in_pod(
            "spark-a",
            &account("spark-client", A),
            &format!("{JOB}-abcde"),
            "r",
        ),
        owner(),
        service_account("spark-operator", "spark-operator"),
        service_account("kube-system", "karpenter"),
        user("emr-containers", &[]),
        user("root", &["system:masters"]),
        user("system:node:n1", &["system:nodes"]),
        user("system:kube-controller-manager", &[]),
        controller("generic-garbage-collector"),
        controller("namespace-controller"),
        controller("job-controller"),
        controller("pod-garbage-collector"),
        controller("taint-eviction-controller"),
        controller("ttl-after-finished-controller"),
    ] {
        delete(user, "/pods", "", stored()).passes(&policy);
    }
    // Another role than the policy counts as theirs, and one that nothing explains.
    for account in [
        account("spark-executor", B),
        "emr-containers-sa-spark".to_owned(),
    ] {
        delete(owner(), "/pods", "p", executor(&account)).refused(&policy, RULE, "may not delete");
    }
    for name in ["default", "history-server"] {
        delete(tenant(), "/pods", "p", executor(name)).passes(&policy);
    }
    // A stored alias counts as the name does.
    let mut aliased = executor("default");
    aliased["spec"] = json!({ "serviceAccount": account("spark-executor", A) });
    delete(tenant(), "/pods", "p", aliased).refused(&policy, RULE, "may not delete");
}

#[test]
fn evictions() {
    let policy = policy(POLICY);
    let evict = |user: Value| {
        Review::new(user, "CREATE", "/pods/eviction", "p")
            .object(json!({ "metadata": { "name": "p" } }))
    };
    for user in [
        tenant(),
        owner(),
        driver(JOB, A),
        service_account("spark-operator", "spark-operator"),
        service_account("istio-system", "istiod"),
        impersonated("kube-system", "karpenter"),
    ] {
        evict(user).refused(&policy, RULE, "may not evict pod spark-a/p");
    }
    for user in [
        service_account("kube-system", "karpenter"),
        service_account("kube-system", "cluster-autoscaler"),
        service_account("kube-system", "vpa-updater"),
        user("system:node:n1", &["system:nodes"]),
        controller("taint-eviction-controller"),
        user("emr-containers", &[]),
        user("root", &["system:masters"]),
    ] {
        evict(user).passes(&policy);
    }
}

#[test]
fn what_keeps_pods_alive() {
    let policy = policy(POLICY);
    for resource in [
        "apps/deployments",
        "apps/replicasets",
        "apps/statefulsets",
        "/replicationcontrollers",
        "batch/jobs",
    ] {
        delete(
            tenant(),
            resource,
            "etl",
            workload(&account("flink-jobmanager", A)),
        )
        .refused(&policy, RULE, "delete");
        delete(tenant(), resource, "etl", workload("default")).passes(&policy);
        delete(
            owner(),
            resource,
            "etl",
            workload(&account("flink-jobmanager", A)),
        )
        .passes(&policy);
    }
    let cron = json!({ "spec": { "jobTemplate": { "spec": { "template": { "spec": { "serviceAccountName": account("spark-client", A) } } } } } });
    delete(tenant(), "batch/cronjobs", "c", cron).refused(&policy, RULE, "delete");
    // EMR's Jobs by their name, whatever stands in them.
    for old in [json!({}), json!({ "spec": { "template": { "spec": {} } } })] {
        delete(tenant(), "batch/jobs", JOB, old.clone()).refused(
            &policy,
            RULE,
            "which is Amazon EMR's",
        );
        delete(owner(), "batch/jobs", JOB, old).refused(&policy, RULE, "which is Amazon EMR's");
    }
    // A job manager takes its own cluster down.
    let manager = |pod: &str| in_pod("spark-a", &account("flink-jobmanager", A), pod, "m");
    let deployment = || workload(&account("flink-jobmanager", A));
    delete(
        manager("etl-6d4cf56db6-x2b7k"),
        "apps/deployments",
        "etl",
        deployment(),
    )
    .passes(&policy);
    delete(
        manager("web-6d4cf56db6-x2b7k"),
        "apps/deployments",
        "etl",
        deployment(),
    )
    .refused(&policy, RULE, "delete");
    delete(driver(JOB, A), "batch/jobs", OTHER_JOB, emrs_job()).refused(&policy, RULE, "delete");
    for user in [
        user("emr-containers", &[]),
        controller("generic-garbage-collector"),
        controller("namespace-controller"),
    ] {
        delete(user, "batch/jobs", JOB, emrs_job()).passes(&policy);
    }
}

#[test]
fn changes_that_end_a_job() {
    let policy = policy(POLICY);
    let update = |user: Value, path: &str, value: Value| {
        let mut new = emrs_job();
        let (parent, key) = path.rsplit_once('/').expect("a path");
        new.pointer_mut(parent).expect("a parent")[key] = value;
        let resource = if path.starts_with("/status") {
            "batch/jobs/status"
        } else {
            "batch/jobs"
        };
        Review::new(user, "UPDATE", resource, JOB)
            .old(emrs_job())
            .object(new)
    };
    for (path, value, words) in [
        ("/spec/suspend", json!(true), "change spec.suspend"),
        ("/spec/parallelism", json!(0), "change spec.parallelism"),
        (
            "/spec/activeDeadlineSeconds",
            json!(1),
            "change spec.activeDeadlineSeconds",
        ),
        (
            "/spec/ttlSecondsAfterFinished",
            json!(0),
            "change spec.ttlSecondsAfterFinished",
        ),
        ("/spec/backoffLimit", json!(0), "change spec.backoffLimit"),
        (
            "/metadata/ownerReferences",
            json!([{ "kind": "ConfigMap", "name": "gone", "uid": "gone" }]),
            "change metadata.ownerReferences",
        ),
        ("/metadata/labels", json!({}), "change metadata.labels"),
        (
            "/metadata/finalizers",
            json!(["x/y"]),
            "change metadata.finalizers",
        ),
        (
            "/status/conditions",
            json!([{ "type": "Failed", "status": "True" }]),
            "change the status",
        ),
    ] {
        for user in [tenant(), driver(OTHER_JOB, A), driver(JOB, B)] {
            update(user, path, value.clone()).refused(&policy, RULE, words);
        }
        for user in [
            owner(),
            service_account("kueue-system", "kueue-controller-manager"),
            user("emr-containers", &[]),
            controller("job-controller"),
        ] {
            update(user, path, value.clone()).passes(&policy);
        }
    }
    for (path, value) in [
        ("/spec/suspend", Value::Null),
        ("/spec/parallelism", json!(2)),
        ("/metadata/annotations", json!({ "a": "b" })),
        ("/metadata/resourceVersion", json!("9")),
    ] {
        update(tenant(), path, value).passes(&policy);
    }
}

#[test]
fn an_endpoint_is_not_scaled_down() {
    let policy = policy(POLICY);
    let scaled = |user: Value, account: &str, replicas: Value| {
        let mut new = workload(account);
        new["spec"]["replicas"] = replicas;
        Review::new(user, "UPDATE", "apps/deployments", "etl")
            .old(workload(account))
            .object(new)
    };
    let jeg = account("spark-jeg", A);
    for fewer in [json!(2), json!(0), Value::Null] {
        scaled(tenant(), &jeg, fewer.clone()).refused(&policy, RULE, "change spec.replicas");
        scaled(tenant(), "default", fewer.clone()).passes(&policy);
        scaled(
            service_account("spark-operator", "spark-operator"),
            &jeg,
            fewer,
        )
        .passes(&policy);
    }
    scaled(tenant(), &jeg, json!(4)).passes(&policy);
}

/// A gateway ends the kernels it has started, and nobody else's.
#[test]
fn a_gateway_and_its_kernels() {
    let account = |component: &str, role| account(&format!("spark-{component}"), role);
    let by = |component| in_pod("spark-a", &account(component, A), "jeg-5d4f8-x2x2x", "jeg");
    let ends = |user, account: String| {
        let spec = json!({ "serviceAccountName": account });
        let kernel = json!({ "metadata": { "name": "k1", "uid": "k" }, "spec": spec });
        delete(user, "/pods", "k1", kernel)
    };
    let policy = Policy::builtin();
    for component in ["jeg-kernel", "session"] {
        ends(by("jeg"), account(component, A)).passes(&policy);
        ends(by("jeg"), account(component, B)).refused(&policy, RULE, "delete");
        for other in ["jeg-kernel", "session", "driver"] {
            ends(by(other), account(component, A)).refused(&policy, RULE, "delete");
        }
    }
    for component in ["driver", "executor", "client", "jeg"] {
        ends(by("jeg"), account(component, A)).refused(&policy, RULE, "delete");
    }
}
