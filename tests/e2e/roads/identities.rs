//! Tokens, service accounts and what a controller makes pods of: the roads to a
//! job's identity that start no pod by hand.

use serde_json::{Value, json};

use super::pair::{Pair, account, becomes};
use super::refusal::{IDENTITIES, REVISIONS, TOKENS, assert_refused};
use super::road::Road;
use crate::harness::audit::annotation;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

const BOUND: &str = "eks.amazonaws.com/role-arn";

/// Both namespaces with a job's service account and one of a tenant's own.
fn pair() -> Pair {
    Pair::new(|namespace| {
        namespace.service_account(&account("driver"));
        namespace.annotated_service_account(
            "app",
            &json!({BOUND: "arn:aws:iam::111122223333:role/app"}),
        );
    })
}

fn token_request(account: &str, spec: &Value) -> Road {
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
    Road::create("v1", format!("serviceaccounts/{account}/token"), &request)
}

#[test]
fn nobody_requests_a_jobs_token() {
    let pair = pair();
    let driver = account("driver");
    for spec in [
        json!({}),
        json!({"audiences": ["sts.amazonaws.com"]}),
        json!({"audiences": ["vault"], "expirationSeconds": 600}),
    ] {
        let road = token_request(&driver, &spec);
        let seen = format!(
            "alice may not request a token for service account <ns>/{driver}: {}",
            becomes()
        );
        pair.closed(&road, 201, TOKENS, &seen);
        pair.closed(&road.dry(), 201, TOKENS, &seen);
    }
    pair.closed(
        &token_request("app", &json!({"audiences": ["sts.amazonaws.com"]})),
        201,
        TOKENS,
        "alice may not request a token for service account <ns>/app with the AWS audience sts.amazonaws.com",
    );
    for spec in [json!({}), json!({"audiences": ["vault"]})] {
        token_request("app", &spec)
            .by(pair.cluster().alice(), &pair.enforced)
            .expect_status(201);
    }
}

fn secret(name: &str, account: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
        "metadata": {"name": name, "annotations": {"kubernetes.io/service-account.name": account}},
    })
}

#[test]
fn nobody_has_kubernetes_fill_a_secret_with_a_jobs_token() {
    let pair = pair();
    let driver = account("driver");
    let create = Road::create("v1", "secrets", &secret("borrowed", &driver));
    let seen = format!(
        "alice may not create Secret <ns>/borrowed for the token of service account {driver}: {}",
        becomes()
    );
    pair.closed(&create.dry(), 201, TOKENS, &seen);
    pair.closed(&create, 201, TOKENS, &seen);
    for namespace in [&pair.open, &pair.enforced] {
        Road::create("v1", "secrets", &secret("mine", "default"))
            .by(pair.cluster().alice(), namespace)
            .expect_status(201);
    }
    let turned =
        json!({"metadata": {"annotations": {"kubernetes.io/service-account.name": driver}}});
    let seen = format!(
        "alice may not reassign Secret <ns>/mine to the token of service account {driver}: {}",
        becomes()
    );
    for content_type in [MERGE, STRATEGIC] {
        let road = Road::patch("v1", "secrets/mine", content_type, &turned);
        pair.closed(&road.dry(), 200, TOKENS, &seen);
    }
}

#[test]
fn a_pod_of_ones_own_gets_no_token_for_aws() {
    let pair = pair();
    let pod = |audience: &str| {
        let mut pod = crate::harness::accounts::pod("notebook", "default");
        pod["spec"]["volumes"] = json!([{"name": "t", "projected": {"sources": [
            {"serviceAccountToken": {"path": "token", "audience": audience}},
        ]}}]);
        Road::create("v1", "pods", &pod).dry()
    };
    for audience in ["sts.amazonaws.com", "pods.eks.amazonaws.com", "vault"] {
        let seen = format!(
            "alice may not give Pod <ns>/notebook a token of service account default for {audience} (at spec.volumes[0]"
        );
        pair.closed(&pod(audience), 201, TOKENS, &seen);
    }
    pod("istio-ca")
        .by(pair.cluster().alice(), &pair.enforced)
        .expect_status(201);
}

