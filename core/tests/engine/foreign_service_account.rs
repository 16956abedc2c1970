//! The rule `foreign-service-account`: B1, B2, B4, B5, B13 to B15 and B20 of
//! the bypass catalogue, and everybody whose work it is.

use crate::support::scene::{
    JOB, OTHER_JOB, TEAM_A, TEAM_B, account, account_of, admin, controller_manager, driver,
    driver_name, emr, node, operator, runner, runner_name, with_add_ons,
};
use crate::support::{
    Review, controller, impersonated, in_pod, injected, policy, service_account, tenant, user,
};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "foreign-service-account";

fn pod(user: Value, name: &str, account: &str) -> Review {
    let pod = json!({
        "metadata": { "name": name },
        "spec": { "serviceAccountName": account, "serviceAccount": account, "containers": [{ "name": "c", "image": "i" }] },
    });
    // EKS's webhook gives credentials to accounts that have a role.
    let has_role = account.starts_with("emr-") || account == "livy-runner";
    Review::new(user, "CREATE", "/pods", name).object(if has_role { injected(pod) } else { pod })
}

fn template(account: &str) -> Value {
    json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "serviceAccountName": account, "containers": [{ "image": "i" }] } })
}

const BUILT_IN: [(&str, &str); 8] = [
    ("apps/deployments", "spec.template"),
    ("apps/replicasets", "spec.template"),
    ("apps/statefulsets", "spec.template"),
    ("apps/daemonsets", "spec.template"),
    ("batch/jobs", "spec.template"),
    ("batch/cronjobs", "spec.jobTemplate.spec.template"),
    ("/replicationcontrollers", "spec.template"),
    ("/podtemplates", "template"),
];

fn workload(path: &str, template: Value) -> Value {
    path.rsplit('.')
        .fold(template, |inner, key| json!({ key: inner }))
}

#[test]
fn tenants_pods() {
    let builtin = Policy::builtin();
    for user in [
        tenant(),
        user("", &[]),
        impersonated("spark-a", &account("spark-client")),
        service_account("spark-a", &account("spark-client")),
    ] {
        for name in [
            account("spark-driver"),
            account("spark-client"),
            account("x-y"),
            "emr-containers-sa-spark".to_owned(),
            "emr-container-sa-spark-livy".to_owned(),
            "history-server".to_owned(),
        ] {
            pod(user.clone(), "p", &name).refused(
                &builtin,
                RULE,
                "may not start pod spark-a/p under service account",
            );
            pod(user.clone(), "p", &name)
                .set("dryRun", json!(true))
                .refused(&builtin, RULE, "may not start");
        }
        pod(user, "p", "default").passes(&builtin);
    }
    pod(tenant(), "p", &account("spark-driver")).refused(
        &builtin,
        RULE,
        "becomes the IAM role 111122223333/team-a-etl",
    );
}

#[test]
fn name_and_alias_alone_and_apart() {
    let builtin = Policy::builtin();
    let job = account("spark-driver");
    let review = |spec: Value| {
        Review::new(tenant(), "CREATE", "/pods", "p")
            .object(json!({ "metadata": {}, "spec": spec }))
    };
    review(json!({ "serviceAccount": job })).refused(&builtin, RULE, "(at spec.serviceAccount)");
    review(json!({ "serviceAccountName": job })).refused(
        &builtin,
        RULE,
        "(at spec.serviceAccountName)",
    );
    review(json!({ "serviceAccountName": "default", "serviceAccount": job })).refused(
        &builtin,
        RULE,
        "(at spec.serviceAccount)",
    );
    review(json!({})).passes(&builtin);
    review(json!({ "serviceAccountName": null, "serviceAccount": "" })).passes(&builtin);
    review(json!({ "serviceAccountName": job }))
        .object(json!({
            "metadata": {
                "annotations": { "kubernetes.io/config.mirror": "x", "rolegate.dev/allow": "true" },
                "labels": { "emr-containers.amazonaws.com/component": "driver", "emr-containers.amazonaws.com/job.id": JOB },
                "ownerReferences": [{ "kind": "Job", "name": JOB, "uid": "u", "controller": true }],
            },
            "spec": { "serviceAccountName": job },
        }))
        .refused(&builtin, RULE, "may not start");
}

