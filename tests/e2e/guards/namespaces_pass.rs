//! What may be written in a managed namespace's own object, and by whom.

use serde_json::{Value, json};

use super::namespaces::{CHAIN, MODE, make, object, path};
use super::secrets_pass::gone;
use super::{Attack, assert_passes, with_guards};
use crate::harness::http::MERGE;
use crate::harness::{Cluster, dirs};

fn set(name: &str, labels: &Value) -> Attack {
    Attack::new("PATCH", path(name, "")).body(MERGE, &json!({"metadata": {"labels": labels}}))
}

/// Labels before and after.
#[test]
fn what_takes_nothing_away_is_free() {
    let cluster = with_guards();
    let level = "pod-security.kubernetes.io/enforce";
    let version = "pod-security.kubernetes.io/enforce-version";
    for (before, change) in [
        (json!({MODE: "enforce"}), json!({"team": "a"})),
        (json!({MODE: "enfroce"}), json!({"team": "a"})),
        (json!({MODE: "", CHAIN: "nonsense"}), json!({"team": "a"})),
        (json!({MODE: "enforce", "team": "a"}), json!({"team": null})),
        (json!({MODE: "enforce"}), json!({MODE: "enforce"})),
        (json!({}), json!({MODE: "audit"})),
        (json!({}), json!({MODE: "enforce"})),
        (json!({MODE: "audit"}), json!({MODE: "warn"})),
        (json!({MODE: "warn"}), json!({MODE: "enforce"})),
        (json!({MODE: "enfroce"}), json!({MODE: "enforce"})),
        (json!({MODE: "enforce"}), json!({(level): "baseline"})),
        (
            json!({MODE: "enforce", (level): "privileged"}),
            json!({(level): null}),
        ),
        // Nobody protects that one.
        (json!({}), json!({(level): "privileged"})),
        (
            json!({MODE: "enforce", (level): "baseline"}),
            json!({(level): "restricted"}),
        ),
        (
            json!({MODE: "enforce", (version): "v1.9"}),
            json!({(version): "v1.30"}),
        ),
        (
            json!({MODE: "enforce", (version): "v1.30"}),
            json!({(version): "latest"}),
        ),
        (
            json!({MODE: "enforce", (version): "v1.30"}),
            json!({(version): null}),
        ),
        (
            json!({MODE: "enforce", (version): "latest"}),
            json!({(version): null}),
        ),
        // Not rolegate's: its own team decides.
        (json!({(level): "restricted"}), json!({(level): null})),
        (
            json!({(level): "restricted", (version): "latest"}),
            json!({(version): "v1.25"}),
        ),
        (
            json!({MODE: "audit", "resource.kubernetes.io/admin-access": "true"}),
            json!({"resource.kubernetes.io/admin-access": null}),
        ),
        (
            json!({MODE: "audit"}),
            json!({"resource.kubernetes.io/admin-access": "false"}),
        ),
    ] {
        let name = make(cluster, &before);
        let answer = set(&name, &change).by(cluster, cluster.mallory());
        assert_passes(&format!("{before} {change}"), &answer);
    }
}

/// A label may be wrong already, and controllers write the whole object back.
#[test]
fn writing_back_what_is_there_changes_nothing() {
    let cluster = with_guards();
    for labels in [
        json!({MODE: "enforce", CHAIN: "enabled", "pod-security.kubernetes.io/warn": "restricted"}),
        json!({MODE: "enfroce", CHAIN: "", "resource.kubernetes.io/admin-access": "true"}),
    ] {
        let name = make(cluster, &labels);
        for rest in ["", "/status", "/finalize"] {
            let stored = cluster.get(&path(&name, ""));
            let put = Attack::new("PUT", path(&name, rest)).json(&stored);
            assert_passes(
                &format!("{labels} {rest}"),
                &put.by(cluster, cluster.mallory()),
            );
        }
        let annotated = json!({"metadata": {"annotations": {"team": "a"}}});
        let annotate = Attack::new("PATCH", path(&name, "")).body(MERGE, &annotated);
        assert_passes("annotation", &annotate.by(cluster, cluster.mallory()));
    }
}

