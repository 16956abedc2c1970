//! What Amazon EMR makes of `StartJobRun`.

use serde_json::{Value, json};

use super::client::{Client, pod_of};
use crate::harness::accounts::Pod;
use crate::harness::cast::{self, job_account, role_arn};
use crate::harness::{Namespace, dirs, wait};

const VIRTUAL_CLUSTER: &str = "jk518skp01ys9ka8b0npx9nt0";
const PREFIX: &str = "emr-containers.amazonaws.com";

/// One job run, from EMR's first object to its runner's pod.
pub(super) struct JobRun<'n> {
    pub(super) namespace: &'n Namespace<'static>,
    /// 19 characters of base 36, as EMR gives it.
    pub(super) id: String,
    /// The execution role's name.
    pub(super) role: String,
    /// The pod that the job controller made.
    pub(super) runner: Pod,
}

impl<'n> JobRun<'n> {
    /// Sends, as EMR, all that `StartJobRun` leads to, and waits for the job
    /// controller.
    pub(super) fn start(namespace: &'n Namespace<'static>, role: &str) -> Self {
        let mut run = Self::unsent(namespace, role);
        let emr = Client::new(namespace, namespace.cluster.emr());
        run.identities(&emr);
        let job = emr.create("jobs", &run.job());
        let owner = json!([{
            "apiVersion": "batch/v1", "kind": "Job", "name": run.id, "uid": job["metadata"]["uid"],
            "controller": true, "blockOwnerDeletion": true,
        }]);
        for (name, kind, data) in run.config_maps() {
            emr.create(
                "configmaps",
                &run.owned("ConfigMap", &name, kind, &data, &owner),
            );
        }
        let data = json!({"fields": "e30="});
        emr.create(
            "secrets",
            &run.owned("Secret", &run.secret(), "s3", &data, &owner),
        );
        run.runner = run.wait_for_runner();
        run
    }

    /// Before EMR has sent anything.
    pub(super) fn unsent(namespace: &'n Namespace<'static>, role: &str) -> Self {
        Self {
            namespace,
            id: format!("{:019x}", dirs::random()),
            role: role.to_owned(),
            runner: Pod {
                name: String::new(),
                uid: String::new(),
            },
        }
    }

    /// The service account of one of the job's components.
    pub(super) fn account(&self, component: &str) -> String {
        job_account(component, &self.role)
    }

    /// The names of EMR's own `ConfigMaps`.
    pub(super) fn own_maps(&self) -> [String; 3] {
        self.config_maps().map(|(name, ..)| name)
    }

    /// The Secret for the log sidecar.
    pub(super) fn secret(&self) -> String {
        format!("emr-containers-s3-{VIRTUAL_CLUSTER}-{}", self.id)
    }

    /// EMR's labels for a pod of the job.
    pub(super) fn labels(&self, component: &str) -> Value {
        json!({
            format!("{PREFIX}/component"): component,
            format!("{PREFIX}/job.id"): self.id,
            format!("{PREFIX}/job.release.label"): "emr-7.9.0-latest",
            format!("{PREFIX}/resource.type"): "job.run",
            format!("{PREFIX}/virtual-cluster-id"): VIRTUAL_CLUSTER,
        })
    }

    /// The volumes that all pods of the job share.
    pub(super) fn volumes(&self) -> Value {
        let [_, defaults, logs] = self.own_maps();
        json!([
            {"name": defaults, "configMap": {"name": defaults}},
            {"name": "config-volume", "configMap": {"name": logs}},
            {"name": "home-dir", "emptyDir": {}},
        ])
    }

    /// Service accounts, and the Roles and bindings that let the runner and the
    /// driver do their work. Made at a role's first job in the namespace.
    fn identities(&self, emr: &Client<'_>) {
        for component in ["client", "driver", "executor"] {
            service_account(emr, &self.account(component), &self.role);
        }
        for component in ["client", "driver"] {
            bind_role(emr, &format!("spark-{component}"), &self.account(component));
        }
    }

