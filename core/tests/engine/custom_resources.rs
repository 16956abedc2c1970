//! Custom resources, kind by kind: the roads of section G of the bypass catalogue, and
//! those whose work it is.

use rolegate_core::decision::{Door, Scope, decide};
use rolegate_core::facts::kinds::{Kind, rows};
use rolegate_core::facts::{Facts, Known, Need};
use rolegate_core::json::Raw;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::request::references::Logins;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::scene::{
    TEAM_B, account, account_of, admin, create, driver, driver_of, emr, operator, update,
    with_add_ons,
};
use crate::support::{
    Review, controller, in_proportion, now, policy, service_account, tenant, user,
};

const RULE: &str = "foreign-service-account";
const ETL: &str = "arn:aws:iam::111122223333:role/team-a-etl";
const PAYROLL: &str = "arn:aws:iam::111122223333:role/team-a-payroll";

/// Two roles under one operator; tenants submit the first.
fn two_roles() -> Policy {
    policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-etl", "arn:aws:iam::111122223333:role/team-a-payroll"]
      jobServiceAccounts: [{ name: spark, role: "arn:aws:iam::111122223333:role/team-a-payroll" }]
rules: { job-lifecycle: { mode: enforce } }
virtualClusters:
  - namespaces: [spark-a]
    executionRoles: ["arn:aws:iam::111122223333:role/team-a-*"]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], secrets: ["app-*"] }]
"#,
    )
}

/// The object with the text at a dotted path.
fn at(path: &str, value: Value) -> Value {
    let parts = path.rsplit('.');
    parts.fold(value, |inner, key| match key.strip_suffix("[]") {
        Some(key) => json!({ key: [inner] }),
        None => json!({ key: inner }),
    })
}

/// Every field of the table, and the fields that any kind may have.
fn role_fields() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for row in rows() {
        let resource = row.resources.first().unwrap_or(&"things");
        for path in row.guide.roles {
            all.push((format!("{}/{resource}", row.groups[0]), (*path).to_owned()));
        }
    }
    all.push((
        "unheard.example.com/things".into(),
        "spec.executionRoleArn".into(),
    ));
    all.push((
        "unheard.example.com/things".into(),
        "spec.a[].execution_role_arn".into(),
    ));
    all.push((
        "unheard.example.com/things".into(),
        "spec.auth.roleArn".into(),
    ));
    all
}

#[test]
fn role_fields_are_judged_like_accounts() {
    let policy = two_roles();
    for (resource, path) in role_fields() {
        let object = |arn: &str| at(&path, arn.into());
        create(tenant(), &resource, "x", object(PAYROLL)).refused(&policy, RULE, "team-a-payroll");
        create(tenant(), &resource, "x", object(ETL)).passes(&policy);
        create(operator(), &resource, "x", object(PAYROLL)).passes(&policy);
        // An ARN with a path is the same role.
        let with_path = "arn:aws:iam::111122223333:role/x/team-a-payroll";
        create(tenant(), &resource, "x", object(with_path)).refused(&policy, RULE, "with the IAM");
        // From the own role to another's, and the other way round.
        update(tenant(), &resource, object(ETL), object(PAYROLL)).refused(&policy, RULE, "change");
        for user in [admin(), emr()] {
            create(user, &resource, "x", object(PAYROLL)).passes(&policy);
        }
        create(
            driver_of("0000000337okspsc999", TEAM_B),
            &resource,
            "x",
            object(PAYROLL),
        )
        .refused(&policy, RULE, "another role");
    }
    for resource in [
        "flink.apache.org/flinkdeployments",
        "emrcontainers.services.k8s.aws/jobruns",
    ] {
        let field = if resource.starts_with("flink") {
            "executionRoleArn"
        } else {
            "executionRoleARN"
        };
        let object = |arn: &str, jar: &str| json!({ "spec": { field: arn, "jar": jar } });
        update(
            tenant(),
            resource,
            object(PAYROLL, "a"),
            object(PAYROLL, "b"),
        )
        .refused(&policy, RULE, "team-a-payroll");
        update(tenant(), resource, object(PAYROLL, "a"), object(ETL, "b")).refused(
            &policy,
            RULE,
            "stands for another's job",
        );
        update(
            tenant(),
            resource,
            object(PAYROLL, "a"),
            object(PAYROLL, "a"),
        )
        .passes(&policy);
        create(tenant(), resource, "x", object("{{role}}", "a")).refused(
            &policy,
            RULE,
            "not the ARN",
        );
        // Nobody knows whose roles there are: what a job runs as is refused all the same.
        create(tenant(), resource, "x", object(ETL, "a")).refused(&Policy::builtin(), RULE, "list");
    }
}

