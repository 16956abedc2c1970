//! Custom resources of every kind that an operator turns into pods, and of one
//! that nobody has heard of.

use serde_json::{Value, json};

use super::kinds::install_custom_resources;
use super::pair::{Pair, account, becomes};
use super::refusal::{ACCOUNTS, assert_refused};
use super::road::Road;
use crate::harness::accounts::pod_spec;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE};

/// Group and version, plural, kind; the spec; where the account stands in it.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    Value,
    &'static str,
);

fn cases(account: &str) -> Vec<Case> {
    let template = json!({"metadata": {}, "spec": pod_spec(account)});
    let spark = "sparkoperator.k8s.io/v1beta2";
    let arguments = format!(
        "--conf spark.kubernetes.authenticate.driver.serviceAccountName={account} --conf a=b"
    );
    vec![
        (
            spark,
            "sparkapplications",
            "SparkApplication",
            json!({"driver": {"serviceAccount": account}}),
            "spec.driver.serviceAccount",
        ),
        (
            spark,
            "sparkapplications",
            "SparkApplication",
            json!({"sparkConf": {"spark.kubernetes.authenticate.driver.serviceAccountName": account}}),
            r#"spec.sparkConf["spark.kubernetes.authenticate.driver.serviceAccountName"]"#,
        ),
        (
            spark,
            "sparkapplications",
            "SparkApplication",
            json!({"driver": {"template": template}}),
            "spec.driver.template.spec.serviceAccountName",
        ),
        (
            spark,
            "scheduledsparkapplications",
            "ScheduledSparkApplication",
            json!({"schedule": "@daily", "template": {"executor": {"serviceAccount": account}}}),
            "spec.template.executor.serviceAccount",
        ),
        (
            "flink.apache.org/v1beta1",
            "flinkdeployments",
            "FlinkDeployment",
            json!({"serviceAccount": account}),
            "spec.serviceAccount",
        ),
        (
            "flink.apache.org/v1beta1",
            "flinkdeployments",
            "FlinkDeployment",
            json!({"flinkConfiguration": {"kubernetes.service-account": account}}),
            r#"spec.flinkConfiguration["kubernetes.service-account"]"#,
        ),
        (
            "argoproj.io/v1alpha1",
            "workflows",
            "Workflow",
            json!({"serviceAccountName": account}),
            "spec.serviceAccountName",
        ),
        (
            "argoproj.io/v1alpha1",
            "workflows",
            "Workflow",
            json!({"templates": [{"executor": {"serviceAccountName": account}}]}),
            "spec.templates[0].executor.serviceAccountName",
        ),
        (
            "argoproj.io/v1alpha1",
            "cronworkflows",
            "CronWorkflow",
            json!({"workflowSpec": {"arguments": {"parameters": [{"name": "sa", "value": account}]}}}),
            "spec.workflowSpec.arguments.parameters[0].value",
        ),
        (
            "ray.io/v1",
            "rayclusters",
            "RayCluster",
            json!({"headGroupSpec": {"template": template}}),
            "spec.headGroupSpec.template.spec.serviceAccountName",
        ),
        (
            "ray.io/v1",
            "rayjobs",
            "RayJob",
            json!({"rayClusterSpec": {"workerGroupSpecs": [{"template": template}]}}),
            "spec.rayClusterSpec.workerGroupSpecs[0].template.spec.serviceAccountName",
        ),
        (
            "batch.volcano.sh/v1alpha1",
            "jobs",
            "Job",
            json!({"tasks": [{"template": template}]}),
            "spec.tasks[0].template.spec.serviceAccountName",
        ),
        (
            "jobset.x-k8s.io/v1alpha2",
            "jobsets",
            "JobSet",
            json!({"replicatedJobs": [{"template": {"spec": {"template": template}}}]}),
            "spec.replicatedJobs[0].template.spec.template.spec.serviceAccountName",
        ),
        (
            "kubeflow.org/v1",
            "pytorchjobs",
            "PyTorchJob",
            json!({"pytorchReplicaSpecs": {"Master": {"template": template}}}),
            "spec.pytorchReplicaSpecs.Master.template.spec.serviceAccountName",
        ),
        (
            "tekton.dev/v1",
            "taskruns",
            "TaskRun",
            json!({"serviceAccountName": account}),
            "spec.serviceAccountName",
        ),
        (
            "leaderworkerset.x-k8s.io/v1",
            "leaderworkersets",
            "LeaderWorkerSet",
            json!({"leaderWorkerTemplate": {"workerTemplate": template}}),
            "spec.leaderWorkerTemplate.workerTemplate.spec.serviceAccountName",
        ),
        (
            "emr.services.k8s.aws/v1alpha1",
            "jobruns",
            "JobRun",
            json!({"jobDriver": {"sparkSubmitParameters": arguments}}),
            "spec.jobDriver.sparkSubmitParameters",
        ),
        (
            "unheard.example.com/v1",
            "things",
            "Thing",
            json!({"command": ["submit", arguments]}),
            "spec.command[1]",
        ),
        (
            "unheard.example.com/v1",
            "things",
            "Thing",
            json!({"run": {"as": account}}),
            "spec.run.as",
        ),
        (
            "unheard.example.com/v1",
            "things",
            "Thing",
            json!({"by": {account: {"enabled": true}}}),
            "spec.by",
        ),
    ]
}

