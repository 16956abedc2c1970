//! Service accounts to which the policy gives rights: their tokens, pods under them,
//! the service accounts themselves. Section F of the bypass catalogue.

use crate::support::scene::{account, admin, driver, emr, node, write};
use crate::support::{
    Review, controller, impersonated, judge, policy, service_account, tenant, user,
};
use rolegate_core::decision::Door;
use rolegate_core::facts::{Class, Requester};
use rolegate_core::policy::{Mode, Policy};
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const TOKEN: &str = "service-account-token";
const IDENTITY: &str = "service-account-identity";
const POD: &str = "foreign-service-account";

/// Every way in which a policy gives rights to service accounts of `spark-a`.
fn scene() -> Policy {
    policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
doors: { cluster: enforce }
identities:
  addOns: [kueue]
  admins: { users: ["system:serviceaccount:spark-a:deployer", "system:serviceaccount:ops-*:deployer"], groups: [system:masters] }
  platform: [{ users: ["system:serviceaccount:spark-a:queue"], capabilities: [evict] }]
  operators:
    - { serviceAccount: spark-a/livy, roles: ["arn:aws:iam::111122223333:role/team-a-*"] }
    - serviceAccount: operators/emr-containers-sa-spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts:
        - { name: lake-driver, role: "arn:aws:iam::111122223333:role/team-a-lake" }
        - { name: listed, namespaces: [jobs], role: "arn:aws:iam::111122223333:role/team-a-etl" }
exemptions:
  - { rules: [pod-exec], users: ["system:serviceaccount:spark-a:debugger"], namespaces: ["*"], until: 2026-12-01T00:00:00Z, reason: x }
  - { rules: [pod-exec], users: ["system:serviceaccount:spark-a:old"], namespaces: ["*"], until: 2026-01-01T00:00:00Z, reason: ended }
virtualClusters:
  - namespaces: [spark-a]
    crossRole: [{ namespace: lake, from: "arn:aws:iam::111122223333:role/team-a-lake", to: "arn:aws:iam::111122223333:role/team-a-etl" }]
    submitters:
      - { groups: [team-a], serviceAccounts: [default, history-server, worker, debugger, deployer, queue, livy, etl-worker] }
      - { users: ["system:serviceaccount:spark-a:worker"], roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }
      - { users: ["system:serviceaccount:spark-a:airflow-*"], groups: [team-b], serviceAccounts: [default, airflow-worker] }
  - namespaces: [spark-b]
    submitters:
      - { users: ["system:serviceaccount:spark-a:etl-worker", "system:serviceaccount:airflow:worker"], secrets: ["*"] }
"#,
    )
}

/// Names in `spark-a`, with the words of the refusal.
const TRUSTED: [(&str, &str); 8] = [
    ("deployer", "an administrator's rights"),
    ("queue", "an add-on's rights"),
    ("livy", "an operator's rights"),
    ("debugger", "an exemption"),
    ("old", "an exemption"),
    ("worker", "a submitter's rights"),
    ("etl-worker", "a submitter's rights"),
    ("airflow-scheduler", "a submitter's rights"),
];

/// Everybody with no more than a tenant's rights, or with others.
fn others() -> Vec<Value> {
    vec![
        tenant(),
        user("bob", &["team-b"]),
        user("carol", &[]),
        driver(),
        service_account("spark-a", "history-server"),
        service_account("kueue-system", "kueue-controller-manager"),
        impersonated("spark-a", "deployer"),
        impersonated("kube-system", "job-controller"),
    ]
}

fn token(who: Value, namespace: &str, account: &str) -> Review {
    Review::new(who, "CREATE", "/serviceaccounts/token", account)
        .set("namespace", json!(namespace))
        .object(json!({ "spec": { "audiences": [] } }))
}

fn token_secret(who: Value, account: &str) -> Review {
    Review::new(who, "CREATE", "/secrets", "s").object(secret(account))
}

fn secret(account: &str) -> Value {
    json!({
        "metadata": { "name": "s", "annotations": { "kubernetes.io/service-account.name": account } },
        "type": "kubernetes.io/service-account-token",
    })
}

fn pod(account: &str) -> Value {
    json!({ "metadata": {}, "spec": { "serviceAccountName": account, "containers": [{ "name": "c", "image": "i" }] } })
}