#[test]
fn service_accounts_that_become_roles() {
    let pair = pair();
    let driver = account("driver");
    let executor = account("executor");
    let new = |name: &str| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let generated = json!({"metadata": {"generateName": "emr-containers-sa-"}});
    let one = format!("serviceaccounts/{driver}");
    let pull = json!({"imagePullSecrets": [{"name": "s"}]});
    let becomes = |verb: &str, name: &str| {
        format!(
            "alice may not {verb} ServiceAccount <ns>/{name}: that service account becomes the IAM role"
        )
    };
    for (road, open, seen) in [
        (
            Road::create("v1", "serviceaccounts", &new(&executor)),
            201,
            becomes("create", &executor),
        ),
        (
            Road::patch(
                "v1",
                format!("serviceaccounts/{executor}"),
                APPLY,
                &new(&executor),
            )
            .query("fieldManager=e2e"),
            201,
            becomes("create", &executor),
        ),
        (
            Road::create("v1", "serviceaccounts", &generated),
            201,
            "alice may not create ServiceAccount <ns>/emr-containers-sa-".to_owned(),
        ),
        (
            Road::patch("v1", &*one, MERGE, &pull),
            200,
            becomes("change", &driver),
        ),
        (
            Road::new("DELETE", "v1", &*one),
            200,
            becomes("delete", &driver),
        ),
    ] {
        pair.closed(&road.dry(), open, IDENTITIES, &seen);
    }
    // One DELETE an object, in which the name stands in the stored object only.
    let all = Road::new("DELETE", "v1", "serviceaccounts")
        .query(&format!("fieldSelector=metadata.name%3D{driver}"));
    pair.closed(&all.dry(), 200, IDENTITIES, &becomes("delete", &driver));
}

#[test]
fn bindings_of_any_service_account() {
    let pair = pair();
    let arn = "arn:aws:iam::111122223333:role/team-b-etl";
    let bound = |value: Value| json!({"metadata": {"annotations": {BOUND: value}}});
    let at = format!("annotation {BOUND} (at metadata.annotations[");
    for (name, patch, verb) in [
        ("default", bound(json!(arn)), "sets its"),
        ("app", bound(json!(arn)), "changes its"),
        ("app", bound(Value::Null), "removes its"),
    ] {
        let seen = format!("alice may not change ServiceAccount <ns>/{name}: that {verb} {at}");
        let road = Road::patch("v1", format!("serviceaccounts/{name}"), MERGE, &patch);
        pair.closed(&road.dry(), 200, IDENTITIES, &seen);
    }
    let alice = pair.cluster().alice();
    for (content_type, patch) in [
        (MERGE, json!({})),
        (JSON_PATCH, json!([])),
        (MERGE, json!({"metadata": {"labels": {"a": "b"}}})),
    ] {
        Road::patch("v1", "serviceaccounts/app", content_type, &patch)
            .by(alice, &pair.enforced)
            .expect_status(200);
    }
}

#[test]
fn controller_revisions() {
    let pair = pair();
    let revision = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": {"name": "web-1"},
        "revision": 1, "data": {"spec": {"template": {"spec": {"containers": [{"image": "evil"}]}}}},
    });
    let create = Road::create("apps/v1", "controllerrevisions", &revision);
    pair.closed(
        &create.dry(),
        201,
        REVISIONS,
        "alice may not create ControllerRevision <ns>/web-1, from which a controller makes pods",
    );
    for namespace in [&pair.open, &pair.enforced] {
        create
            .by(pair.cluster().admin(), namespace)
            .expect_status(201);
    }
    let one = "controllerrevisions/web-1";
    let patch = Road::patch("apps/v1", one, MERGE, &json!({"revision": 2}));
    pair.closed(
        &patch,
        200,
        REVISIONS,
        "alice may not change ControllerRevision",
    );
    let delete = Road::new("DELETE", "apps/v1", one);
    pair.closed(
        &delete,
        200,
        REVISIONS,
        "alice may not delete ControllerRevision",
    );
    let stored = pair.enforced.group("apps/v1", one);
    assert_eq!(pair.cluster().get(&stored)["revision"], 1);
}

/// Where nobody labelled the namespace the cluster door sees reserved names,
/// and, as shipped, records.
#[test]
fn reserved_names_in_other_namespaces_are_recorded() {
    let pair = pair();
    let name = account("client");
    let road = Road::create(
        "v1",
        "serviceaccounts",
        &json!({"metadata": {"name": name}}),
    );
    road.by(pair.cluster().alice(), &pair.open)
        .expect_status(201);
    let events = pair.open.wait_for_audit("the creation", |event| {
        event["verb"] == "create" && event["objectRef"]["name"] == name.as_str()
    });
    let said = annotation(&events[0], "cluster.rolegate.dev/service-account-identity");
    assert!(
        said.is_some_and(|said| said.contains("becomes the IAM role")),
        "{events:#?}"
    );
    let answer = road.by(pair.cluster().alice(), &pair.enforced);
    assert_refused(
        &answer,
        &pair.enforced,
        IDENTITIES,
        &format!("alice may not create ServiceAccount <ns>/{name}"),
    );
}