#[test]
fn built_in_workloads() {
    let builtin = Policy::builtin();
    for (resource, path) in BUILT_IN {
        let object = |account: &str| workload(path, template(account));
        Review::new(tenant(), "CREATE", resource, "w")
            .object(object(&account("spark-driver")))
            .refused(
                &builtin,
                RULE,
                &format!("(at {path}.spec.serviceAccountName)"),
            );
        Review::new(tenant(), "CREATE", resource, "w")
            .object(object("default"))
            .passes(&builtin);
        Review::new(tenant(), "UPDATE", resource, "w")
            .old(object("default"))
            .object(object(&account("spark-driver")))
            .refused(&builtin, RULE, "may not change the pods of");
        Review::new(tenant(), "CREATE", resource, "")
            .object({
                let mut object = object(&account("spark-driver"));
                object["metadata"] = json!({ "generateName": "w-" });
                object
            })
            .refused(&builtin, RULE, "spark-a/w-*");
    }
}

#[test]
fn on_update_only_what_changes() {
    let builtin = Policy::builtin();
    let job = account("spark-jeg");
    for (resource, path) in BUILT_IN {
        let update = |change: &dyn Fn(&mut Value)| {
            let old = workload(path, template(&job));
            let mut new = old.clone();
            change(&mut new);
            Review::new(tenant(), "UPDATE", resource, "w")
                .old(old)
                .object(new)
        };
        let pointer = format!("/{}", path.replace('.', "/"));
        update(&|_| ()).passes(&builtin);
        update(&|new| new["metadata"] = json!({ "labels": { "x": "y" } }))
            .passes_rule(&builtin, RULE);
        update(&|new| new["status"] = json!({ "replicas": 3 })).passes(&builtin);
        update(&|new| {
            let template = new.pointer_mut(&pointer).unwrap();
            template["metadata"]["annotations"] =
                json!({ "kubectl.kubernetes.io/restartedAt": "2026-11-22T12:00:00Z" });
        })
        .passes(&builtin);
        // The same identity with other code is the same takeover.
        update(&|new| {
            new.pointer_mut(&pointer).unwrap()["spec"]["containers"][0]["image"] = json!("evil");
        })
        .refused(&builtin, RULE, "may not change the pods of");
        update(&|new| {
            new.pointer_mut(&pointer).unwrap()["metadata"]["annotations"] =
                json!({ "sidecar.istio.io/inject": "true" });
        })
        .refused(&builtin, RULE, "may not change the pods of");
    }
    let scaled = |replicas: u32| {
        let mut object = workload("spec.template", template(&job));
        object["spec"]["replicas"] = json!(replicas);
        object
    };
    Review::new(tenant(), "UPDATE", "apps/deployments", "w")
        .old(scaled(1))
        .object(scaled(3))
        .refused(&builtin, RULE, "may not scale up");
    Review::new(tenant(), "UPDATE", "apps/deployments", "w")
        .old(scaled(3))
        .object(scaled(1))
        .passes_rule(&builtin, RULE);
    for resource in [
        "apps/deployments/scale",
        "apps/deployments/status",
        "pods/status",
    ] {
        Review::new(tenant(), "UPDATE", resource, "w")
            .old(json!({}))
            .object(json!({ "spec": { "replicas": 1 } }))
            .passes(&builtin);
    }
}