#[test]
fn a_role_is_bound_to_no_account_of_the_tenants() {
    let policy = two_roles();
    let association = |account: &str, role: &str| json!({ "spec": { "clusterName": "c", "namespace": "spark-a", "serviceAccount": account, "roleARN": role } });
    let resource = "eks.services.k8s.aws/podidentityassociations";
    create(tenant(), resource, "x", association("default", PAYROLL)).refused(
        &policy,
        RULE,
        "team-a-payroll",
    );
    create(tenant(), resource, "x", association("default", ETL)).passes(&policy);
    create(
        tenant(),
        resource,
        "x",
        association(
            &account("spark-driver"),
            "arn:aws:iam::444455556666:role/mine",
        ),
    )
    .refused(&policy, RULE, "with the IAM role");
    // The role itself, by its name.
    for (resource, path) in [
        ("iam.services.k8s.aws/roles", "spec.name"),
        ("iam.aws.m.upbound.io/roles", "metadata.name"),
    ] {
        create(tenant(), resource, "x", at(path, "team-a-payroll".into())).refused(
            &policy,
            RULE,
            "of that name",
        );
        create(tenant(), resource, "x", at(path, "team-a-etl".into())).passes(&policy);
        create(tenant(), resource, "x", at(path, "somebody-elses".into())).passes(&policy);
    }
}

/// Whoever gives a role to an account of another namespace needs the right to use that
/// account there.
#[test]
fn a_role_is_given_to_no_account_of_another_namespace() {
    let policy = policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-etl", "arn:aws:iam::111122223333:role/team-b-etl"]
      jobServiceAccounts:
        - { name: spark, namespaces: [spark-a], role: "arn:aws:iam::111122223333:role/team-a-etl" }
        - { name: spark, namespaces: [spark-b], role: "arn:aws:iam::111122223333:role/team-b-etl" }
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }]
  - namespaces: [spark-b]
    submitters: [{ groups: [team-b], roles: ["arn:aws:iam::111122223333:role/team-b-etl"] }]
  - namespaces: [spark-both]
    submitters:
      - { groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], serviceAccounts: [default, web] }
"#,
    );
    let account_of_b = account_of("spark-driver", TEAM_B);
    let provider = |namespace: &str, account: &str| json!({ "namespace": namespace, "serviceAccount": account, "roleArn": ETL });
    for (resource, object) in [
        (
            "eks.services.k8s.aws/podidentityassociations",
            (|namespace, account| json!({ "spec": { "clusterName": "c", "namespace": namespace, "serviceAccount": account, "roleARN": ETL } }))
                as fn(&str, &str) -> Value,
        ),
        (
            "eks.aws.m.upbound.io/podidentityassociations",
            |namespace, account| json!({ "spec": { "forProvider": { "namespace": namespace, "serviceAccount": account, "roleArn": ETL } } }),
        ),
        (
            "eks.aws.m.upbound.io/podidentityassociations",
            |namespace, account| {
                json!({ "spec": {
                "forProvider": { "serviceAccount": account, "roleArn": ETL },
                "initProvider": { "namespace": namespace },
            } })
            },
        ),
    ] {
        let create =
            |user, namespace, account| create(user, resource, "x", object(namespace, account));
        for (namespace, account) in [
            ("spark-b", "spark"),
            ("spark-b", "default"),
            ("kube-system", "default"),
            ("nobodys", "default"),
            ("SPARK-A", "default"),
            ("spark-operator", "spark-operator"),
            ("spark-both", "another"),
            ("spark-b", &*account_of_b),
        ] {
            create(tenant(), namespace, account).refused(&policy, RULE, "another namespace");
            create(driver(), namespace, account).refused(&policy, RULE, "another namespace");
            for user in [admin(), emr()] {
                create(user, namespace, account).passes(&policy);
            }
        }
        for (namespace, account) in [
            ("spark-a", "default"),
            ("spark-a", "spark"),
            // The requester is listed there as well.
            ("spark-both", "default"),
        ] {
            create(tenant(), namespace, account).passes(&policy);
        }
        create(operator(), "spark-b", "spark").passes(&policy);
        create(operator(), "spark-b", "default").refused(&policy, RULE, "another namespace");
        // To another namespace, back from it, and changed there.
        let own = || object("spark-a", "default");
        let theirs = || object("spark-b", "default");
        update(tenant(), resource, own(), theirs()).refused(&policy, RULE, "gives a role to");
        update(tenant(), resource, theirs(), own()).refused(&policy, RULE, "takes a role from");
        update(tenant(), resource, theirs(), theirs()).passes(&policy);
        let mut labelled = theirs();
        labelled["metadata"] = json!({ "labels": { "a": "b" } });
        update(tenant(), resource, theirs(), labelled).passes(&policy);
    }
    // Either field may be the one that counts.
    let mixed = json!({ "spec": { "forProvider": provider("spark-a", "default"), "initProvider": { "namespace": "spark-b" } } });
    create(
        tenant(),
        "eks.aws.m.upbound.io/podidentityassociations",
        "x",
        mixed,
    )
    .refused(&policy, RULE, "spark-b/default");
}

