//! Honest work, request by request, as it was recorded or as its source says,
//! under the built-in policy and under the examples we publish. Nothing of it
//! may be found fault with.

use crate::support::scene::{
    CLUSTER, DRIVER_UID, JOB, PREFIX, account, driver, driver_name, emr, labels, node, runner,
    runner_name,
};
use crate::support::{Review, controller, in_pod, injected, policy, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

/// The published examples, with the namespace each is about.
fn policies(files: &[&str]) -> Vec<(String, Policy)> {
    let mut all = vec![("spark-a".to_owned(), Policy::builtin())];
    for file in files {
        let text = std::fs::read_to_string(format!("../examples/policies/{file}.yaml")).unwrap();
        let namespace = text.split("namespaces: [").nth(1).unwrap();
        let namespace = namespace.split(']').next().unwrap().to_owned();
        all.push((namespace, policy(&text)));
    }
    all
}

/// A request in a namespace; service accounts are those of that namespace.
struct Step(Review);

fn step(user: Value, operation: &str, resource: &str, name: &str) -> Step {
    Step(Review::new(user, operation, resource, name))
}

impl Step {
    fn object(self, object: Value) -> Self {
        Self(self.0.object(object))
    }

    fn old(self, object: Value) -> Self {
        Self(self.0.old(object))
    }

    #[track_caller]
    fn passes(self, namespace: &str, policy: &Policy) {
        let text = self.0.body();
        let text = text.replace(
            "system:serviceaccount:spark-a:",
            &format!("system:serviceaccount:{namespace}:"),
        );
        let review =
            Review(serde_json::from_str(&text).unwrap()).set("namespace", json!(namespace));
        review.passes(policy);
    }
}

fn container(name: &str, image: &str) -> Value {
    json!({
        "name": name,
        "image": format!("895885662937.dkr.ecr.us-west-2.amazonaws.com/{image}/emr-7.12.0:latest"),
        "securityContext": { "privileged": false, "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true, "runAsNonRoot": true, "runAsUser": 999, "capabilities": { "drop": ["ALL"] } },
        "volumeMounts": [{ "name": "home-dir", "mountPath": "/home/hadoop" }],
    })
}

fn emr_volumes() -> Value {
    json!([
        { "name": "emr-container-communicate", "emptyDir": {} },
        { "name": "home-dir", "emptyDir": {} },
        { "name": "config-volume", "configMap": { "name": format!("fluentd-{CLUSTER}-{JOB}") } },
        { "name": "emr-container-s3", "secret": { "secretName": format!("emr-containers-s3-{CLUSTER}-{JOB}"), "optional": true } },
        { "name": format!("{JOB}-spark-defaults"), "configMap": { "name": format!("{JOB}-spark-defaults") } },
        { "name": "kube-api-access-x2b7k", "projected": { "defaultMode": 420, "sources": [
            { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
            { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
            { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "fieldPath": "metadata.namespace" } }] } },
        ] } },
    ])
}

fn job_object() -> Value {
    json!({
        "metadata": { "name": JOB, "labels": labels("job.submitter") },
        "spec": { "backoffLimit": 6, "template": {
            "metadata": { "labels": labels("job.submitter") },
            "spec": { "serviceAccountName": account("spark-client"), "restartPolicy": "Never",
                "containers": [container("job-runner", "spark"), container("emr-container-fluentd", "fluentd")],
                "volumes": emr_volumes() },
        } },
    })
}

fn runner_pod() -> Value {
    let mut pod = job_object()["spec"]["template"].clone();
    pod["metadata"]["name"] = json!(runner_name(JOB));
    pod["metadata"]["generateName"] = json!(format!("{JOB}-"));
    pod["metadata"]["labels"]["job-name"] = json!(JOB);
    pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] = json!(JOB);
    pod["metadata"]["ownerReferences"] = json!([{ "apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": "job", "controller": true }]);
    injected(pod)
}

