//! `foreign-volume`, request by request.

use rolegate::policy::Policy;
use serde_json::{Value, json};

use crate::support::{Review, controller, in_pod, policy, service_account, tenant, user};

const RULE: &str = "foreign-volume";
const A: &str = "111122223333-2hiamcixdm9axe98";
const JOB: &str = "0000000337okspsc913";
const OTHER: &str = "0000000337okspsc914";

fn account(component: &str) -> String {
    format!("emr-containers-sa-spark-{component}-{A}")
}

fn runner() -> Value {
    in_pod(
        "spark-a",
        &account("client"),
        &format!("{JOB}-abcde"),
        "runner",
    )
}

fn driver() -> Value {
    in_pod(
        "spark-a",
        &account("driver"),
        &format!("spark-{JOB}-driver"),
        "driver-uid",
    )
}

/// A pod whose only volume has this source.
fn pod(account: &str, source: &Value) -> Value {
    let mut volume = source.clone();
    volume["name"] = json!("v");
    json!({ "spec": { "serviceAccountName": account, "volumes": [volume] } })
}

fn claim(name: &str) -> Value {
    json!({ "persistentVolumeClaim": { "claimName": name } })
}

fn starts(user: Value, name: &str, account: &str, source: &Value) -> Review {
    Review::new(user, "CREATE", "/pods", name).object(pod(account, source))
}

/// Only what this rule says: the pods here are none that others let through.
#[track_caller]
fn mounts(review: &Review, allowed: bool) {
    let found: Vec<_> = review
        .findings(&Policy::builtin())
        .into_iter()
        .filter(|found| found.starts_with(RULE))
        .collect();
    assert_eq!(
        found.is_empty(),
        allowed,
        "{found:?}\n{}",
        review.0["request"]
    );
}

#[test]
fn a_claim_is_mounted_by_its_own_job() {
    let driver_pod = format!("spark-{JOB}-driver");
    let theirs = format!("spark-{OTHER}-driver-pvc-0");
    let own = format!("spark-{JOB}-driver-pvc-0");
    for (user, name, component, name_of_claim, allowed) in [
        (runner(), driver_pod.as_str(), "driver", own.as_str(), true),
        (runner(), &driver_pod, "driver", &theirs, false),
        (runner(), &driver_pod, "driver", "team-data", true),
        (
            driver(),
            "pi-0f-exec-1",
            "executor",
            "pi-0f-exec-1-pvc-0",
            true,
        ),
        (
            driver(),
            "pi-0f-exec-7",
            "executor",
            "pi-0f-exec-1-pvc-0",
            true,
        ),
        (
            driver(),
            "pi-0f-exec-1",
            "executor",
            "pi-99-exec-1-pvc-0",
            false,
        ),
        (
            driver(),
            "pi-0f-exec-1",
            "executor",
            "etl-driver-pvc-0",
            false,
        ),
        (driver(), "pi-0f-exec-1", "executor", &theirs, false),
        (driver(), "pi-0f-exec-1", "executor", &own, true),
        (tenant(), "mine", "", "team-data", true),
        (tenant(), "mine", "", &own, false),
        (tenant(), "mine", "", "pi-0f-exec-1-pvc-0", false),
        // A name chosen to look like the claim's own pod earns a tenant nothing.
        (tenant(), "pi-0f-exec-1", "", "pi-0f-exec-1-pvc-0", false),
        (user("emr-containers", &[]), "x", "jeg", &own, true),
        (user("root", &["system:masters"]), "x", "", &own, true),
        (controller("job-controller"), "x", "client", &own, true),
    ] {
        let account = match component {
            "" => "default".to_owned(),
            component => account(component),
        };
        mounts(
            &starts(user, name, &account, &claim(name_of_claim)),
            allowed,
        );
    }
}

