//! Workloads that already exist, and are made to start more pods: by their count, by
//! going on after a pause, by an autoscaler.

use std::cmp::Ordering;

use crate::facts::Addressee::{AddOn, Emr, Job, Operator, Person, Software};
use crate::facts::{Facts, Requester, RunsAs};
use crate::json::{self, Raw};
use crate::names::shown;
use crate::request::change::{Changed, changed};
use crate::request::{Object, Path, ReviewError, change, view};
use crate::rules::shared::custom_resource::refusal_of;
use crate::rules::shared::privileged;
use crate::rules::shared::scaling::{
    self, REFERENCE, Scaled, by_count, by_reference, is_autoscaler,
};
use crate::rules::shared::startable::{Start, refusal};
use crate::rules::{Advice, Checked, Finding, Stop};
use crate::write::Write;

use super::report::unread;
use super::{ABOUT, revisions};

pub(super) static ADVICE_ON_SCALING: Advice = Advice {
    why: "its pods run under that service account whoever wrote their template, and it may have \
          waited since before rolegate",
    instead: &[
        (
            &[Person],
            "leave the workload to Amazon EMR or the operator that made it. If it is your own, delete it and create it with a service account that rolegate's policy lists for you",
        ),
        (
            &[Software, AddOn],
            "list software that scales workloads under `identities.platform` with the capability `scale` in rolegate's policy",
        ),
        (&[Emr], "scale the endpoint through Amazon EMR"),
        (
            &[Operator],
            "declare the role for this operator under `identities.operators[].roles` in rolegate's policy",
        ),
        (&[Job], "scale workloads of this job's own role only"),
    ],
    source: "Amazon EMR on EKS security best practices: permissions to create pods",
};

pub(super) static ADVICE_ON_ROLLBACK: Advice = Advice {
    why: "the deployment controller then writes an old template into the Deployment, and no \
          request shows under which service account its pods run",
    instead: &[(
        &[Person, Software, AddOn, Emr, Operator, Job],
        "use `kubectl rollout undo`, which sends the template, and leave the annotation out",
    )],
    source: "Kubernetes API reference, Deployment apps/v1: spec.rollbackTo of extensions/v1beta1 as an annotation",
};

/// The annotation that has the deployment controller roll back.
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

/// Judges the subresource `scale`, and of Kubernetes' kinds the autoscaler.
pub(super) fn check(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    if write.target.subresource() == "scale" {
        return count(write, facts, findings);
    }
    if write.target.is("autoscaling", "horizontalpodautoscalers") && write.target.is_main() {
        return reference(write, facts, new, old, findings);
    }
    Ok(())
}

/// More pods by the subresource `scale`. Fewer start none: `job-lifecycle` judges that.
fn count(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    if is_autoscaler(write) {
        return Ok(());
    }
    let Some((need, Ordering::Greater)) = by_count(write) else {
        return Ok(());
    };
    let Some(scaled) = scaling::look(write, facts, &need)? else {
        return Ok(());
    };
    let what = format!("scale up {}", scaling::what(&need));
    let at = Path::root().key("spec").key("replicas");
    findings.extend(judge(write, &scaled, &need.name, &what)?.map(|one| one.at(at)));
    Ok(())
}

/// An object that has an autoscaler scale a workload: a `HorizontalPodAutoscaler`, KEDA's
/// `ScaledObject`, and kinds that nobody knows with a field of that name.
pub(super) fn reference(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let scales_nothing = write.kind_row().is_some_and(|kind| !kind.scales);
    if scales_nothing || !write.target.is_main() || is_autoscaler(write) {
        return Ok(());
    }
    let Some(need) = by_reference(write, new) else {
        return Ok(());
    };
    // KEDA takes a count from an annotation, too.
    if let Some(old) = old
        && write.keeps_intent()
        && same_annotations(old, new)
    {
        return Ok(());
    }
    let Some(scaled) = scaling::look(write, facts, &need)? else {
        return Ok(());
    };
    let verb = if old.is_some() { "change" } else { "create" };
    let what = format!(
        "{verb} {}, which scales {}",
        write.object(),
        scaling::what(&need)
    );
    let at = Path::parse_dotted(REFERENCE);
    findings.extend(judge(write, &scaled, &need.name, &what)?.map(|one| one.at(at)));
    Ok(())
}

fn same_annotations(old: Object<'_>, new: Object<'_>) -> bool {
    let [old, new] = [old, new].map(|object| view::at(object.raw(), "metadata.annotations"));
    change::same(old, new)
}

/// Both results, with all that either needs. What a rule skips would take its findings
/// along, so an unknown workload counts only where nothing is found.
pub(super) fn both(
    first: Checked,
    second: Checked,
    facts: &Facts<'_>,
    findings: &[Finding],
) -> Checked {
    match (first, second) {
        (Err(Stop::Needs(mut needs)), Err(Stop::Needs(more))) => {
            needs.extend(more);
            Err(Stop::Needs(needs))
        }
        (Err(Stop::Needs(_)), Ok(())) if facts.are_final() && !findings.is_empty() => Ok(()),
        (Err(Stop::Unreadable(error)), _) | (_, Err(Stop::Unreadable(error))) => {
            Err(Stop::Unreadable(error))
        }
        (Err(stop), Ok(())) | (Ok(()), Err(stop)) => Err(stop),
        (Ok(()), Ok(())) => Ok(()),
    }
}

