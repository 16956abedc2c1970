//! What the policy says of installations: fixed accounts without `namespaces`, token
//! brokers, exec into pods of one's own, EMR's further components, paths of the node.

use std::time::Duration;

use crate::support::scene::{account, create, driver};
use crate::support::{
    Review, controller, impersonated, in_pod, now, policy, service_account, user,
};
use rolegate_core::decision::{Door, Scope, decide};
use rolegate_core::facts::{Facts, Known};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const POD: &str = "foreign-service-account";
const TOKEN: &str = "service-account-token";

fn with(identities: &str, submitters: &str) -> Policy {
    policy(&format!(
        r"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities: {{ {identities} }}
rules: {{ credential-provider: {{ requireIdentity: false, hostPaths: [/run/datadog], readOnlyHostPaths: [/run/spire/sockets] }} }}
virtualClusters:
- namespaces: [spark-a]
  submitters: [{submitters}]
"
    ))
}

fn broker() -> Value {
    service_account("external-secrets", "external-secrets")
}

fn token(user: Value, account: &str, audiences: &[&str]) -> Review {
    Review::new(user, "CREATE", "/serviceaccounts/token", account)
        .object(json!({ "spec": { "audiences": audiences } }))
}

#[test]
fn a_broker_gets_the_tokens_that_are_listed() {
    let job = account("spark-driver");
    let policy = with(
        &format!(
            r#"operators: [{{ serviceAccount: o/o, roles: ["arn:aws:iam::111122223333:role/etl"], jobServiceAccounts: [{{ name: app-spark, role: "arn:aws:iam::111122223333:role/etl" }}] }}],
               platform: [{{ users: ["system:serviceaccount:external-secrets:external-secrets"], tokens: [
                 {{ namespaces: [spark-a], serviceAccounts: ["app-*", "*", {job}], audiences: [sts.amazonaws.com, vault] }}] }},
               {{ users: ["system:serviceaccount:spark-a:app-trusted"], capabilities: [evict] }}]"#
        ),
        "",
    );
    let sts = ["sts.amazonaws.com"];
    token(broker(), "app-secrets", &sts).passes(&policy);
    token(broker(), "app-secrets", &["vault", "sts.amazonaws.com"]).passes(&policy);
    // What is written in full, and only for the audiences that are listed.
    token(broker(), &job, &sts).passes(&policy);
    token(broker(), &job, &[]).refused(&policy, TOKEN, "becomes the IAM role");
    token(broker(), &job, &["pods.eks.amazonaws.com"]).refused(&policy, TOKEN, "becomes");
    // A pattern never means a job's account, whatever its name, nor one with rights.
    for (other, words) in [
        (account("spark-executor").as_str(), "becomes the IAM role"),
        ("app-spark", "becomes the IAM role 111122223333/etl"),
        ("app-trusted", "an add-on's rights"),
        (
            "emr-containers-sa-spark-operator",
            "reserved for Amazon EMR",
        ),
    ] {
        token(broker(), other, &sts).refused(&policy, TOKEN, words);
    }
    token(
        broker(),
        "app-secrets",
        &["sts.amazonaws.com", "pods.eks.amazonaws.com"],
    )
    .refused(&policy, TOKEN, "AWS audience");
    // Nobody else, and nowhere else.
    for other in [
        service_account("external-secrets", "webhook"),
        impersonated("external-secrets", "external-secrets"),
        user("alice", &["team-a"]),
        driver(),
    ] {
        token(other, "app-secrets", &sts).refused(&policy, TOKEN, "AWS audience");
    }
    token(broker(), "app-secrets", &sts)
        .set("namespace", json!("spark-b"))
        .refused(&policy, TOKEN, "AWS audience");
    // By no other way.
    let secret = json!({ "metadata": { "name": "t", "annotations": { "kubernetes.io/service-account.name": job } },
        "type": "kubernetes.io/service-account-token" });
    create(broker(), "/secrets", "t", secret).refused(&policy, TOKEN, "becomes");
}

