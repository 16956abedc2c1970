//! `mutating-webhook` on stored objects: foreign mutators, and rolegate's own objects
//! against what it ships.

use std::time::Duration;

use rolegate_core::facts::{Facts, Need, View};
use rolegate_core::json::Raw;
use rolegate_core::policy::Severity;
use rolegate_core::request::document;
use rolegate_core::rules::{Compare, Drift, Finding, Shipped, own_objects, rule};
use serde_json::{Value, json};

const GROUP: &str = "admissionregistration.k8s.io";
const VALIDATING: &str = "validatingwebhookconfigurations";
const MUTATING: &str = "mutatingwebhookconfigurations";
const POLICIES: &str = "validatingadmissionpolicies";
const BINDINGS: &str = "validatingadmissionpolicybindings";

fn read(text: &str) -> Vec<Shipped> {
    let documents = document::split(text.as_bytes()).expect("a manifest");
    documents
        .iter()
        .map(|one| {
            let object: Value = serde_json::from_str(one.text()).expect("JSON");
            let kind = object["kind"].as_str().expect("a kind").to_owned();
            Shipped {
                resource: match kind.as_str() {
                    "ValidatingWebhookConfiguration" => VALIDATING,
                    "MutatingWebhookConfiguration" => MUTATING,
                    "ValidatingAdmissionPolicy" => POLICIES,
                    _ => BINDINGS,
                }
                .to_owned(),
                name: object["metadata"]["name"]
                    .as_str()
                    .expect("a name")
                    .to_owned(),
                optional: false,
                kind,
                object,
            }
        })
        .collect()
}

fn shipped() -> Vec<Shipped> {
    let mut all = read(include_str!("../../../manifests/webhook/validating.yaml"));
    all.extend(read(include_str!(
        "../../../manifests/webhook/mutating.yaml"
    )));
    all.extend(read(include_str!(
        "../../../manifests/policies/secret-guard.yaml"
    )));
    all.extend(read(include_str!(
        "../../../manifests/policies/self-guard.yaml"
    )));
    all.extend(read(include_str!(
        "../../../manifests/policies/webhook-guard.yaml"
    )));
    all
}

type Change = fn(&mut Value);