fn object(case: &Case, name: &str, spec: &Value) -> Value {
    let (group_version, _, kind, _, _) = case;
    json!({"apiVersion": group_version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// Custom resources need no service account to exist, so none is made.
fn pair() -> Pair {
    install_custom_resources();
    Pair::new(|_| ())
}

#[test]
fn none_is_made_or_turned_to_a_jobs_account() {
    let pair = pair();
    let alice = pair.cluster().alice();
    for (index, case) in cases(&account("driver")).iter().enumerate() {
        let (group_version, plural, kind, spec, path) = case;
        let seen = |verb: &str, name: &str| {
            format!(
                "alice may not {verb} {kind} <ns>/{name} under service account {}: {} (at {path})",
                account("driver"),
                becomes()
            )
        };
        let (new, applied, own) = (
            format!("new-{index}"),
            format!("applied-{index}"),
            format!("own-{index}"),
        );

        let create = Road::create(group_version, *plural, &object(case, &new, spec));
        pair.closed(&create.dry(), 201, ACCOUNTS, &seen("create", &new));
        pair.closed(&create, 201, ACCOUNTS, &seen("create", &new));
        let apply = |name: &str, spec: &Value| {
            Road::patch(
                group_version,
                format!("{plural}/{name}"),
                APPLY,
                &object(case, name, spec),
            )
            .query("fieldManager=e2e&force=true")
        };
        pair.closed(
            &apply(&applied, spec),
            201,
            ACCOUNTS,
            &seen("create", &applied),
        );

        // One that names nobody is a tenant's own business, until it does.
        for namespace in [&pair.open, &pair.enforced] {
            Road::create(
                group_version,
                *plural,
                &object(case, &own, &json!({"replicas": 1})),
            )
            .by(alice, namespace)
            .expect_status(201);
        }
        let rest = format!("{plural}/{own}");
        for road in [
            Road::patch(group_version, &rest, MERGE, &json!({"spec": spec})),
            Road::patch(
                group_version,
                &rest,
                JSON_PATCH,
                &json!([{"op": "replace", "path": "/spec", "value": spec}]),
            ),
            apply(&own, spec),
        ] {
            pair.closed(&road.dry(), 200, ACCOUNTS, &seen("change", &own));
        }
        let road = Road::patch(group_version, &rest, MERGE, &json!({"spec": spec}));
        pair.closed(&road, 200, ACCOUNTS, &seen("change", &own));
    }
}

/// Whoever may not name the account may not steer what runs under it either;
/// but status writes, labels and writes that change nothing pass.
#[test]
fn of_one_that_runs_under_a_jobs_account_only_the_work_is_kept() {
    let pair = pair();
    let cluster = pair.cluster();
    let (alice, namespace) = (cluster.alice(), &pair.enforced);
    for (index, case) in cases(&account("driver")).iter().enumerate() {
        let (group_version, plural, kind, spec, _) = case;
        let name = format!("emrs-{index}");
        Road::create(group_version, *plural, &object(case, &name, spec))
            .by(cluster.admin(), namespace)
            .expect_status(201);
        let rest = format!("{plural}/{name}");
        let stored = cluster.get(&namespace.group(group_version, &rest));
        let status = json!({"status": {"state": "RUNNING"}});
        for road in [
            Road::new("PUT", group_version, &rest).json(&stored),
            Road::patch(group_version, &rest, MERGE, &json!({})),
            Road::patch(group_version, &rest, JSON_PATCH, &json!([])),
            Road::patch(
                group_version,
                &rest,
                MERGE,
                &json!({"metadata": {"labels": {"a": "b"}}}),
            ),
            Road::patch(group_version, format!("{rest}/status"), MERGE, &status),
        ] {
            road.by(alice, namespace).expect_status(200);
        }
        let steer = json!({"spec": {"mainApplicationFile": "s3://mine/x.py"}});
        assert_refused(
            &Road::patch(group_version, &rest, MERGE, &steer).by(alice, namespace),
            namespace,
            ACCOUNTS,
            &format!("alice may not change {kind} <ns>/{name} under service account"),
        );
    }
}

/// Some operators take what to run from the status.
#[test]
fn the_status_names_no_account_either() {
    let pair = pair();
    let argo = "argoproj.io/v1alpha1";
    let workflow =
        json!({"apiVersion": argo, "kind": "Workflow", "metadata": {"name": "w"}, "spec": {}});
    for namespace in [&pair.open, &pair.enforced] {
        Road::create(argo, "workflows", &workflow)
            .by(pair.cluster().alice(), namespace)
            .expect_status(201);
    }
    let status =
        json!({"status": {"storedTemplates": {"a": {"serviceAccountName": account("driver")}}}});
    pair.closed(
        &Road::patch(argo, "workflows/w/status", MERGE, &status),
        200,
        ACCOUNTS,
        &format!(
            "alice may not change Workflow <ns>/w under service account {}: {} (at status.storedTemplates.a.serviceAccountName).",
            account("driver"),
            becomes()
        ),
    );
}
