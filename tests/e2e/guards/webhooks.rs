//! Rewriting pods on their way in, and getting rid of what judges them.
//!
//! The configuration `rolegate` of the shared control plane is the one that
//! stands in front of all other tests: whatever is tried on it is a dry run.

use serde_json::{Value, json};

use super::{Attack, account, assert_passes, assert_refused, bare, with_guards};
use crate::harness::Cluster;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE};

const GUARD: &str = "webhook-guard";

pub(super) const KINDS: [&str; 2] = ["Mutating", "Validating"];

/// `mutatingwebhookconfigurations` or the other, and what follows.
pub(super) fn path(kind: &str, rest: &str) -> String {
    let kind = kind.to_lowercase();
    format!("/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations{rest}")
}

/// A configuration with two webhooks that match nothing anybody has.
pub(super) fn configuration(kind: &str, name: &str) -> Value {
    let webhook = |name: &str| {
        json!({
            "name": name,
            "clientConfig": {"url": "https://127.0.0.1:1/", "caBundle": ca(1)},
            "rules": [{"apiGroups": ["example.com"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["nothings"]}],
            "failurePolicy": "Ignore", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        })
    };
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": format!("{kind}WebhookConfiguration"),
        "metadata": {"name": name},
        "webhooks": [webhook("one.example.com"), webhook("two.example.com")],
    })
}

/// One of several certificates.
pub(super) fn ca(number: usize) -> String {
    use base64::Engine;
    use std::sync::LazyLock;
    static CAS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let pem = |name: &str| crate::harness::tls::Authority::new(name).certificate();
        ["first", "second"].map(pem).to_vec()
    });
    base64::engine::general_purpose::STANDARD.encode(&CAS[number - 1])
}

/// Makes it as administrator, on either control plane, unless it is there.
pub(super) fn ensure(cluster: &Cluster, kind: &str, name: &str) {
    let answer = cluster
        .request(cluster.admin(), "POST", &path(kind, ""))
        .json(&configuration(kind, name))
        .send();
    assert!(matches!(answer.status, 201 | 409), "{name}: {answer:?}");
}

/// Changes of a configuration, none of them of `caBundle` alone.
fn changes(cluster: &Cluster, kind: &str, name: &str) -> Vec<Attack> {
    let one = path(kind, &format!("/{name}"));
    let stored = cluster.get(&one);
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut object = stored.clone();
        object["metadata"]["managedFields"] = json!([]);
        edit(&mut object);
        Attack::new("PUT", one.clone()).json(&object)
    };
    let json_patch =
        |operations: Value| Attack::new("PATCH", one.clone()).body(JSON_PATCH, &operations);
    let owner = json!([{"apiVersion": "v1", "kind": "Node", "name": "gone", "uid": "00000000-0000-0000-0000-000000000000"}]);
    vec![
        edited(&|object| object["webhooks"][0]["failurePolicy"] = "Ignore".into()),
        edited(&|object| object["webhooks"][0]["failurePolicy"] = "Fail".into()),
        edited(&|object| object["webhooks"][0]["timeoutSeconds"] = 1.into()),
        edited(&|object| object["webhooks"][1]["matchConditions"] = json!([{"name": "never", "expression": "false"}])),
        edited(&|object| object["webhooks"][0]["namespaceSelector"] = json!({"matchLabels": {"no": "where"}})),
        edited(&|object| object["webhooks"][0]["rules"] = json!([])),
        edited(&|object| object["webhooks"][0]["clientConfig"] = json!({"url": "https://evil.example.com/"})),
        edited(&|object| object["webhooks"][0]["name"] = "other.example.com".into()),
        edited(&|object| object["webhooks"].as_array_mut().expect("webhooks").reverse()),
        edited(&|object| { object["webhooks"].as_array_mut().expect("webhooks").pop(); }),
        edited(&|object| object["webhooks"] = Value::Null),
        // Under cover of a new caBundle.
        edited(&|object| {
            object["webhooks"][0]["clientConfig"]["caBundle"] = ca(2).into();
            object["webhooks"][1]["rules"] = json!([]);
        }),
        // The garbage collector would delete it.
        edited(&|object| object["metadata"]["ownerReferences"] = owner.clone()),
        edited(&|object| object["metadata"]["finalizers"] = json!(["example.com/hold"])),
        json_patch(json!([{"op": "remove", "path": "/webhooks/0"}])),
        Attack::new("PATCH", one.clone()).body(MERGE, &json!({"webhooks": []})),
        Attack::new("PATCH", format!("{one}?fieldManager=e2e&force=true"))
            .body(APPLY, &json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": format!("{kind}WebhookConfiguration"),
                "metadata": {"name": name},
                "webhooks": [{
                    "name": "three.example.com", "clientConfig": {"url": "https://evil.example.com/"},
                    "sideEffects": "None", "admissionReviewVersions": ["v1"],
                }],
            })),
        Attack::new("DELETE", one.clone()),
    ]
}

