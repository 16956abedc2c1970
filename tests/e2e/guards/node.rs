//! The optional guard against pods that reach their node, switched on as its
//! own page says: by an overlay that names the component and the namespaces.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Attack, account, assert_passes, assert_refused, overlays};
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::http::STRATEGIC;
use crate::harness::{Cluster, Namespace, wait};

const GUARD: &str = "node-guard";
const LISTED: &str = "amazon-cloudwatch";

/// What reaches the node: what the refusal names, and the spec.
fn reaching() -> Vec<(&'static str, Value)> {
    let with = |edit: &dyn Fn(&mut Value)| {
        let mut spec = pod_spec("default");
        edit(&mut spec);
        spec
    };
    let windows =
        json!({"windowsOptions": {"hostProcess": true, "runAsUserName": "NT AUTHORITY\\SYSTEM"}});
    vec![
        (
            "hostNetwork",
            with(&|spec| spec["hostNetwork"] = true.into()),
        ),
        ("hostPID", with(&|spec| spec["hostPID"] = true.into())),
        ("hostIPC", with(&|spec| spec["hostIPC"] = true.into())),
        (
            "hostPath",
            with(&|spec| spec["volumes"] = json!([{"name": "node", "hostPath": {"path": "/"}}])),
        ),
        (
            "privileged",
            with(&|spec| spec["containers"][0]["securityContext"] = json!({"privileged": true})),
        ),
        (
            "privileged",
            with(&|spec| {
                spec["initContainers"] = json!([{"name": "first", "image": "registry.example/a:1", "securityContext": {"privileged": true}}]);
            }),
        ),
        (
            "capabilities",
            with(&|spec| {
                spec["containers"][0]["securityContext"] =
                    json!({"capabilities": {"add": ["CHOWN", "SYS_ADMIN"]}});
            }),
        ),
        (
            "capabilities",
            with(&|spec| {
                spec["containers"][0]["securityContext"] =
                    json!({"capabilities": {"add": ["ALL"]}});
            }),
        ),
        (
            "hostProcess",
            with(&|spec| {
                spec["hostNetwork"] = true.into();
                spec["securityContext"] = windows.clone();
            }),
        ),
        (
            "hostProcess",
            with(&|spec| {
                spec["hostNetwork"] = true.into();
                spec["containers"][0]["securityContext"] = windows.clone();
            }),
        ),
    ]
}

fn create(namespace: &Namespace<'_>, spec: &Value) -> Attack {
    let mut object = pod("reaches", "default");
    object["spec"] = spec.clone();
    Attack::new("POST", namespace.core("pods"))
        .json(&object)
        .dry()
}

fn debug(namespace: &Namespace<'_>) -> Attack {
    let container = json!({"name": "debug", "image": "registry.example/debug:1", "securityContext": {"privileged": true}});
    let patch = json!({"spec": {"ephemeralContainers": [container]}});
    Attack::new("PATCH", namespace.core("pods/plain/ephemeralcontainers"))
        .body(STRATEGIC, &patch)
        .dry()
}

struct Scene {
    namespace: Namespace<'static>,
    listed: Namespace<'static>,
}

/// A control plane of its own: the guard holds in every namespace. Before it
/// is switched on, every attack is shown to work.
fn scene() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(|| {
        let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
        account(cluster, LISTED, "default");
        let scene = Scene {
            namespace: Namespace::unmanaged(cluster),
            listed: Namespace {
                cluster,
                name: LISTED.to_owned(),
            },
        };
        scene.namespace.pod("plain", "default");
        for (what, spec) in reaching() {
            let attack = create(&scene.namespace, &spec);
            assert_passes(what, &attack.by(cluster, cluster.alice()));
        }
        let attack = debug(&scene.namespace);
        assert_passes("debug", &attack.by(cluster, cluster.alice()));
        // A pod from before.
        let mut before = pod("before", "default");
        before["spec"]["hostPID"] = true.into();
        before["spec"]["containers"][0]["securityContext"] = json!({"privileged": true});
        scene.namespace.pod_from(&before);
        switch_on(cluster);
        wait::until("the guard to be in effect", || {
            let attack = create(&scene.namespace, &reaching()[0].1);
            let answer = attack.request(cluster, cluster.alice()).try_send()?;
            answer
                .refused_by_guard(GUARD)
                .then_some(())
                .ok_or(answer.body)
        });
        scene
    });
    &SCENE
}

/// The overlay of manifests/policies/node-guard/kustomization.yaml, word for word.
fn switch_on(cluster: &Cluster) {
    let root = env!("CARGO_MANIFEST_DIR");
    let page = format!("{root}/manifests/policies/node-guard/kustomization.yaml");
    let page = std::fs::read_to_string(page).expect("the component");
    let overlay: String = page
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(overlay.contains(LISTED), "{overlay}");
    let admin = cluster.kubectl(cluster.admin());
    admin
        .run(&["apply", "-k", &overlays::write(&overlay)])
        .expect_ok();
}

