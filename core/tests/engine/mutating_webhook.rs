//! The rule `mutating-webhook`: D1, D2 and B19 of the bypass catalogue, as far
//! as objects of installed mutators go.

use crate::support::scene::{self, admin, driver, eks, emr, node, operator, with_operator};
use crate::support::{Review, controller, impersonated, service_account, tenant, user};
use serde_json::{Value, json};

const RULE: &str = "mutating-webhook";

const NAMESPACED: [&str; 13] = [
    "kyverno.io/policies",
    "kyverno.io/policyexceptions",
    "kyverno.io/cleanuppolicies",
    "policies.kyverno.io/namespacedmutatingpolicies",
    "policies.kyverno.io/namespacedgeneratingpolicies",
    "policies.kubewarden.io/admissionpolicies",
    "apps.kruise.io/workloadspreads",
    "opentelemetry.io/instrumentations",
    "cloudwatch.aws.amazon.com/instrumentations",
    "networking.istio.io/proxyconfigs",
    "extensions.istio.io/wasmplugins",
    "dapr.io/components",
    "vpcresources.k8s.aws/securitygrouppolicies",
];

const CLUSTER: [&str; 8] = [
    "kyverno.io/clusterpolicies",
    "policies.kyverno.io/mutatingpolicies",
    "mutations.gatekeeper.sh/assign",
    "mutations.gatekeeper.sh/assignmetadata",
    "mutations.gatekeeper.sh/modifyset",
    "mutations.gatekeeper.sh/assignimage",
    "policies.kubewarden.io/clusteradmissionpolicies",
    "apps.kruise.io/sidecarsets",
];

fn nobodies() -> Vec<Value> {
    vec![
        tenant(),
        user("", &[]),
        driver(),
        service_account("spark-a", "default"),
        operator(),
        service_account("istio-system", "istiod"),
        service_account("kyverno", "kyverno-reports-controller"),
        impersonated("kube-system", "namespace-controller"),
        node(),
    ]
}

fn object(spec: Value) -> Value {
    json!({ "metadata": { "name": "x", "resourceVersion": "1" }, "spec": spec, "status": { "ready": true } })
}

fn write(user: Value, resource: &str, old: Option<Value>, new: Option<Value>) -> Review {
    scene::write(user, resource, "x", old, new)
}

#[test]
fn objects_that_drive_mutators() {
    let policy = with_operator("");
    let one = || Some(object(json!({ "rules": [1] })));
    let other = || Some(object(json!({ "rules": [2] })));
    for who in nobodies() {
        for resource in NAMESPACED.into_iter().chain(CLUSTER) {
            let each = |old, new| {
                let review = write(who.clone(), resource, old, new);
                if CLUSTER.contains(&resource) {
                    review.set("namespace", Value::Null)
                } else {
                    review
                }
            };
            each(None, one()).refused(&policy, RULE, "may not create Thing");
            each(one(), other()).refused(&policy, RULE, "may not change Thing");
            each(one(), None).refused(&policy, RULE, "may not delete Thing");
            each(one(), one()).passes(&policy);
            each(None, one())
                .set("dryRun", json!(true))
                .refused(&policy, RULE, "may not create");
            let mut any_version = each(None, one());
            any_version.0["request"]["resource"]["version"] = json!("v9beta1");
            any_version.refused(&policy, RULE, "may not create");
        }
    }
}

#[test]
fn deletecollection_names_the_object_in_the_stored_one() {
    write(
        tenant(),
        "kyverno.io/policies",
        Some(object(json!({}))),
        None,
    )
    .set("name", json!(""))
    .refused(
        &with_operator(""),
        RULE,
        "delete Thing spark-a/x, which drives Kyverno",
    );
}

#[test]
fn what_its_own_software_writes() {
    let policy = with_operator("");
    for resource in NAMESPACED {
        let old = object(json!({ "a": 1 }));
        let mut new = old.clone();
        new["metadata"]["finalizers"] = json!(["kubewarden"]);
        new["metadata"]["resourceVersion"] = json!("2");
        write(tenant(), resource, Some(old.clone()), Some(new.clone())).passes(&policy);
        // An owner that is not there has the garbage collector delete it.
        new["metadata"]["ownerReferences"] = json!([{ "kind": "Pod", "name": "p", "uid": "u" }]);
        write(tenant(), resource, Some(old.clone()), Some(new)).refused(&policy, RULE, "change");
        // Dapr's and Kyverno's annotations say what to do, too.
        let mut annotated = old.clone();
        annotated["metadata"]["annotations"] =
            json!({ "dapr.io/component-container": "{\"image\": \"evil\"}" });
        write(tenant(), resource, Some(old.clone()), Some(annotated))
            .refused(&policy, RULE, "change");
        let mut status = old.clone();
        status["status"] = json!({ "ready": false });
        let status = write(
            tenant(),
            &format!("{resource}/status"),
            Some(old),
            Some(status),
        );
        status.passes(&policy);
    }
}

#[test]
fn those_whose_work_it_is() {
    let policy = with_operator("");
    let one = || Some(object(json!({})));
    for resource in NAMESPACED.into_iter().chain(CLUSTER) {
        for who in [
            admin(),
            controller("namespace-controller"),
            controller("generic-garbage-collector"),
            eks(),
        ] {
            write(who.clone(), resource, None, one()).passes(&policy);
            write(who, resource, one(), None).passes(&policy);
        }
        if resource == "kyverno.io/clusterpolicies" {
            write(emr(), resource, None, one()).passes(&policy);
            write(emr(), resource, one(), None).passes(&policy);
        } else {
            write(emr(), resource, None, one()).refused(&policy, RULE, "emr-containers may not");
        }
    }
}

#[test]
fn collectors_in_sidecar_mode_only() {
    let policy = with_operator("");
    for resource in [
        "opentelemetry.io/opentelemetrycollectors",
        "cloudwatch.aws.amazon.com/amazoncloudwatchagents",
    ] {
        let mode = |mode: Value| Some(object(json!({ "mode": mode })));
        for (old, new, refused) in [
            (None, mode(json!("sidecar")), true),
            (None, mode(json!("deployment")), false),
            (None, mode(Value::Null), false),
            (mode(json!("sidecar")), None, true),
            (mode(json!("deployment")), mode(json!("sidecar")), true),
            (mode(json!("sidecar")), mode(json!("daemonset")), true),
            (mode(json!("statefulset")), mode(json!("daemonset")), false),
            (mode(json!("daemonset")), None, false),
        ] {
            let review = write(tenant(), resource, old, new);
            if refused {
                review.refused(&policy, RULE, "sidecars");
            } else {
                review.passes(&policy);
            }
        }
    }
}

#[test]
fn neighbours_of_the_list() {
    let policy = with_operator("");
    for resource in [
        "kyverno.io/admissionreports",
        "wgpolicyk8s.io/policyreports",
        "networking.istio.io/virtualservices",
        "networking.istio.io/sidecars",
        "dapr.io/subscriptions",
        "apps.kruise.io/clonesets",
        "opentelemetry.io/targetallocators",
        "policies.kyverno.io.example.com/policies",
        "/policies",
    ] {
        write(tenant(), resource, None, Some(object(json!({})))).passes(&policy);
    }
}

#[test]
fn the_page_shows_the_list() {
    let page = rolegate_core::rules::rule("mutating-webhook")
        .expect("a rule")
        .about()
        .page();
    for resource in NAMESPACED.into_iter().chain(CLUSTER) {
        let (group, _) = resource.split_once('/').expect("group/resource");
        assert!(page.contains(&format!("| `{group}` |")), "{group}");
    }
}
