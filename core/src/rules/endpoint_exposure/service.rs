//! Services: public access, access to a job's pods, and changes of a job's Service.

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Facts, Requester};
use crate::names::{Cidr, is_drivers_service, run_of_service, shown};
use crate::policy::Capability;
use crate::request::{Act, Object, Path, change};
use crate::rules::shared::labels::{Holder, borrowed, foreign_selection};
use crate::rules::shared::violation::{Violation, new_ones};
use crate::rules::{ALL, Advice, Checked, Finding};
use crate::write::Write;

use super::served::{self, Service, Spec};
use super::{ABOUT, Options, has_capability, namesakes, verb};

/// Services from which the kubelet derives the variables by which pods find the API
/// server: `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` of the first, and of
/// the second `KUBERNETES_SERVICE_PORT` again, as `<NAME>_PORT`.
const API_SERVER: [&str; 2] = ["kubernetes", "kubernetes-service"];

const WHY: &str = "a driver's ports have no authentication, and executors trust whatever their \
                   driver's Service leads to";
pub(super) static PUBLIC: Advice = Advice {
    why: WHY,
    instead: &[(
        ALL,
        "use type ClusterIP, or LoadBalancer with the annotation service.beta.kubernetes.io/aws-load-balancer-internal: \"true\" and the source ranges that the policy names",
    )],
    source: "Kubernetes documentation, Service: publishing Services; CVE-2020-8554",
};
pub(super) static DETOUR: Advice = Advice {
    why: WHY,
    instead: &[
        (
            &[Person, Software, AddOn, Workload],
            "give the Service a name and a selector of your own application",
        ),
        (
            &[Operator],
            "select the pods of this operator's own jobs, by the name that Spark or Flink gives them; its roles are declared under `identities.operators[].roles`",
        ),
        (
            &[Job],
            "select the pods of this job only, by the name that Spark or Flink gives them",
        ),
    ],
    source: "Apache Spark documentation, Running on Kubernetes: client mode networking",
};
pub(super) static STATUS: Advice = Advice {
    why: "an address in a Service's status receives whatever the cluster sends to that address",
    instead: &[
        (
            &[Person, Operator, Job, Workload],
            "leave the status to the load balancer's controller",
        ),
        (
            &[Software],
            "list a load balancer's controller under `identities.platform` with the capability `status` in rolegate's policy",
        ),
        (
            &[AddOn],
            "give this add-on the capability `status` under `identities.platform` in rolegate's policy",
        ),
    ],
    source: "CVE-2020-8554: man in the middle using LoadBalancer or ExternalIPs",
};

/// `services/status`.
#[expect(
    clippy::unnecessary_wraps,
    reason = "one signature for all that judge a resource"
)]
pub(super) fn check_status(
    write: &Write<'_>,
    _: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    if !has_capability(write, Capability::Status) && !write.is_unchanged() {
        let act = format!("write the status of {}", write.object());
        findings.push(Finding::new(&ABOUT, &STATUS, act).key("status"));
    }
    Ok(())
}

