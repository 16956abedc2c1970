//! What is wrong with a pod or another object, told apart from what was wrong
//! with it before.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::facts::PodWrite;
use crate::request::pod::Pod;

/// A pod can be wrong in thousands of places; this many tell the story.
const MOST_FAULTS: usize = 8;

/// One thing that is wrong with a pod.
#[derive(Debug)]
pub(in crate::rules) struct Fault {
    /// What it is, wherever it stands: a list's order may change without its
    /// members changing.
    pub(in crate::rules) key: String,
    /// Where, from the pod's root, as `spec.volumes[0].hostPath`.
    pub(in crate::rules) path: String,
    /// A clause for the sentence.
    pub(in crate::rules) seen: String,
}

/// The faults that a write brings: those of the new pod that the stored one
/// does not have. At most eight, the last of which says how many more there are.
pub(in crate::rules) fn brought<F>(write: &PodWrite<'_>, judge: F) -> Vec<Fault>
where
    F: Fn(&Pod<'_>, &mut Vec<Fault>),
{
    new_faults(write, judge, || true)
}

/// The faults of the pods that a write starts: as [`brought`], but a template
/// that changes in any way is judged whole, and so is a pod that gets another
/// image. Somebody else's image in a pod that reads a Secret reads that Secret.
pub(in crate::rules) fn started<F>(write: &PodWrite<'_>, judge: F) -> Vec<Fault>
where
    F: Fn(&Pod<'_>, &mut Vec<Fault>),
{
    new_faults(write, judge, || !write.starts_other_programs())
}

/// `forgives`: whether what was wrong before may stay as it is.
fn new_faults<F>(write: &PodWrite<'_>, judge: F, forgives: impl Fn() -> bool) -> Vec<Fault>
where
    F: Fn(&Pod<'_>, &mut Vec<Fault>),
{
    let mut faults = Vec::new();
    judge(&write.new, &mut faults);
    if faults.is_empty() {
        return faults;
    }
    let mut before = Vec::new();
    if let Some(old) = &write.old
        && forgives()
    {
        judge(old, &mut before);
    }
    let mut faults = new_ones(faults, before);
    for fault in &mut faults {
        fault.path = write.at(&fault.path);
    }
    faults
}

/// The faults that were not there before, at most eight.
pub(in crate::rules) fn new_ones(mut faults: Vec<Fault>, before: Vec<Fault>) -> Vec<Fault> {
    let before: HashSet<String> = before.into_iter().map(|fault| fault.key).collect();
    faults.retain(|fault| !before.contains(&fault.key));
    let more = faults.len().saturating_sub(MOST_FAULTS);
    faults.truncate(MOST_FAULTS);
    if more > 0
        && let Some(last) = faults.last_mut()
    {
        // Writing to a String cannot fail.
        let _ = write!(last.seen, ", and {more} more like it");
    }
    faults
}
