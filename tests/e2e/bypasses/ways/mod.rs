//! Requests of the tenant, each as a dry-run: rolegate decides it like a real one.
//!
//! | module | gives |
//! |---|---|
//! | `kinds` | custom resources that rules know by their names |
//! | `nodes` | pods that reach for their node |
//! | `secrets` | whatever has a Secret read |
//! | `services` | doors to a job, and detours from it |

pub(super) mod kinds;
pub(super) mod nodes;
pub(super) mod secrets;
pub(super) mod services;

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

pub(super) fn annotation_of_rolegate(stage: &Stage, place: Place<'_>) -> Answer {
    driver_changed(
        stage,
        place,
        &json!({"annotations": {"rolegate.dev/chain": "x"}}),
    )
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

/// What `kubectl patch serviceaccount` can change beside the annotations.
pub(super) fn account_changed(stage: &Stage, place: Place<'_>, change: &Value) -> Answer {
    let path = place.core(&format!("serviceaccounts/{}", driver()));
    patch(stage, &path, change)
}

/// A ConfigMap that a job of that id would be built from.
pub(super) fn copy_of_a_template(stage: &Stage, place: Place<'_>) -> Answer {
    let name = "podtemplate-0000000337okspsc914";
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    create(stage, &place.core("configmaps"), &object)
}

/// A disk of one's own, filled from a job's, which comes with the pod.
pub(super) fn clone_with_a_pod(stage: &Stage, place: Place<'_>) -> Answer {
    let source =
        json!({"kind": "PersistentVolumeClaim", "name": format!("{}-pvc-0", driver_pod())});
    let spec = json!({
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
        "dataSource": source,
    });
    with_volume(
        stage,
        place,
        &json!({"ephemeral": {"volumeClaimTemplate": {"spec": spec}}}),
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
        pod["spec"]["serviceAccountName"] = "others".into();
    })
}

/// A Deployment of one's own.
fn deployment(stage: &Stage, place: Place<'_>, change: impl FnOnce(&mut Value)) -> Answer {
    let mut spec = pod_spec("default");
    spec["restartPolicy"] = "Always".into();
    change(&mut spec);
    let labels = json!({"app": "mine"});
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mine"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    });
    create(stage, &place.group("apps/v1", "deployments"), &object)
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