#[test]
fn a_suspended_job_that_waited_is_not_let_go() {
    let builtin = with_add_ons();
    let job = |suspend: Value, account: &str| {
        let mut object = workload("spec.template", template(account));
        object["spec"]["suspend"] = suspend;
        object
    };
    let update = |user: Value, old: Value, new: Value, name: &str| {
        Review::new(user, "UPDATE", "batch/jobs", "w")
            .old(job(old, name))
            .object(job(new, name))
    };
    let client = account("spark-client");
    for user in [tenant(), runner_of_b()] {
        for new in [json!(false), Value::Null] {
            update(user.clone(), json!(true), new, &client).refused(
                &builtin,
                RULE,
                "may not change the pods of",
            );
        }
        update(user.clone(), json!(false), json!(true), &client).passes_rule(&builtin, RULE);
        update(user, json!(true), json!(true), &client).passes(&builtin);
    }
    update(tenant(), json!(true), json!(false), "default").passes(&builtin);
    for user in [
        controller("job-controller"),
        service_account("kueue-system", "kueue-controller-manager"),
        emr(),
    ] {
        update(user, json!(true), json!(false), &client).passes(&builtin);
    }
}

fn runner_of_b() -> Value {
    in_pod(
        "spark-a",
        &account_of("spark-client", TEAM_B),
        &runner_name(OTHER_JOB),
        "u",
    )
}

/// Custom resources as their operators take them.
fn custom_resources(account: &str) -> Vec<(&'static str, Value)> {
    let template = template(account);
    vec![
        (
            "sparkoperator.k8s.io/sparkapplications",
            json!({ "spec": { "driver": { "serviceAccount": account } } }),
        ),
        (
            "sparkoperator.k8s.io/sparkapplications",
            json!({ "spec": { "sparkConf": { "spark.kubernetes.authenticate.driver.serviceAccountName": account } } }),
        ),
        (
            "sparkoperator.k8s.io/scheduledsparkapplications",
            json!({ "spec": { "template": { "executor": { "serviceAccount": account } } } }),
        ),
        (
            "flink.apache.org/flinkdeployments",
            json!({ "spec": { "serviceAccount": account } }),
        ),
        (
            "flink.apache.org/flinkdeployments",
            json!({ "spec": { "flinkConfiguration": { "kubernetes.service-account": account } } }),
        ),
        (
            "argoproj.io/workflows",
            json!({ "spec": { "serviceAccountName": account } }),
        ),
        (
            "argoproj.io/workflows",
            json!({ "spec": { "templates": [{ "executor": { "serviceAccountName": account } }] } }),
        ),
        (
            "ray.io/rayclusters",
            json!({ "spec": { "headGroupSpec": { "template": template } } }),
        ),
        (
            "ray.io/rayjobs",
            json!({ "spec": { "rayClusterSpec": { "workerGroupSpecs": [{ "template": template }] } } }),
        ),
        (
            "batch.volcano.sh/jobs",
            json!({ "spec": { "tasks": [{ "template": template }] } }),
        ),
        (
            "jobset.x-k8s.io/jobsets",
            json!({ "spec": { "replicatedJobs": [{ "template": { "spec": { "template": template } } }] } }),
        ),
        (
            "kubeflow.org/pytorchjobs",
            json!({ "spec": { "pytorchReplicaSpecs": { "Master": { "template": template } } } }),
        ),
        (
            "external-secrets.io/secretstores",
            json!({ "spec": { "auth": { "jwt": { "serviceAccountRef": { "name": account } } } } }),
        ),
        (
            "unheard.example.com/things",
            json!({ "a": [{ "b": { "c": format!("--conf x.serviceAccountName={account} --y") } }] }),
        ),
        ("unheard.example.com/things", json!({ "a": { account: 1 } })),
        (
            "emr.services.k8s.aws/jobruns",
            json!({ "spec": { "jobDriver": { "sparkSubmitParameters": format!("--sa {account}") } } }),
        ),
    ]
}

/// Who may write one at all is `cluster-takeover`'s matter.
#[test]
fn controller_revisions_are_walked_like_custom_resources() {
    let builtin = Policy::builtin();
    let revision =
        json!({ "data": { "spec": { "template": template(&account("spark-driver")) } } });
    for (operation, old) in [("CREATE", Value::Null), ("UPDATE", json!({}))] {
        Review::new(tenant(), operation, "apps/controllerrevisions", "x")
            .old(old)
            .object(revision.clone())
            .refused(&builtin, RULE, "team-a-etl");
    }
}

