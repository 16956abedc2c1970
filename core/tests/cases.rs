//! The case folders: `cases/<rule>/<case>/`, each with one input, `expected.json`
//! and, where the built-in policy will not do, `policy.yaml`.
//!
//! | file | holds |
//! |---|---|
//! | `request.json` | an AdmissionReview as an API server sent it (or would), judged behind the enforce door |
//! | `access.json` | a `SubjectAccessReview`, judged as the authorization door does: denied, or `null` for no opinion; its namespace enforces unless `cluster.yaml` says otherwise |
//! | `event.json` | an event of an audit log; `old.json` beside it is the stored object that an update replaced or a delete removed |
//! | `cluster.yaml` | the objects that lie in the cluster: what rules ask for and do not find here is absent |
//!
//! `UPDATE_EXPECTED=1 cargo test -p rolegate-core --test cases` rewrites
//! `expected.json`; read the diff before you commit it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a failed step fails the test; values read better where they are used once"
)]
#![allow(
    unreachable_pub,
    reason = "support is a module of test crates, not an API"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rolegate_core::decision::{Door, Outcome, Scope, decide, judge_access};
use rolegate_core::facts::{Facts, Known, Need};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::document::{self, Wrap};
use rolegate_core::request::{
    Access, AccessReview, AdmissionReview, AuditEvent, Judgeable, Object, Operation, Request,
    ReviewError, SampleUser, Stored, Version,
};
use rolegate_core::rules::RULES;
use serde_json::{Value, json};

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

