//! The rule `service-account-token`: B6, B9 and B12 of the bypass catalogue,
//! and projected tokens.

use crate::support::scene::{account, admin, controller_manager, driver, eks, emr, node};
use crate::support::{Review, controller, impersonated, policy, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "service-account-token";

fn declared() -> Policy {
    policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  admins: { users: ["system:serviceaccount:spark-a:deployer"], groups: [system:masters] }
  platform: [{ users: ["system:serviceaccount:spark-a:descheduler"], capabilities: [evict] }]
  operators:
    - serviceAccount: spark-a/livy
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{ name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
virtualClusters:
  - namespaces: [spark-a]
    submitters:
      - { groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], serviceAccounts: [default, history-server] }
"#,
    )
}

/// Everybody who has no tokens made for jobs.
fn nobodies() -> Vec<Value> {
    vec![
        tenant(),
        user("", &[]),
        driver(),
        service_account("spark-a", "default"),
        service_account("spark-a", "livy"),
        service_account("spark-a", "descheduler"),
        service_account("istio-system", "istiod"),
        service_account("spark-a", &account("spark-driver")),
        impersonated("spark-a", &account("spark-driver")),
        impersonated("kube-system", "job-controller"),
        controller("job-controller"),
        controller("service-account-controller"),
        controller_manager(),
        eks(),
        user("system:node:n1", &[]),
    ]
}

fn request(user: Value, account: &str, spec: Value) -> Review {
    Review::new(user, "CREATE", "/serviceaccounts/token", account).object(json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "metadata": { "name": account }, "spec": spec,
    }))
}

fn bound(kind: &str) -> Value {
    json!({ "audiences": ["sts.amazonaws.com"], "boundObjectRef": { "kind": kind, "apiVersion": "v1", "name": "p", "uid": "u" } })
}

#[test]
fn nobody_requests_a_jobs_token() {
    let policy = declared();
    for who in nobodies() {
        for (account, words) in [
            (
                account("spark-driver"),
                "becomes the IAM role 111122223333/team-a-etl",
            ),
            (
                account("x-y"),
                "becomes the IAM role 111122223333/team-a-etl",
            ),
            (
                "livy-runner".to_owned(),
                "becomes the IAM role 111122223333/team-a-etl",
            ),
            (
                "emr-containers-sa-spark".to_owned(),
                "reserved for Amazon EMR",
            ),
            ("emr-container-sa-x".to_owned(), "reserved for Amazon EMR"),
            ("livy".to_owned(), "the policy trusts"),
            ("deployer".to_owned(), "the policy trusts"),
            ("descheduler".to_owned(), "the policy trusts"),
        ] {
            for spec in [
                json!({}),
                Value::Null,
                json!({ "audiences": ["vault"] }),
                bound("Pod"),
                bound("Secret"),
            ] {
                request(who.clone(), &account, spec.clone()).refused(&policy, RULE, words);
                request(who.clone(), &account, spec)
                    .set("dryRun", json!(true))
                    .refused(&policy, RULE, words);
            }
        }
    }
}

#[test]
fn those_whose_work_it_is_request_tokens() {
    let policy = declared();
    let account = account("spark-driver");
    for who in [emr(), admin()] {
        request(who, &account, json!({ "audiences": ["sts.amazonaws.com"] })).passes(&policy);
    }
    for account in [
        &*account,
        "livy-runner",
        "emr-containers-sa-spark",
        "livy",
        "default",
    ] {
        request(node(), account, bound("Pod")).passes(&policy);
    }
    for kind in ["Secret", "Node", "pod", ""] {
        request(node(), &account, bound(kind)).refused(&policy, RULE, "team-a-etl");
    }
}

#[test]
fn ordinary_accounts_by_audience() {
    let policy = declared();
    for who in [
        tenant(),
        driver(),
        service_account("spark-a", "livy"),
        service_account("istio-system", "istiod"),
    ] {
        for audience in [
            "sts.amazonaws.com",
            "STS.amazonaws.com",
            "sts.cn-north-1.amazonaws.com.cn",
            "pods.eks.amazonaws.com",
        ] {
            for account in ["default", "history-server", "other"] {
                request(
                    who.clone(),
                    account,
                    json!({ "audiences": ["vault", audience] }),
                )
                .refused(&policy, RULE, "(at spec.audiences[1])");
            }
        }
        for audiences in [
            json!([]),
            Value::Null,
            json!(["vault"]),
            json!(["https://kubernetes.default.svc"]),
        ] {
            request(who.clone(), "default", json!({ "audiences": audiences })).passes(&policy);
        }
    }
}