#[test]
fn tokens() {
    let policy = scene();
    for who in others() {
        for (account, rights) in TRUSTED {
            let words = format!("the policy trusts that service account with {rights}");
            token(who.clone(), "spark-a", account).refused(&policy, TOKEN, &words);
            token(who.clone(), "spark-a", account)
                .set("dryRun", json!(true))
                .refused(&policy, TOKEN, &words);
            token_secret(who.clone(), account).refused(&policy, TOKEN, &words);
            Review::new(who.clone(), "UPDATE", "/secrets", "s")
                .old(secret("history-server"))
                .object(secret(account))
                .refused(&policy, TOKEN, &words);
            Review::new(who.clone(), "UPDATE", "/secrets", "s")
                .old(secret(account))
                .object(secret("history-server"))
                .refused(&policy, TOKEN, "");
        }
    }
    for account in ["default", "history-server", "workers", "airflow"] {
        token(tenant(), "spark-a", account).passes(&policy);
    }
    for who in [emr(), admin(), service_account("ops-1", "deployer")] {
        token(who.clone(), "spark-a", "worker").passes(&policy);
        token_secret(who, "livy").passes(&policy);
    }
    let mut bound = token(node(), "spark-a", "worker");
    bound.0["request"]["object"]["spec"]["boundObjectRef"] =
        json!({ "kind": "Pod", "name": "p", "uid": "u" });
    bound.passes(&policy);
}

