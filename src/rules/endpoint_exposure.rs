//! # endpoint-exposure
//!
//! No public door to a job, no detour of its traffic.
//!
//! ## What it stops
//!
//! - Services of type LoadBalancer that are not plainly internal, or, where the
//!   policy gives `rules.endpoint-exposure.sourceRanges`, without ranges inside those
//! - Services of type NodePort, and with `externalIPs`
//! - Services of tenants that select pods by the labels of EMR and Spark, or are
//!   another name (`externalName`) for a job's Service; a job's Services that
//!   select another job's pods
//! - changes and deletion of a job's Service (`…-driver-svc`, Flink's `…-rest` where
//!   the policy declares operators, whatever selects by those labels or belongs
//!   to a job's pod) by tenants and other jobs
//! - a made-up address in `services/status`
//! - Endpoints and EndpointSlices with addresses, by tenants, jobs and operators:
//!   nobody can tell whose addresses they are
//! - Ingresses, Gateway API routes and other controllers' routes of tenants and
//!   jobs that name a job's Service (those two and `…-ui-svc`), and whatever says
//!   `internet-facing`
//! - target group bindings, reference grants and global accelerators of tenants
//!   and jobs: what they reach is decided elsewhere
//! - network policies of any kind (Kubernetes', Calico's, Cilium's, AWS', Istio's)
//!   written, changed or deleted by tenants, jobs and operators: policies add up,
//!   so every new one opens something
//!
//! ## What makes a load balancer internal
//!
//! `service.beta.kubernetes.io/aws-load-balancer-internal` with `"true"` or the old
//! `"0.0.0.0/0"`; or `service.beta.kubernetes.io/aws-load-balancer-scheme: internal`
//! together with a `loadBalancerClass` of AWS (`service.k8s.aws/nlb`,
//! `eks.amazonaws.com/nlb`) or the annotation `aws-load-balancer-type` with
//! `external` or `nlb-ip`: the controller built into the cluster does not know
//! the scheme and would open the door. If both are there, both must say internal.
//! Other classes are refused: rolegate does not know what they open. An ALB
//! Ingress is internal unless it says otherwise.
//!
//! ## Who may
//!
//! EMR, administrators and Kubernetes: everything. A job: Services and such on
//! its own pods. Operators: those of their jobs. Add-ons: endpoints, network
//! policies and, with `status`, `services/status`. None of the last three opens
//! a public door; that takes an exemption.
//!
//! ## Why
//!
//! A Spark driver's ports and Flink's REST interface run programs for whoever
//! reaches them, as the job's role. A Service's traffic goes to whoever stands
//! in its endpoints.
//!
//! ## What to do instead
//!
//! Read the Spark history server or EMR's persistent UI. Have the platform team
//! open what must be open.
//!
//! ## What it does not see
//!
//! A Service that selects labels of a tenant's own choosing, which a job's pods
//! also have. A load balancer's subnets and security groups. Ingress controllers
//! other than AWS' that face the internet by themselves.

mod load_balancer;
mod route;
mod service;

use serde_json::value::RawValue;

use crate::facts::{Action, Extent, Requester, Subject};
use crate::policy::Capability;
use crate::review::{Operation, ReviewError, change};

use super::{Finding, Rule, RuleId, page};

/// See the file's header.
pub(super) struct EndpointExposure;

const WHY: &str = "whoever reaches a job's ports, or gets its traffic, can run programs as the \
                   job's role";
const INSTEAD: &str = "read the Spark history server or EMR's persistent UI, or ask the platform \
                       team to open what must be open";
const SOURCE: &str = "Amazon EKS best practices guide, network security";

impl Rule for EndpointExposure {
    fn id(&self) -> RuleId {
        RuleId::EndpointExposure
    }

    fn page(&self) -> String {
        page::from_source(include_str!("endpoint_exposure.rs"))
    }

    fn check(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Result<(), ReviewError> {
        let request = subject.request;
        if request.operation == Operation::Connect
            || subject.extent(Action::Expose) == Extent::All
            || matches!(subject.requester, Requester::System(_))
        {
            return Ok(());
        }
        let status = request.sub_resource() == "status";
        match (
            request.resource.group.as_str(),
            request.resource.resource.as_str(),
        ) {
            ("", "services") if status => service::status(subject, findings),
            ("", "services") => service::check(subject, findings),
            ("", "endpoints") | ("discovery.k8s.io", "endpointslices") => {
                route::endpoints(subject, findings)
            }
            _ if status => Ok(()),
            ("networking.k8s.io" | "extensions", "ingresses") => route::check(subject, findings),
            (group, resource) if route::is_network_policy(group, resource) => {
                route::network_policy(subject, findings)
            }
            (group, resource) if route::is_unseen(group, resource) => {
                route::unseen(subject, findings)
            }
            (group, _) if route::ROUTES.contains(&group) => route::check(subject, findings),
            _ => Ok(()),
        }
    }
}

/// Whether a Service of this name is a job's: what Spark calls a driver's and
/// AWS' examples its UI's, and what Flink calls a cluster's REST interface.
fn is_jobs_service(name: &str, subject: &Subject<'_>) -> bool {
    name.ends_with("-driver-svc")
        || name.ends_with("-ui-svc")
        || name.ends_with("-rest") && !subject.policy.operators.is_empty()
}

/// Whether an UPDATE leaves the object as it is.
fn is_unchanged(subject: &Subject<'_>) -> Result<bool, ReviewError> {
    let request = subject.request;
    if request.operation != Operation::Update {
        return Ok(false);
    }
    Ok(change::same_object(
        Some(request.old_object()?),
        Some(request.object()?),
    ))
}

/// The objects of the request: the new one and the stored one, where there are such.
fn objects<'a>(
    subject: &Subject<'a>,
) -> Result<(Option<&'a RawValue>, Option<&'a RawValue>), ReviewError> {
    let request = subject.request;
    Ok(match request.operation {
        Operation::Create => (Some(request.object()?), None),
        Operation::Update => (Some(request.object()?), Some(request.old_object()?)),
        Operation::Delete | Operation::Connect => (None, Some(request.old_object()?)),
    })
}

/// Whether the requester is an add-on, with a capability if one is asked for.
fn is_platform(subject: &Subject<'_>, with: Option<Capability>) -> bool {
    matches!(&subject.requester, Requester::Platform(entry)
        if with.is_none_or(|one| entry.capabilities.contains(one)))
}

const fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Update => "change",
        Operation::Delete => "delete",
        Operation::Connect => "connect to",
    }
}

fn finding(subject: &Subject<'_>, clause: &str, path: Option<String>) -> Finding {
    let verb = verb(subject.request.operation);
    Finding {
        rule: RuleId::EndpointExposure,
        seen: format!(
            "{} may not {verb} {}{clause}",
            subject.who(),
            subject.object()
        ),
        path,
        why: WHY,
        instead: INSTEAD.into(),
        source: SOURCE,
    }
}
