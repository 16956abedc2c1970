//! The rule `service-account-identity`: B7 and B8 of the bypass catalogue.

use crate::support::scene::{
    self, TEAM_A_ARN, account, admin, controller_manager, driver, eks, emr, node,
};
use crate::support::{
    Review, controller, impersonated, judge, policy, service_account, tenant, user,
};
use rolegate_core::decision::Door;
use rolegate_core::policy::Mode;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use serde_json::{Value, json};

const RULE: &str = "service-account-identity";

fn declared() -> Policy {
    policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: livy/livy
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{ name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
    - serviceAccount: flink/flink
      roles: ["arn:aws:iam::111122223333:role/other"]
"#,
    )
}

fn livy() -> Value {
    service_account("livy", "livy")
}

fn tenants() -> Vec<Value> {
    vec![
        tenant(),
        user("", &[]),
        driver(),
        service_account("spark-a", "default"),
        service_account("argocd", "argocd-application-controller"),
        service_account("istio-system", "istiod"),
        impersonated("livy", "livy"),
        impersonated("kube-system", "generic-garbage-collector"),
        node(),
    ]
}

fn annotated(annotations: Value) -> Value {
    json!({ "metadata": { "name": "x", "annotations": annotations } })
}

fn role(arn: &str) -> Value {
    annotated(json!({ "eks.amazonaws.com/role-arn": arn }))
}

fn plain() -> Value {
    annotated(json!({ "app": "x" }))
}

fn write(user: Value, name: &str, old: Option<Value>, new: Option<Value>) -> Review {
    scene::write(user, "/serviceaccounts", name, old, new)
}

#[test]
fn accounts_that_become_roles_are_not_tenants_to_write() {
    let policy = declared();
    for who in tenants() {
        for (name, words) in [
            (
                account("spark-driver"),
                "becomes the IAM role 111122223333/team-a-etl",
            ),
            (
                account("x-y"),
                "becomes the IAM role 111122223333/team-a-etl",
            ),
            (
                "livy-runner".to_owned(),
                "becomes the IAM role 111122223333/team-a-etl",
            ),
            ("emr-containers-sa-".to_owned(), "reserved for Amazon EMR"),
            (
                "emr-containers-sa-spark-operator".to_owned(),
                "reserved for Amazon EMR",
            ),
            (
                "emr-container-sa-spark-livy".to_owned(),
                "reserved for Amazon EMR",
            ),
        ] {
            write(who.clone(), &name, None, Some(plain())).refused(&policy, RULE, words);
            write(who.clone(), &name, Some(plain()), None).refused(&policy, RULE, words);
            write(
                who.clone(),
                &name,
                Some(plain()),
                Some(annotated(Value::Null)),
            )
            .refused(&policy, RULE, words);
            for list in ["secrets", "imagePullSecrets"] {
                let mut new = plain();
                new[list] = json!([{ "name": "s" }]);
                write(who.clone(), &name, Some(plain()), Some(new.clone())).refused(
                    &policy,
                    RULE,
                    &format!("(at {list})"),
                );
                write(who.clone(), &name, Some(new), Some(plain())).refused(&policy, RULE, words);
            }
            // An owner that is not there has the garbage collector delete it.
            let mut owned = plain();
            owned["metadata"]["ownerReferences"] =
                json!([{ "kind": "Pod", "name": "p", "uid": "u" }]);
            write(who.clone(), &name, Some(plain()), Some(owned)).refused(&policy, RULE, words);
            write(who.clone(), &name, Some(plain()), Some(plain())).passes(&policy);
            write(who.clone(), &name, None, Some(plain()))
                .set("dryRun", json!(true))
                .refused(&policy, RULE, words);
        }
        for name in ["default", "app", "my-emr-containers-sa-x"] {
            write(who.clone(), name, None, Some(plain())).passes(&policy);
            write(
                who.clone(),
                name,
                Some(plain()),
                Some(annotated(Value::Null)),
            )
            .passes(&policy);
            write(who.clone(), name, Some(plain()), None).passes(&policy);
        }
    }
}

