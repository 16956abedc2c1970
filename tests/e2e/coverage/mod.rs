//! Everything a real API server serves is judged, or stands in the reviewed
//! list (`docs/coverage.md`) with the reason why it is not.
//!
//! | module | gives |
//! |---|---|
//! | `discovery` | what the API server serves |
//! | `ledger` | what the list says about it |
//! | `probes` | one dangerous request for every judged line |
//! | `forms` | the forms in which a verb arrives: patch types, apply, options in a body |
//! | `stage` | where they are sent: with rolegate, and without |

mod discovery;
mod forms;
mod ledger;
pub(crate) mod probes;
pub(crate) mod stage;

use std::collections::BTreeSet;

use crate::harness::Cluster;

use ledger::{Answer, Ledger};

const PAGE: &str = include_str!("../../../docs/coverage.md");

/// Connecting by `get` is the one read that admission sees.
fn reaches_admission(resource: &str, verb: &str) -> bool {
    let connects = ["/exec", "/attach", "/portforward", "/proxy"];
    match verb {
        "list" | "watch" => false,
        "get" => connects.iter().any(|end| resource.ends_with(end)),
        _ => true,
    }
}

fn served() -> BTreeSet<(String, String)> {
    discovery::served(Cluster::shared())
        .into_iter()
        .filter(|served| !served.custom)
        .flat_map(|served| {
            let name = served.name;
            let verbs = served.verbs.into_iter();
            verbs.map(move |verb| (name.clone(), verb))
        })
        .filter(|(resource, verb)| reaches_admission(resource, verb))
        .collect()
}

/// A new Kubernetes version with a new subresource fails here.
#[test]
fn everything_served_stands_in_the_list_and_nothing_else() {
    let served = served();
    let ledger = Ledger::read(PAGE, |resource, verb| {
        served.contains(&(resource.to_owned(), verb.to_owned()))
    });
    let listed: BTreeSet<_> = ledger.0.keys().cloned().collect();
    let missing: Vec<_> = served.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&served).collect();
    assert!(
        missing.is_empty(),
        "served, and not in docs/coverage.md: {missing:#?}"
    );
    assert!(
        gone.is_empty(),
        "in docs/coverage.md, and not served: {gone:#?}"
    );
}

/// Whatever the list calls judged works where rolegate is not, and is refused
/// by the rule that the list names, through the shipped configuration.
#[test]
fn everything_judged_is_judged() {
    let served = served();
    let ledger = Ledger::read(PAGE, |resource, verb| {
        served.contains(&(resource.to_owned(), verb.to_owned()))
    });
    let mut wrong = Vec::new();
    for ((resource, verb), answer) in &ledger.0 {
        let Answer::Judged(by) = answer else { continue };
        if let Err(why) = probe(resource, verb, by) {
            wrong.push(format!("{verb} {resource}, {by}: {why}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as docs/coverage.md says:\n{}",
        wrong.join("\n")
    );
}

/// Tries one line of the list, in every form, without and with rolegate.
pub(crate) fn probe(resource: &str, verb: &str, by: &str) -> Result<(), String> {
    let stage = stage::stage();
    let mut wrong = Vec::new();
    for (name, answer) in stage.attempt(stage.place(), resource, verb)? {
        let open = stage.without_rolegate(&name);
        let open = open.ok_or("tests/e2e/coverage/probes.rs has no dangerous request for it")?;
        // Connecting goes on to a node or a pod that is not there.
        let works = match open {
            200..300 => true,
            400 | 404 | 503 => resource.contains('/'),
            _ => false,
        };
        // A rule's id and a colon, or the name of a policy of ours: neither
        // stands in the advice that another rule gives.
        let said = match by.strip_prefix("rolegate-") {
            Some(guard) => answer.refused_by_guard(guard),
            None => answer.refused_by_webhook() && answer.message().contains(&format!("{by}: ")),
        };
        if !works {
            wrong.push(format!(
                "{name} does not even work without rolegate: {open}"
            ));
        } else if !said {
            wrong.push(format!("{name}: {} {}", answer.status, answer.body));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}
