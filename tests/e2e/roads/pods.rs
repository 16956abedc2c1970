//! Pods under an identity that is not the requester's.

use serde_json::{Value, json};

use super::pair::{JOB, Pair, account, becomes, running_pod};
use super::refusal::{ACCOUNTS, assert_kubectl_refused, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::accounts::{emr_service_account, pod};
use crate::harness::http::APPLY;

/// What no tenant may run as, and why.
fn foreign() -> Vec<(String, String)> {
    let reserved = "that name is reserved for Amazon EMR";
    let unlisted = "the policy does not list that service account for this requester";
    vec![
        (account("client"), becomes()),
        (account("driver"), becomes()),
        (account("executor"), becomes()),
        (account("jeg"), becomes()),
        (
            emr_service_account("flink", "jobmanager", "111122223333", "team-b-etl"),
            becomes(),
        ),
        ("emr-containers-sa-spark".to_owned(), reserved.to_owned()),
        (
            "emr-container-sa-spark-livy".to_owned(),
            reserved.to_owned(),
        ),
        ("history-server".to_owned(), unlisted.to_owned()),
    ]
}

/// Both namespaces with all those service accounts.
fn pair() -> Pair {
    Pair::new(|namespace| {
        for (name, _) in foreign() {
            namespace.service_account(&name);
        }
    })
}

/// The object with the account in one field or both.
fn pod_with(name: &str, fields: &[&str], account: &str) -> Value {
    let mut pod = pod(name, account);
    let spec = pod["spec"].as_object_mut().expect("a spec");
    spec.remove("serviceAccountName");
    for field in fields {
        spec.insert((*field).to_owned(), account.into());
    }
    pod
}

#[test]
fn no_account_but_default_by_the_field_the_alias_or_both() {
    let pair = pair();
    for (index, (account, why)) in foreign().iter().enumerate() {
        for fields in [
            &["serviceAccountName"][..],
            &["serviceAccount"],
            &["serviceAccountName", "serviceAccount"],
        ] {
            let name = format!("p{index}-{}", fields.join("-").to_lowercase());
            let road = Road::create("v1", "pods", &pod_with(&name, fields, account));
            let seen = format!(
                "alice may not start pod <ns>/{name} under service account {account}: {why} (at spec.serviceAccountName)."
            );
            pair.closed(&road.dry(), 201, ACCOUNTS, &seen);
            pair.closed(&road, 201, ACCOUNTS, &seen);
        }
    }
    let alice = pair.cluster().alice();
    for (name, fields) in [
        ("own", &["serviceAccountName"][..]),
        ("alias", &["serviceAccount"]),
        ("none", &[]),
    ] {
        Road::create("v1", "pods", &pod_with(name, fields, "default"))
            .by(alice, &pair.enforced)
            .expect_status(201);
    }
}

#[test]
fn by_apply_and_by_a_generated_name() {
    let pair = pair();
    let driver = account("driver");
    let seen = |name: &str| format!("alice may not start pod <ns>/{name}");
    let apply = Road::patch("v1", "pods/applied", APPLY, &pod("applied", &driver))
        .query("fieldManager=e2e");
    pair.closed(
        &apply,
        201,
        ACCOUNTS,
        &seen("applied under service account"),
    );

    let mut generated = pod("", &driver);
    generated["metadata"] = json!({"generateName": "some-"});
    pair.closed(
        &Road::create("v1", "pods", &generated),
        201,
        ACCOUNTS,
        &seen("some-"),
    );
}

/// The disguises: whatever the object says of itself is the requester's word.
#[test]
fn labels_annotations_and_owners_of_emr_change_nothing() {
    let pair = pair();
    let owner = |kind: &str, group_version: &str| {
        json!([{
            "apiVersion": group_version, "kind": kind, "name": JOB, "controller": true,
            "uid": "00000000-0000-0000-0000-000000000001",
        }])
    };
    let emr = json!({
        "emr-containers.amazonaws.com/component": "driver",
        "emr-containers.amazonaws.com/job.id": JOB,
        "emr-containers.amazonaws.com/virtual-cluster-id": "jk518skp01ys9ka8b0npx9nt0",
        "emr-containers.amazonaws.com/resource.type": "job.run",
        "spark-role": "driver",
        "rolegate.dev/mode": "audit",
    });
    for (index, metadata) in [
        json!({"labels": emr}),
        json!({"annotations": {"rolegate.dev/mode": "off", "rolegate.dev/allow": "true"}}),
        json!({"ownerReferences": owner("Job", "batch/v1")}),
        json!({"ownerReferences": owner("Pod", "v1"), "labels": emr}),
        json!({"labels": emr, "managedFields": [{
            "manager": "emr-containers", "operation": "Update", "apiVersion": "v1",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {}},
        }]}),
    ]
    .into_iter()
    .enumerate()
    {
        for name in [
            format!("disguised-{index}"),
            format!("spark-{JOB}-driver-{index}"),
        ] {
            let mut object = pod(&name, &account("driver"));
            object["metadata"] = metadata.clone();
            object["metadata"]["name"] = name.as_str().into();
            pair.closed(
                &Road::create("v1", "pods", &object),
                201,
                ACCOUNTS,
                &format!("alice may not start pod <ns>/{name} under service account"),
            );
        }
    }
}

