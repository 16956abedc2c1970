//! Requests of the tenant, each as a dry-run: rolegate decides it like a real one.

use std::fmt;

use serde_json::{Value, json};

use crate::coverage::probes::{JOB, Place, driver, driver_pod};
use crate::coverage::stage::Stage;
use crate::harness::accounts::{emr_service_account, pod, pod_spec};
use crate::harness::http::{Answer, MERGE};
use crate::harness::users::User;

const JSON: &str = "application/json";

pub(crate) type Send = fn(&Stage, Place<'_>) -> Answer;

/// One way of a row.
pub(super) enum Way {
    /// A line of `docs/coverage.md`: resource and verb.
    Line(&'static str, &'static str),
    /// A request of its own.
    Request(&'static str, Send),
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(resource, verb) => write!(f, "{verb} {resource}"),
            Self::Request(name, _) => f.write_str(name),
        }
    }
}

fn create(stage: &Stage, path: &str, object: &Value) -> Answer {
    let path = format!("{path}?dryRun=All");
    stage.bobs("POST", &path, Some((JSON, object))).send()
}

fn patch(stage: &Stage, path: &str, change: &Value) -> Answer {
    let path = format!("{path}?dryRun=All");
    stage.bobs("PATCH", &path, Some((MERGE, change))).send()
}

fn new_pod(stage: &Stage, place: Place<'_>, change: impl FnOnce(&mut Value)) -> Answer {
    let mut object = pod("mine", "default");
    change(&mut object);
    create(stage, &place.core("pods"), &object)
}

fn driver_changed(stage: &Stage, place: Place<'_>, metadata: &Value) -> Answer {
    let path = place.core(&format!("pods/{}", driver_pod()));
    patch(stage, &path, &json!({ "metadata": metadata }))
}

pub(super) fn copy_of_the_driver(stage: &Stage, place: Place<'_>) -> Answer {
    let stored = stage
        .cluster
        .get(&place.core(&format!("pods/{}", driver_pod())));
    let mut copy = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "copy"}, "spec": stored["spec"]});
    copy["spec"]["containers"][0]["command"] = json!(["sh"]);
    create(stage, &place.core("pods"), &copy)
}

pub(super) fn label(stage: &Stage, place: Place<'_>) -> Answer {
    driver_changed(stage, place, &json!({"labels": {"spark-role": "none"}}))
}

pub(super) fn annotation(stage: &Stage, place: Place<'_>) -> Answer {
    let key = "emr-containers.amazonaws.com/job.id";
    driver_changed(stage, place, &json!({"annotations": {key: "x"}}))
}

pub(super) fn owner(stage: &Stage, place: Place<'_>) -> Answer {
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "00000000-0000-0000-0000-000000000001"});
    driver_changed(stage, place, &json!({"ownerReferences": [owner]}))
}

pub(super) fn finalizer(stage: &Stage, place: Place<'_>) -> Answer {
    driver_changed(stage, place, &json!({"finalizers": ["example.com/keep"]}))
}

pub(super) fn label_through_status(stage: &Stage, place: Place<'_>) -> Answer {
    let path = place.core(&format!("pods/{}/status", driver_pod()));
    patch(
        stage,
        &path,
        &json!({"metadata": {"labels": {"spark-role": "none"}}}),
    )
}

pub(super) fn node_name(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| pod["spec"]["nodeName"] = "n1".into())
}

fn service(stage: &Stage, place: Place<'_>, mut spec: Value) -> Answer {
    spec["selector"] = json!({"app": "mine"});
    spec["ports"] = json!([{"port": 80}]);
    let object =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mine"}, "spec": spec});
    create(stage, &place.core("services"), &object)
}

pub(super) fn external_ip(stage: &Stage, place: Place<'_>) -> Answer {
    service(stage, place, json!({"externalIPs": ["10.0.0.66"]}))
}

pub(super) fn load_balancer(stage: &Stage, place: Place<'_>) -> Answer {
    service(stage, place, json!({"type": "LoadBalancer"}))
}

pub(super) fn old_field(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"] = json!({"serviceAccount": driver(), "containers": pod["spec"]["containers"]});
    })
}

fn thing(stage: &Stage, place: Place<'_>, version: &str, spec: &Value) -> Answer {
    let group_version = format!("stored.example.com/{version}");
    let object = json!({"apiVersion": group_version, "kind": "Thing", "metadata": {"name": "mine"}, "spec": spec});
    create(stage, &place.group(&group_version, "things"), &object)
}

pub(super) fn custom_resource(stage: &Stage, place: Place<'_>) -> Answer {
    let conf =
        json!({"sparkConf": {"spark.kubernetes.authenticate.driver.serviceAccountName": driver()}});
    thing(stage, place, "v1", &conf)
}

pub(super) fn another_version(stage: &Stage, place: Place<'_>) -> Answer {
    thing(
        stage,
        place,
        "v1beta1",
        &json!({"driver": {"serviceAccount": driver()}}),
    )
}

pub(super) fn too_deep(stage: &Stage, place: Place<'_>) -> Answer {
    let deep = (0..120).fold(
        json!({"serviceAccountName": driver()}),
        |inner, _| json!({"a": inner}),
    );
    thing(stage, place, "v1", &deep)
}

