//! Everybody who runs rolegate: controllers, nodes, cert-manager, drains.

use serde_json::{Value, json};

use super::own::{GUARD, Home, map, restricted, secret};
use super::{Attack, account, assert_passes, assert_refused};
use crate::harness::cast::token_request;
use crate::harness::http::MERGE;
use crate::harness::{Cluster, wait};

/// A role that is bound to nobody, and its binding to cert-manager.
const RBAC: [&str; 2] = ["manifests/rbac.yaml", "certs/cert-manager/rbac.yaml"];

/// What `kubectl apply -k certs/cert-manager` grants.
pub(super) fn grant_certificates(cluster: &Cluster) {
    // The first has a service account too, in a namespace of its own.
    Home::guarded();
    for object in RBAC.iter().flat_map(|file| cluster.read_manifest(file)) {
        cluster.apply_as_admin(&object);
    }
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": "system:serviceaccount:cert-manager:cert-manager-cainjector",
            "resourceAttributes": {"group": "rolegate.dev", "resource": "certificates", "verb": "issue"},
        },
    });
    wait::until("RBAC to know cert-manager", || {
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

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().cloned().unwrap_or_default()
}

/// The real controllers do what an administrator's roll-out asks of them.
#[test]
fn a_roll_out_goes_on() {
    let home = Home::guarded();
    let (cluster, namespace) = (home.cluster, home.namespace());
    let sets = namespace.group("apps/v1", "replicasets");
    let before = items(&cluster.get(&sets)).len();
    cluster
        .kubectl(cluster.admin())
        .namespace(&namespace)
        .run(&["rollout", "restart", "deployment/rolegate"])
        .expect_ok();
    wait::until("a pod of the new revision", || {
        let sets = cluster.get(&sets);
        let all = items(&sets);
        let started = all
            .iter()
            .filter(|set| set["status"]["replicas"].as_u64() > Some(0));
        (all.len() > before && started.count() > 1)
            .then_some(())
            .ok_or_else(|| sets.to_string())
    });
    // The Service's addresses are the controllers' to keep.
    wait::until("the Service's EndpointSlice", || {
        let slices = cluster.get(&namespace.group("discovery.k8s.io/v1", "endpointslices"));
        let ours = items(&slices)
            .iter()
            .any(|slice| slice["metadata"]["labels"]["kubernetes.io/service-name"] == "rolegate");
        ours.then_some(()).ok_or_else(|| slices.to_string())
    });
}

/// Scaled by an administrator, deleted, and cleaned up by the real collector.
#[test]
fn what_an_administrator_deletes_is_collected() {
    let home = Home::guarded();
    let (cluster, namespace) = (home.cluster, home.namespace());
    let labels = json!({"app": "e2e-copy"});
    let mut spec = restricted();
    spec["restartPolicy"] = "Always".into();
    let copy = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "e2e-copy"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    });
    let path = namespace.group("apps/v1", "deployments");
    let made = cluster
        .request(cluster.cluster_operator(), "POST", &path)
        .json(&copy);
    assert_passes("create", &made.send());
    let pods = namespace.core("pods?labelSelector=app=e2e-copy");
    let count = |wanted: usize| {
        wait::until(&format!("{wanted} pods"), || {
            let pods = cluster.get(&pods);
            (items(&pods).len() == wanted)
                .then_some(())
                .ok_or_else(|| pods.to_string())
        });
    };
    count(1);
    let scale = Attack::new("PATCH", format!("{path}/e2e-copy/scale"))
        .body(MERGE, &json!({"spec": {"replicas": 2}}));
    assert_passes("scale", &scale.by(cluster, cluster.cluster_operator()));
    count(2);
    let delete = Attack::new("DELETE", format!("{path}/e2e-copy"));
    assert_passes("delete", &delete.by(cluster, cluster.cluster_operator()));
    count(0);
}

/// The kubelet reports, renews tokens and removes; the scheduler binds.
#[test]
fn nodes_and_the_scheduler_do_their_work() {
    let home = Home::guarded();
    let (cluster, namespace) = (home.cluster, home.namespace());
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}});
    let made = cluster
        .request(cluster.admin(), "POST", "/api/v1/nodes")
        .json(&node)
        .send();
    assert!(matches!(made.status, 201 | 409), "{made:?}");
    let name = "e2e-bound";
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": restricted()});
    let made = cluster.create(&namespace.core("pods"), &pod);
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    });
    let bind = Attack::new("POST", namespace.core(&format!("pods/{name}/binding"))).json(&binding);
    assert_passes("bind", &bind.by(cluster, cluster.scheduler()));
    let status = json!({"status": {"phase": "Running", "podIP": "10.1.2.3"}});
    let bound =
        json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": made["metadata"]["uid"]});
    let token = token_request(&json!({ "boundObjectRef": bound }));
    let now = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
    for attack in [
        Attack::new("PATCH", namespace.core(&format!("pods/{name}/status"))).body(MERGE, &status),
        Attack::new("POST", namespace.core("serviceaccounts/default/token")).json(&token),
        Attack::new("DELETE", namespace.core(&format!("pods/{name}"))).json(&now),
    ] {
        // NodeRestriction learns of the binding a moment later.
        wait::until(&format!("the kubelet's {attack:?}"), || {
            let answer = attack.request(cluster, cluster.node()).try_send()?;
            (answer.status < 300).then_some(()).ok_or(answer.body)
        });
    }
}

