//! Devices of other pods: claims with `adminAccess`.

use serde::Deserialize;

use crate::json::List;
use crate::request::{Object, Path, ReviewError};
use crate::write::Write;

use super::{Judged, finding, of_spec};

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
    /// The index of the first request with `adminAccess`.
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

pub(super) fn claim(write: &Write<'_>) -> Judged {
    judge(write, of_spec(), |object| {
        Ok(object.read::<Holder<ClaimSpec>>()?.spec)
    })
}

pub(super) fn template(write: &Write<'_>) -> Judged {
    judge(write, of_spec().key("spec"), |object| {
        let template = object.read::<Holder<Holder<ClaimSpec>>>()?.spec;
        Ok(template.and_then(|template| template.spec))
    })
}

fn judge<F>(write: &Write<'_>, path: Path, read: F) -> Judged
where
    F: Fn(Object<'_>) -> Result<Option<ClaimSpec>, ReviewError>,
{
    let Some((new, old)) = write.act.written() else {
        return Ok(None);
    };
    let wanted = |object: Object<'_>| -> Result<Option<usize>, ReviewError> {
        Ok(read(object)?.and_then(|spec| spec.admin_access()))
    };
    let Some(index) = wanted(new)? else {
        return Ok(None);
    };
    // A claim never changes; a template that had it before gets no more by it.
    if old.map(wanted).transpose()?.flatten().is_some() {
        return Ok(None);
    }
    let act = format!(
        "have administrators' access to devices by {}",
        write.object()
    );
    let path = path.key("devices").key("requests").index(index);
    Ok(Some(finding("adminAccess", act).at(path)))
}