#[test]
fn custom_resources_of_every_kind() {
    let builtin = Policy::builtin();
    for (resource, object) in custom_resources(&account("spark-driver")) {
        Review::new(tenant(), "CREATE", resource, "x")
            .object(object.clone())
            .refused(&builtin, RULE, "team-a-etl");
        Review::new(tenant(), "UPDATE", resource, "x")
            .old(json!({}))
            .object(object.clone())
            .refused(&builtin, RULE, "team-a-etl");
        // A no-op and a status write pass, another change of such an object does not.
        let update = |new: Value| {
            Review::new(tenant(), "UPDATE", resource, "x")
                .old(object.clone())
                .object(new)
        };
        update(object.clone()).passes(&builtin);
        let mut new = object.clone();
        new["status"] = json!({ "state": "RUNNING" });
        new["metadata"] = json!({ "labels": { "a": "b" } });
        update(new).passes(&builtin);
        let mut new = object.clone();
        new["spec"]["mainApplicationFile"] = json!("s3://evil/x.py");
        update(new).refused(&builtin, RULE, "may not change");
        for user in [emr(), admin()] {
            Review::new(user, "CREATE", resource, "x")
                .object(object.clone())
                .passes(&builtin);
        }
    }
    // The status can name one too: some operators start pods from it.
    Review::new(tenant(), "UPDATE", "argoproj.io/workflows/status", "x")
        .old(json!({ "spec": {}, "status": {} }))
        .object(json!({ "spec": {}, "status": { "storedTemplates": { "a": { "serviceAccountName": account("spark-driver") } } } }))
        .refused(&builtin, RULE, "status.storedTemplates.a.serviceAccountName");
    // Names put together by a template are not in the list either.
    Review::new(tenant(), "CREATE", "argoproj.io/workflows", "x")
        .object(json!({ "spec": { "serviceAccountName": "{{workflow.parameters.sa}}" } }))
        .refused(&builtin, RULE, "does not list");
}

#[test]
fn an_object_too_deep_to_read_is_refused() {
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    let review = Review::new(tenant(), "CREATE", "unheard.example.com/things", "x")
        .object(json!({ "spec": deep }));
    review.refused(&Policy::builtin(), RULE, "nested deeper than 100 levels");
    review.set("userInfo", admin()).passes(&Policy::builtin());
}

#[test]
fn other_objects_may_name_service_accounts() {
    let builtin = Policy::builtin();
    for resource in [
        "rbac.authorization.k8s.io/rolebindings",
        "/serviceaccounts",
        "/secrets",
        "/events",
        "/persistentvolumeclaims",
    ] {
        Review::new(tenant(), "CREATE", resource, "x")
            .object(json!({ "subjects": [{ "name": account("spark-driver") }], "serviceAccountName": "x" }))
            .passes(&builtin);
    }
}

#[test]
fn a_job_starts_its_own_roles_pods() {
    let builtin = Policy::builtin();
    pod(runner(), &driver_name(JOB), &account("spark-driver")).passes(&builtin);
    pod(
        runner(),
        &format!("spark-{JOB}-driver-2"),
        &account("spark-driver"),
    )
    .passes(&builtin);
    pod(
        driver(),
        "pi-772b9c81ae56a93d-exec-1",
        &account("spark-executor"),
    )
    .passes(&builtin);
    pod(
        driver(),
        "pi-772b9c81ae56a93d-exec-1",
        &account("spark-driver"),
    )
    .refused(&builtin, RULE, &driver_name(JOB));
    for name in [
        account_of("spark-executor", TEAM_B),
        account_of("spark-executor", &TEAM_A.replace("1111", "9999")),
        "default".to_owned(),
        "history-server".to_owned(),
        "emr-containers-sa-spark".to_owned(),
        account("flink-jobmanager"),
    ] {
        pod(driver(), "pi-exec-1", &name).refused(&builtin, RULE, "may not start");
        Review::new(driver(), "CREATE", "apps/statefulsets", "pi-exec")
            .object(workload("spec.template", template(&name)))
            .refused(&builtin, RULE, "may not start");
    }
    // In another namespace, and by a token that is bound to no pod.
    pod(driver(), "pi-exec-1", &account("spark-executor"))
        .set("namespace", json!("spark-b"))
        .refused(&builtin, RULE, "another namespace");
    pod(
        service_account("spark-a", &account("spark-driver")),
        "pi-exec-1",
        &account("spark-executor"),
    )
    .refused(&builtin, RULE, "not bound");
}

