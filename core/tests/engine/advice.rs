//! What each rule advises to whom, in one table to read, and that it names keys of the
//! policy that exist. That no reader meets a rule that has no advice for them, every other
//! test of the engine checks (`decision/judge.rs`, in debug builds).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use rolegate_core::decision::Door;
use rolegate_core::facts::Addressee;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::rules::{RULES, json_schema};
use serde_json::{Value, json};

use crate::support::scene::{
    JOB, OPERATOR, TEAM_A, account, account_of, admin, create, driver, driver_name, emr, operator,
    runner, with_operator,
};
use crate::support::{Review, controller, in_pod, judge, policy, service_account, tenant, user};

#[test]
fn the_table_of_all_advice() {
    let mut text = String::from(
        "Every advice of every rule: why, and what each reader is told to do instead.\n",
    );
    for rule in RULES {
        let _ = writeln!(text, "\n# {}", rule.about().id);
        for advice in rule.advice() {
            let _ = writeln!(text, "\nbecause {}", advice.why);
            for (readers, instead) in advice.instead {
                let readers: Vec<_> = readers.iter().map(|reader| reader.as_str()).collect();
                let readers = match readers.len() {
                    all if all == Addressee::ALL.len() => "everybody".to_owned(),
                    _ => readers.join(", "),
                };
                let _ = writeln!(text, "  {readers}: {instead}");
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine/advice.expected.txt");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        text,
        expected,
        "UPDATE_EXPECTED=1 writes {}",
        path.display()
    );
}

/// Names of properties anywhere in the policy's schema.
fn keys(schema: &Value, all: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                all.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| keys(member, all));
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, all)),
        _ => {}
    }
}

#[test]
fn sentences_are_whole_and_name_keys_that_exist() {
    let schema = serde_json::to_value(json_schema()).expect("JSON");
    let mut known = BTreeSet::new();
    keys(&schema, &mut known);
    for rule in RULES {
        for advice in rule.advice() {
            let mut seen = BTreeSet::new();
            for (readers, instead) in advice.instead {
                for reader in *readers {
                    assert!(seen.insert(*reader), "{reader:?} twice: {instead}");
                }
                assert!(!instead.ends_with('.') && instead.len() < 320, "{instead}");
                for key in instead.split('`').skip(1).step_by(2) {
                    let root = key.split(['.', '[']).next().unwrap_or_default();
                    if ![
                        "identities",
                        "virtualClusters",
                        "submitters",
                        "rules",
                        "exemptions",
                    ]
                    .contains(&root)
                    {
                        continue;
                    }
                    for part in key.split('.') {
                        let part = part.trim_end_matches("[]");
                        assert!(
                            known.contains(part),
                            "the policy has no key {key}: {instead}"
                        );
                    }
                }
            }
        }
    }
}

/// The advice that a requester gets for the first finding of a rule.
#[track_caller]
fn advised(review: &Review, policy: &Policy, rule: &str) -> (Addressee, String) {
    let body = review.body();
    let parsed = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let decision = judge(&parsed.request, Door::Enforce, policy).expect("a decision");
    let mut judged = decision.judged.iter();
    let found = judged.find(|one| one.finding.rule.as_str() == rule);
    let found = found.unwrap_or_else(|| panic!("{rule} finds nothing: {}", review.0));
    let text = decision.what_helps(&found.finding).to_owned();
    (decision.reader, text)
}

fn evicts(who: Value) -> Review {
    let eviction = json!({ "metadata": { "name": "pi-772b9c81ae56a93d-exec-1" } });
    create(
        who,
        "/pods/eviction",
        "pi-772b9c81ae56a93d-exec-1",
        eviction,
    )
}

fn starts(who: Value, account: &str) -> Review {
    let spec =
        json!({ "serviceAccountName": account, "containers": [{ "name": "c", "image": "x" }] });
    create(
        who,
        "/pods",
        "x",
        json!({ "metadata": { "name": "x" }, "spec": spec }),
    )
}