/// Every path of the table is found, whatever its last key is called.
#[test]
fn account_fields_of_the_table() {
    let policy = two_roles();
    for row in rows() {
        for path in row.guide.accounts {
            let resource = row.resources.first().unwrap_or(&"things");
            let resource = format!("{}/{resource}", row.groups[0]);
            let object = |account: &str| at(path, account.into());
            create(
                tenant(),
                &resource,
                "x",
                object(&account_of("spark-driver", TEAM_B)),
            )
            .refused(&policy, RULE, "team-b-etl");
            create(tenant(), &resource, "x", object("spark")).refused(
                &policy,
                RULE,
                "team-a-payroll",
            );
            let own = create(tenant(), &resource, "x", object(&account("spark-driver")));
            if matches!(row.guide.logins, Logins::All) {
                own.refused(&policy, RULE, "with a login as service account");
            } else {
                own.passes(&policy);
            }
        }
    }
}

#[test]
fn a_fixed_name_that_is_a_common_word() {
    let policy = two_roles();
    let resource = "sparkoperator.k8s.io/sparkapplications";
    for spec in [
        json!({ "image": "apache/spark:3.5", "mainApplicationFile": "local:///opt/spark/x.jar" }),
        json!({ "driver": { "labels": { "app": "spark" }, "serviceAccount": account("spark-driver") } }),
        json!({ "type": "spark", "sparkConf": { "spark.app.name": "my spark job" } }),
        json!({ "driver": { "env": [{ "name": "HOME", "value": "/opt/spark" }] } }),
        json!({ "arguments": ["/opt/spark/bin/spark-submit", "--class", "org.apache.spark.Pi"] }),
        json!({ "description": "serviceAccount: spark" }),
        json!({ "sparkConf": {
            "spark.app.name": "spark",
            "spark.kubernetes.namespace": "spark",
            "spark.yarn.queue": "spark",
            "spark.sql.catalog.x.type": "spark",
            "x": "spark",
        } }),
        json!({ "flinkConfiguration": { "table.sql-dialect": "spark" } }),
        json!({ "arguments": ["--engine", "spark"] }),
        json!({ "arguments": ["spark", "run"] }),
        json!({ "args": ["--engine=spark", "visa", "spark"] }),
        json!({ "arguments": { "parameters": [{ "name": "engine", "value": "spark", "default": "spark" }] } }),
        json!({ "options": { "engine": ["a", "spark"] } }),
    ] {
        create(
            tenant(),
            resource,
            "x",
            json!({ "metadata": { "name": "spark", "labels": { "app": "spark" } }, "spec": spec }),
        )
        .passes(&policy);
    }
    for spec in [
        json!({ "driver": { "serviceAccount": "spark" } }),
        json!({ "sparkConf": { "spark.kubernetes.authenticate.driver.serviceAccountName": "spark" } }),
        json!({ "arguments": ["--service-account", "spark"] }),
        json!({ "arguments": ["--conf", "spark.kubernetes.authenticate.driver.serviceAccountName=spark"] }),
        json!({ "sparkConf": { "my.service-account": "spark" } }),
        json!({ "sparkConf": { "my.sa": " spark " } }),
        json!({ "flinkConfiguration": { "kubernetes.service-account": "spark" } }),
        json!({ "flinkConfiguration": { "kubernetes.jobmanager.service-account": "spark" } }),
        json!({ "args": ["-Dkubernetes.service-account=spark"] }),
        json!({ "args": ["-D", "kubernetes.service-account=spark"] }),
        json!({ "args": "run --driver-sa spark x.jar" }),
        json!({ "args": ["--driver-sa", "spark"] }),
        json!({ "args": ["--account=", "spark"] }),
        json!({ "args": ["set", "serviceAccountName", "spark"] }),
        json!({ "options": { "jobSa": ["spark"] } }),
        json!({ "options": { "service-account": "spark" } }),
        json!({ "arguments": { "parameters": [{ "name": "sa", "value": "spark" }] } }),
        json!({ "arguments": { "parameters": [{ "default": "spark", "name": "service-account" }] } }),
        json!({ "arguments": { "parameters": [{ "name": "service-account", "value": "spark" }] } }),
        json!({ "config": [{ "key": "serviceAccount", "value": "spark" }] }),
        json!({ "driver": { "env": [{ "name": "SERVICE_ACCOUNT", "value": "spark" }] } }),
        json!({ "manifest": "spec:\n  serviceAccountName: spark\n" }),
    ] {
        create(tenant(), resource, "x", json!({ "spec": spec })).refused(
            &policy,
            RULE,
            "team-a-payroll",
        );
    }
}