#[test]
fn a_job_cannot_pass_its_pods_off_as_another_jobs() {
    let builtin = Policy::builtin();
    for name in [
        &driver_name(OTHER_JOB),
        "spark-0000000337okspsc914-driver-2",
        &runner_name(OTHER_JOB),
    ] {
        for component in ["spark-driver", "spark-executor", "spark-client"] {
            pod(runner(), name, &account(component)).refused(&builtin, RULE, "may not start");
            pod(driver(), name, &account(component)).refused(&builtin, RULE, "may not start");
        }
    }
    // Not even under its own id, but for a driver.
    pod(driver(), &runner_name(JOB), &account("spark-client")).refused(
        &builtin,
        RULE,
        "pass for a part of that job",
    );
    pod(
        driver(),
        &format!("spark-{JOB}-driver-x"),
        &account("spark-executor"),
    )
    .refused(&builtin, RULE, "pass for a part");
    // By a workload, whose controller chooses the pods' names after its own.
    for (resource, name, component) in [
        ("batch/jobs", "0000000337okspsc914", "spark-client"),
        (
            "apps/deployments",
            &driver_name(OTHER_JOB),
            "spark-executor",
        ),
        ("apps/statefulsets", "pi", "spark-driver"),
    ] {
        Review::new(runner(), "CREATE", resource, name)
            .object(workload("spec.template", template(&account(component))))
            .refused(&builtin, RULE, "may not start pods by");
    }
    // By a name that is yet to be completed.
    Review::new(runner(), "CREATE", "/pods", "")
        .object(json!({ "metadata": { "generateName": "0000000337okspsc914-" }, "spec": { "serviceAccountName": account("spark-client") } }))
        .refused(&builtin, RULE, "pass for a part");
    // An executor's token knows no job, so it starts no driver.
    let executor = in_pod("spark-a", &account("spark-executor"), "pi-exec-1", "u");
    pod(executor, &driver_name(JOB), &account("spark-driver")).refused(
        &builtin,
        RULE,
        "may not start",
    );
}

#[test]
fn flinks_job_manager_starts_task_managers() {
    let builtin = Policy::builtin();
    let manager = in_pod(
        "spark-a",
        &account("flink-jobmanager"),
        "etl-6d4cf56db6-x2b7k",
        "u",
    );
    for component in ["flink-taskmanager", "flink-jobmanager"] {
        pod(manager.clone(), "etl-taskmanager-1-1", &account(component)).passes(&builtin);
        pod(
            manager.clone(),
            "other-taskmanager-1-1",
            &account(component),
        )
        .refused(&builtin, RULE, "its cluster");
        // The name of another cluster's job manager.
        pod(
            manager.clone(),
            "other-6d4cf56db6-x2b7k",
            &account(component),
        )
        .refused(&builtin, RULE, "its cluster");
    }
    pod(
        manager.clone(),
        "etl-taskmanager-1-1",
        &account_of("flink-taskmanager", TEAM_B),
    )
    .refused(&builtin, RULE, "runs as");
    Review::new(manager, "CREATE", "apps/deployments", "other")
        .object(workload(
            "spec.template",
            template(&account("flink-jobmanager")),
        ))
        .refused(&builtin, RULE, "never through a workload");
}

