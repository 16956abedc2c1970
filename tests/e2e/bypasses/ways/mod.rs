//! Requests of the tenant, each as a dry-run: rolegate decides it like a real one.
//!
//! | module | gives |
//! |---|---|
//! | `identities` | what uses the rights of somebody whom the policy names |
//! | `kinds` | custom resources that rules know by their names |
//! | `nodes` | pods that reach for their node |
//! | `parts` | what claims to be a part of another's job |
//! | `pretenders` | identities without their proof |
//! | `secrets` | whatever has a Secret read |
//! | `services` | doors to a job, and detours from it |

pub(super) mod identities;
pub(super) mod kinds;
pub(super) mod nodes;
pub(crate) mod parts;
pub(super) mod pretenders;
pub(super) mod secrets;
pub(super) mod services;

use std::fmt;

use serde_json::{Value, json};

use crate::coverage::probes::{Place, driver, driver_pod, driver_service};
use crate::coverage::stage::Stage;
use crate::harness::accounts::pod;
use crate::harness::cast::{JOB, OTHER_JOB, THIRD_ROLE, config_map, job_account};
use crate::harness::http::{APPLY, Answer, MERGE, STRATEGIC};
use crate::harness::workloads;

const JSON: &str = "application/json";

type Send = fn(&Stage, Place<'_>) -> Answer;

/// One way of a row.
pub(crate) enum Way {
    /// A line of `docs/coverage.md`, in all its forms: resource and verb.
    Line(&'static str, &'static str),
    /// A line's creation, but not as it is usually written.
    Twisted(&'static str, Twist),
    /// A connection: the HTTP method, and the path in the namespace or, where
    /// it begins with `/`, the whole of it. `<driver>` and `<service>` stand
    /// for those of the job.
    Connect(&'static str, &'static str),
    /// A request of its own.
    Request(&'static str, Send),
    /// One whose refusal says besides why the requester is not who they seem.
    Told(&'static str, Send, &'static str),
}

/// What is unusual about a creation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Twist {
    /// `generateName`, cut by the API server where it is too long.
    GeneratedName,
    /// `serviceAccount` alone, which the API server itself copies.
    OldField,
}

impl Way {
    /// Sends it; gives the answer and a name. A line is the stage's matter.
    pub(crate) fn send(&self, stage: &Stage, place: Place<'_>) -> Option<(String, Answer)> {
        let answer = match self {
            Self::Line(..) => return None,
            Self::Twisted(resource, twist) => twisted(stage, place, resource, *twist),
            Self::Connect(method, rest) => {
                let rest = rest
                    .replace("<driver>", &driver_pod())
                    .replace("<service>", &driver_service());
                let path = if rest.starts_with('/') {
                    rest
                } else {
                    place.core(&rest)
                };
                stage.bobs(method, &path, None).send()
            }
            Self::Request(_, send) | Self::Told(_, send, _) => send(stage, place),
        };
        Some((format!("{self:?}"), answer))
    }

    /// Whether this is what it leads to where nothing stops it. Connecting
    /// goes on to a node or a pod that is not there.
    pub(super) fn works(&self, status: u16) -> bool {
        match self {
            Self::Connect(..) => matches!(status, 400 | 404 | 503),
            _ => (200..300).contains(&status),
        }
    }

    /// Whether it was refused by a rule, and with the words it should be.
    pub(super) fn is_refused(&self, answer: &Answer, by: &str) -> bool {
        let message = answer.message();
        // The rule's id, and a colon: other rules may have a say beside it.
        let said = message.contains(&format!("{by}: "));
        let told = match self {
            Self::Told(_, _, words) => message.contains(words),
            _ => true,
        };
        answer.status == 403 && said && told
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(resource, verb) => write!(f, "{verb} {resource}"),
            Self::Twisted(resource, twist) => write!(f, "{resource} by {twist:?}"),
            Self::Connect(method, rest) => write!(f, "{method} {rest}"),
            Self::Request(name, _) | Self::Told(name, ..) => f.write_str(name),
        }
    }
}

fn twisted(stage: &Stage, place: Place<'_>, resource: &str, twist: Twist) -> Answer {
    let probe = place.probe(resource).expect("a resource with a probe");
    let mut object = probe.create;
    match twist {
        Twist::GeneratedName => {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            object["metadata"] = json!({"generateName": format!("{name}-")});
        }
        Twist::OldField => {
            let text = object.to_string();
            assert!(text.contains("serviceAccountName"), "{text}");
            let text = text.replace("serviceAccountName", "serviceAccount");
            object = serde_json::from_str(&text).expect("still JSON");
        }
    }
    create(stage, &probe.path, &object)
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

pub(super) fn applied_resource(stage: &Stage, place: Place<'_>) -> Answer {
    let path = place.group("stored.example.com/v1", "things/applied");
    let object = json!({
        "apiVersion": "stored.example.com/v1", "kind": "Thing", "metadata": {"name": "applied"},
        "spec": {"command": ["submit", format!("--sa={},more", driver())]},
    });
    let path = format!("{path}?dryRun=All&fieldManager=e2e");
    stage.bobs("PATCH", &path, Some((APPLY, &object))).send()
}

/// Whoever may not name the account may not steer what runs under it either.
pub(super) fn steered_resource(stage: &Stage, place: Place<'_>) -> Answer {
    let path = place.group("stored.example.com/v1", "things/stored");
    let change = json!({"spec": {"mainApplicationFile": "s3://mine/x.py"}});
    patch(stage, &path, &change)
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
    let other = job_account("executor", THIRD_ROLE);
    let path = place.core("pods?dryRun=All");
    let request = stage.cluster.request(&stage.driver(place), "POST", &path);
    request.json(&pod("mine", &other)).send()
}

/// What `kubectl patch serviceaccount` can change beside the annotations.
pub(super) fn account_changed(stage: &Stage, place: Place<'_>, change: &Value) -> Answer {
    let path = place.core(&format!("serviceaccounts/{}", driver()));
    patch(stage, &path, change)
}

/// A ConfigMap that a job of that id would be built from.
pub(super) fn copy_of_a_template(stage: &Stage, place: Place<'_>) -> Answer {
    let name = format!("podtemplate-{OTHER_JOB}");
    create(stage, &place.core("configmaps"), &config_map(&name))
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

/// All that an object can say of itself, and the name of a job's pod.
pub(super) fn every_disguise(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["serviceAccountName"] = driver().into();
        pod["metadata"] = json!({
            "name": format!("{}-2", driver_pod()),
            "labels": {"spark-role": "driver", "rolegate.dev/mode": "audit"},
            "annotations": {"rolegate.dev/mode": "off", "rolegate.dev/allow": "true"},
            "managedFields": [{
                "manager": "emr-containers", "operation": "Update", "apiVersion": "v1",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {}},
            }],
        });
    })
}

