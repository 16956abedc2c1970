//! Ingresses, routes and other objects that lead from outside to a Service by its
//! name. The name can be in many fields, in annotations and in host names, so the
//! whole object is searched for it.

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Facts, Requester};
use crate::json::{List, Text};
use crate::names::{
    flink_cluster_of_service, is_drivers_service, is_flink_rest_port, run_of_service, shown,
};
use crate::policy::Capability;
use crate::request::{Object, ReviewError, change};
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::{ABOUT, Row, backends, has_capability, served, snippets, token_scan, verb};

pub(super) static ADVICE: Advice = Advice {
    why: "a driver's ports have no authentication, so a client that reaches them reads the job \
          and acts as its role",
    instead: &[
        (
            &[Person, Operator, Job],
            "route to your own Services on an internal load balancer; see a job's web page in the Amazon EMR console or the history server",
        ),
        (
            &[Software, AddOn],
            "route to Services that are no job's, or list the controller of routes under `identities.platform` with the capability `status` in rolegate's policy",
        ),
        (
            &[Workload],
            "look for software that works under this identity: a node writes no route",
        ),
    ],
    source: "Amazon EMR on EKS security best practices; Kubernetes documentation, Ingress",
};

/// The scheme of a public load balancer, in every spelling of AWS.
const PUBLIC: &str = "internet-facing";

pub(super) fn check(write: &Write<'_>, facts: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    let Some((new, old)) = write.act.written() else {
        return Ok(());
    };
    if has_capability(write, Capability::Status) {
        return Ok(());
    }
    if old.is_some_and(|old| change::same_but_finalizers(Some(old.raw()), Some(new.raw()))) {
        return Ok(());
    }
    let mut found = |key: String, says: &str| {
        let act = format!("{} {}, which {says}", verb(write), write.object());
        findings.push(Finding::new(&ABOUT, &ADVICE, act).key(key));
    };
    let wanted = |word: &str| {
        is_drivers_service(word)
            && match &write.requester {
                Requester::Operator(_) => run_of_service(word).is_some(),
                _ => true,
            }
    };
    // First, because it may have to be looked up.
    let looked_up = backends::of_jobs(write, facts, new)?;
    if let Some(service) = token_scan::find(new.raw().get(), wanted) {
        let says = format!("names {}, the Service of a driver", shown(&service, 253));
        found(format!("Service {service}"), &says);
    } else if let Some(service) = flinks_page(write, facts, new) {
        let says = format!(
            "names {}, which may be the REST Service of a Flink cluster",
            shown(&service, 253)
        );
        found(format!("Service {service}"), &says);
    } else {
        for (service, whose) in looked_up {
            let says = format!("names Service {}, {whose}", shown(&service, 253));
            found(format!("Service {service}"), &says);
        }
    }
    let public = |object: Object<'_>| {
        let text = object.raw().get();
        token_scan::find(text, |word| word == PUBLIC).is_some()
    };
    if public(new) && !old.is_some_and(public) {
        found(PUBLIC.to_owned(), &format!("says {PUBLIC}"));
    }
    snippets::check(write, new, old, findings)?;
    let mut found = |key: &'static str, says: &str| {
        let act = format!("{} {}, which {says}", verb(write), write.object());
        findings.push(Finding::new(&ABOUT, &ADVICE, act).key(key));
    };
    let opens = match (write.target.group(), write.target.resource()) {
        ("aga.k8s.aws", _) => "has an address for everybody",
        (_, "referencegrants") if grants_all(new)? => {
            "lets routes of other namespaces lead to every Service"
        }
        _ => return Ok(()),
    };
    found("open", opens);
    Ok(())
}

/// A Service with the name and the port of a Flink cluster's, which takes programs
/// from everybody. Only where its selector does not say what it is: nobody can look it
/// up, the look-up failed, or the Service is still to come. A cluster's operator, and
/// its own job manager, may lead there.
fn flinks_page(write: &Write<'_>, facts: &Facts<'_>, route: Object<'_>) -> Option<String> {
    let own = match &write.requester {
        Requester::Operator(_) => return None,
        Requester::Job(job) => job.flink_cluster(),
        _ => None,
    };
    let text = route.raw().get();
    token_scan::find(text, is_flink_rest_port)?;
    let foreign = |name: &str| {
        let cluster = flink_cluster_of_service(name);
        cluster.is_some() && cluster != own && !served::is_known(write, facts, name)
    };
    token_scan::find(text, foreign)
}

