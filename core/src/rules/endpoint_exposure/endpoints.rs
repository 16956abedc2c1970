//! Endpoints and `EndpointSlices`: the addresses that a Service sends traffic to.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::Facts;
use crate::json::List;
use crate::names::{is_drivers_service, shown};
use crate::policy::Capability;
use crate::request::change::changed;
use crate::request::pod::PodMeta;
use crate::request::{Act, Object, ReviewError};
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::{ABOUT, has_capability, verb};

pub(super) static ADVICE: Advice = Advice {
    why: "the addresses in it may be any pod's, and what is sent to the Service goes there, \
          no matter whose pod it is",
    instead: &[
        (
            &[Person, Operator, Job],
            "let Kubernetes manage it: give the Service a selector for your own pods, or externalName for what is outside of the cluster",
        ),
        (
            &[Software, AddOn],
            "let Kubernetes manage it by the Service's selector, or list network software under `identities.platform` with the capability `mirror` in rolegate's policy",
        ),
        (
            &[Workload],
            "look for software that works under this identity: a node writes no endpoints",
        ),
    ],
    source: "CVE-2021-25740: Endpoint and EndpointSlice permissions allow cross-namespace forwarding",
};

/// The label that names the Service of a slice.
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

pub(super) fn check(write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    if has_capability(write, Capability::Mirror) {
        return Ok(());
    }
    let (new, updates) = match write.act {
        Act::Create(new) => (new, false),
        Act::Update { old, new } if redirects(old, new)? => (new, true),
        // Their controllers create deleted ones again.
        Act::Update { .. } | Act::Delete(_) | Act::Connect(_) => return Ok(()),
    };
    let new: Addresses<'_> = new.read()?;
    let labels = new.metadata.as_ref().map(|meta| &meta.labels);
    let service = match labels.and_then(|labels| labels.get(SERVICE_NAME)) {
        Some(service) if write.target.is("discovery.k8s.io", "endpointslices") => service,
        _ => write.possible_name(),
    };
    let (of, key) = if is_drivers_service(service) {
        let of = format!(", where a driver's Service {} leads", shown(service, 253));
        (of, format!("Service {service}"))
    } else if updates || !new.subsets.is_empty() || !new.endpoints.is_empty() {
        let of = ", which says where a Service leads".to_owned();
        (of, "addresses".to_owned())
    } else {
        // An old leader election keeps its lock in annotations of such an object.
        return Ok(());
    };
    let act = format!("{} {}{of}", verb(write), write.object());
    findings.push(Finding::new(&ABOUT, &ADVICE, act).key(key));
    Ok(())
}

/// Whether an UPDATE changes more than annotations and finalizers: addresses,
/// ports, or the labels by which proxies and controllers find them.
fn redirects(old: Object<'_>, new: Object<'_>) -> Result<bool, ReviewError> {
    for part in changed("the object", Some(old.raw()), Some(new.raw()))? {
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
