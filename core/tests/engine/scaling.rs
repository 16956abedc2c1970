//! Workloads that stand there and are made to start more pods, or fewer: by the
//! subresource `scale`, by an autoscaler, by a field of their own. Whose pods they are,
//! the stored object says: in the request where it has it, looked up where it has not.

use std::time::Duration;

use rolegate_core::decision::{Door, Outcome, Scope, decide};
use rolegate_core::facts::{Facts, Known};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

use crate::support::scene::{
    OTHER_JOB, TEAM_A_ARN, TEAM_B, account, account_of, admin, create, driver, emr, operator,
    runner_name, update, with_operator,
};
use crate::support::{
    Review, controller, impersonated, in_pod, now, policy, service_account, tenant,
};

const RULE: &str = "foreign-service-account";
const LIFE: &str = "job-lifecycle";

/// The workload of every test.
const NAME: &str = "waits";

const SCALABLE: [&str; 4] = [
    "apps/deployments",
    "apps/replicasets",
    "apps/statefulsets",
    "/replicationcontrollers",
];

/// What a door finds once it has looked up what is needed: the findings, and the needs of
/// the rules that were skipped.
fn judged(review: &Review, policy: &Policy, stored: Option<&Value>) -> (Vec<String>, Vec<String>) {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).unwrap();
    let scope = Scope::of_door(Door::Enforce, policy);
    let needs = match decide(&review.request, scope, policy, &Facts::none_yet(), now()).unwrap() {
        Outcome::Needs(needs) => needs,
        Outcome::Decided(decision) => return told(&decision),
    };
    let text = stored.map(Value::to_string);
    let raw = text.as_deref().map(|text| Raw::parse(text).unwrap());
    let found: Vec<_> = needs
        .iter()
        .filter_map(|need| Some((need.clone(), need.stored(raw?))))
        .collect();
    let age = Duration::ZERO;
    let facts = Facts::found(
        found
            .iter()
            .map(|(need, stored)| (need.clone(), Known::Is(stored, age))),
    );
    let decided = decide(&review.request, scope, policy, &facts, now()).unwrap();
    told(&decided.decided().expect("there is no third round"))
}

fn told(decision: &rolegate_core::decision::Decision<'_>) -> (Vec<String>, Vec<String>) {
    let who = &decision.who;
    let found = decision.judged.iter().map(|judged| &judged.finding);
    let found = found.map(|one| format!("{}: {who} may not {}", one.rule, one.headline()));
    let skipped = decision.skipped.iter();
    let skipped = skipped.map(|one| format!("{}: {}", one.rule, one.need));
    (found.collect(), skipped.collect())
}

#[track_caller]
fn refused(review: &Review, policy: &Policy, stored: &Value, rule: &str, words: &str) {
    let (found, skipped) = judged(review, policy, Some(stored));
    let right = |one: &String| one.starts_with(&format!("{rule}: ")) && one.contains(words);
    assert!(
        found.iter().any(right) && skipped.is_empty(),
        "expected {rule} saying `{words}`, got {found:#?} {skipped:?}\n{}",
        review.0["request"]
    );
}

#[track_caller]
fn passes(review: &Review, policy: &Policy, stored: &Value) {
    let (found, skipped) = judged(review, policy, Some(stored));
    assert!(
        found.is_empty() && skipped.is_empty(),
        "{found:#?} {skipped:?}\n{}",
        review.0["request"]
    );
}

fn workload(account: &str, replicas: u32) -> Value {
    let spec =
        json!({ "serviceAccountName": account, "containers": [{ "name": "c", "image": "evil" }] });
    json!({
        "metadata": { "name": NAME },
        "spec": { "replicas": replicas, "template": { "metadata": {}, "spec": spec } },
    })
}

fn scale(who: Value, resource: &str, old: Value, new: Value) -> Review {
    let scale =
        |replicas| json!({ "metadata": { "name": NAME }, "spec": { "replicas": replicas } });
    update(who, &format!("{resource}/scale"), scale(old), scale(new))
}

fn up(who: Value, resource: &str) -> Review {
    scale(who, resource, json!(0), json!(1))
}

fn down(who: Value, resource: &str) -> Review {
    scale(who, resource, json!(2), json!(1))
}

