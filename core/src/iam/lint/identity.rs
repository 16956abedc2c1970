//! Identity policies of execution roles and of administrators: what a job could do with
//! IAM, and who may let EMR into a cluster.

use super::{Check, Finding, Level};
use crate::iam::document::{Effect, Statement};
use crate::iam::subject::Subject;

pub(super) const CHECKS: &[&Check] = &[&ASSUME_ANY, &IAM_ALL, &ACCESS_ENTRY, &NAMESPACES_OPEN];

static ASSUME_ANY: Check = Check {
    id: "assume-any-role",
    level: Level::Error,
    about: "sts:AssumeRole on every role",
    source: "aws-emr-containers-best-practices, job-exec-role-1-policy.json",
};
static IAM_ALL: Check = Check {
    id: "iam-all",
    level: Level::Error,
    about: "every action of IAM on every resource",
    source: "AWS, IAM security best practices",
};
static ACCESS_ENTRY: Check = Check {
    id: "any-access-entry",
    level: Level::Warning,
    about: "access entries for every identity",
    source: "AWS, Enable cluster access for Amazon EMR on EKS",
};
static NAMESPACES_OPEN: Check = Check {
    id: "namespaces-absent",
    level: Level::Error,
    about: "ForAllValues on eks:namespaces alone, which a policy for the whole cluster meets",
    source: "AWS, IAM: Multivalued context keys",
};

pub(super) fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for (number, statement) in subject.document.statements.iter().enumerate() {
        if statement.effect != Effect::Allow {
            continue;
        }
        let path = format!("Statement[{number}]");
        let every = is_every(statement);
        if every && statement.conditions.is_empty() && statement.has_action("sts:AssumeRole") {
            found.push(Finding::new(
                &ASSUME_ANY,
                format!("{path}.Resource"),
                "every role that trusts the account can be assumed",
                "name the chained roles: `rolegate iam render chain-source`",
            ));
        }
        if every
            && statement.has_action("iam:CreatePolicyVersion")
            && statement.has_action("iam:PutRolePolicy")
        {
            found.push(Finding::new(
                &IAM_ALL,
                format!("{path}.Action"),
                "whoever has this can give itself everything",
                "list the actions and roles that are needed",
            ));
        }
        let actions = ["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"];
        if every
            && actions
                .into_iter()
                .any(|action| statement.has_action(action))
            && !has(statement, "eks:principalArn")
            && !has(statement, "eks:policyArn")
        {
            found.push(Finding::new(
                &ACCESS_ENTRY, format!("{path}.Resource"),
                "whoever has this can make any identity an administrator of any cluster; AWS's page shows it for creating virtual clusters",
                "use the narrower policy that `rolegate iam render cluster-access` prints",
            ));
        }
        let namespaces: Vec<_> = statement.conditions_on("eks:namespaces").collect();
        let open = |one: &&crate::iam::Condition| one.operator.holds_when_absent();
        if statement.has_action(actions[1]) && !namespaces.is_empty() && namespaces.iter().all(open)
        {
            found.push(Finding::new(
                &NAMESPACES_OPEN, format!("{path}.Condition"),
                "an access policy for the whole cluster names no namespaces, and the condition is true of it",
                "add \"Null\": {\"eks:namespaces\": \"false\"}",
            ));
        }
    }
}

fn is_every(statement: &Statement) -> bool {
    statement
        .resources
        .as_ref()
        .is_some_and(|resources| resources.listed().iter().any(|one| one == "*"))
}

fn has(statement: &Statement, key: &str) -> bool {
    statement
        .conditions_on(key)
        .any(|one| !one.operator.holds_when_absent())
}