#[test]
fn a_new_one_may_choose_its_mode() {
    let cluster = with_guards();
    for labels in [
        json!({}),
        json!({MODE: "audit"}),
        json!({MODE: "warn"}),
        json!({MODE: "enforce", CHAIN: "enabled"}),
        json!({"pod-security.kubernetes.io/enforce": "privileged"}),
    ] {
        let object = object(&dirs::random_name("e2e-guard"), &labels);
        let create = Attack::new("POST", "/api/v1/namespaces").json(&object);
        assert_passes(&labels.to_string(), &create.by(cluster, cluster.mallory()));
    }
}

#[test]
fn one_that_is_not_managed_is_its_teams_to_delete() {
    let cluster = with_guards();
    let name = make(cluster, &json!({"team": "a"}));
    let delete = Attack::new("DELETE", path(&name, ""));
    assert_passes("delete", &delete.by(cluster, cluster.mallory()));
    gone(cluster, &path(&name, ""));
}

/// The real namespace controller finishes what they began.
#[test]
fn administrators_lower_and_delete() {
    let cluster = with_guards();
    let labels = json!({MODE: "enforce", CHAIN: "enabled", "pod-security.kubernetes.io/enforce": "restricted"});
    for user in [cluster.admin(), cluster.cluster_operator()] {
        let name = make(cluster, &labels);
        for change in [
            json!({MODE: "audit"}),
            json!({"pod-security.kubernetes.io/enforce": "privileged"}),
            json!({CHAIN: null}),
            json!({"resource.kubernetes.io/admin-access": "true"}),
        ] {
            assert_passes(&change.to_string(), &set(&name, &change).by(cluster, user));
        }
        // kubectl as well.
        cluster
            .kubectl(user)
            .run(&["label", "namespace", &name, "rolegate.dev/mode-"])
            .expect_ok();
        cluster
            .kubectl(user)
            .run(&["label", "namespace", &name, "rolegate.dev/mode=enforce"])
            .expect_ok();
        cluster
            .kubectl(user)
            .run(&["delete", "namespace", &name, "--wait=false"])
            .expect_ok();
        gone(cluster, &path(&name, ""));
    }
}

/// Where the controllers have no identities of their own, one name does it all.
#[test]
fn a_controller_manager_under_one_name_finishes_a_deletion() {
    let cluster = with_guards();
    let name = "system:kube-controller-manager";
    let rule =
        json!({"apiGroups": [""], "resources": ["namespaces/finalize"], "verbs": ["update"]});
    cluster.grant_in_the_cluster("e2e-one-name", &[rule], &super::user(name));
    let namespace = make(cluster, &json!({MODE: "enforce"}));
    let mut stored = cluster.get(&path(&namespace, ""));
    stored["spec"]["finalizers"] = json!([]);
    let finalize = Attack::new("PUT", path(&namespace, "/finalize"))
        .json(&stored)
        .dry();
    crate::harness::wait::until("RBAC to know the grant", || {
        let answer = finalize.request(cluster, cluster.user(name)).try_send()?;
        (answer.status == 200).then_some(()).ok_or(answer.body)
    });
}

/// One that was made with an owner goes with it.
#[test]
fn the_garbage_collector_takes_one_that_lost_its_owner() {
    let cluster = with_guards();
    let owner = owner(cluster);
    let name = dirs::random_name("e2e-guard");
    let mut namespace = object(&name, &json!({MODE: "enforce"}));
    namespace["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
    }]);
    cluster.create("/api/v1/namespaces", &namespace);
    let class = owner["metadata"]["name"].as_str().expect("a name");
    let one = format!("/apis/scheduling.k8s.io/v1/priorityclasses/{class}");
    cluster
        .request(cluster.admin(), "DELETE", &one)
        .send()
        .expect_status(200);
    gone(cluster, &path(&name, ""));
}

fn owner(cluster: &Cluster) -> Value {
    let class = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1,
        "metadata": {"name": dirs::random_name("e2e-owner")},
    });
    cluster.create("/apis/scheduling.k8s.io/v1/priorityclasses", &class)
}
