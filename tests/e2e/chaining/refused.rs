//! What must not work, and what happens where something is missing.

use serde_json::{Value, json};

use super::job::{self, set_variable};
use super::scene::{self, CONFIG, DRIVER, ROLE_1, ROLE_2, ROLE_3};
use crate::harness::aws::Trust;
use crate::harness::http::{Answer, JSON_PATCH, MERGE};
use crate::harness::sdk::{From, Sdk};
use crate::harness::{Namespace, kubelet};

/// Role 2 does not trust role 1: no SDK goes on with role 1 silently.
#[test]
fn a_hop_that_is_denied_leaves_no_identity() {
    let both = [
        (
            "mode-profile",
            &[Sdk::Boto3, Sdk::Cli, Sdk::JavaScript, Sdk::Rust][..],
        ),
        ("mode-exclusive", &Sdk::ALL),
    ];
    for (namespace, sdks) in both {
        let pod = scene::job(namespace).driver();
        for sdk in sdks {
            let trust = Trust::default().web_identity(ROLE_1, &kubelet::subject(&pod));
            let (identity, aws) = scene::run((*sdk, From::DefaultChain), (&pod, DRIVER), trust);
            let calls = aws.shown();
            assert!(
                identity.is_err(),
                "{namespace}: {identity:?} after {calls:#?}"
            );
            let denied = "job-execution-role-1 AssumeRole client-role-2: AccessDenied";
            assert!(calls.iter().any(|call| call == denied), "{calls:#?}");
        }
    }
}

/// Another job's service account has another subject, and role 1 does not trust
/// it; nor is a token for something else one for STS.
#[test]
fn a_token_that_role_1_does_not_trust_is_no_start() {
    let pod = scene::job("mode-exclusive").driver();
    let foreign = Trust::default()
        .web_identity(ROLE_1, "system:serviceaccount:mode-exclusive:somebody-else")
        .role(ROLE_1, ROLE_2);
    let mut other_audience = pod.clone();
    for volume in other_audience["spec"]["volumes"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        if volume["name"] == "aws-iam-token" {
            volume["projected"]["sources"][0]["serviceAccountToken"]["audience"] = "else".into();
        }
    }
    let refused = "nobody AssumeRoleWithWebIdentity job-execution-role-1";
    for (pod, trust, code) in [
        (&pod, foreign, "AccessDenied"),
        (&other_audience, scene::trust(&pod), "InvalidIdentityToken"),
    ] {
        let (identity, aws) = scene::run((Sdk::Boto3, From::DefaultChain), (pod, DRIVER), trust);
        assert!(identity.is_err(), "{identity:?}");
        assert!(
            aws.shown().contains(&format!("{refused}: {code}")),
            "{:#?}",
            aws.shown()
        );
    }
}

/// Why `required` refuses a pod whose annotation somebody took away: the file is
/// empty then, and in mode `profile` every SDK goes on as role 1.
#[test]
fn without_its_text_a_pod_would_stay_with_role_1() {
    let mut pod = scene::job("mode-profile").driver();
    pod["metadata"]["annotations"][CONFIG] = Value::Null;
    for sdk in Sdk::ALL {
        scene::assert_is(ROLE_1, (sdk, From::DefaultChain), (&pod, DRIVER));
    }
}

/// Where EKS's webhook or rolegate's did not come through, a job that must be
/// chained does not start.
#[test]
fn a_required_chain_that_is_missing_refuses_the_pod() {
    for namespace in ["no-eks", "no-label"] {
        let job = scene::job(namespace);
        let answer = job.submit("pods", &job.driver_pod());
        assert_refused(&answer, &[]);
    }
}

/// A role the policy does not list, by annotation and by the guide's variables.
#[test]
fn a_chain_that_is_not_listed_is_refused_with_the_list() {
    const FOREIGN: &str = "arn:aws:iam::444455556666:role/somebody-elses";
    let job = scene::job("asked");
    let mut by_annotation = job.driver_pod();
    by_annotation["metadata"]["annotations"]["rolegate.dev/chain-to"] = FOREIGN.into();
    let mut by_variable = job.driver_pod();
    set_variable(&mut by_variable, "CLIENT_ROLE_ARN", FOREIGN);
    set_variable(&mut by_variable, "WEB_IDENTITY_ROLE_ARN", ROLE_1);
    for pod in [by_annotation, by_variable] {
        assert_refused(&job.submit("pods", &pod), &[FOREIGN, ROLE_2, ROLE_3]);
    }
}

