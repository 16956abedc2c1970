//! What belongs to rolegate itself.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Attack, account, assert_passes, assert_refused, bare, with_guards};
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::token_request;
use crate::harness::http::{APPLY, MERGE, STRATEGIC};
use crate::harness::{Cluster, Namespace, wait};

pub(super) const GUARD: &str = "self-guard";

/// rolegate's namespace with what `kubectl apply -k manifests` puts there, the
/// Deployment's pods by the real controllers, and alice bound to cluster-admin
/// in it: what the owner of a namespace has.
pub(super) struct Home {
    pub(super) cluster: &'static Cluster,
    /// One of the Deployment's pods.
    pub(super) pod: String,
}

impl Home {
    pub(super) fn guarded() -> &'static Self {
        static HOME: LazyLock<Home> = LazyLock::new(|| Home::furnish(with_guards()));
        &HOME
    }

    fn bare() -> &'static Self {
        static HOME: LazyLock<Home> = LazyLock::new(|| Home::furnish(bare()));
        &HOME
    }

    pub(super) fn namespace(&self) -> Namespace<'static> {
        Namespace {
            cluster: self.cluster,
            name: "rolegate".to_owned(),
        }
    }

    fn furnish(cluster: &'static Cluster) -> Self {
        for file in [
            "namespace",
            "rbac",
            "networkpolicy",
            "service",
            "poddisruptionbudget",
            "deployment",
        ] {
            for object in cluster.read_manifest(&format!("manifests/{file}.yaml")) {
                cluster.apply_as_admin(&object);
            }
        }
        let name = "rolegate".to_owned();
        let namespace = Namespace { cluster, name };
        for (resource, object) in [
            ("configmaps", map("rolegate-policy")),
            ("secrets", secret("rolegate-tls", "Opaque")),
        ] {
            cluster.create(&namespace.core(resource), &object);
        }
        let rbac = "rbac.authorization.k8s.io";
        cluster.create(
            &namespace.group("rbac.authorization.k8s.io/v1", "rolebindings"),
            &json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "alice"},
                "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [super::user("alice")],
            }),
        );
        let pod = wait::until("a pod of the Deployment", || {
            let pods = cluster.get(&namespace.core("pods"));
            let first = pods["items"][0]["metadata"]["name"].as_str();
            first.map(str::to_owned).ok_or_else(|| pods.to_string())
        });
        wait::until("alice's rights", || {
            let path = namespace.core("pods");
            let answer = cluster.request(cluster.alice(), "GET", &path).try_send()?;
            (answer.status == 200).then_some(()).ok_or(answer.body)
        });
        Self { cluster, pod }
    }
}

pub(super) fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"policy.yaml": "mine"}})
}

pub(super) fn secret(name: &str, kind: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "stringData": {"a": "b"}})
}

