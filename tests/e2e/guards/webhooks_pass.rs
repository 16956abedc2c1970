//! Those who keep webhook configurations.

use serde_json::{Value, json};

use super::webhooks::{KINDS, ca, configuration, ensure, path};
use super::{Attack, account, assert_passes, assert_refused, user, with_guards};
use crate::harness::Cluster;
use crate::harness::dirs;
use crate::harness::http::{JSON_PATCH, MERGE};
use crate::harness::users::User;

const GUARD: &str = "webhook-guard";

/// RBAC's part: without it nobody gets as far as the guard.
pub(super) fn may_write_webhooks(cluster: &Cluster, user: &str, subject: &Value) {
    let rule = json!({
        "apiGroups": ["admissionregistration.k8s.io"], "verbs": ["*"],
        "resources": ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
    });
    cluster.grant_in_the_cluster(&dirs::random_name("e2e-webhooks"), &[rule], subject);
    knows(
        cluster,
        user,
        &json!({
            "group": "admissionregistration.k8s.io", "resource": "mutatingwebhookconfigurations", "verb": "delete",
        }),
    );
}

/// Waits until the authorizer allows a user something.
fn knows(cluster: &Cluster, user: &str, attributes: &Value) {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": attributes},
    });
    crate::harness::wait::until("RBAC to know the grant", || {
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let answer = cluster
            .request(cluster.admin(), "POST", path)
            .json(&review)
            .try_send()?;
        (answer.json()["status"]["allowed"] == true)
            .then_some(())
            .ok_or(answer.body)
    });
}

fn writer(cluster: &Cluster, namespace: &str, name: &str) -> (User, Value) {
    let user = account(cluster, namespace, name);
    let subject = json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    may_write_webhooks(cluster, &user.name, &subject);
    (user, subject)
}

/// Makes, changes and deletes one.
fn life(kind: &str, name: &str) -> [Attack; 3] {
    let one = path(kind, &format!("/{name}"));
    let rules = json!([{"op": "remove", "path": "/webhooks/0/rules"}]);
    [
        Attack::new("POST", path(kind, "")).json(&configuration(kind, name)),
        Attack::new("PATCH", one.clone()).body(JSON_PATCH, &rules),
        Attack::new("DELETE", one),
    ]
}

#[test]
fn administrators_eks_and_kube_system_keep_theirs() {
    let cluster = with_guards();
    let (controller, _) = writer(cluster, "kube-system", "aws-load-balancer-controller");
    for kind in KINDS {
        for user in [cluster.admin(), cluster.cluster_operator(), &controller] {
            for attack in life(kind, &dirs::random_name("e2e-kept")) {
                let what = format!("{}: {attack:?}", user.name);
                assert_passes(&what, &attack.by(cluster, user));
            }
        }
        let eks = "eks:addon-manager";
        may_write_webhooks(cluster, eks, &user(eks));
        for attack in life(kind, &dirs::random_name("e2e-kept")) {
            let request = attack.request(cluster, cluster.admin()).impersonate(eks);
            assert_passes(&format!("{eks}: {attack:?}"), &request.send());
        }
    }
}

/// rolegate's own is not kube-system's, nor EKS's.
#[test]
fn only_administrators_write_rolegates_own() {
    let cluster = with_guards();
    let (controller, _) = writer(cluster, "kube-system", "aws-load-balancer-controller");
    let attack = Attack::new("DELETE", path("Validating", "/rolegate")).dry();
    assert_refused(
        "kube-system",
        &attack.by(cluster, &controller),
        GUARD,
        "may not delete",
    );
    for user in [cluster.admin(), cluster.cluster_operator()] {
        assert_passes(&user.name, &attack.by(cluster, user));
    }
}

/// As docs/install.md says: by RBAC, by name of the configuration.
#[test]
fn an_operator_that_is_listed_keeps_its_own_and_no_other() {
    let cluster = with_guards();
    let namespace = dirs::random_name("e2e-kyverno");
    let (operator, subject) = writer(cluster, &namespace, "admission-controller");
    let name = dirs::random_name("e2e-kyverno-cfg");
    let [create, ..] = life("Mutating", &name);
    assert_refused(
        "not listed",
        &create.by(cluster, &operator),
        GUARD,
        "may not create",
    );
    let rules = super::overlays::writer_role(&name);
    cluster.grant_in_the_cluster(&name, &rules, &subject);
    let attributes = json!({"group": "rolegate.dev", "resource": "webhookconfigurations", "verb": "write", "name": name});
    knows(cluster, &operator.name, &attributes);
    for kind in KINDS {
        for attack in life(kind, &name) {
            assert_passes(&format!("{attack:?}"), &attack.by(cluster, &operator));
        }
    }
    let other = Attack::new("DELETE", path("Mutating", "/e2e-somebodys")).dry();
    ensure(cluster, "Mutating", "e2e-somebodys");
    assert_refused(
        "another's",
        &other.by(cluster, &operator),
        GUARD,
        "may not delete",
    );
    let pretended = create
        .dry()
        .request(cluster, cluster.admin())
        .impersonate(&operator.name)
        .send();
    assert_refused("without a uid", &pretended, GUARD, "may not create");
}

