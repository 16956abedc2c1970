//! What the `matchConditions` of the shipped webhook configuration let past
//! rolegate, and what they do not.
//!
//! Each condition has a table of requests: those it is there for, which go
//! through although rolegate does not answer, and their neighbours, the
//! requests a hostile tenant would send in their place, which do not. Every
//! request is sent at every door that has the condition, and once more in a
//! namespace without a label: there it succeeds, so what holds it up elsewhere
//! is the webhook and nothing else.
//!
//! `without_one.rs` tells which condition let a request past.

mod call;
mod cluster_door;
mod controllers;
mod everyday;
mod job_tracking;
mod lookalikes;
mod nodes;
mod people;
mod scene;
mod verdict;
mod without_one;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::Cluster;
use crate::harness::webhook::VALIDATING;

use call::Case;
use scene::{Place, Scene};

/// A webhook of the shipped configuration, and the mode label it serves.
#[derive(Debug, PartialEq, Eq)]
struct Door {
    webhook: &'static str,
    mode: Option<&'static str>,
}

const ENFORCE: Door = Door {
    webhook: "enforce.rolegate.dev",
    mode: Some("enforce"),
};
const WARN: Door = Door {
    webhook: "warn.rolegate.dev",
    mode: Some("warn"),
};
const AUDIT: Door = Door {
    webhook: "audit.rolegate.dev",
    mode: Some("audit"),
};
const CLUSTER: Door = Door {
    webhook: "cluster.rolegate.dev",
    mode: None,
};
const NAMESPACED: &[Door] = &[ENFORCE, WARN, AUDIT];

/// A test for each condition, and the list of what is tested.
macro_rules! conditions {
    ($($test:ident: $condition:literal at $doors:expr => $table:path;)*) => {
        $(#[test]
        fn $test() {
            check($condition, $doors, $table);
        })*

        const TESTED: &[(&str, &[Door])] = &[$(($condition, $doors)),*];
    };
}

conditions! {
    breakglass_lets_administrators_past_who_hold_it_cluster_wide:
        "breakglass" at NAMESPACED => people::breakglass;
    node_reports_lets_kubelets_tell_of_their_pods:
        "node-reports" at NAMESPACED => nodes::reports;
    node_tokens_lets_kubelets_renew_the_tokens_of_their_pods:
        "node-tokens" at NAMESPACED => nodes::tokens;
    scheduler_lets_it_bind_and_mark_pods:
        "scheduler" at NAMESPACED => nodes::scheduler;
    controllers_lets_those_clean_up_that_start_no_pod:
        "controllers" at NAMESPACED => controllers::namespaced;
    job_tracking_lets_a_job_turn_complete_and_changes_nothing_else:
        "job-tracking" at NAMESPACED => job_tracking::table;
    reviews_lets_questions_about_rights_past:
        "reviews" at NAMESPACED => everyday::reviews;
    noise_lets_events_and_leases_past:
        "noise" at NAMESPACED => everyday::noise;
    secret_data_keeps_all_secrets_but_token_secrets_in_the_api_server:
        "secret-data" at NAMESPACED => everyday::secret_data;
    breakglass_at_the_cluster_door:
        "breakglass" at &[CLUSTER] => cluster_door::breakglass;
    node_tokens_at_the_cluster_door:
        "node-tokens" at &[CLUSTER] => nodes::tokens;
    controllers_at_the_cluster_door:
        "controllers" at &[CLUSTER] => cluster_door::controllers;
    reserved_names_are_all_the_cluster_door_sees_of_kube_systems_accounts:
        "reserved-names" at &[CLUSTER] => cluster_door::reserved_names;
    secret_data_at_the_cluster_door:
        "secret-data" at &[CLUSTER] => cluster_door::secret_data;
}

/// Sends every request of a table at every door, and once where no door is.
fn check(condition: &str, doors: &[Door], table: fn(&Place) -> Vec<Case>) {
    let scene = Scene::get();
    let mut wrong = Vec::new();
    for door in doors {
        let place = scene.place(door.mode);
        let cases = table(place);
        assert!(
            cases.iter().any(Case::is_let_past) && cases.iter().any(Case::is_sent),
            "{condition}: a table needs what is let past and what is not"
        );
        wrong.extend(verdict::at_a_door(scene, place, door, condition, &cases));
    }
    if doors == NAMESPACED {
        let place = scene.place(None);
        wrong.extend(verdict::without_a_door(scene, place, &table(place)));
    }
    assert!(wrong.is_empty(), "{condition}:\n{}", wrong.join("\n"));
}

fn shipped_conditions() -> Vec<(String, Vec<Value>)> {
    let shipped = Cluster::shared().read_manifest(VALIDATING);
    let webhooks = shipped[0]["webhooks"].as_array().expect("webhooks");
    let of = |webhook: &Value| {
        let conditions = webhook["matchConditions"].as_array();
        (
            webhook["name"].as_str().unwrap_or_default().to_owned(),
            conditions.expect("every webhook has some").clone(),
        )
    };
    webhooks.iter().map(of).collect()
}

/// A condition that is added, renamed or removed makes this fail.
#[test]
fn every_condition_of_every_door_has_its_test() {
    let shipped: BTreeSet<(String, String)> = shipped_conditions()
        .into_iter()
        .flat_map(|(webhook, conditions)| {
            conditions.into_iter().map(move |condition| {
                let name = condition["name"].as_str().unwrap_or_default();
                (webhook.clone(), name.to_owned())
            })
        })
        .collect();
    let tested: BTreeSet<(String, String)> = TESTED
        .iter()
        .flat_map(|(condition, doors)| {
            doors
                .iter()
                .map(|door| (door.webhook.to_owned(), (*condition).to_owned()))
        })
        .collect();
    assert_eq!(shipped, tested);
}

#[test]
fn the_three_namespaced_doors_carry_the_same_conditions_word_for_word() {
    let shipped = shipped_conditions();
    let of = |door: &Door| {
        let found = shipped.iter().find(|(name, _)| name == door.webhook);
        &found
            .unwrap_or_else(|| panic!("no webhook {}", door.webhook))
            .1
    };
    for door in [WARN, AUDIT] {
        assert_eq!(of(&ENFORCE), of(&door), "{}", door.webhook);
    }
}