/// Some changes are none for the one or the other configuration.
fn is_change(cluster: &Cluster, kind: &str, name: &str, attack: &Attack) -> bool {
    let before = cluster.get(&path(kind, &format!("/{name}")));
    let answer = attack.clone().dry().by(cluster, cluster.admin());
    assert_passes(&format!("{attack:?}"), &answer);
    attack.method == "DELETE"
        || answer.json()["webhooks"] != before["webhooks"]
        || answer.json()["metadata"]["ownerReferences"] != before["metadata"]["ownerReferences"]
        || answer.json()["metadata"]["finalizers"] != before["metadata"]["finalizers"]
}

fn names(kind: &str) -> Vec<&'static str> {
    match kind {
        "Validating" => vec!["e2e-somebodys", "rolegate"],
        _ => vec!["e2e-somebodys", "pod-identity-webhook"],
    }
}

#[test]
fn configurations_are_made_changed_and_deleted_where_no_guard_is() {
    let cluster = bare();
    for kind in KINDS {
        for name in names(kind) {
            ensure(cluster, kind, name);
            for attack in changes(cluster, kind, name) {
                let what = format!("{kind} {attack:?}");
                assert_passes(&what, &attack.dry().by(cluster, cluster.mallory()));
            }
        }
        let made = Attack::new("POST", path(kind, "")).json(&configuration(kind, "mallorys"));
        assert_passes(kind, &made.by(cluster, cluster.mallory()));
        let all = Attack::new("DELETE", path(kind, ""));
        assert_passes(kind, &all.dry().by(cluster, cluster.mallory()));
    }
}

#[test]
fn no_configuration_is_changed_or_deleted() {
    let cluster = with_guards();
    for kind in KINDS {
        for name in names(kind) {
            if name != "rolegate" {
                ensure(cluster, kind, name);
            }
            let mut tried = 0;
            for attack in changes(cluster, kind, name) {
                if !is_change(cluster, kind, name, &attack) {
                    continue;
                }
                tried += 1;
                let what = format!("{kind} {attack:?}");
                let answer = attack.dry().by(cluster, cluster.mallory());
                let said = format!(
                    "rolegate mutating-webhook: mallory may not {}",
                    match attack_verb(&what) {
                        "DELETE" => "delete",
                        _ => "change",
                    }
                );
                assert_refused(&what, &answer, GUARD, &said);
                assert!(
                    answer.message().contains(&format!(" {name}.")),
                    "{}",
                    answer.body
                );
            }
            assert!(tried >= 15, "{kind} {name}: {tried} changes");
        }
    }
}

fn attack_verb(what: &str) -> &str {
    if what.contains("method: \"DELETE\"") {
        "DELETE"
    } else {
        "UPDATE"
    }
}