/// Those who may not start pods under team A's accounts.
fn strangers() -> [Value; 4] {
    [
        tenant(),
        service_account("spark-a", "ci"),
        impersonated("kube-system", "horizontal-pod-autoscaler"),
        in_pod(
            "spark-a",
            &account_of("spark-client", TEAM_B),
            &runner_name(OTHER_JOB),
            "u",
        ),
    ]
}

fn with_keda() -> Policy {
    policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities: { addOns: [keda], platform: [{ users: [\"system:serviceaccount:ops:mover\"], capabilities: [annotate, mirror, evict] }] }",
    )
}

#[test]
fn the_scale_of_a_workload_under_a_jobs_account() {
    let builtin = Policy::builtin();
    for resource in SCALABLE {
        for name in [
            account("spark-jeg"),
            account("spark-driver"),
            account("flink-jobmanager"),
            "emr-containers-sa-spark".to_owned(),
        ] {
            let stored = workload(&name, 0);
            for who in strangers() {
                let words = format!("spark-a/{NAME}, whose pods run under service account {name}");
                refused(&up(who.clone(), resource), &builtin, &stored, RULE, &words);
                let dry = up(who.clone(), resource).set("dryRun", json!(true));
                refused(&dry, &builtin, &stored, RULE, "scale up");
                // No number, and one of a million digits.
                for count in [json!("9"), json!(1e300)] {
                    let odd = scale(who.clone(), resource, json!(0), count);
                    refused(&odd, &builtin, &stored, RULE, "scale up");
                }
                // Absent is none.
                let absent = scale(who, resource, Value::Null, json!(1));
                refused(&absent, &builtin, &stored, RULE, "scale up");
            }
            for who in [
                emr(),
                admin(),
                controller("horizontal-pod-autoscaler"),
                controller("deployment-controller"),
            ] {
                passes(&up(who.clone(), resource), &builtin, &stored);
                passes(&down(who, resource), &builtin, &stored);
            }
        }
        // The alias is read as the name is.
        let mut alias = workload("default", 0);
        alias["spec"]["template"]["spec"]["serviceAccount"] = account("spark-jeg").into();
        refused(&up(tenant(), resource), &builtin, &alias, RULE, "scale up");
        // Its own applications, whatever ordinary account somebody gave them.
        for name in ["default", "app"] {
            let stored = workload(name, 0);
            passes(&up(tenant(), resource), &builtin, &stored);
            passes(&down(tenant(), resource), &builtin, &stored);
        }
        // A write that changes no count asks nothing.
        let same = scale(tenant(), resource, json!(1), json!(1));
        assert_eq!(judged(&same, &builtin, None), (vec![], vec![]));
    }
}

/// The request shows nothing, and nobody may look: it passes, and that is said.
#[test]
fn what_cannot_be_looked_up_is_skipped_and_said_to_be() {
    let builtin = Policy::builtin();
    let hpa = autoscaler("apps/v1", "Deployment");
    for (review, rule) in [
        (up(tenant(), "apps/deployments"), RULE),
        (down(tenant(), "apps/deployments"), LIFE),
        (
            create(tenant(), "autoscaling/horizontalpodautoscalers", "h", hpa),
            RULE,
        ),
    ] {
        let (found, skipped) = judged(&review, &builtin, None);
        assert_eq!(found, [""; 0]);
        assert_eq!(
            skipped,
            [format!("{rule}: deployments.apps spark-a/{NAME}")]
        );
    }
    // Kinds that rolegate does not ask for: the pods are judged.
    let other = up(tenant(), "apps.kruise.io/clonesets");
    assert_eq!(judged(&other, &builtin, None), (vec![], vec![]));
}

/// What is skipped takes along no finding of the same object.
#[test]
fn a_reference_hides_nothing_else() {
    let mut object = autoscaler("apps/v1", "Deployment");
    object["spec"]["serviceAccountName"] = account("spark-driver").into();
    let review = create(tenant(), "example.com/scalers", "s", object);
    let builtin = Policy::builtin();
    let (found, _) = judged(&review, &builtin, None);
    assert!(found.iter().any(|one| one.starts_with(RULE)), "{found:?}");
    // Of two things to look up, both are.
    let stored = workload(&account("spark-jeg"), 1);
    refused(
        &review,
        &builtin,
        &stored,
        RULE,
        "which scales deployments.apps",
    );
}

fn autoscaler(version: &str, kind: &str) -> Value {
    json!({
        "metadata": { "name": "h" },
        "spec": { "minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": { "apiVersion": version, "kind": kind, "name": NAME } },
    })
}

const AUTOSCALERS: [&str; 3] = [
    "autoscaling/horizontalpodautoscalers",
    "keda.sh/scaledobjects",
    "example.com/scalers",
];

#[test]
fn an_autoscaler_of_a_jobs_workload() {
    let builtin = Policy::builtin();
    let jeg = workload(&account("spark-jeg"), 1);
    for resource in AUTOSCALERS {
        for (version, kind) in [
            ("apps/v1", "Deployment"),
            // Autoscalers go by the group.
            ("apps/v9", "Deployment"),
            ("", "Deployment"),
            ("", ""),
            ("apps/v1", "ReplicaSet"),
            ("apps/v1", "StatefulSet"),
            ("v1", "ReplicationController"),
        ] {
            let object = autoscaler(version, kind);
            for who in strangers() {
                let made = create(who.clone(), resource, "h", object.clone());
                refused(&made, &builtin, &jeg, RULE, "which scales");
                let mut other = object.clone();
                other["spec"]["scaleTargetRef"]["name"] = "mine".into();
                let turned = update(who.clone(), resource, other, object.clone());
                refused(&turned, &builtin, &jeg, RULE, "may not change");
                let mut more = object.clone();
                more["spec"]["maxReplicas"] = 99.into();
                let raised = update(who.clone(), resource, object.clone(), more);
                refused(&raised, &builtin, &jeg, RULE, "may not change");
                // By KEDA's annotation.
                let mut paused = object.clone();
                paused["metadata"]["annotations"] =
                    json!({ "autoscaling.keda.sh/paused-replicas": "9" });
                let paused = update(who.clone(), resource, object.clone(), paused);
                refused(&paused, &builtin, &jeg, RULE, "may not change");
                // Nothing, a label, and the status.
                let mut labelled = object.clone();
                labelled["metadata"]["labels"] = json!({ "a": "b" });
                labelled["status"] = json!({ "currentReplicas": 1 });
                for new in [object.clone(), labelled.clone()] {
                    passes(
                        &update(who.clone(), resource, object.clone(), new),
                        &builtin,
                        &jeg,
                    );
                }
                let status = format!("{resource}/status");
                passes(
                    &update(who, &status, object.clone(), labelled),
                    &builtin,
                    &jeg,
                );
            }
            for who in [emr(), admin()] {
                passes(&create(who, resource, "h", object.clone()), &builtin, &jeg);
            }
            let own = workload("default", 1);
            passes(
                &create(tenant(), resource, "h", object.clone()),
                &builtin,
                &own,
            );
        }
        // What nothing scales, and what nobody knows.
        for (version, kind) in [("batch/v1", "Job"), ("example.com/v1", "Deployment")] {
            let object = autoscaler(version, kind);
            passes(&create(tenant(), resource, "h", object), &builtin, &jeg);
        }
    }
}

/// KEDA writes the autoscaler and scales from zero by itself; other add-ons do not.
#[test]
fn autoscalers_of_the_policy() {
    let policy = with_keda();
    let keda = || service_account("keda", "keda-operator");
    let mover = || service_account("ops", "mover");
    let jeg = workload(&account("spark-jeg"), 0);
    for resource in SCALABLE {
        passes(&up(keda(), resource), &policy, &jeg);
        passes(&down(keda(), resource), &policy, &jeg);
        refused(&up(mover(), resource), &policy, &jeg, RULE, "scale up");
        refused(
            &up(keda(), resource),
            &Policy::builtin(),
            &jeg,
            RULE,
            "scale up",
        );
    }
    for resource in AUTOSCALERS {
        let object = autoscaler("apps/v1", "Deployment");
        passes(
            &create(keda(), resource, "h", object.clone()),
            &policy,
            &jeg,
        );
        refused(
            &create(mover(), resource, "h", object),
            &policy,
            &jeg,
            RULE,
            "which scales",
        );
    }
    let update = update(
        keda(),
        "apps/deployments",
        jeg.clone(),
        workload(&account("spark-jeg"), 3),
    );
    passes(&update, &policy, &jeg);
}

#[test]
fn operators_and_jobs_scale_what_is_theirs() {
    let policy = with_operator("");
    for (name, own) in [
        (account("flink-jobmanager"), true),
        ("livy-runner".to_owned(), true),
        (account_of("flink-jobmanager", TEAM_B), false),
    ] {
        let stored = workload(&name, 0);
        for review in [
            up(operator(), "apps/deployments"),
            update(
                operator(),
                "apps/deployments",
                stored.clone(),
                workload(&name, 1),
            ),
        ] {
            if own {
                passes(&review, &policy, &stored);
            } else {
                refused(
                    &review,
                    &policy,
                    &stored,
                    RULE,
                    "does not declare for this operator",
                );
            }
        }
        let review = down(operator(), "apps/deployments");
        if own {
            passes(&review, &policy, &stored);
        } else {
            refused(&review, &policy, &stored, LIFE, "may not scale down");
        }
    }
    // Its own Deployment, and a tenant's application.
    passes(
        &up(operator(), "apps/deployments"),
        &policy,
        &workload("default", 0),
    );
    let own = workload(&account("spark-executor"), 0);
    passes(&up(driver(), "apps/statefulsets"), &policy, &own);
    let others = workload(&account_of("spark-executor", TEAM_B), 0);
    refused(
        &up(driver(), "apps/statefulsets"),
        &policy,
        &others,
        RULE,
        "this job runs as",
    );
}

/// F9: an account to which the policy gives rights.
#[test]
fn a_workload_under_an_account_with_rights() {
    let policy = with_operator(
        "  platform: [{ users: [\"system:serviceaccount:spark-a:mover\"], capabilities: [evict] }]\n",
    );
    let stored = workload("mover", 0);
    refused(
        &up(tenant(), "apps/deployments"),
        &policy,
        &stored,
        RULE,
        "trusts that service account",
    );
    let own = service_account("spark-a", "mover");
    passes(&up(own, "apps/deployments"), &policy, &stored);
    let later = update(
        tenant(),
        "apps/deployments",
        stored.clone(),
        workload("mover", 1),
    );
    refused(
        &later,
        &policy,
        &stored,
        RULE,
        "trusts that service account",
    );
}

#[test]
fn the_scale_of_a_flink_deployment() {
    let policy = with_operator(&format!(
        "virtualClusters:\n- namespaces: [spark-a]\n  submitters: [{{ users: [alice], roles: [\"{TEAM_A_ARN}\"] }}]\n"
    ));
    let kind = "flink.apache.org/flinkdeployments";
    let cluster = |role: &str| json!({ "metadata": { "name": NAME }, "spec": { "executionRoleArn": role, "taskManager": { "replicas": 1 } } });
    let (own, others) = (
        cluster(TEAM_A_ARN),
        cluster("arn:aws:iam::111122223333:role/team-b-etl"),
    );
    passes(&up(tenant(), kind), &policy, &own);
    passes(&down(tenant(), kind), &policy, &own);
    refused(
        &up(tenant(), kind),
        &policy,
        &others,
        RULE,
        "scale up flinkdeployments",
    );
    refused(
        &down(tenant(), kind),
        &policy,
        &others,
        LIFE,
        "scale down flinkdeployments",
    );
    for version in ["flink.apache.org/v1beta1", "flink.apache.org/v9"] {
        let object = autoscaler(version, "FlinkDeployment");
        let review = create(tenant(), AUTOSCALERS[0], "h", object);
        passes(&review, &policy, &own);
        refused(
            &review,
            &policy,
            &others,
            RULE,
            "which scales flinkdeployments",
        );
    }
    passes(&up(operator(), kind), &policy, &own);
}

#[test]
fn fewer_pods_by_the_scale_of_anothers_workload() {
    let policy = with_operator(&format!(
        "virtualClusters:\n- namespaces: [spark-a]\n  submitters: [{{ users: [alice], roles: [\"{TEAM_A_ARN}\"] }}]\n"
    ));
    let own = workload(&account("spark-jeg"), 2);
    let others = workload(&account_of("spark-jeg", TEAM_B), 2);
    for resource in SCALABLE {
        passes(&down(tenant(), resource), &policy, &own);
        refused(
            &down(tenant(), resource),
            &policy,
            &others,
            LIFE,
            "may not scale down",
        );
        let none = scale(tenant(), resource, json!(2), Value::Null);
        refused(&none, &policy, &others, LIFE, "may not scale down");
        passes(&down(emr(), resource), &policy, &others);
    }
}

/// The request holds the stored object: nothing is looked up.
#[test]
fn a_workload_set_going_by_a_field_of_its_own() {
    let builtin = Policy::builtin();
    let name = account("spark-jeg");
    let waits = |account: &str, template: bool, fields: &Value| {
        let mut object = workload(account, 0);
        if !template {
            let template = object["spec"]["template"].take();
            object["spec"] = json!({ "jobTemplate": { "spec": { "template": template } } });
        }
        for (key, value) in fields.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        object
    };
    for (resource, old, new) in [
        ("apps/deployments", json!({}), json!({ "replicas": 1 })),
        ("apps/deployments", json!({ "paused": true }), json!({})),
        (
            "apps/deployments",
            json!({ "paused": true }),
            json!({ "paused": false }),
        ),
        ("apps/replicasets", json!({}), json!({ "replicas": 1 })),
        ("apps/statefulsets", json!({}), json!({ "replicas": 1 })),
        (
            "apps/statefulsets",
            json!({ "updateStrategy": { "type": "OnDelete" } }),
            json!({ "updateStrategy": { "type": "RollingUpdate" } }),
        ),
        (
            "apps/statefulsets",
            json!({}),
            json!({ "ordinals": { "start": 7 } }),
        ),
        (
            "apps/daemonsets",
            json!({ "updateStrategy": { "type": "OnDelete" } }),
            json!({}),
        ),
        (
            "/replicationcontrollers",
            json!({}),
            json!({ "replicas": 1 }),
        ),
        (
            "/replicationcontrollers",
            json!({}),
            json!({ "selector": { "a": "b" } }),
        ),
        ("batch/jobs", json!({ "suspend": true }), json!({})),
        (
            "batch/jobs",
            json!({ "parallelism": 0 }),
            json!({ "parallelism": 1 }),
        ),
        ("batch/jobs", json!({ "parallelism": 0 }), json!({})),
        (
            "batch/jobs",
            json!({ "completions": 1 }),
            json!({ "completions": 2 }),
        ),
        (
            "batch/cronjobs",
            json!({ "suspend": true }),
            json!({ "suspend": false }),
        ),
        (
            "batch/cronjobs",
            json!({ "schedule": "0 0 31 2 *" }),
            json!({ "schedule": "* * * * *" }),
        ),
        (
            "batch/cronjobs",
            json!({}),
            json!({ "timeZone": "Asia/Tokyo" }),
        ),
    ] {
        let template = resource != "batch/cronjobs";
        let (before, after) = (waits(&name, template, &old), waits(&name, template, &new));
        for who in strangers() {
            let review = update(who.clone(), resource, before.clone(), after.clone());
            review.refused(&builtin, RULE, &name);
            update(who, resource, before.clone(), before.clone()).passes(&builtin);
        }
        for who in [emr(), admin(), controller("deployment-controller")] {
            update(who, resource, before.clone(), after.clone()).passes_rule(&builtin, RULE);
        }
        for account in ["default", "app"] {
            // Resuming a Job is judged as starting one.
            if account == "app" && old.get("suspend").is_some() {
                continue;
            }
            let (before, after) = (
                waits(account, template, &old),
                waits(account, template, &new),
            );
            update(tenant(), resource, before, after).passes(&builtin);
        }
    }
    // The Jobs of a CronJob.
    let cron = |parallelism: u32, labels: Value| {
        let template = workload(&name, 0)["spec"]["template"].take();
        let spec = json!({ "parallelism": parallelism, "template": template });
        json!({ "metadata": { "name": NAME }, "spec": { "jobTemplate": { "metadata": { "labels": labels }, "spec": spec } } })
    };
    let (none, one) = (cron(0, json!({})), cron(1, json!({})));
    update(tenant(), "batch/cronjobs", none.clone(), one).refused(&builtin, RULE, "scale up");
    let labelled = cron(0, json!({ "a": "b" }));
    update(tenant(), "batch/cronjobs", none, labelled).passes_rule(&builtin, RULE);
    // Fewer, a pause, and what starts nothing.
    for (resource, old, new) in [
        (
            "apps/deployments",
            json!({ "replicas": 3 }),
            json!({ "replicas": 1 }),
        ),
        ("apps/deployments", json!({}), json!({ "paused": true })),
        (
            "apps/deployments",
            json!({}),
            json!({ "revisionHistoryLimit": 1 }),
        ),
        ("batch/jobs", json!({}), json!({ "suspend": true })),
    ] {
        let (before, after) = (waits(&name, true, &old), waits(&name, true, &new));
        update(tenant(), resource, before, after).passes_rule(&builtin, RULE);
    }
}

/// The deployment controller would write a template that no request has shown.
#[test]
fn a_rollback_by_annotation() {
    let builtin = Policy::builtin();
    let with = |revision: Option<&str>| {
        let mut object = workload("default", 1);
        if let Some(revision) = revision {
            object["metadata"]["annotations"] =
                json!({ "deprecated.deployment.rollback.to": revision });
        }
        object
    };
    for who in strangers() {
        for (old, new) in [(None, Some("1")), (Some("1"), Some("2")), (None, Some("0"))] {
            let review = update(who.clone(), "apps/deployments", with(old), with(new));
            review.refused(&builtin, RULE, "back by an annotation");
        }
        let made = create(who.clone(), "apps/deployments", NAME, with(Some("1")));
        made.refused(&builtin, RULE, "back by an annotation");
    }
    for (old, new) in [(Some("1"), Some("1")), (Some("1"), None), (None, Some(""))] {
        update(tenant(), "apps/deployments", with(old), with(new)).passes(&builtin);
    }
    let object = with(Some("1"));
    create(tenant(), "apps/statefulsets", NAME, object.clone()).passes(&builtin);
    create(admin(), "apps/deployments", NAME, object).passes(&builtin);
    let taken = update(
        controller("deployment-controller"),
        "apps/deployments",
        with(Some("1")),
        with(None),
    );
    taken.passes(&builtin);
}

/// A paused Deployment scales what is left of its history; a `StatefulSet` keeps the pods
/// below its partition at the revision before.
#[test]
fn an_old_revision_starts_nothing() {
    let policy = with_operator(
        "  platform: [{ users: [\"system:serviceaccount:spark-a:mover\"], capabilities: [evict] }]\n",
    );
    let owner = |kind: &str| json!([{ "apiVersion": "apps/v1", "kind": kind, "name": NAME, "uid": "u", "controller": true }]);
    let set = |account: &str, replicas: u32| {
        let mut object = workload(account, replicas);
        object["metadata"]["ownerReferences"] = owner("Deployment");
        object
    };
    let pod = |account: &str| {
        let mut object = workload(account, 0)["spec"]["template"].take();
        object["metadata"] = json!({ "name": "waits-0", "ownerReferences": owner("StatefulSet") });
        // EKS's webhook gives credentials to accounts that have a role.
        crate::support::injected(object)
    };
    let rolls = |who: &str, account: &str| {
        update(
            controller(who),
            "apps/replicasets",
            set(account, 0),
            set(account, 1),
        )
    };
    let of_set = |account: &str| {
        create(
            controller("statefulset-controller"),
            "/pods",
            "waits-0",
            pod(account),
        )
    };
    let words = "the workload that owns it has another one now";
    for name in [
        account("spark-jeg"),
        "livy-runner".to_owned(),
        "mover".to_owned(),
    ] {
        let (same, other) = (workload(&name, 1), workload("default", 1));
        let scaled = rolls("deployment-controller", &name);
        passes(&scaled, &policy, &same);
        refused(&scaled, &policy, &other, RULE, words);
        // Nobody may look, or there is no owner any more: as without the fact.
        assert_eq!(judged(&scaled, &policy, None), (vec![], vec![]));
        let fewer = update(
            controller("deployment-controller"),
            "apps/replicasets",
            set(&name, 1),
            set(&name, 0),
        );
        passes(&fewer, &policy, &other);
    }
    for name in [account("flink-jobmanager"), "livy-runner".to_owned()] {
        let (same, other) = (workload(&name, 1), workload("default", 1));
        let found = |stored: Option<&Value>| {
            let (found, _) = judged(&of_set(&name), &policy, stored);
            found.into_iter().filter(|one| one.contains(words)).count()
        };
        assert_eq!(
            [found(Some(&same)), found(Some(&other)), found(None)],
            [0, 1, 0]
        );
    }
    // Another account of the same role, by its operator.
    let moved = workload(&account("flink-taskmanager"), 1);
    passes(
        &rolls("deployment-controller", &account("flink-jobmanager")),
        &policy,
        &moved,
    );
    // Applications are asked nothing.
    let plain = rolls("deployment-controller", "default");
    assert_eq!(judged(&plain, &policy, None), (vec![], vec![]));
}