pub(super) fn by_a_driver(stage: &Stage, place: Place<'_>) -> Answer {
    let stored = stage
        .cluster
        .get(&place.core(&format!("pods/{}", driver_pod())));
    let bound = json!({"apiVersion": "v1", "kind": "Pod", "name": driver_pod(), "uid": stored["metadata"]["uid"]});
    let token = stage.cluster.create(
        &place.core(&format!("serviceaccounts/{}/token", driver())),
        &json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"boundObjectRef": bound}}),
    );
    let driver = User {
        name: format!("system:serviceaccount:{}:{}", place.0, driver()),
        token: token["status"]["token"]
            .as_str()
            .expect("a token")
            .to_owned(),
    };
    let other = emr_service_account("spark", "executor", "111122223333", "team-c-etl");
    let path = place.core("pods?dryRun=All");
    stage
        .cluster
        .request(&driver, "POST", &path)
        .json(&pod("mine", &other))
        .send()
}

pub(super) fn secret_of_an_account(stage: &Stage, place: Place<'_>) -> Answer {
    let path = place.core(&format!("serviceaccounts/{}", driver()));
    patch(
        stage,
        &path,
        &json!({"imagePullSecrets": [{"name": "mine"}]}),
    )
}

pub(super) fn emrs_labels(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["serviceAccountName"] = driver().into();
        pod["metadata"]["labels"] = json!({
            "emr-containers.amazonaws.com/job.id": JOB, "emr-containers.amazonaws.com/component": "driver",
        });
        pod["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": "00000000-0000-0000-0000-000000000001",
        }]);
    })
}

pub(super) fn account_of_others(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["serviceAccountName"] = "others".into()
    })
}

pub(super) fn host_path(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["volumes"] = json!([{"name": "v", "hostPath": {"path": "/var/lib/kubelet"}}]);
    })
}

pub(super) fn host_path_in_a_template(stage: &Stage, place: Place<'_>) -> Answer {
    let mut spec = pod_spec("default");
    spec["restartPolicy"] = "Always".into();
    spec["volumes"] = json!([{"name": "v", "hostPath": {"path": "/"}}]);
    deployment(stage, place, &spec)
}

fn deployment(stage: &Stage, place: Place<'_>, spec: &Value) -> Answer {
    let labels = json!({"app": "mine"});
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mine"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    });
    create(stage, &place.group("apps/v1", "deployments"), &object)
}

pub(super) fn host_network(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| pod["spec"]["hostNetwork"] = true.into())
}

pub(super) fn host_pid(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| pod["spec"]["hostPID"] = true.into())
}

pub(super) fn privileged(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["containers"][0]["securityContext"] = json!({"privileged": true});
    })
}

pub(super) fn capability(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["containers"][0]["securityContext"] =
            json!({"capabilities": {"add": ["SYS_PTRACE"]}});
    })
}

pub(super) fn kube2iam(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["metadata"]["annotations"] = json!({"iam.amazonaws.com/role": "team-b-etl"});
    })
}

pub(super) fn claim_of_a_job(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        let claim = format!("{}-pvc-0", driver_pod());
        pod["spec"]["volumes"] =
            json!([{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]);
    })
}

fn with_volume(stage: &Stage, place: Place<'_>, source: &Value) -> Answer {
    new_pod(stage, place, |pod| {
        let mut volume = source.clone();
        volume["name"] = "v".into();
        pod["spec"]["volumes"] = json!([volume]);
    })
}

fn secret_variable() -> Value {
    json!([{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "stored", "key": "a"}}}])
}

pub(super) fn secret_env(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["containers"][0]["env"] = secret_variable()
    })
}

pub(super) fn secret_env_from(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "stored"}}]);
    })
}

pub(super) fn secret_init_env(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["initContainers"] =
            json!([{"name": "init", "image": "i", "env": secret_variable()}]);
    })
}

pub(super) fn secret_volume(stage: &Stage, place: Place<'_>) -> Answer {
    with_volume(stage, place, &json!({"secret": {"secretName": "stored"}}))
}

pub(super) fn secret_projected(stage: &Stage, place: Place<'_>) -> Answer {
    with_volume(
        stage,
        place,
        &json!({"projected": {"sources": [{"secret": {"name": "stored"}}]}}),
    )
}

pub(super) fn secret_pull(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["imagePullSecrets"] = json!([{"name": "stored"}])
    })
}

pub(super) fn secret_csi(stage: &Stage, place: Place<'_>) -> Answer {
    with_volume(
        stage,
        place,
        &json!({"csi": {"driver": "d.example.com", "nodePublishSecretRef": {"name": "stored"}}}),
    )
}

pub(super) fn secret_old_volume(stage: &Stage, place: Place<'_>) -> Answer {
    with_volume(
        stage,
        place,
        &json!({"flexVolume": {"driver": "example.com/d", "secretRef": {"name": "stored"}}}),
    )
}

pub(super) fn secret_in_a_template(stage: &Stage, place: Place<'_>) -> Answer {
    let mut spec = pod_spec("default");
    spec["restartPolicy"] = "Always".into();
    spec["containers"][0]["env"] = secret_variable();
    deployment(stage, place, &spec)
}

pub(super) fn secret_ingress(stage: &Stage, place: Place<'_>) -> Answer {
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "mine"},
        "spec": {
            "tls": [{"hosts": ["a.example.com"], "secretName": "stored"}],
            "defaultBackend": {"service": {"name": "mine", "port": {"number": 80}}},
        },
    });
    create(
        stage,
        &place.group("networking.k8s.io/v1", "ingresses"),
        &object,
    )
}
