//! Who may submit jobs with which execution roles (seed: "Controlling access to the
//! execution role").

use crate::iam::Node;
use crate::names::RolePattern;

use super::input::{Input, Missing};
use super::rendered::{Kind, Rendered, allow, policy};

pub(super) fn submitter(input: &Input<'_>) -> Result<Vec<Rendered>, Missing> {
    let cluster = input.cluster()?;
    if input.virtual_clusters.is_empty() {
        return Err(Missing(
            "this document needs the id of a virtual cluster: --virtual-cluster".to_owned(),
        ));
    }
    let mut resources = Vec::new();
    for id in &input.virtual_clusters {
        let plain = !id.is_empty()
            && id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !plain {
            return Err(Missing(format!(
                "--virtual-cluster {} is no id of a virtual cluster: those are letters and digits, without a wildcard",
                crate::names::shown(id, 80)
            )));
        }
        let (partition, region, account) = (
            &cluster.partition,
            &cluster.region,
            cluster.account.as_str(),
        );
        resources.push(format!(
            "arn:{partition}:emr-containers:{region}:{account}:/virtualclusters/{id}"
        ));
    }
    let below = |kind: &str| Node::texts(resources.iter().map(|arn| format!("{arn}/{kind}/*")));
    let condition = role_condition(input, "emr-containers:ExecutionRoleArn")?;
    // These two carry the key. CreateManagedEndpoint without the condition would let any
    // role in beside StartJobRun with it.
    let submit = allow(
        "SubmitWithTheseRoles",
        &[
            "emr-containers:StartJobRun",
            "emr-containers:CreateManagedEndpoint",
        ],
        [
            ("Resource", Node::texts(resources.iter().cloned())),
            ("Condition", condition),
        ],
    );
    let watch = allow(
        "WatchAndCancelJobs",
        &[
            "emr-containers:DescribeJobRun",
            "emr-containers:CancelJobRun",
        ],
        [("Resource", below("jobruns"))],
    );
    let list = allow(
        "ListJobs",
        &[
            "emr-containers:ListJobRuns",
            "emr-containers:DescribeVirtualCluster",
        ],
        [("Resource", Node::texts(resources.iter().cloned()))],
    );
    let rendered = Rendered::new("submitter", Kind::Identity(None), policy(vec![submit, watch, list]))
        .note(
            "GetManagedEndpointSessionCredentials is left out: it takes an execution role and carries no condition key, so \
             grant it for single endpoints only",
        )
        .note("tags on execution roles do nothing here: EMR on EKS does not look at them");
    Ok(vec![rendered])
}

/// The condition that the role is one of those asked for, or of those that the policy lists.
pub(super) fn role_condition(input: &Input<'_>, key: &str) -> Result<Node, Missing> {
    let mut roles = Vec::new();
    for text in &input.roles {
        let pattern = RolePattern::parse(text);
        let pattern = pattern.map_err(|error| {
            Missing(format!(
                "--roles {}: {error}",
                crate::names::shown(text, 200)
            ))
        })?;
        roles.push(pattern.as_str().to_owned());
    }
    roles.extend(input.role.iter().map(|role| role.as_str().to_owned()));
    if roles.is_empty() {
        for cluster in input.policy.clusters.iter() {
            let asked = input.namespaces.is_empty()
                || cluster
                    .namespaces
                    .iter()
                    .any(|name| input.namespaces.contains(name));
            if asked {
                roles.extend(
                    cluster
                        .execution_roles
                        .iter()
                        .map(|pattern| pattern.as_str().to_owned()),
                );
            }
        }
    }
    roles.sort();
    roles.dedup();
    if roles.is_empty() {
        return Err(Missing(
            "this document needs the execution roles: --roles, or executionRoles in the policy"
                .to_owned(),
        ));
    }
    // Both in one list: two operators on one key would have to hold at once.
    let operator = if roles.iter().any(|role| role.contains(['*', '?'])) {
        "ArnLike"
    } else {
        "ArnEquals"
    };
    Ok(Node::object([(
        operator,
        Node::Object(vec![(key.to_owned(), Node::texts(roles))]),
    )]))
}
