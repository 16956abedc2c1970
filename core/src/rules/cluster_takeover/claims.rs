//! Devices of other pods: claims with administrators' access.

use serde::Deserialize;

use crate::write::Write;
use crate::json::List;
use crate::json::Raw;
use crate::request::{Operation, ReviewError, view};

use super::Violation;

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

pub(super) fn claim(write: &Write<'_>) -> Result<Violation, ReviewError> {
    judge(write, "spec", |what, object| {
        Ok(view::read::<Holder<ClaimSpec>>(what, object)?.spec)
    })
}

pub(super) fn template(write: &Write<'_>) -> Result<Violation, ReviewError> {
    judge(write, "spec.spec", |what, object| {
        let template = view::read::<Holder<Holder<ClaimSpec>>>(what, object)?.spec;
        Ok(template.and_then(|template| template.spec))
    })
}

fn judge<'a, F>(write: &Write<'a>, path: &str, read: F) -> Result<Violation, ReviewError>
where
    F: Fn(&'static str, Raw<'a>) -> Result<Option<ClaimSpec>, ReviewError>,
{
    let request = write.request();
    if request.operation() == Operation::Delete {
        return Ok(None);
    }
    let wanted = |spec: Option<ClaimSpec>| spec.and_then(|spec| spec.admin_access());
    let Some(index) = wanted(read("request.object", request.object()?)?) else {
        return Ok(None);
    };
    // A claim never changes; a template that asked before asks for no more.
    if request.operation() == Operation::Update
        && wanted(read("request.oldObject", request.old_object()?)?).is_some()
    {
        return Ok(None);
    }
    Ok(Some((
        format!(
            "have administrators' access to devices by {}",
            write.object()
        ),
        Some(format!("{path}.devices.requests[{index}]")),
    )))
}
