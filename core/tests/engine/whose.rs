//! Whose is it? Labels, names and owners that claim to be a job's, on everything that
//! jobs consist of (section E of docs/bypasses.md), and the honest work beside it.

use std::time::Duration;

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, PREFIX, TEAM_B, account, account_of, admin, create, driver,
    driver_name, driver_of, emr, operator, runner, runner_name, with_operator,
};
use crate::support::{Review, controller, in_pod, now, service_account, tenant, user};
use rolegate_core::decision::{Door, Outcome, Scope, decide};
use rolegate_core::facts::{Facts, Known, Need};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const PODS: &str = "pod-tampering";
const CLAIMS: &str = "foreign-volume";
const SERVICES: &str = "endpoint-exposure";
const MAPS: &str = "configmap-mutation";
const STARTS: &str = "foreign-service-account";

const UUID: &str = "5f0b1a36-0f0e-4c5c-8f8a-000000000009";

fn policy() -> Policy {
    with_operator(
        r#"
  platform:
    - users: ["system:serviceaccount:argocd:argocd"]
      capabilities: [configmaps, annotate]
"#,
    )
}

fn add_on() -> Value {
    service_account("argocd", "argocd")
}

fn manager() -> Value {
    in_pod(
        "spark-a",
        &account("flink-jobmanager"),
        "etl-6d4cf56db6-x2b7k",
        "manager",
    )
}

fn gateway() -> Value {
    in_pod(
        "spark-a",
        &account("spark-jeg"),
        "jeg-x-6d4cf56db6-x2b7k",
        "jeg",
    )
}

fn update(user: Value, resource: &str, old: Value, new: Value) -> Review {
    let name = old["metadata"]["name"].as_str().unwrap_or("x").to_owned();
    Review::new(user, "UPDATE", resource, &name)
        .old(old)
        .object(new)
}

/// The findings where these objects lie in the cluster; all others are absent.
fn with_facts(review: &Review, policy: &Policy, objects: &[(&str, Value)]) -> Vec<String> {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let scope = Scope::of_door(Door::Enforce, policy);
    let first = decide(&review.request, scope, policy, &Facts::none_yet(), now()).unwrap();
    let texts: Vec<(String, String)> = objects
        .iter()
        .map(|(name, object)| ((*name).to_owned(), object.to_string()))
        .collect();
    let needs = match first {
        Outcome::Needs(needs) => needs,
        Outcome::Decided(_) => Vec::new(),
    };
    let stored: Vec<(Need, Option<_>)> = needs
        .into_iter()
        .map(|need| {
            let found = texts.iter().find(|(name, _)| *name == need.to_string());
            let stored = found.map(|(_, text)| need.stored(Raw::parse(text).expect("JSON")));
            (need, stored)
        })
        .collect();
    let facts = Facts::found(stored.iter().map(|(need, stored)| {
        let known = match stored {
            Some(stored) => Known::Is(stored, Duration::ZERO),
            None => Known::Absent(Duration::ZERO),
        };
        (need.clone(), known)
    }));
    let outcome = decide(&review.request, scope, policy, &facts, now()).unwrap();
    let decision = outcome.decided().expect("two rounds");
    let findings = decision.judged.iter().map(|judged| &judged.finding);
    findings
        .map(|finding| format!("{}: {}", finding.rule, finding.headline()))
        .collect()
}

fn pod(labels: &Value, account: &str) -> Value {
    json!({ "metadata": { "labels": labels }, "spec": { "serviceAccountName": account,
        "containers": [{ "name": "c", "image": "public.ecr.aws/x:1" }] } })
}

/// What Services and controllers find a job's pods by.
fn jobs_labels() -> Vec<Value> {
    vec![
        json!({ "app": "enterprise-gateway" }),
        json!({ "gateway-selector": "enterprise-gateway" }),
        json!({ "kernel_id": "1" }),
        json!({ "app": "etl", "component": "jobmanager", "type": "flink-native-kubernetes" }),
        json!({ "app": "etl", "type": "flink-standalone-kubernetes" }),
        json!({ "app": "x", "pod-template-hash": "6d4cf56db6" }),
        json!({ "batch.kubernetes.io/controller-uid": UUID }),
        json!({ "controller-uid": UUID }),
        json!({ "job-name": JOB }),
        json!({ "batch.kubernetes.io/job-name": JOB }),
        json!({ "spark-app-selector": format!("spark-{JOB}") }),
        json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef", "spark-role": "driver" }),
        json!({ "emr-containers.amazonaws.com/resource.type": "job.run" }),
        json!({ "emr-containers.amazonaws.com/virtual-cluster-id": "x" }),
        json!({ "eks-subscription.amazonaws.com/emr.internal.id": "x" }),
        json!({ "sparkoperator.k8s.io/app-name": "pi" }),
    ]
}

const WORKLOADS: [(&str, &str); 8] = [
    ("apps/deployments", "/spec/template"),
    ("apps/replicasets", "/spec/template"),
    ("apps/statefulsets", "/spec/template"),
    ("apps/daemonsets", "/spec/template"),
    ("batch/jobs", "/spec/template"),
    ("batch/cronjobs", "/spec/jobTemplate/spec/template"),
    ("/replicationcontrollers", "/spec/template"),
    ("/podtemplates", "/template"),
];

fn workload(path: &str, template: Value) -> Value {
    path.rsplit('/')
        .filter(|key| !key.is_empty())
        .fold(template, |inner, key| json!({ key: inner }))
}

