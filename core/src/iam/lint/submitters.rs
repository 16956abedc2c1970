//! Identity policies of those who submit jobs: the condition on the execution role.

use super::{Check, Finding, Level};
use crate::iam::document::{Effect, Statement};
use crate::iam::subject::Subject;
use crate::iam::{Names, Node, Operator, Test};
use crate::names::shown;

const SEED: &str = "AWS, Using job execution roles with Amazon EMR on EKS";
const RUNTIME: &str = "AWS, Runtime roles for Amazon EMR steps";

pub(super) const CHECKS: &[&Check] = &[
    &ROLE_MISSING,
    &ROLE_MISSING_STEPS,
    &ROLE_ON_OTHERS,
    &ROLE_IF_EXISTS,
    &ROLE_LITERAL,
    &ROLE_PREFIX,
    &ALL_ACTIONS,
    &ANY_CLUSTER,
    &SESSION_CREDENTIALS,
    &RUN_JOB_FLOW,
];

static ROLE_MISSING: Check = Check {
    id: "execution-role-missing",
    level: Level::Error,
    about: "jobs with any execution role on an action that carries the key",
    source: SEED,
};
static ROLE_MISSING_STEPS: Check = Check {
    id: "runtime-role-missing",
    level: Level::Error,
    about: "steps with any runtime role on an action that carries the key",
    source: RUNTIME,
};
static ROLE_ON_OTHERS: Check = Check {
    id: "execution-role-not-carried",
    level: Level::Error,
    about: "the condition on actions that do not carry the key",
    source: SEED,
};
static ROLE_IF_EXISTS: Check = Check {
    id: "execution-role-if-exists",
    level: Level::Error,
    about: "a condition on the execution role that is true without one",
    source: SEED,
};
static ROLE_LITERAL: Check = Check {
    id: "execution-role-literal-wildcard",
    level: Level::Error,
    about: "a wildcard in the execution role under an operator without wildcards",
    source: SEED,
};
static ROLE_PREFIX: Check = Check {
    id: "execution-role-prefix",
    level: Level::Info,
    about: "a prefix of roles under StringLike, which crosses paths",
    source: SEED,
};
static ALL_ACTIONS: Check = Check {
    id: "all-actions",
    level: Level::Warning,
    about: "every action of EMR",
    source: SEED,
};
static ANY_CLUSTER: Check = Check {
    id: "any-virtual-cluster",
    level: Level::Warning,
    about: "jobs in every virtual cluster",
    source: SEED,
};
static SESSION_CREDENTIALS: Check = Check {
    id: "endpoint-credentials",
    level: Level::Warning,
    about: "credentials of every endpoint, with an execution role of the caller's choice",
    source: "AWS, Service Authorization Reference: GetManagedEndpointSessionCredentials carries no key",
};
static RUN_JOB_FLOW: Check = Check {
    id: "run-job-flow",
    level: Level::Warning,
    about: "clusters with any instance profile, a way round runtime roles",
    source: RUNTIME,
};

const JOBS: &str = "emr-containers:ExecutionRoleArn";
const STEPS: &str = "elasticmapreduce:ExecutionRoleArn";
/// The actions that carry a key.
const JOBS_ON: [&str; 2] = [
    "emr-containers:StartJobRun",
    "emr-containers:CreateManagedEndpoint",
];
const STEPS_ON: [&str; 3] = [
    "elasticmapreduce:AddJobFlowSteps",
    "elasticmapreduce:GetClusterSessionCredentials",
    "elasticmapreduce:GetPersistentAppUIPresignedURL",
];

pub(super) fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let allow: Vec<_> = subject
        .document
        .statements
        .iter()
        .enumerate()
        .filter(|(_, one)| one.effect == Effect::Allow)
        .collect();
    for (number, statement) in &allow {
        let path = format!("Statement[{number}]");
        for (key, carriers, check) in [
            (JOBS, &JOBS_ON[..], &ROLE_MISSING),
            (STEPS, &STEPS_ON, &ROLE_MISSING_STEPS),
        ] {
            roles(statement, &path, key, carriers, check, found);
        }
        if let Names::Only(actions) = &statement.actions {
            let all = actions.iter().find(|action| {
                matches!(
                    action.to_ascii_lowercase().as_str(),
                    "emr-containers:*" | "elasticmapreduce:*"
                )
            });
            if let Some(action) = all {
                found.push(Finding::new(
                    &ALL_ACTIONS, format!("{path}.Action"),
                    format!("{} includes creating endpoints and virtual clusters, and credentials of endpoints", shown(action, 60)),
                    "list the actions that are needed, as `rolegate iam render submitter` does",
                ));
            }
        }
        let wide = statement.resources.as_ref().is_some_and(|resources| {
            resources.listed().iter().any(|one| {
                one == "*" || one.ends_with(":/virtualclusters/*") || one.ends_with(":*")
            })
        });
        if wide && statement.has_action(JOBS_ON[0]) {
            found.push(Finding::new(
                &ANY_CLUSTER, format!("{path}.Resource"),
                "jobs may be started in every virtual cluster, so in every namespace of every cluster",
                "name the virtual clusters: arn:aws:emr-containers:REGION:ACCOUNT:/virtualclusters/ID",
            ));
        }
        if wide && statement.has_action("emr-containers:GetManagedEndpointSessionCredentials") {
            found.push(Finding::new(
                &SESSION_CREDENTIALS, &*path,
                "the call takes an execution role and carries no condition key, so it is not limited to any role",
                "name single endpoints as Resource: arn:aws:emr-containers:REGION:ACCOUNT:/virtualclusters/ID/endpoints/ID",
            ));
        }
    }
    let steps = allow
        .iter()
        .any(|(_, one)| STEPS_ON.iter().any(|action| one.has_action(action)));
    let pass = allow.iter().any(|(_, one)| {
        let all = one.resources.as_ref().is_some_and(|resources| {
            resources
                .listed()
                .iter()
                .any(|name| name == "*" || name.ends_with(":role/*"))
        });
        one.has_action("iam:PassRole") && all
    });
    if let Some((number, _)) = allow
        .iter()
        .find(|(_, one)| one.has_action("elasticmapreduce:RunJobFlow"))
        && steps
        && pass
    {
        found.push(Finding::new(
            &RUN_JOB_FLOW, format!("Statement[{number}]"),
            "RunJobFlow has no runtime role, and with iam:PassRole on every role its steps run as any instance profile",
            "limit iam:PassRole to one instance profile, or do not grant RunJobFlow",
        ));
    }
}

