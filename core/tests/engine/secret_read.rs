//! The rule `secret-read`: C5, C6, B19 and B20 of the bypass catalogue, and
//! everybody whose work it is.

use crate::support::scene::{
    JOB, OTHER_JOB, TEAM_B, account, account_of, admin, driver, driver_name, emr, log_secret,
    operator, runner, with_operator,
};
use crate::support::{
    Review, controller, impersonated, in_pod, judge, policy, service_account, tenant, user,
};
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const RULE: &str = "secret-read";
const LISTS: &str = r#"
rules: { credential-provider: { mode: off }, foreign-volume: { mode: off } }
virtualClusters:
  - namespaces: [spark-a]
    submitters:
      - { groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], secrets: ["app-*", regcred] }
      - { groups: [team-b], roles: ["arn:aws:iam::111122223333:role/team-b-*"], secrets: ["b-*"] }
      - { users: ["system:serviceaccount:argo:argo"], secrets: ["*"] }
"#;

/// Every place of a pod that can name a Secret, each as a spec and its path.
fn places(secret: &str) -> Vec<(Value, &'static str)> {
    let volume = |source: Value| {
        let mut volume = json!({ "name": "v" });
        volume
            .as_object_mut()
            .unwrap()
            .extend(source.as_object().unwrap().clone());
        json!({ "volumes": [{ "name": "other", "emptyDir": {} }, volume] })
    };
    let named = json!({ "name": secret });
    vec![
        (
            json!({ "containers": [{ "name": "c", "env": [{ "name": "X", "valueFrom": { "secretKeyRef": { "name": secret, "key": "k", "optional": true } } }] }] }),
            "spec.containers[0].env[0].valueFrom.secretKeyRef.name",
        ),
        (
            json!({ "containers": [{ "name": "c", "envFrom": [{ "prefix": "P", "secretRef": named }] }] }),
            "spec.containers[0].envFrom[0].secretRef.name",
        ),
        (
            json!({ "initContainers": [{ "name": "c", "envFrom": [{ "configMapRef": { "name": "m" } }, { "secretRef": named }] }] }),
            "spec.initContainers[0].envFrom[1].secretRef.name",
        ),
        (
            json!({ "ephemeralContainers": [{ "name": "c", "envFrom": [{ "secretRef": named }] }] }),
            "spec.ephemeralContainers[0].envFrom[0].secretRef.name",
        ),
        (
            volume(json!({ "secret": { "secretName": secret } })),
            "spec.volumes[1].secret.secretName",
        ),
        (
            volume(
                json!({ "projected": { "sources": [{ "downwardAPI": {} }, { "secret": { "name": secret } }] } }),
            ),
            "spec.volumes[1].projected.sources[1].secret.name",
        ),
        (
            volume(json!({ "csi": { "driver": "d", "nodePublishSecretRef": named } })),
            "spec.volumes[1].csi.nodePublishSecretRef.name",
        ),
        (
            volume(
                json!({ "csi": { "driver": "file.csi.azure.com", "volumeAttributes": { "secretName": secret } } }),
            ),
            "spec.volumes[1].csi.volumeAttributes",
        ),
        (
            volume(json!({ "azureFile": { "secretName": secret, "shareName": "s" } })),
            "spec.volumes[1].azureFile.secretName",
        ),
        (
            volume(json!({ "cephfs": { "secretRef": named } })),
            "spec.volumes[1].cephfs.secretRef.name",
        ),
        (
            volume(json!({ "cinder": { "secretRef": named } })),
            "spec.volumes[1].cinder.secretRef.name",
        ),
        (
            volume(json!({ "flexVolume": { "secretRef": named } })),
            "spec.volumes[1].flexVolume.secretRef.name",
        ),
        (
            volume(json!({ "iscsi": { "secretRef": named } })),
            "spec.volumes[1].iscsi.secretRef.name",
        ),
        (
            volume(json!({ "rbd": { "secretRef": named } })),
            "spec.volumes[1].rbd.secretRef.name",
        ),
        (
            volume(json!({ "scaleIO": { "secretRef": named } })),
            "spec.volumes[1].scaleIO.secretRef.name",
        ),
        (
            volume(json!({ "storageos": { "secretRef": named } })),
            "spec.volumes[1].storageos.secretRef.name",
        ),
        (
            json!({ "imagePullSecrets": [{ "name": secret }] }),
            "spec.imagePullSecrets[0].name",
        ),
    ]
}