/// Rows 5 and 6: in pods, in what makes pods, on creation and change.
#[test]
fn labels_of_jobs_are_the_jobs() {
    let policy = policy();
    for labels in jobs_labels() {
        for who in [tenant(), add_on(), service_account("spark-a", "default")] {
            create(who.clone(), "/pods", "p", pod(&labels, "default")).refused(
                &policy,
                PODS,
                "may not give Thing spark-a/p the label",
            );
            for (resource, path) in WORKLOADS {
                let bad = workload(path, pod(&labels, "default"));
                let good = workload(path, pod(&json!({ "app": "x" }), "default"));
                create(who.clone(), resource, "w", bad.clone()).refused(
                    &policy,
                    PODS,
                    "may not give pods of Thing spark-a/w the label",
                );
                let mut named = good;
                named["metadata"]["name"] = json!("w");
                update(who.clone(), resource, named.clone(), bad).refused(&policy, PODS, "label");
                // On the workload itself: EMR finds its Jobs by labels, a Deployment
                // its replica sets.
                let mut marked = named.clone();
                marked["metadata"]["labels"] = labels.clone();
                update(who.clone(), resource, named, marked).refused(&policy, PODS, "label");
            }
        }
        for who in [emr(), admin(), controller("replicaset-controller")] {
            create(who, "/pods", "p", pod(&labels, "default")).passes_rule(&policy, PODS);
        }
        // A running pod of the tenant's.
        let mut stored = pod(&json!({ "a": "b" }), "default");
        stored["metadata"]["name"] = json!("p");
        let mut new = stored.clone();
        new["metadata"]["labels"] = labels;
        update(tenant(), "/pods", stored, new.clone()).refused(&policy, PODS, "label");
        // What has them already keeps them, and may lose them.
        new["metadata"]["name"] = json!("p");
        let mut more = new.clone();
        more["metadata"]["labels"]["tier"] = json!("x");
        update(tenant(), "/pods", new, more).passes(&policy);
    }
}

/// What the API server itself writes into a new Job, and what others label.
#[test]
fn labels_that_are_nobodys_claim() {
    let policy = policy();
    let labels = |uid: &str| {
        json!({ "batch.kubernetes.io/controller-uid": uid, "controller-uid": uid,
        "batch.kubernetes.io/job-name": "mine", "job-name": "mine" })
    };
    let job = |uid: &str| {
        json!({ "metadata": { "name": "mine", "uid": UUID },
        "spec": { "template": pod(&labels(uid), "default") } })
    };
    create(tenant(), "batch/jobs", "mine", job(UUID)).passes(&policy);
    create(tenant(), "batch/jobs", "mine", job("another")).refused(&policy, PODS, "controller-uid");
    for labels in [
        json!({ "app": "flink", "component": "jobmanager" }),
        json!({ "app": "web", "job-name": "mine", "statefulset.kubernetes.io/pod-name": "web-0" }),
        json!({ "rollouts-pod-template-hash": "x", "type": "web", "kueue.x-k8s.io/queue-name": "q" }),
        json!({ "spark-role": "executor", "spark-app-selector": "spark-application-1690000000000" }),
    ] {
        create(tenant(), "/pods", "p", pod(&labels, "default")).passes(&policy);
        create(
            tenant(),
            "apps/deployments",
            "w",
            json!({ "metadata": { "labels": labels },
            "spec": { "template": pod(&labels, "default") } }),
        )
        .passes(&policy);
    }
    // A pod is taken out of its replica set by its label.
    let stored = json!({ "metadata": { "name": "web-1", "labels": { "app": "web", "pod-template-hash": "x" } }, "spec": {} });
    let mut new = stored.clone();
    new["metadata"]["labels"] = json!({ "app": "web-debug" });
    update(tenant(), "/pods", stored, new).passes(&policy);
    // A queue's copy of a template.
    let kueue = service_account("kueue-system", "kueue-controller-manager");
    create(
        kueue,
        "/podtemplates",
        "t",
        json!({ "template": pod(&labels(UUID), "default") }),
    )
    .passes_rule(&policy, PODS);
}

/// A job labels its own pods as its own, not as a gateway's or another cluster's.
#[test]
fn jobs_and_operators_give_their_own_labels() {
    let policy = policy();
    let flink = |cluster: &str| json!({ "app": cluster, "component": "taskmanager", "type": "flink-native-kubernetes" });
    let task = account("flink-taskmanager");
    let name = "etl-taskmanager-1-1";
    create(manager(), "/pods", name, pod(&flink("etl"), &task)).passes_rule(&policy, PODS);
    create(manager(), "/pods", name, pod(&flink("web"), &task)).refused(
        &policy,
        PODS,
        "another Flink cluster",
    );
    let kernel = json!({ "kernel_id": "1", "component": "kernel", "app": "enterprise-gateway" });
    create(
        gateway(),
        "/pods",
        "jovyan-1",
        pod(&kernel, &account("spark-jeg-kernel")),
    )
    .passes_rule(&policy, PODS);
    create(
        driver(),
        "/pods",
        &format!("{PREFIX}-exec-1"),
        pod(&kernel, &account("spark-executor")),
    )
    .refused(&policy, PODS, "an interactive endpoint");
    create(
        driver(),
        "/pods",
        "x",
        pod(
            &json!({ "batch.kubernetes.io/controller-uid": UUID }),
            &account("spark-client"),
        ),
    )
    .refused(&policy, PODS, "a controller");
    let deployment = |labels: &Value| {
        json!({ "metadata": { "labels": labels },
        "spec": { "template": pod(labels, &account("flink-jobmanager")) } })
    };
    create(
        operator(),
        "apps/deployments",
        "etl",
        deployment(&flink("etl")),
    )
    .passes_rule(&policy, PODS);
    create(
        operator(),
        "apps/deployments",
        "etl-taskmanager",
        deployment(&flink("etl")),
    )
    .passes_rule(&policy, PODS);
    create(
        operator(),
        "apps/deployments",
        "mine",
        deployment(&flink("etl")),
    )
    .refused(&policy, PODS, "another Flink cluster");
}

