//! Honest work in its less usual forms, each request by whom it really comes
//! from: what rolegate must never be in the way of.

use crate::support::scene::{
    CLUSTER, DRIVER_UID, JOB, TEAM_A_ARN, account, create, driver, driver_name, emr, labels, node,
    runner,
};
use crate::support::{
    Review, controller, in_pod, injected, judge, policy, service_account, tenant, user,
};
use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

/// As in the examples: roles, lists and operators.
fn listed() -> Policy {
    policy(&format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  emrService: {{ users: [emr-containers] }}
  operators:
    - {{ serviceAccount: spark-operator/emr-containers-sa-spark-operator, roles: ["{TEAM_A_ARN}"] }}
    - {{ serviceAccount: flink-operator/emr-containers-sa-flink-operator, roles: ["{TEAM_A_ARN}"] }}
virtualClusters:
  - namespaces: [spark-a]
    executionRoles: ["arn:aws:iam::111122223333:role/team-a-*"]
    submitters:
      - groups: [team-a]
        roles: ["{TEAM_A_ARN}"]
        secrets: ["app-*"]
        configMaps: ["app-*"]
"#
    ))
}

const IMAGE: &str = "895885662937.dkr.ecr.us-west-2.amazonaws.com/spark/emr-7.9.0:latest";

fn driver_pod(more: Value) -> Value {
    let mut metadata_labels = labels("driver");
    metadata_labels["spark-app-selector"] = json!(format!("spark-{JOB}"));
    metadata_labels["spark-role"] = json!("driver");
    let mut spec = json!({
        "serviceAccountName": account("spark-driver"), "serviceAccount": account("spark-driver"),
        "restartPolicy": "Never",
        "securityContext": { "fsGroup": 65534, "runAsUser": 999, "runAsGroup": 1000, "runAsNonRoot": true },
        "containers": [
            {
                "name": "spark-kubernetes-driver", "image": IMAGE, "args": ["driver"],
                "env": [
                    { "name": "SPARK_DRIVER_BIND_ADDRESS", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "status.podIP" } } },
                    { "name": "SPARK_CONF_DIR", "value": "/opt/spark/conf" },
                ],
                "ports": [{ "containerPort": 7078 }, { "containerPort": 4040 }],
                "volumeMounts": [
                    { "name": "temp-data-dir", "mountPath": "/tmp" },
                    { "name": "home-dir", "mountPath": "/home/hadoop" },
                    { "name": format!("{JOB}-spark-defaults"), "mountPath": "/usr/lib/spark/conf/spark-defaults.conf", "subPath": "spark-defaults.conf" },
                ],
                "securityContext": { "privileged": false, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] } },
            },
            {
                "name": "emr-container-fluentd", "image": "895885662937.dkr.ecr.us-west-2.amazonaws.com/fluentd/emr-7.9.0:latest",
                "volumeMounts": [{ "name": "emr-container-s3", "mountPath": "/var/emr-container/s3", "readOnly": true }],
            },
        ],
        "volumes": [
            { "name": "emr-container-s3", "secret": { "secretName": format!("emr-containers-s3-{CLUSTER}-{JOB}") } },
            { "name": format!("{JOB}-spark-defaults"), "configMap": { "name": format!("{JOB}-spark-defaults") } },
            { "name": "config-volume", "configMap": { "name": format!("fluentd-{CLUSTER}-{JOB}") } },
            { "name": "temp-data-dir", "emptyDir": {} }, { "name": "home-dir", "emptyDir": {} },
            { "name": "spark-conf-volume-driver", "configMap": { "name": "spark-drv-772b9c81ae56a93d-conf-map" } },
        ],
    });
    merge(&mut spec, more);
    injected(json!({
        "metadata": {
            "name": driver_name(JOB), "labels": metadata_labels,
            "ownerReferences": [{ "apiVersion": "batch/v1", "kind": "ConfigMap", "name": format!("{JOB}-spark-defaults"), "uid": "c" }],
        },
        "spec": spec,
    }))
}

