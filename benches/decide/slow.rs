//! Objects that a tenant makes slow to read.

use std::hint::black_box;

use jiff::Timestamp;
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

use super::reviews::review;
use super::{batch, decision, line};

const BATCHES: usize = 15;

/// Compares each object full of characters that JSON escapes with the same object
/// full of others, and prints objects with very many parts.
pub(super) fn compare(now: Timestamp) {
    let policy = Policy::builtin();
    let decide = |body: &str| {
        batch(body, |body| {
            black_box(decision(body, &policy, now));
        })
    };
    for (name, object) in [
        ("a custom resource of 2.9 MB", custom_resource as Make),
        ("a pod's variables, 2.6 MB", variables),
        ("a pod's annotations, 0.25 MB", annotations),
    ] {
        let plain = object("x");
        // `<` as the API server writes it, and two others.
        for escaped in ["\\u003c", "\\n", "\\\""] {
            let body = object(escaped);
            let mut times = [const { Vec::new() }; 2];
            for _ in 0..BATCHES {
                times[0].push(decide(&plain));
                times[1].push(decide(&body));
            }
            // The shortest, because these take long enough to be interrupted.
            let [plain_time, escaped_time] = times.map(shortest);
            println!("{name}, of {escaped}");
            line("  plain", &plain, vec![plain_time]);
            line("  escaped", &body, vec![escaped_time]);
            let per_byte =
                |time: f64, body: &str| time / f64::from(u32::try_from(body.len()).unwrap());
            let ratio = per_byte(escaped_time, &body) / per_byte(plain_time, &plain);
            println!("{:<52}{ratio:>21.2}", "  ratio, byte for byte");
        }
    }
    for (name, body) in [
        ("900 projected volumes of 40 Secrets", projected()),
        ("an Ingress of 15,000 rules", ingress()),
    ] {
        let times = (0..BATCHES).map(|_| decide(&body)).collect();
        line(name, &body, vec![shortest(times)]);
    }
}

fn shortest(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

/// Writes a review that is full of one piece of JSON text.
type Make = fn(&str) -> String;

const FILLER: &str = "filler";

fn tenants(resource: &str, group: &str, object: &Value) -> String {
    let user = json!({ "username": "alice", "groups": ["system:authenticated"] });
    review(&user, "CREATE", resource, "", object, &Value::Null).replacen(
        r#""group":"""#,
        &format!(r#""group":"{group}""#),
        2,
    )
}

fn filled(review: &str, text: &str, count: usize) -> String {
    review.replace(FILLER, &text.repeat(count))
}

fn custom_resource(text: &str) -> String {
    let object = json!({ "metadata": { "name": "a" }, "spec": { "text": FILLER } });
    filled(&tenants("things", "example.com", &object), text, 2_900_000)
}

fn variables(text: &str) -> String {
    let env: Vec<Value> = (0..26)
        .map(|n| json!({ "name": format!("V{n}"), "value": FILLER }))
        .collect();
    let spec = json!({ "containers": [{ "name": "c", "env": env }] });
    filled(
        &tenants(
            "pods",
            "",
            &json!({ "metadata": { "name": "a" }, "spec": spec }),
        ),
        text,
        100_000,
    )
}

fn annotations(text: &str) -> String {
    let metadata = json!({ "name": "a", "annotations": { "a": FILLER } });
    let spec = json!({ "containers": [{ "name": "c" }] });
    filled(
        &tenants("pods", "", &json!({ "metadata": metadata, "spec": spec })),
        text,
        250_000,
    )
}

fn projected() -> String {
    let secrets: Vec<Value> = (0..40)
        .map(|n| json!({ "secret": { "name": format!("s{n}") } }))
        .collect();
    let volumes: Vec<Value> = (0..900)
        .map(|n| json!({ "name": format!("v{n}"), "projected": { "sources": secrets } }))
        .collect();
    let spec = json!({ "containers": [{ "name": "c" }], "volumes": volumes });
    tenants(
        "pods",
        "",
        &json!({ "metadata": { "name": "a" }, "spec": spec }),
    )
}

fn ingress() -> String {
    let backend = json!({ "service": { "name": "spark-0000000337okspsc913-driver-svc", "port": { "number": 80 } } });
    let rules: Vec<Value> = (0..15_000)
        .map(|n| json!({ "host": format!("h{n}"), "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } }))
        .collect();
    tenants(
        "ingresses",
        "networking.k8s.io",
        &json!({ "metadata": { "name": "a" }, "spec": { "rules": rules } }),
    )
}
