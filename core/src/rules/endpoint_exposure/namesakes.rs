//! Names that stand for the Services of a whole namespace. Pods look a name up in their
//! own namespace first, so `<host>.<Service>` of that namespace answers for
//! `<Service>.<namespace>`.

use crate::facts::Facts;
use crate::names::shown;
use crate::request::Path;
use crate::request::pod::Pod;
use crate::rules::shared::violation::{Violation, brought};
use crate::rules::{ALL, Advice, Checked, Finding};
use crate::write::Write;

use super::ABOUT;
use super::served::Service;

pub(super) static ADVICE: Advice = Advice {
    why: "pods look a name up in their own namespace first, so a pod behind a headless Service \
          that is called like a namespace receives what they send to that namespace",
    instead: &[(ALL, "give the Service another name, or a cluster IP")],
    source: "Kubernetes documentation, DNS for Services and Pods: hostname and subdomain",
};

pub(super) static HOSTNAME: Advice = Advice {
    why: "pods look a name up in their own namespace first, and Flink's task managers find their \
          job manager as <cluster>.<namespace>: they would find this pod",
    instead: &[(
        ALL,
        "leave spec.hostname out, or give the Service of spec.subdomain another name",
    )],
    source: "Kubernetes documentation, DNS for Services and Pods: hostname and subdomain",
};

/// A headless Service with another namespace's name: a pod with `hostname` and
/// `subdomain` behind it answers for `<service>.<namespace>` in all pods beside it. A
/// set's own Service is often called like its namespace; its pods are judged.
pub(super) fn of_service(
    write: &Write<'_>,
    service: &Service<'_>,
    violations: &mut Vec<Violation>,
) {
    let spec = service.spec.as_ref();
    let headless = spec.is_some_and(|spec| spec.cluster_ip.as_deref() == Some("None"));
    let name = write.possible_name();
    if headless && name != write.target.namespace() && is_namespace(write, name) {
        violations.push(Violation {
            key: "namespace".to_owned(),
            path: Path::root().key("metadata").key("name"),
            seen: "the name of a namespace, for whose Services its pods could answer".to_owned(),
        });
    }
}

/// Pods and templates with a host name of their own behind such a Service, the
/// namespace's own included. The hosts of a `StatefulSet` are called like its pods,
/// whatever its template says.
pub(super) fn check_pod(write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some(pod_write) = write.pod()? else {
        return Ok(());
    };
    let judge = |pod: &Pod<'_>, violations: &mut Vec<Violation>| {
        let host = pod.spec.hostname.as_deref().unwrap_or_default();
        let service = pod.spec.subdomain.as_deref().unwrap_or_default();
        if host.is_empty() || !is_namespace(write, service) {
            return;
        }
        violations.push(Violation {
            key: format!("host {host}.{service}"),
            path: Path::root().key("spec").key("hostname"),
            seen: format!(
                "the host name {}.{}, by which pods look for a Service of that namespace",
                shown(host, 63),
                shown(service, 63)
            ),
        });
    };
    let pods_of = if pod_write.is_pod() { "" } else { "pods of " };
    for violation in brought(pod_write, judge) {
        let act = format!("give {pods_of}{} {}", write.object(), violation.seen);
        findings.push(violation.finding(&ABOUT, &HOSTNAME, act));
    }
    Ok(())
}

/// Whether it is a namespace: the request's own, one that every cluster has, or one
/// that the policy names.
fn is_namespace(write: &Write<'_>, name: &str) -> bool {
    const EVERYWHERE: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
    let policy = write.policy;
    let mut operators = policy.operators.iter();
    !name.is_empty()
        && (name == write.target.namespace()
            || EVERYWHERE.contains(&name)
            || policy.clusters.have(name)
            || operators.any(|operator| operator.namespace == name))
}