/// Those whose objects nobody made here: they act by their names and uids.
#[test]
fn kube_systems_controllers_are_let_past_by_their_uid() {
    let home = Home::guarded();
    let (cluster, namespace) = (home.cluster, home.namespace());
    let scale = Attack::new(
        "PATCH",
        namespace.group("apps/v1", "deployments/rolegate/scale"),
    )
    .body(MERGE, &json!({"spec": {"replicas": 3}}))
    .dry();
    // RBAC knows this one for reading and updating scales.
    let path = namespace.group("apps/v1", "deployments/rolegate/scale");
    let mut scaled = cluster.get(&path);
    // Whatever other tests have changed meanwhile.
    scaled["metadata"]["resourceVersion"] = Value::Null;
    let put = Attack::new("PUT", path.clone()).json(&scaled).dry();
    let name = "horizontal-pod-autoscaler";
    let controller = account(cluster, "kube-system", name);
    assert_passes(name, &put.by(cluster, &controller));
    let pretended = put
        .request(cluster, cluster.admin())
        .impersonate(&controller.name)
        .send();
    assert_refused("without a uid", &pretended, GUARD, &controller.name);
    // And of people only administrators.
    for user in [cluster.admin(), cluster.cluster_operator()] {
        assert_passes(&user.name, &scale.by(cluster, user));
    }
}

/// By the grant that certs/cert-manager ships.
#[test]
fn cert_manager_keeps_the_certificate_and_nothing_else() {
    let home = Home::guarded();
    let (cluster, namespace) = (home.cluster, home.namespace());
    grant_certificates(cluster);
    let granted = account(cluster, "cert-manager", "cert-manager");
    let other = account(cluster, "cert-manager", "other");
    for name in ["cert-manager", "other"] {
        let subject = json!({"kind": "ServiceAccount", "namespace": "cert-manager", "name": name});
        let rule =
            json!({"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["*"]});
        cluster.grant_in_the_cluster(&format!("e2e-{name}"), &[rule], &subject);
    }
    let secrets = namespace.core("secrets");
    wait::until("RBAC to know cert-manager", || {
        for user in [&granted, &other] {
            let answer = cluster.request(user, "GET", &secrets).try_send()?;
            if answer.status != 200 {
                return Err(answer.body);
            }
        }
        Ok(())
    });
    let mut pair = secret("rolegate-ca", "kubernetes.io/tls");
    pair["stringData"] = json!({"tls.crt": "a", "tls.key": "b"});
    let mut token = secret("mine", "kubernetes.io/service-account-token");
    token["metadata"]["annotations"] = json!({"kubernetes.io/service-account.name": "rolegate"});
    let work = [
        Attack::new("POST", secrets.clone()).json(&pair).dry(),
        Attack::new("PATCH", format!("{secrets}/rolegate-tls"))
            .body(MERGE, &json!({"stringData": {"tls.crt": "a"}}))
            .dry(),
        Attack::new("DELETE", format!("{secrets}/rolegate-tls")).dry(),
    ];
    for attack in &work {
        assert_passes(&format!("{attack:?}"), &attack.by(cluster, &granted));
        assert_refused(
            &format!("{attack:?}"),
            &attack.by(cluster, &other),
            GUARD,
            "other may not",
        );
        let pretended = attack
            .request(cluster, cluster.admin())
            .impersonate(&granted.name)
            .send();
        assert_refused("without a uid", &pretended, GUARD, "may not");
    }
    for attack in [
        Attack::new("POST", secrets).json(&token).dry(),
        Attack::new("PATCH", namespace.core("configmaps/rolegate-policy"))
            .body(MERGE, &json!({"data": {}}))
            .dry(),
    ] {
        assert_refused(
            &format!("{attack:?}"),
            &attack.by(cluster, &granted),
            GUARD,
            "may not",
        );
    }
}

/// Drains, events, and what other controllers put into every namespace.
#[test]
fn what_decides_nothing_is_let_past() {
    let home = Home::guarded();
    let (cluster, namespace) = (home.cluster, home.namespace());
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": home.pod}});
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e2e-event"}, "reason": "Tested",
        "involvedObject": {"kind": "Pod", "namespace": "rolegate", "name": home.pod},
    });
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "e2e-lease"}});
    let bundle = "configmaps/istio-ca-root-cert";
    for attack in [
        Attack::new(
            "POST",
            namespace.core(&format!("pods/{}/eviction", home.pod)),
        )
        .json(&eviction)
        .dry(),
        Attack::new("POST", namespace.core("events")).json(&event),
        Attack::new("POST", namespace.group("coordination.k8s.io/v1", "leases")).json(&lease),
        Attack::new("POST", namespace.core("configmaps")).json(&map("istio-ca-root-cert")),
        Attack::new("PATCH", namespace.core(bundle)).body(MERGE, &json!({"data": {"a": "b"}})),
        Attack::new("DELETE", namespace.core(bundle)),
    ] {
        let answer = attack.by(cluster, cluster.alice());
        // Nothing but the budget limits an eviction.
        let limited = answer.status == 429 && attack.path.contains("eviction");
        if !limited {
            assert_passes(&format!("{attack:?}"), &answer);
        }
    }
}

/// Its own namespace does not go, and does not get less strict.
#[test]
fn its_namespace_is_an_administrators() {
    let cluster = Home::guarded().cluster;
    let path = "/api/v1/namespaces/rolegate";
    let loose =
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}});
    for attack in [
        Attack::new("DELETE", path).dry(),
        Attack::new("PATCH", path).body(MERGE, &loose).dry(),
    ] {
        let answer = attack.by(cluster, cluster.mallory());
        assert_refused(
            &format!("{attack:?}"),
            &answer,
            "namespace-guard",
            "mallory may not",
        );
        assert_passes("admin", &attack.by(cluster, cluster.admin()));
    }
}
