//! Violations in the new object, without those already in the stored one.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::policy::About;
use crate::request::Path;
use crate::request::pod::Pod;
use crate::rules::{Advice, Finding};
use crate::write::PodWrite;

/// A pod can be wrong in thousands of places; this many tell the story.
const MOST_VIOLATIONS: usize = 8;

/// One thing that is wrong with a pod.
#[derive(Debug)]
pub(in crate::rules) struct Violation {
    /// What it is, wherever it stands: a list's order may change without its
    /// members changing.
    pub(in crate::rules) key: String,
    /// Where, from the pod's root, as `spec.volumes[0].hostPath`.
    pub(in crate::rules) path: Path,
    /// A clause for the sentence.
    pub(in crate::rules) seen: String,
}

impl Violation {
    /// The finding of the rule that `about` describes: `act` done with this.
    pub(in crate::rules) fn finding(
        self,
        about: &'static About,
        advice: &'static Advice,
        act: impl Into<String>,
    ) -> Finding {
        Finding::new(about, advice, act).at(self.path).key(self.key)
    }
}

/// The violations that a write brings: those of the new pod that the stored one
/// does not have. At most eight, the last of which says how many more there are.
pub(in crate::rules) fn brought<F>(write: &PodWrite<'_>, judge: F) -> Vec<Violation>
where
    F: Fn(&Pod<'_>, &mut Vec<Violation>),
{
    new_violations(write, judge, || true)
}

/// The violations of the pods that a write starts: as [`brought`], but a template
/// that changes in any way is judged whole, and so is a pod that gets another
/// image. Somebody else's image in a pod that reads a Secret reads that Secret.
pub(in crate::rules) fn started<F>(write: &PodWrite<'_>, judge: F) -> Vec<Violation>
where
    F: Fn(&Pod<'_>, &mut Vec<Violation>),
{
    new_violations(write, judge, || !write.starts_other_programs())
}

/// `forgives`: whether what was wrong before may stay as it is.
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

/// The violations that were not there before, at most eight.
pub(in crate::rules) fn new_ones(
    mut violations: Vec<Violation>,
    before: Vec<Violation>,
) -> Vec<Violation> {
    let before: HashSet<String> = before.into_iter().map(|violation| violation.key).collect();
    violations.retain(|violation| !before.contains(&violation.key));
    let more = violations.len().saturating_sub(MOST_VIOLATIONS);
    violations.truncate(MOST_VIOLATIONS);
    if more > 0
        && let Some(last) = violations.last_mut()
    {
        // Writing to a String cannot fail.
        let _ = write!(last.seen, ", and {more} more like it");
    }
    violations
}