/// As an API server has them after an honest installation.
fn installed() -> Vec<(String, Value)> {
    let mut all: Vec<_> = shipped()
        .into_iter()
        .map(|one| (one.resource, one.object))
        .collect();
    for (_, object) in &mut all {
        object["metadata"]["uid"] = json!("x");
        object["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
        object["metadata"]["labels"]["helm.sh/chart"] = json!("rolegate-1");
        object["metadata"]["annotations"] = json!({"cert-manager.io/inject-ca-from": "rolegate/x"});
        for webhook in webhooks(object) {
            webhook["clientConfig"]["caBundle"] = json!("LS0t");
            webhook["objectSelector"] = json!({});
        }
        if let Some(constraints) = object.pointer_mut("/spec/matchConstraints") {
            constraints["matchPolicy"] = json!("Equivalent");
            constraints["objectSelector"] = json!({});
        }
        if let Some(matched) = object.pointer_mut("/spec/matchResources") {
            matched["matchPolicy"] = json!("Equivalent");
            matched["objectSelector"] = json!({});
        }
        if object["kind"] == "ValidatingAdmissionPolicy" {
            object["status"] = json!({"observedGeneration": 1});
        }
    }
    all
}

fn webhooks(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    let webhooks = object.get_mut("webhooks").and_then(Value::as_array_mut);
    webhooks.into_iter().flatten()
}

fn compared(found: &[(String, Value)], home: Option<&str>) -> Vec<Drift> {
    let texts: Vec<_> = found
        .iter()
        .map(|(resource, object)| {
            let name = object["metadata"]["name"].as_str().expect("a name");
            let need = Need::object(GROUP, "v1", resource, "", name);
            (need, object.to_string())
        })
        .collect();
    let stored: Vec<_> = texts
        .iter()
        .map(|(need, text)| need.stored(Raw::parse(text).expect("JSON")))
        .collect();
    let compare = Compare {
        shipped: &shipped(),
        home,
        listed: &[VALIDATING, MUTATING, POLICIES, BINDINGS],
    };
    own_objects(&compare, &stored).expect("readable objects")
}

/// What is said after one object was changed.
fn after(resource: &str, name: &str, change: impl Fn(&mut Value)) -> Vec<String> {
    let mut found = installed();
    let mut changed = 0;
    for (_, object) in found
        .iter_mut()
        .filter(|(of, object)| of == resource && object["metadata"]["name"] == name)
    {
        change(object);
        changed += 1;
    }
    assert_eq!(changed, 1, "{resource} {name}");
    said(&compared(&found, Some("rolegate")))
}

fn said(drifts: &[Drift]) -> Vec<String> {
    drifts
        .iter()
        .map(|drift| {
            format!(
                "{}: {}",
                drift.finding.severity.as_str(),
                drift.finding.headline()
            )
        })
        .collect()
}

#[test]
fn an_honest_installation_has_no_drift() {
    assert_eq!(said(&compared(&installed(), Some("rolegate"))), [""; 0]);
    // In another namespace, with a stricter cluster door.
    let mut found = installed();
    for (_, object) in &mut found {
        let text = object.to_string();
        let text = text.replace(r#"["kube-system","rolegate"]"#, r#"["kube-system","gate"]"#);
        *object = serde_json::from_str(&text).expect("JSON");
        for webhook in webhooks(object) {
            webhook["clientConfig"]["service"]["namespace"] = json!("gate");
            if webhook["name"] == "cluster.rolegate.dev" {
                webhook["failurePolicy"] = json!("Fail");
            }
        }
    }
    let self_guard = |drift: &&Drift| drift.name != "rolegate-self-guard";
    for home in [Some("gate"), None] {
        let drifts = compared(&found, home);
        let others: Vec<_> = drifts.iter().filter(self_guard).cloned().collect();
        // Bindings name no Service: only who knows rolegate's namespace can tell.
        let bindings = others
            .iter()
            .all(|drift| drift.resource == BINDINGS && home.is_none());
        assert!(bindings, "{:?}", said(&others));
    }
}

#[test]
fn every_weakened_field_of_a_webhook_is_named() {
    let enforce = |change: fn(&mut Value)| {
        after(VALIDATING, "rolegate", |object| {
            for webhook in webhooks(object) {
                if webhook["name"] == "enforce.rolegate.dev" {
                    change(webhook);
                }
            }
        })
    };
    let of = "of webhook enforce.rolegate.dev";
    let cases: [(Change, &str); 16] = [
        (
            |it| it["failurePolicy"] = json!("Ignore"),
            "critical: …failurePolicy {of} is Ignore instead of Fail (at webhooks[0].failurePolicy)",
        ),
        (
            |it| it["matchPolicy"] = json!("Exact"),
            "matchPolicy {of} is Exact instead of Equivalent",
        ),
        (
            |it| it["timeoutSeconds"] = json!(1),
            "critical: …timeoutSeconds {of} is 1 instead of 3",
        ),
        (
            |it| it["timeoutSeconds"] = json!(10),
            "low: …timeoutSeconds {of} is 10 instead of 3",
        ),
        (
            |it| {
                it["matchConditions"]
                    .as_array_mut()
                    .expect("some")
                    .push(json!({"name": "mine", "expression": "false"}));
            },
            "it has matchCondition mine of enforce.rolegate.dev, which rolegate does not ship",
        ),
        (
            |it| {
                it["matchConditions"][0]["expression"] =
                    json!("request.userInfo.username != 'mallory'");
            },
            "expression of matchCondition breakglass of enforce.rolegate.dev is request.userInfo.username",
        ),
        (
            |it| {
                it["matchConditions"]
                    .as_array_mut()
                    .expect("some")
                    .remove(0);
            },
            "medium: …it has no matchCondition breakglass of enforce.rolegate.dev",
        ),
        (
            |it| {
                it["namespaceSelector"]["matchExpressions"][2]["values"]
                    .as_array_mut()
                    .expect("some")
                    .push(json!("spark-a"));
            },
            "namespaceSelector.matchExpressions {of} is ",
        ),
        (
            |it| it["namespaceSelector"]["matchLabels"] = json!({"a": "b"}),
            "namespaceSelector.matchLabels {of} has {\"a\":\"b\"}",
        ),
        (
            |it| it["objectSelector"] = json!({"matchLabels": {"a": "b"}}),
            "objectSelector {of} has ",
        ),
        (
            |it| it["rules"][0]["operations"] = json!(["CREATE"]),
            "rules {of} is ",
        ),
        (
            |it| it["rules"][0]["scope"] = json!("Cluster"),
            "rules {of} is ",
        ),
        (
            |it| it["clientConfig"]["service"]["path"] = json!("/validate/audit"),
            "clientConfig.service.path {of} is /validate/audit instead of /validate/enforce",
        ),
        (
            |it| it["clientConfig"]["service"]["namespace"] = json!("mallory"),
            "clientConfig.service.namespace {of} is mallory instead of rolegate",
        ),
        (
            |it| {
                it["clientConfig"] =
                    json!({"url": "https://evil.example.com/", "caBundle": "LS0t"});
            },
            "clientConfig.url {of} has https://evil.example.com/",
        ),
        (
            |it| it["clientConfig"]["caBundle"] = json!(""),
            "clientConfig.caBundle {of} is empty",
        ),
    ];
    for (change, expected) in cases {
        let said = enforce(change);
        let [one] = said.as_slice() else {
            panic!("{expected}: {said:?}");
        };
        for part in expected.replace("{of}", of).split('…') {
            assert!(one.contains(part), "{expected}: {one}");
        }
    }
}

#[test]
fn webhooks_policies_and_bindings_that_are_gone_or_more() {
    let said_of = |gone: &str| {
        let mut found = installed();
        found.retain(|(resource, _)| resource != gone);
        let drifts = compared(&found, Some("rolegate"));
        assert!(
            drifts.iter().all(|drift| drift.finding.is_of_absence),
            "{gone}"
        );
        drifts.len()
    };
    assert_eq!(
        [VALIDATING, MUTATING, POLICIES, BINDINGS].map(said_of),
        [1, 1, 3, 5]
    );

    let said = after(VALIDATING, "rolegate", |object| {
        let all = object["webhooks"].as_array_mut().expect("webhooks");
        all.remove(0);
        all.push(json!({"name": "more.example.com", "clientConfig": {"url": "https://x/"}}));
    });
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].contains("it has no webhook enforce.rolegate.dev"),
        "{said:?}"
    );
    assert!(
        said[1].contains("it has webhook more.example.com, which"),
        "{said:?}"
    );
}

