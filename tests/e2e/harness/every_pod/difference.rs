//! Where two objects differ, as the API server tells objects apart.

use std::collections::BTreeSet;

use serde_json::Value;

/// The first place where they differ, and what is there. A member that is an
/// empty string is as good as none: the API server leaves it out.
pub(super) fn between(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            keys.into_iter().find_map(|key| {
                let member = |object: &serde_json::Map<String, Value>| {
                    object.get(key).filter(|value| *value != "").cloned()
                };
                let (one, other) = (member(one), member(other));
                let found = between(&one.unwrap_or_default(), &other.unwrap_or_default());
                found.map(|found| format!("/{key}{found}"))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(index, (one, other))| {
                between(one, other).map(|found| format!("/{index}{found}"))
            })
        }
        _ => (one != other).then(|| format!(" is {one} and not {other}")),
    }
}

#[test]
fn names_the_place() {
    use serde_json::json;
    let pod = json!({"env": [{"name": "A", "value": ""}], "n": 1});
    let plain = json!({"env": [{"name": "A"}], "n": 1});
    assert_eq!(between(&pod, &plain), None);
    for (other, expected) in [
        (
            json!({"env": [{"name": "B"}], "n": 1}),
            "/env/0/name is \"A\" and not \"B\"",
        ),
        (json!({"env": [{"name": "A"}]}), "/n is 1 and not null"),
        (
            json!({"env": {}, "n": 1}),
            "/env is [{\"name\":\"A\",\"value\":\"\"}] and not {}",
        ),
    ] {
        assert_eq!(between(&pod, &other).as_deref(), Some(expected));
    }
}