/// Row 15: names that only a job gives, whatever the account, whoever starts it.
#[test]
fn names_of_jobs_are_the_jobs() {
    let policy = policy();
    let plain = || pod(&json!({}), "default");
    for name in [
        driver_name(JOB),
        format!("spark-{JOB}-driver-2"),
        runner_name(JOB),
        format!("{PREFIX}-exec-7"),
        format!("{PREFIX}-driver"),
        "etl-taskmanager-1-1".to_owned(),
    ] {
        for who in [tenant(), add_on()] {
            create(who, "/pods", &name, plain()).refused(
                &policy,
                STARTS,
                "pass for a part of that job",
            );
        }
    }
    for generate in [format!("{JOB}-"), format!("spark-{JOB}-driver-")] {
        let mut object = plain();
        object["metadata"]["generateName"] = json!(generate);
        Review::new(tenant(), "CREATE", "/pods", "")
            .object(object)
            .refused(&policy, STARTS, "pass for");
    }
    for (resource, path) in WORKLOADS {
        if resource == "/podtemplates" {
            continue;
        }
        for name in [JOB.to_owned(), format!("spark-{JOB}-driver")] {
            create(tenant(), resource, &name, workload(path, plain()))
                .refused(&policy, STARTS, "pass for");
        }
    }
    // Under such a Job, were it there already, no pod starts either.
    create(
        controller("job-controller"),
        "/pods",
        &runner_name(JOB),
        plain(),
    )
    .refused(&policy, STARTS, "pass for");
    for name in [
        "claim-jonathanwilliams123",
        "jonathanwilliams123-x2b7k",
        "trainer-exec-1",
        "ride-driver",
        "flink-taskmanager-0",
        "flink-taskmanager-6d4cf56db6-x2b7k",
    ] {
        create(tenant(), "/pods", name, plain()).passes(&policy);
    }
    create(
        tenant(),
        "batch/jobs",
        "jonathanwilliams123",
        json!({ "spec": { "template": plain() } }),
    )
    .passes(&policy);
}

/// Row 6: adoption, with and without a look at the adopting workload.
#[test]
fn adoption_by_a_workload_of_another_account() {
    let policy = policy();
    let stored = |account: &str| {
        let mut pod = pod(&json!({ "a": "b" }), account);
        pod["metadata"]["name"] = json!("p");
        pod
    };
    let adopted = |account: &str, kind: &str, name: &str| {
        let mut pod = stored(account);
        pod["metadata"]["ownerReferences"] =
            json!([{ "kind": kind, "name": name, "uid": "u", "controller": true }]);
        pod
    };
    let by = |who: &str, account: &str, kind: &str, name: &str| {
        update(
            controller(who),
            "/pods",
            stored(account),
            adopted(account, kind, name),
        )
    };
    let runs = by("job-controller", "default", "Job", JOB);
    runs.refused(&policy, PODS, "owner references");
    by("job-controller", &account("spark-client"), "Job", JOB).passes(&policy);
    by("job-controller", "default", "Job", "mine").passes(&policy);
    let set = |account: &str| json!({ "spec": { "template": pod(&json!({}), account) } });
    let review = by(
        "replicaset-controller",
        "default",
        "ReplicaSet",
        "jeg-x-6d4cf56db6",
    );
    review.passes(&policy);
    let name = "replicasets.apps spark-a/jeg-x-6d4cf56db6";
    let found = with_facts(&review, &policy, &[(name, set(&account("spark-jeg")))]);
    assert!(
        found.iter().any(|found| found.starts_with(PODS)),
        "{found:?}"
    );
    assert_eq!(with_facts(&review, &policy, &[(name, set("web"))]), [""; 0]);
    assert_eq!(with_facts(&review, &policy, &[]), [""; 0]);
    // A replica set by a Deployment.
    let mut replica_set = set("default");
    replica_set["metadata"]["name"] = json!("mine");
    let mut taken = replica_set.clone();
    taken["metadata"]["ownerReferences"] =
        json!([{ "kind": "Deployment", "name": "jeg-x", "uid": "u", "controller": true }]);
    let review = update(
        controller("deployment-controller"),
        "apps/replicasets",
        replica_set,
        taken,
    );
    let name = "deployments.apps spark-a/jeg-x";
    let found = with_facts(&review, &policy, &[(name, set(&account("spark-jeg")))]);
    assert!(
        found
            .iter()
            .any(|found| found.contains("under another service account")),
        "{found:?}"
    );
    assert_eq!(
        with_facts(&review, &policy, &[(name, set("default"))]),
        [""; 0]
    );
}