const DECLARED: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{ name: emr-containers-sa-spark, role: "arn:aws:iam::111122223333:role/team-a-etl" }, { name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], serviceAccounts: [default, history-server] }]
    crossRole: [{ namespace: lf-system, from: "arn:aws:iam::111122223333:role/team-b-etl", to: "arn:aws:iam::111122223333:role/team-a-etl" }]
"#;

#[test]
fn controllers_and_their_components() {
    let (builtin, declared) = (Policy::builtin(), policy(DECLARED));
    let all = [
        "job-controller",
        "replicaset-controller",
        "statefulset-controller",
        "daemon-set-controller",
        "replication-controller",
    ];
    for (component, without, with) in [
        (
            "spark-client",
            &["job-controller"][..],
            &["job-controller"][..],
        ),
        (
            "spark-jeg",
            &["replicaset-controller"],
            &["replicaset-controller"],
        ),
        ("spark-driver", &[], &[]),
        (
            "spark-executor",
            &[],
            &["replicaset-controller", "statefulset-controller"],
        ),
        (
            "flink-jobmanager",
            &[],
            &["replicaset-controller", "statefulset-controller"],
        ),
    ] {
        for name in all {
            for (policy, may) in [(&builtin, without), (&declared, with)] {
                let review = pod(controller(name), "x-abcde", &account(component));
                if may.contains(&name) {
                    review.passes(policy);
                } else {
                    review.refused(policy, RULE, "does not start its pods in this way");
                }
            }
            pod(impersonated("kube-system", name), "x", &account(component)).refused(
                &declared,
                RULE,
                "impersonated",
            );
        }
        // Declared is one role, not every one.
        pod(
            controller("replicaset-controller"),
            "x-abcde",
            &account_of("flink-jobmanager", TEAM_B),
        )
        .refused(&declared, RULE, "does not start");
    }
    for name in all {
        pod(controller(name), "x", "default").passes(&builtin);
        pod(controller(name), "x", "history-server").passes(&builtin);
        pod(controller(name), "x", "emr-containers-sa-spark-operator")
            .refused(&declared, RULE, "reserved");
    }
    for user in [
        node(),
        user("eks:fargate-scheduler", &[]),
        user("system:kube-scheduler", &[]),
    ] {
        pod(user, "x", &account("spark-client")).refused(&builtin, RULE, "does not start");
    }
    pod(node(), "static-n1", "default").passes(&builtin);
    pod(node(), "x", "history-server").refused(&builtin, RULE, "static pods only");
    for component in ["spark-client", "spark-jeg"] {
        pod(controller_manager(), "x", &account(component)).passes(&builtin);
    }
    // The replica set that the deployment controller writes for EMR's gateway.
    Review::new(
        controller("deployment-controller"),
        "CREATE",
        "apps/replicasets",
        "jeg-6d4cf56db6",
    )
    .object(workload("spec.template", template(&account("spark-jeg"))))
    .passes(&builtin);
    Review::new(
        controller("cronjob-controller"),
        "CREATE",
        "batch/jobs",
        "x-29",
    )
    .object(workload(
        "spec.template",
        template(&account("spark-client")),
    ))
    .refused(&builtin, RULE, "does not start");
}

#[test]
fn operators_start_what_the_policy_declares() {
    let policy = policy(DECLARED);
    for name in [
        account("spark-driver"),
        "emr-containers-sa-spark".to_owned(),
        "livy-runner".to_owned(),
    ] {
        pod(operator(), "pi-driver", &name).passes(&policy);
        // A SparkApplication called after a job would name its driver so.
        pod(operator(), &driver_name(OTHER_JOB), &name).refused(
            &policy,
            RULE,
            "pass for a part of that job",
        );
    }
    for name in [
        account_of("spark-driver", TEAM_B),
        "default".to_owned(),
        "emr-containers-sa-flink".to_owned(),
    ] {
        pod(operator(), "pi-driver", &name).refused(&policy, RULE, "may not start");
    }
    pod(
        operator(),
        "victim-6d4cf56db6-x2b7k",
        &account("flink-jobmanager"),
    )
    .refused(&policy, RULE, "started by a Deployment");
    pod(
        impersonated("spark-operator", "spark-operator"),
        "pi-driver",
        &account("spark-driver"),
    )
    .refused(&policy, RULE, "impersonated");
    for (resource, object) in custom_resources(&account("spark-driver")) {
        Review::new(operator(), "UPDATE", resource, "x")
            .old(json!({}))
            .object(object)
            .passes(&policy);
    }
}

