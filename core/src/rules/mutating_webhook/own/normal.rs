//! An object without what the API server fills in, what an installation may choose, and
//! what has no order.

use serde_json::{Map, Value, json};

use crate::names::OWN_NAMESPACE;

/// Lists whose order has no meaning.
pub(super) const SETS: [&str; 9] = [
    "admissionReviewVersions",
    "apiGroups",
    "apiVersions",
    "matchExpressions",
    "operations",
    "resources",
    "rules",
    "validationActions",
    "values",
];

/// Lists that the API server keeps by their elements' names.
pub(super) const NAMED: [&str; 3] = ["webhooks", "matchConditions", "variables"];

/// The part of an object that says what it does. `home` is rolegate's namespace: where
/// the object names it, the result has the one that the manifests have.
pub(super) fn normal(object: &Value, home: &str) -> Value {
    let mut parts = Map::new();
    for part in ["webhooks", "spec"] {
        if let Some(value) = object.get(part) {
            parts.insert(part.to_owned(), value.clone());
        }
    }
    let mut parts = Value::Object(parts);
    tidy(&mut parts, home);
    parts
}

fn tidy(value: &mut Value, home: &str) {
    match value {
        Value::Object(members) => {
            // The CA is the installation's.
            members.remove("caBundle");
            fill_in(members);
            let in_home = members.get("key") == Some(&json!("kubernetes.io/metadata.name"));
            for (key, member) in members.iter_mut() {
                match key.as_str() {
                    "service" => at_home(member, home),
                    "values" if in_home => rename(member, home),
                    // One line or several are the same to CEL.
                    "expression" | "messageExpression" | "message" => trim(member),
                    _ => {}
                }
                tidy(member, home);
                if SETS.contains(&key.as_str())
                    && let Value::Array(items) = member
                {
                    items.sort_by_cached_key(Value::to_string);
                    items.dedup();
                }
            }
            members.retain(|_, member| !is_nothing(member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| tidy(item, home)),
        _ => {}
    }
}

/// What the API server fills in where nothing is given.
fn fill_in(members: &mut Map<String, Value>) {
    let webhook = members.contains_key("clientConfig");
    let policy = members.contains_key("matchConstraints");
    let rule = members.contains_key("operations");
    let mut fill = |here: bool, key: &str, value: Value| {
        if here && members.get(key).is_none_or(Value::is_null) {
            members.insert(key.to_owned(), value);
        }
    };
    fill(webhook || policy, "failurePolicy", json!("Fail"));
    fill(webhook, "matchPolicy", json!("Equivalent"));
    fill(webhook, "reinvocationPolicy", json!("Never"));
    fill(webhook, "timeoutSeconds", json!(10));
    fill(rule, "scope", json!("*"));
    for part in ["matchConstraints", "matchResources"] {
        if let Some(Value::Object(part)) = members.get_mut(part) {
            part.entry("matchPolicy").or_insert(json!("Equivalent"));
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn at_home(service: &mut Value, home: &str) {
    if service["namespace"] == home {
        service["namespace"] = json!(OWN_NAMESPACE);
    }
    if service["port"] == 443 {
        service["port"] = Value::Null;
    }
}

fn rename(values: &mut Value, home: &str) {
    let values = values.as_array_mut().into_iter().flatten();
    for value in values.filter(|value| *value == home) {
        *value = json!(OWN_NAMESPACE);
    }
}

fn trim(text: &mut Value) {
    if let Some(trimmed) = text.as_str().map(str::trim) {
        *text = json!(trimmed);
    }
}
