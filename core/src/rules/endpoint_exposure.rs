//! # endpoint-exposure
//!
//! Denies Services, routes and network policies that expose a driver or an endpoint,
//! or that redirect its traffic.
//!
//! ## What it stops
//!
//! - Services of type `NodePort`, with `externalIPs`, and load balancers that are
//!   not internal by their annotations. With `sourceRanges` in the policy also load
//!   balancers that let in other addresses, or bring security groups of their own
//! - Services in front of a job: those that select pods by labels that belong to jobs
//!   (`rolegate explain pod-tampering` lists them), that point to a job's Service by
//!   `externalName`, or that take a name that Spark or EMR gives a driver's Service
//!   (`<application>-<16 hexadecimal digits>-driver-svc`, any with a job's id). A job's
//!   selector says that the job is its own, an operator's which of its jobs
//! - a Service named `kubernetes` or `kubernetes-service`, which stands for the API
//!   server in the environment of every new pod; a headless one with another
//!   namespace's name, whose pods answer for that namespace's Services; a pod with a
//!   `hostname` of its own and a namespace's name, also its own, as `subdomain`
//! - changing or deleting a job's Service, and writing `services/status`: an address
//!   written there receives what the cluster sends to it (CVE-2020-8554). Whose a
//!   stored Service is, its owner, labels and selector say, and then its name
//! - Endpoints and `EndpointSlices` with addresses of the writer's choosing, or for a
//!   driver's Service: the address may be any pod's (CVE-2021-25740)
//! - Ingresses, Gateway API routes and similar objects (list below) that name a job's
//!   Service or ask for an internet-facing load balancer. Where rolegate may look
//!   Services up (`--cluster auto`, and the component `manifests/lookups`), every
//!   Service that a route names is judged by what it is: a Flink cluster's `-rest`, an
//!   endpoint's gateway; without, by its name
//! - snippets of configuration in an Ingress's annotations that read files, run
//!   programs or lead elsewhere: the proxy's own token is such a file
//! - network policies of every kind (list below): policies are additive, so one more
//!   of them opens what the others close; and deleting one opens all it closed
//!
//! ## Who may
//!
//! | requester | what |
//! |---|---|
//! | administrators, EMR, Kubernetes | everything |
//! | a job | Services for its own pods that are not public; changes and deletions of its own; the network policy that Spark makes for an application's executors |
//! | an operator of the policy | the same for the applications it runs, and Ingresses and routes to their Services that are not internet-facing; never for a job that came through EMR |
//! | add-ons | the same as tenants; finalizers of Services; with `status`: `services/status` and routes; with `mirror`: endpoints and network policies |
//! | tenants | Services and routes for their own pods that are not public |
//!
//! An internal load balancer says `service.beta.kubernetes.io/aws-load-balancer-internal`
//! with `"true"` or the old `"0.0.0.0/0"`, which every controller understands, or
//! `service.beta.kubernetes.io/aws-load-balancer-scheme: internal`, which the cloud
//! controller does not understand. The scheme counts with `loadBalancerClass`
//! `service.k8s.aws/nlb` or `eks.amazonaws.com/nlb`, or with
//! `service.beta.kubernetes.io/aws-load-balancer-type` `external` or `nlb-ip`. Other
//! classes are assumed to be public. The rule sees a class that a mutating webhook
//! of the controller fills in.
//!
//! An UPDATE that changes nothing is allowed for everybody, and a Service may keep
//! what it had before.
//!
//! ## Why
//!
//! A driver's ports have no authentication: its web page shows the job's
//! configuration and ends stages, its RPC port runs code. An interactive endpoint's
//! gateway runs code by design. Executors find their driver by its Service, so
//! whatever that Service points to is their driver.
//!
//! ## What to do instead
//!
//! Use a Service of type `ClusterIP` and, for clients outside the cluster, an
//! internal load balancer. See a job's web page in the EMR console or the history
//! server. Leave network policies to the platform team.
//!
//! ## What it does not see
//!
//! Selectors by labels that a job chose itself (`app: etl`; that of a Flink cluster is
//! looked up). Without a cluster to ask, routes to Services whose names do not say that
//! they are a job's. What an Ingress class or
//! a Gateway class makes of an object that does not say: the platform team chose it.
//! Objects without a namespace (`GlobalNetworkPolicy`, `IngressClassParams`), and
//! routes in other namespaces. Node ports that an internal load balancer brings.
//! Gateways and meshes that are not in the list. A Service that selects a job's pods
//! and was there before the namespace was managed: an administrator has to remove it.

