//! Statements of a trust policy beside each other, and conditions that jobs cannot meet.

use super::{Check, Finding, Level};
use crate::iam::document::{Effect, Principals, Statement};
use crate::iam::subject::Subject;
use crate::iam::wild::Wild;
use crate::iam::world::WEB_IDENTITY;
use crate::iam::{Condition, Names, Test};

pub(super) const CHECKS: &[&Check] = &[&UNDONE, &DUPLICATE, &SOURCE_IDENTITY];

static UNDONE: Check = Check {
    id: "undone-statement",
    level: Level::Warning,
    about: "a wider statement beside a stricter one",
    source: "aws-cli, emr-containers update-role-trust-policy: it recognises only its own statement and adds it again",
};
static DUPLICATE: Check = Check {
    id: "duplicate-statement",
    level: Level::Info,
    about: "the same statement twice",
    source: "apache/airflow#27331: a trust policy that grows on every run",
};
static SOURCE_IDENTITY: Check = Check {
    id: "source-identity-required",
    level: Level::Error,
    about: "a source identity is required, which tokens of EKS do not carry",
    source: "AWS, Monitor and control actions taken with assumed roles",
};

pub(super) fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let statements = &subject.document.statements;
    for (number, strict) in statements.iter().enumerate() {
        for (other, wide) in statements.iter().enumerate() {
            if number == other
                || strict.effect != Effect::Allow
                || wide.effect != Effect::Allow
                || !covers(wide, strict)
            {
                continue;
            }
            if covers(strict, wide) {
                if other < number {
                    found.push(Finding::new(
                        &DUPLICATE,
                        format!("Statement[{number}]"),
                        format!("it says what Statement[{other}] says"),
                        "remove one of the two",
                    ));
                }
            } else {
                let cli = if wide.sid.is_none() && wide.conditions.len() == 1 {
                    "; `aws emr-containers update-role-trust-policy` adds such a statement"
                } else {
                    ""
                };
                found.push(Finding::new(
                    &UNDONE, format!("Statement[{other}]"),
                    format!("it admits all that Statement[{number}] admits and more, so the conditions of that one have no effect{cli}"),
                    format!("remove Statement[{other}] if Statement[{number}] is what is meant"),
                ));
            }
        }
    }
    for statement in statements
        .iter()
        .filter(|one| one.effect == Effect::Allow && one.has_action(WEB_IDENTITY))
    {
        for condition in statement
            .conditions_on("sts:SourceIdentity")
            .filter(|one| !one.operator.holds_when_absent())
        {
            found.push(Finding::new(
                &SOURCE_IDENTITY,
                &*condition.path,
                "the tokens of EKS carry no source identity, so no job can become the role",
                "remove the condition, or put it on the role that jobs chain to",
            ));
        }
    }
}

/// Whether `wide` admits everything that `strict` admits, as far as this can be seen.
fn covers(wide: &Statement, strict: &Statement) -> bool {
    let principals = match (&wide.principal, &strict.principal) {
        (Principals::Only(wide), Principals::Only(strict)) => {
            strict.iter().all(|one| wide.contains(one))
        }
        (wide, strict) => wide == strict,
    };
    let actions = match (&wide.actions, &strict.actions) {
        (Names::Only(_), Names::Only(strict)) => {
            strict.iter().all(|action| wide.has_action(action))
        }
        (wide, strict) => wide == strict,
    };
    principals
        && actions
        && wide.conditions.iter().all(|condition| {
            strict
                .conditions
                .iter()
                .any(|other| implies(other, condition))
        })
}

/// Whether every request that meets `strict` meets `wide`.
fn implies(strict: &Condition, wide: &Condition) -> bool {
    if !strict.key.eq_ignore_ascii_case(&wide.key) {
        return false;
    }
    if strict.operator == wide.operator && strict.values == wide.values {
        return true;
    }
    let text = |one: &Condition| {
        matches!(one.operator.test, Test::StringEquals | Test::StringLike)
            && !one.operator.negated
            && one.operator.set.is_none()
            && !one.operator.if_exists
    };
    let pattern = |one: &Condition, value: &str| {
        if one.operator.has_wildcards() {
            Wild::new(value)
        } else {
            Wild::literal(value)
        }
    };
    text(strict)
        && text(wide)
        && strict.values.iter().all(|value| {
            let value = pattern(strict, value);
            wide.values
                .iter()
                .any(|other| pattern(wide, other).covers(&value))
        })
}