/// Every one a way to decide what rolegate answers, or that it does not.
fn attacks(home: &Home) -> Vec<Attack> {
    let namespace = home.namespace();
    let mut attacks = core(home);
    let labels =
        json!({"app.kubernetes.io/name": "rolegate", "app.kubernetes.io/component": "admission"});
    let template = |restart: &str| {
        let mut spec = restricted();
        spec["restartPolicy"] = restart.into();
        json!({"metadata": {"labels": labels}, "spec": spec})
    };
    let metadata = json!({"name": "mine"});
    let workload = json!({"selector": {"matchLabels": labels}, "template": template("Always")});
    let job = json!({"template": {"spec": template("Never")["spec"]}});
    for (group, resource, kind, spec) in [
        ("apps/v1", "deployments", "Deployment", workload.clone()),
        ("apps/v1", "replicasets", "ReplicaSet", workload.clone()),
        ("apps/v1", "daemonsets", "DaemonSet", workload.clone()),
        ("apps/v1", "statefulsets", "StatefulSet", workload),
        ("batch/v1", "jobs", "Job", job.clone()),
        (
            "batch/v1",
            "cronjobs",
            "CronJob",
            json!({"schedule": "* * * * *", "jobTemplate": {"spec": job}}),
        ),
        (
            "autoscaling/v2",
            "horizontalpodautoscalers",
            "HorizontalPodAutoscaler",
            json!({
                "maxReplicas": 1, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rolegate"},
            }),
        ),
        (
            "networking.k8s.io/v1",
            "networkpolicies",
            "NetworkPolicy",
            json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
        ),
        (
            "networking.k8s.io/v1",
            "ingresses",
            "Ingress",
            json!({"defaultBackend": {"service": {"name": "rolegate", "port": {"number": 443}}}}),
        ),
    ] {
        let object = json!({"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec});
        attacks.push(Attack::new("POST", namespace.group(group, resource)).json(&object));
    }
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "mine", "labels": {"kubernetes.io/service-name": "rolegate"}},
        "endpoints": [{"addresses": ["10.1.2.3"]}], "ports": [{"name": "https", "port": 8443}],
    });
    let rbac = "rbac.authorization.k8s.io/v1";
    let role = json!({"apiVersion": rbac, "kind": "Role", "metadata": metadata, "rules": []});
    let binding = json!({
        "apiVersion": rbac, "kind": "RoleBinding", "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [super::user("bob")],
    });
    let deployment = namespace.group("apps/v1", "deployments/rolegate");
    let budget = namespace.group("policy/v1", "poddisruptionbudgets/rolegate");
    let wall = namespace.group("networking.k8s.io/v1", "networkpolicies/rolegate");
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "rolegate", "image": "registry.example/mine:1"}]}}}});
    attacks.extend([
        Attack::new(
            "POST",
            namespace.group("discovery.k8s.io/v1", "endpointslices"),
        )
        .json(&slice),
        Attack::new("POST", namespace.group(rbac, "roles")).json(&role),
        Attack::new("POST", namespace.group(rbac, "rolebindings")).json(&binding),
        Attack::new("PATCH", deployment.clone()).body(STRATEGIC, &image),
        Attack::new("PATCH", deployment.clone()).body(MERGE, &json!({})),
        Attack::new("PATCH", format!("{deployment}/scale"))
            .body(MERGE, &json!({"spec": {"replicas": 0}})),
        Attack::new("PATCH", format!("{deployment}/status"))
            .body(MERGE, &json!({"status": {"replicas": 5}})),
        Attack::new("DELETE", deployment),
        Attack::new("DELETE", namespace.group("apps/v1", "replicasets")),
        Attack::new("PATCH", budget.clone()).body(MERGE, &json!({"spec": {"minAvailable": 0}})),
        Attack::new("DELETE", budget),
        Attack::new("PATCH", wall.clone()).body(MERGE, &json!({"spec": {"ingress": []}})),
        Attack::new("DELETE", wall),
    ]);
    attacks.into_iter().map(Attack::dry).collect()
}

/// A pod that Pod Security `restricted`, which the namespace has, lets in.
pub(super) fn restricted() -> Value {
    let mut spec = pod_spec("default");
    spec["securityContext"] =
        json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    spec["containers"][0]["securityContext"] =
        json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    spec
}