/// Rows 9 and 16.
#[test]
fn claims() {
    let policy = policy();
    let claim = |name: &str, labels: &Value| json!({ "metadata": { "name": name, "labels": labels }, "spec": {} });
    let own = json!({ "spark-app-selector": format!("spark-{JOB}"), "spark-role": "executor" });
    for who in [tenant(), add_on(), operator(), driver_of(OTHER_JOB, TEAM_B)] {
        create(
            who.clone(),
            "/persistentvolumeclaims",
            "mine",
            claim("mine", &own),
        )
        .refused(
            &policy,
            CLAIMS,
            "the label spark-app-selector of another job",
        );
        update(
            who.clone(),
            "/persistentvolumeclaims",
            claim("mine", &json!({})),
            claim("mine", &own),
        )
        .refused(&policy, CLAIMS, "label");
    }
    create(
        driver(),
        "/persistentvolumeclaims",
        "mine",
        claim("mine", &own),
    )
    .passes(&policy);
    let spark = json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef" });
    create(
        tenant(),
        "/persistentvolumeclaims",
        "mine",
        claim("mine", &spark),
    )
    .refused(&policy, CLAIMS, "label");
    create(
        operator(),
        "/persistentvolumeclaims",
        "mine",
        claim("mine", &spark),
    )
    .passes(&policy);
    // Through what makes claims.
    let mut ephemeral = pod(&json!({}), "default");
    ephemeral["spec"]["volumes"] = json!([{ "name": "v", "ephemeral": { "volumeClaimTemplate": { "metadata": { "labels": own }, "spec": {} } } }]);
    create(tenant(), "/pods", "p", ephemeral.clone()).refused(&policy, CLAIMS, "label");
    create(
        tenant(),
        "apps/deployments",
        "w",
        json!({ "spec": { "template": ephemeral } }),
    )
    .refused(&policy, CLAIMS, "label");
    let set = json!({ "spec": { "template": pod(&json!({}), "default"),
        "volumeClaimTemplates": [{ "metadata": { "name": "d", "labels": own }, "spec": {} }] } });
    create(tenant(), "apps/statefulsets", "w", set).refused(&policy, CLAIMS, "label");
    let jobs = json!({ "metadata": { "labels": { "emr-containers.amazonaws.com/job.id": JOB } }, "spec": { "template": pod(&json!({}), "default") } });
    create(
        tenant(),
        "batch/cronjobs",
        "c",
        json!({ "spec": { "jobTemplate": jobs } }),
    )
    .refused(&policy, PODS, "label");
    // What the binder and drivers write.
    let pending = claim("scratch", &own);
    for change in [
        json!({ "annotations": { "pv.kubernetes.io/bind-completed": "yes" } }),
        json!({ "annotations": { "volume.kubernetes.io/selected-node": "n1" } }),
        json!({ "finalizers": ["example.com/hold"] }),
    ] {
        let mut marked = pending.clone();
        for (key, value) in change.as_object().unwrap() {
            marked["metadata"][key] = value.clone();
        }
        for who in [tenant(), operator(), driver_of(OTHER_JOB, TEAM_B)] {
            for resource in ["/persistentvolumeclaims", "/persistentvolumeclaims/status"] {
                update(who.clone(), resource, pending.clone(), marked.clone()).refused(
                    &policy,
                    CLAIMS,
                    "may not change",
                );
            }
        }
        for who in [
            driver(),
            emr(),
            controller("persistent-volume-binder"),
            user("system:kube-scheduler", &[]),
            service_account("kube-system", "ebs-csi-controller-sa"),
        ] {
            update(
                who,
                "/persistentvolumeclaims",
                pending.clone(),
                marked.clone(),
            )
            .passes(&policy);
        }
        // A tenant's own.
        let mut mine = claim("data", &json!({ "app": "x" }));
        mine["metadata"]["annotations"] = json!({ "volume.kubernetes.io/selected-node": "n1" });
        update(
            tenant(),
            "/persistentvolumeclaims",
            claim("data", &json!({ "app": "x" })),
            mine,
        )
        .passes(&policy);
    }
    let mut lost = pending.clone();
    lost["status"] = json!({ "phase": "Lost" });
    update(tenant(), "/persistentvolumeclaims/status", pending, lost).refused(
        &policy,
        CLAIMS,
        "it is a job's",
    );
    // Field case 22.
    for name in [
        "claim-jonathanwilliams123",
        "data-opensearch2master3-0",
        "spark-driver-pvc",
        "tpcds-driver-pvc-0",
    ] {
        let mine = claim(name, &json!({ "app": "jupyterhub" }));
        create(tenant(), "/persistentvolumeclaims", name, mine.clone()).passes(&policy);
        Review::new(tenant(), "DELETE", "/persistentvolumeclaims", name)
            .old(mine)
            .passes(&policy);
        let mut pod = pod(&json!({}), "default");
        pod["spec"]["volumes"] =
            json!([{ "name": "v", "persistentVolumeClaim": { "claimName": name } }]);
        create(tenant(), "/pods", "p", pod).passes(&policy);
    }
}

