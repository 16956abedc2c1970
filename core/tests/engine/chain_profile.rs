//! The rule `chain-profile`: no job without the chain it should have, under
//! another one, or with an edited one.

use crate::support::chain::{
    CHAIN_MODE, CHAIN_TO, CONFIG, CONFIG_FILE, JOB, ROLE_1, ROLE_2, ROLE_3, TOKEN, account,
    annotate, bare, by_default, chained, create, driver, irsa, list, pod_identity, policy, push,
    runner, set, spark, text, value,
};
use crate::support::scene::{self, admin, emr, runner_name};
use crate::support::{Review, controller, in_pod, judge, tenant};
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::write::Write;
use serde_json::{Value, json};

const RULE: &str = "chain-profile";

/// What this rule finds; others have their own tables.
fn found(review: &Review, policy: &Policy) -> Vec<String> {
    let mut findings = review.findings(policy);
    findings.retain(|finding| finding.starts_with(RULE));
    findings
}

#[track_caller]
fn passes(review: &Review, policy: &Policy) {
    assert_eq!(found(review, policy), [""; 0]);
}

#[track_caller]
fn refused(review: &Review, policy: &Policy, words: &str) {
    let found = found(review, policy);
    assert!(
        found.iter().any(|one| one.contains(words)),
        "{words}: {found:#?}"
    );
}

#[test]
fn what_is_required() {
    let policy = by_default("required: true");
    for pod in [irsa(), pod_identity()] {
        refused(
            &create(runner(), &pod),
            &policy,
            "it has no chained profile",
        );
        passes(
            &create(runner(), &chained(&runner(), &pod, &policy)),
            &policy,
        );
    }
    // EKS's webhook failed open.
    refused(
        &create(runner(), &bare()),
        &policy,
        "no credentials from EKS",
    );
    // Required, and nothing to take for it.
    let no_default = crate::support::chain::policy("required: true");
    refused(&create(runner(), &irsa()), &no_default, "asks for no chain");
    // No Spark container by its name.
    let mut pod = irsa();
    spark(&mut pod)["name"] = "main".into();
    refused(&create(runner(), &pod), &policy, "none of the containers");
    // Its own settings.
    for name in [
        "AWS_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SHARED_CREDENTIALS_FILE",
    ] {
        let mut pod = irsa();
        set(spark(&mut pod), name, "mine");
        refused(
            &create(runner(), &pod),
            &policy,
            &format!("sets {name} itself"),
        );
    }
    // The same in every mode, whatever the mode needs.
    for mode in ["java-v2", "exclusive", "pod-identity"] {
        let policy = by_default(&format!("required: true, mode: {mode}"));
        let pod = if mode == "pod-identity" {
            pod_identity()
        } else {
            irsa()
        };
        refused(
            &create(runner(), &pod),
            &policy,
            "it has no chained profile",
        );
        passes(
            &create(runner(), &chained(&runner(), &pod, &policy)),
            &policy,
        );
    }
}