/// Those of the core group.
fn core(home: &Home) -> Vec<Attack> {
    let namespace = home.namespace();
    let path = |rest: &str| namespace.core(rest);
    let of_pod = |rest: &str| namespace.core(&format!("pods/{}{rest}", home.pod));
    let mut new = pod("mine", "default");
    new["metadata"]["labels"] =
        json!({"app.kubernetes.io/name": "rolegate", "app.kubernetes.io/component": "admission"});
    new["spec"] = restricted();
    let token = token_request(&json!({}));
    let mut token_secret = secret("mine", "kubernetes.io/service-account-token");
    token_secret["metadata"]["annotations"] =
        json!({"kubernetes.io/service-account.name": "rolegate"});
    let applied = format!(
        "{}?fieldManager=e2e&force=true",
        path("configmaps/rolegate-policy")
    );
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "mine"},
        "spec": {"type": "LoadBalancer", "selector": {"app.kubernetes.io/name": "rolegate"}, "ports": [{"port": 443}]},
    });
    let endpoints = json!({
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "mine"},
        "subsets": [{"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 8443}]}],
    });
    let debug = json!({"spec": {"ephemeralContainers": [{
        "name": "debug", "image": "registry.example/debug:1", "securityContext": restricted()["containers"][0]["securityContext"],
    }]}});
    let limits = json!({"spec": {"containers": [{"name": "rolegate", "resources": {"limits": {"memory": "512Mi"}}}]}});
    let image =
        json!({"spec": {"containers": [{"name": "rolegate", "image": "registry.example/mine:1"}]}});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "mine"}, "spec": {"hard": {"pods": "0"}}});
    let limit = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "mine"}, "spec": {"limits": [{"type": "Container", "max": {"memory": "1Mi"}}]}});
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": home.pod}, "target": {"kind": "Node", "name": "mine"}});
    vec![
        Attack::new("PATCH", path("configmaps/rolegate-policy"))
            .body(MERGE, &json!({"data": {"policy.yaml": "mine"}})),
        Attack::new("PUT", path("configmaps/rolegate-policy")).json(&map("rolegate-policy")),
        Attack::new("PATCH", applied).body(APPLY, &map("rolegate-policy")),
        Attack::new("DELETE", path("configmaps/rolegate-policy")),
        Attack::new("DELETE", path("configmaps")),
        Attack::new("POST", path("configmaps")).json(&map("rolegate-policy-2")),
        Attack::new("PATCH", path("secrets/rolegate-tls")).body(MERGE, &json!({})),
        Attack::new("PATCH", path("secrets/rolegate-tls"))
            .body(MERGE, &json!({"stringData": {"tls.key": "mine"}})),
        Attack::new("DELETE", path("secrets/rolegate-tls")),
        Attack::new("DELETE", path("secrets")),
        Attack::new("POST", path("secrets")).json(&secret("mine", "Opaque")),
        Attack::new("POST", path("secrets")).json(&token_secret),
        Attack::new("PATCH", path("services/rolegate"))
            .body(MERGE, &json!({"spec": {"selector": {"app": "mine"}}})),
        Attack::new("DELETE", path("services/rolegate")),
        Attack::new("POST", path("services")).json(&service),
        Attack::new("POST", path("endpoints")).json(&endpoints),
        Attack::new("POST", path("pods")).json(&new),
        Attack::new("PATCH", of_pod("")).body(STRATEGIC, &image),
        Attack::new("PATCH", of_pod("")).body(
            MERGE,
            &json!({"metadata": {"labels": {"app.kubernetes.io/component": null}}}),
        ),
        Attack::new("PATCH", of_pod("/status"))
            .body(MERGE, &json!({"status": {"podIP": "10.1.2.3"}})),
        Attack::new("PATCH", of_pod("/ephemeralcontainers")).body(STRATEGIC, &debug),
        Attack::new("PATCH", of_pod("/resize")).body(STRATEGIC, &limits),
        Attack::new("POST", of_pod("/binding")).json(&binding),
        Attack::new("DELETE", of_pod("")),
        Attack::new("DELETE", path("pods")),
        Attack::new("PATCH", path("serviceaccounts/rolegate"))
            .body(MERGE, &json!({"automountServiceAccountToken": true})),
        Attack::new("POST", path("serviceaccounts/rolegate/token")).json(&token),
        Attack::new("POST", path("resourcequotas")).json(&quota),
        Attack::new("POST", path("limitranges")).json(&limit),
    ]
}

/// Ways into a pod. They know no dry run.
fn connects(home: &Home) -> Vec<Attack> {
    let of_pod = |rest: &str| home.namespace().core(&format!("pods/{}{rest}", home.pod));
    let mut connects = Vec::new();
    for method in ["GET", "POST"] {
        for rest in [
            "/exec?command=id",
            "/attach",
            "/portforward?ports=8081",
            "/proxy/metrics",
        ] {
            connects.push(Attack::new(method, of_pod(rest)));
        }
        let proxy = home.namespace().core("services/https:rolegate:443/proxy/");
        connects.push(Attack::new(method, proxy));
    }
    connects
}