fn driver_pod(more: impl Fn(&mut Value)) -> Value {
    let mut meta = labels("driver");
    meta["spark-app-selector"] = json!(format!("spark-{JOB}"));
    meta["spark-role"] = json!("driver");
    let mut pod = json!({
        "metadata": { "name": driver_name(JOB), "labels": meta,
            "ownerReferences": [{ "apiVersion": "batch/v1", "kind": "ConfigMap", "name": format!("{JOB}-spark-defaults"), "uid": "map" }] },
        "spec": { "serviceAccountName": account("spark-driver"), "serviceAccount": account("spark-driver"), "restartPolicy": "Never",
            "securityContext": { "fsGroup": 65534 },
            "containers": [container("spark-kubernetes-driver", "spark"), container("emr-container-fluentd", "fluentd")],
            "volumes": emr_volumes() },
    });
    more(&mut pod);
    injected(pod)
}

fn executor_pod(number: u32, more: impl Fn(&mut Value)) -> Value {
    let mut meta = labels("executor");
    meta["spark-app-selector"] = json!(format!("spark-{JOB}"));
    meta["spark-role"] = json!("executor");
    meta["spark-exec-id"] = json!(number.to_string());
    let mut pod = json!({
        "metadata": { "name": format!("{PREFIX}-exec-{number}"), "labels": meta,
            "ownerReferences": [{ "apiVersion": "v1", "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID }] },
        "spec": { "serviceAccountName": account("spark-executor"), "restartPolicy": "Never",
            "containers": [container("spark-kubernetes-executor", "spark")],
            "volumes": [{ "name": "home-dir", "emptyDir": {} }] },
    });
    more(&mut pod);
    injected(pod)
}

fn running(mut pod: Value, node: &str) -> Value {
    pod["metadata"]["uid"] = json!("uid");
    pod["spec"]["nodeName"] = json!(node);
    pod["status"] = json!({ "phase": "Running", "podIP": "10.0.0.7" });
    pod
}

fn claim(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "spark-app-selector": format!("spark-{JOB}") } },
        "spec": { "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3" } })
}

