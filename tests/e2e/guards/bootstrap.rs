//! Bootstrap tokens: Secrets of kube-system that log in.

use serde_json::{Value, json};

use super::{Attack, account, assert_passes, assert_refused, bare, user, with_guards};
use crate::harness::http::MERGE;
use crate::harness::{Cluster, Namespace, dirs};

const GUARD: &str = "bootstrap-token-guard";
const SECRETS: &str = "/api/v1/namespaces/kube-system/secrets";

fn token(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token", "metadata": {"name": name},
        "stringData": {
            "token-id": "abcdef", "token-secret": "0123456789abcdef",
            "usage-bootstrap-authentication": "true", "auth-extra-groups": "system:bootstrappers:e2e",
        },
    })
}

/// mallory, who may by RBAC do everything with kube-system's Secrets.
fn grant(cluster: &Cluster) {
    let name = "kube-system".to_owned();
    let verbs = ["get", "create", "update", "patch", "delete"];
    Namespace { cluster, name }.grant(&user("mallory"), &verbs, &["secrets"]);
}

fn attacks(existing: &str) -> [Attack; 3] {
    let one = format!("{SECRETS}/{existing}");
    let groups = json!({"stringData": {"auth-extra-groups": "system:bootstrappers:mallory"}});
    [
        Attack::new("POST", SECRETS).json(&token(&dirs::random_name("bootstrap-token"))),
        Attack::new("PATCH", one.clone()).body(MERGE, &groups),
        Attack::new("DELETE", one),
    ]
}

#[test]
fn whoever_writes_secrets_there_writes_tokens_where_no_guard_is() {
    grant(bare());
    let name = dirs::random_name("bootstrap-token");
    bare().create(SECRETS, &token(&name));
    for attack in attacks(&name) {
        assert_passes(&format!("{attack:?}"), &attack.by(bare(), bare().mallory()));
    }
}

#[test]
fn tokens_are_for_administrators() {
    let cluster = with_guards();
    grant(cluster);
    let name = dirs::random_name("bootstrap-token");
    cluster.create(SECRETS, &token(&name));
    for attack in attacks(&name) {
        let what = format!("{attack:?}");
        let answer = attack.by(cluster, cluster.mallory());
        assert_refused(
            &what,
            &answer,
            GUARD,
            "mallory may not write bootstrap token kube-system/",
        );
    }
    for attack in attacks(&name) {
        let answer = attack.by(cluster, cluster.cluster_operator());
        assert_passes(&format!("{attack:?}"), &answer);
    }
}

#[test]
fn other_secrets_there_are_not_judged() {
    let cluster = with_guards();
    grant(cluster);
    let name = dirs::random_name("addon");
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    let one = format!("{SECRETS}/{name}");
    for attack in [
        Attack::new("POST", SECRETS).json(&object),
        Attack::new("PATCH", one.clone()).body(MERGE, &json!({"stringData": {"a": "b"}})),
        Attack::new("DELETE", one),
    ] {
        assert_passes(
            &format!("{attack:?}"),
            &attack.by(cluster, cluster.mallory()),
        );
    }
}

#[test]
fn the_token_cleaner_deletes_what_has_expired() {
    let cluster = with_guards();
    let cleaner = account(cluster, "kube-system", "token-cleaner");
    let name = dirs::random_name("bootstrap-token");
    cluster.create(SECRETS, &token(&name));
    let delete = Attack::new("DELETE", format!("{SECRETS}/{name}"));
    let pretended = delete
        .request(cluster, cluster.admin())
        .impersonate(&cleaner.name)
        .send();
    assert_refused("without a uid", &pretended, GUARD, &cleaner.name);
    assert_passes("delete", &delete.by(cluster, &cleaner));
}
