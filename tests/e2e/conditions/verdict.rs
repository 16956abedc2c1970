//! Whether a request was sent to rolegate, and whether it should have been.

use std::collections::{BTreeSet, HashMap};

use crate::harness::http::Answer;
use crate::harness::wait;

use super::call::{Case, Then};
use super::scene::{AGENT, Place, Scene};
use super::{Door, without_one};

/// Sends the cases at a door; gives a line for each that went wrong.
pub(super) fn at_a_door(
    scene: &Scene,
    place: &Place,
    door: &Door,
    condition: &str,
    cases: &[Case],
) -> Vec<String> {
    let without = without_one::name(condition, door.webhook);
    let judge = |case: &Case, answer: &Answer, failed_open: &BTreeSet<String>| {
        let sent = failed_open.contains(door.webhook) || refused_for_want_of(answer, door);
        let admitted = admitted(case, answer);
        match case.then {
            Then::Past if sent => Err("was sent to rolegate"),
            Then::Past if !admitted => Err("was not sent, and failed all the same"),
            // It is this condition, no other, that lets it past.
            Then::Past if !failed_open.contains(&without) => Err("is let past by something else"),
            Then::Sent if !sent => Err("was let past"),
            // The Fail door alone refuses, the others must not.
            Then::Sent if admitted == (door == &super::ENFORCE) => Err("was sent, but then"),
            Then::Kubernetes(words)
                if !matches!(answer.status, 403 | 422) || !answer.body.contains(words) =>
            {
                Err("was not refused by Kubernetes in these words")
            }
            _ => Ok(()),
        }
    };
    let title = format!("at {}", door.webhook);
    all(scene, place, cases, &title, judge)
}

/// Where no door is, every request is admitted: the attacks work.
pub(super) fn without_a_door(scene: &Scene, place: &Place, cases: &[Case]) -> Vec<String> {
    let judge = |case: &Case, answer: &Answer, failed_open: &BTreeSet<String>| match case.then {
        Then::Kubernetes(_) => Ok(()),
        _ if !admitted(case, answer) => Err("does not work in the first place"),
        _ if super::NAMESPACED
            .iter()
            .any(|door| failed_open.contains(door.webhook)) =>
        {
            Err("was sent to a door that is not there")
        }
        _ => Ok(()),
    };
    all(scene, place, cases, "in a namespace without label", judge)
}

fn all(
    scene: &Scene,
    place: &Place,
    cases: &[Case],
    title: &str,
    judge: impl Fn(&Case, &Answer, &BTreeSet<String>) -> Result<(), &'static str>,
) -> Vec<String> {
    let answers: Vec<Answer> = cases
        .iter()
        .map(|case| scene.send(place, case.who, &case.call))
        .collect();
    let mut failed_open = failed_open(scene, &answers);
    cases
        .iter()
        .zip(&answers)
        .filter_map(|(case, answer)| {
            let failed_open = failed_open.remove(id(answer)).unwrap_or_default();
            let wrong = judge(case, answer, &failed_open).err()?;
            Some(format!(
                "{title}: {case}\n    {wrong}: {} {}",
                answer.status,
                answer.message()
            ))
        })
        .collect()
}

fn admitted(case: &Case, answer: &Answer) -> bool {
    // Without a kubelet a connection fails, but after admission.
    let webhook = answer.body.contains("webhook");
    matches!(answer.status, 200 | 201) || case.call.connects && !webhook && answer.status != 403
}

/// The Fail door's way to say that rolegate did not answer. A condition that
/// cannot be evaluated is refused as well, but with other words.
fn refused_for_want_of(answer: &Answer, door: &Door) -> bool {
    let words = format!("failed calling webhook \"{}\"", door.webhook);
    answer.status == 500 && answer.message().contains(&words)
}

fn id(answer: &Answer) -> &str {
    let header = answer.headers.iter().find(|(name, _)| name == "audit-id");
    header.map_or("", |(_, id)| id)
}

/// For each request, the webhooks that the audit log says failed open: those
/// with `Ignore` that were called.
pub(super) fn failed_open(scene: &Scene, answers: &[Answer]) -> HashMap<String, BTreeSet<String>> {
    let wanted: BTreeSet<&str> = answers.iter().map(id).collect();
    wait::until("the audit log to hold every request", || {
        let events = scene.cluster.audit_events(AGENT, |event| {
            event["auditID"]
                .as_str()
                .is_some_and(|id| wanted.contains(id))
        });
        let found: HashMap<String, BTreeSet<String>> = events
            .iter()
            .map(|event| {
                let id = event["auditID"].as_str().unwrap_or_default().to_owned();
                let annotations = event["annotations"].as_object().into_iter().flatten();
                let webhooks = annotations
                    .filter(|(key, _)| key.starts_with("failed-open.validating."))
                    .filter_map(|(_, name)| name.as_str().map(str::to_owned));
                (id, webhooks.collect())
            })
            .collect();
        (found.len() == wanted.len())
            .then_some(found)
            .ok_or_else(|| format!("some of {wanted:?} are missing"))
    })
}
