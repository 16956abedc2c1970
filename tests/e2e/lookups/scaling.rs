//! Workloads that stand there under a job's service account, and a tenant who may scale
//! them: B3, E18, F9 and G10.

use serde_json::{Value, json};

use super::{FLINK, Stage, custom, stage};
use crate::harness::accounts::emr_service_account;
use crate::harness::audit::annotation;
use crate::harness::cast::{ACCOUNT, OTHER_ROLE, ROLE, job_account, role_arn};
use crate::harness::http::{APPLY, Answer, JSON_PATCH, MERGE, STRATEGIC};
use crate::harness::workloads::{group_version, workload};
use crate::harness::{Namespace, wait};

const SCALABLE: [&str; 4] = [
    "deployments",
    "replicasets",
    "statefulsets",
    "replicationcontrollers",
];

/// Under the gateway's account, whose pods the replica set controller may start.
fn jeg() -> String {
    job_account("jeg", OTHER_ROLE)
}

impl Stage {
    /// A workload of that name in both namespaces, made by an administrator.
    fn waits(&self, plural: &str, name: &str, account: &str, change: impl Fn(&mut Value)) {
        let mut object = workload(plural, name, account);
        change(&mut object);
        for namespace in self.both() {
            self.cluster.create(&path(namespace, plural, ""), &object);
        }
    }

    /// alice's command works without rolegate, and is refused where it enforces.
    fn kubectl_refused(&self, args: &[&str], says: &str) {
        let kubectl = |namespace| {
            let kubectl = self.cluster.kubectl(self.cluster.alice());
            kubectl.namespace(namespace).run(args)
        };
        kubectl(&self.open).expect_ok();
        let said = kubectl(&self.enforced).expect_refused();
        assert!(
            said.contains("foreign-service-account: ") && said.contains(says),
            "{args:?}: {said}\n{}",
            self.rolegate.log_text()
        );
    }

    fn kubectl_passes(&self, args: &[&str]) {
        let kubectl = self.cluster.kubectl(self.cluster.alice());
        kubectl.namespace(&self.enforced).run(args).expect_ok();
    }

    fn sends(
        &self,
        namespace: &Namespace<'_>,
        method: &str,
        rest: &str,
        (kind, body): (&str, &Value),
    ) -> Answer {
        let (plural, rest) = rest.split_once('/').expect("a plural and a name");
        let request = path(namespace, plural, &format!("/{rest}"));
        let request = self.cluster.request(self.cluster.alice(), method, &request);
        request.body(kind, body.to_string()).send()
    }

    fn replicas(&self, namespace: &Namespace<'_>, name: &str) -> Value {
        let stored = self
            .cluster
            .get(&path(namespace, "deployments", &format!("/{name}")));
        stored["spec"]["replicas"].clone()
    }
}

fn path(namespace: &Namespace<'_>, plural: &str, rest: &str) -> String {
    let rest = format!("{plural}{rest}");
    match group_version(plural) {
        Some("v1") => namespace.core(&rest),
        Some(group) => namespace.group(group, &rest),
        None => namespace.group(FLINK.0, &rest),
    }
}

