//! Custom resources that join another object's job.

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::{Facts, Requester};
use crate::request::Object;
use crate::rules::shared::custom_resource::{Joined, Whose, all_joined, refusal_of};
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::ADVICE;
use super::report::{about, of_reference, unread};

pub(super) static ADVICE_ON_UNKNOWN: Advice = Advice {
    why: "whoever joins a job runs a program under its role",
    instead: &[
        (
            &[Person],
            "ask the platform team to list every role of the namespace's operators for you (`submitters.roles`), or to run rolegate with --cluster and the right to get objects of that kind",
        ),
        (
            &[Software, AddOn, Operator, Job],
            "list this service account under `submitters.users`, with every role of the namespace's operators under `submitters.roles` in rolegate's policy, or run rolegate with --cluster and the right to get objects of that kind",
        ),
    ],
    ..ADVICE
};

pub(super) static ADVICE_ON_ABSENT: Advice = Advice {
    instead: &[(
        &[Person, Software, AddOn, Operator, Job],
        "create that object first",
    )],
    ..ADVICE_ON_UNKNOWN
};

/// Judges the objects that the new object joins, and those that the stored one joins.
pub(super) fn check(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    if matches!(write.requester, Requester::System(_)) {
        return Ok(());
    }
    let objects: Vec<_> = [Some(new), old].into_iter().flatten().collect();
    for joined in all_joined(write, facts, write.kind_row(), &objects)? {
        of_object(write, &joined, findings);
    }
    Ok(())
}

fn of_object(write: &Write<'_>, joined: &Joined, findings: &mut Vec<Finding>) {
    let verb = match write.act.stored() {
        Some(_) => "change",
        None => "create",
    };
    let what = format!("{verb} {}, which joins {}", write.object(), joined.what);
    let at = joined.at.clone();
    match &joined.whose {
        Whose::Names(names) => {
            if let Some((why, _)) = names.unread {
                findings.push(unread(&what, why).at(at));
                return;
            }
            let refused = names.found.iter().find_map(|reference| {
                let refused = refusal_of(write, reference)?;
                Some(of_reference(write, &what, reference, &refused))
            });
            findings.extend(refused.map(|finding| finding.at(at)));
        }
        Whose::Absent | Whose::Unknown if !joined.is_last_word => {}
        Whose::Absent => {
            let act = format!("{what}: there is no such object, so nothing says whose it will be");
            findings.push(about(&ADVICE_ON_ABSENT, act, at));
        }
        Whose::Unknown => {
            let act = format!(
                "{what}: rolegate could not read whose {} that is",
                joined.resource
            );
            findings.push(about(&ADVICE_ON_UNKNOWN, act, at));
        }
    }
}
