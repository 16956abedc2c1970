//! Services: what they open, whose pods they lead to, and whose they are.

use serde::Deserialize;

use crate::facts::Requester;
use crate::write::Write;
use crate::json::Text;
use crate::json::{List, Pairs};
use crate::names::shown;
use crate::policy::{Capability, Cidr};
use crate::request::pod::PodMeta;
use crate::request::{Operation, ReviewError, change, view};
use crate::rules::Finding;
use crate::rules::shared::violation::{Violation, new_ones};

use super::{Reason, can, drivers, finding, verb};

const WHY: &str = "a driver's ports answer without asking who is there, and executors take for \
                   their driver whatever its Service leads to";
const PUBLIC: Reason = Reason {
    why: WHY,
    instead: "use type ClusterIP, or LoadBalancer with the annotation \
              service.beta.kubernetes.io/aws-load-balancer-internal: \"true\" and the source \
              ranges that the policy names",
    source: "Kubernetes documentation, Service: publishing Services; CVE-2020-8554",
};
const DETOUR: Reason = Reason {
    why: WHY,
    instead: "give the Service a name and a selector of your own application",
    source: "Apache Spark documentation, Running on Kubernetes: client mode networking",
};
const STATUS: Reason = Reason {
    why: "an address in a Service's status receives whatever the cluster sends to that address",
    instead: "leave the status to the load balancer's controller, and list that under \
              `identities.platform` with `status` in rolegate's policy",
    source: "CVE-2020-8554: man in the middle using LoadBalancer or ExternalIPs",
};

#[derive(Default, Deserialize)]
struct Service<'a> {
    #[serde(borrow)]
    metadata: Option<PodMeta<'a>>,
    #[serde(borrow)]
    spec: Option<Spec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    selector: Pairs<'a>,
    #[serde(borrow, rename = "externalIPs")]
    external_ips: List<Text<'a>>,
    #[serde(borrow)]
    external_name: Option<Text<'a>>,
    #[serde(borrow)]
    load_balancer_class: Option<Text<'a>>,
    #[serde(borrow)]
    load_balancer_source_ranges: List<Text<'a>>,
}

impl Service<'_> {
    fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.annotations.get(key)
    }
}

/// `services/status`.
pub(super) fn check_status(
    write: &Write<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let request = write.request();
    let same = || -> Result<bool, ReviewError> {
        Ok(change::same_object(
            Some(request.old_object()?),
            Some(request.object()?),
        ))
    };
    if can(write, Capability::Status) || request.operation() == Operation::Update && same()? {
        return Ok(());
    }
    let seen = format!("write the status of {}", write.object());
    findings.push(finding(write, &seen, None, &STATUS));
    Ok(())
}

pub(super) fn check(write: &Write<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
    let request = write.request();
    let old: Service<'_> = match request.operation() {
        Operation::Update | Operation::Delete => {
            view::read("request.oldObject", request.old_object()?)?
        }
        Operation::Create | Operation::Connect => Service::default(),
    };
    let name = write.possible_name();
    if request.operation() == Operation::Create {
        if drivers::is_foreign_name(&name, &write.requester) {
            let seen = format!(
                "create {}: a driver's Service is called so",
                write.object()
            );
            findings.push(finding(write, &seen, None, &DETOUR));
        }
    } else if is_anothers(write, &name, &old) && changes(write)? {
        let seen = format!(
            "{} {}, which is a job's",
            verb(request.operation()),
            write.object()
        );
        findings.push(finding(write, &seen, None, &DETOUR));
    }
    if request.operation() == Operation::Delete {
        return Ok(());
    }
    let new: Service<'_> = view::read("request.object", request.object()?)?;
    for (judge, reason) in [
        (
            doors as fn(&Write<'_>, &Service<'_>, &mut Vec<Violation>),
            &PUBLIC,
        ),
        (detours, &DETOUR),
    ] {
        let mut violations = Vec::new();
        judge(write, &new, &mut violations);
        if violations.is_empty() {
            continue;
        }
        let mut before = Vec::new();
        judge(write, &old, &mut before);
        for violation in new_ones(violations, before) {
            let seen = format!("give {} {}", write.object(), violation.seen);
            findings.push(finding(write, &seen, Some(violation.path), reason));
        }
    }
    Ok(())
}

/// Whether a stored Service is that of a job which is not the requester's.
fn is_anothers(write: &Write<'_>, name: &str, old: &Service<'_>) -> bool {
    let none = Spec::default();
    let selector = &old.spec.as_ref().unwrap_or(&none).selector;
    let nothing = PodMeta::default();
    let stored = old.metadata.as_ref().unwrap_or(&nothing);
    match &write.requester {
        Requester::Job(job) => {
            drivers::is_jobs(name, stored, selector)
                && !drivers::is_own(job, name, stored, selector)
        }
        Requester::Operator(_) => drivers::is_emrs(name, selector),
        _ => drivers::is_jobs(name, stored, selector),
    }
}

/// Whether the request deletes the object or changes anything of it; controllers
/// of load balancers keep finalizers on it.
fn changes(write: &Write<'_>) -> Result<bool, ReviewError> {
    let request = write.request();
    if request.operation() != Operation::Update {
        return Ok(true);
    }
    let same = match write.requester {
        Requester::Platform(_) => change::same_but_finalizers,
        _ => change::same_object,
    };
    Ok(!same(Some(request.old_object()?), Some(request.object()?)))
}

