//! Section F: service accounts to which the policy gives rights, and the operator's own
//! writes.

use serde_json::{Value, json};

use super::Way::{self, Request};
use super::{Answer, JSON, MERGE, Place, Stage, driver_pod};
use crate::coverage::stage::{FIXED, OPERATORS, TRUSTED};
use crate::harness::accounts::pod;
use crate::harness::cast::{role_arn, service_account, token_request};
use crate::harness::workloads;

#[rustfmt::skip]
pub(in crate::bypasses) const TOKENS: &[Way] = &[
    Request("the token of a submitter", |stage, place| token(stage, place, TRUSTED[0])),
    Request("the token of whom an exemption names", |stage, place| token(stage, place, TRUSTED[1])),
    Request("the token of an add-on", |stage, place| token(stage, place, TRUSTED[2])),
    Request("the token of an administrator", |stage, place| token(stage, place, TRUSTED[3])),
    Request("the token of an operator in its own namespace", |stage, _| token(stage, Place(OPERATORS), "operator")),
    Request("the token of a submitter in a namespace without a label", |stage, _| token(stage, Place(OPERATORS), "scheduler")),
    Request("a token Secret of a submitter", |stage, place| token_secret(stage, place, TRUSTED[0])),
    Request("a token Secret of an operator in its own namespace", |stage, _| token_secret(stage, Place(OPERATORS), "operator")),
    Request("a token Secret turned over to a submitter", |stage, place| {
        let whose = json!({"metadata": {"annotations": {"kubernetes.io/service-account.name": TRUSTED[0]}}});
        stage.alices("PATCH", &place.core("secrets/token?dryRun=All"), (MERGE, &whose)).send()
    }),
    Request("a driver asks for the token of a submitter", |stage, place| {
        let path = token_path(place, TRUSTED[0]);
        let driver = stage.driver(place);
        stage.cluster.request(&driver, "POST", &path).json(&token_request(&json!({}))).send()
    }),
];

#[rustfmt::skip]
pub(in crate::bypasses) const PODS: &[Way] = &[
    Request("a pod under a submitter's account", |stage, place| create(stage, &place.core("pods"), &pod("mine", TRUSTED[0]))),
    Request("a pod under an administrator's account", |stage, place| create(stage, &place.core("pods"), &pod("mine", TRUSTED[3]))),
    Request("a Deployment under an exempted account", |stage, place| {
        create(stage, &place.group("apps/v1", "deployments"), &workloads::deployment("mine", TRUSTED[1]))
    }),
];

#[rustfmt::skip]
pub(in crate::bypasses) const ACCOUNTS: &[Way] = &[
    Request("an account that the policy names is made", |stage, _| {
        create(stage, &Place(OPERATORS).core("serviceaccounts"), &service_account("later"))
    }),
    Request("a submitter's account is annotated", |stage, place| {
        let change = json!({"metadata": {"annotations": {"a": "b"}}});
        let path = place.core(&format!("serviceaccounts/{}?dryRun=All", TRUSTED[0]));
        stage.bobs("PATCH", &path, Some((MERGE, &change))).send()
    }),
    Request("an operator's account is deleted", |stage, _| {
        stage.bobs("DELETE", &Place(OPERATORS).core("serviceaccounts/operator?dryRun=All"), None).send()
    }),
];

/// In the enforced namespace the fixed account stands for one role.
pub(in crate::bypasses) fn pod_of_another_role(stage: &Stage, place: Place<'_>) -> Answer {
    let mut object = pod("mine", FIXED);
    object["spec"]["containers"][0]["env"] =
        json!([{"name": "AWS_ROLE_ARN", "value": role_arn("another")}]);
    let operator = stage.outsider(OPERATORS, "operator");
    let path = format!("{}?dryRun=All", place.core("pods"));
    let request = stage.cluster.request(&operator, "POST", &path);
    request.json(&object).send()
}

/// Its pods would fall back to the node's role.
pub(in crate::bypasses) fn role_taken_off(stage: &Stage, place: Place<'_>) -> Answer {
    let change = json!({"metadata": {"annotations": {"eks.amazonaws.com/role-arn": null}}});
    let operator = stage.outsider(OPERATORS, "operator");
    let path = place.core(&format!("serviceaccounts/{FIXED}?dryRun=All"));
    let request = stage.cluster.request(&operator, "PATCH", &path);
    request.body(MERGE, change.to_string()).send()
}

/// The account of an add-on that the policy does not name.
pub(in crate::bypasses) fn missing_add_on(stage: &Stage, place: Place<'_>) -> Answer {
    let queue = stage.outsider("kueue-system", "kueue-controller-manager");
    let change = json!({"metadata": {"labels": {"a": "b"}}});
    let path = place.core(&format!("pods/{}?dryRun=All", driver_pod()));
    let request = stage.cluster.request(&queue, "PATCH", &path);
    request.body(MERGE, change.to_string()).send()
}

fn token_path(place: Place<'_>, account: &str) -> String {
    place.core(&format!("serviceaccounts/{account}/token?dryRun=All"))
}

fn token(stage: &Stage, place: Place<'_>, account: &str) -> Answer {
    let path = token_path(place, account);
    let body = token_request(&json!({}));
    stage.bobs("POST", &path, Some((JSON, &body))).send()
}

fn token_secret(stage: &Stage, place: Place<'_>, account: &str) -> Answer {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "mine", "annotations": {"kubernetes.io/service-account.name": account}},
    });
    create(stage, &place.core("secrets"), &secret)
}

fn create(stage: &Stage, path: &str, object: &Value) -> Answer {
    let path = format!("{path}?dryRun=All");
    stage.bobs("POST", &path, Some((JSON, object))).send()
}