#[test]
fn names_that_are_not_in_the_request() {
    let policy = declared();
    // deletecollection sends the name in the stored object only.
    let mut stored = plain();
    stored["metadata"]["name"] = json!(account("spark-driver"));
    write(tenant(), "", Some(stored), None).refused(&policy, RULE, "team-a-etl");
    for (prefix, refused) in [
        ("emr-containers-sa-", true),
        ("emr-containers-sa-spark-driver-1", true),
        ("emr-container-sa-x-", true),
        ("livy-r", true),
        ("livy-", false),
        ("emr-containers-s", false),
    ] {
        let mut new = plain();
        new["metadata"] = json!({ "generateName": prefix });
        let review = write(tenant(), "", None, Some(new));
        if refused {
            review.refused(&policy, RULE, prefix);
        } else {
            review.passes(&policy);
        }
    }
    let named = |name: &str, prefix: &str| {
        let mut new = plain();
        new["metadata"] = json!({ "generateName": prefix });
        let policy = self::policy(&format!(
            r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: livy/livy
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{{ name: {name}, role: "arn:aws:iam::111122223333:role/team-a-etl" }}]
"#
        ));
        (write(tenant(), "", None, Some(new)), policy)
    };
    let (review, policy) = named("sa-bcdfg", "sa-");
    review.refused(&policy, RULE, "team-a-etl");
    let (review, policy) = named("sa-bcdfg2", "sa-");
    review.passes(&policy);
}

/// The API server cuts the prefix so that the name is no longer than a label.
#[test]
fn a_prefix_longer_than_any() {
    let account = "flink-runner-of-a-team-whose-name-is-as-long-as-names-may-be-ok";
    assert_eq!(account.len(), 63);
    let policy = policy(&format!(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: flink/flink
      roles: ["{TEAM_A_ARN}"]
      jobServiceAccounts: [{{ name: {account}, role: "{TEAM_A_ARN}" }}]
"#
    ));
    let generated = |prefix: &str| {
        let object = json!({ "metadata": { "generateName": prefix } });
        Review::new(tenant(), "CREATE", "/serviceaccounts", "").object(object)
    };
    let longer = format!("{account}-and-more");
    for prefix in [&account[..58], &account[..60], account, &longer] {
        generated(prefix).refused(&policy, RULE, "becomes the IAM role");
    }
    for prefix in [&account[..57], "flink-"] {
        generated(prefix).passes(&policy);
    }
}

#[test]
fn bindings_of_any_account() {
    let policy = declared();
    for who in tenants() {
        for key in [
            "role-arn",
            "audience",
            "sts-regional-endpoints",
            "token-expiration",
            "anything",
        ] {
            let key = format!("eks.amazonaws.com/{key}");
            let bound = |value: &str| annotated(json!({ &*key: value, "app": "x" }));
            let at = format!("(at metadata.annotations[\"{key}\"])");
            let cases = [
                (None, Some(bound("v")), "sets its annotation"),
                (Some(plain()), Some(bound("v")), "sets its annotation"),
                (Some(plain()), Some(bound("")), "sets its annotation"),
                (Some(bound("v")), Some(bound("w")), "changes its annotation"),
                (Some(bound("v")), Some(plain()), "removes its annotation"),
                (Some(bound("v")), None, "removes its annotation"),
            ];
            for (old, new, words) in cases {
                let review = write(who.clone(), "app", old, new);
                review.refused(&policy, RULE, words);
                review.refused(&policy, RULE, &at);
            }
            write(who.clone(), "app", Some(bound("v")), Some(bound("v"))).passes(&policy);
            let mut labelled = bound("v");
            labelled["metadata"]["labels"] = json!({ "a": "b" });
            write(who.clone(), "app", Some(bound("v")), Some(labelled)).passes(&policy);
        }
    }
    let mut long = json!({});
    long[format!("eks.amazonaws.com/{}\n", "x".repeat(400))] = json!("v");
    let found = write(tenant(), "app", None, Some(annotated(long))).findings(&policy);
    assert!(
        found[0].len() < 700 && !found[0].contains('\n'),
        "{found:?}"
    );
}

