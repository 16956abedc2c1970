//! What a policy changes about it: the mode of a rule, an exemption with an
//! end, and what submitters are given.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use super::private::Private;
use super::sample::driver;
use crate::harness::accounts::pod;
use crate::harness::audit::annotation;
use crate::harness::cast::{JOB, OTHER_ROLE, becomes, config_map, job_account};
use crate::harness::definitions::Kind;
use crate::harness::http::{MERGE, STRATEGIC};
use crate::harness::refusal::{
    ACCOUNTS, CONFIG_MAPS, CONFIG_MAPS_OF_NO_EMR, IMAGES, POD_EXEC, RESERVED_CONFIG_MAPS,
    assert_refused,
};
use crate::harness::road::{Road, wait_for_rights};
use crate::harness::users::User;
use crate::harness::workloads::workload;
use crate::harness::{Namespace, wait};

fn exec() -> Road {
    Road::new("POST", "v1", "pods/driver/exec?command=id")
}

fn prepare(namespace: &Namespace<'_>) {
    for name in [driver(), "history-server".to_owned()] {
        namespace.service_account(&name);
    }
    namespace.running_pod("driver", &driver());
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

    let road = Road::create("v1", "configmaps", &config_map("shape"));
    let warned = road.by(alice, &namespace).expect_status(201);
    assert_eq!(
        warned.warnings(),
        [format!("rolegate configmap-mutation: you {created}")]
    );
    assert_eq!(
        recorded(&namespace, &road, alice, CONFIG_MAPS.id),
        Some(format!("warn: alice {created}"))
    );

    let road = Road::create("v1", "pods", &pod("mine", &driver()));
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
    let map = Road::create("v1", "configmaps", &config_map("shape"));
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

/// F10: an exemption from one rule, and a pod that is too long for any rule to read.
#[test]
fn f10_an_exemption_from_one_rule_lets_no_pod_of_any_length_pass() {
    let (_private, namespace) = Private::start("enforce", |name| {
        let tomorrow = Timestamp::now() + 24.hours();
        format!(
            "exemptions:\n- {{rules: [foreign-service-account], users: [alice], namespaces: [{name}], until: {tomorrow:.0}, reason: x}}\n"
        )
    });
    prepare(&namespace);
    let cluster = namespace.cluster;
    let free = Namespace::unmanaged(cluster);
    free.service_account(&driver());
    let mut crowd = pod("crowd", &driver());
    let container = |number| json!({"name": format!("c{number}"), "image": "registry.example/main:1", "securityContext": {"privileged": true}});
    crowd["spec"]["containers"] = (0..1001).map(container).collect();
    let send = |namespace: &Namespace<'_>| {
        let path = format!("{}?dryRun=All", namespace.core("pods"));
        let request = cluster.request(cluster.alice(), "POST", &path);
        request.json(&crowd).send()
    };
    send(&free).expect_status(201);
    let answer = send(&namespace).expect_status(403);
    let message = answer.message();
    assert!(
        message.contains("with more than 1000 containers"),
        "{message}"
    );
}

