//! The metadata that an object has, and that its controller copies to what it makes.

use std::borrow::Cow;

use serde::Deserialize;

use crate::request::pod::PodMeta;
use crate::request::{Object, ReviewError, Version};
use crate::write::Write;

/// The metadata of the object itself; of a pod as it was read before.
pub(super) fn whole<'w, 'a>(
    write: &'w Write<'a>,
    object: Object<'a>,
) -> Result<Cow<'w, PodMeta<'a>>, ReviewError> {
    let pod = write.pod()?.filter(|pod_write| pod_write.is_pod());
    let read = pod.and_then(|pod_write| match object.version() {
        Version::New => Some(&pod_write.new.metadata),
        _ => pod_write.old.as_ref().map(|old| &old.metadata),
    });
    match read {
        Some(metadata) => Ok(Cow::Borrowed(metadata)),
        None => object.own_metadata().map(Cow::Owned),
    }
}

/// The metadata of the Jobs that a `CronJob` makes.
pub(super) fn jobs_of_cron_job<'a>(
    write: &Write<'a>,
    object: Object<'a>,
) -> Result<Option<PodMeta<'a>>, ReviewError> {
    if !write.target.is("batch", "cronjobs") {
        return Ok(None);
    }
    let jobs = object
        .read::<View<'a>>()?
        .spec
        .and_then(|spec| spec.job_template);
    Ok(jobs.and_then(|jobs| jobs.metadata))
}

/// The metadata of the claims that a `StatefulSet` makes: the controller copies it whole.
pub(super) fn claims_of_set<'a>(
    write: &Write<'a>,
    object: Object<'a>,
) -> Result<Vec<PodMeta<'a>>, ReviewError> {
    if !write.target.is("apps", "statefulsets") {
        return Ok(Vec::new());
    }
    let spec = object.read::<View<'a>>()?.spec;
    let claims = spec.and_then(|spec| spec.volume_claim_templates);
    let claims = claims.into_iter().flatten();
    Ok(claims.filter_map(|claim| claim.metadata).collect())
}

#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow)]
    spec: Option<Spec<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow)]
    job_template: Option<Made<'a>>,
    #[serde(borrow)]
    volume_claim_templates: Option<Vec<Made<'a>>>,
}

#[derive(Deserialize)]
struct Made<'a> {
    #[serde(borrow)]
    metadata: Option<PodMeta<'a>>,
}
