//! What a refusal must say: who, what, why and what to do instead.

use crate::harness::Namespace;
use crate::harness::http::Answer;

/// A rule, and its why and instead, or the heart of them. Written down again
/// here: these are the words users search for, and a change of them is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) id: &'static str,
    why: &'static str,
    instead: &'static str,
}

pub(super) const POD_EXEC: Rule = Rule {
    id: "pod-exec",
    why: "Why: a job's pod holds the token that becomes its execution role, so whoever gets into the pod becomes that role.",
    instead: "Instead: read the logs (`kubectl logs`) or the Spark history server; for an incident ask a platform administrator.",
};

pub(super) const CONFIG_MAPS: Rule = Rule {
    id: "configmap-mutation",
    why: "Why: EMR builds job pods from ConfigMaps, so whoever writes one decides what runs under a job's execution role.",
    instead: "Instead: pass settings with the job (configurationOverrides, pod templates), or ask the platform team to list the name under `submitters.configMaps`",
};

pub(super) const ACCOUNTS: Rule = Rule {
    id: "foreign-service-account",
    why: "Why: EMR's service accounts become IAM roles, so whoever starts a pod under one becomes that role.",
    instead: "Instead: submit the job through Amazon EMR (StartJobRun), or use a service account that rolegate's policy lists for you.",
};

/// The same rule, to a job.
pub(super) const ACCOUNTS_OF_A_JOB: Rule = Rule {
    instead: "Instead: start pods under this job's own role, named as Spark and Flink name them.",
    ..ACCOUNTS
};

pub(super) const TOKENS: Rule = Rule {
    id: "service-account-token",
    why: "Why: a token of a job's service account is as good as the job: AWS STS takes it for the execution role.",
    instead: "Instead: submit the job through Amazon EMR (StartJobRun); for a workload of your own ask the platform team for a service account that rolegate's policy lists for you.",
};

pub(super) const IDENTITIES: Rule = Rule {
    id: "service-account-identity",
    why: "Why: IAM trusts service accounts by name and EKS binds them by annotation, so whoever writes them decides who becomes which role.",
    instead: "Instead: let Amazon EMR make the service accounts of its jobs; for a workload that needs a role of its own ask the platform team for the service account.",
};

pub(super) const REVISIONS: Rule = Rule {
    id: "cluster-takeover",
    why: "Why: it gives its maker what belongs to a namespace that is not theirs: an identity, an API, a disk, a device or a pod.",
    instead: "Instead: ask a platform administrator; for storage use a PersistentVolumeClaim.",
};

pub(super) const IMAGES: Rule = Rule {
    id: "image-source",
    why: "Why: the image is the program that gets the job's role, and one from an unlisted registry or of an old release is not looked after by anybody.",
    instead: "Instead: use a current image from a registry that `rules.image-source.registries` of rolegate's policy lists.",
};

/// Asserts that `text` holds a whole refusal by one door of one rule, and that
/// its first finding begins with `seen`, in which `<ns>` stands for the namespace.
#[track_caller]
pub(super) fn assert_says(text: &str, door: &str, namespace: &str, rule: Rule, seen: &str) {
    let seen = seen.replace("<ns>", namespace);
    let head = format!(
        "admission webhook \"{door}.rolegate.dev\" denied the request: rolegate refused this request: {}: {seen}",
        rule.id
    );
    for part in [head.as_str(), rule.why, rule.instead, " (policy "] {
        assert!(text.contains(part), "expected {part:?} in:\n{text}");
    }
}

/// Asserts a refusal of a raw request: code, reason and every word.
#[track_caller]
pub(super) fn assert_refused_by(
    answer: &Answer,
    door: &str,
    namespace: &str,
    rule: Rule,
    seen: &str,
) {
    assert_eq!(answer.status, 403, "{answer:?}");
    let status = answer.json();
    assert_eq!(status["code"], 403, "{status}");
    assert_eq!(status["reason"], "Forbidden", "{status}");
    assert_says(&answer.message(), door, namespace, rule, seen);
    assert!(
        answer.message().len() < 4096,
        "a message stays under 4 KiB: {status}"
    );
}

/// [`assert_refused_by`] at the door of enforce namespaces.
#[track_caller]
pub(super) fn assert_refused(answer: &Answer, namespace: &Namespace<'_>, rule: Rule, seen: &str) {
    assert_refused_by(answer, "enforce", &namespace.name, rule, seen);
}

/// Asserts what kubectl prints of a refusal.
#[track_caller]
pub(super) fn assert_kubectl_refused(
    stderr: &str,
    namespace: &Namespace<'_>,
    rule: Rule,
    seen: &str,
) {
    assert_says(stderr, "enforce", &namespace.name, rule, seen);
}
