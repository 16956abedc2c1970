//! What leads to Services, and what keeps traffic from pods.

use std::collections::HashSet;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::facts::{Requester, Subject};
use crate::review::pod::Pairs;
use crate::review::{Operation, ReviewError, change, shown, view};
use crate::rules::Finding;
use crate::rules::fault::{Fault, only_new};

use super::load_balancer::IPV6_ATTRIBUTE;
use super::{finding, is_jobs_service, is_platform, is_unchanged, objects};

/// Groups whose objects lead traffic to Services by the name they hold: Gateway
/// API, AWS', and ingress controllers' and meshes' own kinds.
pub(super) const ROUTES: [&str; 14] = [
    "gateway.networking.k8s.io",
    "gateway.k8s.aws",
    "elbv2.k8s.aws",
    "application-networking.k8s.aws",
    "appmesh.k8s.aws",
    "networking.istio.io",
    "gateway.envoyproxy.io",
    "traefik.io",
    "traefik.containo.us",
    "projectcontour.io",
    "configuration.konghq.com",
    "k8s.nginx.org",
    "getambassador.io",
    "gateway.solo.io",
];

/// Kinds whose reach is decided outside the object: a target group's load
/// balancer, an accelerator, another namespace's routes.
const UNSEEN: [(&str, &str); 4] = [
    ("elbv2.k8s.aws", "targetgroupbindings"),
    ("aga.k8s.aws", "globalaccelerators"),
    ("gateway.networking.k8s.io", "referencegrants"),
    ("application-networking.k8s.aws", "serviceexports"),
];

pub(super) fn is_unseen(group: &str, resource: &str) -> bool {
    UNSEEN.contains(&(group, resource))
}

/// Kinds that say which traffic reaches a pod; `*` for all of a group. Sources:
/// Kubernetes' API reference, network-policy-api, and the projects' own
/// definitions of their kinds (Calico, Cilium, AWS VPC CNI, Istio, Linkerd,
/// Antrea, OVN-Kubernetes). AWS' `SecurityGroupPolicy` is `mutating-webhook`'s.
const NETWORK_POLICIES: [(&str, &str); 17] = [
    ("networking.k8s.io", "networkpolicies"),
    ("extensions", "networkpolicies"),
    ("policy.networking.k8s.io", "*"),
    ("crd.projectcalico.org", "*"),
    ("projectcalico.org", "*"),
    ("cilium.io", "ciliumnetworkpolicies"),
    ("cilium.io", "ciliumclusterwidenetworkpolicies"),
    ("cilium.io", "ciliumlocalredirectpolicies"),
    ("cilium.io", "ciliumegressgatewaypolicies"),
    ("cilium.io", "ciliumenvoyconfigs"),
    ("networking.k8s.aws", "*"),
    ("security.istio.io", "*"),
    ("policy.linkerd.io", "*"),
    ("crd.antrea.io", "*"),
    ("k8s.ovn.org", "egressfirewalls"),
    ("k8s.ovn.org", "egressips"),
    ("k8s.ovn.org", "adminpolicybasedexternalroutes"),
];

pub(super) fn is_network_policy(group: &str, resource: &str) -> bool {
    NETWORK_POLICIES
        .iter()
        .any(|(own, kind)| *own == group && (*kind == "*" || *kind == resource))
}

/// Policies add up: a new one opens, and a changed or deleted one may.
pub(super) fn network_policy(
    subject: &Subject<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    if !is_platform(subject, None) && !is_unchanged(subject)? {
        findings.push(finding(
            subject,
            ", which says what traffic reaches a job",
            None,
        ));
    }
    Ok(())
}

/// What cannot be judged is not for tenants and jobs.
pub(super) fn unseen(
    subject: &Subject<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let theirs = matches!(subject.requester, Requester::Tenant(_) | Requester::Job(_));
    if theirs && subject.request.operation != Operation::Delete && !is_unchanged(subject)? {
        findings.push(finding(subject, ", whose reach is decided elsewhere", None));
    }
    Ok(())
}