#[test]
fn who_reads_what() {
    let built_in = Policy::builtin();
    let with_platform = policy(
        r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities: { platform: [{ users: ["system:serviceaccount:ops:mover"], capabilities: [annotate] }] }
"#,
    );
    let own = with_operator("");
    for (who, policy, reader, words) in [
        (
            tenant(),
            &built_in,
            Addressee::Person,
            "delete the pod, if it is yours",
        ),
        (
            service_account("ops", "mover"),
            &built_in,
            Addressee::Software,
            "under `identities.platform` with the capability `evict`",
        ),
        (
            service_account("ops", "mover"),
            &with_platform,
            Addressee::AddOn,
            "give this add-on the capability `evict`",
        ),
        (
            operator(),
            &own,
            Addressee::Operator,
            "this operator may end the jobs of its roles",
        ),
        (
            driver(),
            &built_in,
            Addressee::Job,
            "a job may end its own pods",
        ),
    ] {
        let (who, told) = advised(&evicts(who), policy, "job-lifecycle");
        assert!(who == reader && told.contains(words), "{who:?}: {told}");
    }
    // Cluster software that the policy only has to name.
    let unnamed = service_account("volcano-system", "volcano-controllers");
    let (reader, told) = advised(
        &create(
            unnamed,
            "/pods/binding",
            "x",
            json!({ "metadata": { "name": "x" } }),
        ),
        &built_in,
        "pod-tampering",
    );
    assert_eq!(reader, Addressee::Software);
    assert!(!told.contains("addOns"), "{told}");
    let scheduler = service_account("volcano-system", "volcano-scheduler");
    let (_, told) = advised(
        &create(
            scheduler,
            "/pods/binding",
            "x",
            json!({ "metadata": { "name": "x" } }),
        ),
        &built_in,
        "pod-tampering",
    );
    assert_eq!(
        told,
        "name the add-on volcano under `identities.addOns` in rolegate's policy"
    );
}

#[test]
fn who_claims_to_be_emr() {
    const SESSION: &str =
        "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEMRContainers/1690000000";
    let by = |username: &str, arns: &[&str]| {
        let mut user = user(username, &["system:authenticated"]);
        user["extra"] = json!({ "arn": arns });
        user
    };
    let of = |entry: &str| {
        policy(&format!(
            "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities: {{ emrService: {entry} }}"
        ))
    };
    let named = of("{ users: [emr-containers] }");
    let pinned = of(
        r#"{ users: [emr-containers], roleArns: ["arn:aws:iam::444455556666:role/aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers"] }"#,
    );
    let client = account("spark-client");
    for (who, policy, words) in [
        (
            by(SESSION, &[SESSION]),
            &named,
            "under `identities.emrService.users`",
        ),
        (
            user(SESSION, &[]),
            &named,
            "under `identities.emrService.users`",
        ),
        (
            by("emr-containers", &[SESSION]),
            &pinned,
            "under `identities.emrService.roleArns`",
        ),
        (
            by(
                "emr-containers",
                &["arn:aws:sts::111122223333:assumed-role/TeamA/emr-containers"],
            ),
            &named,
            "only Amazon EMR may use this username",
        ),
        (user("emr-containers", &[]), &pinned, "must be left out"),
    ] {
        let (reader, told) = advised(&starts(who, &client), policy, "foreign-service-account");
        assert!(
            reader == Addressee::Emr && told.contains(words),
            "{reader:?}: {told}"
        );
    }
    // A name that looks like it.
    let told = advised(
        &starts(
            user(
                "arn:aws:sts::111122223333:assumed-role/evil/AWSServiceRoleForAmazonEMRContainers",
                &[],
            ),
            &client,
        ),
        &named,
        "foreign-service-account",
    );
    assert_eq!(told.0, Addressee::Person);
}

/// No advice names a key that would not allow what was denied.
#[test]
fn keys_that_work() {
    let built_in = Policy::builtin();
    let map = |who: Value, name: &str| {
        create(
            who,
            "/configmaps",
            name,
            json!({ "metadata": { "name": name } }),
        )
    };
    let notebook = || service_account("spark-a", "jupyterlab");
    for (review, rule, words, not) in [
        (
            map(tenant(), "app"),
            "configmap-mutation",
            "`submitters.configMaps`",
            "jobServiceAccounts",
        ),
        (
            map(tenant(), "spark-exec-5cf8b18e3a2d41f7-conf-map"),
            "configmap-mutation",
            "`identities.operators[].jobServiceAccounts`",
            "configMaps",
        ),
        (
            map(notebook(), "spark-exec-5cf8b18e3a2d41f7-conf-map"),
            "configmap-mutation",
            "`identities.operators[].jobServiceAccounts`",
            "configMaps",
        ),
        (
            map(tenant(), "kube-root-ca.crt"),
            "configmap-mutation",
            "leave it to Kubernetes",
            "`",
        ),
        (
            starts(tenant(), &account("spark-driver")),
            "foreign-service-account",
            "StartJobRun",
            "`submitters.serviceAccounts`",
        ),
        (
            starts(tenant(), "app"),
            "foreign-service-account",
            "`submitters.serviceAccounts`",
            "StartJobRun",
        ),
        (
            create(
                tenant(),
                "/pods",
                &driver_name(JOB),
                json!({ "metadata": { "name": driver_name(JOB) }, "spec": {} }),
            ),
            "foreign-service-account",
            "another name",
            "`",
        ),
    ] {
        let (_, told) = advised(&review, &built_in, rule);
        assert!(told.contains(words) && !told.contains(not), "{told}");
    }
}