fn executor_pod(more: Value) -> Value {
    let mut pod = driver_pod(json!({}));
    pod["metadata"]["name"] = json!("pi-772b9c81ae56a93d-exec-1");
    pod["metadata"]["labels"]["spark-role"] = json!("executor");
    pod["metadata"]["labels"]["emr-containers.amazonaws.com/component"] = json!("executor");
    pod["metadata"]["labels"]["spark-exec-id"] = json!("1");
    pod["metadata"]["ownerReferences"] = json!([{ "apiVersion": "v1", "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID, "controller": true }]);
    for field in ["serviceAccountName", "serviceAccount"] {
        pod["spec"][field] = json!(account("spark-executor"));
    }
    pod["spec"]["containers"][0]["name"] = json!("spark-kubernetes-executor");
    merge(&mut pod["spec"], more);
    pod
}

/// Lists are appended to, fields written over.
fn merge(into: &mut Value, more: Value) {
    for (key, value) in more.as_object().expect("an object") {
        match (&mut into[key], value) {
            (Value::Array(list), Value::Array(more)) => list.extend(more.clone()),
            (field, value) => *field = value.clone(),
        }
    }
}

fn template(pod: Value) -> Value {
    json!({ "spec": { "replicas": 1, "template": pod } })
}

fn web(image: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": "web" } },
        "spec": {
            "containers": [{
                "name": "web", "image": image,
                "envFrom": [{ "configMapRef": { "name": "app-web" } }],
                "livenessProbe": { "httpGet": { "path": "/", "port": 8080 } },
                "volumeMounts": [{ "name": "tmp", "mountPath": "/tmp" }],
            }],
            "initContainers": [{ "name": "wait", "image": "busybox" }],
            "volumes": [
                { "name": "tmp", "emptyDir": {} }, { "name": "c", "configMap": { "name": "app-web" } },
                { "name": "t", "projected": { "sources": [
                    { "serviceAccountToken": { "path": "token", "expirationSeconds": 3607 } },
                    { "configMap": { "name": "kube-root-ca.crt" } }, { "downwardAPI": {} },
                ] } },
            ],
        },
    })
}

type Cases = Vec<(&'static str, Review)>;

/// What `StartJobRun` sets going.
fn start_job_run() -> Cases {
    let job = |labels: Value| {
        json!({
            "metadata": { "name": JOB, "labels": labels },
            "spec": { "backoffLimit": 6, "template": { "metadata": { "labels": labels }, "spec": {
                "serviceAccountName": account("spark-client"), "restartPolicy": "Never",
                "containers": [{ "name": "job-runner", "image": IMAGE }],
                "volumes": [{ "name": "p", "configMap": { "name": format!("podtemplate-{JOB}") } }, { "name": "h", "emptyDir": {} }],
            } } },
        })
    };
    let mut runner_pod = driver_pod(
        json!({ "serviceAccountName": account("spark-client"), "serviceAccount": account("spark-client") }),
    );
    runner_pod["metadata"] = json!({
        "generateName": format!("{JOB}-"), "labels": labels("job.submitter"),
        "ownerReferences": [{ "kind": "Job", "name": JOB, "uid": "j", "controller": true }],
    });
    runner_pod["spec"]["containers"][0]["name"] = json!("job-runner");
    let claim = |name: &str| json!({ "metadata": { "name": name, "labels": { "spark-app-selector": format!("spark-{JOB}") } }, "spec": { "accessModes": ["ReadWriteOnce"], "storageClassName": "gp3" } });
    let sidecar = json!({ "name": "side", "image": "111122223333.dkr.ecr.us-west-2.amazonaws.com/side:1", "env": [{ "name": "X", "value": "y" }] });
    let mut with_sidecar = driver_pod(json!({}));
    let with_sidecars = json!({
        "containers": [sidecar.clone()],
        "initContainers": [{ "name": "init", "image": "111122223333.dkr.ecr.us-west-2.amazonaws.com/side:1", "volumeMounts": [{ "name": "scratch", "mountPath": "/s" }] }],
        "volumes": [{ "name": "scratch", "emptyDir": {} }, { "name": "nfs", "nfs": { "server": "fs-1.efs.us-west-2.amazonaws.com", "path": "/" } }],
        "nodeSelector": { "topology.kubernetes.io/zone": "us-west-2a" }, "tolerations": [{ "operator": "Exists" }],
        "hostAliases": [], "runtimeClassName": null, "priorityClassName": "low",
    });
    merge(&mut with_sidecar["spec"], with_sidecars.clone());
    with_sidecar["spec"]["containers"] =
        driver_pod(with_sidecars.clone())["spec"]["containers"].clone();
    let with_sidecar = driver_pod(with_sidecars);
    let mut without_logs = driver_pod(json!({}));
    without_logs["spec"]["containers"]
        .as_array_mut()
        .expect("containers")
        .truncate(1);
    let with_claim = driver_pod(
        json!({ "volumes": [{ "name": "d", "persistentVolumeClaim": { "claimName": format!("spark-{JOB}-driver-pvc-0") } }] }),
    );
    let exec_claim = executor_pod(
        json!({ "volumes": [{ "name": "spark-local-dir-1", "persistentVolumeClaim": { "claimName": "pi-772b9c81ae56a93d-exec-1-pvc-0" } }] }),
    );
    let reused = executor_pod(
        json!({ "volumes": [{ "name": "spark-local-dir-1", "persistentVolumeClaim": { "claimName": "pi-772b9c81ae56a93d-exec-7-pvc-0" } }] }),
    );
    let owned = |mut object: Value| {
        object["metadata"]["ownerReferences"] = json!([{ "apiVersion": "v1", "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID, "controller": true }]);
        object
    };
    let mut running = executor_pod(json!({}));
    running["metadata"]["uid"] = json!("e1");
    let mut cost = running.clone();
    cost["metadata"]["annotations"] = json!({ "controller.kubernetes.io/pod-deletion-cost": "10" });
    let mut bare_labels = executor_pod(json!({}));
    bare_labels["metadata"]["labels"]["spark-exec-inactive"] = json!("true");
    bare_labels["metadata"]["uid"] = json!("e1");
    let sa = |component: &str| json!({ "metadata": { "name": account(component), "annotations": { "eks.amazonaws.com/role-arn": TEAM_A_ARN } } });
    vec![
        (
            "account",
            create(
                emr(),
                "/serviceaccounts",
                &account("spark-client"),
                sa("spark-client"),
            ),
        ),
        (
            "account driver",
            create(
                emr(),
                "/serviceaccounts",
                &account("spark-driver"),
                sa("spark-driver"),
            ),
        ),
        (
            "job",
            create(emr(), "batch/jobs", JOB, job(labels("job.submitter"))),
        ),
        (
            "secret",
            create(
                emr(),
                "/secrets",
                &format!("emr-containers-s3-{CLUSTER}-{JOB}"),
                json!({ "data": {} }),
            ),
        ),
        (
            "map",
            create(
                emr(),
                "/configmaps",
                &format!("{JOB}-spark-defaults"),
                json!({ "data": {} }),
            ),
        ),
        (
            "runner",
            create(controller("job-controller"), "/pods", "", runner_pod),
        ),
        (
            "driver",
            create(runner(), "/pods", &driver_name(JOB), driver_pod(json!({}))),
        ),
        (
            "driver without logs",
            create(runner(), "/pods", &driver_name(JOB), without_logs),
        ),
        (
            "driver with sidecars",
            create(runner(), "/pods", &driver_name(JOB), with_sidecar),
        ),
        (
            "driver's claim",
            create(
                runner(),
                "/persistentvolumeclaims",
                &format!("spark-{JOB}-driver-pvc-0"),
                owned(claim(&format!("spark-{JOB}-driver-pvc-0"))),
            ),
        ),
        (
            "driver with a claim",
            create(runner(), "/pods", &driver_name(JOB), with_claim),
        ),
        (
            "driver's service",
            create(
                runner(),
                "/services",
                &format!("spark-{JOB}-driver-svc"),
                owned(
                    json!({ "metadata": {}, "spec": { "clusterIP": "None", "selector": { "spark-app-selector": format!("spark-{JOB}"), "spark-role": "driver" } } }),
                ),
            ),
        ),
        (
            "driver's hashed service",
            create(
                runner(),
                "/services",
                "pi-772b9c81ae56a93d-driver-svc",
                owned(
                    json!({ "metadata": {}, "spec": { "clusterIP": "None", "selector": { "spark-app-selector": format!("spark-{JOB}"), "spark-role": "driver" } } }),
                ),
            ),
        ),
        (
            "driver's map",
            create(
                runner(),
                "/configmaps",
                "spark-drv-772b9c81ae56a93d-conf-map",
                owned(json!({ "metadata": {}, "data": {}, "immutable": true })),
            ),
        ),
        (
            "podspec map",
            create(
                runner(),
                "/configmaps",
                &format!("spark-{JOB}-driver-podspec-conf-map"),
                owned(json!({ "metadata": {}, "data": {} })),
            ),
        ),
        (
            "executors' map",
            create(
                driver(),
                "/configmaps",
                "spark-exec-772b9c81ae56a93d-conf-map",
                owned(json!({ "metadata": {}, "data": {} })),
            ),
        ),
        (
            "executor",
            create(
                driver(),
                "/pods",
                "pi-772b9c81ae56a93d-exec-1",
                executor_pod(json!({})),
            ),
        ),
        (
            "executor's claim",
            create(
                driver(),
                "/persistentvolumeclaims",
                "pi-772b9c81ae56a93d-exec-1-pvc-0",
                owned(claim("pi-772b9c81ae56a93d-exec-1-pvc-0")),
            ),
        ),
        (
            "executor with a claim",
            create(driver(), "/pods", "pi-772b9c81ae56a93d-exec-1", exec_claim),
        ),
        (
            "executor with another's claim",
            create(driver(), "/pods", "pi-772b9c81ae56a93d-exec-9", reused),
        ),
        (
            "claims go",
            Review::new(driver(), "DELETE", "/persistentvolumeclaims", "")
                .old(owned(claim("pi-772b9c81ae56a93d-exec-1-pvc-0"))),
        ),
        (
            "executor retires",
            Review::new(driver(), "UPDATE", "/pods", "pi-772b9c81ae56a93d-exec-1")
                .object(bare_labels)
                .old(running.clone()),
        ),
        (
            "executor's cost",
            Review::new(driver(), "UPDATE", "/pods", "pi-772b9c81ae56a93d-exec-1")
                .object(cost)
                .old(running.clone()),
        ),
        (
            "executor goes",
            Review::new(driver(), "DELETE", "/pods", "pi-772b9c81ae56a93d-exec-1")
                .old(running.clone()),
        ),
        (
            "executors go",
            Review::new(driver(), "DELETE", "/pods", "").old(running),
        ),
        (
            "job goes",
            Review::new(emr(), "DELETE", "batch/jobs", JOB).old(job(labels("job.submitter"))),
        ),
    ]
}

/// Workloads of tenants' own, under `default`.
fn tenants_own() -> Cases {
    let argo = || service_account("argocd", "argocd-application-controller");
    let live = |image: &str, annotation: Value| {
        let mut pod = web(image);
        pod["metadata"]["annotations"] = annotation;
        template(pod)
    };
    let update = |user: Value, new: Value, old: Value| {
        Review::new(user, "UPDATE", "apps/deployments", "web")
            .object(new)
            .old(old)
    };
    let autoscaler =
        json!({ "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" } } });
    let service = |spec: Value| json!({ "metadata": { "name": "web" }, "spec": spec });
    let mut cases: Cases = Vec::new();
    for who in [tenant as fn() -> Value, argo] {
        cases.extend([
            ("deployment", create(who(), "apps/deployments", "web", template(web("nginx")))),
            ("cron job", create(who(), "batch/cronjobs", "web", json!({ "spec": { "jobTemplate": template(web("nginx")) } }))),
            ("stateful set", create(who(), "apps/statefulsets", "web", json!({ "spec": { "template": web("nginx"), "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": { "accessModes": ["ReadWriteOnce"] } }] } }))),
            ("daemon set", create(who(), "apps/daemonsets", "web", template(web("nginx")))),
            ("pod", create(who(), "/pods", "web", web("nginx"))),
            ("job", create(who(), "batch/jobs", "load", template(web("nginx")))),
            ("restart", update(who(), live("nginx", json!({ "kubectl.kubernetes.io/restartedAt": "now" })), template(web("nginx")))),
            ("image", update(who(), template(web("nginx:2")), template(web("nginx")))),
            ("autoscaler", create(who(), "autoscaling/horizontalpodautoscalers", "web", autoscaler.clone())),
            ("account", create(who(), "/serviceaccounts", "web", json!({ "metadata": { "name": "web" } }))),
            ("service", create(who(), "/services", "web", service(json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] })))),
            ("internal", create(who(), "/services", "web", json!({ "metadata": { "annotations": { "service.beta.kubernetes.io/aws-load-balancer-internal": "true" } }, "spec": { "type": "LoadBalancer", "selector": { "app": "web" } } }))),
            ("ingress", create(who(), "networking.k8s.io/ingresses", "web", json!({ "spec": { "rules": [{ "host": "web.example", "http": { "paths": [{ "backend": { "service": { "name": "web" } } }] } }] } }))),
            ("helm's record", create(who(), "/secrets", "sh.helm.release.v1.web.v1", json!({ "type": "helm.sh/release.v1", "metadata": { "labels": { "owner": "helm" } } }))),
            ("claim", create(who(), "/persistentvolumeclaims", "data", json!({ "spec": { "accessModes": ["ReadWriteOnce"] } }))),
            ("budget", create(who(), "policy/poddisruptionbudgets", "web", json!({ "spec": {} }))),
            ("own token", create(who(), "/serviceaccounts/token", "web", json!({ "spec": { "audiences": ["https://kubernetes.default.svc"] } }))),
            ("namespace", Review::new(who(), "UPDATE", "/namespaces", "spark-a")
                .object(json!({ "metadata": { "name": "spark-a", "labels": { "rolegate.dev/mode": "enforce", "team": "b" } } }))
                .old(json!({ "metadata": { "name": "spark-a", "labels": { "rolegate.dev/mode": "enforce", "team": "a" } } }))),
        ]);
    }
    cases.extend([
        ("its pod", create(controller("replicaset-controller"), "/pods", "", web("nginx"))),
        ("its replica set", create(controller("deployment-controller"), "apps/replicasets", "web-1", template(web("nginx")))),
        ("its revision", create(controller("statefulset-controller"), "apps/controllerrevisions", "web-1", json!({ "data": { "spec": { "template": web("nginx") } } }))),
        ("its scale", Review::new(controller("horizontal-pod-autoscaler"), "UPDATE", "apps/deployments/scale", "web").object(json!({ "spec": { "replicas": 3 } })).old(json!({ "spec": { "replicas": 1 } }))),
        ("its endpoints", create(controller("endpointslice-controller"), "discovery.k8s.io/endpointslices", "web-1", json!({ "endpoints": [{ "addresses": ["10.0.0.1"] }] }))),
        ("its token", create(node(), "/serviceaccounts/token", "default", json!({ "spec": { "boundObjectRef": { "kind": "Pod", "name": "web", "uid": "u" } } }))),
        ("a job's token", create(node(), "/serviceaccounts/token", &account("spark-driver"), json!({ "spec": { "audiences": ["sts.amazonaws.com"], "boundObjectRef": { "kind": "Pod", "name": "web", "uid": "u" } } }))),
    ]);
    cases
}