#[test]
fn emr_administrators_and_kubernetes() {
    let policy = declared();
    let job = account("spark-client");
    for who in [emr(), admin()] {
        for name in [&*job, "emr-containers-sa-spark", "app"] {
            write(who.clone(), name, None, Some(role(TEAM_A_ARN))).passes(&policy);
            write(who.clone(), name, Some(plain()), Some(role(TEAM_A_ARN))).passes(&policy);
            write(who.clone(), name, Some(role(TEAM_A_ARN)), None).passes(&policy);
        }
    }
    let mut tidied = role(TEAM_A_ARN);
    tidied["secrets"] = json!([{ "name": "s" }]);
    for who in [
        controller("generic-garbage-collector"),
        controller("namespace-controller"),
        controller_manager(),
        user("system:apiserver", &["system:masters"]),
    ] {
        write(who.clone(), &job, Some(role(TEAM_A_ARN)), None).passes(&policy);
        write(
            who.clone(),
            &job,
            Some(tidied.clone()),
            Some(role(TEAM_A_ARN)),
        )
        .passes(&policy);
        write(who, "default", None, Some(plain())).passes(&policy);
    }
    for who in [
        controller("service-account-controller"),
        controller("job-controller"),
        eks(),
    ] {
        write(who.clone(), &job, None, Some(plain())).refused(&policy, RULE, "team-a-etl");
        write(who.clone(), &job, Some(plain()), Some(role(TEAM_A_ARN)))
            .refused(&policy, RULE, "role-arn");
        write(who, "default", None, Some(plain())).passes(&policy);
    }
    write(eks(), "cloudwatch-agent", None, Some(role(TEAM_A_ARN))).passes(&policy);
}

#[test]
fn operators_keep_the_accounts_of_their_roles() {
    let policy = declared();
    for name in [&*account("flink-jobmanager"), "livy-runner"] {
        for (old, new) in [
            (None, Some(plain())),
            (None, Some(role(TEAM_A_ARN))),
            (Some(plain()), Some(role(TEAM_A_ARN))),
            (
                None,
                Some(role("arn:aws-cn:iam::111122223333:role/a/b/team-a-etl")),
            ),
            (
                None,
                Some(annotated(
                    json!({ "eks.amazonaws.com/role-arn": TEAM_A_ARN, "eks.amazonaws.com/token-expiration": "3600" }),
                )),
            ),
            (Some(role(TEAM_A_ARN)), None),
        ] {
            write(livy(), name, old, new).passes(&policy);
        }
        // Without it, the pods fall back to the node's role.
        write(livy(), name, Some(role(TEAM_A_ARN)), Some(plain())).refused(
            &policy,
            RULE,
            "removes its annotation eks.amazonaws.com/role-arn",
        );
        for arn in [
            "arn:aws:iam::111122223333:role/team-a-other",
            "arn:aws:iam::444455556666:role/team-a-etl",
            "arn:aws:iam::111122223333:role/team-a-etl\n[profile x]",
            "",
        ] {
            write(livy(), name, None, Some(role(arn))).refused(&policy, RULE, "role-arn");
        }
        let audience = annotated(json!({ "eks.amazonaws.com/audience": "sts.amazonaws.com" }));
        write(livy(), name, None, Some(audience)).refused(&policy, RULE, "audience");
        // Another operator's.
        write(service_account("flink", "flink"), name, None, Some(plain())).refused(
            &policy,
            RULE,
            "does not declare for this operator",
        );
    }
    write(livy(), "emr-containers-sa-spark", None, Some(plain())).refused(
        &policy,
        RULE,
        "reserved for Amazon EMR",
    );
    write(livy(), "app", None, Some(plain())).passes(&policy);
    write(livy(), "app", None, Some(role(TEAM_A_ARN))).refused(&policy, RULE, "role-arn");
}

#[test]
fn reserved_names_outside_labelled_namespaces() {
    let policy = declared();
    for (operation, resource, object) in [
        ("CREATE", "/serviceaccounts", plain()),
        ("DELETE", "/serviceaccounts", Value::Null),
        ("CREATE", "/serviceaccounts/token", json!({ "spec": {} })),
    ] {
        let review = Review::new(tenant(), operation, resource, &account("spark-driver"))
            .set("namespace", json!("playground"))
            .old(plain())
            .object(object);
        let body = review.body();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let request = &review.request;
        let decision = judge(request, Door::Cluster, &policy).expect("a decision");
        let judged: Vec<_> = decision.judged.iter().map(|found| found.mode).collect();
        assert_eq!(judged, [Mode::Audit], "{operation} {resource}");
    }
}

#[test]
fn what_cannot_be_read_is_no_answer() {
    let builtin = Policy::builtin();
    for review in [
        Review::new(tenant(), "CREATE", "/serviceaccounts", "app"),
        Review::new(tenant(), "DELETE", "/serviceaccounts", "app"),
        Review::new(tenant(), "UPDATE", "/serviceaccounts", "app").object(plain()),
        write(tenant(), "app", None, Some(annotated(json!(["x"])))),
    ] {
        assert!(review.problem(&builtin).contains("request.o"));
    }
}
