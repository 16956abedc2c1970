//! Documents that cannot mean what they say: conditions that nothing meets, an identity
//! policy in the place of a trust policy, documents that do not fit.

use super::{Check, Finding, Level};
use crate::iam::condition::{Condition, Test};
use crate::iam::document::Principals;
use crate::iam::render::{Quota, Size};
use crate::iam::subject::{Subject, SubjectKind};
use crate::iam::wild::Wild;
use crate::names::shown;

pub(super) const CHECKS: &[&Check] = &[
    &UNSATISFIABLE,
    &RESOURCE,
    &NO_PRINCIPAL,
    &PRINCIPAL,
    &NO_RESOURCE,
    &SIZE,
];

static UNSATISFIABLE: Check = Check {
    id: "unsatisfiable",
    level: Level::Error,
    about: "conditions on one key that exclude each other",
    source: "AWS, Runtime roles for Amazon EMR steps: its example for callers",
};
static RESOURCE: Check = Check {
    id: "resource-in-trust",
    level: Level::Error,
    about: "a resource in a trust policy",
    source: "AWS, Job execution role of EMR on EKS (iam-execution-role page): it shows an identity policy",
};
static NO_PRINCIPAL: Check = Check {
    id: "no-principal",
    level: Level::Error,
    about: "a trust policy that names nobody",
    source: "AWS, Job execution role of EMR on EKS (iam-execution-role page): it shows an identity policy",
};
static PRINCIPAL: Check = Check {
    id: "principal-in-identity",
    level: Level::Error,
    about: "a principal in an identity policy",
    source: "AWS, IAM JSON policy elements: Principal",
};
static NO_RESOURCE: Check = Check {
    id: "no-resource",
    level: Level::Error,
    about: "an identity policy without a resource",
    source: "AWS, IAM JSON policy elements: Resource",
};
static SIZE: Check = Check {
    id: "size",
    level: Level::Warning,
    about: "a document over IAM's quota",
    source: "AWS, IAM and AWS STS quotas; apache/airflow#27331",
};

pub(super) fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let is_trust = subject.kind == SubjectKind::Trust;
    for (number, statement) in subject.document.statements.iter().enumerate() {
        let path = format!("Statement[{number}]");
        if is_trust && statement.resources.is_some() {
            let userid = statement.conditions_on("aws:userid").next().is_some()
                && statement.principal == Principals::None;
            let what = if userid {
                "this is the document of AWS's page about the execution role, which is no trust policy: IAM refuses a resource here, and the page \
                 names no principal and tests aws:userid, which a job's token does not have"
            } else {
                "IAM refuses a trust policy with a resource: the resource is the role itself"
            };
            found.push(Finding::new(
                &RESOURCE,
                format!("{path}.Resource"),
                what,
                "render the trust policy: `rolegate iam render execution-role-trust`",
            ));
        }
        if is_trust && statement.principal == Principals::None {
            found.push(Finding::new(
                &NO_PRINCIPAL,
                &*path,
                "it does not say who may become the role",
                "name the OIDC provider or pods.eks.amazonaws.com as Principal",
            ));
        }
        if !is_trust && statement.principal != Principals::None {
            found.push(Finding::new(
                &PRINCIPAL,
                format!("{path}.Principal"),
                "an identity policy belongs to its principal and names none",
                "remove it, or use the document as a trust policy",
            ));
        }
        if !is_trust && statement.resources.is_none() {
            found.push(Finding::new(
                &NO_RESOURCE,
                &*path,
                "it does not say which resources it is about, and IAM refuses it",
                "name the resources",
            ));
        }
        for (index, one) in statement.conditions.iter().enumerate() {
            for other in statement.conditions.iter().skip(index + 1) {
                if one.key.eq_ignore_ascii_case(&other.key) && exclude(one, other) {
                    let (first, second) = (shown(&one.path, 200), shown(&other.path, 200));
                    let caller = if one.key.to_ascii_lowercase().ends_with(":executionrolearn") {
                        ", as in AWS's example for callers of runtime roles"
                    } else {
                        ""
                    };
                    found.push(Finding::new(
                        &UNSATISFIABLE, &*path,
                        format!("{first} and {second} must both hold, and no value meets both{caller}, so the statement allows nothing"),
                        "put all values into one list under StringLike or ArnLike, or write two statements",
                    ));
                }
            }
        }
    }
    let quota = if is_trust {
        Quota::TrustPolicy
    } else {
        Quota::ManagedPolicy
    };
    let size = Size::of(&subject.node, quota);
    if !size.fits() {
        found.push(Finding::new(
            &SIZE,
            "",
            format!("the document has {size} without white space"),
            size.advice(),
        ));
    }
}

/// Whether no text meets both.
fn exclude(one: &Condition, other: &Condition) -> bool {
    let patterns = |condition: &Condition| {
        let operator = condition.operator;
        let test = matches!(
            operator.test,
            Test::StringEquals | Test::StringLike | Test::Arn
        );
        let plain = test && !operator.negated && !operator.if_exists && operator.set.is_none();
        // What a variable becomes is not known.
        let known = condition.values.iter().all(|value| !value.contains("${"));
        let make = |value: &String| {
            if operator.has_wildcards() {
                Wild::new(value)
            } else {
                Wild::literal(value)
            }
        };
        (plain && known).then(|| condition.values.iter().map(make).collect::<Vec<_>>())
    };
    let (Some(one), Some(other)) = (patterns(one), patterns(other)) else {
        return false;
    };
    !one.iter()
        .any(|a| other.iter().any(|b| a.common(b, 'x').is_some()))
}