#[test]
fn a_token_request_that_cannot_be_read_is_no_answer() {
    let errors = |review: Review| review.problem(&Policy::builtin());
    // The object's own name is the requester's wish, not the account.
    assert!(
        errors(request(tenant(), "default", json!({})).set("name", json!(""))).contains("name")
    );
    assert!(errors(request(tenant(), "default", json!({ "audiences": "x" }))).contains("object"));
    assert!(
        errors(Review::new(
            tenant(),
            "CREATE",
            "/serviceaccounts/token",
            "x"
        ))
        .contains("object")
    );
}

#[test]
fn certificates_of_pods() {
    let policy = declared();
    let certificate = |who: Value| {
        Review::new(who, "CREATE", "certificates.k8s.io/podcertificaterequests", "c").object(
            json!({ "spec": { "signerName": "kubernetes.io/kube-apiserver-client-pod", "serviceAccountName": "default" } }),
        )
    };
    certificate(node()).passes(&policy);
    certificate(admin()).passes(&policy);
    for who in [
        tenant(),
        driver(),
        service_account("spark-a", "livy"),
        controller("job-controller"),
    ] {
        certificate(who).refused(&policy, RULE, "may not request a pod's certificate");
    }
}

fn secret(account: Option<&str>) -> Value {
    let annotations =
        account.map(|account| json!({ "kubernetes.io/service-account.name": account }));
    json!({
        "metadata": { "name": "s", "annotations": annotations },
        "type": "kubernetes.io/service-account-token",
        "data": { "token": "c2VjcmV0LXRva2Vu" },
    })
}

fn create_secret(user: Value, account: Option<&str>) -> Review {
    Review::new(user, "CREATE", "/secrets", "s").object(secret(account))
}

#[test]
fn secrets_that_kubernetes_fills() {
    let policy = declared();
    for who in nobodies()
        .into_iter()
        .filter(|who| who["username"] != "system:kube-controller-manager")
    {
        for account in [
            &*account("spark-driver"),
            "livy-runner",
            "emr-containers-sa-spark",
            "livy",
        ] {
            create_secret(who.clone(), Some(account)).refused(
                &policy,
                RULE,
                &format!(
                    "may not create Secret spark-a/s for the token of service account {account}"
                ),
            );
        }
        for account in [None, Some("")] {
            create_secret(who.clone(), account).refused(&policy, RULE, "no service account");
        }
    }
    // Whoever may run as an account may have its token.
    create_secret(tenant(), Some("default")).passes(&policy);
    create_secret(tenant(), Some("history-server")).passes(&policy);
    create_secret(tenant(), Some("other")).refused(&policy, RULE, "does not list");
    create_secret(tenant(), Some("history-server")).refused(
        &Policy::builtin(),
        RULE,
        "does not list",
    );
    create_secret(driver(), Some("default")).refused(&policy, RULE, "in its pod already");
    for who in [emr(), admin(), controller_manager()] {
        create_secret(who, Some(&account("spark-driver"))).passes(&policy);
    }
    // Another type says nothing, whatever its annotations.
    let mut opaque = secret(Some(&account("spark-driver")));
    opaque["type"] = json!("Opaque");
    Review::new(tenant(), "CREATE", "/secrets", "s")
        .object(opaque)
        .passes(&policy);
}

#[test]
fn secrets_that_are_turned_over() {
    let policy = declared();
    let job = account("spark-driver");
    let update = |who: Value, old: Option<&str>, new: Option<&str>| {
        Review::new(who, "UPDATE", "/secrets", "s")
            .old(secret(old))
            .object(secret(new))
    };
    for who in [tenant(), driver(), service_account("spark-a", "livy")] {
        update(who.clone(), Some("default"), Some(&job)).refused(
            &policy,
            RULE,
            &format!("may not reassign Secret spark-a/s to the token of service account {job}"),
        );
        update(who.clone(), None, Some(&job)).refused(&policy, RULE, "reassign");
        update(who.clone(), Some(&job), Some("default")).refused(&policy, RULE, "reassign");
        update(who.clone(), Some(&job), None).refused(&policy, RULE, "reassign");
        update(who, Some(&job), Some(&job)).passes(&policy);
    }
    update(tenant(), Some("default"), Some("history-server")).passes(&policy);
    update(controller_manager(), Some("default"), Some(&job)).passes(&policy);
    // What a finding says holds nothing of the data.
    let found = update(tenant(), Some("default"), Some(&job)).findings(&policy);
    assert!(!found.concat().contains("c2VjcmV0"), "{found:?}");
}