#[test]
fn b3_every_way_to_scale() {
    let stage = stage();
    for plural in SCALABLE {
        stage.waits(plural, "waits", &jeg(), |_| {});
        stage.waits(plural, "alices", "default", |_| {});
        let commands = |name: &str| {
            let name = format!("{plural}/{name}");
            let patch = r#"{"spec":{"replicas":1}}"#.to_owned();
            let text = |words: &[&str]| -> Vec<String> {
                let words = words.iter().map(|word| (*word).to_owned());
                words
                    .chain([name.clone(), "--dry-run=server".to_owned()])
                    .collect()
            };
            vec![
                text(&["scale", "--replicas=1"]),
                text(&["patch", "--type=merge", "-p", &patch]),
                text(&["patch", "--subresource=scale", "--type=merge", "-p", &patch]),
                // Without a target kubectl hides why it was refused.
                text(&["autoscale", "--min=1", "--max=3", "--cpu=80%"]),
            ]
        };
        for command in commands("waits") {
            let args: Vec<&str> = command.iter().map(String::as_str).collect();
            stage.kubectl_refused(&args, &format!("under service account {}", jeg()));
        }
        for command in commands("alices") {
            let args: Vec<&str> = command.iter().map(String::as_str).collect();
            stage.kubectl_passes(&args);
        }
        let api = "autoscaling/v1";
        let scale = json!({"apiVersion": api, "kind": "Scale", "metadata": {"name": "waits"}, "spec": {"replicas": 1}});
        let operations = json!([{"op": "replace", "path": "/spec/replicas", "value": 1}]);
        let scales = format!("{plural}/waits/scale?dryRun=All");
        let applied = format!("{scales}&fieldManager=e2e&force=true");
        let whole = format!("{plural}/waits?dryRun=All&fieldManager=e2e&force=true");
        let mut object = workload(plural, "waits", &jeg());
        object["spec"]["replicas"] = 1.into();
        for (method, rest, body) in [
            ("PUT", &scales, ("application/json", &scale)),
            ("PATCH", &scales, (JSON_PATCH, &operations)),
            ("PATCH", &applied, (APPLY, &scale)),
            ("PATCH", &whole, (APPLY, &object)),
        ] {
            stage
                .sends(&stage.open, method, rest, body)
                .expect_status(200);
            let answer = stage.sends(&stage.enforced, method, rest, body);
            assert!(
                answer.message().contains("may not scale up"),
                "{}",
                answer.body
            );
        }
    }
}

/// What waits otherwise: a suspended Job, a paused roll-out, and an old revision that the
/// deployment controller writes back by itself.
#[test]
fn b3_every_way_to_go_on() {
    let stage = stage();
    let suspended = r#"{"spec":{"suspend":false}}"#;
    for plural in ["jobs", "cronjobs"] {
        stage.waits(plural, "waits", &job_account("client", OTHER_ROLE), |_| {});
        let name = format!("{plural}/waits");
        stage.kubectl_refused(
            &["patch", &name, "-p", suspended, "--dry-run=server"],
            "may not change the pods of",
        );
        stage.waits(plural, "alices", "default", |_| {});
        let name = format!("{plural}/alices");
        stage.kubectl_passes(&["patch", &name, "-p", suspended, "--dry-run=server"]);
    }
    stage.waits("deployments", "paused", &jeg(), |object| {
        object["spec"]["paused"] = true.into();
    });
    // `kubectl rollout resume` has no dry-run.
    stage.kubectl_refused(
        &["rollout", "resume", "deployment/paused"],
        "may not resume",
    );

    stage.waits("deployments", "returning", &jeg(), |_| {});
    let spec = json!({"serviceAccountName": "default", "serviceAccount": "default"});
    let turn = json!({"spec": {"template": {"spec": spec}}}).to_string();
    for namespace in stage.both() {
        let sets = |count: usize| {
            wait::until("the revision's ReplicaSet", || {
                let query = "?labelSelector=app%3Dreturning";
                let sets = stage.cluster.get(&path(namespace, "replicasets", query));
                let found = sets["items"].as_array().map_or(0, Vec::len);
                (found == count).then_some(()).ok_or(sets.to_string())
            });
        };
        sets(1);
        let admin = stage.cluster.kubectl(stage.cluster.admin());
        let args = ["patch", "deployment/returning", "-p", &turn];
        admin.namespace(namespace).run(&args).expect_ok();
        sets(2);
    }
    stage.kubectl_refused(
        &[
            "rollout",
            "undo",
            "deployment/returning",
            "--dry-run=server",
        ],
        "may not change the pods of",
    );
    stage.kubectl_refused(
        &[
            "annotate",
            "deployment/returning",
            "deprecated.deployment.rollback.to=1",
        ],
        "back by an annotation",
    );
    let account = |namespace: &Namespace<'_>| {
        let stored = stage
            .cluster
            .get(&path(namespace, "deployments", "/returning"));
        stored["spec"]["template"]["spec"]["serviceAccountName"].clone()
    };
    wait::until("the old template to be back", || {
        let account = account(&stage.open);
        (account == jeg()).then_some(()).ok_or(account.to_string())
    });
    assert_eq!(account(&stage.enforced), "default");
}

