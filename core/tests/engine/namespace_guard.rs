//! The rule `namespace-guard`: D3 and D4 of the bypass catalogue.

use crate::support::scene::{admin, controller_manager, driver, eks, emr};
use crate::support::{Review, controller, impersonated, service_account, tenant, user};
use rolegate_core::policy::Policy;
use serde_json::{Map, Value, json};

const RULE: &str = "namespace-guard";
const ROADS: [&str; 3] = ["/namespaces", "/namespaces/status", "/namespaces/finalize"];

const MODE: (&str, &str) = ("rolegate.dev/mode", "enforce");
const CHAIN: &str = "rolegate.dev/chain";
const LEVEL: &str = "pod-security.kubernetes.io/enforce";
const VERSION: &str = "pod-security.kubernetes.io/enforce-version";
const WARN: &str = "pod-security.kubernetes.io/warn";
const AUDIT: &str = "pod-security.kubernetes.io/audit";
const DEVICES: &str = "resource.kubernetes.io/admin-access";

type Labels<'a> = &'a [(&'a str, &'a str)];

fn tenants() -> Vec<Value> {
    vec![
        tenant(),
        user("", &[]),
        emr(),
        eks(),
        driver(),
        service_account("argocd", "argocd-application-controller"),
        controller("job-controller"),
        impersonated("kube-system", "namespace-controller"),
    ]
}

fn namespace(labels: &[(&str, &str)]) -> Value {
    let labels: Map<String, Value> = labels
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(value)))
        .collect();
    json!({ "metadata": { "name": "spark-a", "labels": labels }, "spec": { "finalizers": ["kubernetes"] } })
}

fn mode(value: Option<&str>) -> Value {
    value.map_or_else(
        || namespace(&[]),
        |value| namespace(&[("rolegate.dev/mode", value)]),
    )
}

fn update(user: Value, road: &str, old: Value, new: Value) -> Review {
    Review::new(user, "UPDATE", road, "spark-a")
        .old(old)
        .object(new)
}

#[test]
fn the_mode_is_kept_or_raised() {
    let policy = Policy::builtin();
    let modes = [
        None,
        Some("audit"),
        Some("warn"),
        Some("enforce"),
        Some("Enforce"),
        Some(""),
    ];
    let rank = |mode: Option<&str>| match mode {
        None => 0,
        Some("audit") => 1,
        Some("warn") => 2,
        Some(_) => 3,
    };
    for who in tenants() {
        for old in modes {
            for new in modes {
                for road in ROADS {
                    let review = update(who.clone(), road, mode(old), mode(new));
                    let valid = matches!(new, None | Some("audit" | "warn" | "enforce"));
                    if old == new || valid && rank(new) >= rank(old) {
                        review.passes(&policy);
                    } else if new.is_none() {
                        review.refused(&policy, RULE, "may not remove the label rolegate.dev/mode of namespace spark-a (at metadata.labels[\"rolegate.dev/mode\"])");
                    } else if valid {
                        review.refused(&policy, RULE, "lower the label rolegate.dev/mode");
                    } else {
                        review.refused(&policy, RULE, "none of audit, warn and enforce");
                    }
                    update(admin(), road, mode(old), mode(new)).passes(&policy);
                }
            }
        }
    }
}

#[test]
fn new_namespaces() {
    let policy = Policy::builtin();
    for (value, refused) in [
        (None, false),
        (Some("audit"), false),
        (Some("enforce"), false),
        (Some("enforced"), true),
        (Some(""), true),
    ] {
        let review = Review::new(tenant(), "CREATE", "/namespaces", "spark-a").object(mode(value));
        if refused {
            review.refused(&policy, RULE, "none of audit, warn and enforce");
        } else {
            review.passes(&policy);
        }
    }
}

#[test]
fn deletion() {
    let policy = Policy::builtin();
    let delete =
        |who: Value, old: Value| Review::new(who, "DELETE", "/namespaces", "spark-a").old(old);
    for who in tenants() {
        for value in ["audit", "warn", "enforce", "x", ""] {
            delete(who.clone(), mode(Some(value))).refused(
                &policy,
                RULE,
                "may not delete the managed namespace spark-a",
            );
            delete(who.clone(), mode(Some(value)))
                .set("dryRun", json!(true))
                .refused(&policy, RULE, "delete");
        }
        delete(who, mode(None)).passes(&policy);
    }
    delete(admin(), mode(Some("enforce"))).passes(&policy);
    delete(
        controller("generic-garbage-collector"),
        mode(Some("enforce")),
    )
    .passes(&policy);
}

