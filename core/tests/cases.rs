//! The case folders: `cases/<rule>/<case>/{request.json, policy.yaml,
//! expected.json}`, each a request as an API server sent it (or would), and
//! what rolegate makes of it behind the enforce door.
//!
//! `UPDATE_EXPECTED=1 cargo test --test cases` rewrites `expected.json`; read
//! the diff before you commit it.

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

use std::fs;
use std::path::{Path, PathBuf};

use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
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
    let policy = match fs::read_to_string(case.join("policy.yaml")) {
        Ok(text) => support::policy(&text),
        Err(_) => Policy::builtin(),
    };
    let body = fs::read(case.join("request.json")).expect("request.json");
    let review =
        AdmissionReview::parse(&body).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let decision = support::judge(&review.request, Door::Enforce, &policy)
        .unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    let judged = decision.judged.iter().map(|judged| &judged.finding);
    json!({
        "allowed": decision.allowed(),
        "class": decision.class.as_str(),
        "findings": judged.map(|finding| json!({
            "rule": finding.rule,
            "act": finding.act,
            "at": finding.at.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "key": finding.key,
        })).collect::<Vec<_>>(),
    })
}
