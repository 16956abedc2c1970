//! `/mutate`: which pods get a profile, what exactly they get, and who is left
//! alone.

use crate::support::chain::{
    CHAIN_MODE, CHAIN_TO, CONFIG, CONFIG_FILE, JOB, ROLE_1, ROLE_2, ROLE_3, TOKEN, account,
    annotate, apply, bare, by_default, chained, create, driver, irsa, list, pod_identity, policy,
    push, runner, set, spark, text, value,
};
use crate::support::scene::{self, admin, driver_name, emr};
use crate::support::{Review, controller, tenant, user};
use rolegate_core::policy::{Policy, Strictness};
use rolegate_core::request::AdmissionReview;
use rolegate_core::write::Write;
use serde_json::{Value, json};

const SOURCE: &str = "[profile rolegate-source]\n\
    role_arn = arn:aws:iam::111122223333:role/job-execution-role-1\n\
    web_identity_token_file = /var/run/secrets/eks.amazonaws.com/serviceaccount/token\n\
    role_session_name = emr-0000000337okspsc913\n\
    sts_regional_endpoints = regional\n";

fn default_to(role: &str) -> String {
    format!(
        "# Written by rolegate.\n[default]\nrole_arn = {role}\nsource_profile = rolegate-source\n\
         role_session_name = emr-{JOB}\nsts_regional_endpoints = regional\n{SOURCE}"
    )
}

/// Nothing is patched; the warnings.
#[track_caller]
fn untouched(user: Value, pod: &Value, policy: &Policy) -> Vec<String> {
    let (patch, warnings) = create(user, pod).mutation(policy);
    assert_eq!(patch, Value::Null, "{pod:#}");
    warnings
}

#[test]
fn the_shape_that_the_documentation_shows() {
    let before = irsa();
    let pod = chained(&runner(), &before, &by_default("externalId: example"));
    assert_eq!(
        text(&pod),
        format!(
            "# Written by rolegate.\n[default]\nrole_arn = {ROLE_2}\nsource_profile = rolegate-source\n\
             role_session_name = emr-{JOB}\nsts_regional_endpoints = regional\nexternal_id = example\n{SOURCE}"
        )
    );
    let mut expected = before;
    expected["metadata"]["annotations"] = json!({ CONFIG: text(&pod) });
    push(
        &mut expected["spec"],
        "volumes",
        json!({ "name": "rolegate-aws-config", "downwardAPI": { "defaultMode": 420, "items": [{
            "path": "config",
            "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.annotations['rolegate.dev/aws-config']" },
        }] } }),
    );
    let container = spark(&mut expected);
    push(
        container,
        "volumeMounts",
        json!({ "name": "rolegate-aws-config", "mountPath": CONFIG_FILE, "subPath": "config", "readOnly": true }),
    );
    set(container, "AWS_CONFIG_FILE", CONFIG_FILE);
    set(container, "AWS_SDK_LOAD_CONFIG", "1");
    set(container, "ASSUME_ROLE_CREDENTIALS_ROLE_ARN", ROLE_2);
    assert_eq!(pod, expected);
}