#[test]
fn pods() {
    let policy = scene();
    for (account, rights) in [
        ("deployer", "an administrator's rights"),
        ("queue", "an add-on's rights"),
        ("livy", "an operator's rights"),
        ("debugger", "an exemption"),
        ("worker", "a submitter's rights"),
        ("etl-worker", "a submitter's rights"),
    ] {
        for (resource, object) in [
            ("/pods", pod(account)),
            (
                "apps/deployments",
                json!({ "spec": { "template": pod(account) } }),
            ),
            (
                "batch/jobs",
                json!({ "spec": { "template": pod(account) } }),
            ),
        ] {
            Review::new(tenant(), "CREATE", resource, "p")
                .object(object)
                .refused(&policy, POD, rights);
        }
        // The controller of a template that somebody may write, and administrators.
        for who in [controller("replicaset-controller"), admin(), emr()] {
            Review::new(who, "CREATE", "/pods", "p")
                .object(pod(account))
                .passes(&policy);
        }
    }
    let start =
        |who: Value, account: &str| Review::new(who, "CREATE", "/pods", "p").object(pod(account));
    start(tenant(), "history-server").passes(&policy);
    // Whoever may write its Deployment would choose what it runs.
    let template = |image: &str| {
        let mut pod = pod("worker");
        pod["spec"]["containers"][0]["image"] = json!(image);
        json!({ "spec": { "template": pod } })
    };
    let change = |who: Value| {
        Review::new(who, "UPDATE", "apps/deployments", "w")
            .old(template("i"))
            .object(template("mine"))
    };
    change(tenant()).refused(&policy, POD, "a submitter's rights");
    change(admin()).passes(&policy);
    let mut swapped = pod("worker");
    swapped["spec"]["containers"][0]["image"] = json!("mine");
    Review::new(tenant(), "UPDATE", "/pods", "p")
        .old(pod("worker"))
        .object(swapped)
        .refused(&policy, "pod-tampering", "image");
    let workflow = json!({ "metadata": {}, "spec": { "serviceAccountName": "worker" } });
    Review::new(tenant(), "CREATE", "argoproj.io/workflows", "w")
        .object(workflow)
        .refused(&policy, POD, "a submitter's rights");
    // Software that logs in with the service account's token, at a server of the author's.
    let vault = json!({ "server": "https://evil", "auth": { "kubernetes": { "serviceAccountRef": { "name": "worker" } } } });
    for (resource, spec) in [
        ("cert-manager.io/issuers", json!({ "vault": vault })),
        (
            "source.toolkit.fluxcd.io/buckets",
            json!({ "serviceAccountName": "worker" }),
        ),
    ] {
        Review::new(tenant(), "CREATE", resource, "x")
            .object(json!({ "metadata": {}, "spec": spec }))
            .refused(&policy, POD, "a submitter's rights");
    }
    // The entry that gives it rights gives them to team-b as well.
    let bob = || user("bob", &["team-b"]);
    start(bob(), "airflow-worker").passes(&policy);
    token(bob(), "spark-a", "airflow-worker").passes(&policy);
    write(
        bob(),
        "/serviceaccounts",
        "airflow-worker",
        None,
        Some(json!({ "metadata": {} })),
    )
    .passes(&policy);
    start(tenant(), "airflow-worker").refused(&policy, POD, "does not list");
    token(tenant(), "spark-a", "airflow-worker").refused(&policy, TOKEN, "a submitter's rights");
    start(
        service_account("spark-a", "airflow-scheduler"),
        "airflow-worker",
    )
    .passes(&policy);
    // `default` is a service account like any other.
    let everybody = self::policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters: [{ namespaces: [spark-a], submitters: [{ users: [\"system:serviceaccount:spark-a:d*\"], secrets: [\"*\"] }] }]",
    );
    start(tenant(), "default").refused(&everybody, POD, "a submitter's rights");
}

#[test]
fn the_accounts_themselves() {
    let policy = scene();
    let plain = || json!({ "metadata": { "name": "x" } });
    let labelled = || json!({ "metadata": { "name": "x", "labels": { "a": "b" } } });
    let roles: [(Option<Value>, Option<Value>); 3] = [
        (None, Some(plain())),
        (Some(plain()), Some(labelled())),
        (Some(plain()), None),
    ];
    for (account, rights) in TRUSTED {
        for (old, new) in roles.clone() {
            for who in others() {
                write(who, "/serviceaccounts", account, old.clone(), new.clone())
                    .refused(&policy, IDENTITY, rights);
            }
            for who in [
                emr(),
                admin(),
                controller("service-account-controller"),
                controller("generic-garbage-collector"),
            ] {
                write(who, "/serviceaccounts", account, old.clone(), new.clone()).passes(&policy);
            }
        }
        write(
            tenant(),
            "/serviceaccounts",
            account,
            Some(plain()),
            Some(plain()),
        )
        .passes(&policy);
    }
    // The API server adds five characters.
    let mut generated = plain();
    generated["metadata"] = json!({ "generateName": "etl-w" });
    write(tenant(), "/serviceaccounts", "", None, Some(generated)).refused(
        &policy,
        IDENTITY,
        "a submitter's rights",
    );
    write(tenant(), "/serviceaccounts", "my-own", None, Some(plain())).passes(&policy);
}

/// The cluster door receives service accounts and tokens of namespaces without the
/// label, and judges those that have rights.
#[test]
fn in_namespaces_without_the_label() {
    let policy = scene();
    let findings = |review: Review| {
        let body = review.body();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let decision = judge(&review.request, Door::Cluster, &policy).expect("a decision");
        let strict = decision.judged.iter().all(|one| one.mode == Mode::Enforce);
        assert!(strict);
        let rules = decision
            .judged
            .iter()
            .map(|one| one.finding.rule.to_string());
        rules.collect::<Vec<_>>()
    };
    let aws = |review: Review| {
        let spec = json!({ "audiences": ["sts.amazonaws.com"] });
        review.object(json!({ "spec": spec }))
    };
    let accounts = [
        ("airflow", "worker", true),
        ("operators", "emr-containers-sa-spark-operator", true),
        ("kueue-system", "kueue-controller-manager", true),
        ("ops-east", "deployer", true),
        ("apps", &*account("spark-driver"), true),
        ("lake", "lake-driver", true),
        ("jobs", "listed", true),
        ("apps", "lake-driver", false),
        ("apps", "listed", false),
        ("apps", "default", false),
        ("volcano-system", "volcano-scheduler", false),
        ("airflow", "scheduler", false),
    ];
    for (namespace, name, guarded) in accounts {
        let expected = |rule: &str| {
            if guarded {
                vec![rule.to_owned()]
            } else {
                Vec::new()
            }
        };
        let who = || user("dev", &["system:authenticated"]);
        assert_eq!(
            findings(aws(token(who(), namespace, name))),
            expected(TOKEN),
            "{name}"
        );
        let there = |review: Review| review.set("namespace", json!(namespace));
        assert_eq!(
            findings(there(token_secret(who(), name))),
            expected(TOKEN),
            "{name}"
        );
        let role = json!({ "metadata": { "annotations": { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/x" } } });
        let create = write(who(), "/serviceaccounts", name, None, Some(role));
        let mut found = findings(there(create));
        found.retain(|rule| rule != "execution-role");
        assert_eq!(found, expected(IDENTITY), "{name}");
    }
    // A Secret that names nobody is nobody's token.
    assert_eq!(
        findings(token_secret(user("dev", &[]), "").set("namespace", json!("apps"))),
        [""; 0]
    );
}

#[test]
fn add_ons_count_where_the_policy_names_them() {
    let class = |policy: &Policy, namespace: &str, name: &str| {
        let user = service_account(namespace, name);
        let body = Review::new(user, "CREATE", "/pods", "x").body();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        Requester::of(&review.request.user, "spark-a", policy).class()
    };
    let (builtin, named) = (Policy::builtin(), scene());
    for (policy, namespace, name, expected) in [
        (
            &builtin,
            "kueue-system",
            "kueue-controller-manager",
            Class::Tenant,
        ),
        (&builtin, "karpenter", "karpenter", Class::Tenant),
        (&builtin, "kube-system", "karpenter", Class::Platform),
        (
            &builtin,
            "kube-system",
            "ebs-csi-controller-sa",
            Class::Platform,
        ),
        (
            &named,
            "kueue-system",
            "kueue-controller-manager",
            Class::Platform,
        ),
        (&named, "volcano-system", "volcano-scheduler", Class::Tenant),
    ] {
        assert_eq!(
            class(policy, namespace, name),
            expected,
            "{namespace}:{name}"
        );
    }
}

/// EMR's charts give the operator itself a reserved name, so its namespace can have
/// the label too.
#[test]
fn an_operators_own_pods() {
    let policy = scene();
    let start = |who: Value, namespace: &str| {
        Review::new(who, "CREATE", "/pods", "p")
            .object(pod("emr-containers-sa-spark-operator"))
            .set("namespace", json!(namespace))
    };
    start(controller("replicaset-controller"), "operators").passes(&policy);
    for who in [tenant(), node(), controller("daemon-set-controller")] {
        start(who, "operators").refused(&policy, POD, "reserved for Amazon EMR");
    }
    start(controller("replicaset-controller"), "elsewhere").refused(
        &policy,
        POD,
        "reserved for Amazon EMR",
    );
}

/// One name, in each namespace with a role of its own.
#[test]
fn fixed_names_by_namespace() {
    let policy = policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: o/o
      roles: ["arn:aws:iam::111122223333:role/team-*-etl"]
      jobServiceAccounts:
        - { name: spark, namespaces: [spark-a], role: "arn:aws:iam::111122223333:role/team-a-etl" }
        - { name: spark, namespaces: [spark-b, spark-c], role: "arn:aws:iam::111122223333:role/team-b-etl" }
        - { name: livy, role: "arn:aws:iam::111122223333:role/team-x-etl" }
        - { name: livy, namespaces: [spark-b], role: "arn:aws:iam::111122223333:role/team-b-etl" }
    - serviceAccount: other/o
      roles: ["arn:aws:iam::111122223333:role/team-*-etl"]
      jobServiceAccounts:
        - { name: livy, namespaces: [spark-b], role: "arn:aws:iam::111122223333:role/team-b-etl" }
virtualClusters:
  - { namespaces: [spark-a], submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }] }
  - { namespaces: [spark-b], submitters: [{ groups: [team-b], roles: ["arn:aws:iam::111122223333:role/team-b-etl"] }] }
"#,
    );
    let role = |namespace: &str, name: &str| {
        let fixed = policy.fixed_service_account(namespace, name);
        fixed.map(|fixed| fixed.role.to_string())
    };
    for (namespace, name, expected) in [
        ("spark-a", "spark", Some("111122223333/team-a-etl")),
        ("spark-b", "spark", Some("111122223333/team-b-etl")),
        ("spark-c", "spark", Some("111122223333/team-b-etl")),
        ("spark-d", "spark", None),
        // The namespace lists another role of the operator's.
        ("spark-a", "livy", None),
        ("anywhere", "livy", Some("111122223333/team-x-etl")),
        ("spark-b", "livy", Some("111122223333/team-b-etl")),
        ("spark-b", "other", None),
    ] {
        assert_eq!(
            role(namespace, name).as_deref(),
            expected,
            "{namespace}/{name}"
        );
    }
    let application = |group: &str, namespace: &str, name: &str| {
        Review::new(user("u", &[group]), "CREATE", "sparkoperator.k8s.io/sparkapplications", "a")
            .object(json!({ "metadata": { "name": "a" }, "spec": { "driver": { "serviceAccount": name } } }))
            .set("namespace", json!(namespace))
    };
    application("team-a", "spark-a", "spark").passes(&policy);
    application("team-b", "spark-b", "spark").passes(&policy);
    application("team-a", "spark-b", "spark").refused(&policy, POD, "team-b-etl");
    application("team-b", "spark-a", "spark").refused(&policy, POD, "team-a-etl");
    // The pod is what EKS makes of the annotation; that must be the namespace's role.
    let started = |operator: &str, namespace: &str, name: &str, arn: &str| {
        let mut pod = crate::support::injected(pod(name));
        for variable in pod["spec"]["containers"][0]["env"]
            .as_array_mut()
            .expect("a list")
        {
            if variable["name"] == "AWS_ROLE_ARN" {
                variable["value"] = json!(format!("arn:aws:iam::111122223333:role/{arn}"));
            }
        }
        Review::new(service_account(operator, "o"), "CREATE", "/pods", "p")
            .object(pod)
            .set("namespace", json!(namespace))
    };
    started("o", "spark-a", "spark", "team-a-etl").passes(&policy);
    started("o", "spark-b", "spark", "team-b-etl").passes(&policy);
    started("o", "spark-a", "spark", "team-b-etl").refused(
        &policy,
        "execution-role",
        "names the IAM role 111122223333/team-b-etl, and the pod's service account becomes 111122223333/team-a-etl",
    );
    started("other", "spark-b", "livy", "team-b-etl").passes(&policy);
    started("other", "spark-a", "livy", "team-x-etl").refused(
        &policy,
        POD,
        "none in spark-a; it needs an entry { name: livy, namespaces: [spark-a], role: <ARN> }",
    );
    started("o", "spark-d", "spark", "team-a-etl").refused(
        &policy,
        POD,
        "an operator starts pods only",
    );
    // The annotation of the account, from which EKS makes it.
    let annotated = |arn: &str| json!({ "metadata": { "name": "spark", "annotations": { "eks.amazonaws.com/role-arn": format!("arn:aws:iam::111122223333:role/{arn}") } } });
    for who in [service_account("o", "o"), emr()] {
        let create = |namespace: &str, arn: &str| {
            write(
                who.clone(),
                "/serviceaccounts",
                "spark",
                None,
                Some(annotated(arn)),
            )
            .set("namespace", json!(namespace))
        };
        create("spark-a", "team-a-etl").passes(&policy);
        create("spark-b", "team-b-etl").passes(&policy);
        create("spark-b", "team-a-etl").refused(&policy, "execution-role", "stands for another");
    }
}

/// Rows of the built-in table, by what installations really do.
#[test]
fn add_ons_do_their_work() {
    let named = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities: { addOns: [volcano, airflow, aws-node-termination-handler] }\nrules: { job-lifecycle: { mode: enforce } }",
    );
    let builtin = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: { job-lifecycle: { mode: enforce } }",
    );
    let hosts = |who: Value| {
        Review::new(who, "CREATE", "/configmaps", "mpi-svc")
            .object(json!({ "metadata": { "name": "mpi-svc" }, "data": { "mpiworker.host": "a" } }))
    };
    let seen = |who: Value| {
        let mut old = pod(&account("spark-driver"));
        old["metadata"] = json!({ "name": "pi-driver", "labels": { "app": "pi" } });
        let mut new = old.clone();
        new["metadata"]["labels"]["already_checked"] = json!("True");
        Review::new(who, "UPDATE", "/pods", "pi-driver")
            .old(old)
            .object(new)
    };
    let evict = |who: Value| {
        Review::new(who, "CREATE", "/pods/eviction", "pi-driver")
            .object(json!({ "metadata": { "name": "pi-driver" } }))
    };
    let volcano = || service_account("volcano-system", "volcano-controllers");
    let airflow = || service_account("airflow", "airflow-worker");
    let handler = || {
        service_account(
            "aws-node-termination-handler",
            "aws-node-termination-handler-sa",
        )
    };
    for (review, rule, add_on) in [
        (hosts(volcano()), "configmap-mutation", "volcano"),
        (seen(airflow()), "pod-tampering", "airflow"),
        (
            evict(handler()),
            "job-lifecycle",
            "aws-node-termination-handler",
        ),
    ] {
        review.passes(&named);
        // Who refuses says which key of the policy is missing.
        let words = format!("add-on {add_on} only if identities.addOns names it");
        let found = review.findings(&builtin);
        assert!(
            found
                .iter()
                .any(|one| one.starts_with(rule) && one.contains(&words)),
            "{found:?}"
        );
    }
    for name in [
        "descheduler",
        "cluster-autoscaler-sa",
        "aws-node-termination-handler",
    ] {
        evict(service_account("kube-system", name)).passes(&builtin);
    }
}
