//! What a tenant tried at the kinds of object that the rules speak of least: names that
//! Kubernetes puts together, writes to `status`, queues' copies of jobs, policies for
//! another's application. Rows E1, E5, E12 and E14 to E17 of `docs/bypasses.md`.

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, PREFIX, TEAM_B, account, admin, driver, driver_name, driver_of,
    emr, operator, with_operator,
};
use crate::support::{Review, controller, service_account, tenant};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

/// Without the rule that denies every pod of a job that has no credentials.
fn policy() -> Policy {
    with_operator("rules: { credential-provider: { mode: off } }")
}

fn create(user: Value, resource: &str, mut object: Value) -> Review {
    let name = match &object["metadata"]["name"] {
        Value::String(name) => name.clone(),
        _ => "mine".to_owned(),
    };
    object["metadata"]["name"] = json!(name);
    Review::new(user, "CREATE", resource, &name).object(object)
}

fn update(user: Value, resource: &str, mut old: Value, mut new: Value) -> Review {
    for object in [&mut old, &mut new] {
        object["metadata"]["name"] = json!("mine");
    }
    Review::new(user, "UPDATE", resource, "mine")
        .old(old)
        .object(new)
}

fn pod(account: &str) -> Value {
    json!({ "metadata": {}, "spec": { "serviceAccountName": account,
        "containers": [{ "name": "c", "image": "public.ecr.aws/x:1" }] } })
}

fn owners(block: bool) -> Value {
    json!([{ "apiVersion": "v1", "kind": "Pod", "name": driver_name(JOB), "uid": DRIVER_UID, "blockOwnerDeletion": block }])
}

/// E15: `<pod>-<volume>` is the claim that Kubernetes makes for a pod's own volume.
#[test]
fn claims_named_after_a_pod() {
    let policy = policy();
    let with = |name: &str, account: &str, volume: &str| {
        let mut pod = pod(account);
        pod["metadata"]["name"] = json!(name);
        pod["spec"]["volumes"] =
            json!([{ "name": volume, "ephemeral": { "volumeClaimTemplate": { "spec": {} } } }]);
        pod
    };
    for (name, volume) in [
        (PREFIX, "exec-1-pvc-0"),
        (PREFIX, "driver-pvc-0"),
        ("pi-772b9c81ae56a93d-exec", "7-pvc-0"),
        ("scratch", OTHER_JOB),
    ] {
        for user in [tenant(), service_account("argocd", "argocd")] {
            create(user, "/pods", with(name, "default", volume)).refused(
                &policy,
                "foreign-volume",
                &format!("with claim {name}-{volume}: "),
            );
        }
    }
    for (name, volume) in [("web", "data"), ("web-0", "scratch"), (PREFIX, "data")] {
        create(tenant(), "/pods", with(name, "default", volume))
            .passes_rule(&policy, "foreign-volume");
    }
    // A job's own, and what a controller starts.
    let executor = with(
        &format!("{PREFIX}-exec-7"),
        &account("spark-executor"),
        "scratch",
    );
    create(driver(), "/pods", executor).passes_rule(&policy, "foreign-volume");
    let set = with("web-0", "default", "scratch");
    create(controller("statefulset-controller"), "/pods", set)
        .passes_rule(&policy, "foreign-volume");
}

/// E16: a policy closes what it selects to everybody else.
#[test]
fn network_policies_for_another_application() {
    let policy = policy();
    let for_application = |application: &str| {
        let labels = json!({ "matchLabels": { "spark-app-selector": application } });
        json!({ "metadata": {}, "spec": { "podSelector": labels, "policyTypes": ["Ingress"],
            "ingress": [{ "from": [{ "podSelector": labels }] }] } })
    };
    let resource = "networking.k8s.io/networkpolicies";
    let of_run = || for_application(&format!("spark-{JOB}"));
    for user in [driver_of(OTHER_JOB, TEAM_B), operator(), tenant()] {
        create(user, resource, of_run()).refused(&policy, "endpoint-exposure", "may not create");
    }
    create(driver(), resource, of_run()).passes(&policy);
    let made_up = for_application("spark-0123456789abcdef0123456789abcdef");
    create(operator(), resource, made_up).passes(&policy);
}

/// E5: `KUBERNETES_SERVICE_PORT` is the port of a Service `kubernetes-service` too.
#[test]
fn services_in_every_environment() {
    for user in [tenant(), driver(), operator()] {
        let service = json!({ "metadata": { "name": "kubernetes-service" }, "spec": { "ports": [{ "port": 1 }] } });
        create(user, "/services", service).refused(
            &policy(),
            "endpoint-exposure",
            "stand in every new pod's environment for the API server",
        );
    }
}

