//! Fields of a status by which an operator starts or ends something.

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software};
use crate::facts::{Facts, Requester};
use crate::request::references::By;
use crate::request::{Object, Path, change, view};
use crate::rules::shared::custom_resource::{Whose, is_of_a_job, joined, names_in, refusal_of};
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::ADVICE;
use super::report::{about, of_reference};

pub(super) static ADVICE_ON_STATUS: Advice = Advice {
    why: "the operator reads the field back and acts by it, under the job's role",
    instead: &[
        (
            &[Person, Software, AddOn, Job],
            "leave that field to the operator. If this is the operator, declare it under `identities.operators` in rolegate's policy",
        ),
        (
            &[Operator],
            "declare that role for this operator under `identities.operators[].roles` in rolegate's policy",
        ),
    ],
    ..ADVICE
};

/// Judges changes of such fields: those of an operator by what the field names; those of
/// others are denied where a job is concerned.
pub(super) fn check(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let kind = write.kind_row();
    if matches!(write.requester, Requester::System(_)) {
        return Ok(());
    }
    // The API server drops the status of the object where it is written apart.
    let Some(kind) =
        kind.filter(|kind| kind.writes_status || write.target.subresource() == "status")
    else {
        return Ok(());
    };
    for field in kind.read_back {
        let after = view::at(new.raw(), field);
        let before = old.and_then(|old| view::at(old.raw(), field));
        if change::same(before, after) {
            continue;
        }
        let at = Path::parse_dotted(field);
        let Some(after) = after else {
            // Taken away: the operator starts from the spec again.
            if !matches!(write.requester, Requester::Operator(_))
                && stands_for_job(write, facts, new)?
            {
                findings.push(finding(write, field, at));
            }
            continue;
        };
        let named = names_in(write, after, &at)?;
        let is_operator = matches!(write.requester, Requester::Operator(_));
        let what = format!("set {field} of {}", write.object());
        // An operator quotes errors, which name accounts.
        let all = named.found.iter();
        let mut judged = all.filter(|one| !is_operator || one.by != By::Text);
        let refused = judged.find_map(|reference| {
            let refused = refusal_of(write, reference)?;
            let finding = of_reference(write, &what, reference, &refused);
            Some(finding.at(reference.path.clone()))
        });
        if let Some(refused) = refused {
            findings.push(refused);
            continue;
        }
        let of_job =
            || named.unread.is_some() || named.found.iter().any(|one| is_of_a_job(write, one));
        if old.is_some() && !is_operator && (of_job() || stands_for_job(write, facts, new)?) {
            findings.push(finding(write, field, at));
        }
    }
    Ok(())
}

/// Whether the object names an identity of jobs, or joins an object that does.
fn stands_for_job(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: Object<'_>,
) -> Result<bool, crate::rules::Stop> {
    if let Some(named) = write.named()?
        && (named.unread.is_some() || named.found.iter().any(|one| is_of_a_job(write, one)))
    {
        return Ok(true);
    }
    let joined = joined(write, facts, write.kind_row(), new)?;
    Ok(joined.iter().any(|joined| match &joined.whose {
        Whose::Names(names) => names.found.iter().any(|one| is_of_a_job(write, one)),
        Whose::Absent => false,
        Whose::Unknown => joined.is_last_word,
    }))
}

fn finding(write: &Write<'_>, field: &str, at: Path) -> Finding {
    let act = format!(
        "change {field} of {}, by which its operator acts",
        write.object()
    );
    about(&ADVICE_ON_STATUS, act, at)
}