/// Ways in from outside of the cluster.
fn doors(write: &Write<'_>, service: &Service<'_>, violations: &mut Vec<Violation>) {
    let Some(spec) = &service.spec else { return };
    match spec.kind.as_deref() {
        Some("NodePort") => violations.push(Violation {
            key: "NodePort".to_owned(),
            path: "spec.type".to_owned(),
            seen: "the type NodePort, a port on every node".to_owned(),
        }),
        Some("LoadBalancer") => {
            if !is_internal(service, spec) {
                violations.push(Violation {
                    key: "public".to_owned(),
                    path: "spec.type".to_owned(),
                    seen: "a load balancer that is not internal".to_owned(),
                });
            }
            let allowed = &write.policy.rules.endpoint_exposure.source_ranges;
            if !allowed.is_empty() {
                ranges(service, spec, allowed, violations);
            }
        }
        _ => {}
    }
    for (index, address) in spec.external_ips.iter().enumerate() {
        violations.push(Violation {
            key: format!("ip {address}"),
            path: format!("spec.externalIPs[{index}]"),
            seen: format!("the external address {}", shown(address, 45)),
        });
    }
}

const INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";
const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
/// Annotations that take the place of the ranges, or add to them.
const GROUPS: [&str; 3] = [
    "service.beta.kubernetes.io/aws-load-balancer-security-groups",
    "service.beta.kubernetes.io/aws-load-balancer-extra-security-groups",
    "service.beta.kubernetes.io/aws-load-balancer-security-group-prefix-lists",
];

/// Whether every controller that could make the load balancer makes it internal.
///
/// The AWS Load Balancer Controller and EKS Auto Mode go by the scheme, and by
/// the older annotation where there is none. The cloud controller knows the
/// older one only, and makes load balancers for Services without a class and
/// without a type that hands them over.
fn is_internal(service: &Service<'_>, spec: &Spec<'_>) -> bool {
    let older = matches!(service.annotation(INTERNAL), Some("true" | "0.0.0.0/0"));
    let knows_the_scheme = match spec.load_balancer_class.as_deref() {
        Some("service.k8s.aws/nlb" | "eks.amazonaws.com/nlb") => true,
        None | Some("") => matches!(service.annotation(TYPE), Some("external" | "nlb-ip")),
        Some(_) => return false,
    };
    match service.annotation(SCHEME) {
        Some("internal") => knows_the_scheme || older,
        None => older,
        Some(_) => false,
    }
}

/// Kubernetes takes the field before the annotation, and everything where there
/// is neither.
fn ranges(service: &Service<'_>, spec: &Spec<'_>, allowed: &[Cidr], violations: &mut Vec<Violation>) {
    let (given, path): (Vec<&str>, _) = if spec.load_balancer_source_ranges.is_empty() {
        let text = service.annotation(RANGES).unwrap_or_default();
        let parts = text.split(',').map(str::trim);
        (
            parts.filter(|part| !part.is_empty()).collect(),
            "metadata.annotations",
        )
    } else {
        let list = spec.load_balancer_source_ranges.iter();
        (
            list.map(|range| range.trim()).collect(),
            "spec.loadBalancerSourceRanges",
        )
    };
    if given.is_empty() {
        violations.push(Violation {
            key: "no ranges".to_owned(),
            path: "spec.loadBalancerSourceRanges".to_owned(),
            seen: "a load balancer for all addresses".to_owned(),
        });
    }
    let within = |range: &str| {
        Cidr::parse(range).is_some_and(|range| allowed.iter().any(|outer| outer.contains(&range)))
    };
    for range in given.into_iter().filter(|range| !within(range)) {
        violations.push(Violation {
            key: format!("range {range}"),
            path: path.to_owned(),
            seen: format!(
                "a load balancer for {}, which is outside of the policy's sourceRanges",
                shown(range, 60)
            ),
        });
    }
    for key in GROUPS {
        if let Some(value) = service.annotation(key).filter(|value| !value.is_empty()) {
            violations.push(Violation {
                key: format!("{key}={value}"),
                path: format!("metadata.annotations[\"{key}\"]"),
                seen: "security groups of its own, which let in more than its ranges".to_owned(),
            });
        }
    }
}

/// Ways to the pods of a job.
fn detours(write: &Write<'_>, service: &Service<'_>, violations: &mut Vec<Violation>) {
    let Some(spec) = &service.spec else { return };
    for (key, value) in spec.selector.iter() {
        if drivers::is_foreign_label(key, value, &write.requester) {
            violations.push(Violation {
                key: format!("{key}={value}"),
                path: "spec.selector".to_owned(),
                seen: format!(
                    "a selector for the pods of a job ({}: {})",
                    shown(key, 120),
                    shown(value, 63)
                ),
            });
        }
    }
    if let Some(host) = spec.external_name.as_deref()
        && leads_to_a_driver(host, &write.requester)
    {
        violations.push(Violation {
            key: format!("host {host}"),
            path: "spec.externalName".to_owned(),
            seen: format!("the way to a driver ({})", shown(host, 120)),
        });
    }
}

/// Whether a host name is a driver's Service, a pod of one, or a pod by its
/// address (`10-0-0-1.spark-a.pod.cluster.local`).
fn leads_to_a_driver(host: &str, requester: &Requester<'_>) -> bool {
    let host = host.to_ascii_lowercase();
    let mut labels = host.split('.');
    labels.clone().nth(2) == Some("pod")
        || labels.any(|label| match requester {
            Requester::Operator(_) => drivers::is_foreign_name(label, requester),
            _ => drivers::is_drivers(label),
        })
}