/// What an operator writes about an application starts nothing.
#[test]
fn status_and_sentences_name_nobody() {
    let policy = two_roles();
    let foreign = account_of("spark-driver", TEAM_B);
    let old = json!({ "spec": { "driver": { "serviceAccount": account("spark-driver") } } });
    let mut new = old.clone();
    new["status"] = json!({ "applicationState": { "errorMessage": format!("User \"system:serviceaccount:a:{foreign}\" cannot") } });
    for resource in [
        "sparkoperator.k8s.io/sparkapplications",
        "unheard.example.com/things",
    ] {
        for user in [operator(), tenant()] {
            let resource = format!("{resource}/status");
            update(user, &resource, old.clone(), new.clone()).passes(&policy);
        }
        let spec = json!({ "spec": { "description": foreign, "notes": format!("not {foreign}, please") } });
        create(tenant(), resource, "x", spec).passes(&policy);
        let applied = json!({ "metadata": { "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": format!("{{\"serviceAccount\":\"{foreign}\"}}"),
        } }, "spec": {} });
        create(tenant(), resource, "x", applied).passes(&policy);
    }
    for resource in [
        "monitoring.coreos.com/prometheusrules",
        "grafana.integreatly.org/grafanadashboards",
        "kueue.x-k8s.io/workloads",
    ] {
        create(
            tenant(),
            resource,
            "x",
            json!({ "spec": { "serviceAccountName": foreign } }),
        )
        .passes(&policy);
    }
}

/// Row 8: the operator takes the spec in its status for its own.
#[test]
fn only_its_operator_writes_what_it_reads_back() {
    let policy = two_roles();
    let spec =
        |account: &str, jar: &str| json!({ "serviceAccount": account, "job": { "jarURI": jar } });
    let old = |account: &str| json!({ "spec": spec(account, "s3://a/a.jar"), "status": { "reconciliationStatus": { "state": "DEPLOYED" } } });
    let with = |account: &str, inner: &str| {
        let mut new = old(account);
        let stable = json!({ "spec": spec(inner, "s3://evil/x.jar") }).to_string();
        new["status"]["reconciliationStatus"] =
            json!({ "state": "ROLLING_BACK", "lastStableSpec": stable });
        new
    };
    let resource = "flink.apache.org/flinkdeployments/status";
    let (etl, foreign) = (
        account("flink-jobmanager"),
        account_of("flink-jobmanager", TEAM_B),
    );
    for (account, inner) in [(etl.as_str(), etl.as_str()), ("default", foreign.as_str())] {
        update(tenant(), resource, old(account), with(account, inner)).refused(
            &policy,
            RULE,
            "status of Thing",
        );
        update(driver(), resource, old(account), with(account, inner)).refused(
            &policy,
            RULE,
            "status of Thing",
        );
    }
    update(operator(), resource, old(&etl), with(&etl, &etl)).passes(&policy);
    update(operator(), resource, old(&etl), with(&etl, &foreign)).refused(
        &policy,
        RULE,
        "team-b-etl",
    );
    // Flink without any job's identity is nobody's matter.
    update(
        service_account("flink", "flink"),
        resource,
        old("default"),
        with("default", "default"),
    )
    .passes(&policy);
    // A workflow's status comes with it.
    let stored =
        json!({ "status": { "storedTemplates": { "a": { "serviceAccountName": foreign } } } });
    create(tenant(), "argoproj.io/workflows", "x", stored).refused(&policy, RULE, "team-b-etl");
}

/// Decides with the objects of a cluster.
fn in_cluster(review: &Review, policy: &Policy, objects: &[(&str, &str, Value)]) -> Vec<String> {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let texts: Vec<_> = objects
        .iter()
        .map(|(resource, name, object)| {
            (
                Need::object("flink.apache.org", "v1", resource, "spark-a", name),
                object.to_string(),
            )
        })
        .collect();
    let scope = Scope::of_door(Door::Enforce, policy);
    let first =
        decide(&review.request, scope, policy, &Facts::none_yet(), now()).expect("a decision");
    let needs = match first {
        rolegate_core::decision::Outcome::Decided(_) => Vec::new(),
        rolegate_core::decision::Outcome::Needs(needs) => needs,
    };
    let text_of = |need: &Need| {
        let same =
            |(one, _): &&(Need, String)| one.resource == need.resource && one.name == need.name;
        texts.iter().find(same).map(|(_, text)| text.as_str())
    };
    let further: Vec<Need> = needs
        .iter()
        .filter_map(|need| need.next(Raw::parse(text_of(need)?).ok()?))
        .collect();
    let all: Vec<Need> = needs.into_iter().chain(further).collect();
    let stored: Vec<_> = all
        .iter()
        .map(|need| text_of(need).map(|text| need.stored(Raw::parse(text).expect("JSON"))))
        .collect();
    let found = all.iter().zip(&stored).map(|(need, stored)| {
        let known = stored
            .as_ref()
            .map_or(Known::Absent(Duration::ZERO), |stored| {
                Known::Is(stored, Duration::ZERO)
            });
        (need.clone(), known)
    });
    let facts = Facts::found(found);
    let outcome = decide(&review.request, scope, policy, &facts, now()).expect("a decision");
    let decision = outcome.decided().expect("no third round");
    let judged = decision.judged.iter().map(|judged| &judged.finding);
    judged
        .map(|finding| format!("{}: {}", finding.rule, finding.headline()))
        .collect()
}

