//! Which rule stands behind a denied access, why, and what helps.

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software, Workload};
use crate::facts::surface::{By, Row, Verb};
use crate::policy::RuleId;
use crate::rules::{Advice, rule};

/// The rule that a finding belongs to, and its advice.
pub(super) struct Grounds {
    pub(super) id: RuleId,
    pub(super) advice: &'static Advice,
}

const SOURCE: &str = "Amazon EMR on EKS security best practices: permissions of job submitters";

static SECRETS: Advice = Advice {
    why: "whoever reads the Secrets of a namespace has the credentials of its jobs, and get, list, \
          watch and the error of a failed patch all show the content",
    instead: &[
        (
            &[Person],
            "ask the platform team to list the Secret by its name under `virtualClusters[].submitters[].secrets` in rolegate's policy, then read that one alone, or reference it in a pod. Administrators are listed under `identities.admins`",
        ),
        (
            &[Software, AddOn, Operator],
            "read single Secrets that `virtualClusters[].submitters[].secrets` of rolegate's policy lists for this service account by their names; software of the platform team is listed under `identities.platform`, operators under `identities.operators`",
        ),
        (
            &[Job, Emr, Workload],
            "ask the platform team to list the Secret by its name under `virtualClusters[].submitters[].secrets` in rolegate's policy, then reference it in the job's pod template",
        ),
    ],
    source: SOURCE,
};

static IMPERSONATION: Advice = Advice {
    why: "whoever acts as another identity has its rights, and admission cannot tell the two apart",
    instead: &[
        (
            &[Person],
            "work under your own name; `rolegate can` shows what others may do. Administrators are listed under `identities.admins` in rolegate's policy",
        ),
        (
            &[Software, AddOn, Operator, Emr, Job, Workload],
            "use the software's own service account; software of the platform team that must impersonate is listed under `identities.platform` in rolegate's policy",
        ),
    ],
    source: SOURCE,
};

static GRANTS: Advice = Advice {
    why: "it grants permissions that the requester does not have",
    instead: &[
        (
            &[Person],
            "grant only what you have yourself, or ask a platform administrator (`identities.admins` in rolegate's policy)",
        ),
        (
            &[Software, AddOn, Operator, Emr, Job, Workload],
            "grant only what the software has itself; software that installs for administrators is listed under `identities.admins` in rolegate's policy",
        ),
    ],
    source: SOURCE,
};

static ADMISSION: Advice = Advice {
    why: "admission webhooks and policies change or allow requests in every namespace, and no \
          admission judges who writes a policy",
    instead: &[
        (
            &[Person],
            "ask a platform administrator (`identities.admins` in rolegate's policy)",
        ),
        (
            &[Software, AddOn, Operator, Emr, Job, Workload],
            "let the platform team list this software under `identities.platform`, or under `identities.addOns` if rolegate knows it, in rolegate's policy",
        ),
    ],
    source: SOURCE,
};

static NODES: Advice = Advice {
    why: "a node's kubelet shows and enters every pod on the node, those of jobs among them",
    instead: &[
        (
            &[Person],
            "use `kubectl logs` and `kubectl top`; or ask a platform administrator (`identities.admins` in rolegate's policy)",
        ),
        (
            &[Software, AddOn, Operator, Emr, Job, Workload],
            "read metrics by `nodes/metrics` and `nodes/stats`; software that needs more is listed under `identities.platform` in rolegate's policy",
        ),
    ],
    source: SOURCE,
};

static OTHER: Advice = Advice {
    why: "it gives access to a job's identity, data or configuration, whatever the object",
    instead: &[(
        &[Person, Software, AddOn, Operator, Emr, Job, Workload],
        "ask a platform administrator (`identities.admins` in rolegate's policy)",
    )],
    source: SOURCE,
};

/// The grounds on which this verb of the row is denied; `None` where an admission
/// policy alone judges the row.
pub(super) fn of(row: &Row, verb: Verb) -> Option<Grounds> {
    let grounds = |id: &'static str, advice| {
        Some(Grounds {
            id: RuleId::new(id),
            advice,
        })
    };
    match (verb, row.group, row.resource, row.subresource) {
        (Verb::Impersonate, ..) => grounds("rbac-grant", &IMPERSONATION),
        (Verb::Bind | Verb::Escalate, ..) => grounds("rbac-grant", &GRANTS),
        (_, "", "secrets", _) => grounds("secret-read", &SECRETS),
        (_, "admissionregistration.k8s.io", ..) => grounds("mutating-webhook", &ADMISSION),
        (_, "", "nodes", "status") => grounds("cluster-takeover", &NODES),
        (_, "", "nodes", _) => grounds("pod-exec", &NODES),
        _ => {
            let id = row.judges().iter().find_map(|by| match by {
                By::Rule(rule) => Some(*rule),
                By::Policy(_) => None,
            })?;
            let of_rule = || rule(id.as_str())?.advice().first().copied();
            let advice = match id.as_str() {
                "pod-exec" | "service-account-token" => of_rule().unwrap_or(&OTHER),
                _ => &OTHER,
            };
            Some(Grounds { id, advice })
        }
    }
}
