//! Violations in the new object, without those already in the stored one.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::policy::About;
use crate::request::Path;
use crate::request::pod::Pod;
use crate::rules::{Advice, Finding};
use crate::write::PodWrite;

/// The most findings that one rule reports of one list: an object can violate a
/// rule in thousands of places.
pub(in crate::rules) const MOST: usize = 8;

/// One thing in an object that a rule denies.
#[derive(Debug)]
pub(in crate::rules) struct Violation {
    /// What it is, independent of its place and of any wording: the order of a
    /// list may change while its members stay the same.
    pub(in crate::rules) key: String,
    /// Where it is; the root where the write itself is denied. A rule gives the
    /// path from the pod's root, as `spec.volumes[0].hostPath`; [`brought`] and
    /// [`started`] return it from the object's root.
    pub(in crate::rules) path: Path,
    /// The clause for the message.
    pub(in crate::rules) seen: String,
}

impl Violation {
    /// The finding of the rule that `about` describes. `act` is the clause that
    /// goes on from "may not".
    pub(in crate::rules) fn finding(
        self,
        about: &'static About,
        advice: &'static Advice,
        act: impl Into<String>,
    ) -> Finding {
        let finding = Finding::new(about, advice, act).key(self.key);
        if self.path.segments().is_empty() {
            finding
        } else {
            finding.at(self.path)
        }
    }
}

/// The violations that a write adds: those of the new pod that the stored pod
/// does not have. At most [`MOST`]; the last one gives the number of the others.
pub(in crate::rules) fn brought<F>(write: &PodWrite<'_>, judge: F) -> Vec<Violation>
where
    F: Fn(&Pod<'_>, &mut Vec<Violation>),
{
    new_violations(write, judge, || true)
}

/// The violations of the pods that a write starts. As [`brought`], but a template
/// that changes in any way, and a pod that gets another image, are judged as a
/// whole: another image in a pod that mounts a Secret can read that Secret.
pub(in crate::rules) fn started<F>(write: &PodWrite<'_>, judge: F) -> Vec<Violation>
where
    F: Fn(&Pod<'_>, &mut Vec<Violation>),
{
    new_violations(write, judge, || !write.starts_other_programs())
}

/// `forgives`: whether violations of the stored pod may stay.
fn new_violations<F>(write: &PodWrite<'_>, judge: F, forgives: impl Fn() -> bool) -> Vec<Violation>
where
    F: Fn(&Pod<'_>, &mut Vec<Violation>),
{
    let mut violations = Vec::new();
    judge(&write.new, &mut violations);
    if violations.is_empty() {
        return violations;
    }
    let mut before = Vec::new();
    if let Some(old) = &write.old
        && forgives()
    {
        judge(old, &mut before);
    }
    let mut violations = new_ones(violations, before);
    for violation in &mut violations {
        violation.path = write.at(&violation.path);
    }
    violations
}

/// The violations that were not there before, at most [`MOST`].
pub(in crate::rules) fn new_ones(
    mut violations: Vec<Violation>,
    before: Vec<Violation>,
) -> Vec<Violation> {
    let before: HashSet<String> = before.into_iter().map(|violation| violation.key).collect();
    violations.retain(|violation| !before.contains(&violation.key));
    let more = violations.len().saturating_sub(MOST);
    violations.truncate(MOST);
    if more > 0
        && let Some(last) = violations.last_mut()
    {
        // Writing to a String cannot fail.
        let _ = write!(last.seen, ", and {more} more like it");
    }
    violations
}
