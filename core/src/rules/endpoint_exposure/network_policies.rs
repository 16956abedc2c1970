//! Network policies of Kubernetes, network plugins and meshes.

use serde::Deserialize;

use crate::facts::Addressee::{AddOn, Job, Operator, Person, Software, Workload};
use crate::facts::{Facts, Requester};
use crate::json::{List, Pairs, Raw, Text};
use crate::names::APPLICATION;
use crate::policy::Capability;
use crate::request::{Act, Object, ReviewError, change};
use crate::rules::shared::labels::is_anothers;
use crate::rules::{Advice, Checked, Finding};
use crate::write::Write;

use super::{ABOUT, Row, has_capability, verb};

pub(super) static ADVICE: Advice = Advice {
    why: "network policies are additive, so one more opens what the others close: the way to a \
          driver, to the node's credentials, to the kubelet",
    instead: &[
        (
            &[Person],
            "ask the platform team to manage the namespace's network policies",
        ),
        (
            &[Software, AddOn],
            "list network software under `identities.platform` with the capability `mirror`, and software that applies the platform team's manifests under `identities.admins` in rolegate's policy",
        ),
        (
            &[Operator],
            "leave network policies to the platform team, but for the one that Spark makes for an application's executors",
        ),
        (
            &[Job],
            "leave network policies to the platform team, but for the one that Spark makes for this application's executors",
        ),
        (
            &[Workload],
            "look for software that works under this identity: a node writes no network policy",
        ),
    ],
    source: "Kubernetes documentation, Network Policies: policies are additive",
};

pub(super) fn check(write: &Write<'_>, _: &Facts<'_>, findings: &mut Vec<Finding>) -> Checked {
    if has_capability(write, Capability::Mirror) {
        return Ok(());
    }
    let is_allowed = match write.act {
        Act::Create(new) => is_sparks(write, new)?,
        Act::Update { old, new } => change::same_but_finalizers(Some(old.raw()), Some(new.raw())),
        Act::Delete(_) | Act::Connect(_) => false,
    };
    if !is_allowed {
        let act = format!("{} {}", verb(write), write.object());
        findings.push(Finding::new(&ABOUT, &ADVICE, act).key("network policy"));
    }
    Ok(())
}

/// Whether it is the policy that Spark 4.1 makes with a driver
/// (`NetworkPolicyFeatureStep`): an application's executors are reached by the same
/// application only. It opens nothing to other applications.
fn is_sparks(write: &Write<'_>, new: Object<'_>) -> Result<bool, ReviewError> {
    if !matches!(write.requester, Requester::Job(_) | Requester::Operator(_))
        || !write.target.is("networking.k8s.io", "networkpolicies")
    {
        return Ok(false);
    }
    let policy: NetworkPolicy<'_> = new.read()?;
    let Some(spec) = policy.spec else {
        return Ok(false);
    };
    let Some(application) = spec.pod_selector.as_ref().and_then(Selector::application) else {
        return Ok(false);
    };
    // It closes what it selects to everybody else: another job's pods would lose theirs.
    if is_anothers(application, &write.requester) {
        return Ok(false);
    }
    let same = |peer: &Peer<'_>| {
        peer.namespace_selector.is_none()
            && peer.ip_block.is_none()
            && peer.pod_selector.as_ref().and_then(Selector::application) == Some(application)
    };
    let ingress_only = spec.policy_types.iter().all(|kind| **kind == *"Ingress");
    Ok(ingress_only
        && spec.egress.is_none()
        && spec
            .ingress
            .iter()
            .all(|rule| !rule.from.is_empty() && rule.from.iter().all(same)))
}

#[derive(Deserialize)]
struct NetworkPolicy<'a> {
    #[serde(borrow)]
    spec: Option<Spec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow)]
    pod_selector: Option<Selector<'a>>,
    #[serde(borrow)]
    policy_types: List<Text<'a>>,
    #[serde(borrow)]
    ingress: List<Rule<'a>>,
    #[serde(borrow)]
    egress: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Rule<'a> {
    #[serde(borrow)]
    from: List<Peer<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Peer<'a> {
    #[serde(borrow)]
    pod_selector: Option<Selector<'a>>,
    #[serde(borrow)]
    namespace_selector: Option<Raw<'a>>,
    #[serde(borrow)]
    ip_block: Option<Raw<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Selector<'a> {
    #[serde(borrow)]
    match_labels: Pairs<'a>,
}

impl Selector<'_> {
    /// The application whose pods it selects; further labels and expressions
    /// only narrow it.
    fn application(&self) -> Option<&str> {
        self.match_labels.get(APPLICATION)
    }
}

/// Reviewed: each allows or redirects traffic that other policies do not.
pub(super) static POLICIES: &[Row] = &[
    Row {
        group: "networking.k8s.io",
        resources: &["networkpolicies"],
        source: "https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    },
    Row {
        group: "extensions",
        resources: &["networkpolicies"],
        source: "https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    },
    Row {
        group: "networking.k8s.aws",
        resources: &["policyendpoints", "applicationnetworkpolicies"],
        source: "https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html",
    },
    Row {
        group: "crd.projectcalico.org",
        resources: &["networkpolicies", "networksets"],
        source: "https://docs.tigera.io/calico/latest/reference/resources/networkpolicy",
    },
    Row {
        group: "projectcalico.org",
        resources: &["networkpolicies", "networksets"],
        source: "https://docs.tigera.io/calico/latest/reference/resources/networkpolicy",
    },
    Row {
        group: "cilium.io",
        // The endpoint carries the identity that policies go by.
        resources: &[
            "ciliumnetworkpolicies",
            "ciliumlocalredirectpolicies",
            "ciliumenvoyconfigs",
            "ciliumendpoints",
        ],
        source: "https://docs.cilium.io/en/stable/network/kubernetes/policy/",
    },
    Row {
        group: "crd.antrea.io",
        resources: &["networkpolicies", "groups"],
        source: "https://antrea.io/docs/main/docs/antrea-network-policy/",
    },
    Row {
        group: "security.istio.io",
        resources: &[],
        source: "https://istio.io/latest/docs/reference/config/security/",
    },
    Row {
        group: "policy.linkerd.io",
        resources: &[],
        source: "https://linkerd.io/2/reference/authorization-policy/",
    },
];