/// Whether a grant is for all Services of its namespace.
fn grants_all(grant: Object<'_>) -> Result<bool, ReviewError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct To<'a> {
        #[serde(borrow)]
        kind: Option<Text<'a>>,
        #[serde(borrow)]
        name: Option<Text<'a>>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Spec<'a> {
        #[serde(borrow)]
        to: List<To<'a>>,
    }
    #[derive(Deserialize)]
    struct Grant<'a> {
        #[serde(borrow)]
        spec: Option<Spec<'a>>,
    }
    let spec = grant.read::<Grant<'_>>()?.spec;
    Ok(spec.unwrap_or_default().to.iter().any(|to| {
        to.kind.as_deref() == Some("Service") && to.name.as_deref().is_none_or(str::is_empty)
    }))
}

/// Reviewed: each leads to a Service of its namespace by name, or makes a load
/// balancer by its scheme.
pub(super) static ROUTES: &[Row] = &[
    Row {
        group: "networking.k8s.io",
        resources: &["ingresses"],
        source: "https://kubernetes.io/docs/concepts/services-networking/ingress/",
    },
    Row {
        group: "extensions",
        resources: &["ingresses"],
        source: "https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    },
    Row {
        group: "gateway.networking.k8s.io",
        resources: &[],
        source: "https://gateway-api.sigs.k8s.io/reference/spec/",
    },
    Row {
        group: "gateway.networking.x-k8s.io",
        resources: &[],
        source: "https://gateway-api.sigs.k8s.io/reference/specx/",
    },
    Row {
        group: "gateway.k8s.aws",
        resources: &[],
        source: "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/gateway/gateway/",
    },
    Row {
        group: "elbv2.k8s.aws",
        resources: &["targetgroupbindings"],
        source: "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/targetgroupbinding/targetgroupbinding/",
    },
    Row {
        group: "aga.k8s.aws",
        resources: &["globalaccelerators"],
        source: "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/globalaccelerator/",
    },
    Row {
        group: "eks.amazonaws.com",
        resources: &["targetgroupbindings"],
        source: "https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html",
    },
    Row {
        group: "application-networking.k8s.aws",
        resources: &[],
        source: "https://www.gateway-api-controller.eks.aws.dev/latest/api-reference/",
    },
    Row {
        group: "multicluster.x-k8s.io",
        resources: &["serviceexports", "serviceimports"],
        source: "https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/",
    },
    Row {
        group: "networking.istio.io",
        resources: &[
            "virtualservices",
            "gateways",
            "serviceentries",
            "destinationrules",
        ],
        source: "https://istio.io/latest/docs/reference/config/networking/",
    },
    Row {
        group: "traefik.io",
        resources: &[],
        source: "https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/",
    },
    Row {
        group: "traefik.containo.us",
        resources: &[],
        source: "https://doc.traefik.io/traefik/v2.11/routing/providers/kubernetes-crd/",
    },
    Row {
        group: "projectcontour.io",
        resources: &["httpproxies"],
        source: "https://projectcontour.io/docs/main/config/api/",
    },
    Row {
        group: "k8s.nginx.org",
        resources: &["virtualservers", "virtualserverroutes", "transportservers"],
        source: "https://docs.nginx.com/nginx-ingress-controller/configuration/virtualserver-and-virtualserverroute-resources/",
    },
    Row {
        group: "configuration.konghq.com",
        resources: &["tcpingresses", "udpingresses"],
        source: "https://developer.konghq.com/kubernetes-ingress-controller/reference/custom-resources/",
    },
    Row {
        group: "getambassador.io",
        resources: &["mappings", "tcpmappings"],
        source: "https://emissary-ingress.dev/docs/",
    },
    Row {
        group: "route.openshift.io",
        resources: &["routes"],
        source: "https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/network_apis/route-route-openshift-io-v1",
    },
];
