//! Those who write Secrets and whose work it is.

use serde_json::{Value, json};

use super::secrets::secret;
use super::{account, assert_passes, assert_refused, user, with_guards};
use crate::harness::cast::config_map;
use crate::harness::http::MERGE;
use crate::harness::users::User;
use crate::harness::{Cluster, Namespace, dirs, wait};

fn enforced() -> Namespace<'static> {
    Namespace::labelled(with_guards(), "enforce")
}

fn label() -> Value {
    json!({"metadata": {"labels": {"a": "b"}}})
}

/// Creates, labels and deletes a Secret.
#[track_caller]
fn writes(namespace: &Namespace<'_>, writer: &User) {
    let cluster = namespace.cluster;
    let name = dirs::random_name("release");
    let all = namespace.core("secrets");
    let one = format!("{all}/{name}");
    let made = cluster.request(writer, "POST", &all).json(&secret(&name));
    assert_passes("create", &made.send());
    let patched = cluster
        .request(writer, "PATCH", &one)
        .body(MERGE, label().to_string());
    assert_passes("patch", &patched.send());
    assert_passes("delete", &cluster.request(writer, "DELETE", &one).send());
}

/// alice may `get`, as whoever uses Helm may: its releases are Secrets.
#[test]
fn helm_keeps_its_releases() {
    let namespace = enforced();
    let cluster = namespace.cluster;
    let alice = cluster.alice();
    let release = |revision: u32, status: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {
                "name": format!("sh.helm.release.v1.app.v{revision}"),
                "labels": {"owner": "helm", "name": "app", "status": status, "version": revision.to_string()},
            },
            "data": {"release": "SDRzSQ=="},
        })
    };
    // An upgrade: the new release is pending, the old one superseded, the new
    // one deployed; then the oldest goes.
    let all = namespace.core("secrets");
    let one = |revision: u32| format!("{all}/sh.helm.release.v1.app.v{revision}");
    let send = |method: &'static str, path: &str, body: &Value| {
        let answer = cluster.request(alice, method, path).json(body).send();
        assert_passes(&format!("{method} {path}"), &answer);
    };
    send("POST", &all, &release(1, "deployed"));
    send("POST", &all, &release(2, "pending-upgrade"));
    send("PUT", &one(1), &release(1, "superseded"));
    send("PUT", &one(2), &release(2, "deployed"));
    let gone = cluster.request(alice, "DELETE", &one(1)).send();
    assert_passes("delete", &gone);
}

#[test]
fn whoever_may_read_it_by_any_verb_may_write_it() {
    let namespace = enforced();
    for verb in ["get", "watch", "list"] {
        let name = format!("reader-by-{verb}");
        let reader = account(namespace.cluster, &namespace.name, &name);
        let subject = json!({"kind": "ServiceAccount", "name": name, "namespace": namespace.name});
        namespace.grant(&subject, &["create", "patch", "delete", verb], &["secrets"]);
        writes(&namespace, &reader);
    }
}

/// The Role EMR's documentation asks for holds `watch` on Secrets and not `get`.
#[test]
fn emr_keeps_its_own() {
    let cluster = with_guards();
    // Not the harness's, in which EMR may do everything.
    let name = dirs::random_name("e2e-emr");
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata":
        {"name": name, "labels": {"rolegate.dev/mode": "enforce"}}});
    cluster.create("/api/v1/namespaces", &object);
    let namespace = Namespace { cluster, name };
    namespace.grant(
        &user("emr-containers"),
        &["create", "patch", "delete", "watch"],
        &["secrets"],
    );
    let path = namespace.core("secrets");
    let read = cluster.request(cluster.emr(), "GET", &path).send();
    assert_eq!(read.status, 403, "EMR may not list: {}", read.body);
    writes(&namespace, cluster.emr());
}

#[test]
fn making_one_needs_no_right_to_read() {
    let namespace = enforced();
    let cluster = namespace.cluster;
    namespace.grant(&user("bob"), &["create", "patch"], &["secrets"]);
    let path = namespace.core("secrets");
    let made = cluster
        .request(cluster.bob(), "POST", &path)
        .json(&secret("mine"));
    assert_passes("create", &made.send());
    // One that is applied and was not there is created.
    let path = namespace.core("secrets/applied?fieldManager=e2e");
    let applied = cluster
        .request(cluster.bob(), "PATCH", &path)
        .body(crate::harness::http::APPLY, secret("applied").to_string());
    assert_passes("apply", &applied.send());
}

#[test]
fn administrators_need_no_right_of_their_own() {
    let namespace = enforced();
    let cluster = namespace.cluster;
    for writer in [cluster.admin(), cluster.cluster_operator()] {
        writes(&namespace, writer);
    }
}

/// The real garbage collector and the real namespace controller.
#[test]
fn what_lost_its_owner_is_collected_and_namespaces_go() {
    let namespace = enforced();
    let cluster = namespace.cluster;
    let owner = cluster.create(&namespace.core("configmaps"), &config_map("owner"));
    let mut dependent = secret("owned");
    dependent["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
    }]);
    cluster.create(&namespace.core("secrets"), &dependent);
    cluster.create(&namespace.core("secrets"), &secret("other"));
    let delete = |path: &str| {
        cluster
            .request(cluster.admin(), "DELETE", path)
            .send()
            .expect_status(200);
    };
    delete(&namespace.core("configmaps/owner"));
    gone(cluster, &namespace.core("secrets/owned"));
    delete(&format!("/api/v1/namespaces/{}", namespace.name));
    gone(cluster, &format!("/api/v1/namespaces/{}", namespace.name));
}

/// Waits until it is not there any more.
pub(super) fn gone(cluster: &Cluster, path: &str) {
    wait::until(&format!("{path} to be gone"), || {
        let answer = cluster.request(cluster.admin(), "GET", path).try_send()?;
        (answer.status == 404).then_some(()).ok_or(answer.body)
    });
}

/// It marks old token Secrets and deletes them, and may not get any.
#[test]
fn the_cleaner_of_old_tokens_is_let_past_by_its_uid() {
    let namespace = enforced();
    let cluster = namespace.cluster;
    let name = "legacy-service-account-token-cleaner";
    let cleaner = account(cluster, "kube-system", name);
    let all = namespace.core("secrets");
    for pretended in [false, true] {
        let name = format!("old-{pretended}");
        cluster.create(&all, &secret(&name));
        let one = format!("{all}/{name}");
        let user = if pretended { cluster.admin() } else { &cleaner };
        for (method, body) in [("PATCH", label().to_string()), ("DELETE", String::new())] {
            let mut request = cluster.request(user, method, &one);
            if method == "PATCH" {
                request = request.body(MERGE, body);
            }
            if pretended {
                request = request.impersonate(&cleaner.name);
            }
            let answer = request.send();
            if pretended {
                assert_refused(method, &answer, "secret-guard", &cleaner.name);
            } else {
                assert_passes(method, &answer);
            }
        }
    }
}