mod backends;
mod endpoints;
mod namesakes;
mod network_policies;
mod options;
mod routes;
mod served;
mod service;
mod snippets;
mod token_scan;

use std::fmt::Write as _;

use crate::facts::{Action, Extent, Facts, Requester, System};
use crate::policy::{About, Capability, Severity};
use crate::request::view::TemplateShape;
use crate::request::{Act, Operation};
use crate::write::Write;

use super::{Advice, Checked, Finding, Rule};

use self::options::Options;

pub(in crate::rules) use self::options::Entry;

pub(super) static ABOUT: About = About {
    tables: Some(tables),
    notes: Some(options::notes),
    ..About::new(
        "endpoint-exposure",
        Severity::High,
        include_str!("endpoint_exposure.rs"),
    )
};

/// See the file's header.
pub(super) struct EndpointExposure;

impl Rule for EndpointExposure {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn advice(&self) -> &'static [&'static Advice] {
        static LIST: &[&Advice] = &[
            &service::PUBLIC,
            &service::DETOUR,
            &service::STATUS,
            &routes::ADVICE,
            &endpoints::ADVICE,
            &network_policies::ADVICE,
            &namesakes::ADVICE,
            &namesakes::HOSTNAME,
            &snippets::SNIPPET,
        ];
        LIST
    }

    fn write(&self, write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
        let Some(judge) = judge_of(write) else {
            return Ok(());
        };
        let kubernetes =
            matches!(&write.requester, Requester::System(system) if *system != System::Node);
        if kubernetes
            || matches!(write.act, Act::Connect(_))
            || write.extent(Action::Expose) == Extent::All
        {
            return Ok(());
        }
        judge(write, facts, findings)
    }
}

type Judge = fn(&Write<'_>, &Facts<'_>, &mut Vec<Finding>) -> Checked;

/// The function that judges this resource.
fn judge_of(write: &Write<'_>) -> Option<Judge> {
    let target = &write.target;
    let subresource = target.subresource();
    let judge: Judge = match (target.group(), target.resource()) {
        ("", "services") => match subresource {
            "" => service::check,
            "status" => service::check_status,
            _ => return None,
        },
        _ if !subresource.is_empty() => return None,
        ("", "endpoints") | ("discovery.k8s.io", "endpointslices") => endpoints::check,
        ("", "pods") => namesakes::check_pod,
        _ if TemplateShape::of_target(target).is_some() => namesakes::check_pod,
        ("", _) => return None,
        _ if Row::has(routes::ROUTES, write) => routes::check,
        _ if Row::has(network_policies::POLICIES, write) => network_policies::check,
        _ => return None,
    };
    Some(judge)
}

/// Resources of one API group, in any version, and the documentation of what they do.
struct Row {
    group: &'static str,
    /// Empty: all of the group.
    resources: &'static [&'static str],
    source: &'static str,
}

impl Row {
    fn has(rows: &[Self], write: &Write<'_>) -> bool {
        let target = &write.target;
        rows.iter().any(|row| {
            target.group() == row.group
                && (row.resources.is_empty() || row.resources.contains(&target.resource()))
        })
    }
}

/// The lists that the page ends with.
fn tables() -> String {
    let mut text = String::new();
    for (title, rows) in [
        ("Routes", routes::ROUTES),
        ("Network policies", network_policies::POLICIES),
    ] {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {title}\n\n| group | resources | source |\n|---|---|---|\n"
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
}

/// Whether the requester is an add-on with a capability.
fn has_capability(write: &Write<'_>, capability: Capability) -> bool {
    matches!(&write.requester, Requester::Platform(entry) if entry.capabilities.contains(capability))
}

fn verb(write: &Write<'_>) -> &'static str {
    match write.operation() {
        Operation::Create => "create",
        Operation::Delete => "delete",
        Operation::Update | Operation::Connect => "change",
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
