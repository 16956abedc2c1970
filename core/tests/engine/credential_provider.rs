//! The rule `credential-provider`: B16 of the bypass catalogue, agents that
//! hand out roles, and EKS's webhook where it failed open.

use crate::support::scene::{JOB, account, admin, driver, emr, node};
use crate::support::{Review, controller, injected, policy, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "credential-provider";
/// What the real webhook did to pods that went through a real API server.
const RECORDED: &str = include_str!("../../../tests/recorded/eks-pod-identity-webhook.jsonl");

/// Only this rule.
fn alone(options: &str) -> Policy {
    let off = [
        "foreign-service-account",
        "secret-read",
        "pod-exec",
        "configmap-mutation",
        "execution-role",
    ]
    .map(|rule| format!("{rule}: {{ mode: off }}"))
    .join(", ");
    policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: {{ {off}, credential-provider: {{ mode: enforce{options} }} }}"
    ))
}

fn pod(user: Value, object: Value) -> Review {
    Review::new(user, "CREATE", "/pods", "p").object(object)
}

fn executor(spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["serviceAccountName"] = json!(account("spark-executor"));
    injected(json!({ "metadata": { "name": "pi-exec-1" }, "spec": spec }))
}

/// Ways to the node: a pod's spec, where it says so, and what is told.
fn ways() -> Vec<(Value, &'static str, &'static str)> {
    let container = |fields: Value| {
        let mut container = json!({ "name": "c", "image": "i" });
        container
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        json!({ "containers": [container] })
    };
    let secured = |context: Value| container(json!({ "securityContext": context }));
    let volume = |source: Value| {
        let mut volume = json!({ "name": "v" });
        volume
            .as_object_mut()
            .unwrap()
            .extend(source.as_object().unwrap().clone());
        json!({ "containers": [{ "name": "c" }], "volumes": [volume] })
    };
    let of_pod =
        |context: Value| json!({ "containers": [{ "name": "c" }], "securityContext": context });
    vec![
        (
            json!({ "hostNetwork": true }),
            "spec.hostNetwork",
            "the node's network",
        ),
        (
            json!({ "hostPID": true }),
            "spec.hostPID",
            "the node's processes",
        ),
        (
            json!({ "hostIPC": true }),
            "spec.hostIPC",
            "the node's shared memory",
        ),
        (
            volume(json!({ "hostPath": { "path": "/var/lib/kubelet/pods" } })),
            "].hostPath",
            "folder /var/lib/kubelet/pods of the node",
        ),
        (
            volume(json!({ "hostPath": {} })),
            "].hostPath",
            "of the node",
        ),
        (
            volume(json!({ "gitRepo": { "repository": "x" } })),
            "].gitRepo",
            "runs git",
        ),
        (
            volume(json!({ "flexVolume": { "driver": "x/y" } })),
            "].flexVolume",
            "runs a program",
        ),
        (
            container(json!({ "ports": [{ "containerPort": 80 }, { "hostPort": 8080 }] })),
            "spec.containers[0].ports[1].hostPort",
            "port 8080 of the node",
        ),
        (
            secured(json!({ "privileged": true })),
            "spec.containers[0].securityContext.privileged",
            "a privileged container",
        ),
        (
            json!({ "initContainers": [{ "name": "c", "securityContext": { "privileged": true } }] }),
            "spec.initContainers[0].securityContext.privileged",
            "privileged",
        ),
        (
            json!({ "ephemeralContainers": [{ "name": "c", "securityContext": { "privileged": true } }] }),
            "spec.ephemeralContainers[0].securityContext.privileged",
            "privileged",
        ),
        (
            secured(json!({ "capabilities": { "add": ["CHOWN", "SYS_ADMIN"] } })),
            "spec.containers[0].securityContext.capabilities.add",
            "capability SYS_ADMIN",
        ),
        (
            secured(json!({ "capabilities": { "add": ["NET_RAW"] } })),
            "capabilities.add",
            "capability NET_RAW",
        ),
        (
            secured(json!({ "capabilities": { "add": ["ALL"] } })),
            "capabilities.add",
            "capability ALL",
        ),
        (
            secured(json!({ "capabilities": { "add": ["chown"] } })),
            "capabilities.add",
            "capability chown",
        ),
        (
            secured(json!({ "procMount": "Unmasked" })),
            "securityContext.procMount",
            "/proc",
        ),
        (
            secured(json!({ "windowsOptions": { "hostProcess": true } })),
            "windowsOptions.hostProcess",
            "a process of the node",
        ),
        (
            of_pod(json!({ "windowsOptions": { "hostProcess": true } })),
            "spec.securityContext.windowsOptions.hostProcess",
            "a process of the node",
        ),
        (
            of_pod(json!({ "windowsOptions": { "gmsaCredentialSpecName": "x" } })),
            "gmsaCredentialSpecName",
            "Windows domain",
        ),
        (
            of_pod(json!({ "windowsOptions": { "gmsaCredentialSpec": "{}" } })),
            "gmsaCredentialSpec",
            "Windows domain",
        ),
        (
            secured(json!({ "appArmorProfile": { "type": "Unconfined" } })),
            "appArmorProfile",
            "AppArmor",
        ),
        (
            of_pod(json!({ "appArmorProfile": { "type": "Unconfined" } })),
            "spec.securityContext.appArmorProfile",
            "AppArmor",
        ),
        (
            secured(json!({ "seccompProfile": { "type": "Unconfined" } })),
            "seccompProfile",
            "seccomp",
        ),
        (
            of_pod(json!({ "seccompProfile": { "type": "Unconfined" } })),
            "spec.securityContext.seccompProfile",
            "seccomp",
        ),
        (
            secured(json!({ "seLinuxOptions": { "type": "spc_t" } })),
            "seLinuxOptions",
            "SELinux",
        ),
        (
            of_pod(json!({ "seLinuxOptions": { "user": "u" } })),
            "spec.securityContext.seLinuxOptions",
            "SELinux",
        ),
        (
            secured(json!({ "seLinuxOptions": { "role": "r" } })),
            "seLinuxOptions",
            "SELinux",
        ),
        (
            of_pod(
                json!({ "sysctls": [{ "name": "net.ipv4.tcp_syncookies", "value": "1" }, { "name": "kernel.msgmax" }] }),
            ),
            "spec.securityContext.sysctls[1]",
            "kernel parameter kernel.msgmax",
        ),
        (
            of_pod(json!({ "sysctls": [
                { "name": "kernel.shm_rmid_forced", "value": "1+kernel.core_pattern=|/x" },
            ] })),
            "spec.securityContext.sysctls[0].value",
            "that is not made of numbers",
        ),
        (
            json!({ "hostUsers": true, "containers": [
                { "name": "c", "securityContext": { "procMount": "Unmasked" } },
            ] }),
            "securityContext.procMount",
            "/proc",
        ),
        (
            container(json!({ "livenessProbe": { "httpGet": { "host": "169.254.169.254" } } })),
            "livenessProbe",
            "169.254.169.254 called by the node",
        ),
        (
            container(json!({ "readinessProbe": { "tcpSocket": { "host": "10.0.0.1" } } })),
            "readinessProbe",
            "10.0.0.1",
        ),
        (
            container(json!({ "startupProbe": { "httpGet": { "host": "x" } } })),
            "startupProbe",
            "called by the node",
        ),
        (
            container(json!({ "lifecycle": { "postStart": { "httpGet": { "host": "x" } } } })),
            "lifecycle.postStart",
            "called by the node",
        ),
        (
            container(json!({ "lifecycle": { "preStop": { "httpGet": { "host": "x" } } } })),
            "lifecycle.preStop",
            "called by the node",
        ),
    ]
}

