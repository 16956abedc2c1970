//! rolegate's own objects in a cluster, compared with those that it ships.

mod difference;
mod normal;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::Tree;
use crate::names::{OWN_NAMESPACE, shown};
use crate::policy::Severity;
use crate::request::{Path, ReviewError, Stored};

use self::difference::{Difference, Kind, differences};
use self::normal::normal;
use super::{ABOUT, DRIFTED, Finding};

/// The name of both webhook configurations.
pub(super) const OWN_CONFIGURATION: &str = "rolegate";

/// An object as rolegate ships it.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// Plural name, such as `validatingwebhookconfigurations`.
    pub resource: String,
    pub kind: String,
    pub name: String,
    /// Whether an installation may do without it.
    pub optional: bool,
    pub object: Value,
}

/// A finding about one of rolegate's own objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub resource: String,
    pub kind: String,
    pub name: String,
    pub finding: Finding,
}

/// What rolegate knows when it compares.
#[derive(Clone, Copy, Debug)]
pub struct Compare<'s> {
    pub shipped: &'s [Shipped],
    /// The namespace that rolegate runs in, if that is known: its webhooks name a
    /// Service there.
    pub home: Option<&'s str>,
    /// The resources of which all objects are known: of others none can be missing.
    pub listed: &'s [&'s str],
}

/// Compares what is found with what rolegate ships: what is missing, and every field that
/// was changed so that rolegate or its admission policies judge less. Objects of others
/// are passed over.
///
/// What installations change is no drift: the CA, the namespace of the Service, labels
/// and annotations, a stricter `failurePolicy`, and what the API server fills in.
///
/// # Errors
///
/// If an object of rolegate's names cannot be read.
pub fn own_objects(compare: &Compare<'_>, found: &[Stored<'_>]) -> Result<Vec<Drift>, ReviewError> {
    let mut drifts = Vec::new();
    let by_name: BTreeMap<(&str, &str), &Stored<'_>> = found
        .iter()
        .map(|one| ((one.target.resource(), one.target.name.as_str()), one))
        .collect();
    let mut recording = Vec::new();
    let mut denying = 0;
    for shipped in compare.shipped {
        let key = (shipped.resource.as_str(), shipped.name.as_str());
        let Some(stored) = by_name.get(&key) else {
            if !shipped.optional && compare.listed.contains(&key.0) {
                drifts.push(missing(shipped));
            }
            continue;
        };
        let Tree(object) = stored.object.read()?;
        let home = compare.home.map_or_else(|| home_of(&object), str::to_owned);
        let expected = normal(&shipped.object, OWN_NAMESPACE);
        let is = normal(&object, &home);
        for difference in differences(&expected, &is) {
            if difference.is_of("validationActions") && only_records(&is) {
                recording.push((shipped, difference));
                continue;
            }
            drifts.extend(judge(shipped, &difference, &is));
        }
        if denies(&is) {
            denying += 1;
        }
        drifts.extend(without_ca(shipped, &object));
    }
    // All of them only record: docs/install.md, "Look first". One alone was weakened.
    let all = denying == 0;
    for (shipped, difference) in recording {
        let text = if all {
            "like the others, it only records and denies nothing (docs/install.md, \"Look first\")"
        } else {
            "it only records, while other bindings of rolegate deny"
        };
        let severity = if all {
            Severity::Low
        } else {
            Severity::Critical
        };
        drifts.push(drift(shipped, &difference.at, text, severity));
    }
    Ok(drifts)
}

fn drift(shipped: &Shipped, at: &Path, text: &str, severity: Severity) -> Drift {
    let act = format!("{} {}: {text}", shipped.kind, shown(&shipped.name, 253));
    let mut finding = Finding::new(&ABOUT, &DRIFTED, act).key(at.to_string());
    if !at.segments().is_empty() {
        finding = finding.at(at.clone());
    }
    finding.severity = severity;
    Drift {
        resource: shipped.resource.clone(),
        kind: shipped.kind.clone(),
        name: shipped.name.clone(),
        finding,
    }
}

fn missing(shipped: &Shipped) -> Drift {
    let mut drift = drift(
        shipped,
        &Path::root(),
        "it is not there, so rolegate does not judge what it sends or denies",
        Severity::Critical,
    );
    drift.finding = drift.finding.key("missing").of_absence();
    drift
}