/// The findings where the pod lies in the cluster, is absent (`null`), or nobody knows.
fn exec(user: Value, stored: Option<Value>, subresource: &str, policy: &Policy) -> Vec<String> {
    let body = Review::new(user, "CONNECT", &format!("/pods/{subresource}"), "p")
        .object(json!({ "command": ["cat"] }))
        .body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let scope = Scope::of_door(Door::Enforce, policy);
    let first = decide(&review.request, scope, policy, &Facts::none_yet(), now()).expect("first");
    let needs = match first {
        rolegate_core::decision::Outcome::Needs(needs) => needs,
        rolegate_core::decision::Outcome::Decided(_) => Vec::new(),
    };
    let text = stored.as_ref().map(Value::to_string);
    let found: Vec<_> = needs
        .iter()
        .map(|need| match text.as_deref() {
            Some("null") | None => None,
            Some(text) => Some(need.stored(Raw::parse(text).expect("JSON"))),
        })
        .collect();
    let known = needs.iter().zip(&found).map(|(need, found)| {
        let known = match (found, &text) {
            (Some(stored), _) => Known::Is(stored, Duration::ZERO),
            (None, Some(_)) => Known::Absent(Duration::ZERO),
            (None, None) => Known::Unknown,
        };
        (need.clone(), known)
    });
    let facts = Facts::found(known);
    let outcome = decide(&review.request, scope, policy, &facts, now()).expect("a decision");
    let decision = outcome.decided().expect("no third round");
    let judged = decision.judged.iter().map(|judged| &judged.finding);
    judged
        .map(|finding| format!("{}: {}", finding.rule, finding.headline()))
        .collect()
}

fn pod(account: &str, spec: Value) -> Value {
    let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "namespace": "spark-a" },
        "spec": { "serviceAccountName": account, "containers": [{ "name": "c", "image": "x" }] } });
    for (key, value) in spec.as_object().into_iter().flatten() {
        pod["spec"][key] = value.clone();
    }
    pod
}

#[test]
fn exec_into_pods_that_the_requester_could_have_started() {
    let entry = |exec: &str| {
        format!(
            r#"{{ groups: [team-a], users: ["system:serviceaccount:airflow:airflow-worker"], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], serviceAccounts: [default, app], secrets: [app-s]{exec} }}, {{ groups: [others] }}"#
        )
    };
    let policy = with("", &entry(", exec: true"));
    let airflow = || service_account("airflow", "airflow-worker");
    let own = || pod("default", json!({}));
    let may = |user: Value, stored: Value| exec(user, Some(stored), "exec", &policy);
    let none = [""; 0];
    for user in [airflow(), user("alice", &["team-a"])] {
        assert_eq!(may(user.clone(), own()), none);
        assert_eq!(may(user.clone(), pod("app", json!({}))), none);
        let with_token = json!({ "volumes": [{ "name": "kube-api-access", "projected": { "sources": [
            { "serviceAccountToken": { "path": "token", "expirationSeconds": 3607 } }] } }] });
        assert_eq!(may(user.clone(), pod("default", with_token)), none);
        let secret = json!({ "volumes": [{ "name": "s", "secret": { "secretName": "app-s" } }] });
        assert_eq!(may(user, pod("default", secret)), none);
    }
    // What it could not have started.
    for (stored, words) in [
        (
            pod(&account("spark-driver"), json!({})),
            "becomes the IAM role",
        ),
        (
            pod(
                "default",
                json!({ "serviceAccount": account("spark-client") }),
            ),
            "becomes the IAM role",
        ),
        (
            pod("history-server", json!({})),
            "does not list that service account",
        ),
        (
            pod(
                "default",
                json!({ "volumes": [{ "name": "s", "secret": { "secretName": "db" } }] }),
            ),
            "Secret db",
        ),
        (
            pod("default", json!({ "hostNetwork": true })),
            "the node's network",
        ),
        (
            pod(
                "default",
                json!({ "volumes": [{ "name": "h", "hostPath": { "path": "/" } }] }),
            ),
            "of the node",
        ),
        (
            pod(
                "default",
                json!({ "volumes": [{ "name": "t", "projected": { "sources": [
                { "serviceAccountToken": { "path": "token", "audience": "sts.amazonaws.com" } }] } }] }),
            ),
            "sts.amazonaws.com",
        ),
        (Value::Null, "there is no such pod"),
    ] {
        let found = may(airflow(), stored);
        assert!(
            matches!(found.as_slice(), [one] if one.starts_with("pod-exec: ") && one.contains(words)),
            "{found:?}"
        );
    }
    let unknown = exec(airflow(), None, "exec", &policy);
    assert!(
        unknown[0].contains("could not read whose pod that is"),
        "{unknown:?}"
    );
    // Nothing but exec, and nobody else.
    for other in ["attach", "portforward", "proxy"] {
        assert_eq!(
            exec(airflow(), Some(own()), other, &policy).len(),
            1,
            "{other}"
        );
    }
    for stranger in [
        user("bob", &["others"]),
        user("eve", &[]),
        impersonated("airflow", "airflow-worker"),
        service_account("airflow", "airflow-scheduler"),
        driver(),
        controller("job-controller"),
    ] {
        assert_eq!(exec(stranger, Some(own()), "exec", &policy).len(), 1);
    }
    let off = with("", &entry(""));
    assert_eq!(exec(airflow(), Some(own()), "exec", &off).len(), 1);
}