/// What a pod may say all the same.
fn harmless() -> Vec<Value> {
    vec![
        json!({ "hostNetwork": false, "hostPID": false, "hostIPC": null }),
        json!({ "containers": [{ "name": "c", "ports": [{ "containerPort": 80, "hostPort": 0 }] }] }),
        // As EMR's own pods are.
        json!({ "securityContext": { "fsGroup": 65534, "sysctls": [{ "name": "net.ipv4.ip_local_port_range", "value": "1 2" }] }, "containers": [{ "name": "c", "securityContext": {
            "privileged": false, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"], "add": ["NET_BIND_SERVICE", "SYS_CHROOT"] },
            "procMount": "Default", "seccompProfile": { "type": "RuntimeDefault" },
            "appArmorProfile": { "type": "Localhost", "localhostProfile": "x" },
            "seLinuxOptions": { "type": "container_t", "level": "s0:c1,c2" },
            "windowsOptions": { "hostProcess": false },
        }, "livenessProbe": { "httpGet": { "port": 80, "host": "" } }, "lifecycle": { "preStop": { "exec": {} } } }] }),
        json!({ "volumes": [{ "name": "v", "emptyDir": {} }, { "name": "w", "nfs": { "server": "s", "path": "/" } }] }),
        json!({ "runtimeClassName": "nvidia" }),
        json!({ "securityContext": { "sysctls": [
            { "name": "net.ipv4.ip_local_reserved_ports", "value": "8080,9148-9150" },
            { "name": "net.ipv4.tcp_rmem", "value": "4096\t87380 16777216" },
        ] } }),
        // As the baseline of Pod Security since 1.35.
        json!({ "hostUsers": false, "containers": [
            { "name": "c", "securityContext": { "procMount": "Unmasked" } },
        ] }),
    ]
}