/// The attack itself: without rolegate a pod runs under the account. And Kubernetes' own
/// autoscaler goes on, whosever the workload is, once somebody who may has made it.
#[test]
fn b3_pods_start_and_the_autoscaler_scales() {
    let stage = stage();
    for namespace in stage.both() {
        namespace.service_account(&jeg());
    }
    stage.waits("deployments", "starts", &jeg(), |_| {});
    let scale = ["scale", "--replicas=1", "deployment/starts"];
    stage.kubectl_refused(&scale, "may not scale up");
    wait::until("the pod of the waiting template", || {
        let path = stage.open.core("pods?labelSelector=app%3Dstarts");
        let pods = stage.cluster.get(&path);
        let account = &pods["items"][0]["spec"]["serviceAccountName"];
        (*account == jeg()).then_some(()).ok_or(pods.to_string())
    });
    assert_eq!(stage.replicas(&stage.enforced, "starts"), 0);

    let one = |object: &mut Value| object["spec"]["replicas"] = 1.into();
    let hpa = |name: &str| {
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name});
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
            "spec": {"minReplicas": 2, "maxReplicas": 3, "scaleTargetRef": target},
        })
    };
    let kind = ("autoscaling/v2", "horizontalpodautoscalers");
    stage.waits("deployments", "gateway", &jeg(), one);
    stage.waits("deployments", "web", "default", one);
    stage.refuses(
        kind,
        &hpa("gateway"),
        "foreign-service-account",
        "which scales deployments.apps",
    );
    stage.passes(kind, &hpa("web"));
    stage.passes(kind, &hpa("not-there-yet"));
    let path = stage.enforced.group(kind.0, kind.1);
    stage.cluster.create(&path, &hpa("gateway"));
    let request = stage.cluster.request(stage.cluster.alice(), "POST", &path);
    request.json(&hpa("web")).send().expect_status(201);
    for name in ["gateway", "web"] {
        wait::until("the autoscaler", || {
            let replicas = stage.replicas(&stage.enforced, name);
            (replicas == 2)
                .then_some(())
                .ok_or(format!("{name}: {replicas}"))
        });
    }
    // alice's own, to any number and back.
    for count in ["--replicas=3", "--replicas=0"] {
        stage.kubectl_passes(&["scale", count, "deployment/web"]);
    }
}

/// Fewer pods end a part of another's job: a warning, as for its deletion.
#[test]
fn e18_fewer_pods_for_anothers_workload() {
    let stage = stage();
    for (name, account) in [("many", jeg()), ("few", "default".to_owned())] {
        stage.waits("statefulsets", name, &account, |object| {
            object["spec"]["replicas"] = 2.into();
        });
    }
    let warned = |namespace, name: &str| {
        let none = json!({"spec": {"replicas": 0}});
        let rest = format!("statefulsets/{name}/scale?dryRun=All");
        let answer = stage.sends(namespace, "PATCH", &rest, (MERGE, &none));
        answer.expect_status(200).warnings().concat()
    };
    assert_eq!(warned(&stage.open, "many"), "");
    let said = warned(&stage.enforced, "many");
    assert!(
        said.contains("job-lifecycle") && said.contains("scale down"),
        "{said}"
    );
    assert_eq!(warned(&stage.enforced, "few"), "");
}

/// The count of task managers, and an autoscaler for them: of another's cluster, and of
/// one that alice may submit.
#[test]
fn g10_the_scale_of_a_flink_cluster() {
    let stage = stage();
    for (name, role) in [("theirs", OTHER_ROLE), ("hers", ROLE)] {
        let spec = json!({"executionRoleArn": role_arn(role), "taskManager": {"replicas": 1}});
        for namespace in stage.both() {
            let path = namespace.group(FLINK.0, FLINK.1);
            stage.cluster.create(&path, &custom(FLINK, name, &spec));
        }
    }
    let two = json!({"spec": {"replicas": 2}});
    let scales = |namespace, name: &str| {
        let rest = format!("{}/{name}/scale?dryRun=All", FLINK.1);
        stage.sends(namespace, "PATCH", &rest, (MERGE, &two))
    };
    for (namespace, name) in [
        (&stage.open, "theirs"),
        (&stage.open, "hers"),
        (&stage.enforced, "hers"),
    ] {
        scales(namespace, name).expect_status(200);
    }
    let refused = scales(&stage.enforced, "theirs");
    assert!(
        refused
            .message()
            .contains("may not scale up flinkdeployments"),
        "{}",
        refused.body
    );
    let hpa = |name: &str, version: &str| {
        let target = json!({"apiVersion": format!("flink.apache.org/{version}"), "kind": "FlinkDeployment", "name": name});
        json!({
            "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "flink"},
            "spec": {"maxReplicas": 3, "scaleTargetRef": target},
        })
    };
    let kind = ("autoscaling/v1", "horizontalpodautoscalers");
    // The autoscaler goes by group and kind, whatever version stands there.
    for version in ["v1beta1", "v9"] {
        stage.refuses(
            kind,
            &hpa("theirs", version),
            "foreign-service-account",
            "which scales flinkdeployments",
        );
        stage.passes(kind, &hpa("hers", version));
    }
}