/// E12: task managers look for `<cluster>.<namespace>`, first in their own namespace.
#[test]
fn hosts_called_like_a_cluster() {
    let policy = policy();
    let at = |host: &str, subdomain: &str| {
        let mut pod = pod("default");
        pod["spec"]["hostname"] = json!(host);
        pod["spec"]["subdomain"] = json!(subdomain);
        pod
    };
    for subdomain in ["spark-a", "default", "spark-operator"] {
        let says = format!("the host name etl.{subdomain}, by which");
        create(tenant(), "/pods", at("etl", subdomain)).refused(
            &policy,
            "endpoint-exposure",
            &says,
        );
        let template = json!({ "metadata": {}, "spec": { "template": at("etl", subdomain) } });
        for resource in ["apps/deployments", "batch/jobs", "/replicationcontrollers"] {
            create(tenant(), resource, template.clone()).refused(
                &policy,
                "endpoint-exposure",
                "(at spec.template.spec.hostname)",
            );
            update(tenant(), resource, template.clone(), template.clone()).passes(&policy);
        }
    }
    for (host, subdomain) in [("etl", "web"), ("", "spark-a"), ("etl", "")] {
        create(tenant(), "/pods", at(host, subdomain)).passes(&policy);
    }
    // The pods of a set whose Service is called like the namespace.
    create(
        controller("statefulset-controller"),
        "/pods",
        at("web-0", "spark-a"),
    )
    .passes(&policy);
}

/// E1, E14: the API server stores the metadata that comes with a status.
#[test]
fn metadata_by_status() {
    let policy = policy();
    let plain = || json!({ "metadata": {}, "spec": { "template": pod("default") }, "status": {} });
    let with = |field: &str, value: Value| {
        let mut object = plain();
        object["metadata"][field] = value;
        object
    };
    let label = json!({ "emr-containers.amazonaws.com/job.id": JOB });
    for resource in [
        "batch/jobs/status",
        "apps/replicasets/status",
        "apps/statefulsets/status",
        "/replicationcontrollers/status",
    ] {
        update(tenant(), resource, plain(), with("labels", label.clone())).refused(
            &policy,
            "pod-tampering",
            "the label emr-containers.amazonaws.com/job.id of another job",
        );
        update(
            tenant(),
            resource,
            plain(),
            with("ownerReferences", owners(false)),
        )
        .refused(&policy, "pod-tampering", "an owner of another job");
        for user in [admin(), emr(), controller("job-controller")] {
            update(user, resource, plain(), with("labels", label.clone())).passes(&policy);
        }
        let labelled = || with("labels", label.clone());
        let mut over = labelled();
        over["status"] = json!({ "observedGeneration": 2 });
        update(tenant(), resource, labelled(), over).passes_rule(&policy, "pod-tampering");
    }
    for resource in [
        "policy/poddisruptionbudgets/status",
        "networking.k8s.io/ingresses/status",
        "autoscaling/horizontalpodautoscalers/status",
        "/resourcequotas/status",
        "/persistentvolumeclaims/status",
        "example.com/widgets/status",
    ] {
        update(
            tenant(),
            resource,
            json!({}),
            json!({ "metadata": { "ownerReferences": owners(true) } }),
        )
        .refused(&policy, "pod-tampering", "an owner of another job");
    }
    let report = json!({ "metadata": { "ownerReferences": owners(false) } });
    update(tenant(), "example.com/reports/status", json!({}), report).passes(&policy);
}

/// E14: the controller copies the metadata of a set's claims whole.
#[test]
fn owners_of_a_sets_claims() {
    let policy = policy();
    let set = |owners: Value| {
        json!({ "metadata": {}, "spec": { "template": pod("default"), "volumeClaimTemplates": [
            { "metadata": { "name": "data", "ownerReferences": owners }, "spec": {} } ] } })
    };
    let with = || set(owners(true));
    create(tenant(), "apps/statefulsets", with()).refused(
        &policy,
        "pod-tampering",
        "an owner of another job",
    );
    update(tenant(), "apps/statefulsets", with(), with()).passes(&policy);
    create(tenant(), "apps/statefulsets", set(json!([]))).passes(&policy);
}

