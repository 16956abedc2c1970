//! What a job's runner and driver send: Spark 3.5's Kubernetes client with
//! EMR's pod templates. `spark_submit.rs` has the real client send it.

use serde_json::{Value, json};

use super::client::Client;
use super::emr::{JobRun, log_sidecar};
use super::node;
use crate::harness::accounts::Pod;
use crate::harness::http::MERGE;

/// A job whose driver runs.
pub(super) struct Driver<'n> {
    pub(super) run: JobRun<'n>,
    pub(super) pod: Pod,
    /// With the driver's token.
    pub(super) client: Client<'n>,
    /// Spark's prefix for this application's objects.
    app: String,
}

impl<'n> Driver<'n> {
    /// The runner starts on the node and submits: `spark-submit` in cluster mode.
    pub(super) fn submit(run: JobRun<'n>) -> Self {
        let namespace = run.namespace;
        node::run(namespace, &run.runner);
        let token = node::token(namespace, &run.account("client"), &run.runner, None);
        let runner = Client::new(namespace, &token);
        let app = format!("pi-{}", &run.id[3..]);
        let pod = runner.create_pod(&driver_pod(&run));
        let owner = owned_by(&pod);
        let selector =
            json!({"spark-app-selector": format!("spark-{}", run.id), "spark-role": "driver"});
        let metadata =
            |name: &str| json!({"name": name, "ownerReferences": owner, "labels": selector});
        runner.apply("services", &json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(&format!("{app}-driver-svc")),
            "spec": {"clusterIP": "None", "selector": selector, "ports": [{"name": "driver-rpc-port", "port": 7078}]},
        }));
        for (name, data) in [
            (
                format!("spark-drv-{}-conf-map", &run.id[3..]),
                json!({"spark.properties": ""}),
            ),
            (
                format!("{app}-driver-podspec-conf-map"),
                json!({"pod-spec-template.yml": ""}),
            ),
        ] {
            runner.apply("configmaps", &json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(&name), "data": data,
            }));
        }
        node::run(namespace, &pod);
        let token = node::token(namespace, &run.account("driver"), &pod, None);
        Self {
            client: Client::new(namespace, &token),
            run,
            pod,
            app,
        }
    }

    /// The driver's own map, a volume claim and two executors, which run.
    pub(super) fn allocate(&self) -> [Pod; 2] {
        self.client.create("configmaps", &json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"spark.properties": ""}, "immutable": true,
            "metadata": {"name": self.executor_map(), "labels": self.labels(None), "ownerReferences": owned_by(&self.pod)},
        }));
        [1, 2].map(|number| {
            let claim = format!("{}-exec-{number}-pvc-0", self.app);
            self.client.create("persistentvolumeclaims", &json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": claim, "labels": self.labels(None), "ownerReferences": owned_by(&self.pod)},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }));
            let executor = self.client.create_pod(&self.executor(number, &claim));
            node::run(self.run.namespace, &executor);
            executor
        })
    }

    /// Marks an executor, as decommissioning and the life-cycle manager do.
    pub(super) fn mark(&self, executor: &Pod) {
        let path = self.run.namespace.core(&format!("pods/{}", executor.name));
        let mark = json!({"metadata": {
            "labels": {"spark-exec-inactive": "true"},
            "annotations": {"controller.kubernetes.io/pod-deletion-cost": "-1"},
        }});
        let patched = self
            .client
            .send("PATCH", &path, MERGE, &mark)
            .expect_status(200);
        assert_eq!(
            patched.json()["metadata"]["labels"]["spark-exec-inactive"],
            "true"
        );
    }

    /// The end of the application: four deletecollections.
    pub(super) fn stop(&self) {
        let of_executors = format!("{},spark-role=executor", self.selector());
        for (resource, selector) in [
            ("services", self.selector()),
            ("persistentvolumeclaims", self.selector()),
            ("pods", of_executors.clone()),
            ("configmaps", of_executors),
        ] {
            self.client
                .delete(&self.collection(resource, &selector), "Background");
        }
    }

    /// The path of the driver's objects of one kind.
    pub(super) fn collection(&self, resource: &str, selector: &str) -> String {
        let query = selector.replace('=', "%3D").replace(',', "%2C");
        self.run
            .namespace
            .core(&format!("{resource}?labelSelector={query}"))
    }

    /// Selects everything of this application.
    pub(super) fn selector(&self) -> String {
        format!("spark-app-selector=spark-{}", self.run.id)
    }

    /// The `ConfigMap` of the executors.
    pub(super) fn executor_map(&self) -> String {
        format!("spark-exec-{}-conf-map", &self.run.id[3..])
    }

    /// The runner's `ConfigMap` with the executors' pod template.
    pub(super) fn template_map(&self) -> String {
        format!("{}-driver-podspec-conf-map", self.app)
    }

    fn labels(&self, executor: Option<u8>) -> Value {
        let mut labels = self.run.labels("executor");
        labels["spark-app-selector"] = format!("spark-{}", self.run.id).into();
        labels["spark-role"] = "executor".into();
        if let Some(number) = executor {
            labels["spark-exec-id"] = number.to_string().into();
        }
        labels
    }

    fn executor(&self, number: u8, claim: &str) -> Value {
        let mut volumes = self.run.volumes();
        let disk =
            json!({"name": "spark-local-dir-1", "persistentVolumeClaim": {"claimName": claim}});
        volumes.as_array_mut().expect("a list").push(disk);
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("{}-exec-{number}", self.app), "labels": self.labels(Some(number)),
                "ownerReferences": owned_by(&self.pod),
            },
            "spec": {
                "serviceAccountName": self.run.account("executor"), "restartPolicy": "Never", "volumes": volumes,
                "containers": [
                    {"name": "spark-kubernetes-executor", "image": "registry.example/spark:1"},
                    log_sidecar(),
                ],
            },
        })
    }
}

/// `spark-<id>-driver`, from EMR's template: its owner is of a kind that the
/// group it names does not have.
fn driver_pod(run: &JobRun<'_>) -> Value {
    let [_, defaults, _] = run.own_maps();
    let mut volumes = run.volumes();
    let secret = json!({"name": "emr-container-s3", "secret": {"secretName": run.secret()}});
    volumes.as_array_mut().expect("a list").push(secret);
    let map = run
        .namespace
        .cluster
        .get(&run.namespace.core(&format!("configmaps/{defaults}")));
    let mut labels = run.labels("driver");
    labels["spark-app-selector"] = format!("spark-{}", run.id).into();
    labels["spark-role"] = "driver".into();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("spark-{}-driver", run.id), "labels": labels,
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "ConfigMap", "name": defaults, "uid": map["metadata"]["uid"],
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "serviceAccountName": run.account("driver"), "restartPolicy": "Never", "volumes": volumes,
            "containers": [
                {"name": "spark-kubernetes-driver", "image": "registry.example/spark:1"},
                log_sidecar(),
            ],
        },
    })
}

fn owned_by(pod: &Pod) -> Value {
    json!([{"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid, "controller": true}])
}