#[test]
fn components_that_emr_starts_by_workloads() {
    let policy = with(
        "emrService: { components: [{ name: spark-connect, kinds: [Deployment] }, { name: spark-session, kinds: [StatefulSet, Job] }] }",
        "",
    );
    let start = |who: &str, component: &str, name: &str| {
        let object = json!({ "metadata": { "name": name }, "spec": { "serviceAccountName": account(component),
            "containers": [{ "name": "c", "image": "x" }] } });
        Review::new(controller(who), "CREATE", "/pods", name).object(object)
    };
    for (who, component) in [
        ("replicaset-controller", "spark-connect"),
        ("statefulset-controller", "spark-session"),
        ("job-controller", "spark-session"),
        ("job-controller", "spark-client"),
        ("replicaset-controller", "spark-jeg"),
    ] {
        start(who, component, "x-6d5f8c9b7d-x7k2p").passes(&policy);
    }
    for (who, component, words) in [
        (
            "statefulset-controller",
            "spark-connect",
            "spark-connect with the workload's kind under `identities.emrService.components`",
        ),
        (
            "replicaset-controller",
            "spark-session",
            "spark-session with",
        ),
        ("daemon-set-controller", "spark-connect", "in this way"),
        ("replicaset-controller", "spark-driver", "in this way"),
        (
            "replicaset-controller",
            "flink-connect",
            "flink-connect with",
        ),
    ] {
        start(who, component, "x-6d5f8c9b7d-x7k2p").refused(&policy, POD, words);
    }
    // Its name proves nothing of a job.
    start(
        "replicaset-controller",
        "spark-connect",
        "spark-0000000337okspsc913-driver-x7k2p",
    )
    .refused(
        &policy,
        POD,
        "would make the pod pass for a part of that job",
    );
    // Who writes the template is judged as before.
    let template = json!({ "metadata": { "name": "x" }, "spec": { "template": { "spec": {
        "serviceAccountName": account("spark-connect"), "containers": [{ "name": "c", "image": "x" }] } } } });
    for user in [
        user("alice", &["team-a"]),
        in_pod("spark-a", "default", "w", "u"),
    ] {
        create(user, "apps/deployments", "x", template.clone()).refused(&policy, POD, "becomes");
    }
}

#[test]
fn paths_of_the_node_that_may_be_read() {
    let policy = with("", "{ groups: [team-a] }");
    let mounts = |path: &str, mounts: Value| {
        let object = json!({ "metadata": { "name": "p" }, "spec": {
            "volumes": [{ "name": "h", "hostPath": { "path": path } }],
            "containers": [{ "name": "c", "image": "x", "volumeMounts": mounts }] } });
        Review::new(user("alice", &["team-a"]), "CREATE", "/pods", "p").object(object)
    };
    let freely = || json!([{ "name": "h", "mountPath": "/s" }]);
    let reads = || json!([{ "name": "h", "mountPath": "/s", "readOnly": true }]);
    for path in ["/run/datadog", "/var/run/datadog", "/var/run/datadog/"] {
        mounts(path, freely()).passes(&policy);
    }
    for path in ["/run/spire/sockets", "/var/run/spire/sockets"] {
        mounts(path, reads()).passes(&policy);
        mounts(path, freely()).refused(
            &policy,
            "credential-provider",
            "which the policy lists for mounts with readOnly: true",
        );
        let both = json!([{ "name": "h", "mountPath": "/r", "readOnly": true }, { "name": "h", "mountPath": "/s", "readOnly": false }]);
        mounts(path, both).refused(&policy, "credential-provider", "readOnly: true");
    }
    for path in [
        "/run/datadog/apm",
        "/run",
        "/var/run",
        "/run/spire",
        "/var/run/../run/datadog",
    ] {
        mounts(path, reads()).refused(&policy, "credential-provider", "of the node");
    }
}

