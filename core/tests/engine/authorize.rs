//! Questions of authorization: what is denied without its object, to whom, in which mode.

use std::time::Duration;

use rolegate_core::decision::{Outcome, judge_access};
use rolegate_core::facts::{Facts, Known};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::AccessReview;
use serde_json::{Value, json};

use crate::support::scene::{self, CLUSTER, JOB, OTHER_JOB, TEAM_A_ARN, account};
use crate::support::{self, impersonated, in_pod, now, service_account, user};

const NAMESPACE: &str = "spark-a";

fn policy_with(more: &str) -> Policy {
    support::policy(&format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  admins: {{ groups: [platform-admins] }}
  platform:
  - {{ users: ["system:serviceaccount:argocd:controller"], capabilities: [configmaps] }}
  operators: [{{ serviceAccount: spark-operator/spark-operator, roles: ["{TEAM_A_ARN}"] }}]
virtualClusters:
- namespaces: [{NAMESPACE}]
  submitters:
  - {{ groups: [team-a], roles: ["{TEAM_A_ARN}"], secrets: ["app-*"] }}
  - {{ groups: [team-x], exec: true }}
{more}"#
    ))
}

fn policy() -> Policy {
    policy_with("doors: { authorize: { clusterScoped: enforce } }")
}

fn alice() -> Value {
    user("alice", &["team-a"])
}

fn driver() -> Value {
    let pod = scene::driver_name(JOB);
    in_pod(NAMESPACE, &account("spark-driver"), &pod, "driver-uid")
}

/// `get secrets/x`, `create pods/exec p`, `list secrets` as attributes; the group after a
/// dot.
fn attributes(question: &str, namespace: &str) -> Value {
    let mut words = question.split(' ');
    let (verb, what) = (words.next().unwrap(), words.next().unwrap());
    let (resource, subresource) = what.split_once('/').unwrap_or((what, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    json!({
        "verb": verb, "resource": resource, "group": group, "subresource": subresource,
        "namespace": namespace, "name": words.next().unwrap_or_default(),
    })
}

/// The outcome and the message, in a namespace with this label.
fn ask_in(
    policy: &Policy,
    who: &Value,
    attributes: &Value,
    label: Known<Option<&str>>,
) -> (String, String) {
    let spec = json!({
        "user": who["username"], "uid": who["uid"], "groups": who["groups"],
        "extra": who.get("extra").cloned().unwrap_or_else(|| json!({})),
        "resourceAttributes": attributes,
    });
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
    })
    .to_string();
    let review = AccessReview::parse(body.as_bytes()).unwrap();
    let access = review.access.as_ref().unwrap();
    let decision = match judge_access(access, policy, &Facts::none_yet(), now()) {
        Outcome::Decided(decision) => decision,
        Outcome::Needs(needs) => {
            let [need] = needs.as_slice() else {
                panic!("{needs:?}")
            };
            assert_eq!(
                need.to_string(),
                format!("namespaces {}", attributes["namespace"].as_str().unwrap())
            );
            let labels = match label {
                Known::Is(Some(mode), _) => json!({"rolegate.dev/mode": mode, "team": "a"}),
                _ => json!({"team": "a"}),
            };
            let text = json!({"metadata": {"labels": labels}}).to_string();
            let stored = need.stored(Raw::parse(&text).unwrap());
            let known = match label {
                Known::Is(..) => Known::Is(&stored, Duration::ZERO),
                Known::Absent(age) => Known::Absent(age),
                Known::Unknown => Known::Unknown,
            };
            let facts = Facts::found([(need.clone(), known)]);
            let second = judge_access(access, policy, &facts, now());
            second.decided().expect("there is no third round")
        }
    };
    let answer = review.answer((!decision.allowed()).then(|| decision.message()).as_deref());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["status"]["allowed"], false, "never allowed");
    assert_eq!(answer["status"]["denied"] == true, !decision.allowed());
    (decision.outcome().to_owned(), decision.message())
}

const ENFORCES: Known<Option<&str>> = Known::Is(Some("enforce"), Duration::ZERO);

fn ask(who: &Value, question: &str, namespace: &str) -> (String, String) {
    ask_in(&policy(), who, &attributes(question, namespace), ENFORCES)
}