#[test]
fn ways_to_the_node() {
    let alone = alone("");
    let requesters = [
        tenant(),
        driver(),
        emr(),
        service_account("argocd", "argocd-application-controller"),
    ];
    for (spec, path, words) in ways() {
        for user in &requesters {
            let review = pod(user.clone(), json!({ "metadata": {}, "spec": spec }));
            review.refused(&alone, RULE, "may not start Thing spark-a/p with ");
            review.refused(&alone, RULE, words);
            review.refused(&alone, RULE, path);
        }
        // What comes in by EMR's pod template comes by the job's own token.
        pod(driver(), executor(&spec)).refused(&alone, RULE, words);
        pod(controller("job-controller"), executor(&spec)).refused(&alone, RULE, words);
        for passes in [
            admin(),
            controller("daemon-set-controller"),
            controller("replicaset-controller"),
            node(),
        ] {
            pod(passes, json!({ "metadata": {}, "spec": spec })).passes(&alone);
        }
    }
    for spec in harmless() {
        for user in &requesters {
            pod(user.clone(), json!({ "metadata": {}, "spec": spec })).passes(&alone);
        }
        pod(driver(), executor(&spec)).passes(&alone);
    }
}

#[test]
fn templates_and_updates() {
    let alone = alone("");
    let template = |annotations: Value, spec: &Value| json!({ "metadata": { "annotations": annotations }, "spec": spec });
    for (resource, path) in [
        ("apps/deployments", "spec.template"),
        ("apps/daemonsets", "spec.template"),
        ("batch/jobs", "spec.template"),
        ("batch/cronjobs", "spec.jobTemplate.spec.template"),
        ("/podtemplates", "template"),
        ("apps/controllerrevisions", "data.spec.template"),
    ] {
        let object = |template: Value| {
            path.rsplit('.')
                .fold(template, |inner, key| json!({ key: inner }))
        };
        let (bad, good) = (json!({ "hostPID": true }), json!({}));
        let imaged = json!({ "hostPID": true, "containers": [{ "name": "c", "image": "evil" }] });
        let none = || json!({});
        Review::new(tenant(), "CREATE", resource, "w")
            .object(object(template(none(), &bad)))
            .refused(&alone, RULE, &format!("(at {path}.spec.hostPID)"));
        let update = |old: &Value, new: &Value| {
            Review::new(tenant(), "UPDATE", resource, "w")
                .old(object(template(none(), old)))
                .object(object(template(none(), new)))
        };
        update(&good, &bad).refused(&alone, RULE, "may not change the pods of");
        update(&bad, &bad).passes_rule(&alone, RULE);
        update(&bad, &good).passes_rule(&alone, RULE);
        // Other code in what an administrator let reach the node.
        update(&bad, &imaged).refused(&alone, RULE, "the node's processes");
    }
    let whole = |annotations: Value| json!({ "metadata": { "annotations": annotations }, "spec": { "hostPID": true } });
    Review::new(tenant(), "UPDATE", "/pods", "p")
        .old(whole(json!({})))
        .object(whole(json!({ "a": "b" })))
        .passes(&alone);
}