/// The annotation turns some of Kubernetes' own checks off. In a template
/// nothing keeps it from a service account.
pub(super) fn mirrors_template(stage: &Stage, place: Place<'_>) -> Answer {
    let probe = place.probe("podtemplates").expect("a kind with a template");
    let mut object = probe.create;
    let mirror = json!({"kubernetes.io/config.mirror": "x"});
    object["metadata"]["annotations"] = mirror.clone();
    object["template"]["metadata"]["annotations"] = mirror;
    object["template"]["spec"]["nodeName"] = "n1".into();
    create(stage, &probe.path, &object)
}

/// A Deployment that ran as nobody in particular.
pub(super) fn turned_to_the_driver(stage: &Stage, place: Place<'_>) -> Answer {
    let spec = json!({"serviceAccountName": driver(), "serviceAccount": driver()});
    let change = json!({"spec": {"template": {"spec": spec}}});
    let path = place.group("apps/v1", "deployments/plain");
    patch(stage, &path, &change)
}

/// Other code under the driver's account is the same takeover. With the
/// annotation of a restart, which by itself passes.
pub(super) fn other_code(stage: &Stage, place: Place<'_>, spec: &Value) -> Answer {
    let restarted = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-22T12:00:00Z"});
    let change = json!({"spec": {"template": {
        "metadata": {"annotations": restarted}, "spec": spec,
    }}});
    let path = place.group("apps/v1", "deployments/stored?dryRun=All");
    let body = Some((STRATEGIC, &change));
    stage.bobs("PATCH", &path, body).send()
}

/// The annotation by which EKS gives any service account a role.
pub(super) fn account_bound(stage: &Stage, place: Place<'_>) -> Answer {
    let arn = "arn:aws:iam::111122223333:role/team-b-etl";
    let change = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": arn}}});
    patch(stage, &place.core("serviceaccounts/default"), &change)
}

pub(super) fn account_of_others(stage: &Stage, place: Place<'_>) -> Answer {
    new_pod(stage, place, |pod| {
        pod["spec"]["serviceAccountName"] = "others".into();
    })
}

/// A Deployment of one's own.
fn deployment(stage: &Stage, place: Place<'_>, change: impl FnOnce(&mut Value)) -> Answer {
    let mut object = workloads::deployment("mine", "default");
    change(&mut object["spec"]["template"]["spec"]);
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