#[test]
fn whoever_joins_a_job_needs_its_role() {
    let policy = two_roles();
    let cluster = [
        (
            "flinkdeployments",
            "mine",
            json!({ "spec": { "executionRoleArn": ETL } }),
        ),
        (
            "flinkdeployments",
            "payroll",
            json!({ "spec": { "executionRoleArn": PAYROLL } }),
        ),
        (
            "flinksessionjobs",
            "my-job",
            json!({ "spec": { "deploymentName": "mine" } }),
        ),
        (
            "flinksessionjobs",
            "their-job",
            json!({ "spec": { "deploymentName": "payroll" } }),
        ),
    ];
    let session =
        |name: &str| json!({ "spec": { "deploymentName": name, "job": { "jarURI": "s3://a" } } });
    let snapshot = |kind: &str, name: &str| json!({ "spec": { "jobReference": { "kind": kind, "name": name }, "savepoint": { "path": "s3://mine" } } });
    let jobs = "flink.apache.org/flinksessionjobs";
    let snapshots = "flink.apache.org/flinkstatesnapshots";
    for (resource, object, refused) in [
        (jobs, session("mine"), None),
        (jobs, session("payroll"), Some("team-a-payroll")),
        (jobs, session("not-yet"), Some("no such object")),
        (snapshots, snapshot("FlinkDeployment", "mine"), None),
        (
            snapshots,
            snapshot("FlinkDeployment", "payroll"),
            Some("team-a-payroll"),
        ),
        (snapshots, snapshot("FlinkSessionJob", "my-job"), None),
        (
            snapshots,
            snapshot("FlinkSessionJob", "their-job"),
            Some("team-a-payroll"),
        ),
    ] {
        let findings = in_cluster(
            &create(tenant(), resource, "x", object.clone()),
            &policy,
            &cluster,
        );
        match refused {
            None => assert_eq!(findings, [""; 0], "{object}"),
            Some(words) => assert!(
                findings.len() == 1 && findings[0].contains(words),
                "{object}: {findings:?}"
            ),
        }
        let findings = in_cluster(
            &create(operator(), resource, "x", object.clone()),
            &policy,
            &cluster,
        );
        let absent = refused == Some("no such object");
        assert_eq!(
            findings.len(),
            usize::from(absent),
            "{object}: {findings:?}"
        );
        // DELETE, by job-lifecycle.
        let delete = Review::new(tenant(), "DELETE", resource, "x").old(object.clone());
        let findings = in_cluster(&delete, &policy, &cluster);
        let expected = refused.filter(|words| *words != "no such object");
        assert_eq!(
            findings.len(),
            usize::from(expected.is_some()),
            "{object}: {findings:?}"
        );
        assert!(
            findings
                .iter()
                .all(|finding| finding.starts_with("job-lifecycle: "))
        );
    }
    // Moved to another's cluster, and away from it.
    for (from, to) in [("mine", "payroll"), ("payroll", "mine")] {
        let findings = in_cluster(
            &update(tenant(), jobs, session(from), session(to)),
            &policy,
            &cluster,
        );
        assert!(findings[0].contains("team-a-payroll"), "{findings:?}");
    }
}

/// Without a cluster it is known at least whose it can be.
#[test]
fn joins_without_a_cluster() {
    let session = json!({ "spec": { "deploymentName": "any", "job": {} } });
    let jobs = "flink.apache.org/flinksessionjobs";
    create(tenant(), jobs, "x", session.clone()).refused(
        &two_roles(),
        RULE,
        "could not read whose",
    );
    create(operator(), jobs, "x", session.clone()).passes(&two_roles());
    // The pods of others are judged when they are created.
    for (resource, spec) in [
        (
            "ray.io/rayjobs",
            json!({ "clusterSelector": { "ray.io/cluster": "c" } }),
        ),
        (
            "argoproj.io/workflows",
            json!({ "workflowTemplateRef": { "name": "t" } }),
        ),
    ] {
        create(tenant(), resource, "x", json!({ "spec": spec })).passes(&two_roles());
    }
    let one_role = policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  operators: [{ serviceAccount: flink/flink, roles: ["arn:aws:iam::111122223333:role/team-a-etl"] }]
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-*"] }]
"#,
    );
    create(tenant(), jobs, "x", session.clone()).passes(&one_role);
    create(user("mallory", &["x"]), jobs, "x", session).refused(&one_role, RULE, "could not read");
}