/// What injectors do all day: of any configuration but the two that matter.
#[test]
fn a_new_bundle_and_a_label_are_everybodys() {
    let cluster = with_guards();
    for kind in KINDS {
        let name = dirs::random_name("e2e-injected");
        ensure(cluster, kind, &name);
        let one = path(kind, &format!("/{name}"));
        let bundle = |index: usize, op: &str| json!([{"op": op, "path": format!("/webhooks/{index}/clientConfig/caBundle"), "value": ca(2)}]);
        for attack in [
            Attack::new("PATCH", one.clone()).body(JSON_PATCH, &bundle(0, "replace")),
            Attack::new("PATCH", one.clone()).body(
                JSON_PATCH,
                &json!([{"op": "remove", "path": "/webhooks/1/clientConfig/caBundle"}]),
            ),
            Attack::new("PATCH", one.clone()).body(JSON_PATCH, &bundle(1, "add")),
            Attack::new("PATCH", one.clone())
                .body(MERGE, &json!({"metadata": {"labels": {"a": "b"}}})),
        ] {
            assert_passes(
                &format!("{attack:?}"),
                &attack.by(cluster, cluster.mallory()),
            );
        }
        assert_eq!(
            cluster.get(&one)["webhooks"][0]["clientConfig"]["caBundle"],
            ca(2)
        );
    }
}

#[test]
fn writing_back_what_is_there_changes_nothing() {
    let cluster = with_guards();
    ensure(cluster, "Mutating", "pod-identity-webhook");
    for (kind, name) in [
        ("Validating", "rolegate"),
        ("Mutating", "pod-identity-webhook"),
    ] {
        let one = path(kind, &format!("/{name}"));
        let put = Attack::new("PUT", one.clone()).json(&cluster.get(&one));
        assert_passes(name, &put.dry().by(cluster, cluster.mallory()));
        let patch = Attack::new("PATCH", one).body(MERGE, &json!({}));
        assert_passes(name, &patch.dry().by(cluster, cluster.mallory()));
    }
}

/// The grant that certs/cert-manager ships, and no more than that.
#[test]
fn cert_managers_injector_keeps_rolegates_bundle() {
    let cluster = with_guards();
    let (injector, _) = writer(cluster, "cert-manager", "cert-manager-cainjector");
    let bundle =
        json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ca(2)}]);
    let one = path("Validating", "/rolegate");
    let inject = Attack::new("PATCH", one.clone())
        .body(JSON_PATCH, &bundle)
        .dry();
    let (another, _) = writer(cluster, "cert-manager", "another-injector");
    assert_refused(
        "not granted",
        &inject.by(cluster, &another),
        GUARD,
        "may not change",
    );
    super::own_pass::grant_certificates(cluster);
    assert_passes("granted", &inject.by(cluster, &injector));
    // client-go's own way: the whole object.
    let mut whole = cluster.get(&one);
    for webhook in whole["webhooks"].as_array_mut().into_iter().flatten() {
        webhook["clientConfig"]["caBundle"] = ca(2).into();
    }
    let put = Attack::new("PUT", one.clone()).json(&whole).dry();
    assert_passes("the whole object", &put.by(cluster, &injector));
    whole["webhooks"][0]["failurePolicy"] = "Ignore".into();
    let put = Attack::new("PUT", one.clone()).json(&whole).dry();
    assert_refused("more", &put.by(cluster, &injector), GUARD, "may not change");
    let delete = Attack::new("DELETE", one).dry();
    assert_refused(
        "delete",
        &delete.by(cluster, &injector),
        GUARD,
        "may not delete",
    );
    let pretended = inject
        .request(cluster, cluster.admin())
        .impersonate(&injector.name)
        .send();
    assert_refused("without a uid", &pretended, GUARD, "may not change");
}
