//! What a policy changes about it: the mode of a rule, an exemption with an
//! end, and what submitters are given.

use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::config_maps::map;
use super::custom_kinds;
use super::pair::{JOB, account, becomes, running_pod, wait_for_rights};
use super::private::Private;
use super::refusal::{ACCOUNTS, CONFIG_MAPS, POD_EXEC, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::accounts::pod;
use crate::harness::audit::annotation;
use crate::harness::users::User;

fn exec() -> Road {
    Road::new("POST", "v1", "pods/driver/exec?command=id")
}

fn prepare(namespace: &Namespace<'_>) {
    for name in [account("driver"), "history-server".to_owned()] {
        namespace.service_account(&name);
    }
    running_pod(namespace, "driver", &account("driver"));
}

/// What the audit event of `user`'s request says under `key`.
fn recorded(namespace: &Namespace<'_>, road: &Road, user: &User, key: &str) -> Option<String> {
    let path = road.path(namespace);
    let events = namespace.wait_for_audit("the request's event", |event| {
        event["requestURI"] == path.as_str() && event["user"]["username"] == user.name.as_str()
    });
    let last = events.last().expect("there is one");
    annotation(last, &format!("enforce.rolegate.dev/{key}")).map(str::to_owned)
}

#[test]
fn a_rule_can_be_weaker_than_its_namespace() {
    let (_private, namespace) = Private::start("enforce", |_| {
        "rules: {configmap-mutation: {mode: warn}, foreign-service-account: {mode: audit}}\n"
            .to_owned()
    });
    prepare(&namespace);
    let alice = namespace.cluster.alice();
    let created = format!("may not create ConfigMap {}/shape", namespace.name);

    let road = Road::create("v1", "configmaps", &map("shape", "1"));
    let warned = road.by(alice, &namespace).expect_status(201);
    assert_eq!(
        warned.warnings(),
        [format!("rolegate configmap-mutation: you {created}")]
    );
    assert_eq!(
        recorded(&namespace, &road, alice, CONFIG_MAPS.id),
        Some(format!("warn: alice {created}"))
    );

    let road = Road::create("v1", "pods", &pod("mine", &account("driver")));
    let audited = road.by(alice, &namespace).expect_status(201);
    assert_eq!(audited.warnings(), [""; 0]);
    let said = recorded(&namespace, &road, alice, ACCOUNTS.id).unwrap_or_default();
    assert!(
        said.starts_with(&format!(
            "audit: alice may not start pod {}/mine",
            namespace.name
        )),
        "{said}"
    );

    // The third is as strict as its namespace.
    let seen = "alice may not exec into pod <ns>/driver.";
    assert_refused(&exec().by(alice, &namespace), &namespace, POD_EXEC, seen);
}

#[test]
fn a_rule_can_be_off() {
    let (_private, namespace) = Private::start("enforce", |_| {
        "rules: {pod-exec: {mode: \"off\"}}\n".to_owned()
    });
    prepare(&namespace);
    let alice = namespace.cluster.alice();
    exec().by(alice, &namespace).expect_status(400);
    assert_eq!(recorded(&namespace, &exec(), alice, POD_EXEC.id), None);
    assert!(
        recorded(&namespace, &exec(), alice, "policy").is_some(),
        "rolegate was asked"
    );
}

#[test]
fn an_exemption_lifts_one_rule_for_one_user_until_it_ends() {
    let now = Timestamp::now();
    let exemption = |user: &str, namespace: &str, until: Timestamp| {
        format!(
            "- {{rules: [pod-exec], users: [{user}], namespaces: [{namespace}], until: {until:.0}, reason: incident 4711}}\n"
        )
    };
    let (_private, namespace) = Private::start("enforce", |name| {
        let tomorrow = now + 24.hours();
        let yesterday = now - 24.hours();
        format!(
            "exemptions:\n{}{}{}",
            exemption("alice", name, tomorrow),
            exemption("platform", name, yesterday),
            exemption("bob", "another-namespace", tomorrow),
        )
    });
    prepare(&namespace);
    let cluster = namespace.cluster;
    namespace.grant_everything("User", "bob");
    wait_for_rights(&namespace, cluster.bob(), "pods");

    // Let in, and recorded as what it would have been.
    let answer = exec().by(cluster.alice(), &namespace).expect_status(400);
    assert_eq!(answer.warnings(), [""; 0]);
    assert_eq!(
        recorded(&namespace, &exec(), cluster.alice(), POD_EXEC.id),
        Some(format!(
            "enforce: alice may not exec into pod {}/driver [exempted: incident 4711]",
            namespace.name
        ))
    );
    // Not another rule, not after its end, not elsewhere.
    let map = Road::create("v1", "configmaps", &map("shape", "1"));
    let seen = "alice may not create ConfigMap <ns>/shape.";
    assert_refused(
        &map.by(cluster.alice(), &namespace),
        &namespace,
        CONFIG_MAPS,
        seen,
    );
    for user in [cluster.platform(), cluster.bob()] {
        let seen = format!("{} may not exec into pod <ns>/driver.", user.name);
        assert_refused(&exec().by(user, &namespace), &namespace, POD_EXEC, &seen);
    }
}

#[test]
fn submitters_get_what_they_are_listed_for_and_no_more() {
    custom_kinds::install();
    let (_private, namespace) = Private::start("enforce", |name| {
        format!(
            r#"virtualClusters:
- namespaces: [{name}]
  submitters:
  - groups: [team-a]
    roles: ["arn:aws:iam::111122223333:role/team-b-etl"]
    serviceAccounts: [default, history-server]
    configMaps: ["app-*"]
"#
        )
    });
    prepare(&namespace);
    let alice = namespace.cluster.alice();
    let spark = "sparkoperator.k8s.io/v1beta2";
    let application = json!({
        "apiVersion": spark, "kind": "SparkApplication", "metadata": {"name": "pi"},
        "spec": {"driver": {"serviceAccount": account("driver")}},
    });
    for road in [
        Road::create("v1", "configmaps", &map("app-settings", "1")),
        Road::create("v1", "pods", &pod("history", "history-server")),
        // The operator's pod is judged when the operator starts it.
        Road::create(spark, "sparkapplications", &application),
    ] {
        road.by(alice, &namespace).expect_status(201);
    }
    for (road, rule, seen) in [
        (
            Road::create("v1", "configmaps", &map("settings", "1")),
            CONFIG_MAPS,
            "alice may not create ConfigMap <ns>/settings.".to_owned(),
        ),
        (
            Road::create("v1", "configmaps", &map(&format!("podtemplate-{JOB}"), "1")),
            CONFIG_MAPS,
            format!("alice may not create ConfigMap <ns>/podtemplate-{JOB}."),
        ),
        (
            Road::create("v1", "pods", &pod("driver-2", &account("driver"))),
            ACCOUNTS,
            format!(
                "alice may not start pod <ns>/driver-2 under service account {}: {}",
                account("driver"),
                becomes()
            ),
        ),
        (
            exec(),
            POD_EXEC,
            "alice may not exec into pod <ns>/driver.".to_owned(),
        ),
    ] {
        assert_refused(&road.by(alice, &namespace), &namespace, rule, &seen);
    }
}