pub(super) fn check(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    let stored = write.act.stored().map(Object::read::<Service<'_>>);
    let old = stored.transpose()?.unwrap_or_default();
    let name = write.possible_name();
    if matches!(write.act, Act::Create(_)) {
        if let Some(why) = foreign_name(write, name) {
            let act = format!("create {}, {why}", write.object());
            findings.push(Finding::new(&ABOUT, &DETOUR, act).key("name"));
        }
    } else if changes(write)
        && let Some(whose) = served::anothers(write, facts, name, &old)?
    {
        let act = format!("{} {}, {whose}", verb(write), write.object());
        findings.push(Finding::new(&ABOUT, &DETOUR, act).key("stored"));
    }
    let Some((new, _)) = write.act.written() else {
        return Ok(());
    };
    if write.is_unchanged() {
        return Ok(());
    }
    let new: Service<'_> = new.read()?;
    let judges: [(Judge, _); 4] = [
        (public_access, &PUBLIC),
        (job_access, &DETOUR),
        (jobs_labels, &DETOUR),
        (namesakes::of_service, &namesakes::ADVICE),
    ];
    for (judge, advice) in judges {
        let mut violations = Vec::new();
        judge(write, &new, &mut violations);
        if violations.is_empty() {
            continue;
        }
        let mut before = Vec::new();
        judge(write, &old, &mut before);
        for violation in new_ones(violations, before) {
            let act = format!("give {} {}", write.object(), violation.seen);
            findings.push(violation.finding(&ABOUT, advice, act));
        }
    }
    if facts.know_nothing() {
        return Ok(());
    }
    alias(write, facts, &new, &old, findings)?;
    let none = Spec::default();
    let before = &old.spec.as_ref().unwrap_or(&none).selector;
    let after = &new.spec.as_ref().unwrap_or(&none).selector;
    if before != after
        && let Some(seen) = served::found_workload(write, facts, after)?
    {
        let act = format!("give {} {seen}, which is a job's", write.object());
        let finding = Finding::new(&ABOUT, &DETOUR, act).key("workload");
        findings.push(finding.at(of_spec().key("selector")));
    }
    Ok(())
}

type Judge = fn(&Write<'_>, &Service<'_>, &mut Vec<Violation>);

/// Why the requester may not create a Service of that name.
fn foreign_name(write: &Write<'_>, name: &str) -> Option<&'static str> {
    if API_SERVER.contains(&name) {
        return Some("which would stand in every new pod's environment for the API server");
    }
    let run = run_of_service(name);
    let foreign = match &write.requester {
        Requester::Job(job) => run.is_some_and(|run| job.job_id() != Some(run)),
        Requester::Operator(_) => run.is_some(),
        _ => run.is_some() || is_drivers_service(name),
    };
    foreign.then_some("which has the name of a driver's Service")
}

/// Whether the request deletes the object or changes anything of it. Finalizers are
/// left to add-ons: controllers of load balancers need them.
fn changes(write: &Write<'_>) -> bool {
    let Some((old, new)) = write.act.update() else {
        return true;
    };
    let same = match write.requester {
        Requester::Platform(_) => change::same_but_finalizers(Some(old.raw()), Some(new.raw())),
        _ => write.is_unchanged(),
    };
    !same
}

/// Access from outside the cluster.
fn public_access(write: &Write<'_>, service: &Service<'_>, violations: &mut Vec<Violation>) {
    let Some(spec) = &service.spec else { return };
    let kind = || of_spec().key("type");
    match spec.kind.as_deref() {
        Some("NodePort") => violations.push(Violation {
            key: "NodePort".to_owned(),
            path: kind(),
            seen: "the type NodePort, a port on every node".to_owned(),
        }),
        Some("LoadBalancer") => {
            if !is_internal(service, spec) {
                violations.push(Violation {
                    key: "public".to_owned(),
                    path: kind(),
                    seen: "a load balancer that is not internal".to_owned(),
                });
            }
            let allowed = Options::source_ranges(write.policy);
            if !allowed.is_empty() {
                ranges(service, spec, allowed, violations);
            }
        }
        _ => {}
    }
    for (index, address) in spec.external_ips.iter().enumerate() {
        violations.push(Violation {
            key: format!("ip {address}"),
            path: of_spec().key("externalIPs").index(index),
            seen: format!("the external address {}", shown(address, 45)),
        });
    }
}

fn of_spec() -> Path {
    Path::root().key("spec")
}

fn of_annotations() -> Path {
    Path::root().key("metadata").key("annotations")
}

const INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";
const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
/// Annotations that replace the ranges or add to them.
const GROUPS: [&str; 3] = [
    "service.beta.kubernetes.io/aws-load-balancer-security-groups",
    "service.beta.kubernetes.io/aws-load-balancer-extra-security-groups",
    "service.beta.kubernetes.io/aws-load-balancer-security-group-prefix-lists",
];

/// Whether every controller that could make the load balancer makes it internal.
///
/// The AWS Load Balancer Controller and EKS Auto Mode read the scheme, and the older
/// annotation where there is no scheme. The cloud controller knows the older one
/// only, and makes load balancers for Services without a class and without a type
/// that leaves them to another controller.
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

/// Kubernetes reads the field before the annotation, and lets in every address where
/// neither is set.
fn ranges(
    service: &Service<'_>,
    spec: &Spec<'_>,
    allowed: &[Cidr],
    violations: &mut Vec<Violation>,
) {
    let field = || of_spec().key("loadBalancerSourceRanges");
    let (given, path): (Vec<&str>, _) = if spec.load_balancer_source_ranges.is_empty() {
        let text = service.annotation(RANGES).unwrap_or_default();
        let parts = text.split(',').map(str::trim);
        let given = parts.filter(|part| !part.is_empty());
        (given.collect(), of_annotations())
    } else {
        let list = spec.load_balancer_source_ranges.iter();
        (list.map(|range| range.trim()).collect(), field())
    };
    if given.is_empty() {
        violations.push(Violation {
            key: "no ranges".to_owned(),
            path: field(),
            seen: "a load balancer for all addresses".to_owned(),
        });
    }
    let within = |range: &str| {
        Cidr::parse(range).is_some_and(|range| allowed.iter().any(|outer| outer.contains(&range)))
    };
    for range in given.into_iter().filter(|range| !within(range)) {
        violations.push(Violation {
            key: format!("range {range}"),
            path: path.clone(),
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
                path: of_annotations().key(key),
                seen: "security groups of its own, which let in more than its ranges".to_owned(),
            });
        }
    }
}

/// Access to the pods of a job.
fn job_access(write: &Write<'_>, service: &Service<'_>, violations: &mut Vec<Violation>) {
    let Some(spec) = &service.spec else { return };
    if let Some(found) = foreign_selection(write, &spec.selector) {
        violations.push(Violation {
            key: found.key,
            path: of_spec().key("selector"),
            seen: found.seen,
        });
    }
    if let Some(host) = spec.external_name.as_deref()
        && leads_to_a_driver(host, &write.requester)
    {
        violations.push(Violation {
            key: format!("host {host}"),
            path: of_spec().key("externalName"),
            seen: format!("the way to a driver ({})", shown(host, 120)),
        });
    }
}

/// Labels by which a job's Services are found.
fn jobs_labels(write: &Write<'_>, service: &Service<'_>, violations: &mut Vec<Violation>) {
    if let Some(metadata) = &service.metadata {
        let holder = Holder {
            name: write.possible_name(),
            uid: None,
        };
        borrowed(write, holder, &metadata.labels, violations);
    }
}

/// Whether a host name is a driver's Service, a pod of one, or a pod by its
/// address (`10-0-0-1.spark-a.pod.cluster.local`).
fn leads_to_a_driver(host: &str, requester: &Requester<'_>) -> bool {
    let host = host.to_ascii_lowercase();
    let mut labels = host.split('.');
    labels.clone().nth(2) == Some("pod")
        || labels.any(|label| match requester {
            Requester::Operator(_) => is_drivers_service(label) && run_of_service(label).is_some(),
            _ => is_drivers_service(label),
        })
}

/// A Service that is another name for a job's Service, whatever the name of that is.
fn alias(
    write: &Write<'_>,
    facts: &Facts<'_>,
    new: &Service<'_>,
    old: &Service<'_>,
    findings: &mut Vec<Finding>,
) -> Checked {
    let host = |service: &Service<'_>| {
        let spec = service.spec.as_ref()?;
        let host = spec
            .external_name
            .as_deref()
            .filter(|host| !host.is_empty())?;
        Some(host.to_ascii_lowercase())
    };
    let Some(host) = host(new).filter(|new| host(old).as_ref() != Some(new)) else {
        return Ok(());
    };
    let mut labels = host.split('.');
    let (Some(service), Some(namespace)) = (labels.next(), labels.next()) else {
        return Ok(());
    };
    if namespace == write.target.namespace()
        && let Some(whose) = served::look_up(write, facts, service)?
    {
        let act = format!(
            "give {} the way to Service {}, {whose}",
            write.object(),
            shown(service, 120)
        );
        let finding = Finding::new(&ABOUT, &DETOUR, act).key(format!("alias {service}"));
        findings.push(finding.at(of_spec().key("externalName")));
    }
    Ok(())
}