#[test]
fn templates_count_as_pods_do() {
    let source = claim(&format!("spark-{JOB}-driver-pvc-0"));
    let template = pod("default", &source);
    for (resource, object) in [
        (
            "apps/deployments",
            json!({ "spec": { "template": template } }),
        ),
        ("batch/jobs", json!({ "spec": { "template": template } })),
        (
            "/replicationcontrollers",
            json!({ "spec": { "template": template } }),
        ),
        ("/podtemplates", json!({ "template": template })),
        (
            "batch/cronjobs",
            json!({ "spec": { "jobTemplate": { "spec": { "template": template } } } }),
        ),
    ] {
        let review = Review::new(tenant(), "CREATE", resource, "mine").object(object.clone());
        review.refused(&Policy::builtin(), RULE, "which is another's");
        let update = Review::new(tenant(), "UPDATE", resource, "mine")
            .object(object.clone())
            .old(object);
        update.passes(&Policy::builtin());
    }
}

#[test]
fn another_jobs_uploads_stay_its_own_whatever_the_policy_lists() {
    let policy = policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], secrets: ["*"] }]
"#,
    );
    let secret = |id: &str| format!("emr-containers-s3-jk518skp01ys9ka8b0npx9nt0-{id}");
    for (id, allowed) in [(JOB, true), (OTHER, false), ("x", false)] {
        for source in [
            json!({ "secret": { "secretName": secret(id) } }),
            json!({ "projected": { "sources": [{ "secret": { "name": secret(id) } }] } }),
        ] {
            let review = starts(
                runner(),
                &format!("spark-{JOB}-driver"),
                &account("driver"),
                &source,
            );
            let found = review.findings(&policy);
            let found = found.iter().any(|found| found.starts_with(RULE));
            assert_eq!(found, !allowed, "{id} {source}");
        }
    }
    starts(
        tenant(),
        "mine",
        "default",
        &json!({ "secret": { "secretName": secret(JOB) } }),
    )
    .refused(&policy, RULE, "which is another job's");
}

fn claims(user: Value, name: &str, spec: Value) -> Review {
    Review::new(user, "CREATE", "/persistentvolumeclaims", name).object(json!({ "spec": spec }))
}

#[test]
fn copies_are_made_of_ones_own() {
    let own = format!("spark-{JOB}-driver-pvc-0");
    let source = |name: &str| json!({ "kind": "PersistentVolumeClaim", "name": name });
    for (user, name, allowed) in [
        (tenant(), "team-data", true),
        (tenant(), own.as_str(), false),
        (tenant(), "pi-0f-exec-1-pvc-0", false),
        (driver(), &own, true),
        (driver(), "etl-driver-pvc-0", false),
        (service_account("spark-a", "default"), &own, false),
    ] {
        for field in ["dataSource", "dataSourceRef"] {
            mounts(
                &claims(user.clone(), "mine", json!({ field: source(name) })),
                allowed,
            );
            let template = json!({ "ephemeral": { "volumeClaimTemplate": { "spec": { field: source(name) } } } });
            mounts(&starts(user.clone(), "mine", "default", &template), allowed);
        }
        let snapshot = json!({ "spec": { "source": { "persistentVolumeClaimName": name } } });
        let snapshot = Review::new(
            user,
            "CREATE",
            "snapshot.storage.k8s.io/volumesnapshots",
            "s",
        )
        .object(snapshot);
        mounts(&snapshot, allowed);
    }
    let elsewhere = json!({ "dataSourceRef": { "kind": "PersistentVolumeClaim", "name": "data", "namespace": "spark-b" } });
    claims(tenant(), "mine", elsewhere).refused(&Policy::builtin(), RULE, "in namespace spark-b");
    let here = json!({ "dataSourceRef": { "kind": "PersistentVolumeClaim", "name": "data", "namespace": "spark-a" } });
    claims(tenant(), "mine", here).passes(&Policy::builtin());
    Review::new(
        tenant(),
        "CREATE",
        "groupsnapshot.storage.k8s.io/volumegroupsnapshots",
        "g",
    )
    .object(json!({ "spec": { "source": { "selector": {} } } }))
    .refused(&Policy::builtin(), RULE, "every claim with some label");
}