/// Row 12.
#[test]
fn config_maps() {
    let policy = policy();
    let map = |name: &str, metadata: Value| {
        let mut object = json!({ "metadata": metadata, "data": { "k": "v" } });
        object["metadata"]["name"] = json!(name);
        object
    };
    let owned =
        |pod: &str| json!({ "ownerReferences": [{ "kind": "Pod", "name": pod, "uid": "u" }] });
    let names = [
        "spark-drv-0123456789abcdef-conf-map",
        "spark-exec-0123456789abcdef-conf-map",
        "pi-0123456789abcdef-driver-podspec-conf-map",
        "etl-cluster-config-map",
    ];
    let changes = |who: Value, old: &Value| {
        let mut new = old.clone();
        new["data"]["k"] = json!("w");
        let name = old["metadata"]["name"].as_str().unwrap().to_owned();
        [
            update(who.clone(), "/configmaps", old.clone(), new),
            Review::new(who, "DELETE", "/configmaps", &name).old(old.clone()),
        ]
    };
    for name in names {
        let old = map(name, owned(&driver_name(JOB)));
        for who in [tenant(), add_on(), operator(), driver_of(OTHER_JOB, TEAM_B)] {
            for review in changes(who, &old) {
                review.refused(&policy, MAPS, "ConfigMap");
            }
        }
        for who in [driver(), runner(), emr(), admin()] {
            if name.starts_with("etl") {
                continue;
            }
            for review in changes(who, &old) {
                review.passes(&policy);
            }
        }
        create(add_on(), "/configmaps", name, map(name, json!({})))
            .refused(&policy, MAPS, "create");
        create(operator(), "/configmaps", name, map(name, json!({}))).passes(&policy);
    }
    // Whose job it is where only its owner says it.
    let old = map(names[0], owned("pi-driver"));
    for review in changes(operator(), &old) {
        review.passes(&policy);
        let run = |role: &str| {
            [(
                "pods spark-a/pi-driver",
                pod(&json!({}), &account_of("spark-driver", role)),
            )]
        };
        let found = with_facts(&review, &policy, &run(TEAM_B));
        assert!(
            found.iter().any(|found| found.starts_with(MAPS)),
            "{found:?}"
        );
        assert_eq!(
            with_facts(&review, &policy, &run("111122223333-2hiamcixdm9axe98")),
            [""; 0]
        );
    }
    // High availability has no owner; the cluster's Deployment says whose it is.
    let old = map("etl-cluster-config-map", json!({}));
    for review in changes(operator(), &old) {
        let cluster = |role: &str| {
            let template = pod(&json!({}), &account_of("flink-jobmanager", role));
            [(
                "deployments.apps spark-a/etl",
                json!({ "spec": { "template": template } }),
            )]
        };
        assert_ne!(with_facts(&review, &policy, &cluster(TEAM_B)), [""; 0]);
        assert_eq!(
            with_facts(&review, &policy, &cluster("111122223333-2hiamcixdm9axe98")),
            [""; 0]
        );
    }
    let root = map("kube-root-ca.crt", json!({}));
    for who in [
        tenant(),
        add_on(),
        operator(),
        driver(),
        user("eks:addon-manager", &[]),
    ] {
        create(who.clone(), "/configmaps", "kube-root-ca.crt", root.clone())
            .refused(&policy, MAPS, "create");
        for review in changes(who, &root) {
            review.refused(&policy, MAPS, "kube-root-ca.crt");
        }
    }
    create(
        controller("root-ca-cert-publisher"),
        "/configmaps",
        "kube-root-ca.crt",
        root.clone(),
    )
    .passes(&policy);
    update(tenant(), "/configmaps", root.clone(), root).passes(&policy);
    // An add-on's own.
    create(add_on(), "/configmaps", "app", map("app", json!({}))).passes(&policy);
    let marked = json!({ "labels": { "app": "etl", "type": "flink-native-kubernetes", "configmap-type": "high-availability" } });
    create(add_on(), "/configmaps", "app", map("app", marked.clone())).refused(
        &policy,
        MAPS,
        "label type",
    );
    create(
        manager(),
        "/configmaps",
        "etl-cluster-config-map",
        map("etl-cluster-config-map", marked),
    )
    .passes(&policy);
}

fn service(name: &str, selector: &Value) -> Value {
    json!({ "metadata": { "name": name }, "spec": { "selector": selector, "ports": [{ "port": 80 }] } })
}

/// Row 17.
#[test]
fn selectors() {
    let policy = policy();
    for selector in jobs_labels().into_iter().chain([
        json!({ "spark-version": "3.5.0" }),
        json!({ "spark-role": "driver" }),
        json!({ "component": "jobmanager" }),
        json!({ "spark-exec-inactive": "true" }),
    ]) {
        for who in [tenant(), add_on()] {
            create(who, "/services", "s", service("s", &selector))
                .refused(&policy, SERVICES, "selector");
        }
    }
    let own = json!({ "spark-app-selector": format!("spark-{JOB}"), "spark-role": "driver" });
    let kernels = json!({ "kernel_id": "k1", "app": "enterprise-gateway" });
    let flinks = |cluster: &str| json!({ "app": cluster, "component": "jobmanager", "type": "flink-native-kubernetes" });
    for selector in [
        json!({ "spark-role": "driver" }),
        json!({ "spark-version": "3.5.0" }),
        json!({ "pod-template-hash": "x" }),
        json!({ "app": "anything" }),
        json!({ "emr-containers.amazonaws.com/component": "driver" }),
        flinks("etl"),
    ] {
        for who in [driver(), runner()] {
            create(who, "/services", "s", service("s", &selector))
                .refused(&policy, SERVICES, "selector");
        }
    }
    for selector in [
        json!({ "spark-role": "driver" }),
        json!({ "spark-version": "3.5.0" }),
        json!({ "pod-template-hash": "x" }),
        json!({ "sparkoperator.k8s.io/launched-by-spark-operator": "true" }),
        json!({ "app": "enterprise-gateway" }),
        own.clone(),
    ] {
        create(operator(), "/services", "s", service("s", &selector))
            .refused(&policy, SERVICES, "selector");
    }
    create(manager(), "/services", "s", service("s", &flinks("web"))).refused(
        &policy,
        SERVICES,
        "another cluster's",
    );
    create(
        manager(),
        "/services",
        "s",
        service("s", &json!({ "component": "jobmanager" })),
    )
    .refused(&policy, SERVICES, "another cluster's");
    for (who, selector) in [
        (driver(), own.clone()),
        (runner(), own.clone()),
        (
            driver(),
            json!({ "emr-containers.amazonaws.com/job.id": JOB, "spark-role": "driver" }),
        ),
        (
            runner(),
            json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef", "spark-role": "driver",
                "spark-app-name": "pi", "spark-version": "3.5.0" }),
        ),
        (manager(), flinks("etl")),
        (operator(), flinks("etl")),
        (
            operator(),
            json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef", "spark-role": "driver" }),
        ),
        (
            operator(),
            json!({ "sparkoperator.k8s.io/app-name": "pi", "spark-role": "driver" }),
        ),
        (gateway(), kernels),
        (emr(), json!({ "app": "enterprise-gateway" })),
        (tenant(), json!({ "app": "web" })),
        (
            tenant(),
            json!({ "job-name": "mine", "batch.kubernetes.io/job-completion-index": "0" }),
        ),
        (
            tenant(),
            json!({ "statefulset.kubernetes.io/pod-name": "web-0" }),
        ),
    ] {
        create(who, "/services", "s", service("s", &selector)).passes(&policy);
    }
    // Flink's cluster by its name alone, where the cluster can be looked up.
    let review = create(
        tenant(),
        "/services",
        "s",
        service("s", &json!({ "app": "etl" })),
    );
    let cluster = |account: &str| {
        let template = pod(&json!({ "app": "etl", "component": "jobmanager" }), account);
        [(
            "deployments.apps spark-a/etl",
            json!({ "spec": { "template": template } }),
        )]
    };
    let found = with_facts(&review, &policy, &cluster(&account("flink-jobmanager")));
    assert!(
        found.iter().any(|found| found.starts_with(SERVICES)),
        "{found:?}"
    );
    assert_eq!(with_facts(&review, &policy, &cluster("default")), [""; 0]);
}