#[test]
fn none_is_made_and_not_all_are_deleted() {
    let cluster = with_guards();
    for kind in KINDS {
        for name in ["mallorys", "rolegate", "zz-last", "pod-identity-webhook"] {
            let made = Attack::new("POST", path(kind, "")).json(&configuration(kind, name));
            let answer = made.dry().by(cluster, cluster.mallory());
            // The API server finds a name that is taken first.
            if answer.status != 409 {
                let said = format!("mallory may not create {kind}WebhookConfiguration {name}.");
                assert_refused(name, &answer, GUARD, &said);
            }
        }
        let mut generated = configuration(kind, "");
        generated["metadata"] = json!({"generateName": "mallorys-"});
        let made = Attack::new("POST", path(kind, "")).json(&generated);
        let answer = made.dry().by(cluster, cluster.mallory());
        assert_refused("generated", &answer, GUARD, "mallory may not create");
        ensure(cluster, kind, "e2e-somebodys");
        let all = Attack::new("DELETE", path(kind, ""));
        let answer = all.dry().by(cluster, cluster.mallory());
        assert_refused("deletecollection", &answer, GUARD, "mallory may not delete");
    }
}

/// For these two even a new caBundle, or a label of `rolegate`, is more than
/// everybody's: rolegate, or EKS's webhook, would not be believed any more.
#[test]
fn the_bundle_of_the_two_that_matter_is_not_everybodys() {
    let cluster = with_guards();
    ensure(cluster, "Mutating", "pod-identity-webhook");
    for (kind, name) in [
        ("Validating", "rolegate"),
        ("Mutating", "pod-identity-webhook"),
    ] {
        let one = path(kind, &format!("/{name}"));
        let bundle =
            json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ca(2)}]);
        let attack = Attack::new("PATCH", one).body(JSON_PATCH, &bundle);
        let answer = attack.dry().by(cluster, cluster.mallory());
        assert_refused(name, &answer, GUARD, "mallory may not change");
    }
    for metadata in [
        json!({"annotations": {"cert-manager.io/inject-ca-from": "mallory/ca"}}),
        json!({"labels": {"app.kubernetes.io/part-of": null}}),
    ] {
        let attack = Attack::new("PATCH", path("Validating", "/rolegate"))
            .body(MERGE, &json!({"metadata": metadata}));
        let answer = attack.dry().by(cluster, cluster.mallory());
        assert_refused("metadata", &answer, GUARD, "mallory may not change");
    }
}

/// Neither the name of a trusted identity nor EKS's in another place counts.
#[test]
fn lookalikes_are_refused() {
    let cluster = with_guards();
    ensure(cluster, "Mutating", "e2e-somebodys");
    let attack = Attack::new("DELETE", path("Mutating", "/e2e-somebodys")).dry();
    let kube_system = "system:serviceaccount:kube-system:aws-load-balancer-controller";
    for user in [
        kube_system,
        "eks",
        "xeks:addon-manager",
        "system:serviceaccount:kube-system2:x",
    ] {
        let subject = match user {
            user if user.starts_with("system:serviceaccount:") => {
                let mut parts = user.split(':').skip(2);
                json!({"kind": "ServiceAccount", "namespace": parts.next(), "name": parts.next()})
            }
            user => super::user(user),
        };
        super::webhooks_pass::may_write_webhooks(cluster, user, &subject);
        let answer = attack
            .request(cluster, cluster.admin())
            .impersonate(user)
            .send();
        assert_refused(user, &answer, GUARD, &format!("{user} may not delete"));
    }
    // A grant in a namespace is none in the cluster.
    let namespace = crate::harness::Namespace::unmanaged(cluster);
    let operator = account(cluster, &namespace.name, "operator");
    let subject =
        json!({"kind": "ServiceAccount", "namespace": namespace.name, "name": "operator"});
    super::webhooks_pass::may_write_webhooks(cluster, &operator.name, &subject);
    namespace.service_account("everything");
    namespace.grant_everything("User", &operator.name);
    let answer = attack.by(cluster, &operator);
    assert_refused("in a namespace", &answer, GUARD, "operator may not delete");
}