/// What a difference means; `None` if it weakens nothing.
fn judge(shipped: &Shipped, difference: &Difference, is: &Value) -> Option<Drift> {
    let Difference {
        at, element, kind, ..
    } = difference;
    let last = difference.last();
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let severity = match (last, kind) {
        // It denies where ours lets pass.
        ("failurePolicy", Kind::Changed { is, .. }) if is == "Fail" => return None,
        ("timeoutSeconds", Kind::Changed { is, shipped }) if number(is) > number(shipped) => {
            Severity::Low
        }
        ("message" | "messageExpression" | "reason", _) => Severity::Low,
        // rolegate is sent more, and the cluster waits for it where it should not.
        ("matchConditions", Kind::Missing { .. }) => Severity::Medium,
        _ => Severity::Critical,
    };
    // A changed address counts once, whether it is a Service's or a URL.
    if difference.is_of("clientConfig") && last == "service" && is.pointer(&at.pointer()).is_none()
    {
        return None;
    }
    let field = difference.field();
    let whose = element.as_ref().map_or_else(String::new, |(list, name)| {
        format!("{} {}", singular(list), shown(name, 253))
    });
    let of = if whose.is_empty() || field.is_empty() {
        whose.clone()
    } else {
        format!(" of {whose}")
    };
    let text = match kind {
        Kind::Missing { .. } if field.is_empty() => format!("it has no {whose}"),
        Kind::Missing { shipped } => format!("{field}{of} lacks {}", short(shipped)),
        Kind::Extra { .. } if field.is_empty() => {
            format!("it has {whose}, which rolegate does not ship")
        }
        Kind::Extra { is } => format!(
            "{field}{of} has {}, which rolegate does not ship",
            short(is)
        ),
        Kind::Changed { shipped, is } => {
            format!("{field}{of} is {} instead of {}", short(is), short(shipped))
        }
    };
    Some(drift(shipped, at, &text, severity))
}

/// `webhooks`: `webhook`.
fn singular(list: &str) -> &str {
    match list {
        "matchConditions" => "matchCondition",
        other => other.strip_suffix('s').unwrap_or(other),
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text, 120),
        other => shown(&other.to_string(), 160),
    }
}

/// The API server reaches no webhook without its CA: requests are denied or pass, as
/// `failurePolicy` says. A URL may have a certificate of a public authority.
fn without_ca(shipped: &Shipped, object: &Value) -> Vec<Drift> {
    let webhooks = object.get("webhooks").and_then(Value::as_array);
    let webhooks = webhooks.into_iter().flatten().enumerate();
    let lacking = webhooks.filter(|(_, webhook)| {
        let client = &webhook["clientConfig"];
        client.get("url").is_none() && client["caBundle"].as_str().is_none_or(str::is_empty)
    });
    lacking
        .map(|(index, webhook)| {
            let name = shown(webhook["name"].as_str().unwrap_or_default(), 253);
            let text = format!(
                "clientConfig.caBundle of webhook {name} is empty, so the API server cannot reach rolegate"
            );
            let at = Path::root().key("webhooks").index(index);
            let at = at.key("clientConfig").key("caBundle");
            drift(shipped, &at, &text, Severity::Critical)
        })
        .collect()
}

fn actions(object: &Value) -> Vec<&str> {
    let actions = object.pointer("/spec/validationActions");
    let actions = actions.and_then(Value::as_array).into_iter().flatten();
    actions.filter_map(Value::as_str).collect()
}

fn only_records(binding: &Value) -> bool {
    actions(binding) == ["Audit"]
}

/// Whether it denies whatever the mode of a namespace is.
fn denies(binding: &Value) -> bool {
    actions(binding).contains(&"Deny")
        && binding
            .pointer("/spec/matchResources/namespaceSelector")
            .is_none()
}

/// The namespace of the Service that a configuration names. rolegate reads its own from
/// its installation; whoever looks from outside takes the configuration's word.
fn home_of(object: &Value) -> String {
    let first = object.pointer("/webhooks/0/clientConfig/service/namespace");
    let home = first.and_then(Value::as_str).unwrap_or(OWN_NAMESPACE);
    home.to_owned()
}