/// Row 12, the Service; a headless one with a namespace's name; labels and owners.
#[test]
fn services_by_name_label_and_owner() {
    let policy = policy();
    for who in [tenant(), add_on(), operator(), driver()] {
        create(
            who.clone(),
            "/services",
            "kubernetes",
            service("kubernetes", &json!({})),
        )
        .refused(
            &policy,
            SERVICES,
            "stand in every new pod's environment for the API server",
        );
        for name in ["default", "kube-system", "spark-operator"] {
            let mut headless = service(name, &json!({}));
            headless["spec"]["clusterIP"] = json!("None");
            create(who.clone(), "/services", name, headless).refused(
                &policy,
                SERVICES,
                "the name of a namespace",
            );
        }
    }
    let mut own = service("spark-a", &json!({ "app": "x" }));
    own["spec"]["clusterIP"] = json!("None");
    create(tenant(), "/services", "spark-a", own).passes(&policy);
    let labelled = json!({ "metadata": { "name": "s", "labels": { "emr-containers.amazonaws.com/job.id": JOB } }, "spec": {} });
    create(tenant(), "/services", "s", labelled).refused(&policy, SERVICES, "label");
    // What EMR left for an endpoint.
    let gateways = || service("jeg", &json!({ "app": "enterprise-gateway" }));
    let mut turned = gateways();
    turned["spec"]["ports"][0]["targetPort"] = json!(1);
    for who in [tenant(), operator(), driver(), gateway()] {
        update(who.clone(), "/services", gateways(), turned.clone()).refused(
            &policy,
            SERVICES,
            "which is a job's",
        );
        Review::new(who, "DELETE", "/services", "jeg")
            .old(gateways())
            .refused(&policy, SERVICES, "which is a job's");
    }
    update(emr(), "/services", gateways(), turned).passes(&policy);
    // Field case 09.
    for name in ["todo-ui-svc", "ride-driver-svc"] {
        let mine = service(name, &json!({ "app": "todo-ui" }));
        let mut other = mine.clone();
        other["spec"]["ports"][0]["port"] = json!(81);
        create(tenant(), "/services", name, mine.clone()).passes(&policy);
        update(tenant(), "/services", mine.clone(), other).passes(&policy);
        Review::new(tenant(), "DELETE", "/services", name)
            .old(mine)
            .passes(&policy);
        create(
            tenant(),
            "networking.k8s.io/ingresses",
            "todo",
            ingress(name),
        )
        .passes(&policy);
    }
}

fn ingress(service: &str) -> Value {
    json!({ "metadata": { "name": "web" }, "spec": { "rules": [{ "host": "x.example.com", "http": { "paths": [
        { "path": "/", "backend": { "service": { "name": service, "port": { "number": 80 } } } }] } }] } })
}

