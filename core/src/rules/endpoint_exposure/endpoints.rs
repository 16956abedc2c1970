//! Endpoints and `EndpointSlices`: where a Service's traffic goes.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::write::Write;
use crate::json::List;
use crate::names::shown;
use crate::policy::Capability;
use crate::request::change::changed;
use crate::request::pod::PodMeta;
use crate::request::{Operation, ReviewError, view};
use crate::rules::Finding;

use super::{Reason, can, drivers, finding, verb};

const REASON: Reason = Reason {
    why: "the addresses in it may be any pod's, and what is sent to the Service goes there \
          whoever the pod belongs to",
    instead: "let Kubernetes keep it: give the Service a selector for your own pods, or \
              externalName for what is outside of the cluster",
    source: "CVE-2021-25740: Endpoint and EndpointSlice permissions allow cross-namespace forwarding",
};

/// The label that says whose addresses a slice holds.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

#[derive(Deserialize)]
struct Addresses<'a> {
    #[serde(borrow)]
    metadata: Option<PodMeta<'a>>,
    /// Of Endpoints.
    #[serde(default)]
    subsets: List<IgnoredAny>,
    /// Of an `EndpointSlice`.
    #[serde(default)]
    endpoints: List<IgnoredAny>,
}

pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    // Their controllers make them anew.
    if request.operation() == Operation::Delete || can(write, Capability::Mirror) {
        return Ok(());
    }
    if request.operation() == Operation::Update && !redirects(write)? {
        return Ok(());
    }
    let new: Addresses<'_> = view::read("request.object", request.object()?)?;
    let labels = new.metadata.as_ref().map(|meta| &meta.labels);
    let name = write.possible_name();
    let service = match labels.and_then(|labels| labels.get(SERVICE_NAME)) {
        Some(service) if request.target.is("discovery.k8s.io", "endpointslices") => service,
        _ => &name,
    };
    let verb = verb(request.operation());
    let of = if drivers::is_drivers(service) {
        format!(", where a driver's Service {} leads", shown(service, 253))
    } else if request.operation() == Operation::Update
        || !new.subsets.is_empty()
        || !new.endpoints.is_empty()
    {
        ", which says where a Service leads".to_owned()
    } else {
        // A lock that an old leader election keeps in annotations.
        return Ok(());
    };
    let seen = format!("{verb} {}{of}", write.object());
    findings.push(finding(write, &seen, None, &REASON));
    Ok(())
}

/// Whether an UPDATE changes more than annotations and finalizers: addresses,
/// ports, or the labels by which proxies and controllers find them.
fn redirects(write: &Write<'_>) -> Result<bool, ReviewError> {
    let request = write.request();
    let (old, new) = (request.old_object()?, request.object()?);
    for part in changed("the object", Some(old), Some(new))? {
        if *part.name != *"metadata" {
            return Ok(true);
        }
        let fields = changed("metadata", part.old, part.new)?;
        let harmless = |name: &str| matches!(name, "annotations" | "finalizers");
        if fields.iter().any(|field| !harmless(&field.name)) {
            return Ok(true);
        }
    }
    Ok(false)
}
