//! Promise 5 over generated pods: the mutation is idempotent, keeps everything
//! it did not add, and applies to any pod. And what it writes is what the rule
//! `chain-profile` wants to see, nothing else.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::write::Write;
use serde_json::{Value, json};

use crate::config_text::parsed;
use crate::support::chain::{
    CHAIN_MODE, CHAIN_TO, CONFIG, CONFIG_FILE, ROLE_1, ROLE_2, ROLE_3, TOKEN, account, apply,
    by_default, create, driver, policy, runner, text,
};
use crate::support::{controller, tenant, user};

fn names() -> impl Strategy<Value = &'static str> {
    select(vec![
        "AWS_ROLE_ARN",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_CONFIG_FILE",
        "AWS_PROFILE",
        "AWS_SDK_LOAD_CONFIG",
        "ASSUME_ROLE_CREDENTIALS_ROLE_ARN",
        "JAVA_TOOL_OPTIONS",
        "CLIENT_ROLE_ARN",
        "WEB_IDENTITY_ROLE_ARN",
        "ROLE_1_ARN",
        "ROLE_2_ARN",
        "HOME",
        "JDK_JAVA_OPTIONS",
        "OTHER",
    ])
}

fn texts() -> impl Strategy<Value = String> {
    let known = [
        ROLE_1,
        ROLE_1,
        ROLE_2,
        ROLE_3,
        TOKEN,
        TOKEN,
        CONFIG_FILE,
        "",
        "eu-west-1",
        "lake",
        "-Xmx1g -Daws.webIdentityTokenFile=",
        "http://169.254.170.23/v1/credentials",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
        "arn:aws:iam::111122223333:role/job-execution-role-1\n[profile evil]\ncredential_process = id",
        "/a\ncredential_process = id",
        "$(OTHER)",
        "java-v2",
        "exclusive",
    ]
    .map(str::to_owned);
    prop_oneof![8 => select(known.to_vec()), 1 => any::<String>()]
}

fn variables() -> impl Strategy<Value = Value> {
    (names(), option::weighted(0.9, texts()), prop::bool::weighted(0.05)).prop_map(
        |(name, value, elsewhere)| match (value, elsewhere) {
            (_, true) => json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }),
            (Some(value), false) => json!({ "name": name, "value": value }),
            (None, false) => json!({ "name": name }),
        },
    )
}

fn mounts() -> impl Strategy<Value = Value> {
    let paths = [
        "/home/hadoop",
        "/var/run/secrets/eks.amazonaws.com/serviceaccount",
        CONFIG_FILE,
        "/var/run/secrets/rolegate.dev/token",
        "/run/secrets/rolegate.dev",
        "/var/run/secrets",
    ];
    let volumes = [
        "home-dir",
        "aws-iam-token",
        "rolegate-aws-config",
        "rolegate-token",
    ];
    (
        select(paths.to_vec()),
        select(volumes.to_vec()),
        option::of(select(vec!["config", "x"])),
        any::<Option<bool>>(),
    )
        .prop_map(|(path, name, sub_path, read_only)| {
            let mut mount = json!({ "name": name, "mountPath": path });
            if let Some(sub_path) = sub_path {
                mount["subPath"] = sub_path.into();
            }
            if let Some(read_only) = read_only {
                mount["readOnly"] = read_only.into();
            }
            mount
        })
}

fn volumes() -> impl Strategy<Value = Value> {
    let sources = [
        json!({ "emptyDir": {} }),
        json!({ "projected": { "sources": [{ "serviceAccountToken": { "audience": "sts.amazonaws.com", "path": "token" } }] } }),
        json!({ "downwardAPI": { "defaultMode": 420, "items": [{ "path": "config", "fieldRef": { "fieldPath": "metadata.annotations['rolegate.dev/aws-config']" } }] } }),
        json!({ "downwardAPI": null, "configMap": { "name": "c" } }),
    ];
    (
        select(vec![
            "home-dir",
            "aws-iam-token",
            "rolegate-aws-config",
            "rolegate-token",
        ]),
        select(sources.to_vec()),
    )
        .prop_map(|(name, mut source)| {
            source["name"] = name.into();
            source
        })
}

/// A list, or nothing, or `null`.
fn lists(items: impl Strategy<Value = Value>, most: usize) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        8 => vec(items, 1..most).prop_map(|items| Some(items.into())),
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(json!([]))),
    ]
}

/// As the API server demands: names and mount paths are there once.
fn unique(list: &mut Option<Value>, key: &str) {
    let mut seen = Vec::new();
    if let Some(Value::Array(items)) = list {
        items.retain(|item| {
            let fresh = !seen.contains(&item[key]);
            seen.push(item[key].clone());
            fresh
        });
    }
}