#[test]
fn annotations_that_ask_for_a_role() {
    let alone = alone("");
    for (key, value) in [
        ("iam.amazonaws.com/role", "admin"),
        ("iam.amazonaws.com/role", ""),
        ("iam.amazonaws.com/external-id", "x"),
        ("iam.amazonaws.com/session-name", "x"),
        (
            "container.apparmor.security.beta.kubernetes.io/c",
            "unconfined",
        ),
        ("seccomp.security.alpha.kubernetes.io/pod", "unconfined"),
        (
            "container.seccomp.security.alpha.kubernetes.io/c",
            "unconfined",
        ),
    ] {
        let meta = json!({ "annotations": { "other": "x", key: value } });
        let words = format!("(at metadata.annotations[\"{key}\"])");
        let object = json!({ "metadata": meta, "spec": {} });
        pod(tenant(), object.clone()).refused(&alone, RULE, &words);
        Review::new(tenant(), "CREATE", "apps/deployments", "w")
            .object(json!({ "spec": { "template": object } }))
            .refused(
                &alone,
                RULE,
                &format!("(at spec.template.metadata.annotations[\"{key}\"])"),
            );
        // By every way that writes a running pod's annotations.
        let old = json!({ "metadata": {}, "spec": {} });
        for resource in ["/pods", "/pods/status", "/pods/resize"] {
            let update = |user: Value, old: &Value| {
                Review::new(user, "UPDATE", resource, "p")
                    .old(old.clone())
                    .object(object.clone())
            };
            update(tenant(), &old).refused(&alone, RULE, &words);
            update(driver(), &old).refused(&alone, RULE, &words);
            update(tenant(), &object).passes(&alone);
            update(admin(), &old).passes(&alone);
        }
        for resource in ["/pods/binding", "/bindings"] {
            let bind = |user: Value| {
                Review::new(user, "CREATE", resource, "p")
                    .object(json!({ "metadata": meta, "target": {} }))
            };
            bind(tenant()).refused(&alone, RULE, &words);
            bind(user("system:kube-scheduler", &[])).passes_rule(&alone, RULE);
        }
        Review::new(node(), "UPDATE", "/pods/status", "p")
            .old(old)
            .object(object)
            .passes(&alone);
    }
    for (key, value) in [
        (
            "container.apparmor.security.beta.kubernetes.io/c",
            "runtime/default",
        ),
        (
            "container.apparmor.security.beta.kubernetes.io/c",
            "localhost/x",
        ),
        (
            "seccomp.security.alpha.kubernetes.io/pod",
            "runtime/default",
        ),
        ("iam.amazonaws.comx/role", "x"),
        ("eks.amazonaws.com/role-arn", "x"),
    ] {
        pod(
            tenant(),
            json!({ "metadata": { "annotations": { key: value } }, "spec": {} }),
        )
        .passes(&alone);
    }
    // Another value is another role.
    let role = |name: &str| json!({ "metadata": { "annotations": { "iam.amazonaws.com/role": name } }, "spec": {} });
    Review::new(tenant(), "UPDATE", "/pods", "p")
        .old(role("a"))
        .object(role("b"))
        .refused(&alone, RULE, "a role asked of kube2iam or kiam");
}

#[test]
fn folders_that_the_policy_lists() {
    let listed = alone(", hostPaths: [/local1, /mnt/fast]");
    let mounts = |path: &str| json!({ "volumes": [{ "name": "spark-local-dir-1", "hostPath": { "path": path, "type": "" } }] });
    for path in ["/local1", "/mnt/fast", "/mnt/fast/"] {
        pod(driver(), executor(&mounts(path))).passes(&listed);
        pod(driver(), executor(&mounts(path))).refused(&alone(""), RULE, "of the node");
    }
    // Below a folder that pods write to, a link could lead anywhere.
    for path in [
        "/local1/x",
        "/local1/../etc",
        "/local10",
        "/mnt",
        "/",
        "",
        "//local1",
        "/local1//",
    ] {
        pod(driver(), executor(&mounts(path))).refused(&listed, RULE, "of the node");
    }
}