fn roles(
    statement: &Statement,
    path: &str,
    key: &str,
    carriers: &[&str],
    check: &'static Check,
    found: &mut Vec<Finding>,
) {
    let granted: Vec<&str> = carriers
        .iter()
        .filter(|action| statement.has_action(action))
        .copied()
        .collect();
    let conditions: Vec<_> = statement.conditions_on(key).collect();
    let (service, _) = key.split_once(':').unwrap_or_default();
    if conditions.is_empty() {
        if !granted.is_empty() {
            let mut finding = Finding::new(
                check,
                format!("{path}.Condition"),
                format!(
                    "{} may be called with any execution role: there is no condition on {key}",
                    granted.join(", ")
                ),
                format!(
                    "add the condition to every action that carries the key: {}",
                    carriers.join(", ")
                ),
            );
            finding.fix = Some(with_condition(statement, key));
            found.push(finding);
        }
        return;
    }
    // An action without the key never meets a positive condition on it.
    if let Names::Only(actions) = &statement.actions {
        let others: Vec<_> = actions
            .iter()
            .filter(|action| {
                let plain = !action.contains(['*', '?'])
                    && action.to_ascii_lowercase().starts_with(service);
                plain
                    && !carriers
                        .iter()
                        .any(|carrier| carrier.eq_ignore_ascii_case(action))
            })
            .map(|action| shown(action, 80))
            .collect();
        if !others.is_empty()
            && conditions
                .iter()
                .any(|one| !one.operator.holds_when_absent())
        {
            found.push(Finding::new(
                &ROLE_ON_OTHERS,
                format!("{path}.Action"),
                format!(
                    "{} carry no execution role, so the condition on {key} denies them always",
                    others.join(", ")
                ),
                "put them into a statement without the condition",
            ));
        }
    }
    for condition in conditions {
        let operator: Operator = condition.operator;
        if operator.holds_when_absent() {
            found.push(Finding::new(
                &ROLE_IF_EXISTS,
                &*condition.path,
                "it is true of a request without an execution role, or of every role but some",
                "use ArnEquals or ArnLike with the roles that are meant",
            ));
        } else if let Some(value) = condition
            .values
            .iter()
            .find(|value| value.contains(['*', '?']))
        {
            if !operator.has_wildcards() {
                found.push(Finding::new(
                    &ROLE_LITERAL,
                    &*condition.path,
                    format!(
                        "the wildcards of {} are ordinary characters here, so it allows no role",
                        shown(value, 200)
                    ),
                    "use ArnLike",
                ));
            } else if operator.test == Test::StringLike {
                found.push(Finding::new(
                    &ROLE_PREFIX, &*condition.path,
                    format!("{} also means roles below a path that begins so", shown(value, 200)),
                    "give the roles a common path or list them; with ArnLike a wildcard at least stays in its part of the ARN",
                ));
            }
        }
    }
}

/// The statement with the condition, and a role to fill in.
fn with_condition(statement: &Statement, key: &str) -> Node {
    let roles = Node::List(vec![Node::text("arn:aws:iam::ACCOUNT:role/ROLE")]);
    let roles = (key.to_owned(), roles);
    let mut members = match &statement.node {
        Node::Object(members) => members.clone(),
        _ => Vec::new(),
    };
    let condition = match statement.node.get("Condition") {
        Some(Node::Object(operators)) => operators.clone(),
        _ => Vec::new(),
    };
    let condition = with_member(condition, "ArnEquals", roles);
    members.retain(|(name, _)| name != "Condition");
    members.push(("Condition".to_owned(), Node::Object(condition)));
    Node::Object(members)
}

/// An object's members, with one more member in the object of this key.
fn with_member(
    mut members: Vec<(String, Node)>,
    key: &str,
    inner: (String, Node),
) -> Vec<(String, Node)> {
    for (name, value) in &mut members {
        if name == key
            && let Node::Object(own) = value
        {
            own.push(inner);
            return members;
        }
    }
    members.push((key.to_owned(), Node::Object(vec![inner])));
    members
}
