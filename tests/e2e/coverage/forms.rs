//! The forms of one verb: POST and server-side apply, four types of patch,
//! options in a query and in a body. The API server makes one admission request
//! of each, so each is tried.

use serde_json::{Value, json};

use super::probes::{JSON, Probe};
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

/// One request about the dangerous object of a [`Probe`].
pub(super) struct Form {
    /// Its name within the verb, for messages and to find it again.
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<(&'static str, Value)>,
}

fn form(
    name: &'static str,
    method: &'static str,
    path: String,
    body: Option<(&'static str, Value)>,
) -> Form {
    Form {
        name,
        method,
        path,
        body,
    }
}

/// The HTTP method of a verb on what one connects to.
pub(super) fn connects(resource: &str, verb: &str) -> Option<&'static str> {
    let ends = ["/exec", "/attach", "/portforward", "/proxy"];
    if !ends.iter().any(|end| resource.ends_with(end)) {
        return None;
    }
    Some(match verb {
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        _ => "GET",
    })
}

/// Every form of one verb, as a dry-run where it changes something: rolegate
/// decides it like a real one. `stored` reads an object as it is now.
pub(super) fn of(
    probe: &Probe,
    resource: &str,
    verb: &str,
    stored: impl FnOnce(&str) -> Value,
) -> Result<Vec<Form>, String> {
    if let Some(method) = connects(resource, verb) {
        return Ok(vec![form("", method, probe.path.clone(), None)]);
    }
    match verb {
        "create" => return Ok(creations(probe, resource)),
        "deletecollection" => return collections(probe),
        _ => {}
    }
    let object = format!("{}/{}", probe.path, probe.stored_name()?);
    let target = match resource.split_once('/') {
        Some((_, sub)) => format!("{object}/{sub}?dryRun=All"),
        None => format!("{object}?dryRun=All"),
    };
    match verb {
        "delete" => Ok(deletions(&object, &target)),
        "update" | "patch" => {
            let before = stored(&object);
            let mut whole = before.clone();
            merge(&mut whole, &probe.change);
            Ok(if verb == "update" {
                vec![form("", "PUT", target, Some((JSON, whole)))]
            } else {
                patches(&before, &whole, &probe.change, &target)
            })
        }
        verb => Err(format!("no way to send {verb}")),
    }
}

fn creations(probe: &Probe, resource: &str) -> Vec<Form> {
    let collection = format!("{}?dryRun=All", probe.path);
    let body = Some((JSON, probe.create.clone()));
    let mut forms = vec![form("", "POST", collection, body)];
    // A Binding is no object, and neither is what one posts under another.
    let name = probe.create["metadata"]["name"].as_str();
    if let (Some(name), false) = (name, resource == "bindings" || resource.contains('/')) {
        let path = format!("{}/{name}?{FIELD_MANAGER}", probe.path);
        let body = Some((APPLY, probe.create.clone()));
        forms.push(form("by apply", "PATCH", path, body));
    }
    forms
}

const FIELD_MANAGER: &str = "dryRun=All&fieldManager=e2e&force=true";

fn patches(before: &Value, whole: &Value, change: &Value, target: &str) -> Vec<Form> {
    let merged = touched(whole, change);
    let operations = operations(before, &merged, "");
    let target = || target.to_owned();
    let mut forms = vec![
        form("", "PATCH", target(), Some((MERGE, merged.clone()))),
        form(
            "strategic",
            "PATCH",
            target(),
            Some((STRATEGIC, merged.clone())),
        ),
        form(
            "JSON patch",
            "PATCH",
            target(),
            Some((JSON_PATCH, operations.into())),
        ),
    ];
    // Applying takes nothing away that another manager set.
    if !takes_away(change) {
        let mut applied = merged;
        applied["apiVersion"] = whole["apiVersion"].clone();
        applied["kind"] = whole["kind"].clone();
        applied["metadata"]["name"] = whole["metadata"]["name"].clone();
        let path = target().replace("dryRun=All", FIELD_MANAGER);
        forms.push(form("by apply", "PATCH", path, Some((APPLY, applied))));
    }
    forms
}

fn deletions(object: &str, target: &str) -> Vec<Form> {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "dryRun": ["All"], "propagationPolicy": "Foreground",
    });
    vec![
        form("", "DELETE", target.to_owned(), None),
        form(
            "by its body",
            "DELETE",
            object.to_owned(),
            Some((JSON, options)),
        ),
    ]
}

fn collections(probe: &Probe) -> Result<Vec<Form>, String> {
    let all = format!("{}?dryRun=All", probe.path);
    let one = format!(
        "{all}&fieldSelector=metadata.name%3D{}",
        probe.stored_name()?
    );
    Ok(vec![
        form("", "DELETE", all, None),
        form("of one", "DELETE", one, None),
    ])
}

/// A merge patch, but lists are merged member by member.
fn merge(target: &mut Value, patch: &Value) {
    match (patch, &mut *target) {
        (Value::Object(patch), Value::Object(map)) => {
            for (key, value) in patch {
                if value.is_null() {
                    map.remove(key);
                } else {
                    merge(map.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Object(patch), other) => {
            *other = json!({});
            merge(other, &Value::Object(patch.clone()));
        }
        (Value::Array(patch), Value::Array(list)) if !patch.is_empty() => {
            list.resize(list.len().max(patch.len()), Value::Null);
            for (member, change) in list.iter_mut().zip(patch) {
                merge(member, change);
            }
        }
        (value, other) => *other = value.clone(),
    }
}

/// What a merge patch of `change` has to say so that `whole` comes of it.
fn touched(whole: &Value, change: &Value) -> Value {
    match change {
        Value::Object(fields) => {
            let field =
                |(key, change): (&String, &Value)| (key.clone(), touched(&whole[key], change));
            fields.iter().map(field).collect()
        }
        _ => whole.clone(),
    }
}

/// The same as a JSON patch of what is there `before`.
fn operations(before: &Value, change: &Value, at: &str) -> Vec<Value> {
    let Value::Object(fields) = change else {
        return vec![json!({"op": "add", "path": at, "value": change})];
    };
    let of_field = |(key, value): (&String, &Value)| {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match (before.get(key), value) {
            (None, Value::Null) => vec![],
            (Some(_), Value::Null) => vec![json!({"op": "remove", "path": path})],
            (Some(before @ Value::Object(_)), Value::Object(_)) => operations(before, value, &path),
            _ => vec![json!({"op": "add", "path": path, "value": value})],
        }
    };
    fields.iter().flat_map(of_field).collect()
}

fn takes_away(change: &Value) -> bool {
    match change {
        Value::Null => true,
        Value::Object(fields) => fields.values().any(takes_away),
        Value::Array(list) => list.iter().any(takes_away),
        _ => false,
    }
}