fn to_come(review: &Review, policy: &Policy) -> Vec<String> {
    let body = review.body();
    let parsed = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let decision = judge(&parsed.request, Door::Enforce, policy).expect("a decision");
    assert!(decision.allowed(), "{:?}", decision.judged);
    assert!(decision.pods_to_come.iter().all(|line| line.len() <= 256));
    decision.pods_to_come
}

/// A write says what will be refused of its pods, and only what really will be.
#[test]
fn workloads_whose_pods_will_be_refused() {
    let built_in = Policy::builtin();
    let workload = |who: Value, resource: &str, kind: &str, account: &str| {
        let template = json!({
            "metadata": { "labels": { "app": "x" } },
            "spec": { "serviceAccountName": account, "containers": [{ "name": "c", "image": "x" }] },
        });
        let spec = if kind == "CronJob" {
            json!({ "jobTemplate": { "spec": { "template": template } } })
        } else {
            json!({ "template": template })
        };
        let object = json!({ "metadata": { "name": "thrift" }, "spec": spec });
        let kind = json!({ "group": "apps", "version": "v1", "kind": kind });
        create(who, resource, "thrift", object).set("kind", kind)
    };
    let driver = account("spark-driver");
    for (resource, kind) in [
        ("apps/deployments", "Deployment"),
        ("apps/statefulsets", "StatefulSet"),
        ("apps/daemonsets", "DaemonSet"),
        ("apps/replicasets", "ReplicaSet"),
        ("batch/jobs", "Job"),
        ("batch/cronjobs", "CronJob"),
        ("/replicationcontrollers", "ReplicationController"),
    ] {
        let said = to_come(&workload(admin(), resource, kind, &driver), &built_in);
        let start = format!(
            "rolegate foreign-service-account: the pods of {kind} thrift will be refused for spec."
        );
        assert!(
            said.len() == 2 && said[0].starts_with(&start),
            "{kind}: {said:?}"
        );
        assert!(said[1].contains("`identities.operators`"), "{said:?}");
        // Nothing is wrong with others.
        let none = to_come(&workload(admin(), resource, kind, "app"), &built_in);
        assert_eq!(none, [""; 0], "{kind}");
    }
    // EMR's own.
    let gateway = workload(
        emr(),
        "apps/deployments",
        "Deployment",
        &account("spark-jeg"),
    );
    assert_eq!(to_come(&gateway, &built_in), [""; 0]);
    let unknown = account_of("spark-connect", TEAM_A);
    let unknown = workload(emr(), "apps/deployments", "Deployment", &unknown);
    let said = to_come(&unknown, &built_in);
    assert!(
        said[1].contains("`identities.emrService.components`"),
        "{said:?}"
    );
    // In namespaces that are only warned, the pods come.
    let body = workload(admin(), "apps/deployments", "Deployment", &driver).body();
    let parsed = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let warned = judge(&parsed.request, Door::Warn, &built_in).expect("a decision");
    assert_eq!(warned.pods_to_come, [""; 0]);
}

