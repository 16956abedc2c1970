//! The rule `foreign-volume`: B18 of the bypass catalogue and claims that other
//! jobs left behind, and everybody whose work it is.

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, PREFIX, account, admin, driver, driver_name, emr, operator, runner,
    runner_name, with_operator,
};
use crate::support::{Review, controller, impersonated, in_pod, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "foreign-volume";

/// Only this rule.
fn alone() -> Policy {
    let off = [
        "foreign-service-account",
        "secret-read",
        "credential-provider",
    ]
    .map(|rule| format!("{rule}: {{ mode: off }}"))
    .join(", ");
    with_operator(&format!("rules: {{ {off} }}"))
}

fn csi() -> Value {
    service_account("kube-system", "ebs-csi-controller-sa")
}

/// Who passes whatever it is.
fn trusted() -> Vec<Value> {
    vec![admin(), emr()]
}

fn mounts(account: &str, claim: &str) -> Value {
    json!({ "serviceAccountName": account, "serviceAccount": account, "volumes": [
        { "name": "other", "emptyDir": {} },
        { "name": "v", "persistentVolumeClaim": { "claimName": claim } },
    ] })
}

fn pod(user: Value, name: &str, spec: Value) -> Review {
    Review::new(user, "CREATE", "/pods", name)
        .object(json!({ "metadata": { "name": name }, "spec": spec }))
}

/// Names that say whose they are: Spark's two forms, and a job's id.
fn jobs_names() -> Vec<String> {
    vec![
        format!("{PREFIX}-driver-pvc-0"),
        format!("{PREFIX}-exec-12-pvc-1"),
        format!("spark-{OTHER_JOB}-driver-pvc-0"),
        format!("scratch-{OTHER_JOB}"),
        format!("a.{OTHER_JOB}"),
    ]
}

#[test]
fn tenants_and_jobs_claims() {
    let alone = alone();
    for name in jobs_names() {
        for user in [
            tenant(),
            user("", &[]),
            service_account("argocd", "argocd-application-controller"),
        ] {
            pod(user, "p", mounts("default", &name)).refused(
                &alone,
                RULE,
                &format!("may not start Thing spark-a/p with claim {name}: "),
            );
        }
        for (resource, path) in [
            ("apps/deployments", "spec.template"),
            ("batch/cronjobs", "spec.jobTemplate.spec.template"),
            ("apps/controllerrevisions", "data.spec.template"),
        ] {
            let object = |spec: Value| {
                path.rsplit('.')
                    .fold(json!({ "spec": spec }), |inner, key| json!({ key: inner }))
            };
            let bad = || object(mounts("default", &name));
            Review::new(tenant(), "CREATE", resource, "w")
                .object(bad())
                .refused(
                    &alone,
                    RULE,
                    &format!("(at {path}.spec.volumes[1].persistentVolumeClaim.claimName)"),
                );
            let update = |old: Value, new: Value| {
                Review::new(tenant(), "UPDATE", resource, "w")
                    .old(old)
                    .object(new)
            };
            update(bad(), bad()).passes(&alone);
            update(object(mounts("default", "data")), bad()).refused(
                &alone,
                RULE,
                "may not change the pods of",
            );
            let mut imaged = mounts("default", &name);
            imaged["containers"] = json!([{ "name": "c", "image": "evil" }]);
            update(bad(), object(imaged)).refused(&alone, RULE, "may not change the pods of");
        }
        for user in trusted().into_iter().chain([
            controller("replicaset-controller"),
            controller("statefulset-controller"),
        ]) {
            pod(user, "p", mounts("default", &name)).passes(&alone);
        }
    }
    for name in [
        "data",
        "b-data",
        "data-web-0",
        "x-pvc-0",
        "exec-1-pvc-0",
        "",
    ] {
        pod(tenant(), "p", mounts("default", name)).passes(&alone);
    }
}

#[test]
fn a_jobs_own_claims() {
    let alone = alone();
    let driver_pod = |claim: &str| {
        pod(
            runner(),
            &driver_name(JOB),
            mounts(&account("spark-driver"), claim),
        )
    };
    let executor = |claim: &str| {
        pod(
            driver(),
            &format!("{PREFIX}-exec-7"),
            mounts(&account("spark-executor"), claim),
        )
    };
    // Made beforehand, or with the job's own id.
    for claim in [
        "shared-data".to_owned(),
        format!("scratch-{JOB}"),
        format!("spark-{JOB}-data"),
    ] {
        driver_pod(&claim).passes(&alone);
        executor(&claim).passes(&alone);
    }
    driver_pod(&format!("{PREFIX}-driver-pvc-0")).passes(&alone);
    // Its own, and those that Spark gives on from executors that are gone.
    for id in [7, 1, 12] {
        executor(&format!("{PREFIX}-exec-{id}-pvc-0")).passes(&alone);
    }
    for (review, claim, words) in [
        (
            &driver_pod as &dyn Fn(&str) -> Review,
            format!("{PREFIX}-exec-1-pvc-0"),
            "the claim of another pod",
        ),
        (
            &driver_pod,
            format!("scratch-{OTHER_JOB}"),
            "it is that of job 0000000337okspsc914",
        ),
        (
            &driver_pod,
            format!("{JOB}-{OTHER_JOB}"),
            "it is that of job 0000000337okspsc914",
        ),
        (
            &driver_pod,
            format!("spark-{OTHER_JOB}-driver-pvc-0"),
            "it is that of job",
        ),
        (
            &executor,
            format!("{PREFIX}-driver-pvc-0"),
            "the claim of another pod",
        ),
        (
            &executor,
            "other-0123456789abcdef-exec-1-pvc-0".to_owned(),
            "the claim of another pod",
        ),
        (
            &executor,
            format!("x{PREFIX}-exec-1-pvc-0"),
            "the claim of another pod",
        ),
        (
            &executor,
            format!("scratch-{OTHER_JOB}"),
            "it is that of job",
        ),
    ] {
        review(&claim).refused(&alone, RULE, words);
    }
    // A pod that is no executor by its name has no executor's claim.
    pod(
        driver(),
        "x",
        mounts(
            &account("spark-executor"),
            &format!("{PREFIX}-exec-1-pvc-0"),
        ),
    )
    .refused(&alone, RULE, "another pod");
    Review::new(driver(), "CREATE", "apps/deployments", &format!("{PREFIX}-exec-7"))
        .object(json!({ "spec": { "template": { "spec": mounts(&account("spark-executor"), &format!("{PREFIX}-exec-1-pvc-0")) } } }))
        .refused(&alone, RULE, "another pod");
    // The job controller's runner carries the job's id.
    let runner_pod = |claim: &str| {
        Review::new(controller("job-controller"), "CREATE", "/pods", "").object(json!({
            "metadata": { "generateName": format!("{JOB}-") }, "spec": mounts(&account("spark-client"), claim),
        }))
    };
    runner_pod(&format!("scratch-{JOB}")).passes(&alone);
    runner_pod(&format!("scratch-{OTHER_JOB}")).refused(&alone, RULE, "that of job");
    // An operator's pods carry none.
    let operators =
        |name: &str, account: &str, claim: &str| pod(operator(), name, mounts(account, claim));
    operators(
        "pi-driver",
        &account("spark-driver"),
        &format!("{PREFIX}-driver-pvc-0"),
    )
    .passes(&alone);
    operators(
        "pi-driver",
        "livy-runner",
        &format!("{PREFIX}-driver-pvc-0"),
    )
    .passes(&alone);
    operators(
        "pi-driver",
        &account("spark-driver"),
        &format!("scratch-{JOB}"),
    )
    .refused(&alone, RULE, "that of job");
    operators(
        "pi-driver",
        "livy-runner",
        &format!("{PREFIX}-exec-1-pvc-0"),
    )
    .refused(&alone, RULE, "another pod");
    let livy = in_pod("spark-a", "livy-runner", "pi-driver", "u");
    pod(
        livy,
        &format!("{PREFIX}-exec-2"),
        mounts("livy-runner", &format!("{PREFIX}-exec-1-pvc-0")),
    )
    .passes(&alone);
}

#[test]
fn disks_by_their_id() {
    let alone = alone();
    for kind in [
        "awsElasticBlockStore",
        "azureDisk",
        "gcePersistentDisk",
        "cinder",
        "fc",
        "iscsi",
        "rbd",
        "vsphereVolume",
        "portworxVolume",
        "scaleIO",
        "storageos",
        "quobyte",
        "glusterfs",
        "photonPersistentDisk",
    ] {
        let spec = |account: &str| json!({ "serviceAccountName": account, "volumes": [{ "name": "v", kind: { "volumeID": "vol-1" } }] });
        for user in [tenant(), driver(), operator()] {
            pod(user.clone(), "p", spec("default")).refused(
                &alone,
                RULE,
                &format!("a disk by its id ({kind}) (at spec.volumes[0].{kind})"),
            );
            pod(user, "p", spec(&account("spark-executor"))).refused(
                &alone,
                RULE,
                "a disk by its id",
            );
        }
        pod(
            controller("job-controller"),
            &runner_name(JOB),
            spec(&account("spark-client")),
        )
        .refused(&alone, RULE, "a disk");
        pod(controller("job-controller"), "x-abcde", spec("default")).passes(&alone);
        for user in trusted() {
            pod(user, "p", spec("default")).passes(&alone);
        }
    }
    for kind in ["emptyDir", "nfs", "downwardAPI", "configMap", "csi"] {
        pod(
            tenant(),
            "p",
            json!({ "volumes": [{ "name": "v", kind: {} }] }),
        )
        .passes(&alone);
    }
}

/// Specs of claims that start with somebody else's content, and the field.
fn copies() -> Vec<(Value, &'static str)> {
    let exec = format!("{PREFIX}-exec-1-pvc-0");
    let other = format!("backup-{OTHER_JOB}");
    let source = |kind: &str, name: &str| json!({ "kind": kind, "name": name });
    vec![
        (
            json!({ "dataSource": source("PersistentVolumeClaim", &exec) }),
            "dataSource",
        ),
        (
            json!({ "dataSource": source("PersistentVolumeClaim", &other), "dataSourceRef": source("PersistentVolumeClaim", &other) }),
            "dataSource",
        ),
        (
            json!({ "dataSourceRef": source("VolumeSnapshot", &other) }),
            "dataSourceRef",
        ),
        (
            json!({ "dataSourceRef": source("Anything", &exec) }),
            "dataSourceRef",
        ),
        (
            json!({ "dataSourceRef": { "kind": "PersistentVolumeClaim", "name": "plain", "namespace": "spark-b" } }),
            "dataSourceRef",
        ),
        (json!({ "volumeName": "pvc-0f3a" }), "volumeName"),
    ]
}

fn claim(user: Value, operation: &str, name: &str) -> Review {
    Review::new(user, operation, "/persistentvolumeclaims", name)
}

fn stored(metadata: &Value, spec: &Value) -> Value {
    json!({ "metadata": metadata, "spec": spec })
}

#[test]
fn copies_of_a_jobs_data() {
    let alone = alone();
    for (spec, field) in copies() {
        let none = json!({});
        for user in [tenant(), driver(), operator(), csi()] {
            let review = claim(user.clone(), "CREATE", "mine").object(stored(&none, &spec));
            review.refused(&alone, RULE, &format!("(at spec.{field})"));
            assert_eq!(review.findings(&alone).len(), 1, "{spec}");
            claim(user.clone(), "UPDATE", "mine")
                .old(stored(&none, &none))
                .object(stored(&none, &spec))
                .refused(&alone, RULE, &format!("(at spec.{field})"));
            // In a pod, and in a set's template.
            pod(user.clone(), "p", json!({ "volumes": [{ "name": "v", "ephemeral": { "volumeClaimTemplate": { "spec": spec } } }] }))
                .refused(&alone, RULE, &format!("(at spec.volumes[0].ephemeral.volumeClaimTemplate.spec.{field})"));
            let set = json!({ "spec": { "template": { "spec": {} }, "volumeClaimTemplates": [{ "metadata": { "name": "d" }, "spec": spec }] } });
            Review::new(user.clone(), "CREATE", "apps/statefulsets", "w")
                .object(set.clone())
                .refused(
                    &alone,
                    RULE,
                    &format!("(at spec.volumeClaimTemplates[0].spec.{field})"),
                );
            Review::new(user, "UPDATE", "apps/statefulsets", "w")
                .old(set.clone())
                .object(set)
                .passes(&alone);
        }
        claim(tenant(), "UPDATE", "mine")
            .old(stored(&none, &spec))
            .object(stored(&none, &spec))
            .passes(&alone);
        for user in trusted().into_iter().chain([
            controller("persistent-volume-binder"),
            controller("ephemeral-volume-controller"),
            controller("statefulset-controller"),
        ]) {
            claim(user, "CREATE", "mine")
                .object(stored(&none, &spec))
                .passes(&alone);
        }
    }
    for spec in [
        json!({ "dataSource": { "kind": "PersistentVolumeClaim", "name": "base" } }),
        json!({ "dataSourceRef": { "kind": "VolumeSnapshot", "name": "base", "namespace": "spark-a" } }),
        json!({ "dataSource": null, "volumeName": "" }),
        json!({}),
    ] {
        claim(tenant(), "CREATE", "mine")
            .object(stored(&json!({}), &spec))
            .passes(&alone);
    }
    let own = json!({ "dataSource": { "kind": "PersistentVolumeClaim", "name": format!("scratch-{JOB}") } });
    claim(driver(), "CREATE", "mine")
        .object(stored(&json!({}), &own))
        .passes(&alone);
    claim(tenant(), "CREATE", "mine")
        .object(stored(&json!({}), &own))
        .refused(&alone, RULE, "a copy of PersistentVolumeClaim");
}

#[test]
fn a_set_that_finds_a_jobs_claim_under_its_own_name() {
    let alone = alone();
    // `<template>-<set>-<number>` is `pi-exec-1-pvc-0`, which is there.
    let set = |template: &str| json!({ "spec": { "template": { "spec": {} }, "volumeClaimTemplates": [{ "metadata": { "name": template }, "spec": {} }] } });
    let create = |name: &str, template: &str| {
        Review::new(tenant(), "CREATE", "apps/statefulsets", name).object(set(template))
    };
    create("exec-1-pvc", "pi").refused(
        &alone,
        RULE,
        "with claim pi-exec-1-pvc-0: Spark gave that name",
    );
    create("driver-pvc", PREFIX).refused(
        &alone,
        RULE,
        &format!("with claim {PREFIX}-driver-pvc-0"),
    );
    create(&format!("{OTHER_JOB}-x"), "scratch").refused(&alone, RULE, "that of job");
    create("web", "data").passes(&alone);
    Review::new(tenant(), "UPDATE", "apps/statefulsets", "exec-1-pvc")
        .old(set("data"))
        .object(set("pi"))
        .refused(&alone, RULE, "volumeClaimTemplates[0].metadata.name");
}

#[test]
fn names_of_new_claims() {
    let alone = alone();
    let create = |user: Value, name: &str| {
        claim(user, "CREATE", name).object(json!({ "metadata": { "name": name }, "spec": {} }))
    };
    for name in jobs_names() {
        for user in [tenant(), csi()] {
            create(user, &name).refused(
                &alone,
                RULE,
                &format!("may not create Thing spark-a/{name}: "),
            );
        }
        for user in trusted()
            .into_iter()
            .chain([controller("ephemeral-volume-controller")])
        {
            create(user, &name).passes(&alone);
        }
    }
    // Spark makes them: the runner its driver's, the driver its executors'.
    create(runner(), &format!("{PREFIX}-driver-pvc-0")).passes(&alone);
    create(driver(), &format!("{PREFIX}-exec-1-pvc-0")).passes(&alone);
    create(driver(), &format!("scratch-{JOB}")).passes(&alone);
    create(driver(), &format!("scratch-{OTHER_JOB}")).refused(
        &alone,
        RULE,
        "the name is one of job",
    );
    create(operator(), &format!("{PREFIX}-driver-pvc-0")).passes(&alone);
    create(operator(), &format!("scratch-{JOB}")).refused(&alone, RULE, "the name is one of job");
    create(tenant(), "data").passes(&alone);
    claim(tenant(), "CREATE", "")
        .object(json!({ "metadata": { "generateName": "data-" } }))
        .passes(&alone);
}

#[test]
fn whose_claims_are_deleted_and_changed() {
    let alone = alone();
    let owned = |kind: &str, name: &str, uid: &str| json!({ "ownerReferences": [{ "apiVersion": "v1", "kind": kind, "name": name, "uid": uid }] });
    let labelled = |label: &str| json!({ "labels": { "spark-app-selector": label } });
    let with_name = |mut metadata: Value, name: &str| {
        metadata["name"] = json!(name);
        metadata
    };
    let exec = format!("{PREFIX}-exec-1-pvc-0");
    let own: Vec<Value> = vec![
        with_name(owned("Pod", "whatever", DRIVER_UID), &exec),
        with_name(owned("Pod", &driver_name(JOB), "another"), &exec),
        with_name(owned("Job", JOB, "u"), "x"),
        with_name(labelled(&format!("spark-{JOB}")), &exec),
        with_name(json!({}), &format!("scratch-{JOB}")),
    ];
    let others: Vec<Value> = vec![
        with_name(json!({}), &exec),
        with_name(owned("Pod", &format!("{PREFIX}-exec-1"), "u"), "x"),
        with_name(owned("Pod", &driver_name(OTHER_JOB), "u"), &exec),
        with_name(owned("Job", OTHER_JOB, "u"), "x"),
        with_name(labelled(&format!("spark-{OTHER_JOB}")), &exec),
        with_name(labelled("spark-7f9d0c"), "x"),
        with_name(json!({}), &format!("scratch-{OTHER_JOB}")),
    ];
    let writes = |user: &Value, metadata: &Value| {
        let name = metadata["name"].as_str().unwrap();
        let mut relabelled = metadata.clone();
        relabelled["labels"] = json!({ "spark-app-selector": format!("spark-{JOB}"), "x": "y" });
        let mut adopted = metadata.clone();
        adopted["ownerReferences"] = json!([{ "kind": "Pod", "name": "p", "uid": DRIVER_UID }]);
        let old = stored(metadata, &json!({ "resources": {} }));
        vec![
            // deletecollection: one DELETE an object, without its name.
            claim(user.clone(), "DELETE", "").old(old.clone()),
            claim(user.clone(), "DELETE", name)
                .old(old.clone())
                .set("dryRun", json!(true)),
            claim(user.clone(), "UPDATE", name)
                .old(old.clone())
                .object(stored(&relabelled, &json!({ "resources": {} }))),
            claim(user.clone(), "UPDATE", name)
                .old(old.clone())
                .object(stored(&adopted, &json!({ "resources": {} }))),
            claim(user.clone(), "UPDATE", name).old(old).object(stored(
                metadata,
                &json!({ "resources": { "requests": {} } }),
            )),
        ]
    };
    for metadata in &own {
        for review in writes(&driver(), metadata) {
            review.passes(&alone);
        }
    }
    for metadata in &others {
        for review in writes(&driver(), metadata) {
            review.refused(
                &alone,
                RULE,
                "it belongs neither to this job's pod nor to its job",
            );
        }
    }
    for metadata in own.iter().chain(&others) {
        for review in writes(&tenant(), metadata) {
            review.refused(&alone, RULE, "it is a job's");
        }
        for user in trusted().into_iter().chain(
            [
                "generic-garbage-collector",
                "namespace-controller",
                "pvc-protection-controller",
                "persistent-volume-binder",
            ]
            .map(controller),
        ) {
            for review in writes(&user, metadata) {
                review.passes(&alone);
            }
        }
        // Storage drivers keep books in annotations and finalizers; nobody else does.
        let mut noted = metadata.clone();
        noted["annotations"] =
            json!({ "volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com" });
        noted["finalizers"] = json!(["x"]);
        for user in [
            csi(),
            tenant(),
            impersonated("kube-system", "ebs-csi-controller-sa"),
        ] {
            let name = metadata["name"].as_str().expect("a name");
            let review = claim(user.clone(), "UPDATE", name)
                .old(stored(metadata, &json!({})))
                .object(stored(&noted, &json!({})));
            if user == csi() {
                review.passes(&alone);
            } else {
                review.refused(&alone, RULE, "it is a job's");
            }
            claim(user, "UPDATE", "c")
                .old(stored(metadata, &json!({})))
                .object(stored(metadata, &json!({})))
                .passes(&alone);
        }
    }
    // Nobody's job: a tenant's own, which no job touches either.
    let plain = with_name(json!({ "labels": { "app": "x" } }), "data");
    for review in writes(&driver(), &plain) {
        review.refused(&alone, RULE, "belongs neither");
    }
    for user in [tenant(), operator()] {
        claim(user.clone(), "DELETE", "data")
            .old(stored(&plain, &json!({})))
            .passes(&alone);
    }
    claim(operator(), "DELETE", &exec)
        .old(stored(&others[0], &json!({})))
        .passes(&alone);
    claim(operator(), "DELETE", "x")
        .old(stored(
            &with_name(json!({}), &format!("scratch-{JOB}")),
            &json!({}),
        ))
        .passes(&alone);
    claim(operator(), "DELETE", "")
        .old(stored(
            &with_name(json!({}), &format!("scratch-{JOB}")),
            &json!({}),
        ))
        .refused(&alone, RULE, "that of job");
    // The words of the new object make nothing one's own.
    claim(driver(), "UPDATE", &exec)
        .old(stored(&others[0], &json!({})))
        .object(stored(&own[0], &json!({})))
        .refused(&alone, RULE, "belongs neither");
}

#[test]
fn snapshots() {
    let alone = alone();
    let snapshot = |user: Value, operation: &str, resource: &str, source: Value| {
        Review::new(user, operation, resource, "s").object(json!({ "spec": { "source": source } }))
    };
    let single = "snapshot.storage.k8s.io/volumesnapshots";
    let group = "groupsnapshot.storage.k8s.io/volumegroupsnapshots";
    for name in jobs_names() {
        for user in [tenant(), driver(), operator(), csi()] {
            let source = json!({ "persistentVolumeClaimName": name });
            snapshot(user.clone(), "CREATE", single, source.clone()).refused(
                &alone,
                RULE,
                "(at spec.source.persistentVolumeClaimName)",
            );
            snapshot(user.clone(), "UPDATE", single, source.clone())
                .old(json!({ "spec": {} }))
                .refused(&alone, RULE, "of claim");
            snapshot(user, "UPDATE", single, source.clone())
                .old(json!({ "spec": { "source": source } }))
                .passes(&alone);
        }
        for user in trusted() {
            snapshot(
                user,
                "CREATE",
                single,
                json!({ "persistentVolumeClaimName": name }),
            )
            .passes(&alone);
        }
    }
    for (resource, source, words) in [
        (
            single,
            json!({ "volumeSnapshotContentName": "c" }),
            "of content c, which may be another's",
        ),
        (
            group,
            json!({ "volumeGroupSnapshotContentName": "c" }),
            "of content c",
        ),
        (
            group,
            json!({ "selector": { "matchLabels": {} } }),
            "claims by their labels",
        ),
    ] {
        snapshot(tenant(), "CREATE", resource, source.clone()).refused(&alone, RULE, words);
        snapshot(admin(), "CREATE", resource, source).passes(&alone);
    }
    snapshot(
        tenant(),
        "CREATE",
        single,
        json!({ "persistentVolumeClaimName": "data" }),
    )
    .passes(&alone);
    snapshot(
        driver(),
        "CREATE",
        single,
        json!({ "persistentVolumeClaimName": format!("scratch-{JOB}") }),
    )
    .passes(&alone);
    Review::new(tenant(), "DELETE", single, "s")
        .old(json!({ "spec": {} }))
        .passes(&alone);
}

/// Also where the policy lists the Secret by its whole name.
#[test]
fn another_jobs_uploads() {
    let alone = alone();
    let start = |user: Value, name: &str, component: &str, id: &str| {
        let secret = format!("emr-containers-s3-jk518skp01ys9ka8b0npx9nt0-{id}");
        Review::new(user, "CREATE", "/pods", name).object(json!({ "spec": {
            "serviceAccountName": account(component),
            "volumes": [{ "name": "emr-container-s3", "secret": { "secretName": secret } }],
        } }))
    };
    let (pod, executor) = (driver_name(JOB), format!("{PREFIX}-exec-1"));
    start(runner(), &pod, "spark-driver", JOB).passes_rule(&alone, RULE);
    start(driver(), &executor, "spark-executor", JOB).passes_rule(&alone, RULE);
    start(runner(), &pod, "spark-driver", OTHER_JOB).refused(&alone, RULE, OTHER_JOB);
    start(driver(), &executor, "spark-executor", OTHER_JOB).refused(&alone, RULE, OTHER_JOB);
    let jobs = controller("job-controller");
    let runner = runner_name(JOB);
    start(jobs.clone(), &runner, "spark-client", JOB).passes_rule(&alone, RULE);
    start(jobs, &runner, "spark-client", OTHER_JOB).refused(&alone, RULE, OTHER_JOB);
    start(tenant(), "mine", "spark-driver", JOB).refused(&alone, RULE, JOB);
    start(emr(), &pod, "spark-driver", OTHER_JOB).passes_rule(&alone, RULE);
}
