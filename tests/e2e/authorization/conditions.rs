//! The `matchConditions` of `manifests/authorization` against the engine.
//!
//! Every question of the surface that the engine denies to somebody is put to the real
//! API server, as a `SubjectAccessReview`: that it denies it too shows that its conditions
//! send the question. The engine is called in this process, so that its own answer does
//! not depend on what is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use rolegate_core::decision::{Outcome, judge_access};
use rolegate_core::facts::surface::{self, Scope};
use rolegate_core::facts::{Facts, Known};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::AccessReview;
use serde_json::{Value, json};

use super::{ENFORCED, Stage, enough, stage};
use crate::harness::cast::{ROLE, job_account};

/// Somebody, and what the conditions do with its questions.
struct Who {
    user: Value,
    sent: Sent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Whatever the engine denies, and it denies something.
    Denied,
    /// The engine denies nothing, so it does not matter.
    Trusted,
    /// Nothing, although the engine would deny some of it.
    Never,
}

fn who(sent: Sent, name: &str, uid: &str, groups: &[&str]) -> Who {
    let mut groups = groups.to_vec();
    groups.push("system:authenticated");
    let user = json!({"user": name, "uid": uid, "groups": groups});
    Who { user, sent }
}

fn account(sent: Sent, namespace: &str, name: &str, uid: &str) -> Who {
    let own = format!("system:serviceaccounts:{namespace}");
    let user = format!("system:serviceaccount:{namespace}:{name}");
    who(sent, &user, uid, &["system:serviceaccounts", &own])
}

fn everybody() -> Vec<Who> {
    use Sent::{Denied, Never, Trusted};
    let job = job_account("driver", ROLE);
    let mut driver = account(Denied, ENFORCED, &job, "u");
    driver.user["extra"] = json!({
        "authentication.kubernetes.io/pod-name": ["spark-driver"],
        "authentication.kubernetes.io/pod-uid": ["p"],
    });
    vec![
        who(Denied, "alice", "u", &["team-a"]),
        who(Denied, "system:anonymous", "", &["system:unauthenticated"]),
        who(Denied, "emr-containers", "u", &[]),
        driver,
        account(Denied, ENFORCED, &job, ""),
        account(Denied, "spark-operator", "operator", "u"),
        account(Denied, "argocd", "controller", "u"),
        account(Denied, "rolegate", "other", "u"),
        // Names without what proves them, and the other way round.
        who(Denied, "system:node:n1", "u", &[]),
        who(Denied, "system:masters", "u", &["system:nodes:x"]),
        account(Denied, "kube-system", "coredns", ""),
        account(Denied, "rolegate", "rolegate", ""),
        who(Denied, "system:kube-scheduler:x", "u", &[]),
        // The uid proves the name; the group comes with it.
        who(
            Trusted,
            "system:serviceaccount:kube-system:coredns",
            "u",
            &["system:serviceaccounts"],
        ),
        // Whom the conditions keep away.
        who(Trusted, "admin", "u", &["system:masters"]),
        who(Trusted, "system:apiserver", "u", &["system:masters"]),
        who(Trusted, "system:kube-scheduler", "", &[]),
        who(Trusted, "system:kube-controller-manager", "", &[]),
        who(Trusted, "system:node:n1", "", &["system:nodes"]),
        account(Trusted, "kube-system", "coredns", "u"),
        // It would wait for itself; RBAC limits it.
        account(Never, "rolegate", "rolegate", "u"),
    ]
}

/// The `resourceAttributes` of every question about the surface.
fn questions() -> Vec<Value> {
    let mut all = Vec::new();
    let mut put = |verb: &str, group: &str, row: &surface::Row, namespace: &str| {
        let subresource = match row.subresource {
            "*" => "scopes",
            other => other,
        };
        all.push(json!({
            "verb": verb, "group": group, "version": "v1", "resource": row.resource,
            "subresource": subresource, "namespace": namespace, "name": "x",
        }));
    };
    for row in surface::rows() {
        let namespaces: &[&str] = match row.scope {
            Scope::Cluster => &[""],
            Scope::Namespaced | Scope::Either => &[ENFORCED, ""],
        };
        for namespace in namespaces {
            for verb in row.verbs.iter() {
                put(verb.as_str(), row.group, row, namespace);
                if verb == surface::Verb::Impersonate {
                    for verb in ["impersonate:user-info", "impersonate:arbitrary-node"] {
                        put(verb, row.group, row, namespace);
                    }
                }
                // A role may still name the old group.
                if matches!(row.group, "apps" | "networking.k8s.io" | "policy") {
                    put(verb.as_str(), "extensions", row, namespace);
                }
            }
        }
    }
    all
}

fn review(user: &Value, attributes: &Value) -> Value {
    let mut spec = user.clone();
    spec["resourceAttributes"] = attributes.clone();
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
}

/// Whether the engine denies it where the namespace enforces.
fn denies(policy: &Policy, review: &Value) -> bool {
    let body = review.to_string();
    let review = AccessReview::parse(body.as_bytes()).expect("a review");
    let access = review.access.as_ref().expect("about a resource");
    let now = jiff::Timestamp::now();
    let decision = match judge_access(access, policy, &Facts::none_yet(), now) {
        Outcome::Decided(decision) => decision,
        Outcome::Needs(needs) => {
            let text = json!({"metadata": {"labels": {"rolegate.dev/mode": "enforce"}}});
            let text = text.to_string();
            let stored = needs[0].stored(Raw::parse(&text).expect("JSON"));
            let known = Known::Is(&stored, Duration::ZERO);
            let facts = Facts::found([(needs[0].clone(), known)]);
            let second = judge_access(access, policy, &facts, now);
            second.decided().expect("there is no third round")
        }
    };
    !decision.allowed()
}

/// Whether the API server denies it in rolegate's words.
fn is_denied(stage: &Stage, review: &Value) -> bool {
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let request = stage.cluster.request(stage.cluster.admin(), "POST", path);
    let status = request.json(review).send().expect_status(201).json()["status"].clone();
    let reason = status["reason"].as_str().unwrap_or_default();
    status["denied"] == true && reason.contains("rolegate refused this request")
}

#[test]
fn every_question_that_the_engine_denies_is_sent() {
    let _turn = enough();
    let stage = stage();
    let policy = {
        let authorizer = stage.authorizer.lock().expect("nobody panicked");
        authorizer.rolegate.policy()
    };
    let questions = questions();
    let mut kept_away = Vec::new();
    let mut counts = BTreeMap::new();
    for Who { user, sent } in everybody() {
        let mut denied = 0;
        for attributes in &questions {
            let review = review(&user, attributes);
            if !denies(&policy, &review) {
                continue;
            }
            denied += 1;
            if is_denied(stage, &review) == (sent == Sent::Never) {
                kept_away.push(review["spec"].to_string());
            }
        }
        let trusted = sent == Sent::Trusted;
        assert_eq!(denied == 0, trusted, "{user}: the engine denies {denied}");
        counts.insert(user.to_string(), denied);
    }
    assert!(
        kept_away.is_empty(),
        "{} questions:\n{}",
        kept_away.len(),
        kept_away[..kept_away.len().min(20)].join("\n")
    );
    let most = counts.values().max();
    assert!(most.is_some_and(|most| *most > 100), "{counts:#?}");
}
