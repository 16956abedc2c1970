//! Attacks, each as its attacker would send it. Those of the first half once
//! got through; those of the second never did, and stay here so that they never do.

use crate::support::scene::{
    JOB, OTHER_JOB, RUNNER_UID, TEAM_B, account, account_of, admin, create, driver, driver_name,
    executor, operator, runner, runner_name,
};
use crate::support::{Review, impersonated, in_pod, judge, policy, service_account, tenant, user};
use rolegate_core::decision::Door;
use rolegate_core::names::Glob;
use rolegate_core::policy::Policy;
use rolegate_core::request::{Act, AdmissionReview};
use serde_json::{Value, json};

const POLICY: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  emrService: { users: [emr-containers] }
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-*"]
      jobServiceAccounts: [{ name: team-a-flink, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
exemptions:
  - rules: [pod-exec]
    users: ["alice", "system:serviceaccount:spark-a:airflow"]
    namespaces: [spark-a]
    until: 2026-12-01T00:00:00Z
    reason: incident 4711
virtualClusters:
  - namespaces: [spark-a]
    submitters:
      - users: ["system:serviceaccount:spark-a:airflow", "emr-containers"]
        groups: [team-a]
        roles: ["arn:aws:iam::111122223333:role/team-a-etl"]
        serviceAccounts: [default, history-server]
        configMaps: ["*"]
"#;

fn pod(user: Value, name: &str, account: &str) -> Review {
    create(
        user,
        "/pods",
        name,
        json!({ "spec": { "serviceAccountName": account } }),
    )
}

fn map(user: Value, name: &str) -> Review {
    create(user, "/configmaps", name, json!({ "data": { "k": "v" } }))
}

/// The message of a denial and every warning.
fn words(review: &Review, policy: &Policy) -> (String, Vec<String>) {
    let body = review.body();
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
    let judge = |door| judge(request, door, policy).expect("a decision");
    (judge(Door::Enforce).message(), judge(Door::Warn).warnings())
}

// What once got through.

/// `kubectl --as` of a service account that the policy lists as a submitter.
#[test]
fn a_made_up_submitter_is_none() {
    let policy = policy(POLICY);
    let airflow = || service_account("spark-a", "airflow");
    let made_up = || impersonated("spark-a", "airflow");
    let spark = |user| {
        let object = json!({ "spec": { "driver": { "serviceAccount": account("spark-driver") } } });
        create(user, "sparkoperator.k8s.io/sparkapplications", "x", object)
    };
    for review in [map as fn(Value, &str) -> Review, |user, name| {
        pod(user, name, "history-server")
    }] {
        review(airflow(), "app").passes(&policy);
        assert_ne!(review(made_up(), "app").findings(&policy), [""; 0]);
    }
    spark(airflow()).passes(&policy);
    spark(made_up()).refused(&policy, "foreign-service-account", "impersonated");
    // EMR's username without its proof is nobody's username.
    let mut not_emr = user("emr-containers", &[]);
    not_emr["extra"] = json!({ "arn": ["arn:aws:iam::111122223333:role/evil"] });
    map(not_emr, "app").refused(&policy, "configmap-mutation", "does not prove");
}

/// EMR is an IAM identity; a service account that a policy calls EMR must not
/// be easier to make up than to be. No policy file can say so, and the engine
/// does not lean on that.
#[test]
fn a_service_account_is_never_emr() {
    let mut policy = policy(POLICY);
    let gateway = Glob::parse("system:serviceaccount:emr:gateway").expect("a name");
    policy.emr_service.users.push(gateway);
    for user in [
        impersonated("emr", "gateway"),
        service_account("emr", "gateway"),
    ] {
        pod(user, "p", &account("spark-driver")).refused(
            &policy,
            "foreign-service-account",
            "team-a-etl",
        );
    }
}

/// Megabytes of names: the answer must come in time and in little memory, and
/// what was not read must not pass.
#[test]
fn names_without_end() {
    let builtin = Policy::builtin();
    let deep = |inner: Value| (0..90).fold(inner, |inner, _| json!({ "k".repeat(80): inner }));
    let many = |name: &str| Value::from(vec![name; 100_000]);
    for (object, words) in [
        (
            json!({ "a": "emr-containers-sa-".repeat(150_000) }),
            "reserved",
        ),
        (
            json!({ "a": deep(many("emr-containers-sa-x")) }),
            "more than",
        ),
        (
            json!({ "a": deep(json!({ "serviceAccounts": many("default") })) }),
            "more than",
        ),
    ] {
        let review = create(
            tenant(),
            "example.com/things",
            "x",
            json!({ "spec": object }),
        );
        // Milliseconds in a release build; without a limit hours, and no memory left.
        review.refused(&builtin, "foreign-service-account", words);
        let old = review.0["request"]["object"].clone();
        let mut new = old.clone();
        new["metadata"] = json!({ "labels": { "a": "b" } });
        Review::new(tenant(), "UPDATE", "example.com/things", "x")
            .old(old)
            .object(new)
            .findings(&builtin);
    }
    // Permitted names first do not hide the one that is not.
    let mut names = vec![account("spark-driver"); 100_000];
    names.push(account_of("spark-driver", TEAM_B));
    let object = json!({ "spec": { "args": names } });
    assert_ne!(
        create(tenant(), "example.com/things", "x", object).findings(&policy(POLICY)),
        [""; 0]
    );
}

/// The operator may start drivers of every team. One team names its own role
/// or none, and the service account stands in a file that only spark-submit reads.
#[test]
fn a_drivers_template_from_a_file() {
    let policy = policy(POLICY);
    let app = |user: Value, key: &str| {
        let object = json!({ "spec": { "sparkConf": { key: "s3a://evil/team-b.yaml" } } });
        create(user, "sparkoperator.k8s.io/sparkapplications", "x", object)
    };
    let key = "spark.kubernetes.driver.podTemplateFile";
    for user in [
        tenant(),
        user("mallory", &[]),
        service_account("spark-a", "airflow"),
    ] {
        app(user, key).refused(
            &policy,
            "foreign-service-account",
            r#"(at spec.sparkConf["spark.kubernetes.driver.podTemplateFile"])"#,
        );
    }
    app(tenant(), "spark.kubernetes.executor.podTemplateFile").passes(&policy);
    app(operator(), key).passes(&policy);
    app(admin(), key).passes(&policy);
    // Without an operator of the policy nobody could start such a pod.
    app(tenant(), key).passes(&Policy::builtin());
}

/// A node's figures are the kubelet's: at another port of the node listens
/// whatever has a host port there, a job's pod included.
#[test]
fn figures_of_another_port_are_not_the_nodes() {
    let builtin = Policy::builtin();
    let node = |name: &str| {
        Review::new(tenant(), "CONNECT", "/nodes/proxy", name)
            .set("namespace", Value::Null)
            .object(json!({ "path": "/metrics" }))
    };
    for name in ["n1", "n1:10250", "https:n1:10250", "https:n1:"] {
        node(name).passes(&builtin);
    }
    for name in [
        "n1:4040",
        "http:n1:4040",
        "n1:10250:4040",
        ":n1:80",
        "n1:http",
    ] {
        node(name).refused(&builtin, "pod-exec", "proxy to node");
    }
}

/// Older API servers show an `EphemeralContainers` object, with the list on top.
#[test]
fn debug_containers_in_the_older_shape() {
    let builtin = Policy::builtin();
    let update = |list: Value| {
        Review::new(tenant(), "UPDATE", "/pods/ephemeralcontainers", "p")
            .old(json!({ "metadata": { "name": "p" }, "ephemeralContainers": [] }))
            .object(json!({ "metadata": { "name": "p", "generation": 2 }, "ephemeralContainers": list }))
    };
    update(json!([{ "name": "d" }])).refused(&builtin, "pod-exec", "debug");
    update(json!([])).passes(&builtin);
}

/// A pattern hands out no map that Spark or Flink reads. (Flink's leader maps
/// hold serialized Java that the job manager deserializes.)
#[test]
fn no_pattern_reaches_what_frameworks_read() {
    let policy = policy(POLICY);
    map(tenant(), "app").passes(&policy);
    for name in [
        "etl-dispatcher-leader",
        "etl-resourcemanager-leader",
        "etl-restserver-leader",
        "etl-0123456789abcdef0123456789abcdef-jobmanager-leader",
        "hadoop-config-etl",
        "pi-0123456789abcdef-hadoop-config",
        "pi-0123456789abcdef-krb5-file",
    ] {
        for operation in ["CREATE", "UPDATE", "DELETE"] {
            Review::new(tenant(), operation, "/configmaps", name)
                .old(json!({ "data": {} }))
                .object(json!({ "data": { "k": "v" } }))
                .refused(&policy, "configmap-mutation", name);
        }
    }
    // Nor what has no name at all.
    Review::new(tenant(), "DELETE", "/configmaps", "").refused(
        &policy,
        "configmap-mutation",
        "(no name)",
    );
}

// What was refused and should not have been.

/// `spark-submit` makes these where `HADOOP_CONF_DIR` or a krb5.conf is there
/// (Spark's `HadoopConfDriverFeatureStep`, `KerberosConfDriverFeatureStep`).
#[test]
fn sparks_hadoop_and_kerberos_maps() {
    let runner = runner();
    for name in [
        "pi-0123456789abcdef-hadoop-config",
        "pi-0123456789abcdef-krb5-file",
    ] {
        map(runner.clone(), name).passes(&Policy::builtin());
    }
}

#[test]
fn a_fixed_account_of_flink_by_any_word_of_its_name() {
    let policy = policy(POLICY);
    let manager = in_pod("spark-a", "team-a-flink", "etl-6d4cf56db6-x2b7k", "u");
    map(manager.clone(), "etl-cluster-config-map").passes(&policy);
    map(manager.clone(), "other-cluster-config-map").refused(
        &policy,
        "configmap-mutation",
        "create",
    );
    pod(manager.clone(), "etl-taskmanager-1-1", "team-a-flink").passes(&policy);
    pod(manager, "other-taskmanager-1-1", "team-a-flink").refused(
        &policy,
        "foreign-service-account",
        "its cluster",
    );
}

/// A write that changes nothing passes, however deep the object is.
#[test]
fn a_deep_object_left_as_it_is() {
    let builtin = Policy::builtin();
    let deep = (0..150).fold(json!("v"), |inner, _| json!([inner]));
    let object = |version: &str, name: &str| {
        json!({
            "metadata": { "resourceVersion": version, "managedFields": [version] },
            "spec": { "deep": deep, "serviceAccountName": name },
        })
    };
    let update = |new: Value| {
        Review::new(tenant(), "UPDATE", "example.com/things", "x")
            .old(object("1", &account("spark-driver")))
            .object(new)
    };
    update(object("2", &account("spark-driver"))).passes(&builtin);
    update(object("2", "x")).refused(&builtin, "foreign-service-account", "nested deeper");
}

// What the denial says.

#[test]
fn messages_stay_short_and_whole() {
    let policy = policy(POLICY);
    let long = |word: &str, n: usize| word.repeat(n);
    let key = format!("a.{}", long("é", 300));
    let deep = (0..95).fold(json!({ "serviceAccount": long("ß", 500) }), |inner, _| {
        let key = &key;
        json!({ key: inner })
    });
    let reviews = [
        create(
            user(&long("ü", 900), &[]),
            "example.com/things",
            &long("x", 253),
            json!({ "spec": deep }),
        ),
        create(
            tenant(),
            "example.com/things",
            "x",
            json!({ "spec": vec![account_of("spark-driver", TEAM_B); 40] }),
        ),
        create(
            user("a\nb\u{1b}[31m\u{202e}", &[]),
            "example.com/things",
            "x\r\n",
            json!({ "a\u{7}": { "serviceAccount": "x\u{0}\u{2028}" } }),
        ),
        create(
            tenant(),
            "example.com/things",
            "x",
            (0..120).fold(json!(1), |inner, _| json!([inner])),
        ),
    ];
    for review in reviews {
        let (message, warnings) = words(&review, &policy);
        assert!(message.len() < 4_096 - 100, "{}", message.len());
        assert!(message.contains("foreign-service-account: "), "{message}");
        assert!(
            message.contains(" Why: ") && message.contains(" Instead: "),
            "{message}"
        );
        assert!(!message.contains("(at )"), "{message}");
        for text in warnings.iter().chain([&message]) {
            assert!(
                !text.contains(|c: char| c.is_control() || "\u{202e}\u{2028}".contains(c)),
                "{text:?}"
            );
        }
        assert!(!warnings.is_empty() && warnings.iter().all(|line| line.len() <= 256));
    }
}

/// Nothing of an object but names is repeated.
#[test]
fn the_body_is_not_repeated() {
    let secret = "s3cr3t-value";
    let object = json!({ "spec": {
        "args": format!("--password={secret} --sa={} {secret}", account_of("spark-driver", TEAM_B)),
        "env": [{ "name": "K", "value": secret }],
    } });
    let (message, warnings) = words(
        &create(tenant(), "example.com/things", "x", object),
        &Policy::builtin(),
    );
    assert!(
        !message.contains(secret) && !warnings.concat().contains(secret),
        "{message}"
    );
}

// What never got through.

/// Usernames that only begin, end or look like somebody's.
#[test]
fn usernames_that_are_nearly_somebody() {
    let policy = policy(POLICY);
    let real = |name: &str| {
        let mut user = in_pod("spark-a", "x", &runner_name(JOB), "u");
        user["username"] = json!(name);
        user
    };
    let driver = account("spark-driver");
    for name in [
        format!("system:serviceaccount:spark-a:{driver}:x"),
        format!("system:serviceaccount:spark-a:x:{driver}"),
        format!("system:serviceaccount:spark-a:{driver} "),
        format!("system:serviceaccount:spark-a:{driver}\u{0}"),
        format!("System:serviceaccount:spark-a:{driver}"),
        format!("system:serviceaccount:spark-a\u{200b}:{driver}"),
        format!(" system:serviceaccount:spark-a:{driver}"),
        format!("system:serviceaccount:spark-a:{}", driver.to_uppercase()),
        format!("system:serviceaccount::{driver}"),
        "system:serviceaccount:spark-operator:spark-operator:x".into(),
        "system:serviceaccount:spark-operator:spark-operator ".into(),
        "system:serviceaccount:kube-system:job-controller:x".into(),
        "system:serviceaccount:kube-system:job-controller\n".into(),
        "system:masters".into(),
        "system:kube-controller-manager ".into(),
        "system:nodes:n1".into(),
        "emr-containers ".into(),
        "emr\u{2010}containers".into(),
        "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAmazonEMRContainers/a/b".into(),
        "arn:aws:sts::111122223333:assumed-role/x:assumed-role/AWSServiceRoleForAmazonEMRContainers/b".into(),
        String::new(),
    ] {
        pod(real(&name), "pi-exec-1", &account("spark-executor")).refused(
            &policy,
            "foreign-service-account",
            "may not start",
        );
        map(real(&name), "spark-exec-0-conf-map").refused(&policy, "configmap-mutation", "may not");
    }
}

/// `userInfo` without the evidence, or with twice as much of it.
#[test]
fn evidence_that_is_none() {
    let builtin = Policy::builtin();
    let pod_name = "authentication.kubernetes.io/pod-name";
    let pod_uid = "authentication.kubernetes.io/pod-uid";
    let driver = || driver();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut user = driver();
        change(&mut user);
        pod(user, "pi-exec-1", &account("spark-executor"))
    };
    with(&|_| ()).passes(&builtin);
    with(&|user| user["groups"] = Value::Null).passes(&builtin);
    for change in [
        (|user| user["uid"] = json!("")) as fn(&mut Value),
        |user| user["uid"] = Value::Null,
        |user| user["extra"] = Value::Null,
        |user| user["extra"] = json!({}),
        |user| user["groups"] = json!(["system:masters-x", "system:nodes", "System:masters"]),
    ] {
        let review = with(&change);
        if review.0["request"]["userInfo"]["groups"][0] == "system:masters-x" {
            review.passes(&builtin);
        } else {
            review.refused(&builtin, "foreign-service-account", "may not start");
        }
    }
    for (key, value) in [
        (pod_name, json!([])),
        (pod_name, json!([""])),
        (pod_name, Value::Null),
        (pod_name, json!(["a", "b"])),
        (pod_uid, json!([])),
        (pod_uid, json!(["u", "u"])),
    ] {
        with(&|user| user["extra"][key] = value.clone()).refused(
            &builtin,
            "foreign-service-account",
            "not bound",
        );
    }
    // Keys are compared as the API server writes them.
    with(&|user| {
        user["extra"] = json!({
            "Authentication.Kubernetes.io/Pod-Name": [driver_name(JOB)],
            "Authentication.Kubernetes.io/Pod-Uid": ["u"],
        });
    })
    .refused(&builtin, "foreign-service-account", "not bound");
    // Twice the same key: one of them is somebody else's.
    let text = pod(driver(), "pi-exec-1", &account("spark-executor"))
        .0
        .to_string();
    let twice = text.replace(
        &format!("\"{pod_name}\":"),
        &format!("\"{pod_name}\":[\"spark-{OTHER_JOB}-driver\"],\"{pod_name}\":"),
    );
    assert_ne!(text, twice);
    let review = AdmissionReview::parse(twice.as_bytes()).expect("a review");
    let request = &review.request;
    assert!(
        !judge(request, Door::Enforce, &builtin)
            .expect("a decision")
            .allowed()
    );
}

/// Names of groups and resources that only look like the ones that matter.
#[test]
fn lookalike_resources() {
    let builtin = Policy::builtin();
    let template = json!({ "spec": { "serviceAccountName": account("spark-driver") } });
    // In another group it is a custom resource, and searched as one.
    for resource in [
        "evil.example.com/pods",
        "evil.example.com/deployments",
        "apps.openshift.io/deploymentconfigs",
        "evil.example.com/configmaps",
        "batch.volcano.sh/jobs",
        "evil.example.com/things/status",
        "evil.example.com/things/anything",
    ] {
        create(
            tenant(),
            resource,
            "x",
            json!({ "spec": { "template": template } }),
        )
        .refused(&builtin, "foreign-service-account", "team-a-etl");
    }
    // In any version it is the same resource.
    for version in ["v1", "v1beta1", "v2alpha1", ""] {
        for resource in ["apps/deployments", "batch/jobs", "extensions/replicasets"] {
            let mut review = create(
                tenant(),
                resource,
                "x",
                json!({ "spec": { "template": template } }),
            );
            review.0["request"]["resource"]["version"] = json!(version);
            review.refused(&builtin, "foreign-service-account", "team-a-etl");
        }
        let mut review = map(tenant(), "app");
        review.0["request"]["resource"]["version"] = json!(version);
        review.refused(&builtin, "configmap-mutation", "create");
    }
    for resource in ["/configmaps/status", "/configmaps/anything"] {
        create(tenant(), resource, "app", json!({})).refused(&builtin, "configmap-mutation", "app");
    }
    // And somebody else's pods are not the core's.
    create(tenant(), "evil.example.com/configmaps", "app", json!({})).passes(&builtin);
}

/// Every way found to hide a name in a custom resource.
#[test]
fn hidden_names() {
    let builtin = Policy::builtin();
    let name = account("spark-driver");
    let escaped: Vec<String> = name.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let escaped = escaped.concat();
    for spec in [
        format!(r#"{{"a":"{escaped}"}}"#),
        format!(r#"{{"{escaped}":null}}"#),
        format!(r#"{{"serviceAccount":"{escaped}"}}"#),
        format!(r#"{{"a":"{}"}}"#, name.to_uppercase()),
        format!(r#"{{"serviceAccountName":" {name} "}}"#),
        format!(r#"{{"podSpecPatch":"{{\"serviceAccountName\":\"{name}\"}}"}}"#),
        format!(r#"{{"raw":"spec:\n  serviceAccountName: '{name}'\n"}}"#),
        format!(r#"{{"a":[[[["{name}"]]]]}}"#),
        format!(r#"{{"a":"x{name}"}}"#),
        format!(r#"{{"a":"--sa={name},--x"}}"#),
        r#"{"a":"emr-containers-sa-","b":"spark-driver","c":"111122223333"}"#.to_owned(),
        r#"{"a":["emr-containers-sa-spark","111122223333-2hiamcixdm9axe98"]}"#.to_owned(),
        r#"{"serviceAccountName":"{{x}}-containers-sa-spark-driver"}"#.to_owned(),
        r#"{"serviceAccountName":"ZW1yLWNvbnRhaW5lcnM="}"#.to_owned(),
        r#"{"spark.kubernetes.authenticate.driver.serviceAccountName":"emr-con${spark.x}"}"#
            .to_owned(),
        format!(r#"{{"Service_Account":"default","SERVICE-ACCOUNT":"{name}"}}"#),
        format!(
            r#"{{"serviceAccount":{{"name":"{name}"}},"serviceAccount":{{"name":"default"}}}}"#
        ),
        format!(r#"{{"serviceAccount":1,"b":{{"c":"\t{name}\u0000"}}}}"#),
    ] {
        let text = create(
            tenant(),
            "example.com/things",
            "x",
            json!({ "spec": "SPEC" }),
        )
        .0
        .to_string();
        let text = text.replace("\"SPEC\"", &spec);
        let review = AdmissionReview::parse(text.as_bytes()).expect("a review");
        let request = &review.request;
        let decision = judge(request, Door::Enforce, &builtin).expect("a decision");
        assert!(!decision.allowed(), "{spec}");
    }
}

/// What no API server sends is an error or a refusal, never leave.
/// A pod that begins as API servers begin one is read with the envelope, any
/// other later: neither way lets a job's account be hidden from the rules.
#[test]
fn a_pod_read_in_passing_hides_nothing() {
    let policy = Policy::builtin();
    let account = account("spark-driver");
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let review = create(tenant(), "/pods", "p", json!("the pod"))
        .0
        .to_string();
    for (members, reads) in [
        (r#""spec":{"serviceAccountName":"JOB"}"#, true),
        (
            r#""metadata":null,"spec" : { "serviceAccountName" : "JOB" }"#,
            true,
        ),
        (r#""\u0073pec":{"serviceAccountName":"JOB"}"#, true),
        (r#""spec":{"service\u0041ccountName":"JOB"}"#, true),
        (
            r#""spec":{"serviceAccountName":"\u0065mr-containers-sa-spark-driver-x"}"#,
            true,
        ),
        (
            r#""spec":{"serviceAccountName":null,"serviceAccount":"JOB"}"#,
            true,
        ),
        (
            r#""spec":{"serviceAccountName":"default","serviceAccount":"JOB"}"#,
            true,
        ),
        (
            r#""x":DEEP,"spec":{"y":DEEP,"serviceAccountName":"JOB"}"#,
            true,
        ),
        (
            r#""Spec":{},"spec":{"ServiceAccountName":"default","serviceAccountName":"JOB"}"#,
            true,
        ),
        (r#""spec":{"serviceAccountName":"JOB"},"spec":{}"#, false),
        (
            r#""spec":{"serviceAccountName":"JOB"},"\u0073pec":null"#,
            false,
        ),
        (r#""spec":null,"spec":{"serviceAccountName":"JOB"}"#, false),
        (
            r#""spec":{"serviceAccountName":"JOB","serviceAccountName":null}"#,
            false,
        ),
        (r#""spec":["JOB"]"#, false),
        (
            r#""spec":{"containers":7,"serviceAccountName":"JOB"}"#,
            false,
        ),
        (
            r#""spec":{"serviceAccountName":"JOB","containers":[{"env":[null]}]}"#,
            false,
        ),
        (
            r#""spec":{"serviceAccountName":"JOB","nodeName":"\ud83d"}"#,
            false,
        ),
    ] {
        let members = members.replace("JOB", &account).replace("DEEP", &deep);
        for beginning in [
            r#"{"kind":"Pod","apiVersion":"v1","#,
            r#"{"apiVersion":"v1","kind":"Pod","#,
            r#"{ "kind":"Pod","apiVersion":"v1","#,
            "{",
        ] {
            let body = review.replace("\"the pod\"", &format!("{beginning}{members}}}"));
            let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
            let request = &review.request;
            let Act::Create(new) = request.act else {
                panic!("a creation")
            };
            assert_eq!(request.pod(new).is_ok(), reads, "{beginning}{members}");
            let judged = judge(request, Door::Enforce, &policy);
            assert!(
                judged.is_err() || judged.is_ok_and(|decision| !decision.allowed()),
                "{beginning}{members}"
            );
        }
    }
}

#[test]
fn crooked_envelopes() {
    let builtin = Policy::builtin();
    let judged = |text: &str| {
        let review = AdmissionReview::parse(text.as_bytes()).map_err(|_| ())?;
        let request = &review.request;
        judge(request, Door::Enforce, &builtin)
            .map(|decision| decision.allowed())
            .map_err(|_| ())
    };
    let text = pod(tenant(), "p", &account("spark-driver")).0.to_string();
    for (from, to) in [
        ("\"operation\":\"CREATE\"", "\"operation\":\"create\""),
        ("\"operation\":\"CREATE\"", "\"operation\":null"),
        ("\"operation\":\"CREATE\"", "\"operation\":\"GET\""),
        (
            "\"operation\":\"CREATE\"",
            "\"operation\":\"CREATE\",\"operation\":\"DELETE\"",
        ),
        ("\"operation\":\"CREATE\"", "\"operation\":\"UPDATE\""),
        ("\"object\":{", "\"object\":{},\"object\":{"),
        ("\"object\":{", "\"object\":null,\"x\":{"),
        ("\"object\":{", "\"object\":[],\"x\":{"),
        ("\"spec\":{", "\"spec\":{},\"spec\":{"),
        (
            "\"serviceAccountName\":",
            "\"serviceAccountName\":\"default\",\"serviceAccountName\":",
        ),
        ("\"serviceAccountName\":", "\"serviceAccountName\":5,\"x\":"),
        (
            "\"username\":\"alice\"",
            "\"username\":\"alice\",\"username\":\"emr-containers\"",
        ),
        ("\"username\":\"alice\"", "\"username\":null"),
        (
            "\"groups\":[",
            "\"groups\":[\"system:masters\"],\"groups\":[",
        ),
        (
            "\"userInfo\":{",
            "\"userInfo\":{\"groups\":[\"system:masters\"]},\"userInfo\":{",
        ),
        ("\"resource\":\"pods\"", "\"resource\":\"\""),
        (
            "\"resource\":\"pods\"",
            "\"resource\":\"pods\",\"resource\":\"events\"",
        ),
        ("\"uid\":\"705", "\"uid\":\"\",\"x\":\"705"),
        ("admission.k8s.io/v1", "admission.k8s.io/v1beta1"),
        ("AdmissionReview", "admissionreview"),
    ] {
        let crooked = text.replacen(from, to, 1);
        assert_ne!(crooked, text, "{from}");
        assert_ne!(judged(&crooked), Ok(true), "{to}");
    }
    // A namespace that is missing is not a namespace without rules.
    assert_eq!(
        judged(&text.replace("\"namespace\":\"spark-a\"", "\"namespace\":null")),
        Ok(false)
    );
    // The name in the object does not overrule the request's.
    let runner = runner();
    create(
        runner,
        "/configmaps",
        "app",
        json!({ "metadata": { "name": "spark-exec-0-conf-map" } }),
    )
    .refused(&builtin, "configmap-mutation", "spark-a/app");
}

/// One job against another, of its own role and of another.
#[test]
fn a_job_against_its_neighbours() {
    let builtin = Policy::builtin();
    let rule = "foreign-service-account";
    let map_rule = "configmap-mutation";
    for component in ["spark-driver", "spark-client", "spark-executor"] {
        for (resource, name, template) in [
            ("/pods", format!("spark-{OTHER_JOB}-driver-"), "spec"),
            ("/pods", format!("{OTHER_JOB}-"), "spec"),
            ("batch/jobs", OTHER_JOB[..14].to_owned(), "template"),
            (
                "batch/jobs",
                format!("spark-{OTHER_JOB}-driver-"),
                "template",
            ),
        ] {
            let spec = json!({ "serviceAccountName": account(component) });
            let spec = if template == "spec" {
                spec
            } else {
                json!({ "template": { "spec": spec } })
            };
            for user in [runner(), executor()] {
                let object = json!({ "metadata": { "generateName": name }, "spec": spec });
                create(user, resource, "", object).refused(&builtin, rule, "may not start");
            }
        }
    }
    // Owners that the writer would make up, or that are nearly its own.
    let owned = |kind: &str, name: &str, uid: &str| json!({ "metadata": { "ownerReferences": [{ "kind": kind, "name": name, "uid": uid }] }, "data": {} });
    let change = |old: Value| {
        Review::new(runner(), "UPDATE", "/configmaps", "spark-drv-0-conf-map")
            .old(old)
            .object(
                json!({ "metadata": owned("Job", JOB, RUNNER_UID)["metadata"], "data": { "k": "v" } }),
            )
    };
    change(owned("Job", JOB, "x")).passes(&builtin);
    for old in [
        owned("Job", OTHER_JOB, "x"),
        owned("Job", &format!("{JOB}x"), "x"),
        owned("job", JOB, "x"),
        owned("SparkApplication", JOB, "x"),
        owned("Pod", JOB, "x"),
        owned("Pod", &driver_name(OTHER_JOB), ""),
        owned("Pod", "pi-exec-1", "Runner-uid"),
        json!({ "metadata": { "ownerReferences": null }, "data": {} }),
        json!({ "data": {} }),
    ] {
        change(old).refused(&builtin, map_rule, "change");
    }
}

/// An exemption is for one rule, one name, one namespace.
#[test]
fn an_exemption_stretched() {
    let policy = policy(POLICY);
    let exec = |user: Value, namespace: &str| {
        let review =
            Review::new(user, "CONNECT", "/pods/exec", "p").set("namespace", json!(namespace));
        words(&review, &policy).0
    };
    assert_eq!(exec(tenant(), "spark-a"), "");
    assert_eq!(exec(service_account("spark-a", "airflow"), "spark-a"), "");
    for (user, namespace) in [
        (tenant(), "spark-b"),
        (tenant(), ""),
        (user("alice ", &[]), "spark-a"),
        (user("mallory", &["alice"]), "spark-a"),
        (service_account("spark-b", "airflow"), "spark-a"),
    ] {
        assert_ne!(exec(user.clone(), namespace), "", "{user} {namespace}");
    }
    // Of another rule nothing is lifted.
    pod(user("alice", &[]), "p", &account("spark-driver")).refused(
        &policy,
        "foreign-service-account",
        "team-a-etl",
    );
}
