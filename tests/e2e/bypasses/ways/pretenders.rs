//! B11: identities without their proof. Impersonated service accounts
//! (`kubectl --as`, which the default role `edit` allows in its namespace),
//! tokens that are bound to no pod, jobs of other namespaces.

use serde_json::{Value, json};

use super::Way::{self, Told};
use super::{Answer, JSON, Place, Stage, driver, driver_pod};
use crate::harness::accounts::pod;
use crate::harness::cast::{JOB, OTHER_ROLE, config_map, job_account};
use crate::harness::users::User;

const IMPERSONATED: &str =
    "(looks impersonated: a service account's own token carries a uid, this request has none)";
const UNBOUND: &str = "(is a job's service account, but its token is not bound to a pod)";
const ELSEWHERE: &str = "(is a job's service account of another namespace)";

#[rustfmt::skip]
pub(in crate::bypasses) const STARTS: &[Way] = &[
    Told("as the job controller", |stage, place| controllers_pod(stage, place, "job-controller", &format!("{JOB}-abcde"), "client"), IMPERSONATED),
    Told("as the replica set controller", |stage, place| controllers_pod(stage, place, "replicaset-controller", "jeg-6d4cf56db6-x2b7k", "jeg"), IMPERSONATED),
    Told("as a job's runner", |stage, place| {
        as_account(stage, place, "client", "pods", &pod(&format!("{}-2", driver_pod()), &driver()))
    }, IMPERSONATED),
    Told("by a runner's token without a pod", |stage, place| {
        let runner = stage.namespace(place).unbound_token(&account("client"));
        by(stage, place, &runner, &pod(&format!("{}-2", driver_pod()), &driver()))
    }, UNBOUND),
    Told("by a driver of another namespace", |stage, place| {
        by(stage, place, &stage.driver(stage.other(place)), &pod("pi-exec-1", &driver()))
    }, ELSEWHERE),
];

/// The same with a job's ConfigMaps, which are another rule's.
#[rustfmt::skip]
pub(in crate::bypasses) const WRITES: &[Way] = &[
    Told("as the publisher of root certificates", |stage, place| {
        // Its own rights are all that whoever impersonates it has: no PATCH.
        let path = place.core("configmaps/kube-root-ca.crt?dryRun=All");
        let mut forged = config_map("kube-root-ca.crt");
        forged["data"] = json!({"ca.crt": "mine"});
        send(stage, "PUT", &path, "root-ca-cert-publisher", Some((JSON, &forged)))
    }, IMPERSONATED),
    Told("as the garbage collector", |stage, place| {
        let path = place.core("configmaps/stored?dryRun=All");
        send(stage, "DELETE", &path, "generic-garbage-collector", None)
    }, IMPERSONATED),
    Told("as the namespace controller", |stage, place| {
        let path = place.core("configmaps?dryRun=All");
        send(stage, "DELETE", &path, "namespace-controller", None)
    }, IMPERSONATED),
    Told("as a driver", |stage, place| {
        as_account(stage, place, "driver", "configmaps", &config_map("spark-exec-0123456789abcdef-conf-map"))
    }, IMPERSONATED),
];

fn account(component: &str) -> String {
    job_account(component, OTHER_ROLE)
}

/// bob, as a controller of kube-system.
fn send(
    stage: &Stage,
    method: &'static str,
    path: &str,
    controller: &str,
    body: Option<(&str, &Value)>,
) -> Answer {
    let request = stage.bobs(method, path, body);
    let user = format!("system:serviceaccount:kube-system:{controller}");
    request.impersonate(&user).send()
}

fn controllers_pod(
    stage: &Stage,
    place: Place<'_>,
    controller: &str,
    name: &str,
    component: &str,
) -> Answer {
    let path = place.core("pods?dryRun=All");
    let object = pod(name, &account(component));
    send(stage, "POST", &path, controller, Some((JSON, &object)))
}

/// bob, as a job's service account of the namespace.
fn as_account(
    stage: &Stage,
    place: Place<'_>,
    component: &str,
    resource: &str,
    object: &Value,
) -> Answer {
    let path = place.core(&format!("{resource}?dryRun=All"));
    let user = stage.namespace(place).account_user(&account(component));
    let request = stage.bobs("POST", &path, Some((JSON, object)));
    request.impersonate(&user).send()
}

fn by(stage: &Stage, place: Place<'_>, user: &User, object: &Value) -> Answer {
    let path = place.core("pods?dryRun=All");
    let request = stage.cluster.request(user, "POST", &path);
    request.json(object).send()
}