/// Row 18: by what the Service is, where it can be looked up.
#[test]
fn routes() {
    let policy = policy();
    let flinks = service(
        "etl-rest",
        &json!({ "app": "etl", "component": "jobmanager", "type": "flink-native-kubernetes" }),
    );
    let gateways = service("jeg", &json!({ "app": "enterprise-gateway" }));
    let drivers = service(
        "pi-ui-svc",
        &json!({ "spark-app-selector": "spark-0123456789abcdef0123456789abcdef" }),
    );
    let plain = service("orders-rest", &json!({ "app": "orders" }));
    let cluster = [
        ("services spark-a/etl-rest", flinks),
        ("services spark-a/jeg", gateways),
        ("services spark-a/pi-ui-svc", drivers),
        ("services spark-a/orders-rest", plain),
    ];
    for name in ["etl-rest", "jeg", "pi-ui-svc"] {
        for (resource, object) in [
            ("networking.k8s.io/ingresses", ingress(name)),
            (
                "extensions/ingresses",
                json!({ "spec": { "backend": { "serviceName": name } } }),
            ),
            (
                "gateway.networking.k8s.io/httproutes",
                json!({ "spec": { "rules": [{ "backendRefs": [{ "name": "orders-rest" }, { "name": name }] }] } }),
            ),
            (
                "traefik.io/ingressroutes",
                json!({ "spec": { "routes": [{ "services": [{ "name": name }] }] } }),
            ),
            (
                "networking.istio.io/virtualservices",
                json!({ "spec": { "http": [{ "route": [{ "destination": { "host": format!("{name}.spark-a.svc.cluster.local") } }] }] } }),
            ),
            (
                "/services",
                json!({ "spec": { "type": "ExternalName", "externalName": format!("{name}.spark-a.svc") } }),
            ),
        ] {
            let found = with_facts(&create(tenant(), resource, "r", object), &policy, &cluster);
            assert!(
                found
                    .iter()
                    .any(|found| found.starts_with(SERVICES) && found.contains(name)),
                "{resource} {name}: {found:?}"
            );
        }
    }
    let review = create(
        tenant(),
        "networking.k8s.io/ingresses",
        "r",
        ingress("orders-rest"),
    );
    assert_eq!(with_facts(&review, &policy, &cluster), [""; 0]);
    review.passes(&policy);
    let review = create(
        operator(),
        "networking.k8s.io/ingresses",
        "r",
        ingress("pi-ui-svc"),
    );
    assert_eq!(with_facts(&review, &policy, &cluster), [""; 0]);
    // Without a cluster to ask, by name and port together.
    let mut flinks = ingress("etl-rest");
    flinks["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] =
        json!({ "number": 8081 });
    for who in [tenant(), driver()] {
        create(who, "networking.k8s.io/ingresses", "r", flinks.clone()).refused(
            &policy,
            SERVICES,
            "REST Service of a Flink cluster",
        );
    }
    for who in [manager(), operator()] {
        create(who, "networking.k8s.io/ingresses", "r", flinks.clone()).passes(&policy);
    }
    // The same where the look-up failed, or the Service is still to come.
    let review = create(tenant(), "networking.k8s.io/ingresses", "r", flinks.clone());
    let unknown = [Known::Unknown, Known::Absent(Duration::ZERO)];
    for (number, known) in unknown.into_iter().enumerate() {
        let need = Need::object("", "v1", "services", "spark-a", "etl-rest");
        let body = review.body();
        let read = AdmissionReview::parse(body.as_bytes()).unwrap();
        let scope = Scope::of_door(Door::Enforce, &policy);
        let facts = Facts::found([(need, known)]);
        let outcome = decide(&read.request, scope, &policy, &facts, now()).unwrap();
        let decision = outcome.decided().expect("final facts");
        assert_eq!(decision.judged.len(), 1, "{number}");
    }
    // One that is known to be somebody's own may have the name and the port.
    let mut orders = flinks.clone();
    orders["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] =
        "orders-rest".into();
    let review = create(tenant(), "networking.k8s.io/ingresses", "r", orders);
    assert_eq!(with_facts(&review, &policy, &cluster), [""; 0]);
    // A route with more backends than anybody has asks for a bounded number.
    let many: Vec<Value> = (0..1000)
        .map(|number| json!({ "name": format!("s-{number}") }))
        .collect();
    let review = create(
        tenant(),
        "gateway.networking.k8s.io/httproutes",
        "r",
        json!({ "spec": { "rules": [{ "backendRefs": many }] } }),
    );
    assert_eq!(with_facts(&review, &policy, &cluster), [""; 0]);
    let body = review.body();
    let read = AdmissionReview::parse(body.as_bytes()).unwrap();
    let scope = Scope::of_door(Door::Enforce, &policy);
    let first = decide(&read.request, scope, &policy, &Facts::none_yet(), now()).unwrap();
    assert!(matches!(first, Outcome::Needs(needs) if needs.len() == 64));
}

/// A proxy's configuration, written by an Ingress.
#[test]
fn snippets() {
    let policy = policy();
    let with = |key: &str, text: &str| {
        let mut object = ingress("shop");
        object["metadata"]["annotations"] = json!({ key: text });
        object
    };
    let alias = "location /x { alias /var/run/secrets/kubernetes.io/serviceaccount/; }";
    for (key, text) in [
        ("nginx.ingress.kubernetes.io/server-snippet", alias),
        (
            "nginx.ingress.kubernetes.io/configuration-snippet",
            "content_by_lua 'x';",
        ),
        ("nginx.org/server-snippets", "ROOT /;"),
    ] {
        for who in [tenant(), driver(), operator()] {
            create(
                who.clone(),
                "networking.k8s.io/ingresses",
                "i",
                with(key, text),
            )
            .refused(&policy, SERVICES, "whose annotation");
            update(
                who,
                "networking.k8s.io/ingresses",
                ingress("shop"),
                with(key, text),
            )
            .refused(&policy, SERVICES, "annotation");
        }
        create(admin(), "networking.k8s.io/ingresses", "i", with(key, text)).passes(&policy);
        let mut old = with(key, text);
        old["metadata"]["name"] = json!("web");
        let mut new = old.clone();
        new["spec"]["ingressClassName"] = json!("nginx");
        update(tenant(), "networking.k8s.io/ingresses", old, new).passes(&policy);
    }
    let header = "more_set_headers \"X-Frame-Options: DENY\";";
    create(
        tenant(),
        "networking.k8s.io/ingresses",
        "i",
        with("nginx.ingress.kubernetes.io/configuration-snippet", header),
    )
    .passes(&policy);
    create(
        tenant(),
        "networking.k8s.io/ingresses",
        "i",
        with("note", alias),
    )
    .passes(&policy);
}

/// Row 23: EMR's own workloads under the same account.
#[test]
fn what_emr_left_is_emrs() {
    let policy = policy();
    let left = |kind: &str, image: &str| {
        let (account, labels) = match kind {
            "batch/jobs" => (
                account("spark-client"),
                json!({ "emr-containers.amazonaws.com/job.id": JOB }),
            ),
            _ => (account("spark-jeg"), json!({ "app": "enterprise-gateway" })),
        };
        let mut template = pod(&labels, &account);
        template["spec"]["containers"][0]["image"] = json!(image);
        let object = match kind {
            "/podtemplates" => json!({ "template": template }),
            _ => json!({ "spec": { "replicas": 1, "template": template } }),
        };
        let mut object = object;
        object["metadata"] =
            json!({ "name": if kind == "batch/jobs" { JOB } else { "jeg" }, "labels": labels });
        object
    };
    for kind in [
        "apps/deployments",
        "apps/replicasets",
        "batch/jobs",
        "/podtemplates",
        "apps/statefulsets",
    ] {
        let (old, new) = (left(kind, "emr"), left(kind, "mine"));
        for who in [driver(), runner(), gateway(), operator()] {
            if kind == "batch/jobs" {
                // Besides, its name is the run's, which is told first.
                let review = update(who, kind, old.clone(), new.clone());
                assert_ne!(review.findings(&policy), [""; 0]);
                continue;
            }
            update(who.clone(), kind, old.clone(), new.clone()).refused(
                &policy,
                PODS,
                "which is Amazon EMR's",
            );
            let mut command = old.clone();
            let path = if kind == "/podtemplates" {
                "/template"
            } else {
                "/spec/template"
            };
            command.pointer_mut(path).unwrap()["spec"]["containers"][0]["command"] = json!(["sh"]);
            update(who.clone(), kind, old.clone(), command).refused(&policy, PODS, "Amazon EMR's");
            if kind == "apps/deployments" {
                let mut scaled = old.clone();
                scaled["spec"]["replicas"] = json!(2);
                update(who, kind, old.clone(), scaled).passes_rule(&policy, PODS);
            }
        }
        for who in [emr(), admin(), controller("deployment-controller")] {
            update(who, kind, old.clone(), new.clone()).passes_rule(&policy, PODS);
        }
    }
    // A Flink operator's own.
    let flink = |image: &str| {
        let mut template = pod(&json!({ "app": "etl" }), &account("flink-jobmanager"));
        template["spec"]["containers"][0]["image"] = json!(image);
        json!({ "metadata": { "name": "etl" }, "spec": { "template": template } })
    };
    update(operator(), "apps/deployments", flink("1"), flink("2")).passes_rule(&policy, PODS);
}

/// An object that is owned by a job's is deleted with it, and can hold it up.
#[test]
fn owners() {
    let policy = policy();
    let owned = |kind: &str, name: &str, blocks: bool| {
        json!({ "metadata": { "name": "x",
        "finalizers": ["example.com/hold"],
        "ownerReferences": [{ "kind": kind, "name": name, "uid": "u", "blockOwnerDeletion": blocks }] } })
    };
    for (kind, name) in [
        ("Pod", driver_name(JOB)),
        ("Pod", runner_name(JOB)),
        ("Pod", format!("{PREFIX}-exec-1")),
        ("Job", JOB.to_owned()),
        ("ConfigMap", format!("{JOB}-spark-defaults")),
    ] {
        for resource in [
            "/pods",
            "/services",
            "/persistentvolumeclaims",
            "batch/jobs",
            "example.com/things",
            "coordination.k8s.io/leases",
        ] {
            create(tenant(), resource, "x", owned(kind, &name, true)).refused(
                &policy,
                PODS,
                "an owner of another job",
            );
            update(
                tenant(),
                resource,
                json!({ "metadata": { "name": "x" } }),
                owned(kind, &name, true),
            )
            .refused(&policy, PODS, "an owner of another job");
        }
        create(
            tenant(),
            "example.com/things",
            "x",
            owned(kind, &name, false),
        )
        .passes_rule(&policy, PODS);
        create(
            driver_of(OTHER_JOB, TEAM_B),
            "/services",
            "x",
            owned(kind, &name, true),
        );
        // Queues, meshes and reporters do this for every pod.
        let volcano = service_account("volcano-system", "volcano-controllers");
        create(
            volcano,
            "scheduling.volcano.sh/podgroups",
            "x",
            owned(kind, &name, true),
        )
        .passes_rule(&policy, PODS);
    }
    create(
        driver_of(OTHER_JOB, TEAM_B),
        "/services",
        "x",
        owned("Pod", &driver_name(JOB), true),
    )
    .refused(&policy, PODS, "an owner of another job");
    let mut own = owned("Pod", &driver_name(JOB), true);
    own["metadata"]["ownerReferences"][0]["uid"] = json!(DRIVER_UID);
    create(driver(), "/persistentvolumeclaims", "x", own).passes(&policy);
    create(tenant(), "/pods", "x", owned("Pod", "jupyter-ana", true)).passes_rule(&policy, PODS);
}