#[test]
fn recorded_pods() {
    let alone = alone("");
    let without = [
        ("env-role-arn-set", "spark-kubernetes-driver"),
        ("env-role-arn-empty", "spark-kubernetes-driver"),
        ("env-role-arn-valuefrom", "spark-kubernetes-driver"),
        ("env-token-file-set", "spark-kubernetes-driver"),
        ("env-token-file-empty", "spark-kubernetes-driver"),
        // Its token file is nobody's volume.
        ("env-both-set", "spark-kubernetes-driver"),
        ("env-both-empty", "spark-kubernetes-driver"),
        ("env-duplicate-role-arn", "spark-kubernetes-driver"),
        ("env-all-but-mount", "spark-kubernetes-driver"),
        ("bare-env-all-three", "spark-kubernetes-driver"),
        ("volume-name-taken", "spark-kubernetes-driver"),
        ("skip-fluentd", "emr-container-fluentd"),
        ("skip-csv-space", "spark-kubernetes-driver"),
        ("skip-all", "spark-kubernetes-driver, emr-container-fluentd"),
        (
            "skip-label",
            "spark-kubernetes-driver, emr-container-fluentd",
        ),
        (
            "no-annotation-sa",
            "spark-kubernetes-driver, emr-container-fluentd",
        ),
        ("sa-arn-empty", "spark-kubernetes-driver"),
        ("podid-uri-empty", "spark-kubernetes-driver"),
        ("podid-skip", "spark-kubernetes-driver"),
        (
            "real-down-ours-after",
            "spark-kubernetes-driver, emr-container-fluentd",
        ),
        ("cache-deaf0", "spark-kubernetes-driver"),
        ("old-v050-review-v1", "spark-kubernetes-driver"),
        (
            "sidecar-back-ours-after-realNever-oursIfNeeded",
            "spark-kubernetes-driver, mesh-proxy",
        ),
        // A source of credentials beside EKS's, and a token that STS does not take.
        ("env-cc-full-uri-on-irsa", "spark-kubernetes-driver"),
        ("sa-aud-empty", "spark-kubernetes-driver"),
        // Blanked on purpose; the profile beside it is for `chain-profile` to know.
        (
            "mx-exclusive-after-realIfNeeded-oursIfNeeded",
            "spark-kubernetes-driver",
        ),
    ];
    let with = [
        "irsa-driver",
        "irsa-executor",
        "irsa-jobrunner-from-job",
        "init-and-native-sidecar",
        "volumes-absent",
        "irsa-jobrunner-generatename",
        "env-static-keys",
        "envfrom",
        "skip-bad-csv",
        "windows-nodeselector",
        "own-token-volume",
        "podid-sa-podid",
        "podid-sa-both",
        "podid-with-role-arn-env",
        "podid-windows",
        "bare-irsa-driver",
        "podid-association-between",
    ];
    let mut seen = 0;
    for line in RECORDED.lines() {
        let case: Value = serde_json::from_str(line).expect("a recorded case");
        let name = case["case"].as_str().expect("a name");
        let containers = without.iter().find(|(case, _)| *case == name);
        if containers.is_none() && !with.contains(&name) {
            // Other orders and versions of the same; what rolegate gives a pod
            // itself is for `recorded_pods.rs`.
            continue;
        }
        seen += 1;
        let mut object = case["podStored"].clone();
        // Some ran under a service account that stands for no role.
        let old = object["spec"]["serviceAccountName"]
            .as_str()
            .unwrap_or_default();
        if !old.starts_with("emr-containers-sa-spark-") || !old.contains("-111122223333-") {
            let account = crate::support::chain::account("driver");
            object["spec"]["serviceAccountName"] = json!(account);
            object["spec"]["serviceAccount"] = json!(account);
        }
        let review = pod(driver(), object.clone());
        match containers {
            Some((_, containers)) => review.refused(
                &alone,
                RULE,
                &format!(" in {containers} (at spec.containers["),
            ),
            None => review.passes_rule(&alone, RULE),
        }
        // Whoever does not want it says so in the policy.
        pod(driver(), object).passes_rule(&self::alone(", requireIdentity: false"), RULE);
    }
    assert_eq!(
        seen,
        without.len() + with.len(),
        "each case is recorded once"
    );
}

