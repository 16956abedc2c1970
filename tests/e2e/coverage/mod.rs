//! Everything a real API server serves is judged, or stands in the reviewed
//! table (`facts/surface`, printed as `docs/coverage.md`) with the reason why it
//! is not.
//!
//! | module | gives |
//! |---|---|
//! | `discovery` | what the API server serves |
//! | `probes` | one dangerous request for every judged line |
//! | `rights` | the same for roles and bindings |
//! | `forms` | the forms in which a verb arrives: patch types, apply, options in a body |
//! | `stage` | where they are sent: with rolegate, and without |

mod discovery;
mod forms;
pub(crate) mod probes;
mod rights;
pub(crate) mod stage;

use std::collections::BTreeSet;

use rolegate_core::facts::surface::{self, Answer, Row, Verb};

use crate::harness::Cluster;

/// Resource and verb, of everything an API server serves by itself.
fn served() -> BTreeSet<(String, String)> {
    discovery::served(Cluster::shared())
        .into_iter()
        .filter(|served| !served.custom)
        .flat_map(|served| {
            let name = served.name;
            let verbs = served.verbs.into_iter();
            verbs.map(move |verb| (name.clone(), verb))
        })
        .collect()
}

/// The row that answers for a resource as discovery names it.
fn answering(name: &str, verb: &str) -> Option<&'static Row> {
    let (base, subresource) = name.split_once('/').unwrap_or((name, ""));
    let (resource, group) = base.split_once('.').unwrap_or((base, ""));
    surface::find(group, resource, subresource, Verb::parse(verb)?)
}

/// A new Kubernetes version with a new subresource fails here.
#[test]
fn everything_served_stands_in_the_table_and_nothing_else() {
    let served = served();
    let missing: Vec<_> = served
        .iter()
        .filter(|(name, verb)| answering(name, verb).is_none())
        .collect();
    assert!(
        missing.is_empty(),
        "served, and not in facts/surface: {missing:#?}"
    );
    let listed = surface::served().flat_map(|row| {
        let verbs = row.verbs.iter();
        verbs.map(move |verb| (row.to_string(), verb.as_str().to_owned()))
    });
    let gone: Vec<_> = listed.filter(|line| !served.contains(line)).collect();
    assert!(
        gone.is_empty(),
        "in facts/surface, and not served: {gone:#?}"
    );
}

/// A default for what nobody has looked at would hide it from the test above.
#[test]
fn nothing_that_admission_sees_is_answered_by_a_default() {
    let connects = ["/exec", "/attach", "/portforward", "/proxy"];
    for (name, verb) in served() {
        let reads = Verb::parse(&verb).is_some_and(Verb::is_read);
        if reads && !connects.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let row = answering(&name, &verb);
        assert!(
            row.is_some_and(|row| row.to_string() == name),
            "{verb} {name}: {row:?}"
        );
    }
}

/// Whatever the table calls judged works where rolegate is not, and is refused
/// by the first rule that the table names, through the shipped configuration.
#[test]
fn everything_judged_is_judged() {
    let mut wrong = Vec::new();
    for row in surface::served() {
        let Answer::Judged { by: [by, ..], .. } = row.answer else {
            continue;
        };
        // Judged by the workload, which rolegate cannot look up here: `lookups/scaling`.
        if row.subresource == "scale" || row.resource == "horizontalpodautoscalers" {
            continue;
        }
        for verb in row.verbs.iter() {
            let (name, verb, by) = (row.to_string(), verb.as_str(), by.as_str());
            if let Err(why) = probe(&name, verb, by) {
                wrong.push(format!("{verb} {name}, {by}: {why}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "not as facts/surface says:\n{}",
        wrong.join("\n")
    );
}

/// Tries one line of the table, in every form, without and with rolegate.
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