/// One name in each team's namespace, without `namespaces`: the lists of roles say which.
#[test]
fn a_fixed_name_in_every_namespace() {
    let two = |second: &str| {
        policy(&format!(
            r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
  - serviceAccount: o/o
    roles: ["arn:aws:iam::111122223333:role/team-*-etl"]
    jobServiceAccounts:
    - {{ name: spark, role: "arn:aws:iam::111122223333:role/team-a-etl" }}
{second}
virtualClusters:
- namespaces: [spark-a]
  submitters: [{{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }}]
- namespaces: [spark-b]
  submitters: [{{ groups: [team-b], roles: ["arn:aws:iam::111122223333:role/team-b-etl"] }}]
- namespaces: [plain]
"#
        ))
    };
    let both = two(r#"    - { name: spark, role: "arn:aws:iam::111122223333:role/team-b-etl" }"#);
    let one = two("");
    let role = |policy: &Policy, namespace: &str| {
        let fixed = policy.fixed_service_account(namespace, "spark");
        fixed.map(|fixed| fixed.role.name.as_str().to_owned())
    };
    for (namespace, of_both, of_one) in [
        ("spark-a", Some("team-a-etl"), Some("team-a-etl")),
        ("spark-b", Some("team-b-etl"), None),
        ("plain", None, Some("team-a-etl")),
        ("unlisted", None, Some("team-a-etl")),
    ] {
        assert_eq!(role(&both, namespace).as_deref(), of_both, "{namespace}");
        assert_eq!(role(&one, namespace).as_deref(), of_one, "{namespace}");
    }
    // Where nobody knows its role, it is nobody's.
    let application =
        json!({ "metadata": { "name": "a" }, "spec": { "driver": { "serviceAccount": "spark" } } });
    let object = pod("spark", json!({}));
    let line = "{ name: spark, namespaces: [spark-b], role: <ARN> }";
    for who in [user("bob", &["team-b"]), user("alice", &["team-a"])] {
        create(
            who,
            "sparkoperator.k8s.io/sparkapplications",
            "a",
            application.clone(),
        )
        .set("namespace", json!("spark-b"))
        .refused(&one, POD, line);
    }
    create(service_account("o", "o"), "/pods", "p", object)
        .set("namespace", json!("spark-b"))
        .refused(&one, POD, line);
    token(broker(), "spark", &["vault"])
        .set("namespace", json!("spark-b"))
        .refused(&one, TOKEN, line);
}

/// Names that look like a job's, of objects that people make for their own applications.
#[test]
fn names_of_ones_own() {
    let policy = with("", r#"{ groups: [team-a], configMaps: ["app-*"] }"#);
    let alice = || user("alice", &["team-a"]);
    let selector = json!({ "app": "todo" });
    let labels = json!({ "matchLabels": selector });
    let port = json!([{ "port": 80 }]);
    for (resource, name, spec) in [
        (
            "/services",
            "todo-driver-svc",
            json!({ "selector": selector, "ports": port }),
        ),
        (
            "/services",
            "jonathanwilliams123-svc",
            json!({ "selector": selector, "ports": port }),
        ),
        ("/persistentvolumeclaims", "jonathanwilliams123", json!({})),
        ("/persistentvolumeclaims", "todo-exec-data", json!({})),
        (
            "/persistentvolumeclaims",
            "opensearch2master3x-data",
            json!({}),
        ),
        ("/configmaps", "app-jonathanwilliams123", json!({})),
        ("/secrets", "jonathanwilliams123", json!({})),
        ("apps/deployments", "jonathanwilliams123", json!({})),
        ("batch/jobs", "jonathanwilliams123", json!({})),
        (
            "policy/poddisruptionbudgets",
            "todo-driver",
            json!({ "selector": labels }),
        ),
        (
            "policy/poddisruptionbudgets",
            "spark-jonathanwilliams123-driver",
            json!({ "selector": labels }),
        ),
        (
            "autoscaling/horizontalpodautoscalers",
            "todo-driver",
            json!({ "scaleTargetRef": { "kind": "Deployment", "name": "todo" } }),
        ),
    ] {
        let object = json!({ "metadata": { "name": name, "labels": selector }, "spec": spec });
        let made = create(alice(), resource, name, object.clone());
        made.passes(&policy);
        let mut other = object.clone();
        other["metadata"]["labels"]["tier"] = json!("web");
        Review::new(alice(), "UPDATE", resource, name)
            .old(object.clone())
            .object(other)
            .passes(&policy);
        Review::new(alice(), "DELETE", resource, name)
            .old(object)
            .passes(&policy);
    }
}
