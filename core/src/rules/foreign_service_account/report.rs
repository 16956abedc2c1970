//! The findings about custom resources.

use std::fmt::Write as _;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::names::shown;
use crate::request::Path;
use crate::request::references::{self, By, Reference, Unread};
use crate::rules::shared::violation::MOST;
use crate::rules::{Advice, Finding};
use crate::write::Write;

use super::{ABOUT, ADVICE, finding};

pub(super) static ADVICE_ON_ROLES: Advice = Advice {
    why: "whoever chooses what runs under an IAM role has that role",
    instead: &[
        (
            &[Person],
            "name a role that rolegate's policy lists for you, or ask the platform team to list this one under `submitters.roles`",
        ),
        (
            &[Software, AddOn],
            "list software that starts jobs under `identities.operators`, and whoever submits jobs under `submitters.users` with this role under `submitters.roles` in rolegate's policy",
        ),
        (
            &[Operator],
            "declare the role for this operator under `identities.operators[].roles` in rolegate's policy",
        ),
        (&[Job], "start it under this job's own role"),
    ],
    source: "Amazon EMR on EKS security best practices: permissions to create pods",
};

pub(super) static ADVICE_ON_LOGINS: Advice = Advice {
    why: "the software that reads the object takes a token of the service account, and with it \
          the account's IAM role, without starting a pod that could be judged",
    instead: &[
        (
            &[Person],
            "name a service account that rolegate's policy lists for you (`submitters.serviceAccounts`), with an IAM role of its own for that purpose",
        ),
        (
            &[Software, AddOn, Operator, Job],
            "name a service account that `submitters.serviceAccounts` of rolegate's policy lists for this requester, with an IAM role of its own for that purpose",
        ),
    ],
    source: "IAM roles for service accounts: a service account's token for the audience \
             sts.amazonaws.com becomes its role",
};

pub(super) static ADVICE_ON_TEMPLATE_FILES: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn, Operator, Job],
        "write the template into the object (spec.driver.template, spec.podTemplate)",
    )],
    ..ADVICE
};

pub(super) static ADVICE_ON_DEPTH: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn, Operator, Job],
        "write the object with less nesting",
    )],
    ..ADVICE
};

pub(super) static ADVICE_ON_SIZE: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn, Operator, Job],
        "split the object into smaller ones",
    )],
    ..ADVICE
};

/// The findings for references that are refused, each with the reason.
pub(super) fn report(
    write: &Write<'_>,
    what: &str,
    refused: &[(&Reference, String)],
    findings: &mut Vec<Finding>,
) {
    let more = refused.len().saturating_sub(MOST);
    for (index, (reference, refused)) in refused.iter().take(MOST).enumerate() {
        let mut finding = of_reference(write, what, reference, refused);
        if more > 0 && index + 1 == MOST {
            // Writing to a String cannot fail.
            let _ = write!(finding.act, ", and {more} more like it");
        }
        findings.push(finding.at(reference.path.clone()));
    }
}

/// The finding for one reference.
pub(super) fn of_reference(
    write: &Write<'_>,
    what: &str,
    reference: &Reference,
    refused: &str,
) -> Finding {
    let Reference { path, name, by } = reference;
    match by {
        By::Template => template_file(what).key(format!("template file at {path}")),
        By::Field | By::Text | By::Secret => {
            finding(write, what, name, refused).key(format!("{name} at {path}"))
        }
        By::Login => {
            let act = format!(
                "{what} with a login as service account {}: {refused}",
                shown(name, 160)
            );
            Finding::new(&ABOUT, &ADVICE_ON_LOGINS, act).key(format!("{name} at {path}"))
        }
        By::Role | By::SomeRole | By::RoleName => {
            let act = format!("{what} with the IAM role {}: {refused}", shown(name, 200));
            Finding::new(&ABOUT, &ADVICE_ON_ROLES, act).key(format!("{name} at {path}"))
        }
    }
}

fn template_file(what: &str) -> Finding {
    let act = format!(
        "{what} with a driver's pod template from a file, which can name any service account"
    );
    Finding::new(&ABOUT, &ADVICE_ON_TEMPLATE_FILES, act)
}

/// The finding for an object that was not read to its end.
pub(super) fn unread(what: &str, why: Unread) -> Finding {
    let (problem, advice, key) = match why {
        Unread::TooDeep => (
            format!("is nested deeper than {} levels", references::MAX_DEPTH),
            &ADVICE_ON_DEPTH,
            "nested too deep",
        ),
        Unread::TooMany => (
            format!(
                "names more than {} service accounts, roles and Secrets",
                references::MOST_NAMES
            ),
            &ADVICE_ON_SIZE,
            "too many names",
        ),
    };
    let act =
        format!("{what}, which {problem}, so rolegate cannot tell which service accounts it names");
    Finding::new(&ABOUT, advice, act).key(key)
}

/// A finding about the object at a path, with advice of its own.
pub(super) fn about(advice: &'static Advice, act: String, at: Path) -> Finding {
    let key = at.to_string();
    Finding::new(&ABOUT, advice, act).at(at).key(key)
}