/// What operators and a gateway do where they keep jobs.
fn operators_and_gateways() -> Cases {
    let spark = || service_account("spark-operator", "emr-containers-sa-spark-operator");
    let flink = || service_account("flink-operator", "emr-containers-sa-flink-operator");
    let gateway = || in_pod("spark-a", &account("spark-jeg"), "jeg-5d4f8-x2x2x", "jeg");
    let kernel = || {
        in_pod(
            "spark-a",
            &account("spark-jeg-kernel"),
            "jovyan-k1-driver",
            "kernel",
        )
    };
    let manager = || {
        in_pod(
            "spark-a",
            &account("flink-jobmanager"),
            "etl-6f7d5c9b8-x2x2x",
            "manager",
        )
    };
    let pod = |account: String, labels: Value| {
        injected(json!({
            "metadata": { "labels": labels },
            "spec": { "serviceAccountName": account, "containers": [{ "name": "main", "image": IMAGE }] },
        }))
    };
    let app = json!({ "spark-app-selector": "spark-7f3a", "spark-role": "driver", "sparkoperator.k8s.io/app-name": "pi" });
    let flink_labels = |component: &str| json!({ "type": "flink-native-kubernetes", "app": "etl", "component": component });
    let jupyter = json!({ "app": "enterprise-gateway", "component": "kernel", "kernel_id": "k1" });
    let service =
        |selector: &Value| json!({ "spec": { "selector": selector, "ports": [{ "port": 4040 }] } });
    let ui = json!({ "spec": { "rules": [{ "http": { "paths": [{ "backend": { "service": { "name": "pi-ui-svc" } } }] } }] } });
    vec![
        (
            "application",
            create(
                tenant(),
                "sparkoperator.k8s.io/sparkapplications",
                "pi",
                json!({ "spec": { "driver": { "serviceAccount": account("spark-driver") } } }),
            ),
        ),
        (
            "driver of an application",
            create(
                spark(),
                "/pods",
                "pi-driver",
                pod(account("spark-driver"), app.clone()),
            ),
        ),
        (
            "its service",
            create(
                spark(),
                "/services",
                "pi-772b9c81ae56a93d-driver-svc",
                service(&app),
            ),
        ),
        (
            "its page",
            create(spark(), "/services", "pi-ui-svc", service(&app)),
        ),
        (
            "its route",
            create(spark(), "networking.k8s.io/ingresses", "pi-ui-ingress", ui),
        ),
        (
            "its map",
            create(
                spark(),
                "/configmaps",
                "spark-drv-772b9c81ae56a93d-conf-map",
                json!({ "data": {} }),
            ),
        ),
        (
            "its account",
            create(
                spark(),
                "/serviceaccounts",
                &account("spark-driver"),
                json!({ "metadata": { "annotations": { "eks.amazonaws.com/role-arn": TEAM_A_ARN } } }),
            ),
        ),
        (
            "it goes",
            Review::new(spark(), "DELETE", "/pods", "pi-driver")
                .old(pod(account("spark-driver"), app.clone())),
        ),
        (
            "cluster",
            create(
                tenant(),
                "flink.apache.org/flinkdeployments",
                "etl",
                json!({ "spec": { "serviceAccount": account("flink-jobmanager") } }),
            ),
        ),
        (
            "manager's workload",
            create(
                flink(),
                "apps/deployments",
                "etl",
                template(pod(account("flink-jobmanager"), flink_labels("jobmanager"))),
            ),
        ),
        (
            "manager",
            create(controller("replicaset-controller"), "/pods", "", {
                let mut pod = pod(account("flink-jobmanager"), flink_labels("jobmanager"));
                pod["metadata"]["generateName"] = json!("etl-6f7d5c9b8-");
                pod
            }),
        ),
        (
            "manager's service",
            create(
                flink(),
                "/services",
                "etl",
                service(&flink_labels("jobmanager")),
            ),
        ),
        (
            "manager's page",
            create(
                flink(),
                "/services",
                "etl-rest",
                service(&flink_labels("jobmanager")),
            ),
        ),
        (
            "manager's map",
            create(
                flink(),
                "/configmaps",
                "flink-config-etl",
                json!({ "data": {} }),
            ),
        ),
        (
            "task manager",
            create(
                manager(),
                "/pods",
                "etl-taskmanager-1-1",
                pod(account("flink-taskmanager"), flink_labels("taskmanager")),
            ),
        ),
        (
            "leader",
            create(
                manager(),
                "/configmaps",
                "etl-cluster-config-map",
                json!({ "data": {} }),
            ),
        ),
        (
            "gateway",
            create(
                emr(),
                "apps/deployments",
                "jeg",
                template(pod(account("spark-jeg"), json!({ "app": "jeg" }))),
            ),
        ),
        (
            "gateway's pod",
            create(controller("replicaset-controller"), "/pods", "", {
                let mut pod = pod(account("spark-jeg"), json!({ "app": "jeg" }));
                pod["metadata"]["generateName"] = json!("jeg-5d4f8-");
                pod
            }),
        ),
        (
            "kernel",
            create(
                gateway(),
                "/pods",
                "jovyan-k1-driver",
                pod(account("spark-jeg-kernel"), jupyter.clone()),
            ),
        ),
        (
            "session",
            create(
                gateway(),
                "/pods",
                "jovyan-k2",
                pod(account("spark-session"), jupyter.clone()),
            ),
        ),
        (
            "kernel's executor",
            create(
                kernel(),
                "/pods",
                "jovyan-k1-772b9c81ae56a93d-exec-1",
                pod(
                    account("spark-jeg-kernel"),
                    json!({ "spark-role": "executor" }),
                ),
            ),
        ),
        (
            "kernel's service",
            create(
                kernel(),
                "/services",
                "jovyan-k1-772b9c81ae56a93d-driver-svc",
                service(&json!({ "kernel_id": "k1" })),
            ),
        ),
        (
            "kernel goes",
            Review::new(gateway(), "DELETE", "/pods", "jovyan-k1-driver")
                .old(pod(account("spark-jeg-kernel"), jupyter)),
        ),
    ]
}