#[test]
fn custom_resources_whose_pods_will_be_refused() {
    let more = r#"
rules: { image-source: { registries: ["public.ecr.aws/emr-on-eks"] } }
virtualClusters:
  - namespaces: [spark-a]
    submitters: [{ groups: [team-a], roles: ["arn:aws:iam::111122223333:role/team-a-etl"], secrets: ["app-*"] }]
"#;
    let policy = with_operator(more);
    let application = |driver: Value| {
        let mut spec = json!({
            "image": "public.ecr.aws/emr-on-eks/spark:1",
            "driver": { "serviceAccount": account("spark-driver") },
            "executor": { "serviceAccount": account("spark-executor") },
            "volumes": [{ "name": "disk", "hostPath": { "path": "/data" } }],
        });
        for (key, value) in driver.as_object().expect("members") {
            spec["driver"][key] = value.clone();
        }
        spec
    };
    let send = |resource: &str, kind: &str, spec: Value| {
        let object = json!({ "metadata": { "name": "pi" }, "spec": spec });
        let group = resource.split('/').next();
        let kind = json!({ "group": group, "version": "v1beta2", "kind": kind });
        create(tenant(), resource, "pi", object).set("kind", kind)
    };
    let spark = "sparkoperator.k8s.io/sparkapplications";
    for (driver, words) in [
        (json!({}), ""),
        (
            json!({ "secrets": [{ "name": "app-x", "path": "/x" }] }),
            "",
        ),
        (
            json!({ "volumeMounts": [{ "name": "disk", "mountPath": "/d" }] }),
            "credential-provider: the pods of SparkApplication pi will be refused for folder /data",
        ),
        (
            json!({ "securityContext": { "privileged": true } }),
            "credential-provider: the pods of SparkApplication pi",
        ),
        (
            json!({ "hostNetwork": true }),
            "refused for the node's network",
        ),
        (
            json!({ "secrets": [{ "name": "rds", "path": "/x" }] }),
            "secret-read: the pods of SparkApplication pi will be refused for Secret rds",
        ),
        (
            json!({ "envSecretKeyRefs": { "PASSWORD": { "name": "rds", "key": "p" } } }),
            "will be refused for Secret rds",
        ),
        (
            json!({ "image": "docker.io/evil/spark:1" }),
            "image-source: the pods of SparkApplication pi will be refused for image docker.io/evil/spark:1",
        ),
        (
            json!({ "template": { "spec": { "hostPID": true } } }),
            "refused for the node's processes",
        ),
    ] {
        let said = to_come(
            &send(spark, "SparkApplication", application(driver)),
            &policy,
        );
        assert_eq!(said.is_empty(), words.is_empty(), "{said:?}");
        assert!(said.is_empty() || said[0].contains(words), "{said:?}");
    }
    let mut executors = application(json!({}));
    executors["sparkConf"] = json!({ "spark.kubernetes.executor.secrets.rds": "/x" });
    let said = to_come(&send(spark, "SparkApplication", executors.clone()), &policy);
    assert!(said[0].contains("Secret rds"), "{said:?}");
    let scheduled = json!({ "schedule": "@daily", "template": executors });
    let resource = "sparkoperator.k8s.io/scheduledsparkapplications";
    let said = to_come(
        &send(resource, "ScheduledSparkApplication", scheduled),
        &policy,
    );
    assert!(
        said[0].contains("of ScheduledSparkApplication pi"),
        "{said:?}"
    );
    // Flink: in the pods of the job manager's Deployment, and in the task managers.
    let flink = |part: &str, pod: Value| {
        let mut spec = json!({
            "image": "public.ecr.aws/emr-on-eks/flink:1",
            "serviceAccount": "livy-runner",
        });
        if part.is_empty() {
            spec["podTemplate"] = pod;
        } else {
            spec[part] = json!({ "podTemplate": pod });
        }
        send("flink.apache.org/flinkdeployments", "FlinkDeployment", spec)
    };
    let pod = json!({ "spec": { "hostNetwork": true } });
    for part in ["", "jobManager"] {
        let said = to_come(&flink(part, pod.clone()), &policy);
        assert!(
            said[0].contains("of FlinkDeployment pi will be refused"),
            "{said:?}"
        );
    }
    // With a role instead of a service account, as EMR's operator takes it.
    let kinds = [
        ("flink.apache.org/flinkdeployments", "FlinkDeployment"),
        (
            "flink.apache.org/flinkbluegreendeployments",
            "FlinkBlueGreenDeployment",
        ),
    ];
    for (resource, kind) in kinds {
        let of_role = |volumes: Value| {
            let spec = json!({
                "image": "public.ecr.aws/emr-on-eks/flink:1",
                "executionRoleArn": "arn:aws:iam::111122223333:role/x/team-a-etl",
                "podTemplate": { "spec": { "volumes": volumes } },
            });
            let spec = match kind {
                "FlinkDeployment" => spec,
                _ => json!({ "template": { "spec": spec } }),
            };
            to_come(&send(resource, kind, spec), &policy)
        };
        for (volume, words) in [
            (
                json!({ "hostPath": { "path": "/data" } }),
                "for folder /data",
            ),
            (
                json!({ "secret": { "secretName": "rds" } }),
                "for Secret rds",
            ),
        ] {
            let mut volume = volume;
            volume["name"] = json!("v");
            let said = of_role(json!([volume]));
            // Once for both parts, with what helps.
            assert_eq!(said.len(), 2, "{said:?}");
            assert!(said[0].contains(words), "{said:?}");
            assert!(said[0].contains(kind), "{said:?}");
        }
        let own = json!([{ "name": "v", "secret": { "secretName": "app-x" } }]);
        assert_eq!(of_role(own), [""; 0]);
    }
    // Executors without an account, or with the driver's.
    for (executor, words) in [
        (json!({}), "spec.executor.serviceAccount: it is not set, so"),
        (
            json!({ "serviceAccount": account("spark-driver") }),
            "spec.executor.serviceAccount: it is a driver's",
        ),
    ] {
        let mut spec = application(json!({}));
        spec["executor"] = executor;
        let said = to_come(&send(spark, "SparkApplication", spec.clone()), &policy);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains(words), "{said:?}");
        let instead = format!(
            "set spec.executor.serviceAccount to {}",
            account("spark-executor")
        );
        assert!(said[1].contains(&instead), "{said:?}");
        // Beside what is wrong with the driver.
        spec["driver"]["hostNetwork"] = json!(true);
        let said = to_come(&send(spark, "SparkApplication", spec.clone()), &policy);
        assert!(said[0].contains("node's network"), "{said:?}");
        assert!(said[2].contains(words), "{said:?}");
        let scheduled = json!({ "schedule": "@daily", "template": spec });
        let said = to_come(
            &send(resource, "ScheduledSparkApplication", scheduled),
            &policy,
        );
        assert!(said[2].contains("spec.template.executor"), "{said:?}");
    }
    let mut fixed = application(json!({ "serviceAccount": "livy-runner" }));
    fixed["executor"] = json!({});
    let said = to_come(&send(spark, "SparkApplication", fixed), &policy);
    assert_eq!(said, [""; 0]);
    // Without an operator of the policy, nobody knows who would start the pods.
    let none = crate::support::policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters:\n  - namespaces: [spark-a]\n    submitters: [{ groups: [team-a], roles: [\"arn:aws:iam::111122223333:role/team-a-etl\"] }]\n",
    );
    let wrong = application(json!({ "hostNetwork": true }));
    assert_eq!(
        to_come(&send(spark, "SparkApplication", wrong), &none),
        [""; 0]
    );
    assert!(OPERATOR.contains("spark-operator"));
}

/// The pods to come are read by what a tenant has written.
#[test]
fn hostile_templates_do_no_harm() {
    let policy = with_operator("");
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for template in [
        "\"x\"".to_owned(),
        "[]".to_owned(),
        "{\"metadata\":[],\"spec\":7}".to_owned(),
        "{\"spec\":{\"containers\":{\"name\":\"flink-main-container\"}}}".to_owned(),
        "{\"spec\":{\"containers\":[[],1,null,{\"name\":\"flink-main-container\",\"image\":[]}]}}"
            .to_owned(),
        format!("{{\"spec\":{}}}", deep(100)),
        format!("{{\"spec\":{}}}", deep(20_000)),
    ] {
        for (resource, spec) in [
            (
                "flink.apache.org/flinkdeployments",
                r#"{"serviceAccount":"livy-runner","podTemplate":TEMPLATE,"jobManager":{"podTemplate":TEMPLATE}}"#,
            ),
            (
                "sparkoperator.k8s.io/sparkapplications",
                r#"{"driver":{"serviceAccount":"livy-runner","template":TEMPLATE,"env":TEMPLATE},"sparkConf":TEMPLATE}"#,
            ),
            ("apps/deployments", r#"{"template":TEMPLATE}"#),
        ] {
            let spec = spec.replace("TEMPLATE", &template);
            let review = create(
                admin(),
                resource,
                "pi",
                json!({ "metadata": { "name": "pi" }, "spec": "SPEC" }),
            );
            let body = review.body().replace("\"SPEC\"", &spec);
            if let Ok(parsed) = AdmissionReview::parse(body.as_bytes()) {
                // A decision or an error, and no panic.
                let _ = judge(&parsed.request, Door::Enforce, &policy);
            }
        }
    }
}

/// What a token's pod proves does not change who reads.
#[test]
fn unproven_requesters_read_as_what_they_are() {
    let built_in = Policy::builtin();
    for (who, reader) in [
        (
            in_pod("spark-b", &account("spark-driver"), &driver_name(JOB), "u"),
            Addressee::Job,
        ),
        (
            service_account("spark-a", &account("spark-driver")),
            Addressee::Person,
        ),
        (controller("replicaset-controller"), Addressee::Workload),
        (runner(), Addressee::Job),
    ] {
        let driver = account_of("spark-driver", crate::support::scene::TEAM_B);
        let (read_by, _) = advised(&starts(who, &driver), &built_in, "foreign-service-account");
        assert_eq!(read_by, reader);
    }
}