#[test]
fn finalizers_are_the_namespace_controllers() {
    let policy = Policy::builtin();
    let mut done = mode(Some("enforce"));
    done["spec"] = json!({});
    for road in ROADS {
        for who in tenants() {
            update(who.clone(), road, mode(Some("enforce")), done.clone()).refused(
                &policy,
                RULE,
                "remove the finalizers of",
            );
            update(who, road, done.clone(), done.clone()).passes(&policy);
        }
        for who in [
            controller("namespace-controller"),
            controller_manager(),
            admin(),
        ] {
            update(who, road, mode(Some("enforce")), done.clone()).passes(&policy);
        }
    }
    let mut unmanaged = mode(None);
    unmanaged["spec"] = json!({});
    update(tenant(), ROADS[2], mode(None), unmanaged).passes(&policy);
}

#[test]
fn the_chain_label_pod_security_and_devices() {
    let policy = Policy::builtin();
    let refused: &[(Labels<'_>, Labels<'_>, &str)] = &[
        (
            &[MODE, (CHAIN, "enabled")],
            &[MODE],
            "remove the label rolegate.dev/chain",
        ),
        (
            &[(CHAIN, "enabled")],
            &[],
            "remove the label rolegate.dev/chain",
        ),
        (
            &[(CHAIN, "enabled")],
            &[(CHAIN, "no")],
            "change the label rolegate.dev/chain",
        ),
        (
            &[MODE, (LEVEL, "restricted")],
            &[MODE, (LEVEL, "baseline")],
            LEVEL,
        ),
        (
            &[MODE, (LEVEL, "baseline")],
            &[MODE, (LEVEL, "privileged")],
            LEVEL,
        ),
        (&[MODE, (LEVEL, "baseline")], &[MODE], LEVEL),
        (
            &[MODE, (LEVEL, "unknown")],
            &[MODE, (LEVEL, "baseline")],
            LEVEL,
        ),
        (&[MODE, (WARN, "restricted")], &[MODE], WARN),
        (&[MODE, (AUDIT, "restricted")], &[MODE], AUDIT),
        (
            &[MODE, (LEVEL, "baseline")],
            &[MODE, (LEVEL, "baseline"), (VERSION, "v1.20")],
            VERSION,
        ),
        (
            &[MODE, (LEVEL, "baseline"), (VERSION, "v1.36")],
            &[MODE, (LEVEL, "baseline"), (VERSION, "v1.9")],
            VERSION,
        ),
        (
            &[MODE, (LEVEL, "baseline"), (VERSION, "latest")],
            &[MODE, (LEVEL, "restricted"), (VERSION, "v1.36")],
            VERSION,
        ),
        (&[MODE], &[MODE, (DEVICES, "true")], DEVICES),
        (
            &[MODE, (DEVICES, "false")],
            &[MODE, (DEVICES, "true")],
            DEVICES,
        ),
        (
            &[MODE],
            &[MODE, ("resource.k8s.io/admin-access", "true")],
            "resource.k8s.io/admin-access",
        ),
    ];
    for (old, new, words) in refused {
        for road in ROADS {
            for who in tenants() {
                update(who, road, namespace(old), namespace(new)).refused(&policy, RULE, words);
            }
        }
    }
    let passing: &[(Labels<'_>, Labels<'_>)] = &[
        (&[MODE], &[MODE, (CHAIN, "enabled")]),
        (&[MODE], &[MODE, ("team", "a")]),
        (&[MODE, (LEVEL, "baseline")], &[MODE, (LEVEL, "restricted")]),
        (&[MODE, (LEVEL, "privileged")], &[MODE]),
        (
            &[MODE, (LEVEL, "privileged"), (VERSION, "v1.30")],
            &[MODE, (LEVEL, "privileged"), (VERSION, "v1.20")],
        ),
        (
            &[MODE, (LEVEL, "baseline"), (VERSION, "v1.9")],
            &[MODE, (LEVEL, "baseline"), (VERSION, "v1.36")],
        ),
        (
            &[MODE, (DEVICES, "true")],
            &[MODE, (DEVICES, "true"), ("team", "a")],
        ),
        (&[MODE, (DEVICES, "true")], &[MODE]),
        // Nobody manages that one.
        (&[(LEVEL, "restricted")], &[]),
        (&[], &[(DEVICES, "true")]),
    ];
    for (old, new) in passing {
        for who in tenants() {
            update(who, ROADS[0], namespace(old), namespace(new)).passes(&policy);
        }
    }
}

#[test]
fn several_at_once_are_all_told() {
    let old = namespace(&[
        ("rolegate.dev/mode", "enforce"),
        ("rolegate.dev/chain", "enabled"),
        ("pod-security.kubernetes.io/enforce", "baseline"),
    ]);
    let found = update(tenant(), ROADS[0], old, namespace(&[])).findings(&Policy::builtin());
    assert_eq!(found.len(), 3, "{found:#?}");
}
