//! What a finding leads to: refused, warned about, recorded, or nothing at
//! all, by the label of the namespace and by the policy.
//!
//! | module | gives |
//! |---|---|
//! | `cluster_door` | the door without a label, in audit as it is shipped |
//! | `policies` | the mode of a rule, exemptions, submitters, EMR's role, registries |
//! | `sample` | a request of each of three rules |
//! | `private` | a rolegate with a policy of the test's own |
//!
//! `policies` tests row F10 of `docs/bypasses.md`.

mod cluster_door;
mod policies;
mod private;
mod sample;

use serde_json::Value;

use crate::harness::Namespace;
use crate::harness::audit::annotation;
use crate::harness::refusal::assert_refused;
use crate::harness::road::Road;
use crate::harness::webhook::guarded;

use sample::{Sample, prepare, samples};

fn labelled(mode: &str) -> Namespace<'static> {
    prepare(Namespace::labelled(guarded().cluster, mode))
}

/// alice's event of a road.
fn event_of(road: &Road, namespace: &Namespace<'_>) -> Value {
    let path = road.path(namespace);
    namespace
        .wait_for_audit("the request's event", |event| {
            event["requestURI"] == path.as_str() && event["user"]["username"] == "alice"
        })
        .remove(0)
}

#[test]
fn warn_admits_and_tells() {
    let namespace = labelled("warn");
    for Sample {
        road,
        open,
        rule,
        seen,
    } in samples()
    {
        let id = rule.id;
        let answer = road.by(namespace.cluster.alice(), &namespace);
        assert_eq!(answer.status, open, "{id}: {}", answer.body);
        let seen = seen.replace("<ns>", &namespace.name);
        // A warning is read by who caused it; the audit log by others.
        let told = seen.replacen("alice", "you", 1);
        assert_eq!(answer.warnings(), [format!("rolegate {id}: {told}")]);
        let event = event_of(&road, &namespace);
        assert_eq!(
            annotation(&event, &format!("warn.rolegate.dev/{id}")),
            Some(format!("warn: {seen}").as_str())
        );
    }
}

#[test]
fn kubectl_prints_the_warning_and_goes_on() {
    let namespace = labelled("warn");
    let kubectl = namespace.cluster.kubectl(namespace.cluster.alice());
    let output =
        kubectl
            .namespace(&namespace)
            .run(&["create", "configmap", "app", "--from-literal=key=1"]);
    let expected = format!(
        "Warning: rolegate configmap-mutation: you may not create ConfigMap {}/app",
        namespace.name
    );
    assert!(output.stderr.contains(&expected), "{output}");
    assert_eq!(output.expect_ok().trim(), "configmap/app created");
}

#[test]
fn audit_admits_in_silence_and_records() {
    let namespace = labelled("audit");
    for Sample {
        road,
        open,
        rule,
        seen,
    } in samples()
    {
        let id = rule.id;
        let answer = road.by(namespace.cluster.alice(), &namespace);
        assert_eq!(answer.status, open, "{id}: {}", answer.body);
        assert_eq!(answer.warnings(), [""; 0], "{id}");
        let event = event_of(&road, &namespace);
        assert_eq!(
            annotation(&event, &format!("audit.rolegate.dev/{id}")),
            Some(format!("audit: {}", seen.replace("<ns>", &namespace.name)).as_str())
        );
    }
}

#[test]
fn enforce_refuses_and_records() {
    let namespace = labelled("enforce");
    for Sample {
        road, rule, seen, ..
    } in samples()
    {
        let id = rule.id;
        let answer = road.by(namespace.cluster.alice(), &namespace);
        assert_refused(&answer, &namespace, rule, &format!("{seen}."));
        assert_eq!(answer.warnings(), [""; 0], "one message is enough");
        let event = event_of(&road, &namespace);
        assert_eq!(
            annotation(&event, &format!("enforce.rolegate.dev/{id}")),
            Some(format!("enforce: {}", seen.replace("<ns>", &namespace.name)).as_str())
        );
    }
}

/// Fails safe: what is no mode is the strictest one.
#[test]
fn a_misspelt_mode_enforces() {
    for mode in ["enfroce", "Warn", "AUDIT", "off", "", "audit-2026"] {
        let namespace = labelled(mode);
        for Sample {
            road, rule, seen, ..
        } in samples()
        {
            let answer = road.by(namespace.cluster.alice(), &namespace);
            assert_refused(&answer, &namespace, rule, &format!("{seen}."));
        }
    }
}

#[test]
fn a_namespace_without_the_label_does_not_notice() {
    let namespace = prepare(Namespace::unmanaged(guarded().cluster));
    for Sample {
        road, open, rule, ..
    } in samples()
    {
        let id = rule.id;
        let answer = road.by(namespace.cluster.alice(), &namespace);
        assert_eq!(answer.status, open, "{id}: {}", answer.body);
        assert_eq!(answer.warnings(), [""; 0], "{id}");
        let event = event_of(&road, &namespace);
        let keys: Vec<_> = event["annotations"]
            .as_object()
            .into_iter()
            .flatten()
            .collect();
        assert!(
            keys.iter().all(|(key, _)| !key.contains("rolegate")),
            "{event}"
        );
    }
}

/// Promise 4: audit shows today what enforce will refuse tomorrow, no more and
/// no less, in the same words and by the same policy.
#[test]
fn all_three_modes_find_the_same() {
    let modes = ["enforce", "warn", "audit"];
    let namespaces = modes.map(labelled);
    for Sample { road, rule, .. } in samples() {
        let id = rule.id;
        let found: Vec<Vec<(String, String)>> = modes
            .iter()
            .zip(&namespaces)
            .map(|(mode, namespace)| {
                road.by(namespace.cluster.alice(), namespace);
                let event = event_of(&road, namespace);
                let annotations = event["annotations"].as_object().cloned();
                annotations
                    .into_iter()
                    .flatten()
                    .filter_map(|(key, value)| {
                        let key = key
                            .strip_prefix(&format!("{mode}.rolegate.dev/"))?
                            .to_owned();
                        let value = value.as_str()?.replace(&namespace.name, "<ns>");
                        let value = value.strip_prefix(&format!("{mode}: ")).unwrap_or(&value);
                        Some((key, value.to_owned()))
                    })
                    .collect()
            })
            .collect();
        assert_eq!(found[0].len(), 2, "a finding and the policy: {found:?}");
        assert!(found[0].iter().any(|(key, _)| key == rule.id), "{found:?}");
        assert_eq!(found[0], found[1], "{id}");
        assert_eq!(found[0], found[2], "{id}");
    }
}
