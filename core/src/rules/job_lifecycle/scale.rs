//! Fewer pods by the subresource `scale`. The request holds a count and no workload.

use std::cmp::Ordering;

use crate::facts::{Facts, RunsAs};
use crate::rules::shared::ownership::identity_of;
use crate::rules::shared::scaling::{self, Scaled, by_count, is_autoscaler};
use crate::rules::{Checked, Finding};
use crate::write::Write;

use super::custom_resource::foreign;
use super::{ABOUT, ADVICE, owns, runs_as};

pub(super) fn check(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    if is_autoscaler(write) {
        return Ok(());
    }
    let Some((need, Ordering::Less)) = by_count(write) else {
        return Ok(());
    };
    let clause = match scaling::look(write, facts, &need)? {
        None => None,
        Some(Scaled::Template(template)) => {
            let template = template.pod()?;
            let identity = identity_of(&template, write);
            let ends = identity != RunsAs::Ordinary && !owns(write, &template, &need.name);
            ends.then(|| runs_as(identity.role()))
        }
        Some(Scaled::Names(names)) => names.found.iter().find_map(|name| foreign(write, name)),
    };
    if let Some(clause) = clause {
        let act = format!("scale down {}{clause}", scaling::what(&need));
        findings.push(Finding::new(&ABOUT, &ADVICE, act).key("scale"));
    }
    Ok(())
}