#[test]
fn what_a_tenant_is_denied_in_its_namespace() {
    for (question, rule) in [
        ("get secrets db", "secret-read"),
        ("list secrets", "secret-read"),
        ("watch secrets", "secret-read"),
        // `metadata.name=db`
        ("list secrets db", "secret-read"),
        ("watch secrets db", "secret-read"),
        // Its error shows the Secret.
        ("patch secrets db", "secret-read"),
        ("create pods/exec p", "pod-exec"),
        ("get pods/exec p", "pod-exec"),
        ("get pods/attach p", "pod-exec"),
        ("create pods/portforward p", "pod-exec"),
        ("get pods/proxy p", "pod-exec"),
        ("delete services/proxy p", "pod-exec"),
        ("patch pods/ephemeralcontainers p", "pod-exec"),
        ("impersonate serviceaccounts default", "rbac-grant"),
        (
            "impersonate:serviceaccount serviceaccounts.authentication.k8s.io default",
            "rbac-grant",
        ),
        ("bind roles.rbac.authorization.k8s.io r", "rbac-grant"),
        (
            "bind clusterroles.rbac.authorization.k8s.io admin",
            "rbac-grant",
        ),
        ("escalate roles.rbac.authorization.k8s.io r", "rbac-grant"),
    ] {
        for who in [alice(), user("bob", &[]), service_account("x", "argo")] {
            let (outcome, message) = ask(&who, question, NAMESPACE);
            assert_eq!(outcome, "deny", "{question}");
            let name = who["username"].as_str().unwrap();
            let says = format!(
                "{rule}: {name} may not {}",
                question.split(' ').next().unwrap()
            );
            assert!(message.contains(&says), "{message}");
            assert!(
                message.contains("Why: ") && message.contains("Instead: "),
                "{message}"
            );
            assert!(
                message.contains("(policy ") && message.len() < 1500,
                "{message}"
            );
        }
    }
}

#[test]
fn what_a_tenant_is_denied_in_the_cluster() {
    for (question, rule) in [
        ("get nodes/proxy n1", "pod-exec"),
        ("create nodes/proxy n1:10250", "pod-exec"),
        ("get nodes/log n1", "pod-exec"),
        ("patch nodes/status n1", "cluster-takeover"),
        ("impersonate users bob", "rbac-grant"),
        ("impersonate groups system:masters", "rbac-grant"),
        (
            "impersonate userextras.authentication.k8s.io/scopes x",
            "rbac-grant",
        ),
        ("impersonate uids.authentication.k8s.io x", "rbac-grant"),
        (
            "impersonate:user-info users.authentication.k8s.io bob",
            "rbac-grant",
        ),
        (
            "escalate clusterroles.rbac.authorization.k8s.io r",
            "rbac-grant",
        ),
        (
            "create mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "mutating-webhook",
        ),
        (
            "delete validatingwebhookconfigurations.admissionregistration.k8s.io x",
            "mutating-webhook",
        ),
        (
            "patch mutatingadmissionpolicies.admissionregistration.k8s.io x",
            "mutating-webhook",
        ),
        (
            "deletecollection validatingadmissionpolicybindings.admissionregistration.k8s.io",
            "mutating-webhook",
        ),
    ] {
        let (outcome, message) = ask(&alice(), question, "");
        assert_eq!(outcome, "deny", "{question}");
        assert!(
            message.contains(&format!("{rule}: alice may not ")),
            "{message}"
        );
    }
    for verb in ["get", "list", "watch"] {
        let (outcome, message) = ask(&alice(), &format!("{verb} secrets"), "");
        assert_eq!(outcome, "deny");
        assert!(message.contains("secrets in all namespaces"), "{message}");
    }
}

/// Whatever an object decides, and whatever gives nothing.
#[test]
fn what_has_no_opinion() {
    for question in [
        "get pods p",
        "list pods",
        "create pods",
        "get pods/log p",
        "create secrets",
        "update secrets db",
        "delete secrets db",
        "get secrets/status db",
        "get secrets.example.com db",
        "create configmaps",
        "create deployments.apps",
        "create serviceaccounts/token",
        "create serviceaccounts/token default",
        "get serviceaccounts default",
        "create rolebindings.rbac.authorization.k8s.io",
        "delete namespaces spark-a",
        "* secrets",
        "GET secrets db",
        "get * db",
        "get breakglass.rolegate.dev",
    ] {
        assert_eq!(ask(&alice(), question, NAMESPACE).0, "allow", "{question}");
    }
    for question in [
        "use breakglass.rolegate.dev",
        "write webhookconfigurations.rolegate.dev x",
        "get nodes/metrics n1",
        "get nodes/stats n1",
        "list nodes",
        "list pods",
        "create subjectaccessreviews.authorization.k8s.io",
        "create selfsubjectaccessreviews.authorization.k8s.io",
        "create tokenreviews.authentication.k8s.io",
        "get validatingwebhookconfigurations.admissionregistration.k8s.io x",
        "delete clusterroles.rbac.authorization.k8s.io x",
    ] {
        assert_eq!(ask(&alice(), question, "").0, "allow", "{question}");
    }
}

