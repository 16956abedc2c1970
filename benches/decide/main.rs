//! Measures the time of one decision in process, from bytes to answer.
//!
//! `cargo bench --bench decide` prints the median of many batches. Compare
//! figures of one run only: the machine's speed changes between runs. The last
//! lines compare two reviews or two policies, batch by batch in turn, and print
//! the ratio: the time of a review must not depend on the number of entries in
//! the policy, and escaped text must not be much slower than plain text.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

mod reviews;
mod slow;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use jiff::Timestamp;
use rolegate_core::decision::{Door, Scope, decide};
use rolegate_core::facts::Facts;
use rolegate_core::policy::{Policy, Strictness};
use rolegate_core::request::AdmissionReview;
use rolegate_core::write::Write;

use reviews::reviews;

const BATCHES: usize = 200;

fn main() {
    let policy = Policy::builtin();
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    if std::env::args().any(|argument| argument == "slow") {
        return slow::compare(now);
    }
    println!("{:<52}{:>10}{:>14}", "review", "bytes", "median");
    // An argument names the reviews to measure, by a part of their names.
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wanted = wanted.iter().find(|argument| !argument.starts_with('-'));
    for (name, body) in reviews() {
        if wanted.is_some_and(|part| !name.contains(part.as_str())) {
            continue;
        }
        measure(name, &body, |body| {
            black_box(decision(body, &policy, now));
        });
    }
    // The chains of a test case, and its driver as a real API server sent it.
    let read = |file| std::fs::read_to_string(file).unwrap();
    let chains = read("tests/cases/chain-profile/driver-without-the-required-profile/policy.yaml");
    let (policy, _) = Policy::parse("case", &chains, now, Strictness::Check).unwrap();
    let driver = read("benches/driver.json");
    let account = "emr-containers-sa-spark-driver-111122223333-";
    let other = driver.replace(account, &account.replace('-', "."));
    for (name, review) in [
        ("/mutate: a driver gets its profile", driver),
        ("/mutate: a pod that is not chained", other),
    ] {
        if wanted.is_some_and(|part| !name.contains(part.as_str())) {
            continue;
        }
        measure(name, &review, |body| {
            let review = AdmissionReview::parse(body).unwrap();
            let mutation = Write::new(&review.request, &policy).unwrap().mutation();
            black_box(mutation.unwrap().to_json(&review.uid, policy.hash));
        });
    }
    if wanted.is_none() {
        clusters(now);
        slow::compare(now);
    }
}

fn decision(body: &[u8], policy: &Policy, now: Timestamp) -> Vec<u8> {
    let review = AdmissionReview::parse(body).unwrap();
    let (scope, facts) = (Scope::of_door(Door::Enforce, policy), Facts::unknowable());
    let outcome = decide(&review.request, scope, policy, &facts, now).unwrap();
    let decision = outcome.decided().unwrap();
    decision.to_json(&review.uid)
}

fn measure(name: &str, body: &str, one: impl Fn(&[u8])) {
    let times = (0..BATCHES).map(|_| batch(body, &one)).collect();
    line(name, body, times);
}

/// The mean time of one call in a batch, in nanoseconds.
fn batch(body: &str, one: impl Fn(&[u8])) -> f64 {
    let batch = (2_000_000 / body.len()).clamp(1, 200);
    let start = Instant::now();
    for _ in 0..batch {
        one(black_box(body.as_bytes()));
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(batch).unwrap())
}

fn line(name: &str, body: &str, times: Vec<f64>) {
    let time = median(times) / 1000.0;
    println!("{name:<52}{:>10}{time:>11.1} µs", body.len());
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list[list.len() / 2]
}

/// Compares a review under a policy of 10 virtual clusters and under one of 10,000.
fn clusters(now: Timestamp) {
    let policies = [10, 10_000].map(|count| {
        let text = policy(count);
        Policy::parse("generated", &text, now, Strictness::Check)
            .unwrap()
            .0
    });
    let mut reviews = reviews().into_iter();
    let (allowed, driver) = reviews.next().unwrap();
    let (denied, tenant) = reviews.next().unwrap();
    let elsewhere = tenant.replace("spark-a", "spark-b");
    for (name, body) in [
        (format!("{allowed}, last entry"), driver),
        (format!("{denied}, no entry"), elsewhere),
    ] {
        let [mut few, mut many] = [const { Vec::new() }; 2];
        for _ in 0..BATCHES {
            let [one, other] = policies.each_ref().map(|policy| {
                batch(&body, |body| {
                    black_box(decision(body, policy, now));
                })
            });
            few.push(one);
            many.push(other);
        }
        let ratios = few
            .iter()
            .zip(&many)
            .map(|(few, many)| many / few)
            .collect();
        println!("{name}");
        line("  of 10 virtual clusters", &body, few);
        line("  of 10,000 virtual clusters", &body, many);
        println!("{:<52}{:>21.2}", "  ratio", median(ratios));
    }
}

/// A policy with `count` entries; the last one is for the reviews' namespace.
fn policy(count: usize) -> String {
    let mut text = "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters:\n".to_owned();
    for number in 1..=count {
        let namespace = if number == count {
            "spark-a".to_owned()
        } else {
            format!("n{number}")
        };
        writeln!(
            text,
            "- {{namespaces: [{namespace}], executionRoles: [arn:aws:iam::111122223333:role/*]}}"
        )
        .unwrap();
    }
    text
}