#[test]
fn submitters_get_what_they_are_listed_for_and_no_more() {
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
    let kind: Kind = (
        "sparkoperator.k8s.io/v1beta2",
        "sparkapplications",
        "SparkApplication",
    );
    namespace.cluster.define(&[kind]);
    let spark = kind.0;
    let application = json!({
        "apiVersion": spark, "kind": "SparkApplication", "metadata": {"name": "pi"},
        "spec": {"driver": {"serviceAccount": driver()}},
    });
    for road in [
        Road::create("v1", "configmaps", &config_map("app-settings")),
        Road::create("v1", "pods", &pod("history", "history-server")),
        // The operator's pod is judged when the operator starts it.
        Road::create(spark, "sparkapplications", &application),
    ] {
        road.by(alice, &namespace).expect_status(201);
    }
    for (road, rule, seen) in [
        (
            Road::create("v1", "configmaps", &config_map("settings")),
            CONFIG_MAPS,
            "alice may not create ConfigMap <ns>/settings.".to_owned(),
        ),
        (
            Road::create(
                "v1",
                "configmaps",
                &config_map(&format!("podtemplate-{JOB}")),
            ),
            RESERVED_CONFIG_MAPS,
            format!("alice may not create ConfigMap <ns>/podtemplate-{JOB}."),
        ),
        (
            Road::create("v1", "pods", &pod("driver-2", &driver())),
            ACCOUNTS,
            format!(
                "alice may not start pod <ns>/driver-2 under service account {}: that service account {}",
                driver(),
                becomes(OTHER_ROLE)
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

/// Without `roleArns` rolegate identifies EMR by its username alone, so a user
/// who may impersonate any user can act as EMR. The policy should list the ARNs.
#[test]
fn emrs_name_is_emr_only_until_the_policy_lists_its_role() {
    const NOT_EMR: &str =
        "has EMR's username, but userInfo.extra does not prove EMR's service-linked role";
    let (_private, listed) = Private::start("enforce", |_| {
        "identities: {emrService: {users: [emr-containers], roleArns: [\"arn:aws:iam::111122223333:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers\"]}}\n".to_owned()
    });
    let cluster = listed.cluster;
    let bob = cluster.bob();
    let rule = json!({"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]});
    let subject = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"});
    cluster.grant_in_the_cluster("e2e-impersonate", &[rule], &subject);
    let create = Road::create(
        "v1",
        "configmaps",
        &config_map(&format!("podtemplate-{JOB}")),
    );
    let unlisted = Namespace::labelled(cluster, "enforce");
    wait::until("bob to be taken for EMR", || {
        let request = create.dry().request(bob, &unlisted);
        let answer = request.impersonate("emr-containers").try_send()?;
        (answer.status == 201).then_some(()).ok_or(answer.body)
    });

    let as_emr = || create.request(bob, &listed).impersonate("emr-containers");
    let seen =
        format!("emr-containers ({NOT_EMR}) may not create ConfigMap <ns>/podtemplate-{JOB}.");
    assert_refused(&as_emr().send(), &listed, CONFIG_MAPS_OF_NO_EMR, &seen);
    // A token of that name proves no more.
    let named = create.by(cluster.emr(), &listed);
    assert_refused(&named, &listed, CONFIG_MAPS_OF_NO_EMR, &seen);
    // Impersonating the proof requires a right of its own, which the user lacks.
    let arn = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEMRContainers/x";
    let forged = as_emr().header("Impersonate-Extra-arn", arn).send();
    assert_eq!(forged.status, 403, "{}", forged.body);
    assert!(
        forged.message().contains("userextras"),
        "RBAC refuses it: {}",
        forged.body
    );
}

/// For tenants, and for what a job's submitter asks of EMR.
#[test]
fn images_come_from_listed_registries() {
    let (_private, namespace) = Private::start("enforce", |_| {
        "rules:\n  image-source: {registries: [registry.example, public.ecr.aws/emr-on-eks], minimumRelease: emr-7.5.0}\n".to_owned()
    });
    let client = job_account("client", OTHER_ROLE);
    namespace.service_account(&client);
    namespace.pod("running", "default");
    let cluster = namespace.cluster;
    let with_image = |name: &str, image: &str| {
        let mut pod = pod(name, "default");
        pod["spec"]["containers"][0]["image"] = image.into();
        pod
    };
    let all_three = |image: &str| {
        let mut job = workload("jobs", JOB, &client);
        job["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
        let change: Value = json!({"spec": {"containers": [{"name": "main", "image": image}]}});
        [
            (
                Road::create("v1", "pods", &with_image("mine", image)),
                cluster.alice(),
                "alice may not start Pod <ns>/mine with image",
            ),
            (
                Road::create("batch/v1", "jobs", &job),
                cluster.emr(),
                "emr-containers may not start pods of Job <ns>/",
            ),
            (
                Road::patch("v1", "pods/running", STRATEGIC, &change),
                cluster.alice(),
                "alice may not start Pod <ns>/running with image",
            ),
        ]
    };
    for image in [
        "registry.example/main:1",
        "public.ecr.aws/emr-on-eks/spark/emr-7.5.0:latest",
    ] {
        for (road, user, _) in all_three(image) {
            let answer = road.dry().by(user, &namespace);
            assert!(answer.status < 300, "{image}: {}", answer.body);
        }
    }
    for image in [
        "evil.example/main:1",
        "main",
        "public.ecr.aws/emr-on-eks/spark/emr-6.15.0:latest",
    ] {
        for (road, user, seen) in all_three(image) {
            let answer = road.dry().by(user, &namespace);
            assert_refused(&answer, &namespace, IMAGES, seen);
        }
    }
    // What is there stays, whatever it is.
    namespace.pod_from(&with_image("old", "evil.example/main:1"));
    let labelled = json!({"metadata": {"labels": {"a": "b"}}});
    Road::patch("v1", "pods/old", MERGE, &labelled)
        .by(cluster.alice(), &namespace)
        .expect_status(200);
}