#[test]
fn policies_and_bindings_that_deny_less() {
    let policy = |change: fn(&mut Value)| after(POLICIES, "rolegate-webhook-guard", change);
    let said = policy(|it| it["spec"]["failurePolicy"] = json!("Ignore"));
    assert!(
        said[0].contains("spec.failurePolicy is Ignore instead of Fail"),
        "{said:?}"
    );
    let said = policy(|it| it["spec"]["validations"][0]["expression"] = json!("true"));
    assert!(
        said[0].contains("spec.validations[0].expression is true instead of "),
        "{said:?}"
    );
    let said = policy(|it| {
        let conditions = it["spec"]["matchConditions"].as_array_mut().expect("some");
        conditions.push(json!({"name": "never", "expression": "false"}));
    });
    assert!(
        said[0].contains("it has matchCondition never, which"),
        "{said:?}"
    );
    let said = policy(|it| it["spec"]["variables"][0]["expression"] = json!("false"));
    assert!(said[0].contains("of variable "), "{said:?}");

    let weakened = |it: &mut Value| it["spec"]["validationActions"] = json!(["Audit"]);
    let said = after(BINDINGS, "rolegate-webhook-guard", weakened);
    assert!(
        said[0].starts_with("critical: ") && said[0].contains("it only records, while"),
        "{said:?}"
    );
    // As docs/install.md shows for the first weeks.
    let mut found = installed();
    for (resource, object) in &mut found {
        let by_mode = object.pointer("/spec/matchResources").is_some();
        if resource == BINDINGS && !by_mode {
            weakened(object);
        }
    }
    let drifts = compared(&found, Some("rolegate"));
    assert_eq!(drifts.len(), 2, "{:?}", said_all(&drifts));
    assert!(
        drifts
            .iter()
            .all(|drift| drift.finding.severity == Severity::Low)
    );
    let said = after(BINDINGS, "rolegate-secret-guard-enforce", |it| {
        it["spec"]["policyName"] = json!("other");
    });
    assert!(
        said[0].contains("spec.policyName is other instead of rolegate-secret-guard"),
        "{said:?}"
    );
}