/// A pod that brings a profile along, not quite as rolegate writes it: put right
/// where rolegate mutates, refused where it does not. One that is right passes.
#[test]
fn an_edited_profile_is_put_right_or_refused() {
    let (job, unlabelled) = (scene::job("mode-profile"), scene::job("no-label"));
    let right = job.submit("pods?dryRun=All", &job.driver_pod());
    let right = job::as_sent(&right.expect_status(201).json());
    let edits: [fn(&mut Value); 3] = [
        |pod| {
            let text = &mut pod["metadata"]["annotations"][CONFIG];
            let old = text.as_str().unwrap_or_default();
            *text = format!("{old}credential_process = /bin/sh -c id\n").into();
        },
        |pod| {
            let mount = injected(&mut pod["spec"]["containers"][0]["volumeMounts"]);
            mount["name"] = "home-dir".into();
        },
        |pod| {
            let volume = injected(&mut pod["spec"]["volumes"]);
            *volume = json!({"name": "rolegate-aws-config", "configMap": {"name": "mine"}});
        },
    ];
    for edit in edits {
        let mut pod = right.clone();
        edit(&mut pod);
        assert_ne!(pod, right);
        let answer = job.submit("pods?dryRun=All", &pod).expect_status(201);
        let repaired = job::as_sent(&answer.json());
        for part in ["/metadata/annotations", "/spec/volumes"] {
            assert_eq!(repaired.pointer(part), right.pointer(part), "{part}");
        }
        job.assert_becomes(
            ROLE_2,
            (Sdk::Boto3, From::DefaultChain),
            (&answer.json(), DRIVER),
        );

        let answer = unlabelled.submit("pods?dryRun=All", &unlabelled.own(&pod));
        assert_refused(&answer, &[]);
    }
    unlabelled
        .submit("pods?dryRun=All", &unlabelled.own(&right))
        .expect_status(201);
}

/// What rolegate put into a list.
fn injected(list: &mut Value) -> &mut Value {
    let mut items = list.as_array_mut().into_iter().flatten();
    let ours = items.find(|item| item["name"] == "rolegate-aws-config");
    ours.expect("injected")
}

/// Afterwards nobody but administrators changes a `rolegate.dev/` annotation,
/// on any of the roads that lead there without rolegate.
#[test]
fn annotations_stay_as_they_are() {
    let job = scene::job("mode-profile");
    let open = Namespace::unmanaged(job.namespace.cluster);
    open.service_account(&job::account("driver"));
    let stored = job.driver();
    let mut copy = job::as_sent(&stored);
    copy["metadata"]["namespace"] = open.name.as_str().into();
    open.pod_from(&copy);

    let name = stored["metadata"]["name"].as_str().expect("a name");
    let edited = json!({CONFIG: "[default]\ncredential_process = id"});
    let merge = json!({"metadata": {"annotations": edited}});
    let remove =
        json!([{"op": "remove", "path": "/metadata/annotations/rolegate.dev~1aws-config"}]);
    // Annotations of a binding are merged into the pod.
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": {"name": name, "annotations": edited},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    });
    for (method, sub_resource, kind, body) in [
        ("PATCH", "", MERGE, &merge),
        ("PATCH", "/status", MERGE, &merge),
        ("POST", "/binding", "application/json", &binding),
        ("PATCH", "", JSON_PATCH, &remove),
    ] {
        let send = |namespace: &Namespace<'_>| {
            let path = namespace.core(&format!("pods/{name}{sub_resource}"));
            let cluster = namespace.cluster;
            let request = cluster.request(cluster.alice(), method, &path);
            request.body(kind, body.to_string()).send()
        };
        let answer = send(&open);
        assert!(
            answer.status < 300,
            "{method} {sub_resource}: {}",
            answer.body
        );
        assert_refused(&send(&job.namespace), &[]);
    }
}

/// A container with settings of its own is left alone, and whoever starts it is
/// told; with `required` its pod is refused.
#[test]
fn own_settings_are_left_alone_or_refused() {
    let job = scene::job("profiles");
    let mut pod = job.driver_pod();
    set_variable(&mut pod, "AWS_PROFILE", "mine");
    let answer = job.submit("pods", &pod).expect_status(201);
    let warnings = answer.warnings();
    assert!(
        warnings.iter().any(|text| text.contains("AWS_PROFILE")),
        "{warnings:?}"
    );
    let stored = answer.json();
    let (identity, _) = scene::run(
        (Sdk::Boto3, From::DefaultChain),
        (&stored, DRIVER),
        scene::trust(&stored),
    );
    let error = identity.expect_err("there is no such profile");
    assert!(error.contains("mine"), "{error}");

    let job = scene::job("mode-profile");
    let mut pod = job.driver_pod();
    set_variable(&mut pod, "AWS_PROFILE", "mine");
    assert_refused(&job.submit("pods", &pod), &["AWS_PROFILE"]);
}

/// By the rule `chain-profile`, with these texts.
#[track_caller]
fn assert_refused(answer: &Answer, texts: &[&str]) {
    assert!(answer.refused_by_webhook(), "{}", answer.body);
    for text in [&["chain-profile"], texts].concat() {
        assert!(answer.message().contains(text), "{text}: {}", answer.body);
    }
}
