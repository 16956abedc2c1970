//! What is wrong with IAM documents, for jobs of EMR.
//!
//! One file per family of checks. A check is a row: its id, how far it matters, where it
//! comes from. A finding has a path in the document, a sentence, who could become the role,
//! and the corrected statement where there is one.

mod check;
mod claim_checks;
mod claims;
mod identity;
mod principals;
mod shape;
mod spelling;
mod statements;
mod submitters;

pub use check::{Check, Finding, Level};

use super::subject::{Subject, SubjectKind};
use super::world::World;

/// Every check, in the order of lists.
#[must_use]
pub fn checks() -> Vec<&'static Check> {
    [
        claim_checks::CHECKS,
        principals::CHECKS,
        statements::CHECKS,
        shape::CHECKS,
        submitters::CHECKS,
        identity::CHECKS,
        spelling::CHECKS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// Judges one document: what matters most comes first.
#[must_use]
pub fn lint(subject: &Subject, world: &World<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    match subject.kind {
        SubjectKind::Trust => {
            claims::check(subject, world, &mut found);
            principals::check(subject, world, &mut found);
            statements::check(subject, &mut found);
        }
        SubjectKind::Identity => {
            submitters::check(subject, &mut found);
            identity::check(subject, &mut found);
        }
    }
    shape::check(subject, &mut found);
    spelling::check(subject, &mut found);
    found.sort_by_key(|finding| finding.check.level);
    found
}