#[test]
fn nobody_picks_a_volume_or_a_jobs_name() {
    claims(tenant(), "mine", json!({ "volumeName": "pvc-1" })).refused(
        &Policy::builtin(),
        RULE,
        "volume pvc-1",
    );
    claims(tenant(), "mine", json!({ "volumeName": "" })).passes(&Policy::builtin());
    claims(
        user("root", &["system:masters"]),
        "mine",
        json!({ "volumeName": "pvc-1" }),
    )
    .passes(&Policy::builtin());
    for name in [
        format!("spark-{JOB}-driver-pvc-0"),
        "pi-0f-exec-1-pvc-0".to_owned(),
    ] {
        claims(tenant(), &name, json!({})).refused(
            &Policy::builtin(),
            RULE,
            "a job's pods look for",
        );
        claims(driver(), &name, json!({})).passes(&Policy::builtin());
    }
    claims(runner(), &format!("spark-{OTHER}-driver-pvc-0"), json!({})).refused(
        &Policy::builtin(),
        RULE,
        "look for",
    );
}

#[test]
fn a_stateful_set_puts_no_jobs_name_together() {
    let set = |name: &str, claim: Value| {
        Review::new(tenant(), "CREATE", "apps/statefulsets", name)
            .object(json!({ "spec": { "volumeClaimTemplates": [claim] } }))
    };
    set("pvc", json!({ "metadata": { "name": "pi-0f-exec-1" } })).refused(
        &Policy::builtin(),
        RULE,
        "pi-0f-exec-1-pvc-0",
    );
    let copy =
        json!({ "dataSource": { "kind": "PersistentVolumeClaim", "name": "pi-0f-exec-1-pvc-0" } });
    set(
        "db",
        json!({ "metadata": { "name": "data" }, "spec": copy }),
    )
    .refused(&Policy::builtin(), RULE, "as a copy");
    set("db", json!({ "metadata": { "name": "data" } })).passes(&Policy::builtin());
}

fn stored(owner: Option<(&str, &str, &str)>, application: &str) -> Value {
    let owners: Vec<_> = owner
        .map(|(kind, name, uid)| json!({ "kind": kind, "name": name, "uid": uid }))
        .into_iter()
        .collect();
    json!({ "metadata": { "ownerReferences": owners, "labels": { "spark-app-selector": application } } })
}

#[test]
fn a_jobs_claims_end_with_it() {
    let own_driver = Some(("Pod", "spark-x", "driver-uid"));
    let other = Some(("Pod", "pi-99-exec-1", "u"));
    for (user, name, old, allowed) in [
        (tenant(), "team-data", stored(None, ""), true),
        (tenant(), "pi-0f-exec-1-pvc-0", stored(None, ""), false),
        (tenant(), "odd", stored(other, ""), false),
        (driver(), "pi-0f-exec-1-pvc-0", stored(own_driver, ""), true),
        (
            driver(),
            "pi-0f-exec-1-pvc-0",
            stored(other, &format!("spark-{JOB}")),
            true,
        ),
        (
            driver(),
            "pi-0f-exec-1-pvc-0",
            stored(other, &format!("spark-{OTHER}")),
            false,
        ),
        (driver(), "team-data", stored(None, ""), false),
        (runner(), "pi-99-exec-1-pvc-0", stored(other, ""), false),
        (
            controller("generic-garbage-collector"),
            "pi-0f-exec-1-pvc-0",
            stored(own_driver, ""),
            true,
        ),
        (
            user("emr-containers", &[]),
            "pi-0f-exec-1-pvc-0",
            stored(own_driver, ""),
            true,
        ),
    ] {
        // By name, and as one of a collection, where the object has the name.
        for name_in_object in [false, true] {
            let mut old = old.clone();
            if name_in_object {
                old["metadata"]["name"] = json!(name);
            }
            let asked = if name_in_object { "" } else { name };
            let delete = Review::new(user.clone(), "DELETE", "/persistentvolumeclaims", asked)
                .old(old.clone());
            mounts(&delete, allowed);
            let mut new = old.clone();
            new["metadata"]["annotations"] = json!({ "a": "b" });
            let update = Review::new(user.clone(), "UPDATE", "/persistentvolumeclaims", asked);
            mounts(
                &Review(update.0.clone()).object(new).old(old.clone()),
                allowed,
            );
            mounts(&update.object(old.clone()).old(old), true);
        }
    }
}