fn with_account(mut spec: Value, account: &str) -> Value {
    spec["serviceAccountName"] = json!(account);
    spec["serviceAccount"] = json!(account);
    spec
}

fn pod(user: Value, name: &str, spec: Value) -> Review {
    Review::new(user, "CREATE", "/pods", name)
        .object(json!({ "metadata": { "name": name }, "spec": spec }))
}

fn mounts(secret: &str) -> Value {
    json!({ "volumes": [{ "name": "v", "secret": { "secretName": secret } }] })
}

#[test]
fn every_place_of_a_pod() {
    let (builtin, listed) = (Policy::builtin(), with_operator(LISTS));
    let other_rules_off = with_operator(LISTS.split_once("virtualClusters").unwrap().0);
    for (spec, path) in places("db") {
        let words = format!("with Secret db: the policy lists no such Secret for them (at {path})");
        pod(tenant(), "p", spec.clone()).refused(&builtin, RULE, &words);
        pod(tenant(), "p", spec.clone()).refused(&listed, RULE, &words);
        pod(tenant(), "p", spec.clone())
            .set("dryRun", json!(true))
            .refused(&listed, RULE, &words);
        pod(admin(), "p", spec.clone()).passes(&builtin);
        pod(emr(), "p", spec).passes(&other_rules_off);
    }
    for (spec, _) in places("app-db") {
        pod(tenant(), "p", spec.clone()).refused(&builtin, RULE, "Secret app-db");
        pod(tenant(), "p", spec).passes(&listed);
    }
    for (spec, _) in places("") {
        pod(tenant(), "p", spec).passes(&other_rules_off);
    }
}

#[test]
fn every_kind_with_a_template() {
    let listed = with_operator(LISTS);
    for (resource, path) in [
        ("apps/deployments", "spec.template"),
        ("extensions/deployments", "spec.template"),
        ("apps/replicasets", "spec.template"),
        ("apps/statefulsets", "spec.template"),
        ("apps/daemonsets", "spec.template"),
        ("batch/jobs", "spec.template"),
        ("batch/cronjobs", "spec.jobTemplate.spec.template"),
        ("/replicationcontrollers", "spec.template"),
        ("/podtemplates", "template"),
        ("apps/controllerrevisions", "data.spec.template"),
    ] {
        let object = |spec: Value| {
            let template = json!({ "metadata": {}, "spec": spec });
            path.rsplit('.')
                .fold(template, |inner, key| json!({ key: inner }))
        };
        let create = |user: Value, spec: Value| {
            Review::new(user, "CREATE", resource, "w").object(object(spec))
        };
        create(tenant(), mounts("db")).refused(
            &listed,
            RULE,
            &format!("(at {path}.spec.volumes[0].secret.secretName)"),
        );
        create(tenant(), mounts("app-x")).passes_rule(&listed, RULE);
        let update = |user: Value, old: Value, new: Value| {
            Review::new(user, "UPDATE", resource, "w")
                .old(object(old))
                .object(object(new))
        };
        let imaged = |image: &str| {
            let mut spec = mounts("db");
            spec["containers"] = json!([{ "name": "c", "image": image }]);
            spec
        };
        update(tenant(), mounts("app-x"), mounts("db")).refused(
            &listed,
            RULE,
            "may not change the pods of",
        );
        update(tenant(), mounts("db"), mounts("db")).passes_rule(&listed, RULE);
        // Somebody else's image reads the same Secret.
        update(tenant(), imaged("a"), imaged("b")).refused(&listed, RULE, "Secret db");
        update(tenant(), imaged("a"), json!({})).passes_rule(&listed, RULE);
        update(admin(), imaged("a"), imaged("b")).passes_rule(&listed, RULE);
        // Controllers make pods and replica sets of what was judged before.
        create(controller("deployment-controller"), mounts("db")).passes_rule(&listed, RULE);
    }
    let restarted = |at: &str| json!({ "spec": { "template": { "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": at } }, "spec": mounts("db") } } });
    Review::new(tenant(), "UPDATE", "apps/deployments", "w")
        .old(restarted("1"))
        .object(restarted("2"))
        .passes_rule(&listed, RULE);
    for controller_name in [
        "replicaset-controller",
        "job-controller",
        "statefulset-controller",
        "daemon-set-controller",
    ] {
        pod(controller(controller_name), "w-x", mounts("db")).passes_rule(&listed, RULE);
        pod(
            impersonated("kube-system", controller_name),
            "w-x",
            mounts("db"),
        )
        .refused(&listed, RULE, "looks impersonated");
    }
}

