//! The rule `configmap-mutation`: who writes which ConfigMap (D13 of the
//! bypass catalogue; EMR's, Spark's and Flink's writers of facts sections 2 and 3).

use crate::support::scene::{
    DRIVER_UID, JOB, OTHER_JOB, account, admin, driver, driver_name, emr, node, operator, runner,
    runner_name,
};
use crate::support::{
    Review, controller, impersonated, in_pod, policy, service_account, tenant, user,
};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

fn map(name: &str, owner: Value) -> Value {
    json!({ "metadata": { "name": name, "ownerReferences": owner }, "data": { "k": "v" } })
}

fn create(user: Value, name: &str) -> Review {
    Review::new(user, "CREATE", "/configmaps", name).object(map(name, Value::Null))
}

fn delete(user: Value, name: &str, owner: Value) -> Review {
    Review::new(user, "DELETE", "/configmaps", name).old(map(name, owner))
}

fn update(user: Value, name: &str, owner: Value) -> Review {
    let mut new = map(name, owner.clone());
    new["data"]["k"] = json!("changed");
    Review::new(user, "UPDATE", "/configmaps", name)
        .old(map(name, owner))
        .object(new)
}

fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!([{ "apiVersion": "v1", "kind": kind, "name": name, "uid": uid }])
}

const EMRS: [&str; 3] = [
    "podtemplate-0000000337okspsc913",
    "0000000337okspsc913-spark-defaults",
    "fluentd-jk518skp01ys9ka8b0npx9nt0-0000000337okspsc913",
];

#[test]
fn tenants_write_none() {
    let builtin = Policy::builtin();
    for user in [
        tenant(),
        impersonated("spark-a", &account("spark-driver")),
        service_account("spark-a", &account("spark-driver")),
        node(),
    ] {
        for name in EMRS.iter().chain(&[
            "app",
            "kube-root-ca.crt",
            "spark-drv-0123456789abcdef-conf-map",
        ]) {
            create(user.clone(), name).refused(
                &builtin,
                "configmap-mutation",
                "may not create ConfigMap spark-a/",
            );
            update(user.clone(), name, Value::Null).refused(
                &builtin,
                "configmap-mutation",
                "may not change",
            );
            delete(user.clone(), name, Value::Null).refused(
                &builtin,
                "configmap-mutation",
                "may not delete",
            );
            create(user.clone(), name)
                .set("dryRun", json!(true))
                .refused(&builtin, "configmap-mutation", "create");
        }
        // deletecollection: no name in the request, only in what is stored.
        delete(user.clone(), "app", Value::Null)
            .set("name", json!(""))
            .refused(
                &builtin,
                "configmap-mutation",
                "delete ConfigMap spark-a/app",
            );
        create(user, "")
            .object(json!({ "metadata": { "generateName": "app-" } }))
            .refused(
                &builtin,
                "configmap-mutation",
                "create ConfigMap spark-a/app-*",
            );
    }
}

#[test]
fn a_write_that_changes_nothing_passes_for_everybody() {
    let builtin = Policy::builtin();
    let mut new = map("app", Value::Null);
    new["metadata"]["managedFields"] = json!([{ "manager": "kubectl" }]);
    new["metadata"]["resourceVersion"] = json!("7");
    let update = |new: Value| {
        Review::new(tenant(), "UPDATE", "/configmaps", "app")
            .old(map("app", Value::Null))
            .object(new)
    };
    update(new.clone()).passes(&builtin);
    for (part, value) in [
        ("labels", json!({ "a": "b" })),
        ("annotations", json!({ "a": "b" })),
        ("finalizers", json!(["a/b"])),
        ("ownerReferences", owner("Pod", "x", "y")),
    ] {
        let mut changed = new.clone();
        changed["metadata"][part] = value;
        update(changed).refused(&builtin, "configmap-mutation", "change");
    }
}

#[test]
fn emr_kubernetes_and_administrators() {
    let builtin = Policy::builtin();
    for user in [emr(), admin()] {
        for name in EMRS {
            create(user.clone(), name).passes(&builtin);
            update(user.clone(), name, Value::Null).passes(&builtin);
            delete(user.clone(), name, Value::Null).passes(&builtin);
        }
    }
    create(controller("root-ca-cert-publisher"), "kube-root-ca.crt").passes(&builtin);
    create(controller("root-ca-cert-publisher"), "app").refused(
        &builtin,
        "configmap-mutation",
        "create",
    );
    create(
        impersonated("kube-system", "root-ca-cert-publisher"),
        "kube-root-ca.crt",
    )
    .refused(&builtin, "configmap-mutation", "impersonated");
    for name in ["generic-garbage-collector", "namespace-controller"] {
        delete(controller(name), EMRS[0], Value::Null).passes(&builtin);
        delete(impersonated("kube-system", name), EMRS[0], Value::Null).refused(
            &builtin,
            "configmap-mutation",
            "impersonated",
        );
        create(controller(name), "app").refused(&builtin, "configmap-mutation", "create");
    }
    create(controller("job-controller"), "app").refused(&builtin, "configmap-mutation", "create");
}

#[test]
fn a_job_creates_sparks_maps_and_no_others() {
    let builtin = Policy::builtin();
    for user in [runner(), driver()] {
        for name in [
            "spark-drv-0123456789abcdef-conf-map",
            "spark-exec-0123456789abcdef-conf-map",
            "pi-0123456789abcdef-driver-podspec-conf-map",
        ] {
            create(user.clone(), name).passes(&builtin);
        }
        for name in EMRS.iter().chain(&[
            "app",
            "kube-root-ca.crt",
            "podtemplate-x-driver-podspec-conf-map",
        ]) {
            create(user.clone(), name).refused(&builtin, "configmap-mutation", "create");
        }
    }
}

