//! # endpoint-exposure
//!
//! Nobody opens a door to a driver, or a detour from it.
//!
//! ## What it stops
//!
//! - Services of type `NodePort`, with `externalIPs`, and load balancers that are
//!   not internal by their annotations. With `sourceRanges` in the policy also load
//!   balancers that let in other addresses, or bring security groups of their own
//! - Services in front of a job: those that select pods by labels of EMR, Spark or
//!   Flink, that lead to a driver's Service by `externalName`, or that take the name
//!   of one (`…-driver-svc`, `…-ui-svc`)
//! - changing or deleting a job's Service, and writing `services/status`: an address
//!   written there receives what the cluster sends to it (CVE-2020-8554)
//! - Endpoints and `EndpointSlices` with addresses of the writer's choosing, or for a
//!   driver's Service: the address may be any pod's (CVE-2021-25740)
//! - Ingresses, Gateway API routes and the like (list below) that name a driver's
//!   Service or ask for an internet-facing load balancer
//! - network policies of every kind (list below): they add up, so one more of them
//!   opens what the others close; and deleting one opens all it closed
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators, EMR, Kubernetes | everything |
//! | a job | Services for its own pods that are no public door; changes and deletions of its own; the network policy that Spark makes for an application's executors |
//! | an operator of the policy | the same for the applications it runs, and Ingresses and routes to their Services that are not internet-facing; never for a job that came through EMR |
//! | add-ons | as tenants; finalizers of Services; with `status`: `services/status` and routes; with `mirror`: endpoints and network policies |
//! | tenants | Services and routes for their own pods that are no public door |
//!
//! An internal load balancer says `service.beta.kubernetes.io/aws-load-balancer-internal`
//! with `"true"` or the old `"0.0.0.0/0"`, which every controller understands, or
//! `service.beta.kubernetes.io/aws-load-balancer-scheme: internal`, which the cloud
//! controller does not: that counts with `loadBalancerClass` `service.k8s.aws/nlb`
//! or `eks.amazonaws.com/nlb`, or with `service.beta.kubernetes.io/aws-load-balancer-type`
//! `external` or `nlb-ip`. Other classes are taken for public. A class that a mutating
//! webhook of the controller fills in is there when this rule looks.
//!
//! An UPDATE that changes nothing passes for everybody, and of what was there before
//! a Service may keep.
//!
//! ## Why
//!
//! A driver's ports ask nobody who they are: its web page shows the job's
//! configuration and ends stages, its RPC port runs code. An interactive endpoint's
//! gateway does so by design. Executors find their driver by its Service, so whoever
//! holds that Service is their driver.
//!
//! ## What to do instead
//!
//! Use a Service of type `ClusterIP` and, for those outside, an internal load
//! balancer. See a job's web page in the EMR console or the history server.
//! Network policies are the platform team's.
//!
//! ## What it does not see
//!
//! Selectors by labels that a job chose itself (`app: etl`). What an Ingress class or
//! a Gateway class makes of an object that does not say: the platform team chose it.
//! Objects without a namespace (`GlobalNetworkPolicy`, `IngressClassParams`), and
//! routes in other namespaces. Node ports that an internal load balancer brings.
//! Gateways and meshes that are not in the list. A Service that selects a job's pods
//! and was there before the namespace was guarded is taken away by an administrator.

mod drivers;
mod endpoints;
mod network_policies;
mod routes;
mod service;
mod token_scan;

use std::fmt::Write as _;

use crate::facts::{Action, Extent, Requester, System};
use crate::write::Write;
use crate::policy::Capability;
use crate::request::{Operation, ReviewError};

use super::{Advice, Checked, Finding, Rule};
use crate::facts::Facts;
use crate::policy::{About, Severity};

