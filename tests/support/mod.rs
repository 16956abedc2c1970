//! Reviews as an API server sends them, and identities as they really arrive.

#![allow(dead_code, reason = "each test crate uses its part of it")]

pub mod chain;

use rolegate::decision::{Door, decide};
use rolegate::policy::{Policy, Strictness};
use rolegate::review::Request;
use serde_json::{Value, json};

pub const NOW: &str = "2026-11-22T12:00:00Z";

pub fn now() -> jiff::Timestamp {
    NOW.parse().expect("a time")
}

pub fn policy(text: &str) -> Policy {
    Policy::parse("test", text, now(), Strictness::Check)
        .unwrap_or_else(|error| panic!("{error}"))
        .0
}

/// A user with groups and nothing else, as from a token file or `--as`.
pub fn user(name: &str, groups: &[&str]) -> Value {
    json!({ "username": name, "groups": groups })
}

pub fn tenant() -> Value {
    user("alice", &["team-a", "system:authenticated"])
}

/// A service account's own token, bound to no pod (`kubectl create token`).
pub fn service_account(namespace: &str, name: &str) -> Value {
    json!({
        "username": format!("system:serviceaccount:{namespace}:{name}"),
        "uid": "5f0b1a36-0f0e-4c5c-8f8a-000000000001",
        "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}"), "system:authenticated"],
        "extra": { "authentication.kubernetes.io/credential-id": ["JTI=1"] },
    })
}

/// A service account's token as a pod has it.
pub fn in_pod(namespace: &str, name: &str, pod: &str, uid: &str) -> Value {
    let mut user = service_account(namespace, name);
    user["extra"]["authentication.kubernetes.io/pod-name"] = json!([pod]);
    user["extra"]["authentication.kubernetes.io/pod-uid"] = json!([uid]);
    user
}

/// A service account as `kubectl --as` makes it up: no uid, no extra.
pub fn impersonated(namespace: &str, name: &str) -> Value {
    let mut user = service_account(namespace, name);
    user.as_object_mut()
        .expect("an object")
        .retain(|key, _| key != "uid" && key != "extra");
    user
}

pub fn controller(name: &str) -> Value {
    service_account("kube-system", name)
}

/// A request in namespace `spark-a`.
pub struct Review(pub Value);

impl Review {
    /// `resource`: `group/resource[/subresource]`, the core group empty: `/pods/exec`.
    pub fn new(user: Value, operation: &str, resource: &str, name: &str) -> Self {
        let mut parts = resource.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (group, resource, sub_resource) = (next(), next(), next());
        Self(json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
                "kind": { "group": group, "version": "v1", "kind": "Thing" },
                "resource": { "group": group, "version": "v1", "resource": resource },
                "subResource": sub_resource,
                "name": name,
                "namespace": "spark-a",
                "operation": operation,
                "userInfo": user,
                "object": null,
                "oldObject": null,
                "dryRun": false,
            },
        }))
    }

    pub fn object(mut self, object: Value) -> Self {
        self.0["request"]["object"] = object;
        self
    }

    pub fn old(mut self, object: Value) -> Self {
        self.0["request"]["oldObject"] = object;
        self
    }

    pub fn set(mut self, field: &str, value: Value) -> Self {
        self.0["request"][field] = value;
        self
    }

    /// The findings behind the enforce door, as `rule: seen`.
    pub fn findings(&self, policy: &Policy) -> Vec<String> {
        let body = self.0.to_string();
        let request = Request::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let decision = decide(&request, Door::Enforce, policy, now())
            .unwrap_or_else(|error| panic!("{error}"));
        decision
            .judged
            .iter()
            .map(|judged| format!("{}: {}", judged.finding.rule, judged.finding.headline()))
            .collect()
    }

    /// Asserts that nothing is found.
    #[track_caller]
    pub fn passes(&self, policy: &Policy) {
        assert_eq!(self.findings(policy), [""; 0], "{}", self.0["request"]);
    }

    /// Asserts one finding of `rule` that says `words`.
    #[track_caller]
    pub fn refused(&self, policy: &Policy, rule: &str, words: &str) {
        let findings = self.findings(policy);
        let right = findings
            .iter()
            .any(|found| found.starts_with(&format!("{rule}: ")) && found.contains(words));
        assert!(
            right,
            "expected {rule} saying `{words}`, got {findings:#?}\n{}",
            self.0["request"]
        );
    }
}