/// E1: `YuniKorn` counts a pod to the application of this label, and gives it the places
/// that it kept for that application.
#[test]
fn applications_of_a_scheduler() {
    let policy = policy();
    let made_up = "spark-0123456789abcdef0123456789abcdef";
    let run = format!("spark-{JOB}");
    let labelled = |key: &str, value: &str| {
        let mut pod = pod("default");
        pod["metadata"]["labels"] = json!({ key: value });
        pod
    };
    for key in ["applicationId", "yunikorn.apache.org/app-id"] {
        for value in [run.as_str(), made_up] {
            create(tenant(), "/pods", labelled(key, value)).refused(
                &policy,
                "pod-tampering",
                "another job, to which a scheduler counts it",
            );
        }
        for value in ["nightly-report", "spark-pi"] {
            create(tenant(), "/pods", labelled(key, value)).passes(&policy);
            // A claim and a Service with such a label are their tenant's.
            let service = json!({ "metadata": { "labels": { key: value } }, "spec": { "selector": { key: value } } });
            create(tenant(), "/services", service.clone()).passes(&policy);
            let claim = || json!({ "metadata": { "labels": { key: value } }, "spec": {} });
            Review::new(tenant(), "DELETE", "/persistentvolumeclaims", "mine")
                .old(claim())
                .passes(&policy);
        }
        let mut own = labelled(key, &run);
        own["spec"]["serviceAccountName"] = json!(account("spark-executor"));
        create(driver(), "/pods", own).passes_rule(&policy, "pod-tampering");
    }
}

/// Controllers of other sets number the revisions of their pods as Kubernetes does.
#[test]
fn revisions_of_sets() {
    let kruise = || service_account("kruise-system", "kruise-manager");
    let numbered = |revision: &str| {
        let mut pod = pod("default");
        pod["metadata"]["labels"] =
            json!({ "controller-revision-hash": revision, "pod-template-generation": "1" });
        pod
    };
    for user in [kruise(), tenant()] {
        create(user, "/pods", numbered("web-1")).passes(&policy());
    }
    update(kruise(), "/pods", numbered("web-1"), numbered("web-2")).passes(&policy());
}

/// E17: a queue ends a job by what its own object says.
#[test]
fn copies_that_queues_keep() {
    let policy = with_operator("rules: { job-lifecycle: { mode: enforce } }");
    let rule = "job-lifecycle";
    let of = |owner: &Value, spec: Value| json!({ "metadata": { "name": "mine", "ownerReferences": owner }, "spec": spec });
    let job = json!([{ "apiVersion": "batch/v1", "kind": "Job", "name": JOB, "uid": "u", "controller": true }]);
    let team = json!([{ "apiVersion": "batch/v1", "kind": "Job", "name": "report", "uid": "u", "controller": true }]);
    for resource in [
        "kueue.x-k8s.io/workloads",
        "scheduling.volcano.sh/podgroups",
        "scheduling.x-k8s.io/podgroups",
    ] {
        for owner in [&job, &owners(true)] {
            let on = || of(owner, json!({ "active": true }));
            let off = || of(owner, json!({ "active": false }));
            let evicted = || {
                let mut object = on();
                object["status"] =
                    json!({ "conditions": [{ "type": "Evicted", "status": "True" }] });
                object
            };
            let status = format!("{resource}/status");
            for user in [tenant(), operator(), driver_of(OTHER_JOB, TEAM_B)] {
                let says = "which has an owner of another job";
                create(user.clone(), resource, off()).refused(&policy, rule, says);
                update(user.clone(), resource, on(), off()).refused(&policy, rule, says);
                update(user.clone(), &status, on(), evicted()).refused(&policy, rule, says);
                update(user.clone(), resource, on(), on()).passes_rule(&policy, rule);
                Review::new(user, "DELETE", resource, "mine")
                    .old(on())
                    .refused(&policy, rule, says);
            }
            for user in [
                admin(),
                emr(),
                service_account("kueue-system", "kueue-controller-manager"),
                controller("generic-garbage-collector"),
            ] {
                create(user.clone(), resource, on()).passes_rule(&policy, rule);
                update(user.clone(), resource, on(), off()).passes_rule(&policy, rule);
                Review::new(user, "DELETE", resource, "mine")
                    .old(on())
                    .passes_rule(&policy, rule);
            }
        }
        let own = || of(&team, json!({ "active": true }));
        Review::new(tenant(), "DELETE", resource, "mine")
            .old(own())
            .passes_rule(&policy, rule);
        update(
            tenant(),
            resource,
            own(),
            of(&team, json!({ "active": false })),
        )
        .passes_rule(&policy, rule);
    }
    // A Deployment finds its replica sets by their labels.
    let mut set = json!({ "metadata": { "labels": { "app": "enterprise-gateway" } }, "spec": { "template": pod(&account("spark-jeg")) } });
    let old = set.clone();
    set["metadata"]["labels"] = json!({ "app": "x" });
    update(tenant(), "apps/replicasets", old, set).refused(&policy, rule, "metadata.labels");
}