fn pod(account: &str, audiences: &[Value]) -> Value {
    let volumes: Vec<Value> = audiences
        .iter()
        .map(|audience| {
            let token = json!({ "path": "token", "audience": audience });
            json!({ "name": "t", "projected": { "sources": [{ "configMap": { "name": "c" } }, { "serviceAccountToken": token }] } })
        })
        .collect();
    json!({ "metadata": {}, "spec": { "serviceAccountName": account, "containers": [{ "image": "i" }], "volumes": volumes } })
}

fn create_pod(user: Value, account: &str, audience: Value) -> Review {
    Review::new(user, "CREATE", "/pods", "p").object(pod(account, &[Value::Null, audience]))
}

#[test]
fn projected_tokens_of_tenants_pods() {
    let policy = declared();
    for audience in ["sts.amazonaws.com", "pods.eks.amazonaws.com", "vault"] {
        create_pod(tenant(), "default", json!(audience)).refused(
            &policy,
            RULE,
            &format!("a token of service account default for {audience} (at spec.volumes[1].projected.sources[1].serviceAccountToken)"),
        );
        // Listed by name: that account is theirs, and EKS's webhook adds this very volume.
        create_pod(tenant(), "history-server", json!(audience)).passes(&policy);
        for who in [emr(), admin(), controller("replicaset-controller")] {
            create_pod(who, "default", json!(audience)).passes(&policy);
        }
    }
    for audience in [
        Value::Null,
        json!(""),
        json!("https://kubernetes.default.svc"),
        json!("istio-ca"),
        json!("identity.l5d.io"),
        json!("spiffe://cluster.local/ns/dapr-system/dapr-sentry"),
    ] {
        create_pod(tenant(), "default", audience).passes(&policy);
    }
    // An alias field that says another account.
    let mut two = pod("history-server", &[json!("vault")]);
    two["spec"]["serviceAccount"] = json!("default");
    Review::new(tenant(), "CREATE", "/pods", "p")
        .object(two)
        .refused(&policy, RULE, "of service account default for vault");
}

#[test]
fn projected_tokens_of_jobs() {
    let policy = declared();
    let executor = account("spark-executor");
    for audience in ["sts.amazonaws.com", "pods.eks.amazonaws.com", "vault"] {
        create_pod(driver(), &executor, json!(audience)).passes_rule(&policy, RULE);
        create_pod(
            service_account("spark-a", "livy"),
            "livy-runner",
            json!(audience),
        )
        .passes_rule(&policy, RULE);
        let client = account("spark-client");
        create_pod(controller("job-controller"), &client, json!(audience))
            .passes_rule(&policy, RULE);
    }
}

#[test]
fn projected_tokens_in_templates_and_updates() {
    let policy = declared();
    for (resource, path) in [
        ("apps/deployments", "spec.template"),
        ("batch/jobs", "spec.template"),
        ("batch/cronjobs", "spec.jobTemplate.spec.template"),
        ("/podtemplates", "template"),
    ] {
        let workload = |template: Value| {
            path.rsplit('.')
                .fold(template, |inner, key| json!({ key: inner }))
        };
        let plain = workload(pod("default", &[json!("")]));
        let foreign = workload(pod("default", &[json!("sts.amazonaws.com")]));
        let listed = workload(pod("history-server", &[json!("sts.amazonaws.com")]));
        Review::new(tenant(), "CREATE", resource, "w")
            .object(foreign.clone())
            .refused(&policy, RULE, &format!("(at {path}.spec.volumes[0]"));
        let update = |old: &Value, new: &Value| {
            Review::new(tenant(), "UPDATE", resource, "w")
                .old(old.clone())
                .object(new.clone())
        };
        update(&plain, &foreign).refused(&policy, RULE, "sts.amazonaws.com");
        // The same volume under another account is another token.
        update(&listed, &foreign).refused(&policy, RULE, "sts.amazonaws.com");
        update(&foreign, &foreign).passes(&policy);
        update(&foreign, &plain).passes(&policy);
    }
}
