//! Actions and keys of EMR and STS that do not exist.

use super::{Check, Finding, Level};
use crate::iam::Wild;
use crate::iam::subject::Subject;
use crate::names::shown;

pub(super) const CHECKS: &[&Check] = &[&ACTION, &KEY];

static ACTION: Check = Check {
    id: "unknown-action",
    level: Level::Error,
    about: "an action that does not exist",
    source: "AWS, Service Authorization Reference",
};
static KEY: Check = Check {
    id: "unknown-key",
    level: Level::Error,
    about: "a condition key that does not exist",
    source: "AWS, Service Authorization Reference",
};

/// Prefixes that are written by mistake, and what is meant.
const SLIPS: [(&str, &str); 5] = [
    ("emr-container", "emr-containers"),
    ("emrcontainers", "emr-containers"),
    ("emr-on-eks", "emr-containers"),
    ("emr", "elasticmapreduce"),
    ("elastic-map-reduce", "elasticmapreduce"),
];

/// The actions of EMR on EKS. `UpdateVirtualCluster` is in the API and not yet in the
/// reference.
const EMR_CONTAINERS: [&str; 25] = [
    "CancelJobRun",
    "CreateCertificate",
    "CreateJobTemplate",
    "CreateManagedEndpoint",
    "CreateSecurityConfiguration",
    "CreateVirtualCluster",
    "DeleteJobTemplate",
    "DeleteManagedEndpoint",
    "DeleteVirtualCluster",
    "DescribeJobRun",
    "DescribeJobTemplate",
    "DescribeManagedEndpoint",
    "DescribeSecurityConfiguration",
    "DescribeVirtualCluster",
    "GetManagedEndpointSessionCredentials",
    "ListJobRuns",
    "ListJobTemplates",
    "ListManagedEndpoints",
    "ListSecurityConfigurations",
    "ListTagsForResource",
    "ListVirtualClusters",
    "StartJobRun",
    "TagResource",
    "UntagResource",
    "UpdateVirtualCluster",
];

/// The condition keys of a service, by its prefix.
const KEYS: [(&str, &[&str]); 2] = [
    ("emr-containers", &["executionrolearn", "jobtemplatearn"]),
    (
        "elasticmapreduce",
        &["executionrolearn", "requesttag/*", "resourcetag/*"],
    ),
];

pub(super) fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for (number, statement) in subject.document.statements.iter().enumerate() {
        let path = format!("Statement[{number}]");
        for action in statement.actions.listed() {
            let lower = action.to_ascii_lowercase();
            let Some((service, name)) = lower.split_once(':') else {
                if lower != "*" {
                    found.push(Finding::new(
                        &ACTION,
                        format!("{path}.Action"),
                        format!("{} has no service", shown(action, 80)),
                        "write it as service:Action",
                    ));
                }
                continue;
            };
            if let Some((_, meant)) = SLIPS.iter().find(|(slip, _)| *slip == service) {
                found.push(Finding::new(
                    &ACTION,
                    format!("{path}.Action"),
                    format!(
                        "there is no service {service}, so {} allows nothing",
                        shown(action, 80)
                    ),
                    format!(
                        "write {meant}:{}",
                        shown(action.split(':').nth(1).unwrap_or_default(), 60)
                    ),
                ));
            } else if service == "emr-containers" {
                let pattern = Wild::new(name);
                if !EMR_CONTAINERS
                    .iter()
                    .any(|known| pattern.matches(&known.to_ascii_lowercase()))
                {
                    found.push(Finding::new(
                        &ACTION,
                        format!("{path}.Action"),
                        format!("EMR on EKS has no action {}", shown(action, 80)),
                        "check its spelling",
                    ));
                }
            }
        }
        for condition in &statement.conditions {
            let lower = condition.key.to_ascii_lowercase();
            let Some((service, name)) = lower.split_once(':') else {
                continue;
            };
            let slip = SLIPS.iter().find(|(slip, _)| *slip == service);
            let keys = KEYS.iter().find(|(known, _)| *known == service);
            if let Some((_, meant)) = slip {
                found.push(Finding::new(
                    &KEY,
                    &*condition.path,
                    format!(
                        "there is no key {}, so no request carries it",
                        shown(&condition.key, 100)
                    ),
                    format!(
                        "write {meant}:{}",
                        shown(condition.key.split(':').nth(1).unwrap_or_default(), 60)
                    ),
                ));
            } else if let Some((_, known)) = keys
                && !known.iter().any(|pattern| Wild::new(pattern).matches(name))
            {
                found.push(Finding::new(
                    &KEY,
                    &*condition.path,
                    format!("no request carries the key {}", shown(&condition.key, 100)),
                    "check its spelling",
                ));
            }
        }
    }
}