#[test]
fn what_stands_for_a_job_is_deleted_by_those_who_have_its_role() {
    const LIFECYCLE: &str = "job-lifecycle";
    let policy = two_roles();
    let stored = |account: &str| json!({ "metadata": { "name": "x", "finalizers": ["a/b"] }, "spec": { "driver": { "serviceAccount": account } } });
    let foreign = account_of("spark-driver", TEAM_B);
    let resources = [
        "sparkoperator.k8s.io/sparkapplications",
        "unheard.example.com/things",
    ];
    for resource in resources {
        let delete = |user: Value, account: &str, name: &str| {
            Review::new(user, "DELETE", resource, name).old(stored(account))
        };
        // One by one, and as deletecollection sends it.
        for name in ["x", ""] {
            delete(tenant(), &foreign, name).refused(
                &policy,
                LIFECYCLE,
                "delete Thing spark-a/x, which runs as the IAM role 111122223333/team-b-etl",
            );
        }
        delete(tenant(), "spark", "x").refused(&policy, LIFECYCLE, "team-a-payroll");
        delete(tenant(), &account("spark-driver"), "x").passes(&policy);
        delete(tenant(), "default", "x").passes(&policy);
        delete(operator(), &account("spark-driver"), "x").passes(&policy);
        delete(operator(), &foreign, "x").refused(&policy, LIFECYCLE, "delete");
        delete(driver(), &account("spark-driver"), "x").passes(&policy);
        for user in [
            admin(),
            emr(),
            controller("generic-garbage-collector"),
            controller("namespace-controller"),
        ] {
            delete(user, &foreign, "x").passes(&policy);
        }
        for metadata in [
            json!({ "name": "x", "finalizers": ["a/b"], "ownerReferences": [{ "kind": "ConfigMap", "name": "gone", "uid": "1" }] }),
            json!({ "name": "x" }),
            json!({ "name": "x", "finalizers": ["a/b", "mine/keep"] }),
        ] {
            let change = |user: Value, account: &str| {
                let mut new = stored(account);
                new["metadata"] = metadata.clone();
                update(user, resource, stored(account), new)
            };
            change(tenant(), &foreign).refused(&policy, LIFECYCLE, "change metadata.");
            change(tenant(), &account("spark-driver")).passes(&policy);
            change(operator(), &account("spark-driver")).passes(&policy);
            change(controller("generic-garbage-collector"), &foreign).passes(&policy);
        }
        // Labels are nobody's job.
        let mut labelled = stored(&foreign);
        labelled["metadata"]["labels"] = json!({ "a": "b" });
        update(tenant(), resource, stored(&foreign), labelled).passes(&policy);
    }
    Review::new(tenant(), "DELETE", "kueue.x-k8s.io/workloads", "x")
        .old(stored(&foreign))
        .passes(&policy);
}

/// An object that names the Secret.
type Object = Box<dyn Fn(&str) -> Value>;

