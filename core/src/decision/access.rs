//! Judges authorization requests by the surface table and the class table.

use crate::facts::surface::{self, By, Row, Verb};
use crate::facts::{Class, Requester};
use crate::names::shown;
use crate::policy::{Policy, PolicyHash, RuleId};
use crate::request::Access;

use super::message;

/// The decision about an access.
#[derive(Debug)]
pub struct AccessDecision {
    pub class: Class,
    /// The requester as shown in messages, with what it failed to prove.
    pub who: String,
    pub policy: PolicyHash,
    /// `None`: rolegate has no opinion. It never allows an access.
    pub denied: Option<DeniedAccess>,
}

/// An access that is always denied to the requester's class.
#[derive(Debug)]
pub struct DeniedAccess {
    /// The rule that denies the request at admission.
    pub rule: RuleId,
    /// Completes "may not …": `get pods/exec spark-a/driver`.
    pub act: String,
    pub row: &'static Row,
}

/// Judges an access to a managed namespace or to cluster-scoped objects. Denies
/// only what the requester's class may never do with any object, because the
/// request carries none.
#[must_use]
pub fn judge_access(access: &Access<'_>, policy: &Policy) -> AccessDecision {
    let target = &access.target;
    let requester = Requester::of(&access.user, target.namespace(), policy);
    let class = requester.class();
    let denied = Verb::parse(&access.verb).and_then(|verb| {
        let (group, resource) = (target.group(), target.resource());
        let row = surface::never(class, group, resource, target.subresource(), verb)?;
        let rule = row.judges().iter().find_map(|by| match by {
            By::Rule(rule) => Some(*rule),
            By::Policy(_) => None,
        })?;
        Some(DeniedAccess {
            rule,
            act: act(access),
            row,
        })
    });
    AccessDecision {
        class,
        who: message::who(&access.user, &requester, policy),
        policy: policy.hash,
        denied,
    }
}

fn act(access: &Access<'_>) -> String {
    let target = &access.target;
    let mut text = format!(
        "{} {}",
        shown(&access.verb, 63),
        shown(target.resource(), 63)
    );
    if !target.group().is_empty() {
        text = format!("{text}.{}", shown(target.group(), 253));
    }
    if !target.is_main() {
        text = format!("{text}/{}", shown(target.subresource(), 63));
    }
    match (target.namespace(), &*target.name) {
        ("", "") => text,
        (namespace, "") => format!("{text} in {}", shown(namespace, 63)),
        ("", name) => format!("{text} {}", shown(name, 253)),
        (namespace, name) => format!("{text} {}/{}", shown(namespace, 63), shown(name, 253)),
    }
}
