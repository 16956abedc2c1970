//! The workload that a request scales without holding it: by the subresource `scale`, or
//! by an object that makes an autoscaler do so. Which pods it has, only a look-up says.

use std::cmp::Ordering;

use crate::facts::{Action, Asked, Extent, Facts, Known, Need, Requester};
use crate::json::{self, Raw};
use crate::names::shown;
use crate::policy::Capability;
use crate::request::references::References;
use crate::request::view::{self, TemplateShape};
use crate::request::{Object, ReviewError};
use crate::rules::Stop;
use crate::write::Write;

use super::custom_resource::names_of;

/// What a workload that was looked up starts.
pub(in crate::rules) enum Scaled<'f> {
    /// The pod template of one of Kubernetes' own kinds.
    Template(Object<'f>),
    /// The identities that a custom resource names.
    Names(References),
}

/// Whether the requester scales what others wrote: Kubernetes' controllers, and
/// autoscalers of the policy. Who may point an autoscaler at a workload is judged where
/// that is written.
pub(in crate::rules) fn is_autoscaler(write: &Write<'_>) -> bool {
    match &write.requester {
        Requester::System(_) => true,
        Requester::Platform(entry) => entry.capabilities.contains(Capability::Scale),
        _ => write.extent(Action::StartPod) == Extent::All,
    }
}

/// The workload of a request to its subresource `scale`, and whether it gets more or
/// fewer pods; `None` where the request is another or changes no count. A count that
/// cannot be read is one more.
pub(in crate::rules) fn by_count(write: &Write<'_>) -> Option<(Need, Ordering)> {
    if write.target.subresource() != "scale" {
        return None;
    }
    let (old, new) = write.act.update()?;
    let count = |object: Object<'_>| match view::at(object.raw(), "spec.replicas") {
        None => Some(0),
        Some(raw) => number(raw),
    };
    let order = match (count(old), count(new)) {
        (Some(old), Some(new)) => new.cmp(&old),
        _ => Ordering::Greater,
    };
    let target = &write.target;
    let version = match target.group() {
        // Old versions of these groups are served no more.
        "" | "apps" => "v1",
        _ => target.resource.version.as_str(),
    };
    let need = Need::object(
        target.group(),
        version,
        target.resource(),
        target.namespace(),
        &target.name,
    );
    (order != Ordering::Equal).then_some((need, order))
}

/// `null` is absent.
fn number(raw: Raw<'_>) -> Option<i64> {
    json::from_str::<Option<i64>>(raw.get())
        .ok()
        .map(Option::unwrap_or_default)
}

/// The field by which objects name the workload that an autoscaler is to scale.
pub(in crate::rules) const REFERENCE: &str = "spec.scaleTargetRef";

/// The workload that the object has an autoscaler scale, where that is one of a kind that
/// starts pods for jobs.
pub(in crate::rules) fn by_reference(write: &Write<'_>, object: Object<'_>) -> Option<Need> {
    let reference = view::at(object.raw(), REFERENCE)?;
    let text = |field| view::text_at(reference, field).unwrap_or_default();
    let (version, kind, name) = (text("apiVersion"), text("kind"), text("name"));
    let group = version
        .as_str()
        .split_once('/')
        .map_or("", |(group, _)| group);
    let kind = match kind.as_str() {
        // KEDA's default.
        "" => "Deployment",
        kind => kind,
    };
    let (Asked { group, resource }, version) = Asked::scaled(group, kind)?;
    let namespace = write.target.namespace();
    (!name.is_empty()).then(|| Need::object(group, version, resource, namespace, &name))
}

/// For a sentence: `deployments.apps spark-a/gateway`.
pub(in crate::rules) fn what(need: &Need) -> String {
    shown(&need.to_string(), 320)
}

/// What the workload starts; `None` where there is no such workload, or one of a kind
/// that rolegate does not ask for: the software that starts its pods is no operator of
/// jobs, and the pods are judged.
///
/// # Errors
///
/// A [`Stop`] where it has to be looked up first, or cannot be: then the rule is skipped.
pub(in crate::rules) fn look<'f>(
    write: &Write<'_>,
    facts: &Facts<'f>,
    need: &Need,
) -> Result<Option<Scaled<'f>>, Stop> {
    if !Asked::allows(need) {
        return Ok(None);
    }
    let stored = match facts.object(need.clone())? {
        Known::Is(stored, _) => stored,
        Known::Absent(_) => return Ok(None),
        Known::Unknown => return Err(need.clone().into()),
    };
    let scaled = match TemplateShape::of(&stored.target.resource) {
        Some(shape) => stored.object.template(shape)?.map(Scaled::Template),
        None => Some(names(write, need, stored.object)?),
    };
    Ok(scaled)
}

fn names<'f>(
    write: &Write<'_>,
    need: &Need,
    object: Object<'_>,
) -> Result<Scaled<'f>, ReviewError> {
    let names = names_of(write, &need.group, &need.resource, object)?;
    Ok(Scaled::Names(names))
}
