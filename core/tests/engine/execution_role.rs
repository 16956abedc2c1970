//! The rule `execution-role`: a role that runs where the policy does not list it.

use crate::support::scene::{
    TEAM_B, account, account_of, admin, controller_manager, create, emr, node, operator, runner,
};
use crate::support::{Review, controller, policy, tenant};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

/// `111122223333/myrole` and `000022223333/team-a-etl`, which are not.
const OTHER_ROLE: &str = "111122223333-16o0gwny3p";
const OTHER_ACCOUNT: &str = "000022223333-2hiamcixdm9axe98";
const RULE: &str = "execution-role";
const POLICY: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/*"]
      jobServiceAccounts:
        - { name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }
        - { name: livy-other, role: "arn:aws:iam::111122223333:role/other" }
virtualClusters:
  - namespaces: [spark-a]
    executionRoles: ["arn:aws:iam::111122223333:role/data/team-a-*"]
    chains:
      - from: arn:aws:iam::111122223333:role/team-a-etl
        to: ["arn:aws:iam::444455556666:role/datalake-reader"]
  - namespaces: [spark-b]
"#;

fn arn(role: &str) -> String {
    format!("arn:aws:iam::{}", role.replacen('/', ":role/", 1))
}

/// Everybody but administrators is judged alike.
fn everybody() -> Vec<Value> {
    vec![
        emr(),
        tenant(),
        controller("job-controller"),
        controller_manager(),
        node(),
        operator(),
        runner(),
    ]
}

#[test]
fn the_first_object_of_a_job_is_refused() {
    let policy = policy(POLICY);
    for user in everybody() {
        for role in [OTHER_ROLE, OTHER_ACCOUNT] {
            for component in ["spark-client", "spark-jeg", "flink-jobmanager"] {
                let name = account_of(component, role);
                create(user.clone(), "/serviceaccounts", &name, json!({})).refused(
                    &policy,
                    RULE,
                    "does not list for this namespace",
                );
                create(user.clone(), "/serviceaccounts/token", &name, json!({}))
                    .refused(&policy, RULE, "token");
                let pod = json!({ "spec": { "serviceAccountName": name } });
                create(user.clone(), "/pods", "p", pod.clone()).refused(
                    &policy,
                    RULE,
                    "(at spec.serviceAccountName)",
                );
                create(
                    user.clone(),
                    "/pods",
                    "p",
                    json!({ "spec": { "serviceAccount": name } }),
                )
                .refused(&policy, RULE, "does not list");
                create(
                    user.clone(),
                    "batch/jobs",
                    "j",
                    json!({ "spec": { "template": pod } }),
                )
                .refused(
                    &policy,
                    RULE,
                    "(at spec.template.spec.serviceAccountName)",
                );
            }
        }
        let fixed = json!({ "spec": { "serviceAccountName": "livy-other" } });
        create(user, "/pods", "p", fixed).refused(&policy, RULE, "111122223333/other");
    }
    for name in [
        account("spark-client"),
        "livy-runner".to_owned(),
        "default".to_owned(),
    ] {
        for user in everybody() {
            create(user.clone(), "/serviceaccounts", &name, json!({})).passes_rule(&policy, RULE);
            create(user.clone(), "/serviceaccounts/token", &name, json!({}))
                .passes_rule(&policy, RULE);
            create(
                user,
                "/pods",
                "p",
                json!({ "spec": { "serviceAccountName": name } }),
            )
            .passes_rule(&policy, RULE);
        }
    }
}

#[test]
fn where_the_policy_lists_nothing_and_for_administrators() {
    let listed = policy(POLICY);
    let name = account_of("spark-client", OTHER_ROLE);
    let pod = || json!({ "spec": { "serviceAccountName": name } });
    for namespace in ["spark-b", "spark-c"] {
        create(emr(), "/pods", "p", pod())
            .set("namespace", json!(namespace))
            .passes_rule(&listed, RULE);
        create(emr(), "/serviceaccounts", &name, json!({}))
            .set("namespace", json!(namespace))
            .passes_rule(&listed, RULE);
    }
    create(emr(), "/pods", "p", pod()).passes_rule(&Policy::builtin(), RULE);
    create(admin(), "/pods", "p", pod()).passes(&listed);
    create(admin(), "/serviceaccounts", &name, json!({})).passes(&listed);
}

#[test]
fn what_a_service_account_says_of_its_role() {
    let policy = policy(POLICY);
    let annotated =
        |arn: &str| json!({ "metadata": { "annotations": { "eks.amazonaws.com/role-arn": arn } } });
    let listed = arn("111122223333/team-a-etl");
    let job = account("spark-driver");
    for (name, value, words) in [
        (
            "web",
            arn("111122223333/other"),
            "does not list the IAM role 111122223333/other",
        ),
        (
            "web",
            arn("000022223333/team-a-etl"),
            "does not list the IAM role",
        ),
        ("web", "team-a-etl".to_owned(), "names no role"),
        ("web", format!("{listed}\n[profile x]"), "names no role"),
        (
            "web",
            "arn:aws:iam::111122223333:role/team-a-*".to_owned(),
            "names no role",
        ),
        (
            &job,
            arn("111122223333/team-a-other"),
            "and that service account stands for another",
        ),
        (
            "livy-runner",
            arn("111122223333/team-a-other"),
            "and that service account stands for another",
        ),
    ] {
        for user in everybody() {
            create(user.clone(), "/serviceaccounts", name, annotated(&value))
                .refused(&policy, RULE, words);
            Review::new(user, "UPDATE", "/serviceaccounts", name)
                .old(annotated(&listed))
                .object(annotated(&value))
                .refused(&policy, RULE, words);
        }
        // What is stored already is not this write's doing.
        Review::new(tenant(), "UPDATE", "/serviceaccounts", name)
            .old(annotated(&value))
            .object(annotated(&value))
            .passes_rule(&policy, RULE);
    }
    for (name, value) in [
        ("web", listed.clone()),
        ("web", String::new()),
        (&job, listed.clone()),
        // Path and partition are not in an account's name.
        (
            &job,
            "arn:aws-cn:iam::111122223333:role/any/path/team-a-etl".to_owned(),
        ),
    ] {
        create(emr(), "/serviceaccounts", name, annotated(&value)).passes_rule(&policy, RULE);
    }
}

#[test]
fn the_role_a_container_asks_for() {
    let policy = policy(POLICY);
    let pod = |account: &str, list: &str, env: Value| json!({ "spec": { "serviceAccountName": account, list: [{ "name": "c", "env": env }] } });
    let driver = account("spark-driver");
    let value = |arn: &str| json!([{ "name": "AWS_ROLE_ARN", "value": arn }]);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (env, words) in [
            (
                value(&arn("111122223333/team-a-other")),
                "becomes 111122223333/team-a-etl",
            ),
            (
                value(&arn("444455556666/other")),
                "names the IAM role 444455556666/other",
            ),
            (
                value("arn:aws:iam::111122223333:role/$(ROLE)"),
                "names no role",
            ),
            (value("team-a-etl"), "names no role"),
            (
                json!([{ "name": "AWS_ROLE_ARN", "valueFrom": { "configMapKeyRef": { "name": "m", "key": "k" } } }]),
                "comes from elsewhere",
            ),
            (
                json!([{ "name": "AWS_ROLE_ARN", "valueFrom": { "fieldRef": { "fieldPath": "metadata.annotations['x']" } } }]),
                "comes from elsewhere",
            ),
            // One good and one bad, in either order.
            (
                json!([{ "name": "AWS_ROLE_ARN", "value": arn("111122223333/team-a-etl") }, { "name": "AWS_ROLE_ARN", "value": arn("444455556666/other") }]),
                "444455556666/other",
            ),
            (
                json!([{ "name": "AWS_ROLE_ARN", "value": arn("444455556666/other") }, { "name": "AWS_ROLE_ARN", "value": arn("111122223333/team-a-etl") }]),
                "444455556666/other",
            ),
        ] {
            create(emr(), "/pods", "p", pod(&driver, list, env.clone()))
                .refused(&policy, RULE, words);
            create(
                emr(),
                "batch/jobs",
                "j",
                json!({ "spec": { "template": pod(&driver, list, env.clone()) } }),
            )
            .refused(&policy, RULE, words);
            create(tenant(), "/pods", "p", pod("default", list, env)).passes_rule(&policy, RULE);
        }
        for env in [
            value(&arn("111122223333/team-a-etl")),
            value("arn:aws:iam::111122223333:role/some/path/team-a-etl"),
            value(&arn("444455556666/datalake-reader")),
            value(""),
            json!([{ "name": "AWS_ROLE_ARN" }]),
            json!([{ "name": "ASSUME_ROLE_CREDENTIALS_ROLE_ARN", "value": "anything" }]),
        ] {
            create(emr(), "/pods", "p", pod(&driver, list, env)).passes_rule(&policy, RULE);
        }
    }
    // The chain is the execution role's, and another role's job has none.
    let other = account_of("spark-driver", TEAM_B);
    create(
        emr(),
        "/pods",
        "p",
        pod(
            &other,
            "containers",
            value(&arn("444455556666/datalake-reader")),
        ),
    )
    .refused(&policy, RULE, "AWS_ROLE_ARN");
}

#[test]
fn on_update_what_changes() {
    let policy = policy(POLICY);
    let template = |account: &str, image: &str| json!({ "spec": { "template": { "spec": { "serviceAccountName": account, "containers": [{ "image": image }] } } } });
    let other = account_of("spark-jeg", OTHER_ROLE);
    let update = |old: Value, new: Value| {
        Review::new(emr(), "UPDATE", "apps/deployments", "jeg")
            .old(old)
            .object(new)
    };
    update(template(&other, "a"), template(&other, "b")).passes(&policy);
    update(template(&account("spark-jeg"), "a"), template(&other, "a")).refused(
        &policy,
        RULE,
        "does not list",
    );
}