/// Endpoints that somebody writes by hand.
pub(super) fn endpoints(
    subject: &Subject<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    if is_platform(subject, None) {
        return Ok(());
    }
    let (new, old) = objects(subject)?;
    let service = |object: Option<&RawValue>| -> Result<bool, ReviewError> {
        let slice = object
            .map(|raw| meta("request", raw))
            .transpose()?
            .unwrap_or_default();
        let labelled = slice.labels.get("kubernetes.io/service-name");
        let name = subject.name.sample();
        Ok([Some(name.as_str()), labelled]
            .into_iter()
            .flatten()
            .any(|name| is_jobs_service(name, subject)))
    };
    let leads = service(new)? || service(old)?;
    let Some(new) = new else {
        if leads {
            findings.push(finding(subject, ", which lead to a job", None));
        }
        return Ok(());
    };
    let differs = change::changed("endpoints", old, Some(new))?;
    // Leader election by Endpoints writes annotations only.
    let addressed = differs.iter().any(|field| {
        matches!(
            field.name.as_str(),
            "subsets" | "endpoints" | "ports" | "addressType"
        )
    });
    let moved = || -> Result<bool, ReviewError> {
        let label = |raw: &RawValue| -> Result<Option<String>, ReviewError> {
            let labels = meta("request", raw)?.labels;
            Ok(labels.get("kubernetes.io/service-name").map(str::to_owned))
        };
        Ok(old.map(label).transpose()?.flatten() != label(new)?)
    };
    if addressed || moved()? || leads && !is_unchanged(subject)? {
        let clause = " by hand: nobody can tell whose addresses they hold";
        findings.push(finding(subject, clause, None));
    }
    Ok(())
}

/// Ingresses and other routes.
pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let (Some(new), old) = objects(subject)? else {
        return Ok(());
    };
    let faults = judge(new, subject)?;
    if faults.is_empty() {
        return Ok(());
    }
    let before = old
        .map(|old| judge(old, subject))
        .transpose()?
        .unwrap_or_default();
    for fault in only_new(faults, before) {
        findings.push(finding(subject, &fault.seen, Some(fault.path)));
    }
    Ok(())
}

fn judge(object: &RawValue, subject: &Subject<'_>) -> Result<Vec<Fault>, ReviewError> {
    let theirs = matches!(subject.requester, Requester::Tenant(_) | Requester::Job(_));
    let (mut faults, mut met) = (Vec::new(), HashSet::new());
    for part in change::changed("a route", None, Some(object))? {
        let Some(raw) = part.new else { continue };
        let (raw, path) = match part.name.as_str() {
            "metadata" => {
                let metadata = change::changed("metadata", None, Some(raw))?;
                let annotations = metadata
                    .into_iter()
                    .find(|field| field.name.as_str() == "annotations");
                let Some(raw) = annotations.and_then(|field| field.new) else {
                    continue;
                };
                (raw, "metadata.annotations".to_owned())
            }
            "status" => continue,
            other => (raw, shown(other, 63)),
        };
        // What an API server writes has no escaped letters. What does is unfolded.
        let unfolded;
        let text = if raw.get().contains("\\u") {
            unfolded = view::read::<Value>("a route", raw)?.to_string();
            unfolded.as_str()
        } else {
            raw.get()
        };
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            let seen = if word == "internet-facing" || word == IPV6_ATTRIBUTE {
                " that faces the internet".to_owned()
            } else if theirs && is_jobs_service(word, subject) {
                format!(" that leads to a job's Service {}", shown(word, 120))
            } else {
                continue;
            };
            let key = word.to_owned();
            if met.insert(key.clone()) {
                let path = path.clone();
                faults.push(Fault { key, path, seen });
            }
        }
    }
    Ok(faults)
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    labels: Pairs<'a>,
}

fn meta<'a>(what: &'static str, object: &'a RawValue) -> Result<Meta<'a>, ReviewError> {
    #[derive(serde::Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Option<Meta<'a>>,
    }
    let object: Object<'a> = view::read(what, object)?;
    Ok(object.metadata.unwrap_or_default())
}