fn refusals(cases: &Cases, policy: &Policy) -> Vec<String> {
    cases
        .iter()
        .filter_map(|(what, review)| {
            let body = review.body();
            let sent = AdmissionReview::parse(body.as_bytes()).expect("a review");
            let user = &review.0["request"]["userInfo"]["username"];
            match judge(&sent.request, Door::Enforce, policy) {
                Ok(decision) if decision.judged.is_empty() => None,
                Ok(decision) => Some(format!(
                    "{what} by {user}: {} {}",
                    decision.judged[0].finding.rule,
                    decision.judged[0].finding.headline()
                )),
                Err(error) => Some(format!("{what} by {user}: {error}")),
            }
        })
        .collect()
}

#[test]
fn a_job_run_and_what_spark_makes_of_it() {
    for policy in [Policy::builtin(), listed()] {
        assert_eq!(refusals(&start_job_run(), &policy), [""; 0]);
    }
}

#[test]
fn tenants_own_workloads() {
    for policy in [Policy::builtin(), listed()] {
        assert_eq!(refusals(&tenants_own(), &policy), [""; 0]);
    }
}

#[test]
fn what_operators_and_gateways_start() {
    assert_eq!(refusals(&operators_and_gateways(), &listed()), [""; 0]);
}

/// The same requests by a tenant of another team, so that the tables above can fail.
#[test]
fn the_same_by_somebody_else() {
    for (what, review) in start_job_run().into_iter().chain(operators_and_gateways()) {
        let alone = vec![(what, review.set("userInfo", user("mallory", &["team-b"])))];
        let refused = refusals(&alone, &listed());
        // Without a cluster nobody knows what is behind `pi-ui-svc`.
        let unknown = matches!(what, "secret" | "its route");
        assert_eq!(refused.is_empty(), unknown, "{what}");
    }
}