#[test]
fn a_suspended_job_that_waited() {
    let job = |suspend: bool| json!({ "spec": { "suspend": suspend, "template": { "spec": mounts("db") } } });
    let update = |old: bool, new: bool| {
        Review::new(tenant(), "UPDATE", "batch/jobs", "w")
            .old(job(old))
            .object(job(new))
    };
    update(true, false).refused(&with_operator(LISTS), RULE, "Secret db");
    update(false, true).passes(&with_operator(LISTS));
}

#[test]
fn debug_containers_and_updates_of_pods() {
    let listed = with_operator(LISTS);
    let pod =
        |labels: Value, spec: Value| json!({ "metadata": { "labels": labels }, "spec": spec });
    let debug = json!({
        "volumes": [{ "name": "v", "secret": { "secretName": "db" } }],
        "ephemeralContainers": [{ "name": "d", "envFrom": [{ "secretRef": { "name": "db" } }] }],
    });
    Review::new(tenant(), "UPDATE", "/pods/ephemeralcontainers", "p")
        .old(pod(json!({}), mounts("db")))
        .object(pod(json!({}), debug))
        .refused(
            &listed,
            RULE,
            "may not change Thing spark-a/p with Secret db",
        );
    Review::new(tenant(), "UPDATE", "/pods", "p")
        .old(pod(json!({}), mounts("db")))
        .object(pod(json!({ "a": "b" }), mounts("db")))
        .passes(&listed);
}

#[test]
fn whose_list_counts() {
    let listed = with_operator(LISTS);
    // Another team's entry, one by a pattern for users, and what proved nothing.
    pod(tenant(), "p", mounts("b-db")).refused(&listed, RULE, "Secret b-db");
    pod(user("bob", &["team-b"]), "p", mounts("b-db")).passes(&listed);
    pod(user("", &[]), "p", mounts("app-db")).refused(&listed, RULE, "Secret app-db");
    pod(service_account("argo", "argo"), "p", mounts("db")).passes(&listed);
    pod(impersonated("argo", "argo"), "p", mounts("db")).refused(
        &listed,
        RULE,
        "looks impersonated",
    );
    // A job's token is nobody's submitter.
    pod(driver(), "p", with_account(mounts("db"), "default")).refused(&listed, RULE, "Secret db");
    // No pattern reaches what EMR reserves; the whole name does.
    for name in [
        log_secret(JOB),
        "emr-containers-sa-spark-driver-111122223333-x-token-abcde".to_owned(),
    ] {
        pod(service_account("argo", "argo"), "p", mounts(&name)).refused(
            &listed,
            RULE,
            "lists no such Secret",
        );
        let whole = with_operator(&LISTS.replace("regcred", &name));
        pod(tenant(), "p", mounts(&name)).passes_rule(&whole, RULE);
    }
}

#[test]
fn a_jobs_own_pods() {
    let listed = with_operator(LISTS);
    let driver_pod = |secret: &str| {
        pod(
            runner(),
            &driver_name(JOB),
            with_account(mounts(secret), &account("spark-driver")),
        )
    };
    let executor = |secret: &str| {
        pod(
            driver(),
            "pi-0123456789abcdef-exec-1",
            with_account(mounts(secret), &account("spark-executor")),
        )
    };
    let runner_pod = |user: Value, secret: &str| {
        Review::new(user, "CREATE", "/pods", "").object(json!({
            "metadata": { "generateName": format!("{JOB}-") },
            "spec": with_account(mounts(secret), &account("spark-client")),
        }))
    };
    for review in [
        &driver_pod as &dyn Fn(&str) -> Review,
        &executor,
        &|secret| runner_pod(controller("job-controller"), secret),
    ] {
        // With the sidecar's Secret even without a policy.
        review(&log_secret(JOB)).passes(&policy("apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: { credential-provider: { mode: off } }"));
        review(&log_secret(JOB)).passes(&listed);
        review(&log_secret(OTHER_JOB)).refused(
            &listed,
            RULE,
            &format!("it is that of job {OTHER_JOB}"),
        );
        review("app-db").passes(&listed);
        review("regcred").passes(&listed);
        for other in ["db", "b-db", "emr-containers-s3-x", "emr-containers-s3-x-y"] {
            review(other).refused(
                &listed,
                RULE,
                "for those who submit jobs as 111122223333/team-a-etl",
            );
        }
        for (spec, path) in places("db") {
            let mut request = review("app-db");
            let account = request.0["request"]["object"]["spec"]["serviceAccountName"]
                .as_str()
                .unwrap()
                .to_owned();
            request.0["request"]["object"]["spec"] = with_account(spec, &account);
            request.refused(&listed, RULE, path);
        }
    }
    // The other role's list is the other role's.
    let b = in_pod(
        "spark-a",
        &account_of("spark-driver", TEAM_B),
        &driver_name(OTHER_JOB),
        "u",
    );
    let executor_of_b = |secret: &str| {
        pod(
            b.clone(),
            "pi-exec-1",
            with_account(mounts(secret), &account_of("spark-executor", TEAM_B)),
        )
    };
    executor_of_b("b-db").passes(&listed);
    executor_of_b("app-db").refused(&listed, RULE, "Secret app-db");
    executor_of_b(&log_secret(JOB)).refused(&listed, RULE, "that of job");
    // A driver that named itself after another job is no proof of that job.
    let stranger = in_pod(
        "spark-a",
        &account("spark-executor"),
        &driver_name(JOB),
        "u",
    );
    pod(
        stranger,
        "x",
        with_account(mounts(&log_secret(JOB)), &account("spark-executor")),
    )
    .refused(&listed, RULE, "that of job");
}