fn containers() -> impl Strategy<Value = Value> {
    let container = (
        select(vec![
            "spark-kubernetes-driver",
            "spark-kubernetes-executor",
            "emr-container-fluentd",
            "job-runner",
        ]),
        lists(variables(), 12),
        lists(mounts(), 5),
        // What EKS writes, so that most pods get something.
        prop::bool::weighted(0.7),
    );
    vec(container, 1..4).prop_map(|containers| {
        let all = containers.into_iter().map(|(name, mut env, mut mounts, injected)| {
            if injected {
                let given = json!([{ "name": "AWS_ROLE_ARN", "value": ROLE_1 }, { "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": TOKEN }]);
                match &mut env {
                    Some(Value::Array(env)) => env.extend(given.as_array().expect("two").clone()),
                    env => *env = Some(given),
                }
            }
            unique(&mut mounts, "mountPath");
            let mut container = json!({ "name": name, "image": "i" });
            for (key, list) in [("env", env), ("volumeMounts", mounts)] {
                if let Some(list) = list {
                    container[key] = list;
                }
            }
            container
        });
        let mut all = Some(all.collect::<Value>());
        unique(&mut all, "name");
        all.expect("containers")
    })
}

fn pods() -> impl Strategy<Value = Value> {
    let keys = select(vec![CONFIG, CHAIN_TO, CHAIN_MODE, "other"]);
    let annotations = prop_oneof![
        3 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => Just(Some(json!({}))),
        3 => prop::collection::btree_map(keys, texts(), 1..3).prop_map(|map| Some(json!(map))),
    ];
    let component = select(vec!["driver", "executor", "driver", "client", "session"]);
    (annotations, component, containers(), lists(volumes(), 5)).prop_map(
        |(annotations, component, containers, mut volumes)| {
            unique(&mut volumes, "name");
            let mut pod = json!({
                "metadata": { "name": "pi-driver" },
                "spec": { "serviceAccountName": account(component), "containers": containers },
            });
            if let Some(annotations) = annotations {
                pod["metadata"]["annotations"] = annotations;
            }
            if let Some(volumes) = volumes {
                pod["spec"]["volumes"] = volumes;
            }
            pod
        },
    )
}

fn policies() -> impl Strategy<Value = (Policy, bool)> {
    let more = vec![
        "",
        "mode: java-v2",
        "mode: exclusive",
        "mode: pod-identity",
        "token: own",
        "token: own, mode: exclusive",
    ];
    (select(more), any::<bool>(), any::<bool>()).prop_map(|(more, default, required)| {
        let keys = format!(
            "required: {required}, profiles: [{{ name: lake, role: \"{ROLE_3}\" }}], {more}"
        );
        (
            if default {
                by_default(&keys)
            } else {
                policy(&keys)
            },
            required,
        )
    })
}