#[test]
fn submitters_name_their_roles_to_operators_only() {
    let policy = policy(DECLARED);
    for name in [
        account("spark-driver"),
        "emr-containers-sa-spark".to_owned(),
        "livy-runner".to_owned(),
    ] {
        for (resource, object) in custom_resources(&name) {
            // A fixed name is a word like any other where it is no value.
            if object["a"].get(&name).is_some() && !name.starts_with("emr-") {
                continue;
            }
            let own = Review::new(tenant(), "CREATE", resource, "x").object(object.clone());
            if resource.starts_with("external-secrets.io/") {
                // Nobody starts a pod there: a token of the account is asked.
                own.refused(&policy, RULE, "with a login as service account");
            } else {
                own.passes(&policy);
            }
            Review::new(user("mallory", &["team-b"]), "CREATE", resource, "x")
                .object(object)
                .refused(&policy, RULE, "team-a-etl");
        }
        pod(tenant(), "p", &name).refused(&policy, RULE, "team-a-etl");
        Review::new(tenant(), "CREATE", "apps/deployments", "w")
            .object(workload("spec.template", template(&name)))
            .refused(&policy, RULE, "team-a-etl");
    }
    for (resource, object) in custom_resources(&account_of("spark-driver", TEAM_B)) {
        Review::new(tenant(), "CREATE", resource, "x")
            .object(object)
            .refused(&policy, RULE, "team-b-etl");
    }
    for name in ["default", "history-server"] {
        pod(tenant(), "p", name).passes(&policy);
        Review::new(tenant(), "CREATE", "apps/deployments", "w")
            .object(workload("spec.template", template(name)))
            .passes(&policy);
    }
    pod(user("mallory", &["team-b"]), "p", "history-server").refused(
        &policy,
        RULE,
        "does not list",
    );
}

#[test]
fn lake_formations_system_driver_crosses_over() {
    let policy = policy(DECLARED);
    let system = |namespace| {
        in_pod(
            namespace,
            &account_of("spark-driver", TEAM_B),
            &driver_name(JOB),
            "u",
        )
    };
    pod(system("lf-system"), "pi-exec-1", &account("spark-executor")).passes(&policy);
    pod(
        system("lf-system"),
        "pi-exec-1",
        &account_of("spark-executor", TEAM_B),
    )
    .refused(&policy, RULE, "runs as");
    pod(system("lf-other"), "pi-exec-1", &account("spark-executor")).refused(
        &policy,
        RULE,
        "another namespace",
    );
    pod(system("spark-a"), "pi-exec-1", &account("spark-executor"))
        .refused(&policy, RULE, "runs as");
}

#[test]
fn add_ons_repeat_identities_and_start_nothing() {
    let builtin = Policy::builtin();
    let cilium = || service_account("kube-system", "cilium");
    let endpoint = json!({ "status": { "identity": { "labels": [format!("k8s:io.cilium.k8s.policy.serviceaccount={}", account("spark-driver"))] } } });
    Review::new(cilium(), "CREATE", "cilium.io/ciliumendpoints", "x")
        .object(endpoint.clone())
        .passes(&builtin);
    Review::new(tenant(), "CREATE", "cilium.io/ciliumendpoints", "x")
        .object(endpoint)
        .refused(&builtin, RULE, "team-a-etl");
    pod(cilium(), "p", &account("spark-driver")).refused(&builtin, RULE, "team-a-etl");
}
