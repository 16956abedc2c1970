//! Pod templates of every built-in kind: made under a foreign account, and
//! turned to one.

use super::kinds::{BUILT_IN, Workload};
use super::pair::{Pair, account, becomes};
use super::refusal::{ACCOUNTS, assert_kubectl_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::http::{APPLY, JSON_PATCH, MERGE, STRATEGIC};

fn pair() -> Pair {
    Pair::new(|namespace| namespace.service_account(&account("driver")))
}

fn seen(kind: &Workload, verb: &str, name: &str) -> String {
    format!("alice may not {verb} {} <ns>/{name}", kind.kind)
}

/// After which comes the path, for which `ControllerRevision` has its own words.
fn whole(kind: &Workload, verb: &str, name: &str) -> String {
    format!(
        "{} under service account {}: {} (at {}.spec.serviceAccountName).",
        seen(kind, verb, name),
        account("driver"),
        becomes(),
        kind.template
    )
}

/// What a refusal calls the creation of this kind.
fn starting(kind: &Workload) -> &'static str {
    match kind.kind {
        "ControllerRevision" => "create",
        _ => "start pods by",
    }
}

#[test]
fn none_is_made_under_a_jobs_account() {
    let pair = pair();
    let driver = account("driver");
    for kind in BUILT_IN {
        let create = Road::create(
            kind.group_version,
            kind.plural,
            &kind.object("made", &driver),
        );
        let seen = |name| whole(&kind, starting(&kind), name);
        pair.closed(&create.dry(), 201, ACCOUNTS, &seen("made"));
        pair.closed(&create, 201, ACCOUNTS, &seen("made"));

        let applied = kind.object("applied", &driver);
        let rest = format!("{}/applied", kind.plural);
        let apply = Road::patch(kind.group_version, rest, APPLY, &applied);
        pair.closed(
            &apply.query("fieldManager=e2e"),
            201,
            ACCOUNTS,
            &seen("applied"),
        );
    }
}

/// The alias alone: in a template nobody has written the other field yet but
/// the API server's defaults.
#[test]
fn none_is_made_by_the_alias_alone() {
    let pair = pair();
    for kind in BUILT_IN {
        let text = kind.object("alias", &account("driver")).to_string();
        let object = serde_json::from_str(&text.replace("serviceAccountName", "serviceAccount"))
            .expect("still JSON");
        pair.closed(
            &Road::create(kind.group_version, kind.plural, &object),
            201,
            ACCOUNTS,
            &seen(&kind, starting(&kind), "alias"),
        );
    }
}

#[test]
fn none_is_turned_to_a_jobs_account() {
    let pair = pair();
    let alice = pair.cluster().alice();
    let driver = account("driver");
    for kind in BUILT_IN.iter().filter(|kind| kind.changes) {
        let own = kind.object("own", "default");
        for namespace in [&pair.open, &pair.enforced] {
            Road::create(kind.group_version, kind.plural, &own)
                .by(alice, namespace)
                .expect_status(201);
        }
        let rest = format!("{}/own", kind.plural);
        let switch = kind.switch(&driver);
        let pointer = format!(
            "/{}/spec/serviceAccountName",
            kind.template.replace('.', "/")
        );
        let replace = serde_json::json!([{"op": "add", "path": pointer, "value": driver}]);
        let apply = kind.object("own", &driver);
        let seen = whole(kind, "change the pods of", "own");
        for road in [
            Road::new("PUT", kind.group_version, &rest).json(&kind.object("own", &driver)),
            Road::patch(kind.group_version, &rest, MERGE, &switch),
            Road::patch(kind.group_version, &rest, STRATEGIC, &switch),
            Road::patch(kind.group_version, &rest, JSON_PATCH, &replace),
            Road::patch(kind.group_version, &rest, APPLY, &apply)
                .query("fieldManager=e2e&force=true"),
        ] {
            // Dry, so that each finds the workload as it was.
            pair.closed(&road.dry(), 200, ACCOUNTS, &seen);
        }
        let road = Road::patch(kind.group_version, &rest, MERGE, &switch);
        pair.closed(&road, 200, ACCOUNTS, &seen);
    }
}

#[test]
fn kubectl_says_why() {
    let pair = pair();
    let driver = account("driver");
    let alice = pair.cluster().alice();
    let deployment = &BUILT_IN[0];
    for namespace in [&pair.open, &pair.enforced] {
        Road::create(
            "apps/v1",
            "deployments",
            &deployment.object("own", "default"),
        )
        .by(alice, namespace)
        .expect_status(201);
    }
    let own = deployment.object("own", &driver).to_string();
    let new = deployment.object("new", &driver).to_string();
    let kubectl = |namespace: &Namespace<'static>, args: &[&str], stdin: &str| {
        pair.cluster()
            .kubectl(alice)
            .namespace(namespace)
            .stdin(stdin)
            .run(args)
    };
    for (args, stdin, seen) in [
        (
            &["apply", "-f", "-"][..],
            &new,
            "start pods by Deployment <ns>/new",
        ),
        (
            &["set", "serviceaccount", "deployment/own", &driver],
            &String::new(),
            "change the pods of Deployment <ns>/own",
        ),
        (
            &["apply", "-f", "-"],
            &own,
            "change the pods of Deployment <ns>/own",
        ),
        (
            &["replace", "-f", "-"],
            &own,
            "change the pods of Deployment <ns>/own",
        ),
    ] {
        if args[0] != "replace" {
            kubectl(&pair.open, args, stdin).expect_ok();
        }
        let said = kubectl(&pair.enforced, args, stdin).expect_refused();
        assert_kubectl_refused(
            &said,
            &pair.enforced,
            ACCOUNTS,
            &format!("alice may not {seen}"),
        );
    }
}