#[test]
fn whoever_owns_the_namespace_owns_rolegate_where_no_guard_is() {
    let home = Home::bare();
    for attack in attacks(home) {
        let answer = attack.by(home.cluster, home.cluster.alice());
        assert_passes(&format!("{attack:?}"), &answer);
    }
    for attack in connects(home) {
        // Let in; what fails afterwards is that the pod runs nowhere.
        let answer = attack.by(home.cluster, home.cluster.alice());
        assert!(
            matches!(answer.status, 400 | 404 | 500 | 503),
            "{attack:?}: {answer:?}"
        );
    }
}

#[test]
fn its_owner_writes_nothing_there() {
    let home = Home::guarded();
    for attack in attacks(home).into_iter().chain(connects(home)) {
        let what = format!("{attack:?}");
        let answer = attack.by(home.cluster, home.cluster.alice());
        assert_refused(&what, &answer, GUARD, "rolegate self-guard: alice may not ");
        assert!(
            answer.message().contains("in namespace rolegate."),
            "{what}: {}",
            answer.body
        );
    }
}

/// Nobody else has business in a pod of rolegate's either.
#[test]
fn not_even_kube_system_gets_into_its_pods() {
    let home = Home::guarded();
    let agent = account(home.cluster, "kube-system", "e2e-agent");
    let subject =
        json!({"kind": "ServiceAccount", "name": "e2e-agent", "namespace": "kube-system"});
    let rule = json!({"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["*"]});
    home.cluster
        .grant_in_the_cluster("e2e-agent", &[rule], &subject);
    wait::until("kube-system's agent to be refused by the guard", || {
        let exec = &connects(home)[0];
        let answer = exec.request(home.cluster, &agent).try_send()?;
        answer
            .refused_by_guard(GUARD)
            .then_some(())
            .ok_or(answer.body)
    });
}

/// What RBAC says about rolegate lies outside its namespace.
#[test]
fn its_cluster_roles_are_not_written() {
    let path = |rest: &str| format!("/apis/rbac.authorization.k8s.io/v1/{rest}");
    let rbac = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "rolegate-oncall"},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "rolegate-breakglass"},
        "subjects": [super::user("mallory")],
    });
    let bound = |name: &str| {
        let mut bound = binding.clone();
        bound["metadata"]["name"] = name.into();
        bound
    };
    let mut generated = binding.clone();
    generated["metadata"] = json!({"generateName": "team-m-"});
    let oncall = path("clusterrolebindings/oncall-of-the-platform");
    let attacks = [
        // Under a name of one's own.
        Attack::new("POST", path("clusterrolebindings")).json(&bound("team-m")),
        Attack::new("POST", path("clusterrolebindings")).json(&generated),
        Attack::new("PATCH", oncall.clone())
            .body(MERGE, &json!({"subjects": [super::user("mallory")]})),
        Attack::new("DELETE", oncall),
        Attack::new("PATCH", path("clusterroles/rolegate-breakglass"))
            .body(MERGE, &json!({"rules": []})),
        Attack::new("DELETE", path("clusterroles/rolegate-breakglass")),
        Attack::new("POST", path("clusterrolebindings")).json(&binding),
    ];
    for (home, guarded) in [(Home::bare(), false), (Home::guarded(), true)] {
        let mut administrators = bound("oncall-of-the-platform");
        administrators["subjects"] = json!([super::user("oncall")]);
        home.cluster.apply_as_admin(&administrators);
        for attack in &attacks {
            let answer = attack
                .clone()
                .dry()
                .by(home.cluster, home.cluster.mallory());
            let what = format!("{attack:?}");
            if guarded {
                assert_refused(&what, &answer, GUARD, "mallory may not ");
            } else {
                assert_passes(&what, &answer);
            }
        }
        let mut plain = binding.clone();
        plain["metadata"] = json!({"generateName": "mallorys-"});
        plain["roleRef"]["name"] = "mallorys-rolegate-x".into();
        let plain = Attack::new("POST", path("clusterrolebindings"))
            .json(&plain)
            .dry();
        assert_passes(
            "another binding",
            &plain.by(home.cluster, home.cluster.mallory()),
        );
        let other = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "mallorys-rolegate-x"}, "rules": []});
        let other = Attack::new("POST", path("clusterroles")).json(&other).dry();
        assert_passes("another", &other.by(home.cluster, home.cluster.mallory()));
    }
}