#[test]
fn whose_pods_need_credentials() {
    let alone = alone("");
    let bare = |account: &str| json!({ "metadata": {}, "spec": { "serviceAccountName": account, "containers": [{ "name": "c" }] } });
    for component in [
        "spark-client",
        "spark-driver",
        "spark-executor",
        "spark-jeg",
        "spark-jeg-kernel",
        "flink-jobmanager",
        "flink-taskmanager",
        "x-y",
    ] {
        let account = account(component);
        for user in [
            tenant(),
            driver(),
            emr(),
            controller("job-controller"),
            controller("replicaset-controller"),
        ] {
            pod(user.clone(), bare(&account)).refused(&alone, RULE, "without the credentials of IAM role 111122223333/team-a-etl in c (at spec.containers[0].env)");
            pod(user, injected(bare(&account))).passes(&alone);
        }
        pod(admin(), bare(&account)).passes(&alone);
        // The alias says it, too; a template has not met the webhook yet.
        pod(
            tenant(),
            json!({ "spec": { "serviceAccount": account, "containers": [{ "name": "c" }] } }),
        )
        .refused(&alone, RULE, "without the credentials");
        Review::new(emr(), "CREATE", "batch/jobs", JOB)
            .object(json!({ "spec": { "template": bare(&account) } }))
            .passes(&alone);
        Review::new(tenant(), "UPDATE", "/pods", "p")
            .old(bare(&account))
            .object(bare(&account))
            .passes(&alone);
    }
    for account in [
        "default",
        "emr-containers-sa-spark-operator",
        "history-server",
    ] {
        pod(tenant(), bare(account)).passes(&alone);
    }
    let fixed = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities: { operators: [{ serviceAccount: o/o, roles: [\"arn:aws:iam::111122223333:role/r\"], jobServiceAccounts: [{ name: livy-runner, role: \"arn:aws:iam::111122223333:role/r\" }] }] }",
    );
    let by_operator = |object: Value| pod(service_account("o", "o"), object);
    by_operator(bare("livy-runner")).refused(&fixed, RULE, "IAM role 111122223333/r");
    let with_role = |role: &str| {
        let text = injected(bare("livy-runner")).to_string();
        let text = text.replace("111122223333:role/team-a-etl", role);
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    by_operator(with_role("111122223333:role/r")).passes(&fixed);
    by_operator(with_role("111122223333:role/path/r")).passes(&fixed);
    // The annotation of the account names another role than the policy.
    for role in ["111122223333:role/team-a-etl", "444455556666:role/r"] {
        by_operator(with_role(role)).refused(
            &fixed,
            "execution-role",
            "and the pod's service account becomes 111122223333/r",
        );
    }
}

#[test]
fn every_container_and_no_words_of_the_writer() {
    let alone = alone("");
    let mut object = injected(json!({ "metadata": {}, "spec": {
        "serviceAccountName": account("spark-driver"),
        "initContainers": [{ "name": "i" }],
        "containers": [{ "name": "c" }, { "name": "d" }],
    } }));
    pod(driver(), object.clone()).passes(&alone);
    let mut skipped = object.clone();
    skipped["metadata"] = json!({
        "annotations": {
            "eks.amazonaws.com/skip-containers": "i,c,d",
            "rolegate.dev/aws-config": "[default]\nrole_arn = arn:aws:iam::111122223333:role/x\n",
        },
        "labels": { "eks.amazonaws.com/skip-pod-identity-webhook": "true" },
    });
    for (list, index, variable) in [
        ("initContainers", 0, "AWS_ROLE_ARN"),
        ("containers", 1, "AWS_WEB_IDENTITY_TOKEN_FILE"),
    ] {
        for metadata in [json!({}), skipped["metadata"].clone()] {
            for value in [
                json!({ "name": variable }),
                json!({ "name": variable, "value": "" }),
                json!({ "name": "OTHER" }),
                json!({ "name": variable, "valueFrom": { "configMapKeyRef": { "name": "m" } } }),
            ] {
                let mut object = object.clone();
                object["metadata"] = metadata.clone();
                let env = object["spec"][list][index]["env"].as_array_mut().unwrap();
                let at = env.iter().position(|old| old["name"] == variable).unwrap();
                env[at] = value;
                pod(driver(), object).refused(
                    &alone,
                    RULE,
                    &format!("(at spec.{list}[{index}].env)"),
                );
            }
        }
    }
    // The later of two wins.
    let env = object["spec"]["containers"][0]["env"]
        .as_array_mut()
        .unwrap();
    env.push(json!({ "name": "AWS_ROLE_ARN", "value": "" }));
    pod(driver(), object).refused(&alone, RULE, " in c (at");
    let many: Vec<Value> = (0..9).map(|n| json!({ "name": format!("c{n}") })).collect();
    pod(
        driver(),
        json!({ "spec": { "serviceAccountName": account("spark-driver"), "containers": many } }),
    )
    .refused(&alone, RULE, " in c0, c1, c2, c3 and 5 more");
}

#[test]
fn one_cause_gives_one_finding() {
    let rules = |line: &str| {
        policy(&format!(
            "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: {{ {line} }}"
        ))
    };
    let bare = json!({ "metadata": {}, "spec": {
        "serviceAccountName": account("spark-driver"), "containers": [{ "name": "c" }],
    } });
    let found = |user: Value, policy: &Policy| -> Vec<String> {
        let findings = pod(user, bare.clone()).findings(policy);
        let rules = findings.iter().filter_map(|found| found.split(':').next());
        rules.map(str::to_owned).collect()
    };
    let foreign = "foreign-service-account";
    for (user, line, expected) in [
        // The account is not theirs: EKS's credentials are not the question.
        (tenant(), "", &[foreign][..]),
        // What is denied is said, and only a denial as strict replaces it.
        (
            tenant(),
            "foreign-service-account: { mode: warn }",
            &[foreign, RULE],
        ),
        (tenant(), "foreign-service-account: { mode: off }", &[RULE]),
        (tenant(), "credential-provider: { mode: warn }", &[foreign]),
        (emr(), "", &[RULE]),
    ] {
        assert_eq!(found(user, &rules(line)), expected, "{line}");
    }
}

/// What gives a job's pod the credentials of another identity: refused in every
/// component, in templates as well, whether or not the policy lists roles.
#[test]
fn credentials_of_another_identity() {
    let folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
    let whole = |component: &str| {
        injected(json!({ "metadata": {}, "spec": {
            "serviceAccountName": account(component), "containers": [{ "name": "c" }],
        } }))
    };
    let set = |mut object: Value, name: &str, value: Value| {
        let env = object["spec"]["containers"][0]["env"].as_array_mut();
        let mut variable = json!({ "name": name });
        variable["value"] = value;
        env.expect("some").push(variable);
        object
    };
    let role = "arn:aws:iam::111122223333:role/";
    let foreign = [
        ("AWS_ROLE_ARN", format!("{role}team-b-etl")),
        (
            "AWS_ROLE_ARN",
            "arn:aws:iam::444455556666:role/team-a-etl".to_owned(),
        ),
        (
            "AWS_ROLE_ARN",
            format!("{role}team-a-etl\n[profile evil]\ncredential_process = id"),
        ),
        ("AWS_ROLE_ARN", "team-a-etl".to_owned()),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://127.0.0.1:8080/x".to_owned(),
        ),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://169.254.170.23/v1/credentials/../x".to_owned(),
        ),
        (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "/v2/credentials/x".to_owned(),
        ),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "x".to_owned()),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "/tmp/token".to_owned(),
        ),
    ];
    let unlisted = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: { foreign-service-account: { mode: off } }",
    );
    let listed = policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: {{ foreign-service-account: {{ mode: off }} }}\n\
         virtualClusters: [{{ namespaces: [spark-a], executionRoles: [\"{role}*\"] }}]"
    ));
    for component in [
        "spark-client",
        "spark-driver",
        "spark-executor",
        "spark-jeg",
        "spark-jeg-kernel",
        "flink-jobmanager",
    ] {
        let whole = whole(component);
        pod(driver(), whole.clone()).passes(&alone(""));
        for (name, value) in &foreign {
            let object = set(whole.clone(), name, json!(value));
            // The rule about roles judges the role.
            let judge = if *name == "AWS_ROLE_ARN" {
                "execution-role"
            } else {
                RULE
            };
            for policy in [&unlisted, &listed] {
                for user in [tenant(), driver(), emr(), controller("job-controller")] {
                    pod(user, object.clone()).refused(policy, judge, name);
                }
                let found = pod(driver(), object.clone()).findings(policy);
                assert_eq!(found.len(), 1, "{found:#?}");
            }
            pod(admin(), object.clone()).passes(&unlisted);
            pod(driver(), object.clone()).passes(&alone(", requireIdentity: false"));
            let template = json!({ "spec": { "template": object } });
            for resource in ["batch/jobs", "apps/deployments", "apps/statefulsets"] {
                let create = Review::new(emr(), "CREATE", resource, "w").object(template.clone());
                create.refused(&unlisted, judge, name);
                let old = json!({ "spec": { "template": whole } });
                let update = Review::new(emr(), "UPDATE", resource, "w").old(old);
                update
                    .object(template.clone())
                    .refused(&unlisted, judge, name);
                // Scaling changes no template.
                let mut scaled = template.clone();
                scaled["spec"]["replicas"] = json!(3);
                let update = Review::new(emr(), "UPDATE", resource, "w").old(template.clone());
                update.object(scaled).passes(&unlisted);
            }
        }
        // Absent and empty are alike, and the last of two counts.
        for (name, _) in &foreign[3..] {
            pod(driver(), set(whole.clone(), name, json!("")))
                .passes_rule(&alone(", requireIdentity: false"), RULE);
        }
        let twice = set(
            set(whole.clone(), "AWS_ROLE_ARN", json!("x")),
            "AWS_ROLE_ARN",
            json!(format!("{role}team-a-etl")),
        );
        pod(driver(), twice).passes(&alone(""));
    }
    // Other accounts may do as they like.
    let mut ordinary = set(whole("spark-driver"), "AWS_ROLE_ARN", json!("x"));
    ordinary["spec"]["serviceAccountName"] = json!("default");
    pod(tenant(), ordinary).passes_rule(&alone(""), RULE);
    // What the policy chains the role to, as AWS's guide sets it.
    let chained = policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters: [{{ namespaces: [spark-a], \
         chains: [{{ from: \"{role}team-a-etl\", to: [\"{role}client\"] }}] }}]"
    ));
    let object = |role: &str| {
        let text = whole("spark-executor")
            .to_string()
            .replace("role/team-a-etl", role);
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    pod(driver(), object("role/client")).passes_rule(&chained, RULE);
    pod(driver(), object("role/other")).refused(&chained, "execution-role", "AWS_ROLE_ARN");
    // The token: its audience, its name, and where it really is.
    let with = |audience: &str, path: &str, mount: &str, more: Value| {
        let mut object = whole("spark-driver");
        let source = &mut object["spec"]["volumes"][0]["projected"]["sources"];
        source[0]["serviceAccountToken"] = json!({ "audience": audience, "path": path });
        if !more.is_null() {
            source.as_array_mut().expect("a list").push(more);
        }
        object["spec"]["containers"][0]["volumeMounts"][0]["mountPath"] = json!(mount);
        object
    };
    let place = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
    for (audience, path, mount, more, right) in [
        ("sts.amazonaws.com", "token", place, json!(null), true),
        (
            "sts.amazonaws.com",
            "token",
            "/run/secrets/eks.amazonaws.com/serviceaccount/",
            json!(null),
            true,
        ),
        (
            "sts.amazonaws.com",
            "eks.amazonaws.com/serviceaccount/token",
            "/var/run/secrets",
            json!(null),
            true,
        ),
        (
            "sts.amazonaws.com",
            "token",
            place,
            json!({ "downwardAPI": { "items": [] } }),
            true,
        ),
        ("vault", "token", place, json!(null), false),
        ("", "token", place, json!(null), false),
        ("pods.eks.amazonaws.com", "token", place, json!(null), false),
        ("sts.amazonaws.com", "other", place, json!(null), false),
        (
            "sts.amazonaws.com",
            "token",
            "/var/run/secrets",
            json!(null),
            false,
        ),
        // A key of the Secret may be called like the token.
        (
            "sts.amazonaws.com",
            "token",
            place,
            json!({ "secret": { "name": "s" } }),
            false,
        ),
    ] {
        let review = pod(driver(), with(audience, path, mount, more));
        if right {
            review.passes(&alone(""));
        } else {
            review.refused(&alone(""), RULE, "without the credentials");
        }
    }
    // Something else mounted over it, by another way to write the path.
    for over in [
        format!("{place}/token"),
        "/run/secrets/eks.amazonaws.com/serviceaccount".to_owned(),
        "/var/run/../run/secrets/eks.amazonaws.com/serviceaccount/token".to_owned(),
    ] {
        let mut object = whole("spark-driver");
        let mounts = object["spec"]["containers"][0]["volumeMounts"].as_array_mut();
        mounts
            .expect("some")
            .push(json!({ "name": "mine", "mountPath": over }));
        pod(driver(), object).refused(&alone(""), RULE, "without the credentials");
    }
    // EKS Pod Identity, by both addresses.
    for (uri, file, audience, right) in [
        (
            "http://169.254.170.23/v1/credentials",
            format!("{folder}/eks-pod-identity-token"),
            "pods.eks.amazonaws.com",
            true,
        ),
        (
            "http://[fd00:ec2::23]/v1/credentials",
            format!("{folder}/eks-pod-identity-token"),
            "pods.eks.amazonaws.com",
            true,
        ),
        (
            "http://169.254.170.23/v1/credentials",
            format!("{folder}/eks-pod-identity-token"),
            "vault",
            false,
        ),
        (
            "http://169.254.170.23/v1/credentials",
            "/tmp/t".to_owned(),
            "pods.eks.amazonaws.com",
            false,
        ),
    ] {
        let object = json!({ "spec": {
            "serviceAccountName": account("spark-driver"),
            "containers": [{ "name": "c", "env": [
                { "name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": uri },
                { "name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": file },
            ], "volumeMounts": [{ "name": "t", "mountPath": folder }] }],
            "volumes": [{ "name": "t", "projected": { "sources": [{ "serviceAccountToken": {
                "audience": audience, "path": "eks-pod-identity-token",
            } }] } }],
        } });
        if right {
            pod(driver(), object).passes(&alone(""));
        } else {
            pod(driver(), object).refused(&alone(""), RULE, "may not start");
        }
    }
}
