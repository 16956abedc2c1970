//! The pods that EKS's real webhook was recorded with, through `/mutate`:
//! before its patch, after it, and in every order of the two webhooks.

use std::collections::HashSet;

use crate::support::chain::{
    CONFIG, ROLE_1, ROLE_2, apply, chained, create, list, runner, text, value,
};
use crate::support::policy;
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../../../tests/recorded/eks-pod-identity-webhook.jsonl");

/// Names of service accounts that the recordings made up; a policy explains them.
const FIXED: [&str; 20] = [
    "sa-podid",
    "sa-both",
    "sa-sts-true",
    "sa-sts-false",
    "sa-sts-bad",
    "sa-exp-3600",
    "sa-exp-60",
    "sa-exp-bad",
    "sa-exp-100000",
    "sa-aud",
    "sa-aud-empty",
    "sa-arn-bad",
    "sa-arn-empty",
    "sa-arn-space",
    "sa-arn-newline",
    "sa-arn-path",
    "sa-arn-gov",
    "sa-podid-sts",
    "sa-podid-exp",
    "sa-cc-switch",
];

fn cases() -> Vec<Value> {
    RECORDED
        .lines()
        .map(|line| serde_json::from_str(line).expect("a recorded case"))
        .collect()
}

/// Chains role 1 in the recordings' namespace.
fn chaining(more: &str) -> Policy {
    let accounts: Vec<_> = FIXED
        .iter()
        .map(|name| format!("{{ name: {name}, role: \"{ROLE_1}\" }}"))
        .collect();
    policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities:\n  operators:\n    \
         - {{ serviceAccount: livy/livy, roles: [\"{ROLE_1}\"], jobServiceAccounts: [{}] }}\n\
         virtualClusters:\n  - namespaces: [spark-a]\n    \
         chains: [{{ from: \"{ROLE_1}\", to: [\"{ROLE_2}\"], default: \"{ROLE_2}\", {more} }}]\n",
        accounts.join(", ")
    ))
}

fn policies() -> Vec<Policy> {
    [
        "",
        "mode: java-v2",
        "mode: exclusive",
        "mode: pod-identity",
        "token: own",
        "token: own, mode: exclusive",
    ]
    .map(chaining)
    .into()
}

/// Every pod that is in a recording, before and after EKS's webhook.
fn pods() -> Vec<(String, Value)> {
    let mut pods = Vec::new();
    for case in cases() {
        let name = case["case"].as_str().expect("a name");
        for stage in ["podSubmitted", "podStored"] {
            // Some stored pods hold what a stand-in for rolegate wrote, which
            // is a configuration file that is not ours.
            if case[stage]["spec"]["containers"].is_array() {
                pods.push((format!("{name} {stage}"), case[stage].clone()));
            }
        }
    }
    pods
}

#[test]
fn twice_is_once_and_nothing_is_lost() {
    let mut given = HashSet::new();
    for (name, pod) in pods() {
        for policy in policies() {
            let after = chained(&runner(), &pod, &policy);
            keeps(&name, &pod, &after);
            if after != pod {
                given.insert(name.clone());
                assert_eq!(text(&after).matches("[default]").count(), 1, "{name}");
            }
        }
    }
    assert!(
        given.len() > 150,
        "only {} of the pods are chained",
        given.len()
    );
}

/// All that was there is there, in its order, but for what a mode changes.
fn keeps(name: &str, before: &Value, after: &Value) {
    const CHANGED: [&str; 2] = ["JAVA_TOOL_OPTIONS", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let mut left = after.clone();
    let ours = |item: &Value| {
        item["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("rolegate-"))
    };
    let was = |list: &Value, item: &Value| list.as_array().is_some_and(|list| list.contains(item));
    let prune = |holder: &mut Value, key: &str, old: &Value, ours: &dyn Fn(&Value) -> bool| {
        if let Some(items) = holder.get_mut(key).and_then(Value::as_array_mut) {
            items.retain(|item| !ours(item) || was(old, item));
        }
    };
    prune(
        &mut left["spec"],
        "volumes",
        &before["spec"]["volumes"],
        &ours,
    );
    let containers = before["spec"]["containers"].as_array().expect("containers");
    for (old, new) in containers.iter().zip(list(&mut left["spec"]["containers"])) {
        prune(new, "volumeMounts", &old["volumeMounts"], &ours);
        let known = |item: &Value| {
            old["env"]
                .as_array()
                .is_some_and(|env| env.iter().any(|old| old["name"] == item["name"]))
        };
        prune(new, "env", &old["env"], &|item| !known(item));
        for variable in new
            .get_mut("env")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if CHANGED.iter().any(|name| variable["name"] == *name) {
                let env = old["env"].as_array().expect("env");
                let was = env.iter().rev().find(|old| old["name"] == variable["name"]);
                *variable = was.expect("there before").clone();
            }
        }
    }
    let plain = |value: &Value| {
        // What had to be made is as good as nothing.
        let mut value = value.clone();
        let spec = value["spec"].as_object_mut().expect("a spec");
        spec.retain(|_, field| *field != json!([]));
        for container in list(&mut value["spec"]["containers"]) {
            let container = container.as_object_mut().expect("a container");
            container.retain(|_, field| *field != json!([]));
        }
        if let Some(annotations) = value
            .pointer_mut("/metadata/annotations")
            .and_then(Value::as_object_mut)
        {
            annotations.remove(CONFIG);
        }
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.retain(|key, field| key != "annotations" || *field != json!({}));
        }
        value
    };
    let (left, before) = (plain(&left), plain(before));
    assert!(left == before, "{name}:\n{left}\nwas\n{before}");
}

/// EKS's webhook for one recorded case: what its recorded patch added, added
/// to whatever the pod is by now. `None` where it left no whole arrays.
struct Eks {
    volume: Option<Value>,
    label: bool,
    containers: Vec<(Value, Vec<Value>, Vec<Value>)>,
}

impl Eks {
    fn of(case: &Value) -> Option<(Self, Value)> {
        let patch = case["patch"].as_array()?;
        let find = |path: &str| patch.iter().find(|one| one["path"] == path);
        let whole = find("/spec/containers")?["value"].as_array()?.clone();
        let submitted = case["podSubmitted"].clone();
        let mut seen = submitted.clone();
        let mut containers = Vec::new();
        let first = list(&mut seen["spec"]["containers"]);
        if first.len() != whole.len() {
            return None;
        }
        for (old, new) in first.iter_mut().zip(&whole) {
            let count = old["env"].as_array().map_or(0, Vec::len);
            let env = new["env"].as_array().map_or(&[][..], |env| &env[..]);
            let token = |mount: &&Value| {
                ["aws-iam-token", "eks-pod-identity-token"]
                    .iter()
                    .any(|name| mount["name"] == *name)
                    && !old["volumeMounts"]
                        .as_array()
                        .is_some_and(|old| old.contains(mount))
            };
            let mounts: Vec<Value> = new["volumeMounts"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(token)
                .cloned()
                .collect();
            containers.push((
                new["name"].clone(),
                env.get(count..)?.to_vec(),
                mounts.clone(),
            ));
            // As it was when the webhook saw it: defaulted, and with the API server's own mount.
            let mut before = new.clone();
            match count {
                0 => drop(before.as_object_mut()?.remove("env")),
                _ => before["env"] = env.get(..count)?.into(),
            }
            if let Some(all) = before["volumeMounts"].as_array_mut() {
                all.retain(|mount| !mounts.contains(mount));
            }
            *old = before;
        }
        let volume = ["/spec/volumes/0", "/spec/volumes"]
            .iter()
            .find_map(|path| find(path));
        let volume = volume.map(|one| match &one["value"] {
            Value::Array(list) => list[0].clone(),
            value => value.clone(),
        });
        let label = patch.iter().any(|one| {
            one["path"]
                .as_str()
                .is_some_and(|path| path.starts_with("/metadata/labels"))
        });
        Some((
            Self {
                volume,
                label,
                containers,
            },
            seen,
        ))
    }

    fn mutate(&self, pod: &Value) -> Value {
        let mut pod = pod.clone();
        if self.label {
            if pod["metadata"]["labels"].is_null() {
                pod["metadata"]["labels"] = json!({});
            }
            pod["metadata"]["labels"]["eks.amazonaws.com/pod-identity"] = json!("enabled");
        }
        if let Some(volume) = &self.volume {
            if pod["spec"]["volumes"].is_null() {
                pod["spec"]["volumes"] = json!([]);
            }
            let volumes = list(&mut pod["spec"]["volumes"]);
            if !volumes.iter().any(|there| there["name"] == volume["name"]) {
                volumes.insert(0, volume.clone());
            }
        }
        for container in list(&mut pod["spec"]["containers"]) {
            let Some((_, env, mounts)) = self
                .containers
                .iter()
                .find(|(name, ..)| *name == container["name"])
            else {
                continue;
            };
            for (key, items) in [("env", env), ("volumeMounts", mounts)] {
                if items.is_empty() {
                    continue;
                }
                if container[key].is_null() {
                    container[key] = json!([]);
                }
                let all = list(&mut container[key]);
                for item in items {
                    if !all.iter().any(|there| there["name"] == item["name"]) {
                        all.push(item.clone());
                    }
                }
            }
        }
        pod
    }
}

/// Whether it may be called again, and what it makes of a pod.
type Webhook<'w> = (bool, &'w dyn Fn(&Value) -> Value);

/// The API server's rounds: each webhook once, then once more whoever may be
/// called again and did not see the last change.
fn admitted(pod: &Value, order: [Webhook<'_>; 2]) -> Value {
    let mut pod = pod.clone();
    let mut saw = Vec::new();
    for (_, webhook) in &order {
        pod = webhook(&pod);
        saw.push(pod.clone());
    }
    for ((again, webhook), saw) in order.iter().zip(saw) {
        if *again && saw != pod {
            pod = webhook(&pod);
        }
    }
    pod
}

/// Lists without their order.
fn unordered(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let sort = |items: &mut Value| {
        if let Some(items) = items.as_array_mut() {
            items.sort_by_key(ToString::to_string);
        }
    };
    sort(&mut pod["spec"]["volumes"]);
    for container in list(&mut pod["spec"]["containers"]) {
        sort(&mut container["env"]);
        sort(&mut container["volumeMounts"]);
    }
    pod
}

#[test]
fn the_order_of_the_webhooks_means_nothing() {
    let mut chains = 0;
    let mut modelled = 0;
    for case in cases() {
        let name = case["case"].as_str().expect("a name");
        // A third party's stand-ins are no subject here.
        if !case["calls"].is_null() {
            continue;
        }
        let Some((eks, seen)) = Eks::of(&case) else {
            continue;
        };
        let whole = &case["patch"]
            .as_array()
            .expect("a patch")
            .iter()
            .find(|one| one["path"] == "/spec/containers")
            .expect("containers")["value"];
        assert_eq!(
            &eks.mutate(&seen)["spec"]["containers"],
            whole,
            "{name}: the model is EKS's webhook"
        );
        modelled += 1;
        for policy in policies() {
            let ours = |pod: &Value| {
                let (patch, _) = create(runner(), pod).mutation(&policy);
                apply(pod, &patch)
            };
            let theirs = |pod: &Value| eks.mutate(pod);
            let expected = ours(&theirs(&seen));
            chains += usize::from(!text(&expected).is_empty());
            // A pod may bring what the chain starts from, and then the first
            // call finds it: the lists' order is all that may differ.
            let waits = ours(&seen) == seen;
            for theirs_again in [false, true] {
                for ours_again in [false, true] {
                    let after = admitted(&seen, [(theirs_again, &theirs), (ours_again, &ours)]);
                    assert_eq!(after, expected, "{name}: EKS first");
                    let before = admitted(&seen, [(ours_again, &ours), (theirs_again, &theirs)]);
                    if ours_again && waits {
                        assert_eq!(before, expected, "{name}: rolegate first");
                    } else if ours_again {
                        assert_eq!(
                            unordered(&before),
                            unordered(&expected),
                            "{name}: rolegate first"
                        );
                    }
                }
            }
        }
    }
    assert!(
        modelled > 70 && chains > 200,
        "{modelled} cases, {chains} chains"
    );
}

#[test]
fn what_eks_wrote_is_not_believed() {
    let policy = chaining("");
    for case in cases() {
        let name = case["case"].as_str().expect("a name");
        if !["sa-arn-newline", "sa-arn-bad", "sa-arn-gov", "sa-arn-space"].contains(&name) {
            continue;
        }
        let pod = &case["podStored"];
        assert!(
            value(&pod["spec"]["containers"][0], "AWS_ROLE_ARN").is_some(),
            "{name}"
        );
        assert_eq!(&chained(&runner(), pod, &policy), pod, "{name}");
    }
}
