//! The policy under which the watcher has a pod's patch made: one that chains
//! the pod's own role, and puts the profile into every container.

use std::collections::BTreeSet;

use rolegate_core::facts::RunsAs;
use rolegate_core::names::Component;
use rolegate_core::policy::{ChainMode, Policy, Strictness};
use serde_json::{Value, json};

use crate::harness::http;

/// Where all chains end.
const TARGET: &str = "arn:aws:iam::999988887777:role/every-pod";
/// The role that is chained where the pod has none.
const NOBODYS: &str = "arn:aws:iam::999988887777:role/nobodys";

/// EMR submits the job and writes its logs in these.
const EMRS: [&str; 2] = ["job-runner", "emr-container-fluentd"];

/// What a policy of the watcher's does with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its role is chained, in this mode.
    Job(ChainMode),
    /// It submits jobs, or has no container for a profile: it keeps the
    /// execution role.
    Runner,
    /// It is no job's.
    Other,
}

/// A policy for the pod of this `AdmissionReview`.
pub(super) fn of(review: &Value) -> Result<(Policy, Kind), String> {
    let request = &review["request"];
    let pod = &request["object"];
    let account = pod["spec"]["serviceAccountName"].as_str();
    let identity = RunsAs::of("", account.unwrap_or_default(), &Policy::builtin());
    let mode = mode(pod);
    let from = identity.role().map(|role| {
        let (account, name) = (role.account.as_str(), role.name.as_str());
        format!("arn:aws:iam::{account}:role/{name}")
    });
    let mut chain = json!({
        "from": from.as_deref().unwrap_or(NOBODYS),
        "to": [TARGET],
        "default": TARGET,
        // So there are credentials to start from, whatever EKS's webhook does.
        "token": "own",
        "mode": mode.as_str(),
    });
    let containers = containers(pod);
    if !containers.is_empty() {
        chain["containers"] = json!(containers);
    }
    let text = json!({
        "apiVersion": "rolegate.dev/v1alpha1",
        "kind": "Policy",
        "virtualClusters": [{"namespaces": [request["namespace"]], "chains": [chain]}],
    })
    .to_string();
    let now = jiff::Timestamp::now();
    let (policy, _) = Policy::parse("every-pod", &text, now, Strictness::Check)
        .map_err(|error| format!("the watcher's own policy is wrong: {error}"))?;
    let kind = match identity {
        RunsAs::Job {
            component: Some(Component::Client | Component::Jeg),
            ..
        } => Kind::Runner,
        RunsAs::Job { .. } if containers.is_empty() => Kind::Runner,
        RunsAs::Job { .. } => Kind::Job(mode),
        RunsAs::Reserved | RunsAs::Ordinary => Kind::Other,
    };
    Ok((policy, kind))
}

/// By the pod's name, so that it is the same in the next run where the name is.
fn mode(pod: &Value) -> ChainMode {
    let metadata = &pod["metadata"];
    let name = metadata["name"].as_str();
    let name = name.or(metadata["generateName"].as_str());
    match http::hash(name.unwrap_or_default()) % 3 {
        0 => ChainMode::Profile,
        1 => ChainMode::JavaV2,
        _ => ChainMode::Exclusive,
    }
}

/// The names of its containers that a policy can hold: not EMR's own, which
/// need the execution role, and none that the API server will refuse, which it
/// does after its webhooks.
fn containers(pod: &Value) -> BTreeSet<&str> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers
        .filter_map(|container| container["name"].as_str())
        .filter(|name| (1..=63).contains(&name.len()) && name.bytes().all(fits))
        .filter(|name| !EMRS.contains(name))
        .filter(|name| !name.starts_with('-') && !name.ends_with('-'))
        .collect()
}
