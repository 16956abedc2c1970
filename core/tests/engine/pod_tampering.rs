//! The rule `pod-tampering`: a running pod turned into another, or led past the
//! scheduler (facts A9 to A12 and B14 of the bypass catalogue).

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, TEAM_B, account, account_of, admin, controller_manager, driver,
    driver_name, eks, emr, node, operator, runner_name, with_operator,
};
use crate::support::{
    Review, controller, impersonated, in_pod, judge, service_account, tenant, user,
};
use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const RULE: &str = "pod-tampering";
const PLATFORM: &str = r#"
  platform:
    - users: ["system:serviceaccount:queues:queue"]
      capabilities: [annotate, evict]
    - users: ["system:serviceaccount:queues:scheduler"]
      capabilities: [bind, status]
"#;

fn another_jobs_driver() -> Value {
    in_pod(
        "spark-a",
        &account("spark-driver"),
        &driver_name(OTHER_JOB),
        "other-uid",
    )
}

fn another_roles_driver() -> Value {
    in_pod(
        "spark-a",
        &account_of("spark-driver", TEAM_B),
        &driver_name(JOB),
        "b-uid",
    )
}

/// An executor of [`driver`], as it is stored.
fn executor() -> Value {
    json!({
        "metadata": {
            "name": "pi-0123456789abcdef-exec-1",
            "uid": "executor-uid",
            "labels": { "spark-role": "executor", "spark-app-selector": format!("spark-{JOB}"), "team": "a" },
            "annotations": { "note": "x" },
            "ownerReferences": [{ "apiVersion": "v1", "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID }],
        },
        "spec": {
            "serviceAccountName": account("spark-executor"),
            "serviceAccount": account("spark-executor"),
            "containers": [{ "name": "spark-kubernetes-executor", "image": "spark:1", "resources": { "limits": { "cpu": "1" } } }],
            "initContainers": [{ "name": "init", "image": "init:1" }],
            "schedulingGates": [{ "name": "queue" }],
        },
        "status": { "podIP": "10.0.0.1" },
    })
}

/// The same under an account that stands for nobody's role.
fn ordinary(service_account: &str) -> Value {
    let mut pod = executor();
    pod["metadata"] =
        json!({ "name": "web", "uid": "web-uid", "labels": { "app": "web", "job-name": "web" } });
    pod["spec"]["serviceAccountName"] = json!(service_account);
    pod["spec"]["serviceAccount"] = json!(service_account);
    pod
}

fn with(pod: &Value, path: &str, value: Value) -> Value {
    let mut pod = pod.clone();
    *pod.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
    pod
}

fn added(pod: &Value, path: &str, key: &str, value: Value) -> Value {
    let mut pod = pod.clone();
    pod.pointer_mut(path).unwrap_or_else(|| panic!("{path}"))[key] = value;
    pod
}

fn update(user: Value, resource: &str, old: &Value, new: Value) -> Review {
    let name = old["metadata"]["name"].as_str().expect("a name").to_owned();
    Review::new(user, "UPDATE", resource, &name)
        .old(old.clone())
        .object(new)
}

/// Every change one can make to a job's pod, with what is said of it.
fn tampered() -> Vec<(Value, &'static str)> {
    let pod = executor();
    vec![
        (
            with(&pod, "/spec/containers/0/image", json!("evil")),
            "image of container spark-kubernetes-executor",
        ),
        (
            with(&pod, "/spec/initContainers/0/image", json!("evil")),
            "image of container init",
        ),
        (
            with(&pod, "/metadata/labels/spark-role", json!("driver")),
            "label spark-role",
        ),
        (
            with(&pod, "/metadata/labels/team", json!("b")),
            "label team",
        ),
        (
            with(&pod, "/metadata/labels", json!({})),
            "label spark-app-selector",
        ),
        (
            added(&pod, "/metadata/labels", "app", json!("web")),
            "label app",
        ),
        (
            added(&pod, "/metadata/annotations", "a", json!("b")),
            "annotation a",
        ),
        (
            with(&pod, "/metadata/annotations", Value::Null),
            "annotation note",
        ),
        (
            added(
                &pod,
                "/metadata/annotations",
                "rolegate.dev/aws-config",
                json!("[default]"),
            ),
            "annotation rolegate.dev/aws-config",
        ),
        (
            added(&pod, "/metadata", "finalizers", json!(["x/y"])),
            "finalizers",
        ),
        (
            with(&pod, "/metadata/ownerReferences", json!([])),
            "owner references",
        ),
        (
            with(&pod, "/metadata/ownerReferences/0/uid", json!("gone")),
            "owner references",
        ),
        (
            added(&pod, "/spec", "activeDeadlineSeconds", json!(1)),
            "spec.activeDeadlineSeconds",
        ),
        (
            with(&pod, "/spec/schedulingGates", json!([])),
            "spec.schedulingGates",
        ),
        (
            with(&pod, "/spec/containers/0/resources/limits/cpu", json!("9")),
            "spec.containers[0].resources",
        ),
        (
            added(&pod, "/spec", "somethingNew", json!(true)),
            "spec.somethingNew",
        ),
    ]
}

#[test]
fn nobody_changes_somebody_elses_job() {
    let builtin = Policy::builtin();
    for (new, what) in tampered() {
        for user in [
            tenant(),
            user("", &[]),
            impersonated("kube-system", "job-controller"),
            service_account("spark-a", "default"),
            service_account("spark-a", &account("spark-driver")),
            another_jobs_driver(),
            another_roles_driver(),
        ] {
            for resource in ["/pods", "/pods/resize", "/pods/somethingnew"] {
                update(user.clone(), resource, &executor(), new.clone())
                    .refused(&builtin, RULE, what);
            }
        }
        update(tenant(), "/pods", &executor(), new.clone())
            .set("dryRun", json!(true))
            .refused(
                &builtin,
                RULE,
                "which runs as the IAM role 111122223333/team-a-etl",
            );
        // The incoming object cannot make the pod its writer's own.
        let mut mine = new.clone();
        mine["metadata"]["ownerReferences"] =
            json!([{ "kind": "Pod", "name": "x", "uid": "other-uid" }]);
        mine["metadata"]["uid"] = json!("other-uid");
        mine["spec"]["serviceAccountName"] = json!("default");
        mine["spec"]["serviceAccount"] = json!("default");
        update(another_jobs_driver(), "/pods", &executor(), mine).refused(
            &builtin,
            RULE,
            "may not change",
        );
    }
}

#[test]
fn a_job_changes_its_own_pods() {
    let builtin = Policy::builtin();
    for (new, what) in tampered() {
        let review = update(driver(), "/pods", &executor(), new);
        if what.contains("rolegate.dev") {
            review.refused(&builtin, RULE, what);
        } else {
            review.passes(&builtin);
        }
    }
    // The runner changes the driver that it started; a job manager its task managers.
    let mut stored = executor();
    stored["metadata"] = json!({ "name": driver_name(JOB), "uid": DRIVER_UID });
    stored["spec"]["serviceAccountName"] = json!(account("spark-driver"));
    stored["spec"]["serviceAccount"] = json!(account("spark-driver"));
    let runner = |job: &str| {
        in_pod(
            "spark-a",
            &account("spark-client"),
            &runner_name(job),
            "runner-uid",
        )
    };
    let relabelled = added(&stored, "/metadata", "labels", json!({ "a": "b" }));
    update(runner(JOB), "/pods", &stored, relabelled.clone()).passes(&builtin);
    update(driver(), "/pods", &stored, relabelled.clone()).passes(&builtin);
    update(runner(OTHER_JOB), "/pods", &stored, relabelled).refused(&builtin, RULE, "label a");

    let mut stored = executor();
    stored["metadata"] = json!({ "name": "etl-taskmanager-1-2", "uid": "t" });
    for field in ["serviceAccountName", "serviceAccount"] {
        stored["spec"][field] = json!(account("flink-taskmanager"));
    }
    let manager = |pod: &str| in_pod("spark-a", &account("flink-jobmanager"), pod, "m");
    let relabelled = added(&stored, "/metadata", "labels", json!({ "a": "b" }));
    update(
        manager("etl-6d4cf56db6-x2b7k"),
        "/pods",
        &stored,
        relabelled.clone(),
    )
    .passes(&builtin);
    update(
        manager("web-6d4cf56db6-x2b7k"),
        "/pods",
        &stored,
        relabelled,
    )
    .refused(&builtin, RULE, "label a");
}

#[test]
fn a_status_is_written_by_those_whose_work_it_is() {
    let builtin = Policy::builtin();
    let operated = with_operator(PLATFORM);
    for stored in [executor(), ordinary("default")] {
        let new = with(&stored, "/status/podIP", json!("10.9.9.9"));
        for user in [tenant(), driver(), service_account("spark-a", "default")] {
            update(user, "/pods/status", &stored, new.clone()).refused(
                &builtin,
                RULE,
                "change status of pod",
            );
        }
        for user in [operator(), service_account("queues", "queue")] {
            update(user, "/pods/status", &stored, new.clone()).refused(
                &operated,
                RULE,
                "change status of pod",
            );
        }
        for user in [
            node(),
            user("system:kube-scheduler", &[]),
            controller("pod-garbage-collector"),
            service_account("queues", "scheduler"),
            emr(),
            admin(),
        ] {
            update(user, "/pods/status", &stored, new.clone()).passes(&operated);
        }
        // Elsewhere than in pods/status the API server takes no status from anybody.
        if stored["metadata"]["name"] == "web" {
            update(tenant(), "/pods", &stored, new).passes(&builtin);
        }
    }
    // Labels go through pods/status as well.
    let relabelled = with(&executor(), "/metadata/labels/team", json!("b"));
    update(tenant(), "/pods/status", &executor(), relabelled.clone()).refused(
        &builtin,
        RULE,
        "label team",
    );
    update(
        service_account("queues", "scheduler"),
        "/pods/status",
        &executor(),
        relabelled,
    )
    .refused(&operated, RULE, "label team");
}

#[test]
fn add_ons_by_their_capabilities() {
    let operated = with_operator(PLATFORM);
    let queue = || service_account("queues", "queue");
    for (new, what) in tampered() {
        let allowed = [
            "label team",
            "label app",
            "annotation a",
            "annotation note",
            "finalizers",
            "spec.schedulingGates",
            "spec.activeDeadlineSeconds",
        ];
        let review = update(queue(), "/pods", &executor(), new);
        if allowed.contains(&what) {
            review.passes(&operated);
        } else {
            review.refused(&operated, RULE, what);
        }
    }
    // In a pod that is no job's, all that a tenant may change, whatever its entry names.
    for account in ["default", "web"] {
        let pod = ordinary(account);
        for (path, value) in [
            ("/metadata/labels/app", json!("x")),
            ("/spec/containers/0/image", json!("other:1")),
            ("/metadata/labels/job-name", json!("x")),
            ("/status/podIP", json!("10.0.0.2")),
        ] {
            let change = |who: Value| update(who, "/pods", &pod, with(&pod, path, value.clone()));
            let is_refused = |who: Value| !change(who).findings(&operated).is_empty();
            assert_eq!(
                is_refused(queue()),
                is_refused(user("carol", &[])),
                "{account}: {path}"
            );
        }
    }
    let resized = with(
        &executor(),
        "/spec/containers/0/resources/limits/cpu",
        json!("9"),
    );
    let updater = service_account("kube-system", "vpa-updater");
    update(updater, "/pods/resize", &executor(), resized).passes(&operated);
    // Capabilities belong to the account, not to whoever writes its name.
    let relabelled = with(&executor(), "/metadata/labels/team", json!("b"));
    update(
        impersonated("queues", "queue"),
        "/pods",
        &executor(),
        relabelled,
    )
    .refused(&operated, RULE, "looks impersonated");
}

#[test]
fn operators_change_pods_of_their_roles() {
    let operated = with_operator(PLATFORM);
    let relabelled = |pod: &Value| {
        with(
            pod,
            "/metadata/labels",
            json!({ "sparkoperator.k8s.io/app-name": "pi" }),
        )
    };
    update(operator(), "/pods", &executor(), relabelled(&executor())).passes(&operated);
    let fixed = ordinary("livy-runner");
    update(operator(), "/pods", &fixed, relabelled(&fixed)).passes(&operated);
    let mut foreign = executor();
    for field in ["serviceAccountName", "serviceAccount"] {
        foreign["spec"][field] = json!("emr-containers-sa-spark-driver-111122223333-16o0gwny3p");
    }
    for stored in [foreign, ordinary("default")] {
        update(operator(), "/pods", &stored, relabelled(&stored)).refused(
            &operated,
            RULE,
            "may not change",
        );
    }
}

#[test]
fn pods_that_are_nobodys_job() {
    let builtin = Policy::builtin();
    for (service_account, startable) in [("default", true), ("history-server", false)] {
        let stored = ordinary(service_account);
        let image = with(&stored, "/spec/containers/0/image", json!("web:2"));
        let review = update(tenant(), "/pods", &stored, image);
        if startable {
            review.passes(&builtin);
        } else {
            review.refused(&builtin, RULE, "image of container");
        }
        for new in [
            added(&stored, "/metadata/labels", "tier", json!("x")),
            added(&stored, "/metadata", "annotations", json!({ "a": "b" })),
            with(&stored, "/spec/schedulingGates", Value::Null),
        ] {
            update(tenant(), "/pods", &stored, new.clone()).passes(&builtin);
            update(driver(), "/pods", &stored, new).refused(&builtin, RULE, "may not change");
        }
        for (key, value) in [
            ("spark-app-selector", "anything"),
            ("emr-containers.amazonaws.com/component", "driver"),
            ("job-name", "other"),
            ("rolegate.dev/chain", "x"),
        ] {
            let new = added(&stored, "/metadata/labels", key, json!(value));
            update(tenant(), "/pods", &stored, new).refused(&builtin, RULE, key);
        }
    }
}

#[test]
fn what_is_rolegates_is_nobodys() {
    let builtin = Policy::builtin();
    for key in ["rolegate.dev/aws-config", "rolegate.dev/chain-to"] {
        let marked = added(&executor(), "/metadata/annotations", key, json!("x"));
        for user in [
            tenant(),
            driver(),
            emr(),
            eks(),
            node(),
            controller("job-controller"),
            service_account("volcano-system", "volcano-scheduler"),
        ] {
            update(user.clone(), "/pods", &executor(), marked.clone()).refused(&builtin, RULE, key);
            update(user, "/pods/status", &marked, executor()).refused(&builtin, RULE, key);
        }
        update(admin(), "/pods", &executor(), marked.clone()).passes(&builtin);
        // Who leaves it as it is may go on with his work.
        let finalized = added(
            &marked,
            "/metadata",
            "finalizers",
            json!(["batch.kubernetes.io/job-tracking"]),
        );
        update(controller("job-controller"), "/pods", &marked, finalized).passes(&builtin);
    }
    // A key may be written with escapes.
    let marked = added(&executor(), "/metadata/annotations", "ESCAPED", json!("x"));
    let body = update(emr(), "/pods", &executor(), marked).0.to_string();
    let body = body.replace("ESCAPED", r"r\u006flegate.dev/chain-to");
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
    let decision = judge(request, Door::Enforce, &builtin).expect("a decision");
    assert!(!decision.allowed());
}

#[test]
fn a_controller_adopts_what_it_could_have_started() {
    let builtin = Policy::builtin();
    let owner = json!([{ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "thief", "uid": "rs", "controller": true }]);
    let orphan = |account: &str| {
        let mut pod = executor();
        pod["metadata"] = json!({ "name": "p", "uid": "u", "labels": { "spark-role": "driver" } });
        for field in ["serviceAccountName", "serviceAccount"] {
            pod["spec"][field] = json!(account);
        }
        pod
    };
    for (name, component, allowed) in [
        ("replicaset-controller", "spark-driver", false),
        ("replicaset-controller", "spark-jeg", true),
        ("statefulset-controller", "spark-executor", false),
        ("job-controller", "spark-client", true),
        ("job-controller", "spark-driver", false),
        ("daemon-set-controller", "spark-client", false),
    ] {
        let stored = orphan(&account(component));
        let adopted = added(&stored, "/metadata", "ownerReferences", owner.clone());
        let review = update(controller(name), "/pods", &stored, adopted.clone());
        if allowed {
            review.passes(&builtin);
        } else {
            review.refused(&builtin, RULE, "owner references");
        }
        // Letting go, and the garbage collector's work, pass.
        update(controller(name), "/pods", &adopted, stored.clone()).passes(&builtin);
        update(
            controller("generic-garbage-collector"),
            "/pods",
            &adopted,
            stored,
        )
        .passes(&builtin);
    }
    let web = orphan("default");
    let adopted = added(&web, "/metadata", "ownerReferences", owner);
    update(controller("replicaset-controller"), "/pods", &web, adopted).passes(&builtin);
}

#[test]
fn bindings() {
    let operated = with_operator(PLATFORM);
    let bind = |user: Value, resource: &str| {
        Review::new(user, "CREATE", resource, "p").object(
            json!({ "metadata": { "name": "p" }, "target": { "kind": "Node", "name": "n1" } }),
        )
    };
    for resource in ["/pods/binding", "/bindings"] {
        for user in [
            tenant(),
            driver(),
            operator(),
            service_account("queues", "queue"),
            impersonated("queues", "scheduler"),
            controller("job-controller"),
            node(),
            controller_manager(),
        ] {
            bind(user, resource).refused(&operated, RULE, "bind pod spark-a/p to a node");
        }
        for user in [
            user("system:kube-scheduler", &[]),
            user("eks:fargate-scheduler", &[]),
            service_account("queues", "scheduler"),
            service_account("yunikorn", "yunikorn-admin"),
            admin(),
        ] {
            bind(user, resource).passes(&operated);
        }
        let mut carries = bind(service_account("queues", "scheduler"), resource);
        carries.0["request"]["object"]["metadata"]["annotations"] =
            json!({ "rolegate.dev/aws-config": "x" });
        carries.refused(&operated, RULE, "rolegate.dev/aws-config");
    }
}

#[test]
fn nodes_are_not_chosen() {
    let operated = with_operator(PLATFORM);
    let pod =
        |account: &str| json!({ "spec": { "serviceAccountName": account, "nodeName": "n1" } });
    let template = |account: &str| json!({ "spec": { "template": pod(account) } });
    let create = |user: Value, resource: &str, object: Value| {
        Review::new(user, "CREATE", resource, "p").object(object)
    };
    create(tenant(), "/pods", pod("default")).refused(
        &operated,
        RULE,
        "choose node n1 for Thing spark-a/p",
    );
    for resource in ["apps/deployments", "apps/daemonsets", "batch/jobs"] {
        create(tenant(), resource, template("default")).refused(
            &operated,
            RULE,
            "(at spec.template.spec.nodeName)",
        );
    }
    let cron = json!({ "spec": { "jobTemplate": { "spec": { "template": pod("default") } } } });
    create(tenant(), "batch/cronjobs", cron).refused(
        &operated,
        RULE,
        "spec.jobTemplate.spec.template.spec.nodeName",
    );
    // EMR's pod template lets nodeName through; it comes in with the driver's token.
    let executor = pod(&account("spark-executor"));
    Review::new(driver(), "CREATE", "/pods", "pi-exec-1")
        .object(executor.clone())
        .refused(&operated, RULE, "choose node");
    Review::new(operator(), "CREATE", "/pods", "pi-exec-1")
        .object(executor)
        .refused(&operated, RULE, "choose node");
    for user in [service_account("queues", "scheduler"), admin()] {
        create(user, "/pods", pod("default")).passes(&operated);
    }
    // Somebody else's template keeps the node it has.
    let update = |old: &str, new: &str| {
        let at = |node: &str| json!({ "spec": { "template": { "spec": { "nodeName": node } } } });
        Review::new(tenant(), "UPDATE", "apps/deployments", "p")
            .old(at(old))
            .object(at(new))
    };
    update("n1", "n1").passes(&operated);
    update("n1", "n2").refused(&operated, RULE, "choose node n2");
    create(tenant(), "/pods", json!({ "spec": { "nodeName": "" } })).passes(&operated);
}

#[test]
fn labels_of_another_job() {
    let operated = with_operator(PLATFORM);
    let pod = |account: &str, key: &str, value: String| json!({ "metadata": { "labels": { key: value } }, "spec": { "serviceAccountName": account } });
    let executors = account("spark-executor");
    for (key, own, other) in [
        (
            "spark-app-selector",
            format!("spark-{JOB}"),
            format!("spark-{OTHER_JOB}"),
        ),
        (
            "emr-containers.amazonaws.com/job.id",
            JOB.to_owned(),
            OTHER_JOB.to_owned(),
        ),
    ] {
        let create = |user: Value, object: Value| {
            Review::new(user, "CREATE", "/pods", "pi-exec-1").object(object)
        };
        create(driver(), pod(&executors, key, own.clone())).passes_rule(&operated, RULE);
        create(driver(), pod(&executors, key, other.clone())).refused(
            &operated,
            RULE,
            "of another job",
        );
        create(tenant(), pod("default", key, own.clone())).refused(
            &operated,
            RULE,
            "of another job",
        );
        create(operator(), pod(&executors, key, own.clone())).refused(
            &operated,
            RULE,
            "of another job",
        );
        // What a team's own Spark in client mode calls itself.
        let own_application = pod("default", key, "spark-application-1690000000000".to_owned());
        if key == "spark-app-selector" {
            create(tenant(), own_application).passes(&operated);
            let another = pod(
                "default",
                key,
                "spark-0123456789abcdef0123456789abcdef".to_owned(),
            );
            create(tenant(), another).refused(&operated, RULE, "of a Spark application");
        } else {
            create(tenant(), own_application).refused(&operated, RULE, "of Amazon EMR");
        }
        Review::new(tenant(), "CREATE", "apps/replicasets", "thief")
            .object(json!({ "spec": { "template": pod("default", key, own.clone()) } }))
            .refused(&operated, RULE, "spec.template.metadata.labels");
        // On its own pod a job still borrows nothing.
        let mut stored = executor();
        stored["metadata"]["labels"] = json!({ key: own });
        let new = with(&stored, "/metadata/labels", json!({ key: other }));
        update(driver(), "/pods", &stored, new.clone()).refused(&operated, RULE, key);
        update(operator(), "/pods", &stored, new).refused(&operated, RULE, key);
    }
}

#[test]
fn a_write_that_changes_nothing() {
    let builtin = Policy::builtin();
    let mut stored = executor();
    stored["spec"]["nodeName"] = json!("n1");
    stored["metadata"]["annotations"]["rolegate.dev/aws-config"] = json!("x");
    let mut new = stored.clone();
    new["metadata"]["managedFields"] = json!([{ "manager": "kubectl" }]);
    new["metadata"]["resourceVersion"] = json!("7");
    new["metadata"]["finalizers"] = json!([]);
    for user in [
        tenant(),
        driver(),
        another_jobs_driver(),
        controller("replicaset-controller"),
    ] {
        for resource in ["/pods", "/pods/status", "/pods/resize"] {
            update(user.clone(), resource, &stored, new.clone()).passes(&builtin);
        }
    }
}
