//! Reads. None reaches admission: what stands here is for authorization, and
//! for who looks at grants.

use super::row::{Answer, Row, Scope, harmless, open, rows};
use super::verb::Verbs;

/// What sees a read of something that matters.
const SEEN: &str = "the audit log has it";

/// Those that lead to something.
pub(super) const ROWS: &[Row] = rows! {
    Namespaced {
        CORE "secrets": [READS] => open(
            "shows the content, by `list` and `watch` as well as by `get`",
            "the audit log has it; `rolegate-secret-guard` keeps those who may not read a Secret from \
             writing it");
        CORE "pods": [READS] => open(
            "shows the environment and the arguments of every container: Spark's RPC secret is in the \
             environment of executors", SEEN);
        CORE "pods"/"status", CORE "pods"/"resize", CORE "pods"/"ephemeralcontainers": [Get] =>
            open("shows the whole pod", SEEN);
        CORE "pods"/"log": [Get] => open("shows what a job prints, credentials included", SEEN);
        CORE "configmaps": [READS] => open(
            "shows a job's Spark configuration and pod templates, with the credentials that a submitter \
             wrote there", SEEN);
        APPS "deployments", APPS "replicasets", APPS "statefulsets", APPS "daemonsets",
        APPS "controllerrevisions", BATCH "jobs", BATCH "cronjobs", CORE "replicationcontrollers",
        CORE "podtemplates": [READS] =>
            open("shows the environment and the arguments in the pod template", SEEN);
        APPS "deployments"/"status", APPS "replicasets"/"status", APPS "statefulsets"/"status",
        APPS "daemonsets"/"status", BATCH "jobs"/"status", BATCH "cronjobs"/"status",
        CORE "replicationcontrollers"/"status": [Get] => open("shows the whole object", SEEN);
    }
};

/// Every other read of what kube-apiserver itself serves.
pub(super) const OTHER: Row = Row {
    group: "*",
    resource: "*",
    subresource: "*",
    scope: Scope::Either,
    verbs: Verbs::READS,
    answer: OTHERS,
};

const OTHERS: Answer = harmless("shows no credential");