#[test]
fn pods_that_reach_their_node_are_refused() {
    let Scene { namespace, .. } = scene();
    let cluster = namespace.cluster;
    for (what, spec) in reaching() {
        let answer = create(namespace, &spec).by(cluster, cluster.alice());
        assert_refused(
            what,
            &answer,
            GUARD,
            "alice may not start a pod in namespace ",
        );
        assert!(answer.message().contains(what), "{what}: {}", answer.body);
    }
    let answer = debug(namespace).by(cluster, cluster.alice());
    assert_refused("debug", &answer, GUARD, "with privileged.");
}

/// A controller makes what its template says, and says what happened.
#[test]
fn controllers_do_not_get_round_it() {
    let Scene { namespace, .. } = scene();
    let cluster = namespace.cluster;
    let mut spec = pod_spec("default");
    spec["restartPolicy"] = "Always".into();
    spec["hostPID"] = true.into();
    let labels = json!({"app": "agent"});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "agent"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    });
    let path = namespace.group("apps/v1", "deployments");
    let made = cluster
        .request(cluster.alice(), "POST", &path)
        .json(&deployment);
    assert_passes("deployment", &made.send());
    wait::until("the Deployment to say why it has no pod", || {
        let stored = cluster.get(&format!("{path}/agent"));
        let said = stored["status"]["conditions"].to_string();
        (said.contains("rolegate-node-guard") && said.contains("hostPID"))
            .then_some(())
            .ok_or(said)
    });
}

#[test]
fn ordinary_pods_and_listed_namespaces_are_let_alone() {
    let Scene { namespace, listed } = scene();
    let cluster = namespace.cluster;
    // An administrator's own rights would do everywhere.
    let agent = account(cluster, LISTED, "agent");
    let subject = json!({"kind": "ServiceAccount", "name": "agent", "namespace": LISTED});
    listed.grant(&subject, &["create"], &["pods"]);
    for (what, spec) in reaching() {
        assert_passes(what, &create(listed, &spec).by(cluster, &agent));
    }
    let mut spec = pod_spec("default");
    spec["hostNetwork"] = false.into();
    spec["volumes"] = json!([{"name": "tmp", "emptyDir": {}}]);
    spec["securityContext"] = json!({"runAsNonRoot": true});
    spec["containers"][0]["securityContext"] = json!({"privileged": false, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}});
    spec["initContainers"] = json!([{"name": "first", "image": "registry.example/a:1"}]);
    let answer = create(namespace, &spec).by(cluster, cluster.alice());
    assert_passes("ordinary", &answer);
}

/// What runs already is not judged again.
#[test]
fn a_pod_from_before_goes_on() {
    let Scene { namespace, .. } = scene();
    let cluster = namespace.cluster;
    let container = json!({"name": "debug", "image": "registry.example/debug:1"});
    let patch = json!({"spec": {"ephemeralContainers": [container]}});
    for attack in [
        Attack::new("PATCH", namespace.core("pods/before/ephemeralcontainers"))
            .body(STRATEGIC, &patch),
        Attack::new("PATCH", namespace.core("pods/before"))
            .body(STRATEGIC, &json!({"metadata": {"labels": {"a": "b"}}})),
        Attack::new("PATCH", namespace.core("pods/before/ephemeralcontainers"))
            .body(STRATEGIC, &json!({})),
        Attack::new("DELETE", namespace.core("pods/before")).dry(),
    ] {
        assert_passes(&format!("{attack:?}"), &attack.by(cluster, cluster.alice()));
    }
}

#[test]
fn administrators_and_static_pods_pass() {
    let Scene { namespace, .. } = scene();
    let cluster = namespace.cluster;
    for user in [cluster.admin(), cluster.cluster_operator()] {
        for (what, spec) in reaching() {
            assert_passes(what, &create(namespace, &spec).by(cluster, user));
        }
    }
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}});
    let node = cluster.create("/api/v1/nodes", &node);
    let mirror = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "static-n1", "annotations": {"kubernetes.io/config.mirror": "x"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": node["metadata"]["uid"], "controller": true}],
        },
        "spec": {
            "nodeName": "n1", "hostNetwork": true, "tolerations": [{"operator": "Exists", "effect": "NoExecute"}],
            "containers": [{"name": "main", "image": "registry.example/main:1"}],
        },
    });
    let create = Attack::new("POST", namespace.core("pods"))
        .json(&mirror)
        .dry();
    wait::until("the node to be known", || {
        let answer = create.request(cluster, cluster.node()).try_send()?;
        (answer.status == 201).then_some(()).ok_or(answer.body)
    });
}