#[test]
fn who_is_asked_for_what() {
    let asks = |pod: &Value, policy: &Policy| text(&chained(&runner(), pod, policy)).to_owned();
    // By default, by annotation, by the guide's variables.
    assert_eq!(asks(&irsa(), &by_default("")), default_to(ROLE_2));
    let mut pod = irsa();
    annotate(&mut pod, CHAIN_TO, ROLE_3);
    for policy in [policy(""), by_default("")] {
        assert_eq!(asks(&pod, &policy), default_to(ROLE_3));
    }
    let mut pod = irsa();
    set(spark(&mut pod), "CLIENT_ROLE_ARN", ROLE_2);
    set(spark(&mut pod), "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    assert_eq!(asks(&pod, &policy("")), default_to(ROLE_2));
    // Both say the same.
    annotate(&mut pod, CHAIN_TO, ROLE_2);
    assert_eq!(asks(&pod, &policy("")), default_to(ROLE_2));
    // The last of two variables is the one the container gets.
    let mut pod = irsa();
    set(
        spark(&mut pod),
        "CLIENT_ROLE_ARN",
        "arn:aws:iam::999999999999:role/x",
    );
    set(spark(&mut pod), "CLIENT_ROLE_ARN", ROLE_3);
    set(spark(&mut pod), "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    assert_eq!(asks(&pod, &policy("")), default_to(ROLE_3));
    // The path of the policy's own writing is used: names are unique in an account.
    let mut pod = irsa();
    annotate(
        &mut pod,
        CHAIN_TO,
        "arn:aws:iam::444455556666:role/other/client-role-3",
    );
    assert_eq!(asks(&pod, &policy("")), default_to(ROLE_3));
}

#[test]
fn nobody_asks() {
    assert!(untouched(runner(), &irsa(), &policy("")).is_empty());
    assert!(untouched(runner(), &irsa(), &Policy::builtin()).is_empty());
    // So are they on the sidecar.
    let mut pod = irsa();
    let fluentd = &mut pod["spec"]["containers"][1];
    set(fluentd, "CLIENT_ROLE_ARN", ROLE_2);
    set(fluentd, "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    assert!(untouched(runner(), &pod, &policy("")).is_empty());
}

#[test]
fn what_is_asked_for_in_vain() {
    for (key, asked, words) in [
        (
            CHAIN_TO,
            "arn:aws:iam::444455556666:role/root",
            "lists no chain",
        ),
        (
            CHAIN_TO,
            "arn:aws-cn:iam::444455556666:role/client-role-2",
            "lists no chain",
        ),
        (CHAIN_TO, "client-role-2", "not the ARN"),
        (CHAIN_TO, "", "not the ARN"),
        (CHAIN_TO, "arn:aws:iam::444455556666:role/*", "not the ARN"),
        (
            CHAIN_TO,
            "arn:aws:iam::444455556666:role/client-role-2\n[profile evil]\ncredential_process = id",
            "not the ARN",
        ),
        (
            CHAIN_TO,
            "arn:aws:iam::444455556666:role/client-role-2\r",
            "not the ARN",
        ),
        (
            CHAIN_TO,
            "arn:aws:iam::444455556666:role/a\tb",
            "not the ARN",
        ),
        (
            CHAIN_TO,
            "arn:aws:iam::444455556666:role/a\0",
            "not the ARN",
        ),
        (
            CHAIN_TO,
            "arn:aws:iam::444455556666:role/a\u{2028}b",
            "not the ARN",
        ),
        (CHAIN_TO, "arn:aws:iam::444455556666:rôle/a", "not the ARN"),
    ] {
        let mut pod = irsa();
        annotate(&mut pod, key, asked);
        let warnings = untouched(runner(), &pod, &by_default("")).join("\n");
        assert!(warnings.contains(words), "{asked:?}: {warnings}");
        assert!(!warnings.contains(['\r', '\t', '\0']), "{warnings:?}");
    }
    // Two requests that differ.
    let mut pod = irsa();
    annotate(&mut pod, CHAIN_TO, ROLE_2);
    set(spark(&mut pod), "CLIENT_ROLE_ARN", ROLE_3);
    set(spark(&mut pod), "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    assert!(untouched(runner(), &pod, &policy(""))[0].contains("two different chains"));
    // Another job's execution role.
    let mut pod = irsa();
    set(spark(&mut pod), "CLIENT_ROLE_ARN", ROLE_2);
    set(
        spark(&mut pod),
        "WEB_IDENTITY_ROLE_ARN",
        "arn:aws:iam::111122223333:role/other",
    );
    assert!(untouched(runner(), &pod, &policy(""))[0].contains("WEB_IDENTITY_ROLE_ARN"));
    // What nobody can read here.
    let mut pod = irsa();
    set(spark(&mut pod), "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    push(
        spark(&mut pod),
        "env",
        json!({ "name": "CLIENT_ROLE_ARN", "valueFrom": { "configMapKeyRef": { "name": "m", "key": "k" } } }),
    );
    assert!(untouched(runner(), &pod, &policy(""))[0].contains("takes CLIENT_ROLE_ARN"));
}

#[test]
fn pods_that_are_not_chained() {
    let policy = by_default("required: true");
    for (component, container) in [("client", "job-runner"), ("jeg", "gateway")] {
        let mut pod = irsa();
        pod["spec"]["serviceAccountName"] = account(component).into();
        pod["spec"]["serviceAccount"] = account(component).into();
        spark(&mut pod)["name"] = container.into();
        assert!(untouched(controller("job-controller"), &pod, &policy).is_empty());
        // Not even under the name of a Spark container.
        spark(&mut pod)["name"] = "spark-kubernetes-driver".into();
        let (patch, _) = create(runner(), &pod).mutation(&policy);
        assert_eq!(patch, Value::Null);
    }
    for name in ["default", "emr-containers-sa-spark", ""] {
        let mut pod = irsa();
        pod["spec"]["serviceAccountName"] = name.into();
        pod["spec"]["serviceAccount"] = name.into();
        assert!(untouched(runner(), &pod, &policy).is_empty());
    }
    // Another role of the same account, and another namespace.
    let mut pod = irsa();
    pod["spec"]["serviceAccountName"] = scene::account("spark-driver").into();
    pod["spec"]["serviceAccount"] = pod["spec"]["serviceAccountName"].clone();
    assert!(untouched(runner(), &pod, &policy).is_empty());
    let (patch, _) = create(runner(), &irsa())
        .set("namespace", json!("spark-b"))
        .mutation(&policy);
    assert_eq!(patch, Value::Null);
    // No other request than CREATE of a pod itself.
    for (operation, resource) in [
        ("UPDATE", "/pods"),
        ("DELETE", "/pods"),
        ("CREATE", "/pods/binding"),
        ("CREATE", "/podtemplates"),
        ("CREATE", "batch/jobs"),
        ("CREATE", "example.com/pods"),
    ] {
        let review = Review::new(runner(), operation, resource, "p").object(irsa());
        assert_eq!(
            review.mutation(&policy),
            (Value::Null, vec![]),
            "{operation} {resource}"
        );
    }
}

#[test]
fn containers_by_name() {
    let executor = |name: &str| {
        let mut pod = irsa();
        pod["metadata"]["name"] = "pi-772b9c81ae56a93d-exec-1".into();
        pod["spec"]["serviceAccountName"] = account("executor").into();
        pod["spec"]["serviceAccount"] = account("executor").into();
        spark(&mut pod)["name"] = name.into();
        pod
    };
    let pod = chained(
        &driver(),
        &executor("spark-kubernetes-executor"),
        &by_default(""),
    );
    // The id of the job comes from the creator's token.
    assert_eq!(text(&pod), default_to(ROLE_2));
    assert!(untouched(driver(), &executor("main"), &by_default("")).is_empty());
    let own = by_default("containers: [main]");
    assert_eq!(
        text(&chained(&driver(), &executor("main"), &own)),
        default_to(ROLE_2)
    );
    assert!(untouched(driver(), &executor("spark-kubernetes-executor"), &own).is_empty());
    // Wherever a third webhook moved it.
    let mut pod = irsa();
    list(&mut pod["spec"]["containers"]).insert(0, json!({ "name": "istio-proxy", "image": "x" }));
    let pod = chained(&runner(), &pod, &by_default(""));
    assert_eq!(
        value(&pod["spec"]["containers"][0], "AWS_CONFIG_FILE"),
        None
    );
    assert_eq!(
        value(&pod["spec"]["containers"][1], "AWS_CONFIG_FILE"),
        Some(CONFIG_FILE)
    );
    // An init container of that name is none.
    let mut pod = irsa();
    pod["spec"]["initContainers"] = pod["spec"]["containers"].clone();
    spark(&mut pod)["name"] = "main".into();
    assert!(untouched(runner(), &pod, &by_default("")).is_empty());
}

#[test]
fn lists_and_maps_that_are_not_there() {
    // Our own token needs nothing of EKS's, so a pod may have nothing at all.
    let policy = by_default("token: own");
    for nothing in [Value::Null, json!([]), json!({})] {
        let mut pod = bare();
        for field in ["env", "volumeMounts"] {
            let container = spark(&mut pod).as_object_mut().expect("an object");
            container.remove(field);
            if nothing == json!([]) {
                container.insert(field.to_owned(), nothing.clone());
            }
        }
        let spec = pod["spec"].as_object_mut().expect("an object");
        spec.remove("volumes");
        if nothing == json!([]) {
            spec.insert("volumes".to_owned(), nothing.clone());
        }
        if nothing == json!({}) {
            pod["metadata"]["annotations"] = nothing;
        }
        let pod = chained(&runner(), &pod, &policy);
        assert_eq!(pod["spec"]["volumes"].as_array().expect("volumes").len(), 2);
        assert_eq!(
            spark(&mut pod.clone())["volumeMounts"]
                .as_array()
                .expect("mounts")
                .len(),
            2
        );
    }
    let mut pod = irsa();
    annotate(&mut pod, "other", "x");
    let pod = chained(&runner(), &pod, &by_default(""));
    assert_eq!(pod["metadata"]["annotations"]["other"], "x");
    assert_eq!(text(&pod), default_to(ROLE_2));
}

#[test]
fn regions() {
    let region = |have: &[(&str, &str)]| {
        let mut pod = irsa();
        let env = list(&mut spark(&mut pod)["env"]);
        env.retain(|variable| {
            !variable["name"]
                .as_str()
                .is_some_and(|name| name.ends_with("REGION"))
        });
        for (name, text) in have {
            set(spark(&mut pod), name, text);
        }
        let mut pod = chained(&runner(), &pod, &by_default(""));
        value(spark(&mut pod), "AWS_DEFAULT_REGION").map(str::to_owned)
    };
    assert_eq!(
        region(&[("AWS_REGION", "eu-west-1")]).as_deref(),
        Some("eu-west-1")
    );
    assert_eq!(
        region(&[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "x")]).as_deref(),
        Some("x")
    );
    assert_eq!(region(&[]), None);
    assert_eq!(region(&[("AWS_REGION", "")]), None);
    assert_eq!(region(&[("AWS_REGION", "$(X)")]), None);
    let pod = chained(
        &runner(),
        &irsa(),
        &by_default("region: eu-central-1, sessionDuration: 900"),
    );
    assert_eq!(text(&pod).matches("region = eu-central-1\n").count(), 2);
    assert_eq!(text(&pod).matches("duration_seconds = 900\n").count(), 1);
}

#[test]
fn hops_and_further_profiles() {
    let policy = by_default(
        "externalId: last, hops: [\"arn:aws:iam::111122223333:role/a\", \"arn:aws:iam::111122223333:role/b\"], \
         profiles: [{ name: lake, role: \"arn:aws:iam::444455556666:role/lake\", externalId: x-1 }]",
    );
    let common = format!("role_session_name = emr-{JOB}\nsts_regional_endpoints = regional\n");
    let body = |first: &str| {
        format!(
            "# Written by rolegate.\n[default]\nrole_arn = {ROLE_2}\nsource_profile = rolegate-hop-2\n{common}external_id = last\n\
             [profile rolegate-hop-2]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = rolegate-hop-1\n{common}\
             [profile rolegate-hop-1]\nrole_arn = arn:aws:iam::111122223333:role/a\n{first}\n{common}"
        )
    };
    let lake = |first: &str| {
        format!(
            "[profile lake]\nrole_arn = arn:aws:iam::444455556666:role/lake\n{first}\n{common}external_id = x-1\n"
        )
    };
    let first = "source_profile = rolegate-source";
    // No longer than the policy's reader reckons.
    let longest = policy.tenancy("spark-a").chains[0].most_profile_bytes();
    assert!(text(&chained(&runner(), &irsa(), &policy)).len() < longest);
    assert_eq!(
        text(&chained(&runner(), &irsa(), &policy)),
        format!("{}{SOURCE}{}", body(first), lake(first))
    );
    let first = "credential_source = EcsContainer";
    assert_eq!(
        text(&chained(&runner(), &pod_identity(), &policy)),
        format!("{}{}", body(first), lake(first))
    );
}

#[test]
fn sources() {
    let text_of = |pod: &Value, policy: &Policy| text(&chained(&runner(), pod, policy)).to_owned();
    let agent = format!(
        "# Written by rolegate.\n[default]\nrole_arn = {ROLE_2}\ncredential_source = EcsContainer\n\
         role_session_name = emr-{JOB}\nsts_regional_endpoints = regional\n"
    );
    let profile = by_default("");
    let pod_identity_mode = by_default("mode: pod-identity");
    assert_eq!(text_of(&pod_identity(), &profile), agent);
    assert_eq!(text_of(&pod_identity(), &pod_identity_mode), agent);
    let warnings = untouched(runner(), &irsa(), &pod_identity_mode);
    assert!(
        warnings[0].contains("has credentials by IRSA"),
        "{warnings:?}"
    );
    // Both families whole: an association appeared while the pod was admitted.
    let mut both = irsa();
    for variable in list(&mut pod_identity()["spec"]["containers"][0]["env"]) {
        push(spark(&mut both), "env", variable.clone());
    }
    assert_eq!(text_of(&both, &profile), default_to(ROLE_2));
    assert_eq!(text_of(&both, &pod_identity_mode), agent);
    // The pod's own AWS_ROLE_ARN beside Pod Identity's variables.
    let mut pod = pod_identity();
    set(spark(&mut pod), "AWS_ROLE_ARN", ROLE_2);
    assert_eq!(text_of(&pod, &profile), agent);
    // The pod's own URI beside IRSA's variables.
    let mut pod = irsa();
    set(
        spark(&mut pod),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "http://127.0.0.1:8080/creds",
    );
    assert_eq!(text_of(&pod, &profile), default_to(ROLE_2));
    // An agent that is not EKS's, or half of it.
    for (name, text) in [
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://127.0.0.1:8080/creds",
        ),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/tmp/t"),
    ] {
        let mut pod = pod_identity();
        set(spark(&mut pod), name, text);
        assert!(untouched(runner(), &pod, &profile).is_empty());
    }
    // A token of our own, whether or not EKS wrote something.
    let own = by_default("token: own");
    for pod in [bare(), irsa(), pod_identity()] {
        let pod = chained(&runner(), &pod, &own);
        assert_eq!(
            text(&pod),
            default_to(ROLE_2).replace(TOKEN, "/var/run/secrets/rolegate.dev/token/token")
        );
        let volumes = pod["spec"]["volumes"].as_array().expect("volumes");
        assert!(volumes.contains(&json!({ "name": "rolegate-token", "projected": { "defaultMode": 420, "sources": [
            { "serviceAccountToken": { "audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token" } },
        ] } })));
        let mounts = pod["spec"]["containers"][0]["volumeMounts"]
            .as_array()
            .expect("mounts");
        assert!(mounts.contains(&json!({ "name": "rolegate-token", "mountPath": "/var/run/secrets/rolegate.dev/token", "readOnly": true })));
    }
    // Nothing yet: EKS has not written, or never will. Said by the rule.
    assert!(untouched(runner(), &bare(), &profile).is_empty());
}

#[test]
fn variables_that_nobody_should_believe() {
    let policy = by_default("");
    for (role, token, words) in [
        ("arn:aws:iam::444455556666:role/root", TOKEN, "AWS_ROLE_ARN"),
        (
            "arn:aws:iam::999999999999:role/job-execution-role-1",
            TOKEN,
            "AWS_ROLE_ARN",
        ),
        (
            "arn:aws-us-gov:iam::111122223333:role/job-execution-role-1",
            TOKEN,
            "AWS_ROLE_ARN",
        ),
        (
            "arn:aws:iam::111122223333:role/job-execution-role-1 ",
            TOKEN,
            "AWS_ROLE_ARN",
        ),
        (
            "arn:aws:iam::111122223333:role/job-execution-role-1\n[profile evil]\ncredential_process = id",
            TOKEN,
            "AWS_ROLE_ARN",
        ),
        ("not-an-arn", TOKEN, "AWS_ROLE_ARN"),
        (ROLE_1, "token", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        (
            ROLE_1,
            "/a\ncredential_process = id",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ),
        (ROLE_1, "/a b", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        (ROLE_1, "C:\\var\\run\\token", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("", TOKEN, ""),
    ] {
        let mut pod = irsa();
        set(spark(&mut pod), "AWS_ROLE_ARN", role);
        set(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE", token);
        let warnings = untouched(runner(), &pod, &policy).join("");
        assert_eq!(warnings.is_empty(), words.is_empty(), "{role:?} {token:?}");
        assert!(warnings.contains(words), "{warnings}");
    }
    // A path is fine: names are unique in an account.
    let mut pod = irsa();
    let arn = "arn:aws:iam::111122223333:role/emr/job-execution-role-1";
    set(spark(&mut pod), "AWS_ROLE_ARN", arn);
    assert!(text(&chained(&runner(), &pod, &policy)).contains(arn));
    // Taken from elsewhere.
    for name in ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"] {
        let mut pod = irsa();
        push(
            spark(&mut pod),
            "env",
            json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }),
        );
        assert!(untouched(runner(), &pod, &policy)[0].contains(name));
    }
}

#[test]
fn own_settings_are_left_alone() {
    let policy =
        by_default("profiles: [{ name: lake, role: \"arn:aws:iam::444455556666:role/lake\" }]");
    for (name, text) in [
        ("AWS_CONFIG_FILE", "/opt/aws/config"),
        ("AWS_CONFIG_FILE", ""),
        ("AWS_PROFILE", "mine"),
        ("AWS_PROFILE", "rolegate-source"),
        ("AWS_DEFAULT_PROFILE", "mine"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/opt/aws/credentials"),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
    ] {
        let mut pod = irsa();
        set(spark(&mut pod), name, text);
        let warnings = untouched(runner(), &pod, &policy);
        assert!(
            warnings[0].contains(&format!("sets {name} itself")),
            "{warnings:?}"
        );
        let mut pod = irsa();
        push(
            spark(&mut pod),
            "env",
            json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } }),
        );
        assert!(untouched(runner(), &pod, &policy)[0].contains(name));
    }
    for (name, text) in [
        ("AWS_PROFILE", "default"),
        ("AWS_PROFILE", "lake"),
        ("AWS_PROFILE", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SDK_LOAD_CONFIG", "0"),
        ("ASSUME_ROLE_CREDENTIALS_ROLE_ARN", ROLE_3),
        ("HOME", "/home/hadoop"),
        (
            "AWS_ENDPOINT_URL_STS",
            "https://sts.eu-west-1.amazonaws.com",
        ),
        ("AWS_ENDPOINT_URL_S3", "https://minio.example"),
        ("JAVA_TOOL_OPTIONS", "-Xmx820m -Daws.region=eu-west-1"),
        (
            "JDK_JAVA_OPTIONS",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
        ),
        ("SPARK_JAVA_OPT_0", "-Dspark.driver.port=7078"),
    ] {
        let mut pod = irsa();
        set(spark(&mut pod), name, text);
        let mut pod = chained(&runner(), &pod, &policy);
        assert_eq!(value(spark(&mut pod), name), Some(text), "kept as it was");
    }
    // Mounts at or under rolegate's own folder, however they are written.
    for path in [
        "/var/run/secrets/rolegate.dev",
        "/var/run/secrets/rolegate.dev/aws",
        "/var/run/secrets/rolegate.dev/aws/config/",
        "/var/run/secrets//rolegate.dev/aws/config",
        "/run/secrets/rolegate.dev/aws/config",
        "/var/run/../run/secrets/rolegate.dev/aws/./config",
        "/var/lock/../secrets/rolegate.dev/aws/config",
        "/var/lock/../secrets",
        "/opt/../opt",
        "/opt/rolegate.dev",
        "/var/run/./././secrets",
        "/run//secrets",
        "/proc/self/root/run/secrets/rolegate.dev",
        // Only with a token of its own is this rolegate's.
        "/var/run/secrets/rolegate.dev/token",
    ] {
        let mut pod = irsa();
        push(
            spark(&mut pod),
            "volumeMounts",
            json!({ "name": "home-dir", "mountPath": path }),
        );
        let warnings = untouched(runner(), &pod, &policy);
        assert!(
            warnings[0].contains("mounts something else"),
            "{path}: {warnings:?}"
        );
    }
    for path in [
        "/var/run/secrets",
        "/opt/./x",
        "/var/run/secrets/rolegate.developers",
    ] {
        let mut pod = irsa();
        push(
            spark(&mut pod),
            "volumeMounts",
            json!({ "name": "home-dir", "mountPath": path }),
        );
        chained(&runner(), &pod, &policy);
    }
}

#[test]
fn what_already_has_our_names_is_made_right() {
    let policy = by_default("");
    let right = chained(&runner(), &irsa(), &policy);
    let mut pod = irsa();
    annotate(
        &mut pod,
        CONFIG,
        "[default]\ncredential_process = sh -c id\n",
    );
    push(
        &mut pod["spec"],
        "volumes",
        json!({ "name": "rolegate-aws-config", "configMap": { "name": "evil" } }),
    );
    push(
        spark(&mut pod),
        "volumeMounts",
        json!({ "name": "home-dir", "mountPath": CONFIG_FILE, "subPath": "evil" }),
    );
    assert_eq!(chained(&runner(), &pod, &policy), right);
    for (field, text) in [
        ("fieldPath", "metadata.annotations['evil']"),
        ("fieldPath", "metadata.labels['x']"),
    ] {
        let mut pod = right.clone();
        let volumes = list(&mut pod["spec"]["volumes"]);
        volumes.last_mut().expect("ours")["downwardAPI"]["items"][0]["fieldRef"][field] =
            text.into();
        assert_eq!(chained(&runner(), &pod, &policy), right);
    }
    for (field, value) in [
        ("subPath", json!("other")),
        ("subPath", Value::Null),
        ("readOnly", json!(false)),
        ("name", json!("home-dir")),
        ("subPathExpr", json!("$(X)")),
    ] {
        let mut pod = right.clone();
        let mounts = list(&mut spark(&mut pod)["volumeMounts"]);
        mounts.last_mut().expect("ours")[field] = value;
        assert_eq!(chained(&runner(), &pod, &policy), right, "{field}");
    }
}

#[test]
fn mode_java_v2() {
    let policy = by_default("mode: java-v2");
    for (before, after) in [
        (None, "-Daws.webIdentityTokenFile="),
        (Some(""), "-Daws.webIdentityTokenFile="),
        (Some("-Xmx820m"), "-Xmx820m -Daws.webIdentityTokenFile="),
        (
            // Only the last option is one that nothing after it undoes.
            Some("-Daws.webIdentityTokenFile= -Xmx1g"),
            "-Daws.webIdentityTokenFile= -Xmx1g -Daws.webIdentityTokenFile=",
        ),
        (
            Some("-Dx='a b' -Dhost=$(POD_IP)"),
            "-Dx='a b' -Dhost=$(POD_IP) -Daws.webIdentityTokenFile=",
        ),
    ] {
        let mut pod = irsa();
        if let Some(before) = before {
            set(spark(&mut pod), "JAVA_TOOL_OPTIONS", before);
        }
        let mut pod = chained(&runner(), &pod, &policy);
        assert_eq!(value(spark(&mut pod), "JAVA_TOOL_OPTIONS"), Some(after));
        assert_eq!(
            value(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE"),
            Some(TOKEN)
        );
    }
    let mut pod = irsa();
    push(
        spark(&mut pod),
        "env",
        json!({ "name": "JAVA_TOOL_OPTIONS", "valueFrom": { "configMapKeyRef": {} } }),
    );
    assert!(untouched(runner(), &pod, &policy)[0].contains("JAVA_TOOL_OPTIONS"));
    // Pod Identity leaves nothing to pass over.
    let mut pod = chained(&runner(), &pod_identity(), &policy);
    assert_eq!(value(spark(&mut pod), "JAVA_TOOL_OPTIONS"), None);
}

#[test]
fn mode_exclusive() {
    let policy = by_default("mode: exclusive");
    let mut pod = chained(&runner(), &irsa(), &policy);
    assert_eq!(text(&pod), default_to(ROLE_2));
    assert_eq!(
        value(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE"),
        Some("")
    );
    assert_eq!(value(spark(&mut pod), "AWS_ROLE_ARN"), Some(ROLE_1));
    assert_eq!(
        value(&pod["spec"]["containers"][1], "AWS_WEB_IDENTITY_TOKEN_FILE"),
        Some(TOKEN)
    );
    // As the API server stores it: no value at all.
    let env = list(&mut spark(&mut pod)["env"]);
    let token = env
        .iter_mut()
        .find(|variable| variable["name"] == "AWS_WEB_IDENTITY_TOKEN_FILE");
    token
        .expect("kept")
        .as_object_mut()
        .expect("an object")
        .remove("value");
    assert_eq!(create(runner(), &pod).mutation(&policy).0, Value::Null);
    // Never before EKS has written.
    assert!(untouched(runner(), &bare(), &policy).is_empty());
    // A token that is mounted by the pod's own means: its path would be forgotten.
    let mut pod = irsa();
    set(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE", "/my/token");
    assert!(untouched(runner(), &pod, &policy)[0].contains("mode exclusive"));
    // With a token of our own there is nothing to forget.
    let own = by_default("mode: exclusive, token: own");
    let mut pod = chained(&runner(), &irsa(), &own);
    assert_eq!(
        value(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE"),
        Some("")
    );
    chained(&runner(), &bare(), &own);
}

#[test]
fn modes_that_a_pod_asks_for() {
    let mode = |policy_mode: &str, asked: &str| {
        let mut pod = irsa();
        annotate(&mut pod, CHAIN_MODE, asked);
        let (patch, warnings) =
            create(runner(), &pod).mutation(&by_default(&format!("mode: {policy_mode}")));
        let mut pod = apply(&pod, &patch);
        let java = value(spark(&mut pod), "JAVA_TOOL_OPTIONS").is_some();
        let blank = value(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE") == Some("");
        let refused = warnings.iter().any(|warning| warning.contains("more SDKs"));
        (java, blank, refused)
    };
    let (profile, java, exclusive) = ((false, false), (true, false), (false, true));
    for (policy, asked, got, refused) in [
        ("profile", "profile", profile, false),
        ("profile", "java-v2", java, false),
        ("profile", "exclusive", exclusive, false),
        ("java-v2", "exclusive", exclusive, false),
        ("java-v2", "profile", java, true),
        ("exclusive", "java-v2", exclusive, true),
        ("profile", "pod-identity", profile, true),
        ("profile", "PROFILE", profile, true),
        ("profile", "", profile, true),
    ] {
        assert_eq!(
            mode(policy, asked),
            (got.0, got.1, refused),
            "{asked} under {policy}"
        );
    }
}

#[test]
fn what_people_are_told() {
    let told = |pod: &Value, more: &str| create(runner(), pod).mutation(&by_default(more)).1;
    for (mode, words) in [
        ("profile", "boto3, CLI, JS and Rust SDK chain"),
        ("java-v2", "keeps the execution role in mode java-v2"),
        ("exclusive", "no credentials in mode exclusive"),
    ] {
        let warnings = told(&irsa(), &format!("mode: {mode}"));
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains(words), "{warnings:?}");
    }
    // Once a job: not for each executor, and not where all is done.
    let mut pod = irsa();
    pod["spec"]["serviceAccountName"] = account("executor").into();
    pod["spec"]["serviceAccount"] = account("executor").into();
    assert_eq!(told(&pod, ""), [""; 0]);
    assert_eq!(
        told(&chained(&runner(), &irsa(), &by_default("")), ""),
        [""; 0]
    );
}

#[test]
fn session_names() {
    let session = |user: &Value, metadata: Value| {
        let mut pod = irsa();
        pod["metadata"] = metadata;
        let pod = chained(user, &pod, &by_default(""));
        let line = text(&pod)
            .lines()
            .find_map(|line| line.strip_prefix("role_session_name = "));
        line.expect("a session name").to_owned()
    };
    let other = "0000000337okspsc999";
    let id = format!("emr-{JOB}");
    let livy = user("livy", &[]);
    // The creator's token before the name, the name before labels.
    assert_eq!(
        session(
            &driver(),
            json!({ "name": "pi-exec-1", "labels": { "spark-app-selector": format!("spark-{other}") } })
        ),
        id
    );
    assert_eq!(
        session(
            &livy,
            json!({ "name": driver_name(JOB), "labels": { "emr-containers.amazonaws.com/job.id": other } })
        ),
        id
    );
    // Labels only of those whose labels nobody needs to check.
    for labels in [
        json!({ "emr-containers.amazonaws.com/job.id": JOB }),
        json!({ "spark-app-selector": format!("spark-{JOB}") }),
    ] {
        for (user, expected) in [(&emr(), &*id), (&admin(), &id), (&livy, "emr-x")] {
            let metadata = json!({ "name": "x", "labels": labels });
            assert_eq!(session(user, metadata), expected);
        }
    }
    assert_eq!(
        session(
            &livy,
            json!({ "name": "pi-driver", "labels": { "emr-containers.amazonaws.com/job.id": "a\nb" } })
        ),
        "emr-pi-driver"
    );
    // A name that is generated later is the same before and after.
    assert_eq!(session(&livy, json!({ "generateName": "pi-" })), "emr-pi");
    assert_eq!(
        session(&livy, json!({ "generateName": "pi-", "name": "pi-x7k2b" })),
        "emr-pi"
    );
    // Of two names Kubernetes takes the given one.
    for (prefix, name, expected) in [
        (format!("spark-{other}-driver-"), "pi", "emr-pi"),
        (format!("spark-{other}-driver-"), "pi-x7k2b", "emr-pi-x7k2b"),
        ("pi-".to_owned(), "pi-driver", "emr-pi-driver"),
        // Not letters that Kubernetes generates.
        ("pi-".to_owned(), "pi-aaaaa", "emr-pi-aaaaa"),
        ("pi-".to_owned(), &driver_name(JOB), &id),
    ] {
        let metadata = json!({ "generateName": prefix, "name": name });
        assert_eq!(session(&livy, metadata), expected, "{prefix} {name}");
    }
    // Nor does a prefix that becomes another name make it that job's.
    for (prefix, expected) in [
        (
            format!("spark-{other}-driver"),
            format!("emr-spark-{other}-driver"),
        ),
        (other.to_owned(), format!("emr-pod-{other}")),
        (format!("{other}-"), format!("emr-{other}")),
    ] {
        assert_eq!(session(&livy, json!({ "generateName": prefix })), expected);
    }
    assert_eq!(
        session(&livy, json!({ "name": other })),
        format!("emr-pod-{other}")
    );
    let long = "x".repeat(250);
    assert_eq!(session(&livy, json!({ "name": long })).len(), 64);
    assert_eq!(
        session(&livy, json!({ "name": "a\r\n[profile evil]" })),
        "emr-a---profile-evil-"
    );
}

#[test]
fn anybody_may_be_given_a_profile() {
    // Refusing is the rules' work.
    for user in [tenant(), emr(), admin()] {
        chained(&user, &irsa(), &by_default(""));
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    use rolegate_core::request::AdmissionReview;
    use rolegate_core::write::Write;
    for (path, value) in [
        ("/spec/containers", json!("x")),
        ("/metadata/annotations", json!([1])),
        ("/spec/volumes", json!({ "a": 1 })),
    ] {
        let mut pod = irsa();
        *pod.pointer_mut(path.rsplit_once('/').expect("a path").0)
            .expect("a parent") = {
            let mut parent = pod
                .pointer(path.rsplit_once('/').expect("a path").0)
                .expect("a parent")
                .clone();
            parent[path.rsplit_once('/').expect("a path").1] = value;
            parent
        };
        let body = create(runner(), &pod).0.to_string();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let request = &review.request;
        let policy = by_default("");
        let subject = Write::new(request, &policy).expect("a subject");
        assert!(subject.mutation().is_err(), "{path}");
    }
}

/// With `managedFields`, in Go's order of fields, and with what else comes along:
/// the review that the benchmark sends gets what the written one gets.
#[test]
fn a_review_as_a_real_api_server_sent_it() {
    let folder = "../tests/cases/chain-profile/driver-without-the-required-profile";
    let read = |file: &str| std::fs::read_to_string(file).expect(file);
    let now = "2026-11-23T12:00:00Z".parse().expect("a time");
    let chains = read(&format!("{folder}/policy.yaml"));
    let (policy, _) = Policy::parse("case", &chains, now, Strictness::Check).expect("a policy");
    let patch = |body: &str| {
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let request = &review.request;
        let subject = Write::new(request, &policy).expect("a name");
        subject.mutation().expect("a pod").patch
    };
    let sent = read("../benches/driver.json");
    assert!(sent.contains("managedFields"));
    assert!(!patch(&sent).is_empty());
    assert_eq!(
        patch(&sent),
        patch(&read(&format!("{folder}/request.json")))
    );
}

/// A volume and a mount of it in the Spark container.
fn mounted(pod: &mut Value, source: Value, path: &str) {
    let mut volume = source;
    volume["name"] = "mine".into();
    push(&mut pod["spec"], "volumes", volume);
    push(
        spark(pod),
        "volumeMounts",
        json!({ "name": "mine", "mountPath": path }),
    );
}

#[test]
fn files_in_a_home_directory() {
    let policy = by_default("");
    let config = || json!({ "configMap": { "name": "c" } });
    let empty = || json!({ "emptyDir": {} });
    let claim = || json!({ "persistentVolumeClaim": { "claimName": "c" } });
    for (home, source, path, is_own) in [
        (None, config(), "/home/hadoop/.aws", true),
        (None, config(), "/home/hadoop/.aws/credentials", true),
        (None, config(), "/root/.aws/config", true),
        (None, config(), "/anywhere/.aws", true),
        (None, claim(), "/home/hadoop/.aws", true),
        (None, config(), "/root", true),
        (None, config(), "/home//hadoop", true),
        (None, config(), "/home/hadoop/", true),
        (None, config(), "/home\\hadoop", true),
        (None, config(), "/proc/1/root", true),
        (Some("/opt/h"), config(), "/opt/h", true),
        (Some("/opt/h"), claim(), "/opt/h", true),
        (Some("/opt/h"), config(), "/opt", true),
        (Some("$(MINE)"), empty(), "/opt", true),
        // AWS CLI's cache, a home on a claim, files that are elsewhere.
        (None, empty(), "/home/hadoop/.aws", false),
        (None, claim(), "/root", false),
        (None, config(), "/opt/aws", false),
        (Some("/opt/h"), empty(), "/opt/h", false),
        (Some("/home/hadoop"), config(), "/opt/h", false),
    ] {
        let mut pod = irsa();
        mounted(&mut pod, source.clone(), path);
        if let Some(home) = home {
            set(spark(&mut pod), "HOME", home);
        }
        let (patch, warnings) = create(runner(), &pod).mutation(&policy);
        assert_eq!(patch.is_null(), is_own, "{home:?} {source} {path}");
        let said = warnings
            .iter()
            .any(|text| text.contains("AWS files of its own"));
        assert_eq!(said, is_own, "{warnings:?}");
    }
    // An empty folder that an init container fills.
    let mut pod = irsa();
    mounted(&mut pod, json!({ "emptyDir": {} }), "/home/hadoop/.aws");
    pod["spec"]["initContainers"] =
        json!([{ "name": "i", "volumeMounts": [{ "name": "mine", "mountPath": "/x" }] }]);
    assert!(untouched(runner(), &pod, &policy)[0].contains("AWS files of its own"));
    // More homes than anybody has are not looked at one by one.
    let mut pod = irsa();
    let homes = (0..9).map(|home| format!("-Duser.home=/h{home}"));
    let homes = homes.collect::<Vec<_>>().join(" ");
    set(spark(&mut pod), "JAVA_TOOL_OPTIONS", &homes);
    assert!(untouched(runner(), &pod, &policy)[0].contains("AWS files of its own"));
    // Java's own idea of a home, however it is written.
    for (name, text) in [
        ("JAVA_TOOL_OPTIONS", "-Duser.home=/opt/h"),
        ("JAVA_TOOL_OPTIONS", "-D\"user.home\"=/opt/h"),
        ("JAVA_TOOL_OPTIONS", "-Duser.home=/opt/h -Dx=$$"),
        ("args", "spark.driver.extraJavaOptions=-Duser.home=/opt/h"),
        ("args", r"spark.driver.extraJavaOptions=-D\user.home=/opt/h"),
    ] {
        let mut pod = irsa();
        mounted(&mut pod, json!({ "configMap": { "name": "c" } }), "/opt/h");
        if name == "args" {
            push(spark(&mut pod), name, text.into());
        } else {
            set(spark(&mut pod), name, text);
        }
        let warnings = untouched(runner(), &pod, &policy);
        assert!(warnings[0].contains("AWS files of its own"), "{text}");
    }
    // Secrets that a driver of the pod's choice fetches.
    let mut pod = irsa();
    mounted(
        &mut pod,
        json!({ "csi": { "driver": "secrets-store.csi.k8s.io" } }),
        "/home/hadoop",
    );
    assert!(untouched(runner(), &pod, &policy)[0].contains("AWS files of its own"));
}

#[test]
fn options_of_java() {
    let token = "-Daws.webIdentityTokenFile=/t";
    for (name, text, modes) in [
        // What is seen decides in every mode.
        (
            "_JAVA_OPTIONS",
            token,
            &["profile", "java-v2", "exclusive"][..],
        ),
        (
            "JDK_JAVA_OPTIONS",
            token,
            &["profile", "java-v2", "exclusive"],
        ),
        (
            "SPARK_JAVA_OPT_3",
            token,
            &["profile", "java-v2", "exclusive"],
        ),
        (
            "JAVA_TOOL_OPTIONS",
            "-Daws.profile=mine",
            &["profile", "java-v2", "exclusive"],
        ),
        // Flink's start scripts pass these on, and PySpark that.
        ("JVM_ARGS", token, &["profile", "java-v2", "exclusive"]),
        (
            "FLINK_ENV_JAVA_OPTS_JM",
            token,
            &["profile", "java-v2", "exclusive"],
        ),
        (
            "PYSPARK_SUBMIT_ARGS",
            "--driver-java-options -Daws.profile=x pyspark-shell",
            &["profile", "java-v2", "exclusive"],
        ),
        // Spark drops a backslash.
        (
            "SPARK_SUBMIT_OPTS",
            r"-D\aws.secretKey=x",
            &["profile", "java-v2", "exclusive"],
        ),
        (
            "JAVA_TOOL_OPTIONS",
            "-D'aws.secretKey'=x",
            &["profile", "java-v2", "exclusive"],
        ),
        // What is not seen decides where Java is to follow.
        (
            "JDK_JAVA_OPTIONS",
            "@/opt/options",
            &["java-v2", "exclusive"],
        ),
        ("JDK_JAVA_OPTIONS", "$(OPTIONS)", &["java-v2", "exclusive"]),
        (
            "_JAVA_OPTIONS",
            "-XX:VMOptionsFile=/f",
            &["java-v2", "exclusive"],
        ),
        (
            "JAVA_TOOL_OPTIONS",
            "-XX:VMOptionsFile=/f",
            &["java-v2", "exclusive"],
        ),
        ("JAVA_TOOL_OPTIONS", "-Dx=\"", &["java-v2", "exclusive"]),
        // And what decides nothing.
        ("JAVA_TOOL_OPTIONS", "-Dhost=$(POD_IP)", &[]),
        ("_JAVA_OPTIONS", "-Xmx1g", &[]),
        ("SPARK_JAVA_OPT_0", "-Dspark.driver.port=7078", &[]),
        ("SPARK_EXECUTOR_OPTS", "--conf $(X)", &[]),
    ] {
        for mode in ["profile", "java-v2", "exclusive"] {
            let mut pod = irsa();
            set(spark(&mut pod), name, text);
            let policy = by_default(&format!("mode: {mode}"));
            let (patch, warnings) = create(runner(), &pod).mutation(&policy);
            let is_left = modes.contains(&mode);
            assert_eq!(patch.is_null(), is_left, "{mode}: {name}={text}");
            assert!(!is_left || warnings[0].contains(name), "{warnings:?}");
            let refused = by_default(&format!("mode: {mode}, required: true"));
            let after = apply(&pod, &create(runner(), &pod).mutation(&refused).0);
            let found = create(runner(), &after).findings(&refused);
            let found = found.iter().any(|found| found.starts_with("chain-profile"));
            assert_eq!(found, is_left, "{mode}: {name}={text}");
        }
    }
    // In the program's arguments, however Spark is told.
    for argument in [
        token,
        "spark.driver.extraJavaOptions=-Xmx1g -Daws.roleArn=x",
        "spark.driver.extraJavaOptions=-D\"aws.profile\"=x",
        "spark.driver.extraJavaOptions=-D'aws.profile'=x",
        r"spark.driver.extraJavaOptions=-D\aws.profile=x",
    ] {
        for list in ["command", "args"] {
            let mut pod = irsa();
            push(spark(&mut pod), list, argument.into());
            assert!(untouched(runner(), &pod, &by_default(""))[0].contains("its arguments"));
        }
    }
    let mut pod = irsa();
    push(spark(&mut pod), "args", "--class=com.example.Daws".into());
    push(spark(&mut pod), "args", "it's \\ \"fine\"".into());
    chained(&runner(), &pod, &by_default("mode: java-v2"));
}

/// Options that other variables bring along: a text of the author's may hold any, a
/// field of the pod none.
#[test]
fn options_of_java_from_other_variables() {
    let field =
        |path: &str| json!({ "name": "X", "valueFrom": { "fieldRef": { "fieldPath": path } } });
    let size = json!({ "name": "X", "valueFrom": { "resourceFieldRef": { "resource": "limits.memory" } } });
    let text = json!({ "name": "X", "value": "y -Daws.profile=rolegate-source" });
    let key =
        json!({ "name": "X", "valueFrom": { "configMapKeyRef": { "name": "m", "key": "k" } } });
    let address = || field("status.podIP");
    for (variables, options, is_left) in [
        (vec![address()], "-Dhost=$(X)", false),
        (vec![size], "-XX:MaxRAM=$(X)", false),
        (vec![], "-Dhost=$(X)", false),
        (vec![text.clone()], "-Dhost=$$(X)", false),
        (vec![text.clone()], "-Dhost=$(X)", true),
        (vec![text.clone()], "$(X)", true),
        (vec![key], "-Dhost=$(X)", true),
        (vec![address(), text.clone()], "-Dhost=$(X)", true),
        (vec![text.clone(), address()], "-Dhost=$(X)", true),
        (
            vec![field("metadata.annotations['x']")],
            "-Dhost=$(X)",
            true,
        ),
        (
            vec![field("metadata.name")],
            "-Daw$(X)=rolegate-source",
            true,
        ),
    ] {
        let mut pod = irsa();
        for variable in &variables {
            push(spark(&mut pod), "env", variable.clone());
        }
        set(spark(&mut pod), "JAVA_TOOL_OPTIONS", options);
        let (patch, warnings) = create(runner(), &pod).mutation(&by_default("mode: java-v2"));
        assert_eq!(patch.is_null(), is_left, "{variables:?}: {options}");
        assert!(
            !is_left || warnings[0].contains("JAVA_TOOL_OPTIONS"),
            "{warnings:?}"
        );
    }
    // Or the whole variable comes from elsewhere.
    for name in [
        "JVM_ARGS",
        "FLINK_ENV_JAVA_OPTS",
        "SPARK_SUBMIT_OPTS",
        "SPARK_JAVA_OPT_0",
    ] {
        let mut pod = irsa();
        let source = json!({ "configMapKeyRef": { "name": "m", "key": "k" } });
        push(
            spark(&mut pod),
            "env",
            json!({ "name": name, "valueFrom": source }),
        );
        assert!(untouched(runner(), &pod, &by_default("mode: java-v2"))[0].contains(name));
    }
    // And all keys of an object may be called so.
    let mut pod = irsa();
    push(
        spark(&mut pod),
        "envFrom",
        json!({ "prefix": "X_", "configMapRef": { "name": "m" } }),
    );
    set(spark(&mut pod), "JAVA_TOOL_OPTIONS", "-Dhost=$(X_Y)");
    assert!(
        untouched(runner(), &pod, &by_default("mode: java-v2"))[0].contains("JAVA_TOOL_OPTIONS")
    );
}

#[test]
fn what_a_pod_has_no_room_for() {
    let policy = by_default("");
    let with = |room: usize| {
        let mut pod = irsa();
        annotate(&mut pod, "fill", &"x".repeat(256 * 1024 - 4 - room));
        pod
    };
    let right = chained(&runner(), &irsa(), &policy);
    let exact = CONFIG.len() + text(&right).len();
    assert_eq!(
        text(&chained(&runner(), &with(exact), &policy)),
        text(&right)
    );
    let warnings = untouched(runner(), &with(exact - 1), &policy);
    assert!(warnings[0].contains("no room"), "{warnings:?}");
    // What is there of the profile already makes way for it.
    let mut pod = with(exact);
    annotate(&mut pod, CONFIG, "");
    assert_eq!(text(&chained(&runner(), &pod, &policy)), text(&right));
    // As devices that have the profile's path or its volume's name.
    for (volume, path) in [("disk", CONFIG_FILE), ("rolegate-token", "/dev/x")] {
        let mut pod = irsa();
        let device = json!({ "name": volume, "devicePath": path });
        push(spark(&mut pod), "volumeDevices", device);
        assert!(untouched(runner(), &pod, &policy)[0].contains("mounts something else"));
    }
}

#[test]
fn every_container_of_a_required_chain() {
    let required = by_default("required: true");
    let mut pod = irsa();
    let mut other = spark(&mut pod).clone();
    other["name"] = "worker".into();
    list(&mut pod["spec"]["containers"]).push(other.clone());
    other["name"] = "first".into();
    pod["spec"]["initContainers"] = json!([other]);
    let file = |pod: &Value, list: &str, index: usize| {
        value(&pod["spec"][list][index], "AWS_CONFIG_FILE").is_some()
    };
    let given = |pod: &Value| {
        [
            ("containers", 0),
            ("containers", 1),
            ("containers", 2),
            ("initContainers", 0),
        ]
        .map(|(list, index)| file(pod, list, index))
    };
    let after = chained(&runner(), &pod, &required);
    assert_eq!(given(&after), [true, false, true, true]);
    // Where it is only offered, those that the policy lists.
    assert_eq!(
        given(&chained(&runner(), &pod, &by_default(""))),
        [true, false, false, false]
    );
    // The log sidecar is one by its image: EMR's, or a mirror of EMR's.
    for (image, is_emrs) in [
        (
            "895885662937.dkr.ecr.us-west-2.amazonaws.com/fluentd/emr-7.12.0",
            true,
        ),
        ("public.ecr.aws/emr-on-eks/fluentd/emr-7.12.0:latest", true),
        (
            "895885662937.dkr.ecr.us-west-2.amazonaws.com/spark/emr-7.12.0:latest",
            false,
        ),
        (
            "111122223333.dkr.ecr.us-west-2.amazonaws.com/fluentd/emr-7.12.0:latest",
            false,
        ),
        ("evil.example/fluentd/emr-7.12.0", false),
        ("busybox", false),
        ("", false),
    ] {
        let mut pod = irsa();
        pod["spec"]["containers"][1]["image"] = image.into();
        let after = chained(&runner(), &pod, &required);
        assert_eq!(file(&after, "containers", 1), !is_emrs, "{image}");
    }
    let mut pod = irsa();
    for (index, name) in ["spark", "fluentd"].into_iter().enumerate() {
        let image =
            format!("111122223333.dkr.ecr.us-west-2.amazonaws.com/{name}/emr-7.12.0:latest");
        pod["spec"]["containers"][index]["image"] = image.into();
    }
    assert!(!file(&chained(&runner(), &pod, &required), "containers", 1));
}

#[test]
fn one_without_credentials_makes_all_wait() {
    let policy = by_default("containers: [spark-kubernetes-driver, worker]");
    let mut pod = irsa();
    push(
        &mut pod["spec"],
        "containers",
        json!({ "name": "worker", "image": "i" }),
    );
    let warnings = untouched(runner(), &pod, &policy);
    assert!(
        warnings[0].contains("container worker has no credentials"),
        "{warnings:?}"
    );
}

#[test]
fn what_the_pod_brings_of_rolegates() {
    let own = by_default("token: own");
    let right = chained(&runner(), &irsa(), &own);
    let ours = |pod: &mut Value, place: &str, name: &str, edit: &dyn Fn(&mut Value)| {
        let items = list(pod.pointer_mut(place).expect("a list")).iter_mut();
        items.filter(|item| item["name"] == name).for_each(edit);
    };
    for seconds in [json!(4_294_967_296_i64), json!(600), Value::Null] {
        let mut pod = right.clone();
        ours(&mut pod, "/spec/volumes", "rolegate-token", &|volume| {
            volume["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] =
                seconds.clone();
        });
        assert_eq!(chained(&runner(), &pod, &own), right);
    }
    for (key, value) in [
        ("mountPropagation", "HostToContainer"),
        ("recursiveReadOnly", "IfPossible"),
        ("subPathExpr", "$(X)"),
    ] {
        for name in ["rolegate-aws-config", "rolegate-token"] {
            let mut pod = right.clone();
            ours(
                &mut pod,
                "/spec/containers/0/volumeMounts",
                name,
                &|mount| {
                    mount[key] = value.into();
                },
            );
            assert_eq!(chained(&runner(), &pod, &own), right, "{key} of {name}");
        }
    }
    // Where the policy gives no profile its file is empty.
    let mut pod = irsa();
    annotate(&mut pod, CONFIG, "[default]\ncredential_process = id\n");
    let emptied = chained(&runner(), &pod, &policy(""));
    assert_eq!(text(&emptied), "");
    annotate(&mut pod, CONFIG, "");
    assert_eq!(emptied, pod);
}

#[test]
fn variables_from_elsewhere_in_every_mode() {
    for more in [
        "",
        "token: own",
        "token: own, mode: exclusive",
        "token: own, mode: java-v2",
        "mode: pod-identity",
    ] {
        for name in [
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ] {
            let hidden = json!({ "name": name, "valueFrom": { "configMapKeyRef": { "name": "m", "key": "k" } } });
            let composed = json!({ "name": name, "value": "$(MINE)" });
            for variable in [hidden, composed] {
                let mut pod = irsa();
                push(spark(&mut pod), "env", variable);
                let policy = by_default(more);
                assert!(untouched(runner(), &pod, &policy)[0].contains(name));
                let required = by_default(&format!("required: true, {more}"));
                let found = create(runner(), &pod).findings(&required);
                let words = format!("takes {name} from another object");
                assert!(
                    found.iter().any(|found| found.contains(&words)),
                    "{more}: {found:#?}"
                );
            }
        }
    }
    // All keys of another object: the profile is there, and somebody is told.
    let mut pod = irsa();
    let from = |prefix: &str| json!([{ "prefix": prefix, "secretRef": { "name": "s" } }]);
    spark(&mut pod)["envFrom"] = from("");
    let (patch, warnings) = create(runner(), &pod).mutation(&by_default(""));
    assert!(
        !patch.is_null() && warnings[0].contains("envFrom"),
        "{warnings:?}"
    );
    for (prefix, more, is_refused) in [
        ("", "required: true", true),
        ("AWS_", "required: true", true),
        ("", "ownSettings: refuse", true),
        ("", "", false),
        ("APP_", "required: true", false),
    ] {
        let policy = by_default(more);
        spark(&mut pod)["envFrom"] = from(prefix);
        let after = chained(&runner(), &pod, &policy);
        let found = create(runner(), &after).findings(&policy);
        assert_eq!(
            found
                .iter()
                .any(|found| found.starts_with("chain-profile") && found.contains("envFrom")),
            is_refused,
            "{prefix} {more}"
        );
    }
}

#[test]
fn every_name_by_which_a_role_is_asked_for() {
    let foreign = "arn:aws:iam::444455556666:role/root";
    let open = policy("");
    let ask = |pairs: &[(&str, &str)]| {
        let mut pod = irsa();
        for (name, text) in pairs {
            set(spark(&mut pod), name, text);
        }
        pod
    };
    let emrs = "ASSUME_ROLE_CREDENTIALS_ROLE_ARN";
    for pairs in [
        &[("ROLE_2_ARN", ROLE_3), ("ROLE_1_ARN", ROLE_1)][..],
        &[(emrs, ROLE_3)],
        &[
            (emrs, ROLE_3),
            ("ROLE_2_ARN", ROLE_3),
            ("ROLE_1_ARN", ROLE_1),
        ],
    ] {
        assert_eq!(
            text(&chained(&runner(), &ask(pairs), &open)),
            default_to(ROLE_3)
        );
        assert_eq!(
            text(&chained(&runner(), &ask(pairs), &by_default(""))),
            default_to(ROLE_3)
        );
    }
    for (pairs, words) in [
        (
            &[("ROLE_2_ARN", foreign), ("ROLE_1_ARN", ROLE_1)][..],
            "lists no chain",
        ),
        (
            &[("ROLE_2_ARN", ROLE_2), ("ROLE_1_ARN", ROLE_3)],
            "ROLE_1_ARN",
        ),
        (&[(emrs, foreign)], "lists no chain"),
        (&[(emrs, "x")], "not the ARN"),
        (
            &[
                (emrs, ROLE_2),
                ("ROLE_2_ARN", ROLE_3),
                ("ROLE_1_ARN", ROLE_1),
            ],
            "two different",
        ),
    ] {
        for policy in [policy(""), by_default(""), by_default("required: true")] {
            let warnings = untouched(runner(), &ask(pairs), &policy);
            assert!(warnings[0].contains(words), "{warnings:?}");
            let found = create(runner(), &ask(pairs)).findings(&policy);
            assert!(
                found.iter().any(|found| found.contains(words)),
                "{found:#?}"
            );
        }
    }
    // What rolegate writes is no request: the pod is offered a chain, not asking.
    let offered = by_default("");
    let mut pod = chained(&runner(), &irsa(), &offered);
    set(spark(&mut pod), "AWS_PROFILE", "mine");
    assert!(
        create(runner(), &pod)
            .findings(&offered)
            .iter()
            .all(|found| !found.contains("sets AWS_PROFILE"))
    );
    annotate(&mut pod, CHAIN_TO, ROLE_2);
    let found = create(runner(), &pod).findings(&offered);
    assert!(
        found.iter().any(|found| found.contains("sets AWS_PROFILE")),
        "{found:#?}"
    );
}
