//! Mutators that are installed and reach managed namespaces.

use serde::Deserialize;

use crate::facts::{Age, Facts};
use crate::json::List;
use crate::names::shown;
use crate::policy::Severity;
use crate::rbac::Selector;
use crate::request::{Path, ReviewError, Stored};

use super::known::{Known, known};
use super::matching::{Rule, namespaces, reached};
use super::own::OWN_CONFIGURATION;
use super::{ABOUT, Finding, INSTALLED};

/// The group of webhook configurations and admission policies.
pub(super) const GROUP: &str = "admissionregistration.k8s.io";

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    webhooks: List<Webhook>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Webhook {
    name: Box<str>,
    client_config: Client,
    rules: List<Rule>,
    namespace_selector: Option<Selector>,
    object_selector: Option<Selector>,
    match_conditions: List<Condition>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Client {
    service: Option<Service>,
    url: Option<Box<str>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Service {
    namespace: Box<str>,
    name: Box<str>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Condition {
    name: Box<str>,
}

#[derive(Deserialize)]
struct Policy {
    #[serde(default)]
    spec: PolicySpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PolicySpec {
    match_constraints: Option<Match>,
    match_conditions: List<Condition>,
}

#[derive(Deserialize)]
struct Binding {
    #[serde(default)]
    spec: BindingSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BindingSpec {
    policy_name: Box<str>,
    match_resources: Option<Match>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Match {
    resource_rules: List<Rule>,
    namespace_selector: Option<Selector>,
    object_selector: Option<Selector>,
}

/// Reports what rewrites objects of managed namespaces. rolegate's own configuration is
/// compared with what it ships instead ([`super::own`]).
pub(super) fn judge(
    stored: &Stored<'_>,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    if stored.target.group() != GROUP || !stored.target.is_main() {
        return Ok(());
    }
    match stored.target.resource() {
        "mutatingwebhookconfigurations" if stored.target.name.as_str() != OWN_CONFIGURATION => {
            by_webhooks(stored, facts, findings)
        }
        "mutatingadmissionpolicies" => by_policy(stored, facts, findings),
        "mutatingadmissionpolicybindings" => by_binding(stored, facts, findings),
        _ => Ok(()),
    }
}

fn by_webhooks(
    stored: &Stored<'_>,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let view = facts.view(Age::MAX);
    let configuration = stored.target.name.as_str();
    let Configuration { webhooks } = stored.object.read()?;
    for (index, webhook) in webhooks.iter().enumerate() {
        let Some(what) = reached(&webhook.rules) else {
            continue;
        };
        let selector = webhook.namespace_selector.as_ref();
        let Some(place) = namespaces(selector, view) else {
            continue;
        };
        let client = &webhook.client_config;
        let url = client.url.as_deref().filter(|_| client.service.is_none());
        let known = known(configuration, url);
        let act = format!(
            "MutatingWebhookConfiguration {}{}: webhook {} can rewrite {what} {place}{}{}",
            shown(configuration, 253),
            by(known),
            shown(&webhook.name, 253),
            client.shown(),
            narrowed(webhook.object_selector.as_ref(), &webhook.match_conditions),
        );
        let mut finding = Finding::new(&ABOUT, &INSTALLED, act)
            .at(Path::root().key("webhooks").index(index))
            .key(webhook.name.to_string());
        finding.severity = known.map_or(Severity::Critical, |known| known.severity);
        findings.push(finding);
    }
    Ok(())
}

fn by_policy(
    stored: &Stored<'_>,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let spec = stored.object.read::<Policy>()?.spec;
    let constraints = spec.match_constraints.unwrap_or_default();
    let Some(what) = reached(&constraints.resource_rules) else {
        return Ok(());
    };
    let selector = constraints.namespace_selector.as_ref();
    let Some(place) = namespaces(selector, facts.view(Age::MAX)) else {
        return Ok(());
    };
    let act = format!(
        "MutatingAdmissionPolicy {} can rewrite {what} {place}, where a binding applies it{}",
        shown(stored.target.name.as_str(), 253),
        narrowed(constraints.object_selector.as_ref(), &spec.match_conditions),
    );
    let at = Path::root().key("spec").key("matchConstraints");
    findings.push(Finding::new(&ABOUT, &INSTALLED, act).at(at).key("policy"));
    Ok(())
}

fn by_binding(
    stored: &Stored<'_>,
    facts: &Facts<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), ReviewError> {
    let spec = stored.object.read::<Binding>()?.spec;
    let matched = spec.match_resources.unwrap_or_default();
    // Without rules of its own it applies to everything that the policy matches.
    let what = if matched.resource_rules.is_empty() {
        "what it matches".to_owned()
    } else if let Some(what) = reached(&matched.resource_rules) {
        what
    } else {
        return Ok(());
    };
    let selector = matched.namespace_selector.as_ref();
    let Some(place) = namespaces(selector, facts.view(Age::MAX)) else {
        return Ok(());
    };
    let act = format!(
        "MutatingAdmissionPolicyBinding {} lets MutatingAdmissionPolicy {} rewrite {what} {place}{}",
        shown(stored.target.name.as_str(), 253),
        shown(&spec.policy_name, 253),
        narrowed(matched.object_selector.as_ref(), &[]),
    );
    let at = Path::root().key("spec");
    findings.push(Finding::new(&ABOUT, &INSTALLED, act).at(at).key("binding"));
    Ok(())
}

fn by(known: Option<Known>) -> String {
    known.map_or_else(String::new, |known| format!(" ({})", known.what))
}

/// What narrows it that cannot be judged here: the objects decide.
fn narrowed(objects: Option<&Selector>, conditions: &[Condition]) -> String {
    let by_labels = objects.is_some_and(|selector| *selector != Selector::default());
    match (by_labels, conditions) {
        (false, []) => String::new(),
        (true, []) => ", for objects that its objectSelector selects".to_owned(),
        (by_labels, [first, ..]) => {
            let both = if by_labels { " and objectSelector" } else { "" };
            let name = shown(&first.name, 63);
            format!(", for requests that its matchConditions{both} let through ({name})")
        }
    }
}

impl Client {
    /// Where the API server sends the objects.
    fn shown(&self) -> String {
        match (&self.service, &self.url) {
            (Some(service), _) => format!(
                " by service {}/{}",
                shown(&service.namespace, 63),
                shown(&service.name, 63)
            ),
            (None, Some(url)) => format!(" by {}", shown(url, 120)),
            (None, None) => String::new(),
        }
    }
}