#[test]
fn secrets_that_installed_software_reads() {
    const SECRETS: &str = "secret-read";
    let policy = two_roles();
    let selector = |secret: &str| json!({ "name": secret, "key": "k" });
    let objects: Vec<(&str, Object)> = vec![
        (
            "monitoring.coreos.com/servicemonitors",
            Box::new(
                move |s| json!({ "spec": { "endpoints": [{ "basicAuth": { "password": selector(s) } }] } }),
            ),
        ),
        (
            "monitoring.coreos.com/podmonitors",
            Box::new(
                move |s| json!({ "spec": { "podMetricsEndpoints": [{ "authorization": { "credentials": selector(s) } }] } }),
            ),
        ),
        (
            "monitoring.coreos.com/scrapeconfigs",
            Box::new(
                move |s| json!({ "spec": { "tlsConfig": { "keySecret": selector(s), "ca": { "configMap": { "name": "c", "key": "k" } } } } }),
            ),
        ),
        (
            "monitoring.coreos.com/alertmanagerconfigs",
            Box::new(
                move |s| json!({ "spec": { "receivers": [{ "slackConfigs": [{ "apiURL": selector(s) }] }] } }),
            ),
        ),
        (
            "cert-manager.io/issuers",
            Box::new(
                |s| json!({ "spec": { "vault": { "server": "https://evil", "auth": { "tokenSecretRef": { "name": s } } } } }),
            ),
        ),
        (
            "cert-manager.io/issuers",
            Box::new(
                |s| json!({ "spec": { "acme": { "privateKeySecretRef": { "name": "mine" }, "solvers": [{ "dns01": { "webhook": { "config": { "secretRef": s } } } }] } } }),
            ),
        ),
        (
            "external-secrets.io/secretstores",
            Box::new(
                |s| json!({ "spec": { "provider": { "vault": { "server": "https://evil", "auth": { "tokenSecretRef": { "name": s } } } } } }),
            ),
        ),
        (
            "external-secrets.io/pushsecrets",
            Box::new(|s| json!({ "spec": { "selector": { "secret": { "name": s } } } })),
        ),
        (
            "argoproj.io/eventsources",
            Box::new(
                move |s| json!({ "spec": { "webhook": { "a": { "authSecret": selector(s) } } } }),
            ),
        ),
        (
            "argoproj.io/sensors",
            Box::new(
                move |s| json!({ "spec": { "triggers": [{ "http": { "secureHeaders": [{ "valueFrom": { "secretKeyRef": selector(s) } }] } }] } }),
            ),
        ),
        (
            "helm.toolkit.fluxcd.io/helmreleases",
            Box::new(|s| json!({ "spec": { "valuesFrom": [{ "kind": "Secret", "name": s }] } })),
        ),
        (
            "kustomize.toolkit.fluxcd.io/kustomizations",
            Box::new(
                |s| json!({ "spec": { "postBuild": { "substituteFrom": [{ "kind": "Secret", "name": s }] } } }),
            ),
        ),
        (
            "grafana.integreatly.org/grafanadatasources",
            Box::new(
                move |s| json!({ "spec": { "valuesFrom": [{ "valueFrom": { "secretKeyRef": selector(s) } }] } }),
            ),
        ),
        (
            "keda.sh/triggerauthentications",
            Box::new(
                |s| json!({ "spec": { "secretTargetRef": [{ "parameter": "p", "name": s, "key": "k" }] } }),
            ),
        ),
        (
            "triggers.tekton.dev/eventlisteners",
            Box::new(
                |s| json!({ "spec": { "triggers": [{ "interceptors": [{ "params": [{ "name": "secretRef", "value": { "secretName": s, "secretKey": "k" } }] }] }] } }),
            ),
        ),
        (
            "traefik.io/middlewares",
            Box::new(|s| json!({ "spec": { "basicAuth": { "secret": s } } })),
        ),
        (
            "unheard.example.com/things",
            Box::new(|s| json!({ "spec": { "remote": { "secretName": s } } })),
        ),
        (
            "unheard.example.com/things",
            Box::new(|s| json!({ "spec": { "credentialsSecret": s } })),
        ),
        (
            "unheard.example.com/things",
            Box::new(move |s| json!({ "spec": { "auth": { "apiTokenSecretRef": selector(s) } } })),
        ),
        (
            "unheard.example.com/things",
            Box::new(
                |s| json!({ "spec": { "config": json!({ "secretRef": { "name": s } }).to_string() } }),
            ),
        ),
    ];
    for (resource, object) in &objects {
        create(tenant(), resource, "x", object("db-password")).refused(
            &policy,
            SECRETS,
            "Secret db-password: the policy lists no such Secret",
        );
        create(tenant(), resource, "x", object("app-token")).passes_rule(&policy, SECRETS);
        create(tenant(), resource, "x", object("emr-containers-s3-vc-job")).refused(
            &policy,
            SECRETS,
            "emr-containers-s3",
        );
        for user in [admin(), emr()] {
            create(user, resource, "x", object("db-password")).passes(&policy);
        }
        // The same Secret to another address.
        let mut changed = object("db-password");
        changed["spec"]["url"] = json!("https://evil");
        update(
            tenant(),
            resource,
            object("db-password"),
            object("db-password"),
        )
        .passes(&policy);
        update(tenant(), resource, object("db-password"), changed).refused(
            &policy,
            SECRETS,
            "db-password",
        );
        let mut labelled = object("db-password");
        labelled["metadata"] = json!({ "labels": { "a": "b" } });
        update(tenant(), resource, object("db-password"), labelled).passes(&policy);
    }
}

#[test]
fn secrets_that_nobody_sends_away() {
    let policy = two_roles();
    let challenge = json!({ "spec": { "solver": { "dns01": { "cloudflare": { "apiTokenSecretRef": { "name": "dns", "key": "k" } } } } } });
    create(
        service_account("cert-manager", "cert-manager"),
        "acme.cert-manager.io/challenges",
        "x",
        challenge,
    )
    .passes(&with_add_ons());
    for (resource, spec) in [
        // Written, not read.
        (
            "cert-manager.io/certificates",
            json!({ "secretName": "web-tls", "issuerRef": { "name": "i" } }),
        ),
        (
            "cert-manager.io/issuers",
            json!({ "acme": { "privateKeySecretRef": { "name": "account-key" } } }),
        ),
        (
            "external-secrets.io/externalsecrets",
            json!({ "secretStoreRef": { "name": "s" }, "target": { "name": "t" } }),
        ),
        (
            "bitnami.com/sealedsecrets",
            json!({ "template": { "metadata": { "name": "s" } } }),
        ),
        (
            "example.crossplane.io/databases",
            json!({ "writeConnectionSecretToRef": { "name": "c" } }),
        ),
        // The pod reads it, and is judged by itself.
        (
            "sparkoperator.k8s.io/sparkapplications",
            json!({ "driver": { "secrets": [{ "name": "s", "path": "/p", "secretType": "Generic" }], "envSecretKeyRefs": { "A": { "name": "s", "key": "k" } } } }),
        ),
        (
            "ray.io/rayclusters",
            json!({ "headGroupSpec": { "template": { "spec": { "imagePullSecrets": [{ "name": "s" }], "containers": [{ "env": [{ "name": "A", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }] }], "volumes": [{ "name": "v", "secret": { "secretName": "s" } }] } } } }),
        ),
        (
            "monitoring.coreos.com/servicemonitors",
            json!({ "endpoints": [{ "tlsConfig": { "ca": { "configMap": { "name": "ca", "key": "k" } } } }] }),
        ),
        (
            "unheard.example.com/things",
            json!({ "secretStoreRef": { "name": "s" }, "password": "literal", "clientSecret": "literal" }),
        ),
    ] {
        create(tenant(), resource, "x", json!({ "spec": spec })).passes(&policy);
    }
}

