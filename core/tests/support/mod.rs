//! Reviews as an API server sends them, and identities as they really arrive.

#![allow(dead_code, reason = "each test crate uses its part of it")]

pub mod chain;
pub mod scene;

use std::time::Instant;

use rolegate_core::decision::{Decision, Door, Scope, decide};
use rolegate_core::facts::Facts;
use rolegate_core::policy::{Policy, Strictness};
use rolegate_core::request::{AdmissionReview, Request, ReviewError};
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

/// Does `work` on a body and asserts that its time is in proportion to the body:
/// at most `times` what `serde_json` takes to read it. One of five tries must do, each
/// beside a reading of its own, so that a slow or busy machine is no failure.
#[track_caller]
pub fn in_proportion<T>(body: &str, times: u32, mut work: impl FnMut() -> T) -> T {
    let mut measured = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let read: Result<Value, _> = serde_json::from_str(body);
        let (reading, start) = (start.elapsed(), Instant::now());
        let done = work();
        let working = start.elapsed();
        drop(read);
        if working <= reading * times {
            return done;
        }
        measured.push((working, reading));
    }
    let start: String = body.chars().take(600).collect();
    panic!("work and reading took {measured:?} for {start}");
}

/// What a door decides about a request, without a cluster.
pub fn judge<'a>(
    request: &'a Request<'a>,
    door: Door,
    policy: &'a Policy,
) -> Result<Decision<'a>, ReviewError> {
    let scope = Scope::of_door(door, policy);
    let outcome = decide(request, scope, policy, &Facts::unknowable(), now())?;
    Ok(outcome
        .decided()
        .expect("nothing is needed where nothing can be known"))
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

/// A pod as EKS's pod identity webhook leaves one whose service account has a
/// role: variables and a mount in every container, the token's volume first.
pub fn injected(mut pod: Value) -> Value {
    const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
    let append = |container: &mut Value, list: &str, items: Vec<Value>| {
        let mut all = container[list].as_array().cloned().unwrap_or_default();
        all.extend(items);
        container[list] = all.into();
    };
    let spec = &mut pod["spec"];
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let variables = [
                ("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()),
                ("AWS_REGION", "us-west-2".to_owned()),
                (
                    "AWS_ROLE_ARN",
                    "arn:aws:iam::111122223333:role/team-a-etl".to_owned(),
                ),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", format!("{FOLDER}/token")),
            ]
            .map(|(name, value)| json!({ "name": name, "value": value }));
            append(container, "env", variables.into());
            let mount = json!({ "name": "aws-iam-token", "readOnly": true, "mountPath": FOLDER });
            append(container, "volumeMounts", vec![mount]);
        }
    }
    let token =
        json!({ "audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token" });
    let mut volumes = vec![json!({
        "name": "aws-iam-token",
        "projected": { "defaultMode": 420, "sources": [{ "serviceAccountToken": token }] },
    })];
    volumes.extend(spec["volumes"].as_array().cloned().unwrap_or_default());
    spec["volumes"] = volumes.into();
    pod
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

    /// The body, with the objects that an API server sends with every request of
    /// this operation.
    pub fn body(&self) -> String {
        let mut review = self.0.clone();
        let request = &mut review["request"];
        let bare = json!({ "metadata": { "name": request["name"] } });
        let needed: &[&str] = match request["operation"].as_str() {
            Some("CREATE") => &["object"],
            Some("UPDATE") => &["object", "oldObject"],
            Some("DELETE") => &["oldObject"],
            _ => &[],
        };
        for field in needed {
            if request[field].is_null() {
                request[field] = bare.clone();
            }
        }
        review.to_string()
    }

    /// The findings behind the enforce door, as `rule: who may not act (at path)`.
    pub fn findings(&self, policy: &Policy) -> Vec<String> {
        let body = self.body();
        let review =
            AdmissionReview::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let decision =
            judge(&review.request, Door::Enforce, policy).unwrap_or_else(|error| panic!("{error}"));
        let who = &decision.who;
        let judged = decision.judged.iter().map(|judged| &judged.finding);
        judged
            .map(|finding| format!("{}: {who} may not {}", finding.rule, finding.headline()))
            .collect()
    }

    /// Why there is no decision: the sentence of the failed call.
    #[track_caller]
    pub fn problem(&self, policy: &Policy) -> String {
        let body = self.0.to_string();
        let review = match AdmissionReview::parse(body.as_bytes()) {
            Ok(review) => review,
            Err(error) => return error.to_string(),
        };
        judge(&review.request, Door::Enforce, policy)
            .expect_err("no decision")
            .to_string()
    }

    /// Asserts that nothing is found.
    #[track_caller]
    pub fn passes(&self, policy: &Policy) {
        assert_eq!(self.findings(policy), [""; 0], "{}", self.0["request"]);
    }

    /// Asserts that `rule` finds nothing, whatever others do.
    #[track_caller]
    pub fn passes_rule(&self, policy: &Policy, rule: &str) {
        let mut findings = self.findings(policy);
        findings.retain(|found| found.starts_with(&format!("{rule}: ")));
        assert_eq!(findings, [""; 0], "{}", self.0["request"]);
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