fn requesters() -> impl Strategy<Value = Value> {
    select(vec![
        runner(),
        driver(),
        tenant(),
        user("emr-containers", &[]),
        controller("job-controller"),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_pod(before in pods(), (policy, required) in policies(), user in requesters()) {
        let (patch, _) = create(user.clone(), &before).mutation(&policy);
        let after = apply(&before, &patch);
        // Applied by our own hand it is the same.
        let body = create(user.clone(), &before).0.to_string();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let subject = Write::new(&review.request, &policy).expect("a subject");
        let mut own = before.clone();
        subject.mutation().expect("a mutation").patch.apply(&mut own).expect("it applies");
        prop_assert_eq!(&own, &after);
        // Once is enough.
        let (again, _) = create(user.clone(), &after).mutation(&policy);
        prop_assert_eq!(again, Value::Null, "{}", after);
        // Nothing that was there is gone or has moved, but for values that a mode changes.
        let names = |pod: &Value, at: &str, key: &str| -> Vec<Value> {
            let list = pod.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
            list.iter().map(|item| item[key].clone()).collect()
        };
        for (index, _) in before["spec"]["containers"].as_array().expect("containers").iter().enumerate() {
            for (list, key) in [("env", "name"), ("volumeMounts", "mountPath")] {
                let at = format!("/spec/containers/{index}/{list}");
                let (old, new) = (names(&before, &at, key), names(&after, &at, key));
                prop_assert_eq!(&new[..old.len()], &old[..]);
            }
        }
        let (old, new) = (names(&before, "/spec/volumes", "name"), names(&after, "/spec/volumes", "name"));
        prop_assert_eq!(&new[..old.len()], &old[..]);
        // What is written is a profile and nothing but one.
        if patch != Value::Null {
            for name in parsed(text(&after)).keys() {
                prop_assert!(["default", "lake", "rolegate-source"].contains(&name.as_str()), "{}", text(&after));
            }
            prop_assert!(!text(&after).contains("credential_process"));
        }
        // The rule wants what was written, and nothing less where it is required.
        let found = |pod: &Value| {
            let findings = create(user.clone(), pod).findings(&policy);
            findings.iter().any(|finding| finding.starts_with("chain-profile"))
        };
        let given = text(&after).starts_with("# Written by rolegate.\n");
        if required && !given && !after["spec"]["serviceAccountName"].as_str().is_some_and(|name| name.contains("-client-")) {
            prop_assert!(found(&after), "{}", after);
        }
        if patch != Value::Null && required {
            prop_assert!(found(&before), "{}", before);
        }
    }
}

/// What EKS's webhook does, as its recordings show: it adds what is not there, and
/// where one of the variables of an identity is, none of them.
fn eks(pod: &Value, by_agent: bool) -> Value {
    let (volume, mount, identity) = if by_agent {
        (
            json!({ "name": "eks-pod-identity-token", "projected": { "sources": [{ "serviceAccountToken": {
                "audience": "pods.eks.amazonaws.com", "expirationSeconds": 86400, "path": "eks-pod-identity-token",
            } }] } }),
            "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
            [
                (
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                    "http://169.254.170.23/v1/credentials",
                ),
                (
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                    "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
                ),
            ],
        )
    } else {
        (
            json!({ "name": "aws-iam-token", "projected": { "sources": [{ "serviceAccountToken": {
                "audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token",
            } }] } }),
            "/var/run/secrets/eks.amazonaws.com/serviceaccount",
            [
                ("AWS_ROLE_ARN", ROLE_1),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN),
            ],
        )
    };
    let mut pod = pod.clone();
    let list = |holder: &mut Value, key: &str| -> Vec<Value> {
        holder[key].as_array().cloned().unwrap_or_default()
    };
    let has = |items: &[Value], name: &Value| items.iter().any(|item| item["name"] == *name);
    let mut volumes = list(&mut pod["spec"], "volumes");
    if !has(&volumes, &volume["name"]) {
        volumes.insert(0, volume.clone());
    }
    pod["spec"]["volumes"] = volumes.into();
    for container in pod["spec"]["containers"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        let mut env = list(container, "env");
        if !["AWS_REGION", "AWS_DEFAULT_REGION"]
            .iter()
            .any(|name| has(&env, &json!(name)))
        {
            env.extend(
                ["AWS_DEFAULT_REGION", "AWS_REGION"]
                    .map(|name| json!({ "name": name, "value": "us-west-2" })),
            );
        }
        if !identity.iter().any(|(name, _)| has(&env, &json!(name))) {
            env.extend(identity.map(|(name, value)| json!({ "name": name, "value": value })));
        }
        container["env"] = env.into();
        let mut mounts = list(container, "volumeMounts");
        let taken = mounts.iter().any(|one| one["mountPath"] == mount);
        if !has(&mounts, &volume["name"]) && !taken {
            mounts.push(json!({ "name": volume["name"], "readOnly": true, "mountPath": mount }));
        }
        container["volumeMounts"] = mounts.into();
    }
    pod
}

/// A pod without the order of its lists, and without empty ones.
fn unordered(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let sort = |items: &mut Value| match items.as_array_mut() {
        Some(items) => items.sort_by_key(ToString::to_string),
        None => *items = json!([]),
    };
    sort(&mut pod["spec"]["volumes"]);
    for container in pod["spec"]["containers"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        sort(&mut container["env"]);
        sort(&mut container["volumeMounts"]);
    }
    if pod["metadata"]["annotations"].is_null() {
        pod["metadata"]["annotations"] = json!({});
    }
    pod
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// However often and in whatever order the two webhooks are called: once
    /// rolegate's was called after EKS's, the pod is the same.
    #[test]
    fn any_order(
        before in pods(),
        (policy, _) in policies(),
        calls in vec(any::<bool>(), 0..4),
        by_agent in any::<bool>(),
    ) {
        let ours = |pod: &Value| apply(pod, &create(runner(), pod).mutation(&policy).0);
        let theirs = |pod: &Value| eks(pod, by_agent);
        let expected = unordered(&ours(&theirs(&before)));
        let mut pod = before;
        for is_ours in calls.iter().copied().chain([false, true]) {
            pod = if is_ours { ours(&pod) } else { theirs(&pod) };
        }
        let found = unordered(&pod);
        prop_assert!(found == expected, "{calls:?} {by_agent}:\nDIFF {found}\nDIFF {expected}");
        let mut again = pod.clone();
        for is_ours in calls {
            again = if is_ours { ours(&again) } else { theirs(&again) };
        }
        prop_assert_eq!(again, pod);
    }
}