    /// The Job whose pod is the runner.
    pub(super) fn job(&self) -> Value {
        let mut volumes = self.volumes();
        let template = json!({"name": "podtemplate", "configMap": {"name": self.own_maps()[0]}});
        volumes.as_array_mut().expect("a list above").push(template);
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": self.id, "labels": self.labels("job.submitter")},
            "spec": {"backoffLimit": 6, "template": {
                "metadata": {"labels": self.labels("job.submitter")},
                "spec": {
                    "serviceAccountName": self.account("client"), "restartPolicy": "Never",
                    "containers": [{"name": "job-runner", "image": "registry.example/spark:1"}, log_sidecar()],
                    "volumes": volumes,
                },
            }},
        })
    }

    /// Name, label and data.
    fn config_maps(&self) -> [(String, &'static str, Value); 3] {
        let id = &self.id;
        [
            (
                format!("podtemplate-{id}"),
                "pod-template",
                json!({"driver": "", "executor": ""}),
            ),
            (
                format!("{id}-spark-defaults"),
                "spark-defaults",
                json!({"spark-defaults.conf": "spark.authenticate true"}),
            ),
            (
                format!("fluentd-{VIRTUAL_CLUSTER}-{id}"),
                "fluentd",
                json!({"driver": "", "executor": ""}),
            ),
        ]
    }

    fn owned(&self, kind: &str, name: &str, label: &str, data: &Value, owner: &Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": kind, "data": data,
            "metadata": {"name": name, "ownerReferences": owner, "labels": {
                format!("{PREFIX}/job.configuration"): label,
                format!("{PREFIX}/job.id"): self.id,
                format!("{PREFIX}/virtual-cluster-id"): VIRTUAL_CLUSTER,
            }},
        })
    }

    fn wait_for_runner(&self) -> Pod {
        wait::until("the job controller to make the runner", || {
            let path = format!("pods?labelSelector=job-name={}", self.id);
            let pods = self.namespace.cluster.get(&self.namespace.core(&path));
            let made = pods["items"].get(0).map(pod_of);
            made.ok_or_else(|| pods.to_string())
        })
    }
}

/// EMR's log sidecar, in every pod.
pub(super) fn log_sidecar() -> Value {
    json!({
        "name": "emr-container-fluentd", "image": "registry.example/fluentd:1",
        "volumeMounts": [{"name": "config-volume", "mountPath": "/etc/fluent/fluent.conf", "subPath": "driver"}],
    })
}

/// A service account with the ARN on it that EMR writes there.
pub(super) fn service_account(emr: &Client<'_>, account: &str, role: &str) {
    emr.create_once("serviceaccounts", &service_account_of(account, role));
}

pub(super) fn service_account_of(account: &str, role: &str) -> Value {
    let mut object = cast::service_account(account);
    object["metadata"]["annotations"] = json!({"eks.amazonaws.com/role-arn": role_arn(role)});
    object
}

/// `emr-containers-role-<component>`, and its binding to an account.
pub(super) fn bind_role(emr: &Client<'_>, component: &str, account: &str) {
    let group = "rbac.authorization.k8s.io";
    let role = format!("emr-containers-role-{component}");
    emr.create_once(
        "roles",
        &json!({
            "apiVersion": format!("{group}/v1"), "kind": "Role", "metadata": {"name": role},
            "rules": [{
                "apiGroups": [""],
                "resources": ["pods", "configmaps", "services", "persistentvolumeclaims"],
                "verbs": ["get", "list", "watch", "create", "patch", "delete", "deletecollection"],
            }],
        }),
    );
    let tail = account.trim_start_matches("emr-containers-sa-");
    emr.create_once(
        "rolebindings",
        &json!({
            "apiVersion": format!("{group}/v1"), "kind": "RoleBinding",
            "metadata": {"name": format!("emr-containers-rb-{tail}")},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": emr.namespace.name}],
        }),
    );
}