#[test]
fn a_job_changes_only_its_own() {
    let builtin = Policy::builtin();
    let name = "spark-exec-0123456789abcdef-conf-map";
    for (user, owners, own) in [
        (driver(), owner("Pod", &driver_name(JOB), DRIVER_UID), true),
        // The runner's map is owned by the driver's pod: the same job id.
        (
            runner(),
            owner("Pod", &driver_name(JOB), "another-uid"),
            true,
        ),
        (runner(), owner("Job", JOB, "job-uid"), true),
        (
            driver(),
            owner("Pod", &driver_name(OTHER_JOB), "another-uid"),
            false,
        ),
        (driver(), owner("Job", OTHER_JOB, "job-uid"), false),
        (driver(), owner("ConfigMap", JOB, "x"), false),
        (driver(), Value::Null, false),
        // Executors carry no job id: only their own pod's uid speaks for them.
        (
            in_pod("spark-a", &account("spark-driver"), "pi-0123-exec-1", "u"),
            owner("Job", JOB, "job-uid"),
            false,
        ),
        // A name that only looks right, under a service account that does not get such names.
        (
            in_pod("spark-a", &account("spark-driver"), &runner_name(JOB), "u"),
            owner("Job", JOB, "job-uid"),
            false,
        ),
        (
            in_pod(
                "spark-b",
                &account("spark-driver"),
                &driver_name(JOB),
                DRIVER_UID,
            ),
            owner("Pod", "x", DRIVER_UID),
            false,
        ),
    ] {
        let reviews = [
            update(user.clone(), name, owners.clone()),
            delete(user.clone(), name, owners.clone()),
            delete(user.clone(), name, owners.clone()).set("name", json!("")),
        ];
        for review in reviews {
            if own {
                review.passes(&builtin);
            } else {
                review.refused(&builtin, "configmap-mutation", "may not");
            }
        }
    }
    for name in EMRS {
        delete(driver(), name, owner("Job", JOB, "x")).refused(
            &builtin,
            "configmap-mutation",
            "delete",
        );
        update(runner(), name, owner("Job", JOB, "x")).refused(
            &builtin,
            "configmap-mutation",
            "change",
        );
    }
}

#[test]
fn an_owner_that_comes_with_the_update_is_no_owner() {
    let mut new = map("app", owner("Pod", "mine", DRIVER_UID));
    new["data"]["k"] = json!("changed");
    Review::new(driver(), "UPDATE", "/configmaps", "app")
        .old(map("app", Value::Null))
        .object(new)
        .refused(&Policy::builtin(), "configmap-mutation", "change");
}

#[test]
fn flinks_job_manager_keeps_its_own_clusters_maps() {
    let builtin = Policy::builtin();
    let manager = in_pod(
        "spark-a",
        &account("flink-jobmanager"),
        "etl-6d4cf56db6-x2b7k",
        "u",
    );
    for name in ["etl-cluster-config-map", "flink-config-etl"] {
        create(manager.clone(), name).passes(&builtin);
        update(manager.clone(), name, Value::Null).passes(&builtin);
        delete(manager.clone(), name, Value::Null).passes(&builtin);
    }
    for name in [
        "etl-b-cluster-config-map",
        "other-cluster-config-map",
        "app",
        "podtemplate-x",
    ] {
        update(manager.clone(), name, Value::Null).refused(
            &builtin,
            "configmap-mutation",
            "change",
        );
    }
    // A task manager's name does not speak for a cluster.
    let task = in_pod(
        "spark-a",
        &account("flink-jobmanager"),
        "etl-taskmanager-1-1",
        "u",
    );
    update(task, "etl-cluster-config-map", Value::Null).refused(
        &builtin,
        "configmap-mutation",
        "change",
    );
}

#[test]
fn what_the_policy_lists() {
    let policy = policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  platform: [{ users: ["system:serviceaccount:argocd:argocd-application-controller"], capabilities: [configmaps] }]
  operators: [{ serviceAccount: spark-operator/spark-operator, roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }]
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], configMaps: ["app-*", "*"] }]
"#,
    );
    create(tenant(), "app-settings").passes(&policy);
    update(tenant(), "app-settings", Value::Null).passes(&policy);
    delete(tenant(), "app-settings", Value::Null)
        .set("name", json!(""))
        .passes(&policy);
    // No pattern hands out a reserved name.
    for name in EMRS.iter().chain(&[
        "kube-root-ca.crt",
        "spark-exec-0-conf-map",
        "etl-cluster-config-map",
    ]) {
        create(tenant(), name).refused(&policy, "configmap-mutation", "create");
    }
    create(user("mallory", &["team-b"]), "app-settings").refused(
        &policy,
        "configmap-mutation",
        "create",
    );
    create(tenant(), "app-settings")
        .set("namespace", json!("spark-b"))
        .refused(&policy, "configmap-mutation", "create");
    for user in [
        service_account("argocd", "argocd-application-controller"),
        operator(),
    ] {
        create(user.clone(), "app").passes(&policy);
        for name in EMRS {
            update(user.clone(), name, Value::Null).refused(
                &policy,
                "configmap-mutation",
                "change",
            );
        }
    }
}