#[test]
fn operators_and_endpoints() {
    let listed = with_operator(LISTS);
    let driver_pod = |secret: &str| {
        pod(
            operator(),
            "pi-driver",
            with_account(mounts(secret), &account("spark-driver")),
        )
    };
    driver_pod("app-db").passes(&listed);
    driver_pod("b-db").refused(&listed, RULE, "Secret b-db");
    driver_pod(&log_secret(JOB)).refused(&listed, RULE, "that of job");
    // EMR's own gateway names what it needs; its replica set's pods follow.
    let gateway = with_account(mounts("emr-endpoint-tls"), &account("spark-jeg"));
    Review::new(emr(), "CREATE", "apps/deployments", "jeg")
        .object(json!({ "spec": { "template": { "spec": gateway } } }))
        .passes(&listed);
    pod(
        controller("replicaset-controller"),
        "jeg-x",
        gateway.clone(),
    )
    .passes(&listed);
    pod(tenant(), "jeg-x", gateway).refused(&listed, RULE, "Secret emr-endpoint-tls");
}

#[test]
fn other_objects_that_have_secrets_read() {
    let listed = with_operator(LISTS);
    let annotated = |key: &str, value: Value| json!({ "metadata": { "annotations": { key: value } }, "spec": {} });
    let objects = |secret: &str| -> Vec<(&'static str, Value)> {
        vec![
            (
                "networking.k8s.io/ingresses",
                json!({ "spec": { "tls": [{ "hosts": [] }, { "secretName": secret }] } }),
            ),
            (
                "extensions/ingresses",
                json!({ "spec": { "tls": [{ "secretName": secret }] } }),
            ),
            (
                "networking.k8s.io/ingresses",
                annotated("nginx.ingress.kubernetes.io/auth-secret", json!(secret)),
            ),
            (
                "networking.k8s.io/ingresses",
                annotated(
                    "nginx.ingress.kubernetes.io/auth-tls-secret",
                    json!(format!("spark-a/{secret}")),
                ),
            ),
            (
                "networking.k8s.io/ingresses",
                annotated(
                    "alb.ingress.kubernetes.io/auth-idp-oidc",
                    json!(json!({ "secretName": secret }).to_string()),
                ),
            ),
            (
                "gateway.networking.k8s.io/gateways",
                json!({ "spec": { "listeners": [{ "tls": { "certificateRefs": [{ "name": secret }] } }] } }),
            ),
            (
                "gateway.networking.k8s.io/gateways",
                json!({ "spec": { "tls": { "backend": { "clientCertificateRef": { "name": secret } } } } }),
            ),
            (
                "gateway.networking.x-k8s.io/xlistenersets",
                json!({ "spec": { "listeners": [{ "tls": { "certificateRefs": [{ "kind": "Secret", "name": secret }] } }] } }),
            ),
            (
                "external-secrets.io/pushsecrets",
                json!({ "spec": { "selector": { "secret": { "name": secret } } } }),
            ),
            (
                "traefik.io/ingressroutes",
                json!({ "spec": { "tls": { "secretName": secret } } }),
            ),
            (
                "traefik.io/tlsstores",
                json!({ "spec": { "defaultCertificate": { "secretName": secret } } }),
            ),
            (
                "projectcontour.io/httpproxies",
                json!({ "spec": { "virtualhost": { "tls": { "secretName": secret } } } }),
            ),
            (
                "networking.istio.io/gateways",
                json!({ "spec": { "servers": [{ "tls": { "credentialName": secret } }] } }),
            ),
        ]
    };
    for ((resource, bad), (_, good)) in objects("db").into_iter().zip(objects("app-tls")) {
        let write = |user: Value, operation: &str, object: &Value| {
            Review::new(user, operation, resource, "i").object(object.clone())
        };
        for user in [tenant(), driver()] {
            write(user, "CREATE", &bad).refused(
                &listed,
                RULE,
                "with Secret db: the policy lists no such Secret",
            );
        }
        write(tenant(), "CREATE", &good).passes(&listed);
        write(tenant(), "UPDATE", &bad).old(good.clone()).refused(
            &listed,
            RULE,
            "may not change Thing spark-a/i with Secret db",
        );
        write(tenant(), "UPDATE", &bad)
            .old(bad.clone())
            .passes(&listed);
        write(controller("generic-garbage-collector"), "UPDATE", &bad)
            .old(good.clone())
            .passes(&listed);
        write(operator(), "CREATE", &good).passes(&listed);
        for admin in [admin(), emr()] {
            write(admin, "CREATE", &bad).passes(&listed);
        }
        Review::new(tenant(), "DELETE", resource, "i")
            .old(bad.clone())
            .passes(&listed);
        // A status takes annotations along, and no spec.
        let annotated = bad["metadata"]["annotations"].is_object();
        let status = Review::new(tenant(), "UPDATE", &format!("{resource}/status"), "i")
            .old(good)
            .object(bad);
        if annotated {
            status.refused(&listed, RULE, "Secret db");
        } else {
            status.passes(&listed);
        }
    }
    // Settings as Go reads them, in whatever case and with halves of characters.
    let settings = |text: &str| {
        let key = "alb.ingress.kubernetes.io/auth-idp-oidc";
        Review::new(tenant(), "CREATE", "networking.k8s.io/ingresses", "i")
            .object(json!({ "metadata": { "annotations": { key: text } } }))
    };
    for text in [
        r#"{"SECRETNAME":"db"}"#,
        "{\"\u{17f}ecretName\":\"db\"}",
        r#"{"secretName":"app-tls","SecretName":"db"}"#,
        r#"{"$serde_json::private::RawValue":"{}","secretName":"db"}"#,
    ] {
        settings(text).refused(&listed, RULE, "with Secret db");
    }
    for text in [
        r#"{"x":"\ud800","secretName":"db"}"#,
        r#"{"secretName":"db"} {}"#,
        "x",
    ] {
        settings(text).refused(&listed, RULE, "in settings that cannot be read");
    }
    for text in ["", " ", "{}", r#"{"secretName":"app-tls"}"#] {
        settings(text).passes(&listed);
    }
    Review::new(
        service_account("argo", "argo"),
        "CREATE",
        "external-secrets.io/pushsecrets",
        "i",
    )
    .object(json!({ "spec": { "selector": { "secret": { "selector": { "matchLabels": {} } } } } }))
    .refused(&listed, RULE, "Secrets by their labels");
}

#[test]
fn what_cannot_be_read_is_not_allowed() {
    let builtin = Policy::builtin();
    for spec in [
        json!({ "volumes": [{ "name": "v", "secret": { "secretName": 7 } }] }),
        json!({ "volumes": { "name": "v" } }),
        json!({ "imagePullSecrets": ["x"] }),
    ] {
        let body = pod(tenant(), "p", spec).0.to_string();
        let review = AdmissionReview::parse(body.as_bytes()).unwrap();
        let request = &review.request;
        let decided = judge(request, rolegate_core::decision::Door::Enforce, &builtin);
        assert!(decided.is_err(), "{body}");
    }
}

#[test]
fn at_most_eight_are_told() {
    let volumes: Vec<Value> = (0..20)
        .map(|n| json!({ "name": format!("v{n}"), "secret": { "secretName": format!("s{n}") } }))
        .collect();
    let found = pod(tenant(), "p", json!({ "volumes": volumes })).findings(&Policy::builtin());
    assert_eq!(found.len(), 8);
    assert!(found[7].contains("and 12 more like it"), "{found:?}");
}