/// `StartJobRun` from the first object to the last, with what a pod template may bring.
#[test]
fn a_job_run() {
    let plain = |_: &mut Value| {};
    // A side-car, an init container, scratch space, a native one, a probe.
    let template = |pod: &mut Value| {
        let spec = &mut pod["spec"];
        spec["initContainers"] = json!([
            { "name": "warm", "image": "public.ecr.aws/docker/library/busybox:1", "command": ["sleep", "1"] },
            { "name": "mesh", "image": "public.ecr.aws/x/mesh:1", "restartPolicy": "Always" },
        ]);
        spec["containers"].as_array_mut().unwrap().push(json!({
            "name": "exporter", "image": "public.ecr.aws/x/exporter:1", "ports": [{ "containerPort": 9000 }],
            "livenessProbe": { "httpGet": { "path": "/", "port": 9000 } },
            "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } },
        }));
        spec["nodeSelector"] = json!({ "eks.amazonaws.com/capacityType": "SPOT" });
        spec["tolerations"] = json!([{ "key": "spark", "operator": "Exists" }]);
        spec["volumes"].as_array_mut().unwrap().push(json!({ "name": "spark-local-dir-1", "ephemeral":
            { "volumeClaimTemplate": { "spec": { "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3" } } } }));
    };
    // No log side-car.
    let quiet = |pod: &mut Value| {
        pod["spec"]["containers"]
            .as_array_mut()
            .unwrap()
            .truncate(1);
    };
    let claimed = |name: &str| {
        let name = name.to_owned();
        move |pod: &mut Value| {
            pod["spec"]["volumes"]
                .as_array_mut()
                .unwrap()
                .push(json!({ "name": "spark-local-dir-1",
                "persistentVolumeClaim": { "claimName": name } }));
        }
    };
    let driver_claim = format!("{PREFIX}-driver-pvc-0");
    let first = format!("{PREFIX}-exec-1-pvc-0");
    for (namespace, policy) in policies(&["start-job-run", "spark-operator"]) {
        let ok = |step: Step| step.passes(&namespace, &policy);
        for component in ["spark-client", "spark-driver", "spark-executor"] {
            ok(step(emr(), "CREATE", "/serviceaccounts", &account(component)).object(json!({ "metadata": {
                "name": account(component), "annotations": { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/team-a-etl" } } })));
        }
        ok(step(emr(), "CREATE", "batch/jobs", JOB).object(job_object()));
        ok(step(emr(), "CREATE", "/secrets", "emr-containers-s3")
            .object(json!({ "type": "Opaque" })));
        let runner_name = runner_name(JOB);
        ok(step(
            controller("job-controller"),
            "CREATE",
            "/pods",
            &runner_name,
        )
        .object(runner_pod()));
        ok(step(
            user("system:kube-scheduler", &[]),
            "CREATE",
            "/pods/binding",
            &runner_name,
        )
        .object(json!({ "target": { "kind": "Node", "name": "n" } })));
        ok(step(node(), "UPDATE", "/pods/status", &runner_name)
            .old(runner_pod())
            .object(running(runner_pod(), "n")));
        let driver_name = driver_name(JOB);
        ok(
            step(runner(), "CREATE", "/persistentvolumeclaims", &driver_claim)
                .object(claim(&driver_claim)),
        );
        for pod in [
            driver_pod(plain),
            driver_pod(template),
            driver_pod(quiet),
            driver_pod(claimed(&driver_claim)),
        ] {
            ok(step(runner(), "CREATE", "/pods", &driver_name).object(pod));
        }
        let mut again = driver_pod(plain);
        let retry = format!("{driver_name}-2");
        again["metadata"]["name"] = json!(retry);
        ok(step(runner(), "CREATE", "/pods", &retry).object(again));
        ok(step(runner(), "CREATE", "/services", &format!("{PREFIX}-driver-svc")).object(json!({ "metadata": {},
            "spec": { "clusterIP": "None", "ports": [{ "port": 7078 }],
                "selector": { "spark-app-selector": format!("spark-{JOB}"), "spark-role": "driver" } } })));
        // The driver's own.
        ok(step(driver(), "CREATE", "/persistentvolumeclaims", &first).object(claim(&first)));
        for (number, pod) in [
            (1, executor_pod(1, claimed(&first))),
            (2, executor_pod(2, plain)),
            (3, executor_pod(3, template)),
            // The claim of one that is gone.
            (9, executor_pod(9, claimed(&first))),
        ] {
            ok(step(
                driver(),
                "CREATE",
                "/pods",
                &format!("{PREFIX}-exec-{number}"),
            )
            .object(pod));
        }
        let old = running(executor_pod(2, plain), "n");
        let mut new = old.clone();
        new["metadata"]["labels"]["spark-exec-inactive"] = json!("true");
        ok(
            step(driver(), "UPDATE", "/pods", &format!("{PREFIX}-exec-2"))
                .old(old.clone())
                .object(new),
        );
        ok(step(driver(), "DELETE", "/pods", &format!("{PREFIX}-exec-2")).old(old.clone()));
        // deletecollection: one DELETE each, without a name.
        ok(step(driver(), "DELETE", "/pods", "").old(old));
        ok(step(driver(), "DELETE", "/persistentvolumeclaims", "").old(claim(&first)));
        // The end: nodes, garbage collector, the job's clean-up.
        ok(step(node(), "DELETE", "/pods", &driver_name).old(running(driver_pod(plain), "n")));
        for collector in [
            "generic-garbage-collector",
            "namespace-controller",
            "ttl-after-finished-controller",
            "pod-garbage-collector",
        ] {
            ok(step(controller(collector), "DELETE", "/pods", &driver_name)
                .old(running(driver_pod(plain), "n")));
            ok(step(controller(collector), "DELETE", "batch/jobs", JOB).old(job_object()));
            ok(step(
                controller(collector),
                "DELETE",
                "/persistentvolumeclaims",
                &first,
            )
            .old(claim(&first)));
        }
        let mut done = job_object();
        done["status"] = json!({ "succeeded": 1 });
        ok(step(
            controller("job-controller"),
            "UPDATE",
            "batch/jobs/status",
            JOB,
        )
        .old(job_object())
        .object(done));
        // CancelJobRun.
        ok(step(emr(), "DELETE", "batch/jobs", JOB).old(job_object()));
        ok(step(emr(), "DELETE", "/pods", &driver_name).old(driver_pod(plain)));
    }
}

/// Add-ons that write onto running pods of jobs.
#[test]
fn networks_and_nodes() {
    let pod = running(driver_pod(|_| {}), "n");
    let name = driver_name(JOB);
    for (namespace, policy) in policies(&["start-job-run"]) {
        for (who, key, resource) in [
            (
                service_account("kube-system", "aws-node"),
                "vpc.amazonaws.com/pod-ips",
                "/pods",
            ),
            (
                service_account("kube-system", "calico-node"),
                "cni.projectcalico.org/podIP",
                "/pods/status",
            ),
            (
                user("eks:vpc-resource-controller", &["system:authenticated"]),
                "vpc.amazonaws.com/pod-eni",
                "/pods",
            ),
        ] {
            let mut new = pod.clone();
            new["metadata"]["annotations"] = json!({ key: "10.0.0.7" });
            step(who, "UPDATE", resource, &name)
                .old(pod.clone())
                .object(new)
                .passes(&namespace, &policy);
        }
    }
}

/// A secret and a pull secret that the policy lists, and a listed folder.
#[test]
fn what_a_policy_lists() {
    let text = std::fs::read_to_string("../examples/policies/start-job-run.yaml").unwrap();
    let policy = policy(&format!(
        "{text}rules:\n  credential-provider: {{ hostPaths: [/local1] }}\n"
    ));
    let template = |pod: &mut Value| {
        let spec = &mut pod["spec"];
        spec["containers"][0]["env"] = json!([{ "name": "PASSWORD", "valueFrom": { "secretKeyRef": { "name": "app-db", "key": "p" } } }]);
        spec["containers"][0]["envFrom"] = json!([{ "secretRef": { "name": "app-env" } }]);
        spec["imagePullSecrets"] = json!([{ "name": "app-registry" }]);
        spec["volumes"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "name": "spark-local-dir-1", "hostPath": { "path": "/local1" } }));
    };
    step(runner(), "CREATE", "/pods", &driver_name(JOB))
        .object(driver_pod(template))
        .passes("spark-team-a", &policy);
    step(driver(), "CREATE", "/pods", &format!("{PREFIX}-exec-1"))
        .object(executor_pod(1, template))
        .passes("spark-team-a", &policy);
}

/// An interactive endpoint: EMR's Deployment, its kernels, their executors.
#[test]
fn an_interactive_endpoint() {
    let gateway = || {
        json!({ "metadata": { "name": "jeg-x", "labels": { "app": "enterprise-gateway" } }, "spec": { "replicas": 1,
            "template": { "metadata": { "labels": { "app": "enterprise-gateway" } },
                "spec": { "serviceAccountName": account("spark-jeg"), "containers": [container("jeg", "notebook-spark")],
                    "volumes": [{ "name": "cert", "secret": { "secretName": "jeg-x-cert" } }] } } } })
    };
    let pod = |account: &str, container_name: &str, labels: Value| {
        injected(
            json!({ "metadata": { "labels": labels }, "spec": { "serviceAccountName": account,
            "containers": [container(container_name, "notebook-spark")] } }),
        )
    };
    let jeg = in_pod(
        "spark-a",
        &account("spark-jeg"),
        "jeg-x-6d4cf56db6-x2b7k",
        "jeg",
    );
    let kernel = in_pod(
        "spark-a",
        &account("spark-jeg-kernel"),
        "jovyan-1-driver",
        "kernel",
    );
    for (namespace, policy) in policies(&["interactive-endpoint"]) {
        let ok = |step: Step| step.passes(&namespace, &policy);
        ok(step(emr(), "CREATE", "apps/deployments", "jeg-x").object(gateway()));
        ok(step(
            controller("deployment-controller"),
            "CREATE",
            "apps/replicasets",
            "jeg-x-6d4cf56db6",
        )
        .object(gateway()));
        let mut first = pod(
            &account("spark-jeg"),
            "jeg",
            json!({ "app": "enterprise-gateway" }),
        );
        first["spec"]["volumes"].as_array_mut().unwrap().extend(
            gateway()["spec"]["template"]["spec"]["volumes"]
                .as_array()
                .unwrap()
                .clone(),
        );
        ok(step(
            controller("replicaset-controller"),
            "CREATE",
            "/pods",
            "jeg-x-6d4cf56db6-x2b7k",
        )
        .object(first));
        ok(step(jeg.clone(), "CREATE", "/pods", "jovyan-1").object(pod(
            &account("spark-jeg-kernel"),
            "kernel",
            json!({ "kernel_id": "1", "component": "kernel", "app": "enterprise-gateway" }),
        )));
        ok(step(kernel.clone(), "CREATE", "/pods", "jovyan-1-exec-1").object(pod(&account("spark-executor"), "spark-kubernetes-executor",
            json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef", "spark-role": "executor" }))));
        let mut scaled = gateway();
        scaled["spec"]["replicas"] = json!(2);
        ok(step(emr(), "UPDATE", "apps/deployments", "jeg-x")
            .old(gateway())
            .object(scaled));
        ok(step(emr(), "DELETE", "apps/deployments", "jeg-x").old(gateway()));
    }
}

/// Tenants' own workloads: Helm, Argo, restarts, autoscaling, debugging by logs.
#[test]
fn a_tenants_own_applications() {
    let deployment = |image: &str, annotations: Value, replicas: u32| {
        json!({ "metadata": { "name": "web", "labels": { "app": "web", "argocd.argoproj.io/instance": "web" } },
            "spec": { "replicas": replicas, "selector": { "matchLabels": { "app": "web" } },
                "template": { "metadata": { "labels": { "app": "web" }, "annotations": annotations },
                    "spec": { "containers": [{ "name": "web", "image": image, "ports": [{ "containerPort": 80 }],
                        "env": [{ "name": "IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } }],
                        "volumeMounts": [{ "name": "data", "mountPath": "/data" }] }],
                        "volumes": [{ "name": "data", "emptyDir": {} }, { "name": "claim", "persistentVolumeClaim": { "claimName": "web-data" } }] } } } })
    };
    let plain = || deployment("nginx:1", json!({}), 1);
    for (namespace, policy) in policies(&["start-job-run"]) {
        let ok = |step: Step| step.passes(&namespace, &policy);
        for who in [
            tenant(),
            service_account("argocd", "argocd-application-controller"),
            service_account("flux-system", "helm-controller"),
        ] {
            ok(step(who.clone(), "CREATE", "apps/deployments", "web").object(plain()));
            ok(step(who.clone(), "UPDATE", "apps/deployments", "web")
                .old(plain())
                .object(deployment("nginx:2", json!({}), 1)));
            ok(step(who.clone(), "UPDATE", "apps/deployments", "web")
                .old(plain())
                .object(deployment(
                    "nginx:1",
                    json!({ "kubectl.kubernetes.io/restartedAt": "now" }),
                    1,
                )));
            ok(step(who.clone(), "UPDATE", "apps/deployments", "web")
                .old(plain())
                .object(deployment("nginx:1", json!({}), 0)));
            ok(step(who.clone(), "DELETE", "apps/deployments", "web").old(plain()));
            ok(
                step(who.clone(), "CREATE", "/persistentvolumeclaims", "web-data")
                    .object(json!({ "metadata": { "name": "web-data" }, "spec": {} })),
            );
            ok(step(who.clone(), "DELETE", "/pods", "web-1")
                .old(json!({ "metadata": { "name": "web-1" }, "spec": {} })));
            ok(step(who, "UPDATE", "/pods", "web-1")
                .old(json!({ "metadata": { "name": "web-1" }, "spec": { "containers": [{ "name": "web", "image": "a" }] } }))
                .object(json!({ "metadata": { "name": "web-1", "labels": { "a": "b" } }, "spec": { "containers": [{ "name": "web", "image": "b" }] } })));
        }
        // What stood there before the label is restarted and scaled all the same.
        let waited = |annotations: Value, replicas: u32| {
            let mut old = deployment("nginx:1", annotations, replicas);
            old["spec"]["template"]["spec"]["volumes"] = json!([{ "name": "v", "secret": { "secretName": "db" } }, { "name": "h", "hostPath": { "path": "/" } }]);
            old["spec"]["template"]["spec"]["imagePullSecrets"] = json!([{ "name": "registry" }]);
            old
        };
        for new in [
            waited(json!({ "kubectl.kubernetes.io/restartedAt": "now" }), 1),
            waited(json!({}), 5),
        ] {
            ok(step(tenant(), "UPDATE", "apps/deployments", "web")
                .old(waited(json!({}), 1))
                .object(new.clone()));
            ok(step(
                controller("deployment-controller"),
                "UPDATE",
                "apps/replicasets",
                "web-1",
            )
            .old(waited(json!({}), 1))
            .object(new));
        }
        for who in ["horizontal-pod-autoscaler", "deployment-controller"] {
            ok(
                step(controller(who), "UPDATE", "apps/deployments/scale", "web")
                    .old(json!({ "spec": { "replicas": 1 } }))
                    .object(json!({ "spec": { "replicas": 3 } })),
            );
        }
        ok(step(
            controller("replicaset-controller"),
            "CREATE",
            "/pods",
            "web-1",
        )
        .object(waited(json!({}), 1)["spec"]["template"].clone()));
        for who in ["statefulset-controller", "daemon-set-controller"] {
            ok(step(controller(who), "CREATE", "apps/controllerrevisions", "web-5f").object(
                json!({ "metadata": { "name": "web-5f" }, "revision": 1, "data": { "spec": { "template": waited(json!({}), 1)["spec"]["template"] } } })));
        }
        let cron = |suspend: bool| {
            json!({ "metadata": { "name": "c" }, "spec": { "schedule": "* * * * *", "suspend": suspend,
            "jobTemplate": { "spec": { "template": { "spec": { "containers": [{ "name": "c", "image": "busybox" }] } } } } } })
        };
        ok(step(tenant(), "CREATE", "batch/cronjobs", "c").object(cron(false)));
        ok(step(tenant(), "UPDATE", "batch/cronjobs", "c")
            .old(cron(true))
            .object(cron(false)));
        ok(step(
            controller("cronjob-controller"),
            "CREATE",
            "batch/jobs",
            "c-1",
        )
        .object(cron(false)["spec"]["jobTemplate"].clone()));
    }
}

/// Flink: the operator's Deployment, the job manager's task managers.
#[test]
fn a_flink_cluster() {
    let operator = service_account("flink-operator", "emr-containers-sa-flink-operator");
    let manager = in_pod(
        "spark-a",
        &account("flink-jobmanager"),
        "etl-6d4cf56db6-x2b7k",
        "manager",
    );
    let deployment = || {
        json!({ "metadata": { "name": "etl", "labels": { "app": "etl", "type": "flink-native-kubernetes" } },
        "spec": { "replicas": 1, "template": { "metadata": { "labels": { "app": "etl", "component": "jobmanager" } },
            "spec": { "serviceAccountName": account("flink-jobmanager"), "containers": [container("flink-main-container", "flink")],
                "volumes": [{ "name": "flink-config-volume", "configMap": { "name": "flink-config-etl" } }] } } } })
    };
    let all = policies(&["flink-operator"]);
    let (namespace, policy) = &all[1];
    let ok = |step: Step| step.passes(namespace, policy);
    ok(step(operator.clone(), "CREATE", "apps/deployments", "etl").object(deployment()));
    ok(step(
        controller("replicaset-controller"),
        "CREATE",
        "/pods",
        "etl-6d4cf56db6-x2b7k",
    )
    .object(injected(deployment()["spec"]["template"].clone())));
    let mut task = deployment()["spec"]["template"].clone();
    task["spec"]["serviceAccountName"] = json!(account("flink-taskmanager"));
    task["metadata"]["labels"]["component"] = json!("taskmanager");
    ok(
        step(manager.clone(), "CREATE", "/pods", "etl-taskmanager-1-1")
            .object(injected(task.clone())),
    );
    ok(step(manager.clone(), "DELETE", "/pods", "etl-taskmanager-1-1").old(injected(task)));
    ok(step(manager, "DELETE", "apps/deployments", "etl").old(deployment()));
    ok(step(operator, "DELETE", "apps/deployments", "etl").old(deployment()));
}
