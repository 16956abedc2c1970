//! What everybody writes all day: reviews, events, leases, Secrets.

use serde_json::{Value, json};

use super::call::{ALICE, Call, Case, Who, delete, kubernetes, past, patch, post, sent};
use super::lookalikes::{LOOKALIKE, lookalike};
use super::scene::{Place, metadata, secret};
use crate::harness::cast;

const TOKEN: &str = "kubernetes.io/service-account-token";

pub(super) fn reviews(place: &Place) -> Vec<Case> {
    let namespace = &place.namespace.name;
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "LocalSubjectAccessReview", "metadata": {"namespace": namespace},
        "spec": {"user": "bob", "resourceAttributes": {"namespace": namespace, "verb": "get", "resource": "pods"}},
    });
    let token = cast::token_request(&json!({}));
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "new"}, "rules": []});
    let group = format!("authorization.k8s.io.{LOOKALIKE}/v1");
    let similar = json!({"apiVersion": group, "kind": "Review", "metadata": {"name": "new"}});
    vec![
        past(
            ALICE,
            post("authorization.k8s.io/v1:localsubjectaccessreviews", review),
        ),
        // Its kind is of authentication.k8s.io, the resource is not: a token
        // is no question.
        sent(ALICE, post("serviceaccounts/default/token", token)),
        sent(ALICE, post("rbac.authorization.k8s.io/v1:roles", role)),
        sent(ALICE, post(&format!("{group}:reviews"), similar)),
    ]
}

pub(super) fn noise(place: &Place) -> Vec<Case> {
    let namespace = &place.namespace.name;
    let about = json!({"kind": "Pod", "namespace": namespace, "name": "bare"});
    let old = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "new"},
        "involvedObject": about, "reason": "Test", "type": "Normal",
    });
    let new = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "new"},
        "regarding": about, "reason": "Test", "type": "Normal", "action": "Test",
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "example.com/test", "reportingInstance": "test",
    });
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "new"}, "spec": {}});
    let endpoints = json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "new"}});
    let similar = |kind: &str| {
        let target = format!("{LOOKALIKE}/v1:{}s", kind.to_lowercase());
        post(&target, lookalike(kind, "new"))
    };
    vec![
        past(ALICE, post("events", old)),
        past(ALICE, post("events.k8s.io/v1:events", new)),
        past(ALICE, delete("events")),
        past(ALICE, post("coordination.k8s.io/v1:leases", lease)),
        sent(ALICE, similar("Event")),
        sent(ALICE, similar("Lease")),
        sent(ALICE, post("endpoints", endpoints)),
    ]
}

pub(super) fn secret_data(place: &Place) -> Vec<Case> {
    let labels = json!({"labels": {"a": "b"}});
    let turned_over =
        json!({"annotations": {"kubernetes.io/service-account.name": place.job_account}});
    let noted = json!({"annotations": {"note": "second"}});
    let mut generated = secret("", TOKEN, &place.job_account);
    generated["metadata"]["generateName"] = "new-".into();
    let mut similar = lookalike("Secret", "new");
    similar["type"] = "Opaque".into();
    vec![
        past(ALICE, post("secrets", secret("new", "Opaque", "default"))),
        past(ALICE, post("secrets", without_type())),
        past(
            ALICE,
            post("secrets", secret("new", "example.com/token", "default")),
        ),
        past(ALICE, metadata("secrets/opaque", labels.clone())),
        past(ALICE, metadata("secrets/opaque", turned_over.clone())),
        past(ALICE, empty("opaque")),
        past(ALICE, delete("secrets/opaque")),
        past(ALICE, delete("secrets")),
        // A token Secret holds a token by now; only these two of its changes
        // make another one.
        past(ALICE, metadata("secrets/token", labels)),
        past(ALICE, metadata("secrets/token", noted)),
        past(ALICE, delete("secrets/token")),
        past(
            Who::Person("emr-containers"),
            metadata("secrets/opaque", json!({})),
        ),
        sent(
            ALICE,
            post("secrets", secret("new", TOKEN, &place.job_account)),
        ),
        sent(ALICE, post("secrets", generated)),
        // None becomes a token Secret later.
        kubernetes(
            "field is immutable",
            ALICE,
            patch("secrets/opaque", json!({"type": TOKEN})),
        ),
        sent(
            Who::Person("emr-containers"),
            post("secrets", secret("new", TOKEN, "default")),
        ),
        sent(ALICE, metadata("secrets/token", turned_over)),
        sent(ALICE, post(&format!("{LOOKALIKE}/v1:secrets"), similar)),
        sent(
            ALICE,
            metadata("configmaps/shape", json!({"labels": {"a": "b"}})),
        ),
    ]
}

fn without_type() -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "new"}})
}

/// An empty PATCH, which answers with the data.
fn empty(name: &str) -> Call {
    metadata(&format!("secrets/{name}"), json!({}))
}
