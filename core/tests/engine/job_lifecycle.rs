//! The rule `job-lifecycle`: every way to end somebody else's job that
//! admission sees (fact A13 of the bypass catalogue).

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, TEAM_A, TEAM_B, account, account_of, admin, controller_manager,
    driver, driver_name, driver_of, emr, node, operator, runner_name, with_operator,
};
use crate::support::{
    Review, controller, impersonated, in_pod, judge, service_account, tenant, user,
};
use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const RULE: &str = "job-lifecycle";
const SUBMITTERS: &str = r#"
virtualClusters:
  - namespaces: [spark-a]
    submitters:
      - { groups: [owners], roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }
      - { groups: [team-a] }
"#;

fn owner() -> Value {
    user("olga", &["owners"])
}

fn executor(account: &str) -> Value {
    json!({
        "metadata": { "name": "pi-0123456789abcdef-exec-1", "uid": "e", "ownerReferences": [
            { "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID },
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
        "spec": { "parallelism": 1, "suspend": false, "template": { "spec": { "serviceAccountName": account("spark-client") } } },
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
    let body = delete(tenant(), "/pods", "p", executor(&account("spark-executor")))
        .0
        .to_string();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
    let decision = judge(request, Door::Enforce, &builtin).expect("a decision");
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
    let policy = with_operator(SUBMITTERS);
    let stored = || executor(&account("spark-executor"));
    for user in [
        tenant(),
        user("", &[]),
        impersonated("kube-system", "generic-garbage-collector"),
        impersonated("spark-operator", "spark-operator"),
        service_account("spark-a", "default"),
        service_account("spark-a", &account("spark-driver")),
        service_account("istio-system", "istiod"),
        in_pod(
            "spark-a",
            &account("spark-driver"),
            &driver_name(OTHER_JOB),
            "o",
        ),
        driver_of(JOB, TEAM_B),
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
        driver(),
        in_pod("spark-a", &account("spark-client"), &runner_name(JOB), "r"),
        owner(),
        operator(),
        service_account("kube-system", "karpenter"),
        emr(),
        admin(),
        node(),
        controller_manager(),
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
        account_of("spark-executor", TEAM_B),
        "emr-containers-sa-spark".to_owned(),
    ] {
        delete(owner(), "/pods", "p", executor(&account)).refused(&policy, RULE, "may not delete");
    }
    for name in ["default", "history-server"] {
        delete(tenant(), "/pods", "p", executor(name)).passes(&policy);
    }
    // A stored alias counts as the name does.
    let mut aliased = executor("default");
    aliased["spec"] = json!({ "serviceAccount": account("spark-executor") });
    delete(tenant(), "/pods", "p", aliased).refused(&policy, RULE, "may not delete");
}

#[test]
fn evictions() {
    let policy = with_operator(SUBMITTERS);
    let evict = |user: Value| {
        Review::new(user, "CREATE", "/pods/eviction", "p")
            .object(json!({ "metadata": { "name": "p" } }))
    };
    for user in [
        tenant(),
        owner(),
        driver(),
        operator(),
        service_account("istio-system", "istiod"),
        impersonated("kube-system", "karpenter"),
    ] {
        evict(user).refused(&policy, RULE, "may not evict pod spark-a/p");
    }
    for user in [
        service_account("kube-system", "karpenter"),
        service_account("kube-system", "cluster-autoscaler"),
        service_account("kube-system", "vpa-updater"),
        node(),
        controller("taint-eviction-controller"),
        emr(),
        admin(),
    ] {
        evict(user).passes(&policy);
    }
}

#[test]
fn what_keeps_pods_alive() {
    let policy = with_operator(SUBMITTERS);
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
            workload(&account("flink-jobmanager")),
        )
        .refused(&policy, RULE, "delete");
        delete(tenant(), resource, "etl", workload("default")).passes(&policy);
        delete(
            owner(),
            resource,
            "etl",
            workload(&account("flink-jobmanager")),
        )
        .passes(&policy);
    }
    let cron = json!({ "spec": { "jobTemplate": { "spec": { "template": { "spec": { "serviceAccountName": account("spark-client") } } } } } });
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
    let manager = |pod: &str| in_pod("spark-a", &account("flink-jobmanager"), pod, "m");
    let deployment = || workload(&account("flink-jobmanager"));
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
    delete(driver(), "batch/jobs", OTHER_JOB, emrs_job()).refused(&policy, RULE, "delete");
    for user in [
        emr(),
        controller("generic-garbage-collector"),
        controller("namespace-controller"),
    ] {
        delete(user, "batch/jobs", JOB, emrs_job()).passes(&policy);
    }
}

#[test]
fn changes_that_end_a_job() {
    let policy = with_operator(SUBMITTERS);
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
        for user in [
            tenant(),
            driver_of(OTHER_JOB, TEAM_A),
            driver_of(JOB, TEAM_B),
        ] {
            update(user, path, value.clone()).refused(&policy, RULE, words);
        }
        for user in [
            owner(),
            service_account("kueue-system", "kueue-controller-manager"),
            emr(),
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
        update(tenant(), path, value).passes_rule(&policy, RULE);
    }
}

#[test]
fn an_endpoint_is_not_scaled_down() {
    let policy = with_operator(SUBMITTERS);
    let scaled = |user: Value, account: &str, replicas: Value| {
        let mut new = workload(account);
        new["spec"]["replicas"] = replicas;
        Review::new(user, "UPDATE", "apps/deployments", "etl")
            .old(workload(account))
            .object(new)
    };
    let jeg = account("spark-jeg");
    for fewer in [json!(2), json!(0), Value::Null] {
        scaled(tenant(), &jeg, fewer.clone()).refused(&policy, RULE, "change spec.replicas");
        scaled(tenant(), "default", fewer.clone()).passes(&policy);
        scaled(operator(), &jeg, fewer).passes(&policy);
    }
    scaled(tenant(), &jeg, json!(4)).passes_rule(&policy, RULE);
}

/// A gateway ends the kernels it has started, and nobody else's.
#[test]
fn a_gateway_and_its_kernels() {
    let of = |component: &str, role| account_of(&format!("spark-{component}"), role);
    let by = |component| in_pod("spark-a", &of(component, TEAM_A), "jeg-5d4f8-x2x2x", "jeg");
    let ends = |user, account: String| {
        let spec = json!({ "serviceAccountName": account });
        let kernel = json!({ "metadata": { "name": "k1", "uid": "k" }, "spec": spec });
        delete(user, "/pods", "k1", kernel)
    };
    let policy = Policy::builtin();
    for component in ["jeg-kernel", "session"] {
        ends(by("jeg"), of(component, TEAM_A)).passes(&policy);
        ends(by("jeg"), of(component, TEAM_B)).refused(&policy, RULE, "delete");
        for other in ["jeg-kernel", "session", "driver"] {
            ends(by(other), of(component, TEAM_A)).refused(&policy, RULE, "delete");
        }
    }
    for component in ["driver", "executor", "client", "jeg"] {
        ends(by("jeg"), of(component, TEAM_A)).refused(&policy, RULE, "delete");
    }
}