#[test]
fn whom_it_never_denies() {
    let everything = [
        ("get secrets db", NAMESPACE),
        ("list secrets", ""),
        ("impersonate users bob", ""),
        (
            "create mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "",
        ),
        (
            "bind clusterroles.rbac.authorization.k8s.io admin",
            NAMESPACE,
        ),
    ];
    let mut masters = user("kubernetes-admin", &["system:masters"]);
    masters["uid"] = Value::Null;
    let system = [
        masters,
        user("bob", &["platform-admins"]),
        user("system:node:n1", &["system:nodes"]),
        user("system:kube-scheduler", &[]),
        user("system:kube-controller-manager", &[]),
        user("system:apiserver", &[]),
        user("eks:addon-manager", &[]),
        support::controller("job-controller"),
        service_account("kube-system", "aws-load-balancer-controller"),
    ];
    for who in &system {
        for (question, namespace) in everything
            .into_iter()
            .chain([("create pods/exec p", NAMESPACE), ("get nodes/proxy n", "")])
        {
            assert_eq!(ask(who, question, namespace).0, "allow", "{who} {question}");
        }
    }
    let argocd = service_account("argocd", "controller");
    for who in [
        scene::emr(),
        argocd,
        service_account("argocd", "controller-beside-it"),
    ] {
        for (question, namespace) in everything {
            assert_eq!(
                ask(&who, question, namespace).0,
                "allow",
                "{who} {question}"
            );
        }
    }
    // The charts of operators let them read Secrets, and no more.
    let operator = service_account("spark-operator", "spark-operator");
    assert_eq!(ask(&operator, "get secrets db", NAMESPACE).0, "allow");
    assert_eq!(ask(&operator, "create pods/exec p", NAMESPACE).0, "deny");
    assert_eq!(ask(&operator, "impersonate users bob", "").0, "deny");
}

/// Nobody becomes trusted by a name alone.
#[test]
fn names_without_proof() {
    for who in [
        impersonated("kube-system", "job-controller"),
        impersonated("argocd", "controller"),
        impersonated(NAMESPACE, &account("spark-driver")),
        user("system:node:n1", &[]),
        user(
            "system:serviceaccount",
            &["system:serviceaccounts:kube-system"],
        ),
    ] {
        assert_eq!(ask(&who, "get secrets db", NAMESPACE).0, "deny", "{who}");
    }
}

#[test]
fn secrets_that_the_policy_lists() {
    for verb in ["get", "list", "watch", "patch"] {
        let ask = |who: &Value, name: &str, namespace: &str| {
            ask(who, &format!("{verb} secrets {name}"), namespace).0
        };
        assert_eq!(ask(&alice(), "app-db", NAMESPACE), "allow", "{verb}");
        assert_eq!(ask(&driver(), "app-db", NAMESPACE), "allow", "{verb}");
        assert_eq!(ask(&alice(), "db", NAMESPACE), "deny", "{verb}");
        assert_eq!(ask(&alice(), "", NAMESPACE), "deny", "{verb}");
        assert_eq!(ask(&alice(), "app-db", "elsewhere"), "deny", "{verb}");
        assert_eq!(ask(&alice(), "app-db", ""), "deny", "{verb}");
        assert_eq!(
            ask(&user("bob", &[]), "app-db", NAMESPACE),
            "deny",
            "{verb}"
        );
    }
}