/// An account to which the policy gives rights.
#[test]
fn f9_a_workload_under_an_account_with_rights() {
    let stage = stage();
    stage.waits("deployments", "trusted", super::TRUSTED, |_| {});
    let scale = [
        "scale",
        "--replicas=1",
        "deployment/trusted",
        "--dry-run=server",
    ];
    stage.kubectl_refused(&scale, "the policy trusts that service account");
}

/// The template has another account by now, and Kubernetes starts the one before: a paused
/// Deployment scales its newest replica set, a `StatefulSet` the pods below its partition
/// at the revision before.
#[test]
fn b3_old_revisions() {
    let stage = stage();
    // The operator of the policy has such pods, so its controllers may start them.
    let manager = emr_service_account("flink", "jobmanager", ACCOUNT, OTHER_ROLE);
    let spec = json!({"serviceAccountName": "default", "serviceAccount": "default"});
    let default = json!({"spec": spec});
    for namespace in stage.both() {
        namespace.service_account(&manager);
    }
    for (plural, holds) in [
        ("deployments", json!({"paused": true})),
        (
            "statefulsets",
            // At no replicas it would count as rolled out at once.
            json!({"replicas": 1, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 9}}}),
        ),
    ] {
        stage.waits(plural, "older", &manager, |_| {});
        let mut turn = json!({"spec": holds});
        turn["spec"]["template"] = default.clone();
        for namespace in stage.both() {
            wait::until("the first revision", || {
                let stored = stage.cluster.get(&path(namespace, plural, "/older"));
                let seen = stored["status"]["observedGeneration"] == 1;
                seen.then_some(()).ok_or(stored.to_string())
            });
            let turned = stage.sends(
                namespace,
                "PATCH",
                &format!("{plural}/older"),
                (STRATEGIC, &turn),
            );
            turned.expect_status(200);
            let one = json!({"spec": {"replicas": 1}});
            let rest = format!("{plural}/older/scale");
            let scaled = stage.sends(namespace, "PATCH", &rest, (MERGE, &one));
            scaled.expect_status(200);
        }
        let of_older = "pods?labelSelector=app%3Dolder";
        wait::until("the old revision's pod", || {
            let pods = stage.cluster.get(&stage.open.core(of_older));
            let items = pods["items"].as_array().cloned().unwrap_or_default();
            let right = |pod: &Value| {
                pod["spec"]["serviceAccountName"] == manager.as_str()
                    && pod["metadata"]["name"]
                        .as_str()
                        .is_some_and(|name| (name == "older-0") == (plural == "statefulsets"))
            };
            items
                .iter()
                .any(right)
                .then_some(())
                .ok_or(pods.to_string())
        });
        let (resource, verb) = match plural {
            "deployments" => ("replicasets", "update"),
            _ => ("pods", "create"),
        };
        stage
            .enforced
            .wait_for_audit("the refused old revision", |event| {
                let said = annotation(event, "enforce.rolegate.dev/foreign-service-account");
                event["objectRef"]["resource"] == resource
                    && event["verb"] == verb
                    && event["responseStatus"]["code"] == 403
                    && said.is_some_and(|said| {
                        said.contains("the workload that owns it has another one now")
                    })
            });
        let pods = stage.cluster.get(&stage.enforced.core(of_older));
        assert_eq!(pods["items"], json!([]));
    }
}
