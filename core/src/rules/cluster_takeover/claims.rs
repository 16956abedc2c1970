//! Devices of other pods: claims with administrators' access.

use serde::Deserialize;

use crate::facts::Subject;
use crate::json::List;
use crate::json::Raw;
use crate::request::{Operation, ReviewError, view};

use super::Fault;

/// `spec` of a claim, in any version of the API.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ClaimSpec {
    devices: Option<Devices>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Devices {
    requests: List<DeviceRequest>,
}

/// Versions before `v1beta2` keep the field one level higher.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DeviceRequest {
    admin_access: Option<bool>,
    exactly: Option<Exactly>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Exactly {
    admin_access: Option<bool>,
}

impl ClaimSpec {
    /// The place of the first request with administrators' access.
    fn admin_access(&self) -> Option<usize> {
        let mut requests = self.devices.iter().flat_map(|devices| &*devices.requests);
        requests.position(|request| {
            let exactly = request.exactly.as_ref();
            request.admin_access == Some(true)
                || exactly.and_then(|exactly| exactly.admin_access) == Some(true)
        })
    }
}

#[derive(Deserialize)]
struct Holder<T> {
    spec: Option<T>,
}

pub(super) fn claim(subject: &Subject<'_>) -> Result<Fault, ReviewError> {
    judge(subject, "spec", |what, object| {
        Ok(view::read::<Holder<ClaimSpec>>(what, object)?.spec)
    })
}

pub(super) fn template(subject: &Subject<'_>) -> Result<Fault, ReviewError> {
    judge(subject, "spec.spec", |what, object| {
        let template = view::read::<Holder<Holder<ClaimSpec>>>(what, object)?.spec;
        Ok(template.and_then(|template| template.spec))
    })
}

fn judge<'a, F>(subject: &Subject<'a>, path: &str, read: F) -> Result<Fault, ReviewError>
where
    F: Fn(&'static str, Raw<'a>) -> Result<Option<ClaimSpec>, ReviewError>,
{
    let request = subject.request;
    if request.operation == Operation::Delete {
        return Ok(None);
    }
    let wanted = |spec: Option<ClaimSpec>| spec.and_then(|spec| spec.admin_access());
    let Some(index) = wanted(read("request.object", request.object()?)?) else {
        return Ok(None);
    };
    // A claim never changes; a template that asked before asks for no more.
    if request.operation == Operation::Update
        && wanted(read("request.oldObject", request.old_object()?)?).is_some()
    {
        return Ok(None);
    }
    Ok(Some((
        format!(
            "have administrators' access to devices by {}",
            subject.object()
        ),
        Some(format!("{path}.devices.requests[{index}]")),
    )))
}
