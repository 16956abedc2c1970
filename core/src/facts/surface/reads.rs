//! Reads. They never reach admission: these rows are for authorization and for the
//! review of grants.

use super::row::{Answer, Row, Scope, harmless, open, rows};
use super::verb::Verbs;

/// What detects an open read.
const SEEN: &str = "the audit log records it";

/// The open reads.
pub(super) const ROWS: &[Row] = rows! {
    Namespaced {
        CORE "secrets": [READS] => open(
            "shows the content, by `list` and `watch` as well as by `get`",
            "the authorization webhook denies it, where there is one; the audit log records it; \
             `rolegate-secret-guard` denies writes of a Secret to users who may \
             not read it");
        CORE "pods": [READS] => open(
            "shows the environment and arguments of every container; the environment of executors \
             contains Spark's RPC secret", SEEN);
        CORE "pods"/"status", CORE "pods"/"resize", CORE "pods"/"ephemeralcontainers": [Get] =>
            open("shows the whole pod", SEEN);
        CORE "pods"/"log": [Get] => open("shows the output of a job, including any credentials", SEEN);
        CORE "configmaps": [READS] => open(
            "shows a job's Spark configuration and pod templates, including any credentials that the \
             submitter wrote there", SEEN);
        APPS "deployments", APPS "replicasets", APPS "statefulsets", APPS "daemonsets",
        APPS "controllerrevisions", BATCH "jobs", BATCH "cronjobs", CORE "replicationcontrollers",
        CORE "podtemplates": [READS] =>
            open("shows the environment and arguments in the pod template", SEEN);
        APPS "deployments"/"status", APPS "replicasets"/"status", APPS "statefulsets"/"status",
        APPS "daemonsets"/"status", BATCH "jobs"/"status", BATCH "cronjobs"/"status",
        CORE "replicationcontrollers"/"status": [Get] => open("shows the whole object", SEEN);
    }
};

/// Every other read of a resource that kube-apiserver itself serves.
pub(super) const OTHER: Row = Row {
    group: "*",
    resource: "*",
    subresource: "*",
    scope: Scope::Either,
    verbs: Verbs::READS,
    answer: OTHERS,
};

const OTHERS: Answer = harmless("shows no credential");