fn said_all(drifts: &[Drift]) -> Vec<String> {
    said(drifts)
}

/// The rule's findings about one stored object; spark-a and spark-b are managed.
fn state(resource: &str, object: &Value, view: bool) -> Vec<Finding> {
    let labels = |name: &str, more: &[(&str, &str)]| {
        let own = [
            ("rolegate.dev/mode", "enforce"),
            ("kubernetes.io/metadata.name", name),
        ];
        let all = own.iter().chain(more);
        all.map(|(key, value)| (Box::from(*key), Box::from(*value)))
            .collect()
    };
    let known = View {
        managed: [
            (
                "spark-a".into(),
                labels("spark-a", &[("istio-injection", "enabled")]),
            ),
            ("spark-b".into(), labels("spark-b", &[])),
        ]
        .into(),
        ..View::default()
    };
    let name = object["metadata"]["name"].as_str().expect("a name");
    let text = object.to_string();
    let need = Need::object(GROUP, "v1", resource, "", name);
    let stored = need.stored(Raw::parse(&text).expect("JSON"));
    let facts = if view {
        Facts::unknowable().with_view(&known, Duration::ZERO)
    } else {
        Facts::unknowable()
    };
    let mut findings = Vec::new();
    let rule = rule("mutating-webhook").expect("the rule");
    rule.state(&stored, &facts, &mut findings)
        .expect("readable");
    findings
}

fn configuration(name: &str, webhook: &Value) -> Value {
    let mut webhook = webhook.clone();
    webhook["name"] = json!("it.example.com");
    if webhook.get("clientConfig").is_none() {
        webhook["clientConfig"] =
            json!({"service": {"namespace": "tools", "name": "it", "path": "/"}});
    }
    if webhook.get("rules").is_none() {
        webhook["rules"] = pods();
    }
    json!({"metadata": {"name": name}, "webhooks": [webhook]})
}

fn pods() -> Value {
    json!([{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}])
}

#[test]
fn foreign_mutators_that_reach_managed_namespaces() {
    let selected = |selector: Value| json!({"namespaceSelector": selector});
    let ruled = |group: &str, operation: &str, resource: &str, scope: &str| {
        json!({"rules": [{
            "apiGroups": [group], "apiVersions": ["v1"], "operations": [operation],
            "resources": [resource], "scope": scope,
        }]})
    };
    for (webhook, expected) in [
        (
            json!({}),
            "can rewrite pods in namespaces spark-a and spark-b by service tools/it",
        ),
        (
            selected(json!({"matchLabels": {"istio-injection": "enabled"}})),
            "in namespace spark-a by",
        ),
        (
            selected(
                json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["spark-a"]}]}),
            ),
            "in namespace spark-b",
        ),
        (
            selected(
                json!({"matchExpressions": [{"key": "rolegate.dev/mode", "operator": "DoesNotExist"}]}),
            ),
            "",
        ),
        (selected(json!({"matchLabels": {"team": "other"}})), ""),
        (
            ruled("*", "*", "*/*", "*"),
            "can rewrite pods, configmaps, serviceaccounts and 14 more",
        ),
        (
            ruled("", "CREATE", "pods/*", "Namespaced"),
            "rewrite pods in",
        ),
        (
            ruled("", "UPDATE", "*/ephemeralcontainers", "*"),
            "rewrite pods/ephemeralcontainers in",
        ),
        (ruled("batch", "*", "jobs", "*"), "rewrite jobs.batch in"),
        (
            ruled("", "CONNECT", "pods/exec", "*"),
            "rewrite pods/exec in",
        ),
        (
            ruled("", "CREATE", "serviceaccounts/token", "*"),
            "serviceaccounts/token in",
        ),
        (ruled("", "CREATE", "pods", "Cluster"), ""),
        (ruled("", "DELETE", "pods", "*"), ""),
        (ruled("", "CREATE", "services", "*"), ""),
        (ruled("apps", "CREATE", "pods", "*"), ""),
        (
            json!({"objectSelector": {"matchLabels": {"a": "b"}}}),
            "for objects that its objectSelector selects",
        ),
        (
            json!({"matchConditions": [{"name": "few", "expression": "x"}]}),
            "that its matchConditions let through (few)",
        ),
        (json!({"rules": []}), ""),
    ] {
        let findings = state(MUTATING, &configuration("any", &webhook), true);
        let said: Vec<_> = findings.iter().map(Finding::headline).collect();
        if expected.is_empty() {
            assert_eq!(said, [""; 0], "{webhook}");
        } else {
            assert_eq!(said.len(), 1, "{webhook}");
            assert!(said[0].contains(expected), "{webhook}: {said:?}");
            assert_eq!(findings[0].severity, Severity::Critical);
        }
    }
    // Where the namespaces are not known, what can match one of them counts.
    let any = state(
        MUTATING,
        &configuration("any", &selected(json!({"matchLabels": {"team": "x"}}))),
        false,
    );
    assert!(
        any[0]
            .act
            .contains("can rewrite pods in managed namespaces"),
        "{any:?}"
    );
    let excluded =
        json!({"matchExpressions": [{"key": "rolegate.dev/mode", "operator": "DoesNotExist"}]});
    assert!(state(MUTATING, &configuration("any", &selected(excluded)), false).is_empty());
}