pub(super) static ABOUT: About = About::new("endpoint-exposure", Severity::High, include_str!("endpoint_exposure.rs"));
// TODO-TABLES         let mut text = page::from_source(include_str!("endpoint_exposure.rs"));
        for (title, rows) in [
            ("Routes", routes::ROUTES),
            ("Network policies", network_policies::POLICIES),
        ] {
            // Writing to a String cannot fail.
            let _ = pod_write!(
                text,
                "
## {title}

| group | resources | source |
|---|---|---|
"
            );
            for row in rows {
                let resources = match row.resources {
                    [] => "all".to_owned(),
                    some => some.join(", "),
                };
                let _ = writeln!(text, "| `{}` | {resources} | {} |", row.group, row.source);
            }
        }
        text
/// See the file's header.
pub(super) struct EndpointExposure;

/// What a finding says beside what was seen.
struct Reason {
    why: &'static str,
    instead: &'static str,
    source: &'static str,
}

impl Rule for EndpointExposure {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn write(&self, write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let request = write.request();
        let Some(judge) = judge_of(write) else {
            return Ok(());
        };
        let kubernetes =
            matches!(&write.requester, Requester::System(system) if *system != System::Node);
        if kubernetes
            || request.operation() == Operation::Connect
            || write.extent(Action::Expose) == Extent::All
        {
            return Ok(());
        }
        judge(write, findings)
    }
}

type Judge = fn(&Write<'_>, &mut Vec<Finding>) -> Result<(), ReviewError>;

/// What judges this resource.
fn judge_of(write: &Write<'_>) -> Option<Judge> {
    let resource = &write.target.resource;
    let sub_resource = write.target.subresource();
    let judge: Judge = match (resource.group.as_str(), resource.resource.as_str()) {
        ("", "services") => match sub_resource {
            "" => service::check,
            "status" => service::check_status,
            _ => return None,
        },
        _ if !sub_resource.is_empty() => return None,
        ("", "endpoints") | ("discovery.k8s.io", "endpointslices") => endpoints::check,
        ("", _) => return None,
        _ if Row::has(routes::ROUTES, write) => routes::check,
        _ if Row::has(network_policies::POLICIES, write) => network_policies::check,
        _ => return None,
    };
    Some(judge)
}

/// Resources of one API group, in whatever version, and who says what they do.
struct Row {
    group: &'static str,
    /// Empty: all of the group.
    resources: &'static [&'static str],
    source: &'static str,
}

impl Row {
    fn has(rows: &[Self], write: &Write<'_>) -> bool {
        let resource = &write.target.resource;
        rows.iter().any(|row| {
            *resource.group == *row.group
                && (row.resources.is_empty() || row.resources.contains(&&*resource.resource))
        })
    }
}

/// Whether the requester is an add-on with a capability.
fn can(write: &Write<'_>, capability: Capability) -> bool {
    matches!(&write.requester, Requester::Platform(entry) if entry.capabilities.contains(capability))
}

const fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "create",
        Operation::Delete => "delete",
        Operation::Update | Operation::Connect => "change",
    }
}

/// A finding that goes on after `<somebody> may not`.
fn finding(write: &Write<'_>, seen: &str, path: Option<String>, reason: &Reason) -> Finding {
    Finding {
        rule: RuleId::EndpointExposure,
        seen: format!("{} may not {seen}", write.who()),
        path,
        why: reason.why,
        instead: reason.instead.into(),
        source: reason.source,
    }
}

#[cfg(test)]
mod tests {
    use super::{network_policies::POLICIES, routes::ROUTES};

    #[test]
    fn rows_are_whole_and_no_resource_stands_in_two() {
        let mut seen = Vec::new();
        for row in ROUTES.iter().chain(POLICIES) {
            assert!(row.source.starts_with("https://"), "{}", row.group);
            let all: &[&str] = match row.resources {
                [] => &["*"],
                some => some,
            };
            for resource in all {
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'*';
                assert!(resource.bytes().all(plain), "{resource}");
                let place = (row.group, *resource);
                assert!(!seen.contains(&place), "{place:?}");
                seen.push(place);
            }
        }
    }
}