/// The mirror annotation turns some checks off. On a pod Kubernetes itself
/// refuses it together with a service account; in a template it does not look.
#[test]
fn the_mirror_annotation_hides_nothing() {
    let pair = pair();
    let mirror = json!({"kubernetes.io/config.mirror": "x"});
    let mut bare = pod("mirror", &account("driver"));
    bare["metadata"]["annotations"] = mirror.clone();
    for namespace in [&pair.open, &pair.enforced] {
        let answer = Road::create("v1", "pods", &bare).by(pair.cluster().alice(), namespace);
        assert!(
            answer
                .message()
                .contains("a mirror pod may not reference service accounts"),
            "{}",
            answer.body
        );
    }
    let mut template = json!({
        "apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "mirror", "annotations": mirror},
        "template": {"metadata": {"annotations": mirror}, "spec": pod("", &account("driver"))["spec"]},
    });
    template["template"]["spec"]["nodeName"] = "n1".into();
    pair.closed(
        &Road::create("v1", "podtemplates", &template),
        201,
        ACCOUNTS,
        "alice may not start pods by PodTemplate <ns>/mirror",
    );
}

/// A copy of a job's pod, with a shell in it, keeps the pod's identity.
#[test]
fn kubectl_debug_copies_no_job_pod() {
    let pair = Pair::new(|namespace| {
        namespace.service_account(&account("driver"));
        running_pod(namespace, "driver", &account("driver"));
    });
    let copy = |namespace: &Namespace<'static>| {
        pair.cluster()
            .kubectl(pair.cluster().alice())
            .namespace(namespace)
            .run(&[
                "debug",
                "driver",
                "--copy-to=copy",
                "--image=registry.example/debug:1",
                "--container=shell",
                "--attach=false",
                "--profile=general",
            ])
    };
    copy(&pair.open).expect_ok();
    let made = pair.cluster().get(&pair.open.core("pods/copy"));
    assert_eq!(
        made["spec"]["serviceAccountName"],
        account("driver"),
        "{made}"
    );

    assert_kubectl_refused(
        &copy(&pair.enforced).expect_refused(),
        &pair.enforced,
        ACCOUNTS,
        &format!(
            "alice may not start pod <ns>/copy under service account {}: {} (at spec.serviceAccountName).",
            account("driver"),
            becomes()
        ),
    );
}

#[test]
fn kubectl_run_says_why() {
    let pair = pair();
    let overrides = json!({"spec": {"serviceAccountName": account("driver")}}).to_string();
    let run = |namespace: &Namespace<'static>| {
        let kubectl = pair.cluster().kubectl(pair.cluster().alice());
        let overrides = format!("--overrides={overrides}");
        kubectl.namespace(namespace).run(&[
            "run",
            "mine",
            "--image=registry.example/main:1",
            &overrides,
        ])
    };
    run(&pair.open).expect_ok();
    let said = run(&pair.enforced).expect_refused();
    assert!(
        said.starts_with("Error from server (Forbidden): "),
        "{said}"
    );
    assert_kubectl_refused(
        &said,
        &pair.enforced,
        ACCOUNTS,
        "alice may not start pod <ns>/mine",
    );
}

/// A pod's account never changes; its labels may, under any account.
#[test]
fn a_job_pods_labels_are_no_new_identity() {
    let pair = Pair::with_driver();
    let namespace = &pair.enforced;
    let alice = pair.cluster().alice();
    let stored = pair.cluster().get(&namespace.core("pods/driver"));
    Road::new("PUT", "v1", "pods/driver")
        .json(&stored)
        .by(alice, namespace)
        .expect_status(200);
    let refused =
        Road::create("v1", "pods", &pod("again", &account("driver"))).by(alice, namespace);
    assert_refused(
        &refused,
        namespace,
        ACCOUNTS,
        "alice may not start pod <ns>/again",
    );
}

/// What no rule reads is gone over by its quotes and brackets, 64 bytes at a
/// time. Whatever stands there, the service account behind it is seen.
#[test]
fn behind_parts_that_nobody_reads() {
    let pair = pair();
    let driver = account("driver");
    for length in 0..66 {
        let name = format!("behind-{length}");
        let mut object = pod(&name, &driver);
        let hostile = format!("{}\\\"}}]}}{{[\"\\", "x".repeat(length));
        object["metadata"]["managedFields"] = json!([{
            "manager": "e2e", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, format!("f:{hostile}"): {}}}},
        }]);
        object["spec"]["containers"][0]["args"] = json!([hostile, "\\", "\"", "}", hostile]);
        // Decoys: fields' own names and what begins like them, where they are keys.
        object["spec"]["nodeSelector"] =
            json!({"serviceAccountName": "default", "serviceAccountNam": "a", "name": "b"});
        let seen = format!(
            "alice may not start pod <ns>/{name} under service account {driver}: {} (at spec.serviceAccountName).",
            becomes()
        );
        let road = Road::create("v1", "pods", &object);
        pair.closed(&road.dry(), 201, ACCOUNTS, &seen);
    }
}
