//! The objects that decide what reaches rolegate and what its policies deny, as this
//! version ships them.

use std::sync::LazyLock;

use rolegate_core::request::document;
use rolegate_core::rules::Shipped;
use serde_json::Value;

use super::policy::ADMISSION_POLICIES;

const VALIDATING: &str = include_str!("../../manifests/webhook/validating.yaml");
const MUTATING: &str = include_str!("../../manifests/webhook/mutating.yaml");

static SHIPPED: LazyLock<Vec<Shipped>> = LazyLock::new(|| {
    let mut all = objects(VALIDATING, false);
    all.extend(objects(MUTATING, false));
    for policy in ADMISSION_POLICIES {
        let text = policy.yaml().unwrap_or_default();
        all.extend(objects(&text, policy.optional));
    }
    all
});

/// The webhook configurations, the admission policies and their bindings.
#[must_use]
pub fn shipped() -> &'static [Shipped] {
    &SHIPPED
}

/// Whether an object of that resource and name is among them.
#[must_use]
pub fn is_shipped(resource: &str, name: &str) -> bool {
    let mut all = SHIPPED.iter();
    all.any(|one| one.resource == resource && one.name == name)
}

fn objects(yaml: &str, optional: bool) -> Vec<Shipped> {
    let documents = document::split(yaml.as_bytes()).unwrap_or_default();
    let objects = documents.iter().filter_map(|document| {
        let object: Value = serde_json::from_str(document.text()).ok()?;
        let kind = object["kind"].as_str()?.to_owned();
        Some(Shipped {
            resource: plural(&kind)?.to_owned(),
            name: object["metadata"]["name"].as_str()?.to_owned(),
            kind,
            optional,
            object,
        })
    });
    objects.collect()
}

fn plural(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "ValidatingWebhookConfiguration" => "validatingwebhookconfigurations",
        "MutatingWebhookConfiguration" => "mutatingwebhookconfigurations",
        "ValidatingAdmissionPolicy" => "validatingadmissionpolicies",
        "ValidatingAdmissionPolicyBinding" => "validatingadmissionpolicybindings",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_object_is_there() {
        let count = |kind: &str| shipped().iter().filter(|one| one.kind == kind).count();
        assert_eq!(count("ValidatingWebhookConfiguration"), 1);
        assert_eq!(count("MutatingWebhookConfiguration"), 1);
        assert_eq!(count("ValidatingAdmissionPolicy"), ADMISSION_POLICIES.len());
        // One a policy, and one a mode of rolegate-secret-guard.
        let bindings = ADMISSION_POLICIES.len() + 2;
        assert_eq!(count("ValidatingAdmissionPolicyBinding"), bindings);
        assert!(is_shipped("validatingwebhookconfigurations", "rolegate"));
        assert!(!is_shipped("mutatingadmissionpolicies", "rolegate"));
    }
}