/// The finding for a workload that was looked up.
fn judge(
    write: &Write<'_>,
    scaled: &Scaled<'_>,
    workload: &str,
    what: &str,
) -> Result<Option<Finding>, ReviewError> {
    match scaled {
        Scaled::Template(template) => of_template(write, *template, workload, what),
        Scaled::Names(names) => {
            if let Some((why, _)) = names.unread {
                return Ok(Some(unread(what, why)));
            }
            Ok(names.found.iter().find_map(|reference| {
                let refused = refusal_of(write, reference)?;
                Some(finding(what, &reference.name, &refused))
            }))
        }
    }
}

fn of_template(
    write: &Write<'_>,
    template: Object<'_>,
    workload: &str,
    what: &str,
) -> Result<Option<Finding>, ReviewError> {
    let accounts = template.service_accounts()?;
    Ok(accounts.iter().find_map(|(_, account)| {
        let refused = refused(write, account, workload)?;
        Some(finding(what, account, &refused))
    }))
}

/// Why the requester may not have a stored workload start more pods under the account.
/// Only accounts that stand for something count: whoever may scale an application need
/// not be the one who deploys it.
fn refused(write: &Write<'_>, account: &str, workload: &str) -> Option<String> {
    match write.runs_as(account) {
        RunsAs::Ordinary if privileged::is_itself(write, account) => None,
        RunsAs::Ordinary => privileged::refusal(write, account),
        RunsAs::Job { .. } | RunsAs::Reserved => {
            refusal(write, account, Start::Template { workload })
        }
    }
}

fn finding(what: &str, account: &str, refused: &str) -> Finding {
    let act = format!(
        "{what}, whose pods run under service account {}: {refused}",
        shown(account, 160)
    );
    Finding::new(&ABOUT, &ADVICE_ON_SCALING, act).key(account.to_owned())
}

/// An UPDATE of a workload that leaves its template as it is, and has it start pods.
pub(super) fn workload(
    write: &Write<'_>,
    facts: &Facts<'_>,
    template: Option<Object<'_>>,
    new: Object<'_>,
    old: Object<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    // Queues resume Jobs as a matter of course.
    let is_queue =
        matches!(write.requester, Requester::Platform(_)) && write.target.group() == "batch";
    let Some(template) = template.filter(|_| !is_queue) else {
        return Ok(());
    };
    let specs = || [old, new].map(|object| view::at(object.raw(), "spec"));
    if is_autoscaler(write) {
        if !write.target.is("apps", "replicasets") {
            return Ok(());
        }
        let [before, after] = specs();
        return match sets_going(before, after)? {
            Some(_) => revisions::of_replica_set(write, facts, template, old, findings),
            None => Ok(()),
        };
    }
    let Some(found) = of_template(write, template, write.possible_name(), "")? else {
        return Ok(());
    };
    let [old, new] = specs();
    let Some((verb, field)) = sets_going(old, new)? else {
        return Ok(());
    };
    let act = format!("{verb} {}{}", write.object(), found.act);
    let at = Path::root().key("spec").key(field);
    findings.push(Finding { act, ..found }.at(at));
    Ok(())
}

/// What an UPDATE does by which the controller starts pods from the stored template: a
/// verb and the field of `spec`.
fn sets_going(
    old: Option<Raw<'_>>,
    new: Option<Raw<'_>>,
) -> Result<Option<(&'static str, String)>, ReviewError> {
    for field in changed("the object", old, new)? {
        let verb = match field.name.as_str() {
            "replicas" | "parallelism" | "completions" if is_more(&field) => "scale up",
            "suspend" | "paused" if is_true(field.old) && !is_true(field.new) => "resume",
            "schedule" | "timeZone" => "change the schedule of",
            // Rolls a stored template out to further pods.
            "updateStrategy" => "change the roll-out of",
            "ordinals" | "selector" => "change which pods belong to",
            // Of the Jobs that a CronJob makes.
            "jobTemplate" => {
                let [old, new] = [field.old, field.new].map(|raw| view::at(raw?, "spec"));
                match sets_going(old, new)? {
                    Some(found) => return Ok(Some(found)),
                    None => continue,
                }
            }
            _ => continue,
        };
        return Ok(Some((verb, field.name.to_string())));
    }
    Ok(None)
}

/// Absent is one, as the API server fills it in.
fn is_more(field: &Changed<'_>) -> bool {
    let count = |raw: Option<Raw<'_>>| match raw.map(Raw::get) {
        None | Some("null") => Some(1),
        Some(text) => text.parse::<i64>().ok(),
    };
    match (count(field.old), count(field.new)) {
        (Some(old), Some(new)) => new > old,
        _ => true,
    }
}

fn is_true(raw: Option<Raw<'_>>) -> bool {
    raw.is_some_and(|raw| json::from_str::<bool>(raw.get()).unwrap_or_default())
}

/// A rollback by annotation: no request shows the template that it starts.
pub(super) fn rollback(
    write: &Write<'_>,
    new: Object<'_>,
    old: Option<Object<'_>>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    if !write.target.is("apps", "deployments") || matches!(write.requester, Requester::System(_)) {
        return Ok(());
    }
    let annotations = new.annotations()?;
    let Some(revision) = annotations.get(ROLLBACK_TO).filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    if let Some(old) = old
        && old.annotations()?.get(ROLLBACK_TO) == Some(revision)
    {
        return Ok(());
    }
    let act = format!("roll {} back by an annotation", write.object());
    let at = Path::root()
        .key("metadata")
        .key("annotations")
        .key(ROLLBACK_TO);
    findings.push(
        Finding::new(&ABOUT, &ADVICE_ON_ROLLBACK, act)
            .at(at)
            .key("rollback"),
    );
    Ok(())
}
