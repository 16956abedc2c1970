//! What a refusal must say: who, what, why and what to do instead.

use super::http::Answer;
use super::namespace::Namespace;

/// A rule, and its why and instead, or the heart of them. Written down again
/// here: these are the words users search for, and a change of them is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) why: &'static str,
    pub(crate) instead: &'static str,
}

pub(crate) const POD_EXEC: Rule = Rule {
    id: "pod-exec",
    why: "Why: a job's pod holds the token that becomes its execution role, so access to the pod is access to that role.",
    instead: "Instead: read the logs (`kubectl logs`)",
};

pub(crate) const CONFIG_MAPS: Rule = Rule {
    id: "configmap-mutation",
    why: "Why: EMR builds job pods from ConfigMaps, so a requester who writes one decides what runs under a job's execution role.",
    instead: "Instead: pass settings with the job (configurationOverrides, pod templates), or ask the platform team to list the name under `submitters.configMaps`",
};

/// For names that EMR alone gives: no list may have them.
pub(crate) const RESERVED_CONFIG_MAPS: Rule = Rule {
    instead: "Instead: submit the job through Amazon EMR; an account under which a team runs Spark or Flink itself belongs under `identities.operators[].jobServiceAccounts`",
    ..CONFIG_MAPS
};

/// For whoever has EMR's username without EMR's role.
pub(crate) const CONFIG_MAPS_OF_NO_EMR: Rule = Rule {
    instead: "Instead: use a username of your own. If this is Amazon EMR, the cluster's authenticator gives no ARN, so `identities.emrService.roleArns` must be left out",
    ..CONFIG_MAPS
};

pub(crate) const ACCOUNTS: Rule = Rule {
    id: "foreign-service-account",
    why: "Why: EMR's service accounts become IAM roles, and a pod under one of them has its role.",
    instead: "Instead: submit the job through Amazon EMR (StartJobRun), or use a service account that rolegate's policy lists for you.",
};

pub(crate) const TOKENS: Rule = Rule {
    id: "service-account-token",
    why: "Why: a token of a job's service account is as good as the job: AWS STS exchanges it for the execution role.",
    instead: "Instead: submit the job through Amazon EMR (StartJobRun); for a workload of your own ask the platform team for a service account that rolegate's policy lists for you.",
};

pub(crate) const IMAGES: Rule = Rule {
    id: "image-source",
    why: "Why: the image is the program that gets the job's role, and one from an unlisted registry or of an old release is unpatched or untrusted.",
    instead: "Instead: use a current image from a registry that `rules.image-source.registries` of rolegate's policy lists.",
};

/// Asserts that `text` holds a whole refusal by one rule in an enforce
/// namespace, and that its first finding begins with `seen`, in which `<ns>`
/// stands for the namespace.
#[track_caller]
pub(crate) fn assert_says(text: &str, namespace: &Namespace<'_>, rule: Rule, seen: &str) {
    let seen = seen.replace("<ns>", &namespace.name);
    let head = format!(
        "admission webhook \"enforce.rolegate.dev\" denied the request: rolegate refused this request: {}: {seen}",
        rule.id
    );
    for part in [head.as_str(), rule.why, rule.instead, " (policy "] {
        assert!(text.contains(part), "expected {part:?} in:\n{text}");
    }
}

/// Asserts a refusal of a raw request by the webhook of enforce namespaces:
/// code, reason and every word.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, namespace: &Namespace<'_>, rule: Rule, seen: &str) {
    assert_eq!(answer.status, 403, "{answer:?}");
    let status = answer.json();
    assert_eq!(status["code"], 403, "{status}");
    assert_eq!(status["reason"], "Forbidden", "{status}");
    assert_says(&answer.message(), namespace, rule, seen);
    assert!(
        answer.message().len() < 4096,
        "a message stays under 4 KiB: {status}"
    );
}