#[test]
fn every_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for rule in folders(&root) {
        let cases = folders(&rule);
        assert!(!cases.is_empty(), "{} has no case", rule.display());
        for case in cases {
            let got = judge(&case);
            let file = case.join("expected.json");
            if update {
                fs::write(&file, format!("{got:#}\n")).expect("written");
            }
            let expected: Value =
                serde_json::from_slice(&fs::read(&file).expect("expected.json")).expect("JSON");
            if got != expected {
                wrong.push(format!(
                    "{}\ngot {got:#}\nexpected {expected:#}",
                    case.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_rule_has_cases_that_refuse_and_cases_that_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    for rule in RULES {
        let cases = folders(&root.join(rule.about().id.as_str()));
        let refused = cases
            .iter()
            .filter(|case| judge(case)["allowed"] == json!(false))
            .count();
        assert!(
            refused > 0 && refused < cases.len(),
            "{}: {refused} of {}",
            rule.about().id,
            cases.len()
        );
    }
}

fn judge(case: &Path) -> Value {
    let read = |file: &str| fs::read_to_string(case.join(file)).ok();
    let policy = read("policy.yaml").map_or_else(Policy::builtin, |text| support::policy(&text));
    let cluster = read("cluster.yaml").map(|text| manifests(&text));
    let fail = |error: &dyn std::fmt::Display| -> ! { panic!("{}: {error}", case.display()) };
    match (
        read("request.json"),
        read("access.json"),
        read("event.json"),
    ) {
        (Some(body), None, None) => {
            let review = AdmissionReview::parse(body.as_bytes()).unwrap_or_else(|e| fail(&e));
            write(&review.request, &policy, cluster.as_deref()).unwrap_or_else(|e| fail(&e))
        }
        (None, Some(text), None) => {
            let review = AccessReview::parse(text.as_bytes()).unwrap_or_else(|e| fail(&e));
            match review.access {
                Some(question) => access(&question, &policy, cluster.as_deref()),
                None => json!({ "allowed": null }),
            }
        }
        (None, None, Some(text)) => {
            let event = AuditEvent::parse(&text).unwrap_or_else(|e| fail(&e));
            let event = event.expect("an event about a resource");
            let old = read("old.json");
            let old = old
                .as_deref()
                .map(|old| Object::new(Raw::parse(old).expect("JSON"), Version::Old));
            match event.judgeable(old) {
                Judgeable::Write(request) => {
                    write(&request, &policy, cluster.as_deref()).unwrap_or_else(|e| fail(&e))
                }
                Judgeable::Access(question) => access(&question, &policy, cluster.as_deref()),
            }
        }
        _ => fail(&"give one of request.json, access.json and event.json"),
    }
}

/// Behind the enforce door, twice where the rules need facts of the cluster.
fn write(
    request: &Request<'_>,
    policy: &Policy,
    cluster: Option<&[String]>,
) -> Result<Value, ReviewError> {
    let scope = Scope::of_door(Door::Enforce, policy);
    let decision = match cluster {
        None => support::judge(request, Door::Enforce, policy)?,
        Some(manifests) => {
            let first = decide(request, scope, policy, &Facts::none_yet(), support::now())?;
            match first {
                Outcome::Decided(decision) => decision,
                Outcome::Needs(needs) => {
                    let mut stored = stored(manifests);
                    let lists: Vec<(Need, String)> = needs
                        .iter()
                        .filter(|need| need.is_list())
                        .map(|need| (need.clone(), listed(need, &stored)))
                        .collect();
                    for (need, text) in &lists {
                        let raw = Raw::parse(text).expect("a list");
                        stored.insert(need.clone(), need.stored(raw));
                    }
                    let facts = Facts::found(needs.into_iter().map(|need| {
                        let known = stored.get(&need);
                        let age = std::time::Duration::ZERO;
                        (
                            need,
                            known.map_or(Known::Absent(age), |one| Known::Is(one, age)),
                        )
                    }));
                    let second = decide(request, scope, policy, &facts, support::now())?;
                    second.decided().expect("there is no third round")
                }
            }
        }
    };
    let judged = decision.judged.iter().map(|judged| &judged.finding);
    let mut value = json!({
        "allowed": decision.allowed(),
        "class": decision.class.as_str(),
        "findings": judged.map(|finding| json!({
            "rule": finding.rule,
            "act": finding.act,
            "at": finding.at.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "key": finding.key,
        })).collect::<Vec<_>>(),
    });
    if !decision.pods_to_come.is_empty() {
        value["podsToCome"] = json!(decision.pods_to_come);
    }
    if !decision.skipped.is_empty() {
        let skipped = decision.skipped.iter();
        value["skipped"] = skipped.map(|one| one.rule.to_string()).collect();
    }
    Ok(value)
}

/// At the authorization door, which denies or has no opinion.
fn access(question: &Access<'_>, policy: &Policy, cluster: Option<&[String]>) -> Value {
    let enforces = manifests(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: any, labels: {rolegate.dev/mode: enforce}}",
    );
    let first = judge_access(question, policy, &Facts::none_yet(), support::now());
    let decision = match first {
        Outcome::Decided(decision) => decision,
        Outcome::Needs(needs) => {
            let stored = stored(cluster.unwrap_or(&enforces));
            let facts = Facts::found(needs.into_iter().map(|need| {
                let known = match cluster {
                    // A manifest's namespace is that of its wrapping, of a Namespace too.
                    Some(_) => stored
                        .iter()
                        .find(|(one, _)| (&one.resource, &one.name) == (&need.resource, &need.name))
                        .map(|(_, stored)| stored),
                    None => stored.values().next(),
                };
                let age = std::time::Duration::ZERO;
                (
                    need,
                    known.map_or(Known::Absent(age), |one| Known::Is(one, age)),
                )
            }));
            let second = judge_access(question, policy, &facts, support::now());
            second.decided().expect("there is no third round")
        }
    };
    let judged = decision.judged.iter();
    let mut value = json!({
        "allowed": decision.allowed().then_some(Value::Null).unwrap_or(json!(false)),
        "class": decision.class.as_str(),
        "findings": judged.map(|judged| json!({
            "rule": judged.finding.rule,
            "act": judged.finding.act,
        })).collect::<Vec<_>>(),
    });
    if !decision.judged.is_empty() && decision.allowed() {
        value["effect"] = json!(decision.outcome());
    }
    if !decision.allowed() && cluster.is_some() {
        let message = decision.message();
        // Without the hash of the policy.
        value["reason"] = json!(message.split(" (policy ").next());
    }
    value
}

/// The objects of `cluster.yaml`, each in the review that would create it.
fn manifests(text: &str) -> Vec<String> {
    let documents = document::split(text.as_bytes()).expect("cluster.yaml");
    let wrap = Wrap {
        user: SampleUser::person("", &[]),
        namespace: "spark-a".into(),
        operation: Operation::Create,
        old: None,
        name: None,
    };
    documents
        .into_iter()
        .map(|document| document.into_review(&wrap).expect("an object").review)
        .collect()
}

/// The list that an API server would give of these objects.
fn listed(need: &Need, stored: &BTreeMap<Need, Stored<'_>>) -> String {
    let items: Vec<&str> = stored
        .iter()
        .filter(|(one, _)| (&one.group, &one.resource) == (&need.group, &need.resource))
        .filter(|(one, _)| need.namespace.is_empty() || one.namespace == need.namespace)
        .map(|(_, stored)| stored.object.raw().get())
        .collect();
    format!("{{\"items\":[{}]}}", items.join(","))
}

fn stored(manifests: &[String]) -> BTreeMap<Need, Stored<'_>> {
    let reviews = manifests
        .iter()
        .map(|text| AdmissionReview::parse(text.as_bytes()).expect("a manifest"));
    reviews
        .filter_map(|review| review.request.into_stored())
        .map(|stored| {
            let target = &stored.target;
            let need = Need::object(
                target.group(),
                &target.resource.version,
                target.resource(),
                target.namespace(),
                &target.name,
            );
            (need, stored)
        })
        .collect()
}
