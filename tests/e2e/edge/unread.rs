//! What no rule reads is gone over by its quotes and brackets, 64 bytes at a
//! time. Whatever stands there, as the API server writes it, the service
//! account behind it is seen.

use serde_json::{Value, json};

use crate::harness::Namespace;
use crate::harness::accounts::pod;
use crate::harness::cast::{OTHER_ROLE, becomes, job_account};
use crate::harness::refusal::{ACCOUNTS, assert_refused};
use crate::harness::road::Road;
use crate::harness::webhook::guarded;

fn behind(length: usize, account: &str) -> Value {
    let mut object = pod("behind", account);
    let hostile = format!("{}\\\"}}]}}{{[\"\\", "x".repeat(length));
    object["metadata"]["managedFields"] = json!([{
        "manager": "e2e", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, format!("f:{hostile}"): {}}}},
    }]);
    object["spec"]["containers"][0]["args"] = json!([hostile, "\\", "\"", "}", hostile]);
    // Decoys: fields' own names and what begins like them, where they are keys.
    object["spec"]["nodeSelector"] =
        json!({"serviceAccountName": "default", "serviceAccountNam": "a", "name": "b"});
    object
}

#[test]
fn behind_parts_that_nobody_reads() {
    let cluster = guarded().cluster;
    let driver = job_account("driver", OTHER_ROLE);
    let open = Namespace::unmanaged(cluster);
    let enforced = Namespace::labelled(cluster, "enforce");
    for namespace in [&open, &enforced] {
        namespace.service_account(&driver);
    }
    let seen = format!(
        "alice may not start pod <ns>/behind under service account {driver}: that service account {} (at spec.serviceAccountName).",
        becomes(OTHER_ROLE)
    );
    for length in 0..66 {
        let road = Road::create("v1", "pods", &behind(length, &driver)).dry();
        let answer = road.by(cluster.alice(), &enforced);
        assert_refused(&answer, &enforced, ACCOUNTS, &seen);
    }
    // Nothing else is wrong with any of them.
    for length in [0, 65] {
        let road = Road::create("v1", "pods", &behind(length, &driver)).dry();
        road.by(cluster.alice(), &open).expect_status(201);
        let road = Road::create("v1", "pods", &behind(length, "default")).dry();
        road.by(cluster.alice(), &enforced).expect_status(201);
    }
}