#[test]
fn jobs() {
    let own = [
        "spark-1-driver-kubernetes-credentials".to_owned(),
        "pi-delegation-tokens".to_owned(),
        format!("emr-containers-s3-{CLUSTER}-{JOB}"),
    ];
    for name in own {
        let question = format!("get secrets {name}");
        assert_eq!(ask(&driver(), &question, NAMESPACE).0, "allow", "{name}");
        assert_eq!(ask(&alice(), &question, NAMESPACE).0, "deny", "{name}");
    }
    for question in [
        "list secrets".to_owned(),
        "get secrets db".to_owned(),
        "get secrets delegation-tokens".to_owned(),
        format!("get secrets emr-containers-s3-{CLUSTER}-{OTHER_JOB}"),
        "create pods/exec p".to_owned(),
        "impersonate serviceaccounts default".to_owned(),
        format!("create serviceaccounts/token {}", account("spark-driver")),
    ] {
        assert_eq!(ask(&driver(), &question, NAMESPACE).0, "deny", "{question}");
    }
    // What a driver does all day.
    for question in [
        "create pods",
        "get pods p",
        "list pods",
        "watch pods",
        "deletecollection pods",
        "create configmaps",
        "create services",
        "patch services s",
        "deletecollection persistentvolumeclaims",
    ] {
        assert_eq!(ask(&driver(), question, NAMESPACE).0, "allow", "{question}");
    }
}

#[test]
fn tokens_of_job_accounts() {
    let question = format!("create serviceaccounts/token {}", account("spark-executor"));
    let (outcome, message) = ask(&alice(), &question, NAMESPACE);
    assert_eq!(outcome, "deny");
    assert!(
        message.contains("service-account-token: alice may not create serviceaccounts/token"),
        "{message}"
    );
    for who in [
        service_account("argocd", "controller"),
        service_account("spark-operator", "spark-operator"),
        impersonated("kube-system", "job-controller"),
    ] {
        assert_eq!(ask(&who, &question, NAMESPACE).0, "deny", "{who}");
    }
    for who in [user("system:node:n1", &["system:nodes"]), scene::emr()] {
        assert_eq!(ask(&who, &question, NAMESPACE).0, "allow", "{who}");
    }
}

/// The rule looks the pod up at admission; here the request gets no opinion.
#[test]
fn exec_for_whom_the_policy_allows_it() {
    let carol = user("carol", &["team-x"]);
    assert_eq!(ask(&carol, "create pods/exec p", NAMESPACE).0, "allow");
    assert_eq!(ask(&carol, "create pods/attach p", NAMESPACE).0, "deny");
    assert_eq!(ask(&carol, "create pods/exec p", "elsewhere").0, "deny");
}

#[test]
fn the_label_of_the_namespace_decides() {
    let read = attributes("get secrets db", NAMESPACE);
    let now = Duration::ZERO;
    for (label, outcome) in [
        (Known::Is(Some("enforce"), now), "deny"),
        (Known::Is(Some("enfroce"), now), "deny"),
        (Known::Is(Some("warn"), now), "warn"),
        (Known::Is(Some("audit"), now), "audit"),
        (Known::Is(None, now), "allow"),
        (Known::Absent(now), "allow"),
        (Known::Unknown, "audit"),
    ] {
        let (got, message) = ask_in(&policy(), &alice(), &read, label);
        assert_eq!(got, outcome, "{label:?}");
        assert_eq!(message.is_empty(), outcome != "deny");
    }
    for namespace in ["kube-system", "rolegate"] {
        assert_eq!(ask(&alice(), "get secrets db", namespace).0, "allow");
    }
}

#[test]
fn the_policy_decides_without_a_namespace() {
    for (policy, outcome) in [
        (policy_with(""), "audit"),
        (
            policy_with("doors: { authorize: { clusterScoped: warn } }"),
            "warn",
        ),
        (
            policy_with("doors: { authorize: { clusterScoped: off } }"),
            "allow",
        ),
        (policy(), "deny"),
        (
            policy_with(
                "doors: { authorize: { clusterScoped: enforce } }\nrules: { secret-read: { mode: warn } }",
            ),
            "warn",
        ),
        (
            policy_with(
                "doors: { authorize: { clusterScoped: enforce } }\nrules: { secret-read: { mode: off } }",
            ),
            "allow",
        ),
    ] {
        let list = attributes("list secrets", "");
        let unknown = Known::Unknown;
        assert_eq!(ask_in(&policy, &alice(), &list, unknown).0, outcome);
    }
}

#[test]
fn an_exemption_records() {
    let policy = policy_with(
        r"exemptions:
- { rules: [secret-read], users: [alice], namespaces: [spark-a], until: 2026-12-01T00:00:00Z, reason: incident }",
    );
    let read = attributes("get secrets db", NAMESPACE);
    assert_eq!(ask_in(&policy, &alice(), &read, ENFORCES).0, "audit");
    let exec = attributes("get pods/exec p", NAMESPACE);
    assert_eq!(ask_in(&policy, &alice(), &exec, ENFORCES).0, "deny");
}