#[test]
fn mutators_that_are_known_weigh_less_and_are_still_said() {
    let url = |url: &str| json!({"clientConfig": {"url": url}});
    for (name, webhook, severity, says) in [
        (
            "pod-identity-webhook",
            url("https://127.0.0.1:23443/mutate"),
            Severity::Low,
            "(EKS's pod identity webhook)",
        ),
        (
            "pod-identity-webhook",
            url("https://127.0.0.1.example.com/"),
            Severity::Medium,
            "but not served by EKS",
        ),
        (
            "pod-identity-webhook",
            json!({}),
            Severity::Medium,
            "but not served by EKS",
        ),
        (
            "istio-sidecar-injector",
            json!({}),
            Severity::Medium,
            "(named as Istio's)",
        ),
        (
            "kyverno-resource-mutating-webhook-cfg",
            json!({}),
            Severity::Medium,
            "Kyverno's",
        ),
        (
            "x-istio-sidecar-injector",
            json!({}),
            Severity::Critical,
            ": webhook",
        ),
        ("rolegate-x", json!({}), Severity::Critical, ": webhook"),
    ] {
        let findings = state(MUTATING, &configuration(name, &webhook), true);
        assert_eq!(findings.len(), 1, "{name}");
        assert_eq!(findings[0].severity, severity, "{name}");
        assert!(
            findings[0].act.contains(says),
            "{name}: {}",
            findings[0].act
        );
    }
    // rolegate's own is compared instead.
    assert!(state(MUTATING, &configuration("rolegate", &json!({})), true).is_empty());
}

#[test]
fn foreign_mutating_admission_policies_and_their_bindings() {
    let policy = |constraints: Value| json!({"metadata": {"name": "p"}, "spec": {"matchConstraints": constraints}});
    let found = state(
        "mutatingadmissionpolicies",
        &policy(json!({"resourceRules": pods()})),
        true,
    );
    let says = "MutatingAdmissionPolicy p can rewrite pods in namespaces spark-a and spark-b";
    assert!(found[0].act.starts_with(says), "{found:?}");
    let other = json!({"resourceRules": pods(), "namespaceSelector": {"matchLabels": {"a": "b"}}});
    assert!(state("mutatingadmissionpolicies", &policy(other), true).is_empty());

    let binding = |resources: Value| json!({"metadata": {"name": "b"}, "spec": {"policyName": "p", "matchResources": resources}});
    let of = "mutatingadmissionpolicybindings";
    for matched in [Value::Null, json!({}), json!({"resourceRules": pods()})] {
        let found = state(of, &binding(matched), true);
        assert!(
            found[0]
                .act
                .contains("lets MutatingAdmissionPolicy p rewrite"),
            "{found:?}"
        );
    }
    let other = json!({"namespaceSelector": {"matchLabels": {"a": "b"}}});
    assert!(state(of, &binding(other), true).is_empty());
}
