//! The shipped configuration with nobody at its address, and a second one that
//! tells which condition lets a request past.
//!
//! The second holds each shipped webhook once for each of its conditions,
//! without that condition, with `Ignore`. It stops nothing; but a request that
//! one condition alone keeps from a door is sent to that door's copy without
//! it, and the audit log says so.

use serde_json::{Value, json};

use crate::harness::webhook::VALIDATING;
use crate::harness::{Cluster, dirs};

/// The copy of `webhook` that lacks `condition`.
pub(super) fn name(condition: &str, webhook: &str) -> String {
    format!("without-{condition}.{webhook}")
}

/// Installs both; gives the names of the copies.
pub(super) fn install(cluster: &Cluster) -> Vec<String> {
    let mut shipped = cluster.read_manifest(VALIDATING).remove(0);
    let nobody = dirs::free_port();
    let webhooks = shipped["webhooks"].as_array_mut().expect("webhooks");
    for webhook in webhooks.iter_mut() {
        webhook["clientConfig"] = json!({"url": format!("https://127.0.0.1:{nobody}")});
    }
    let copies: Vec<Value> = webhooks.iter().flat_map(copies_of).collect();
    let names = copies.iter().map(|copy| text(&copy["name"])).collect();
    let mut second = shipped.clone();
    second["metadata"]["name"] = "without-one".into();
    second["webhooks"] = copies.into();
    cluster.apply_as_admin(&shipped);
    cluster.apply_as_admin(&second);
    names
}

fn copies_of(webhook: &Value) -> Vec<Value> {
    let conditions = webhook["matchConditions"].as_array().expect("conditions");
    let copy = |left_out: &Value| {
        let mut copy = webhook.clone();
        copy["name"] = name(&text(&left_out["name"]), &text(&webhook["name"])).into();
        copy["failurePolicy"] = "Ignore".into();
        let mut others = conditions.clone();
        others.retain(|condition| condition != left_out);
        copy["matchConditions"] = others.into();
        copy
    };
    conditions.iter().map(copy).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