/// A driver's and a job manager's pod template from a file of the operator's.
#[test]
fn template_files() {
    let policy = two_roles();
    for (resource, spec) in [
        (
            "sparkoperator.k8s.io/sparkapplications",
            json!({ "sparkConf": { "spark.kubernetes.driver.podTemplateFile": "s3://a" } }),
        ),
        (
            "flink.apache.org/flinkdeployments",
            json!({ "flinkConfiguration": { "kubernetes.pod-template-file.jobmanager": "/opt/flink/artifacts/a" } }),
        ),
        (
            "flink.apache.org/flinkdeployments",
            json!({ "flinkConfiguration": { "kubernetes.pod-template-file.default": "/opt/flink/artifacts/a" } }),
        ),
    ] {
        create(tenant(), resource, "x", json!({ "spec": spec })).refused(
            &policy,
            RULE,
            "from a file",
        );
    }
    let executors =
        json!({ "sparkConf": { "spark.kubernetes.executor.podTemplateFile": "s3://a" } });
    create(
        tenant(),
        "sparkoperator.k8s.io/sparkapplications",
        "x",
        json!({ "spec": executors }),
    )
    .passes(&policy);
}

/// What an operator decodes is read decoded.
#[test]
fn names_in_strings_in_strings() {
    let policy = two_roles();
    let name = account_of("spark-driver", TEAM_B);
    let hidden = format!("\\u0065{}", &name[1..]);
    for spec in [
        json!({ "manifest": format!("kind: Pod\nspec:\n  serviceAccountName: \"{hidden}\"\n") }),
        json!({ "manifest": format!("kind: Pod\nspec:\n  serviceAccountName: \"\\x65{}\"\n", &name[1..]) }),
        json!({ "podSpecPatch": format!("{{\"serviceAccountName\":\"{hidden}\"}}") }),
        json!({ "patch": json!({ "inner": format!("{{\"sa\":\"{hidden}\"}}") }).to_string() }),
        json!({ "manifest": format!("spec:\n  serviceAccountName:\n    {name}\n") }),
        json!({ "manifest": format!("a: &a {name}\nspec:\n  serviceAccountName: *a\n") }),
    ] {
        create(
            tenant(),
            "argoproj.io/workflows",
            "x",
            json!({ "spec": { "templates": [{ "resource": spec }] } }),
        )
        .refused(&policy, RULE, "team-b-etl");
    }
}

#[test]
fn the_table_answers_for_what_it_names() {
    for (group, resource, starts) in [
        ("flink.apache.org", "flinksessionjobs", true),
        ("kubeflow.org", "notebooks", true),
        ("monitoring.coreos.com", "prometheusrules", false),
        ("kueue.x-k8s.io", "workloads", false),
    ] {
        assert_eq!(
            Kind::of(group, resource).map(|kind| kind.starts),
            Some(starts),
            "{resource}"
        );
    }
    assert!(Kind::of("unheard.example.com", "things").is_none());
    assert!(Kind::of("monitoring.coreos.com", "prometheuses").is_none());
}

/// Nothing that a tenant writes into a text costs more than in proportion to it.
#[test]
fn long_texts_cost_their_length() {
    let policy = two_roles();
    let nested = json!({ "c": vec!["x"; 50_000] }).to_string();
    let nested = json!({ "a": json!({ "b": nested }).to_string() }).to_string();
    for text in [
        "<".repeat(500_000),
        "spark=".repeat(80_000),
        "x emr-containers-sa-y z ".repeat(20_000),
        format!("{}/", "emr-containers-sa-".repeat(25_000)),
        format!("{}emr-containers-sa-x", "\"".repeat(900)).repeat(500),
        format!("spark{}", " ".repeat(1_000)).repeat(500),
        "ZW1yLWNvbnRhaW5lcnMt".repeat(25_000) + "\n",
        "role=arn::role/".repeat(35_000),
        "role=arn:aws:iam::1:role/a,".repeat(20_000),
        format!("{}:role/", " ".repeat(2_000)).repeat(250),
        nested,
    ] {
        let review = create(
            tenant(),
            "unheard.example.com/things",
            "x",
            json!({ "spec": { "a": text } }),
        );
        let body = review.body();
        in_proportion(&body, 300, || review.findings(&policy));
    }
}
