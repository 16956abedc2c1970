//! Custom resources of every kind that an operator turns into pods, and of one
//! that nobody has heard of.

use serde_json::{Value, json};

use super::custom_kinds::{self, CASES, Case};
use super::pair::{Pair, account, becomes};
use super::refusal::{ACCOUNTS, assert_refused};
use super::road::Road;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE};

/// Custom resources need no service account to exist, so none is made.
fn pair() -> Pair {
    custom_kinds::install();
    Pair::new(|_| ())
}

fn seen(case: &Case, verb: &str, name: &str) -> String {
    format!(
        "alice may not {verb} {} <ns>/{name} under service account {}: {} (at {}).",
        case.kind,
        account("driver"),
        becomes(),
        case.path
    )
}

fn apply(case: &Case, name: &str, spec: &Value) -> Road {
    let rest = format!("{}/{name}", case.plural);
    Road::patch(case.group_version, rest, APPLY, &case.object(name, spec))
        .query("fieldManager=e2e&force=true")
}

#[test]
fn none_is_made_under_a_jobs_account() {
    let pair = pair();
    for (index, case) in CASES.iter().enumerate() {
        let spec = case.spec(&account("driver"));
        let (posted, applied) = (format!("posted-{index}"), format!("applied-{index}"));
        let create = Road::create(
            case.group_version,
            case.plural,
            &case.object(&posted, &spec),
        );
        pair.closed(&create.dry(), 201, ACCOUNTS, &seen(case, "create", &posted));
        pair.closed(&create, 201, ACCOUNTS, &seen(case, "create", &posted));
        let road = apply(case, &applied, &spec);
        pair.closed(&road, 201, ACCOUNTS, &seen(case, "create", &applied));
    }
}

#[test]
fn none_is_turned_to_a_jobs_account() {
    let pair = pair();
    for (index, case) in CASES.iter().enumerate() {
        let spec = case.spec(&account("driver"));
        let own = format!("own-{index}");
        // One that names nobody is a tenant's own business, until it does.
        let harmless = case.object(&own, &json!({"replicas": 1}));
        for namespace in [&pair.open, &pair.enforced] {
            Road::create(case.group_version, case.plural, &harmless)
                .by(pair.cluster().alice(), namespace)
                .expect_status(201);
        }
        let rest = format!("{}/{own}", case.plural);
        let patch =
            |content_type, patch| Road::patch(case.group_version, &rest, content_type, &patch);
        let replace = json!([{"op": "replace", "path": "/spec", "value": spec}]);
        for road in [
            patch(JSON_PATCH, replace).dry(),
            apply(case, &own, &spec).dry(),
            patch(MERGE, json!({"spec": spec})).dry(),
            patch(MERGE, json!({"spec": spec})),
        ] {
            pair.closed(&road, 200, ACCOUNTS, &seen(case, "change", &own));
        }
    }
}

/// Whoever may not name the account may not steer what runs under it either;
/// but status writes, labels and writes that change nothing pass.
#[test]
fn of_one_that_runs_under_a_jobs_account_only_the_work_is_kept() {
    let pair = pair();
    let cluster = pair.cluster();
    let (alice, namespace) = (cluster.alice(), &pair.enforced);
    for (index, case) in CASES.iter().enumerate() {
        let name = format!("emrs-{index}");
        let object = case.object(&name, &case.spec(&account("driver")));
        Road::create(case.group_version, case.plural, &object)
            .by(cluster.admin(), namespace)
            .expect_status(201);
        let rest = format!("{}/{name}", case.plural);
        let stored = cluster.get(&namespace.group(case.group_version, &rest));
        let patch =
            |content_type, patch| Road::patch(case.group_version, &rest, content_type, &patch);
        let status = json!({"status": {"state": "RUNNING"}});
        for road in [
            Road::new("PUT", case.group_version, &*rest).json(&stored),
            patch(MERGE, json!({})),
            patch(JSON_PATCH, json!([])),
            patch(MERGE, json!({"metadata": {"labels": {"a": "b"}}})),
            Road::patch(case.group_version, format!("{rest}/status"), MERGE, &status),
        ] {
            road.by(alice, namespace).expect_status(200);
        }
        let steered = patch(
            MERGE,
            json!({"spec": {"mainApplicationFile": "s3://mine/x.py"}}),
        );
        let seen = seen(case, "change", &name);
        assert_refused(&steered.by(alice, namespace), namespace, ACCOUNTS, &seen);
    }
}

/// Some operators take what to run from the status.
#[test]
fn the_status_names_no_account_either() {
    let pair = pair();
    let argo = "argoproj.io/v1alpha1";
    let workflow =
        json!({"apiVersion": argo, "kind": "Workflow", "metadata": {"name": "w"}, "spec": {}});
    for namespace in [&pair.open, &pair.enforced] {
        Road::create(argo, "workflows", &workflow)
            .by(pair.cluster().alice(), namespace)
            .expect_status(201);
    }
    let status =
        json!({"status": {"storedTemplates": {"a": {"serviceAccountName": account("driver")}}}});
    pair.closed(
        &Road::patch(argo, "workflows/w/status", MERGE, &status),
        200,
        ACCOUNTS,
        &format!(
            "alice may not change Workflow <ns>/w under service account {}: {} (at status.storedTemplates.a.serviceAccountName).",
            account("driver"),
            becomes()
        ),
    );
}
