//! The decision about a request, and about the pods that it leads to.

use jiff::Timestamp;

use crate::facts::{Asked, Facts};
use crate::policy::Policy;
use crate::request::{Request, ReviewError};
use crate::rules::RULES;

use super::judge::decide_by;
use super::{Outcome, Scope, pods_to_come};

/// Judges a request by the rules of this version. Does no I/O and reads no clock.
///
/// A dry run is judged like a real request, because its response shows the same
/// data.
///
/// # Errors
///
/// A [`ReviewError`] if a rule cannot read a part that it must judge; but a pod with
/// too many containers or volumes is denied.
pub fn decide<'a>(
    request: &'a Request<'a>,
    scope: Scope,
    policy: &'a Policy,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Result<Outcome<'a>, ReviewError> {
    let mut outcome = decide_by(RULES, request, scope, policy, facts, now)?;
    match &mut outcome {
        Outcome::Needs(needs) => debug_assert!(
            needs.iter().all(Asked::allows),
            "rolegate may not read {needs:?}"
        ),
        Outcome::Decided(decision) if decision.allowed() => {
            decision.pods_to_come = pods_to_come::warnings(RULES, request, scope, policy, now);
        }
        Outcome::Decided(_) => {}
    }
    Ok(outcome)
}