#[test]
fn what_is_only_offered_may_be_missing() {
    let policy = by_default("");
    for pod in [
        irsa(),
        bare(),
        pod_identity(),
        chained(&runner(), &irsa(), &policy),
    ] {
        passes(&create(runner(), &pod), &policy);
    }
    let mut pod = irsa();
    set(spark(&mut pod), "AWS_PROFILE", "mine");
    passes(&create(runner(), &pod), &policy);
    refused(
        &create(runner(), &pod),
        &by_default("ownSettings: refuse"),
        "sets AWS_PROFILE itself",
    );
    let mut pod = irsa();
    set(
        spark(&mut pod),
        "AWS_ROLE_ARN",
        "arn:aws:iam::444455556666:role/root",
    );
    passes(&create(runner(), &pod), &policy);
    // `execution-role` says the same, so it is heard only where that rule is not.
    let unheard = crate::support::policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules: {{ execution-role: {{ mode: \"off\" }} }}\n\
         virtualClusters: [{{ namespaces: [spark-a], chains: [{{ from: \"{ROLE_1}\", to: [\"{ROLE_2}\"], \
         default: \"{ROLE_2}\", required: true }}] }}]\n"
    ));
    refused(
        &create(runner(), &pod),
        &unheard,
        "is not the role it runs as",
    );
}

#[test]
fn what_is_asked_for() {
    let open = policy("");
    let mut pod = irsa();
    annotate(&mut pod, CHAIN_TO, ROLE_3);
    // The mutating side failed open.
    refused(&create(runner(), &pod), &open, "it has no chained profile");
    passes(&create(runner(), &chained(&runner(), &pod, &open)), &open);
    for asked in [
        "arn:aws:iam::444455556666:role/root",
        "arn:aws-cn:iam::444455556666:role/client-role-2",
        "x",
        "",
    ] {
        let mut pod = irsa();
        annotate(&mut pod, CHAIN_TO, asked);
        for policy in [policy(""), by_default(""), by_default("required: true")] {
            let review = create(runner(), &pod);
            assert_eq!(found(&review, &policy).len(), 1, "{asked}");
            // Whoever is refused is told what is allowed.
            let body = review.body();
            let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
            let request = &review.request;
            let decision = judge(request, rolegate_core::decision::Door::Enforce, &policy)
                .expect("a decision");
            let message = decision.message();
            assert!(
                message.contains(ROLE_2) && message.contains(ROLE_3),
                "{message}"
            );
        }
    }
    // By the guide's variables.
    let mut pod = irsa();
    set(
        spark(&mut pod),
        "CLIENT_ROLE_ARN",
        "arn:aws:iam::444455556666:role/root",
    );
    set(spark(&mut pod), "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    refused(
        &create(runner(), &pod),
        &open,
        "lists no chain for it to arn:aws:iam::444455556666:role/root",
    );
    let mut pod = irsa();
    set(spark(&mut pod), "CLIENT_ROLE_ARN", ROLE_2);
    set(spark(&mut pod), "WEB_IDENTITY_ROLE_ARN", ROLE_2);
    refused(&create(runner(), &pod), &open, "WEB_IDENTITY_ROLE_ARN");
    // A weaker mode.
    let mut pod = irsa();
    annotate(&mut pod, CHAIN_MODE, "profile");
    let strict = by_default("mode: exclusive");
    refused(
        &create(runner(), &chained(&runner(), &pod, &strict)),
        &strict,
        "more SDKs",
    );
    passes(
        &create(runner(), &chained(&runner(), &pod, &by_default(""))),
        &by_default(""),
    );
}

#[test]
fn asking_where_nothing_is_chained() {
    let open = by_default("");
    let with = |account: &str| {
        let mut pod = irsa();
        pod["spec"]["serviceAccountName"] = account.into();
        pod["spec"]["serviceAccount"] = account.into();
        pod
    };
    let other = &*scene::account("spark-driver");
    for account in ["default", other] {
        let mut pod = with(account);
        annotate(&mut pod, CHAIN_TO, ROLE_2);
        refused(&create(tenant(), &pod), &open, "lists no chain");
        let mut pod = with(account);
        annotate(&mut pod, CONFIG, "[default]\ncredential_process = id\n");
        refused(&create(tenant(), &pod), &open, "does not give it");
        passes(&create(tenant(), &with(account)), &open);
    }
    let mut pod = with(other);
    set(spark(&mut pod), "CLIENT_ROLE_ARN", ROLE_2);
    set(
        spark(&mut pod),
        "WEB_IDENTITY_ROLE_ARN",
        "arn:aws:iam::111122223333:role/team-a-etl",
    );
    refused(&create(runner(), &pod), &open, "lists no chain");
    // Where the policy knows no chains at all the variables are the application's own.
    let nowhere = create(runner(), &pod).set("namespace", json!("spark-b"));
    passes(&nowhere, &open);
    let mut pod = irsa();
    annotate(&mut pod, CHAIN_TO, ROLE_2);
    refused(
        &create(runner(), &pod).set("namespace", json!("spark-b")),
        &open,
        "lists no chain",
    );
}

#[test]
fn every_edit_of_a_profile() {
    type Attack = (&'static str, fn(&mut Value));
    let attacks: [Attack; 16] = [
        ("annotation", |pod| {
            annotate(pod, CONFIG, "[default]\ncredential_process = id\n");
        }),
        ("annotation", |pod| {
            let edited = format!("{}[profile evil]\ncredential_process = id\n", text(pod));
            annotate(pod, CONFIG, &edited);
        }),
        ("annotation", |pod| {
            let edited = text(pod).replace(ROLE_2, ROLE_3);
            annotate(pod, CONFIG, &edited);
        }),
        ("annotation", |pod| {
            pod["metadata"]
                .as_object_mut()
                .expect("metadata")
                .remove("annotations");
        }),
        ("volume", |pod| {
            list(&mut pod["spec"]["volumes"]).pop();
        }),
        ("volume", |pod| {
            let volume = list(&mut pod["spec"]["volumes"]).last_mut().expect("ours");
            volume["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"] =
                "metadata.annotations['evil']".into();
        }),
        ("volume", |pod| {
            *list(&mut pod["spec"]["volumes"]).last_mut().expect("ours") =
                json!({ "name": "rolegate-aws-config", "configMap": { "name": "evil" } });
        }),
        ("volume", |pod| {
            let volume = list(&mut pod["spec"]["volumes"]).last_mut().expect("ours");
            push(
                &mut volume["downwardAPI"],
                "items",
                json!({ "path": "x", "fieldRef": { "fieldPath": "metadata.name" } }),
            );
        }),
        ("mount", |pod| {
            list(&mut spark(pod)["volumeMounts"]).pop();
        }),
        ("mount", |pod| {
            let mount = list(&mut spark(pod)["volumeMounts"])
                .last_mut()
                .expect("ours");
            mount["subPath"] = "other".into();
        }),
        ("mount", |pod| {
            let mount = list(&mut spark(pod)["volumeMounts"])
                .last_mut()
                .expect("ours");
            mount.as_object_mut().expect("a mount").remove("subPath");
        }),
        ("mount", |pod| {
            let mount = list(&mut spark(pod)["volumeMounts"])
                .last_mut()
                .expect("ours");
            mount["name"] = "home-dir".into();
        }),
        ("mount", |pod| {
            let mount = list(&mut spark(pod)["volumeMounts"])
                .last_mut()
                .expect("ours");
            mount["readOnly"] = false.into();
        }),
        ("mounts something else", |pod| {
            push(
                spark(pod),
                "volumeMounts",
                json!({ "name": "home-dir", "mountPath": "/run/secrets/rolegate.dev/aws/config" }),
            );
        }),
        ("AWS_CONFIG_FILE", |pod| {
            set(spark(pod), "AWS_CONFIG_FILE", "/tmp/config");
        }),
        ("AWS_CONFIG_FILE", |pod| {
            let env = list(&mut spark(pod)["env"]);
            env.retain(|variable| variable["name"] != "AWS_CONFIG_FILE");
        }),
    ];
    for more in [
        "required: true",
        "required: true, mode: java-v2",
        "required: true, mode: exclusive",
    ] {
        let policy = by_default(more);
        let right = chained(&runner(), &irsa(), &policy);
        passes(&create(runner(), &right), &policy);
        for (words, attack) in &attacks {
            let mut pod = right.clone();
            attack(&mut pod);
            refused(&create(runner(), &pod), &policy, words);
        }
    }
    // Without being required an annotation is enough to be judged; without it there is no profile.
    for (words, attack) in &attacks {
        let mut pod = chained(&runner(), &irsa(), &by_default(""));
        attack(&mut pod);
        let found = found(&create(runner(), &pod), &by_default(""));
        let own_choice = ["AWS_CONFIG_FILE", "mounts something else"].contains(words);
        assert!(own_choice || found.len() == 1, "{words}: {found:?}");
    }
    // An earlier variable of the same name loses.
    let policy = by_default("required: true");
    let mut pod = chained(&runner(), &irsa(), &policy);
    list(&mut spark(&mut pod)["env"]).insert(
        0,
        json!({ "name": "AWS_CONFIG_FILE", "value": "/tmp/config" }),
    );
    passes(&create(runner(), &pod), &policy);
}

#[test]
fn what_a_mode_needs_stays() {
    let java = by_default("required: true, mode: java-v2");
    let mut pod = chained(&runner(), &irsa(), &java);
    set(
        spark(&mut pod),
        "JAVA_TOOL_OPTIONS",
        "-Daws.webIdentityTokenFile=/t",
    );
    refused(&create(runner(), &pod), &java, "JAVA_TOOL_OPTIONS");
    let exclusive = by_default("required: true, mode: exclusive");
    let mut pod = chained(&runner(), &irsa(), &exclusive);
    set(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN);
    refused(
        &create(runner(), &pod),
        &exclusive,
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    );
    let own = by_default("required: true, token: own");
    let mut pod = chained(&runner(), &irsa(), &own);
    let volumes = list(&mut pod["spec"]["volumes"]);
    volumes.last_mut().expect("ours")["projected"]["sources"][0]["serviceAccountToken"]["audience"] =
        "evil".into();
    refused(&create(runner(), &pod), &own, "rolegate-token");
}

#[test]
fn runners_and_gateways() {
    let policy = by_default("required: true");
    let pod = |component: &str| {
        let mut pod = irsa();
        pod["metadata"]["name"] = runner_name(JOB).into();
        pod["spec"]["serviceAccountName"] = account(component).into();
        pod["spec"]["serviceAccount"] = account(component).into();
        spark(&mut pod)["name"] = "job-runner".into();
        pod
    };
    for user in [controller("job-controller"), emr(), admin()] {
        for component in ["client", "jeg"] {
            passes(&create(user.clone(), &pod(component)), &policy);
        }
    }
    // A job that would get round its chain by another component's account.
    for user in [driver(), runner(), tenant()] {
        refused(
            &create(user, &pod("client")),
            &policy,
            "pods under this service account get none",
        );
    }
    for component in ["driver", "executor", "session", "jeg-kernel", "other"] {
        refused(
            &create(driver(), &pod(component)),
            &policy,
            "none of the containers",
        );
    }
    passes(&create(driver(), &pod("client")), &by_default(""));
    // The same by a controller, which starts what the template says.
    for resource in ["batch/jobs", "apps/deployments", "batch/cronjobs"] {
        let workload = |component: &str| {
            let template = json!({ "spec": { "template": { "spec": pod(component)["spec"] } } });
            if resource == "batch/cronjobs" {
                json!({ "spec": { "jobTemplate": template } })
            } else {
                template
            }
        };
        let create = |user: Value, component: &str| {
            Review::new(user, "CREATE", resource, "w").object(workload(component))
        };
        let change = |user: Value, old: &str, new: &str| {
            let review = Review::new(user, "UPDATE", resource, "w");
            review.old(workload(old)).object(workload(new))
        };
        for user in [driver(), runner(), tenant()] {
            refused(
                &create(user.clone(), "client"),
                &policy,
                "may not start pods by",
            );
            refused(
                &change(user.clone(), "executor", "client"),
                &policy,
                "may not start pods by",
            );
            passes(&change(user.clone(), "client", "client"), &policy);
            passes(&create(user.clone(), "executor"), &policy);
            passes(&create(user, "client"), &by_default(""));
        }
        for user in [controller("cronjob-controller"), emr(), admin()] {
            passes(&create(user, "client"), &policy);
        }
    }
}

#[test]
fn administrators_and_emr() {
    let policy = by_default("required: true");
    passes(&create(admin(), &irsa()), &policy);
    refused(&create(emr(), &irsa()), &policy, "no chained profile");
    passes(&create(emr(), &chained(&emr(), &irsa(), &policy)), &policy);
}

#[test]
fn annotations_afterwards() {
    let policy = by_default("");
    let pod = chained(&runner(), &irsa(), &policy);
    let edits: [fn(&mut Value); 5] = [
        |pod| annotate(pod, CONFIG, "x"),
        |pod| annotate(pod, CHAIN_TO, ROLE_3),
        |pod| annotate(pod, "rolegate.dev/anything", "x"),
        |pod| {
            pod["metadata"]
                .as_object_mut()
                .expect("metadata")
                .remove("annotations");
        },
        |pod| pod["metadata"]["annotations"] = json!({ "other": "x" }),
    ];
    let users = || {
        [
            tenant(),
            runner(),
            driver(),
            emr(),
            controller("job-controller"),
            in_pod("spark-a", &account("executor"), "pi-exec-1", "u"),
        ]
    };
    for resource in [
        "/pods",
        "/pods/status",
        "/pods/ephemeralcontainers",
        "/pods/resize",
        "/pods/anything",
    ] {
        for user in users() {
            for edit in edits {
                let mut new = pod.clone();
                edit(&mut new);
                let update = Review::new(user.clone(), "UPDATE", resource, "p")
                    .old(pod.clone())
                    .object(new.clone());
                refused(&update, &policy, "may not change rolegate's annotation");
                refused(
                    &update.set("dryRun", json!(true)),
                    &policy,
                    "may not change",
                );
                // What stays as it is stays allowed, and so does all else.
                let mut other = new.clone();
                annotate(&mut other, "other", "y");
                other["status"] = json!({ "phase": "Running" });
                passes(
                    &Review::new(user.clone(), "UPDATE", resource, "p")
                        .old(new.clone())
                        .object(other),
                    &policy,
                );
            }
        }
        let mut new = pod.clone();
        annotate(&mut new, CONFIG, "x");
        let root = admin();
        passes(
            &Review::new(root, "UPDATE", resource, "p")
                .old(pod.clone())
                .object(new),
            &policy,
        );
    }
    // A key that a reader of plain text would miss.
    let hidden = Review::new(tenant(), "UPDATE", "/pods", "p")
        .old(pod.clone())
        .object(pod.clone());
    let body = hidden.body().replacen(
        "rolegate.dev/aws-config\":",
        "\\u0072olegate.dev/aws-confi\":",
        1,
    );
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
    let decision =
        judge(request, rolegate_core::decision::Door::Enforce, &policy).expect("a decision");
    assert!(
        decision
            .judged
            .iter()
            .any(|judged| judged.finding.rule.as_str() == RULE)
    );
}

#[test]
fn annotations_by_a_binding() {
    let policy = by_default("");
    for resource in ["/pods/binding", "/bindings"] {
        let bind = |annotations: Value| {
            Review::new(tenant(), "CREATE", resource, "p").object(json!({
                "metadata": { "name": "p", "annotations": annotations }, "target": { "kind": "Node", "name": "n1" },
            }))
        };
        refused(
            &bind(json!({ CONFIG: "x" })),
            &policy,
            "may not change rolegate's annotation",
        );
        refused(
            &bind(json!({ "rolegate.dev/x": "" })),
            &policy,
            "may not change rolegate's annotation",
        );
        passes(&bind(json!({ "scheduler": "x" })), &policy);
        passes(&bind(Value::Null), &policy);
    }
}

#[test]
fn where_no_chain_is_configured_the_rule_is_off() {
    let builtin = Policy::builtin();
    let mut pod = irsa();
    annotate(&mut pod, CONFIG, "x");
    passes(&create(tenant(), &pod), &builtin);
}

#[test]
fn whose_doing_an_empty_token_variable_is() {
    let blanked = |pod: &Value, policy: &Policy, container: &str| {
        let body = create(runner(), pod).0.to_string();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let write = Write::new(&review.request, policy).expect("a write");
        let state = write.chain_state().expect("readable");
        state.is_some_and(|state| state.has_profile(container))
    };
    let policy = by_default("mode: exclusive");
    let right = chained(&runner(), &irsa(), &policy);
    assert_eq!(
        value(
            &right["spec"]["containers"][0],
            "AWS_WEB_IDENTITY_TOKEN_FILE"
        ),
        Some("")
    );
    assert!(blanked(&right, &policy, "spark-kubernetes-driver"));
    assert!(!blanked(&right, &policy, "emr-container-fluentd"));
    // The tenant's own doing.
    let mut pod = irsa();
    set(spark(&mut pod), "AWS_WEB_IDENTITY_TOKEN_FILE", "");
    assert!(!blanked(&pod, &policy, "spark-kubernetes-driver"));
    let mut pod = right.clone();
    annotate(&mut pod, CONFIG, "[default]\n");
    assert!(!blanked(&pod, &policy, "spark-kubernetes-driver"));
    assert!(!blanked(
        &right,
        &Policy::builtin(),
        "spark-kubernetes-driver"
    ));
    // With a token of its own a container needs no variables at all.
    let own = by_default("token: own");
    let pod = chained(&runner(), &bare(), &own);
    assert!(blanked(&pod, &own, "spark-kubernetes-driver"));
    assert!(!blanked(&bare(), &own, "spark-kubernetes-driver"));
    assert_eq!(
        value(&pod["spec"]["containers"][0], "AWS_CONFIG_FILE"),
        Some(CONFIG_FILE)
    );
}
