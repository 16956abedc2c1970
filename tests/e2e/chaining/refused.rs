//! What must not work, and what happens where something is missing.

use serde_json::{Value, json};

use super::job::set_variable;
use super::scene::{self, CONFIG, DRIVER, ROLE_1, ROLE_2, ROLE_3};
use crate::harness::aws::Trust;
use crate::harness::http::{JSON_PATCH, MERGE};
use crate::harness::kubelet;
use crate::harness::sdk::{From, Sdk};

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
            let (identity, aws) = scene::run(*sdk, From::DefaultChain, (&pod, DRIVER), trust);
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
        let (identity, aws) = scene::run(Sdk::Boto3, From::DefaultChain, (pod, DRIVER), trust);
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
        let (identity, _) = scene::run(sdk, From::DefaultChain, (&pod, DRIVER), scene::trust(&pod));
        let identity = identity.expect("credentials");
        assert!(identity.starts_with(&scene::assumed(ROLE_1)), "{identity}");
    }
}

/// Where EKS's webhook or rolegate's did not come through, a job that must be
/// chained does not start.
#[test]
fn a_required_chain_that_is_missing_refuses_the_pod() {
    for namespace in ["no-eks", "no-label"] {
        let job = scene::job(namespace);
        let answer = job.submit("pods", &job.driver_pod());
        assert!(answer.refused_by_webhook(), "{namespace}: {}", answer.body);
        assert!(
            answer.message().contains("chain-profile"),
            "{}",
            answer.message()
        );
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
        let answer = job.submit("pods", &pod);
        assert!(answer.refused_by_webhook(), "{}", answer.body);
        for text in ["chain-profile", FOREIGN, ROLE_2, ROLE_3] {
            assert!(
                answer.message().contains(text),
                "{text}: {}",
                answer.message()
            );
        }
    }
}

/// An edited text, a second mount, a variable that comes later: not as another
/// role's, and not by a pod that brings them along.
#[test]
fn an_edited_profile_is_refused() {
    let stored = scene::job("mode-profile").driver();
    let injected = |job: &super::job::Job| {
        // As rolegate wrote it, for this job.
        let mut pod = job
            .submit("pods?dryRun=All", &job.driver_pod())
            .expect_status(201)
            .json();
        let metadata = pod["metadata"].as_object_mut().expect("metadata");
        metadata.retain(|key, _| ["name", "labels", "annotations"].contains(&key.as_str()));
        pod["status"].take();
        pod
    };
    assert!(stored["metadata"]["annotations"][CONFIG].is_string());
    let edits: [(&str, fn(&mut Value)); 3] = [
        ("text", |pod| {
            let text = pod["metadata"]["annotations"][CONFIG]
                .as_str()
                .unwrap_or_default();
            let edited = format!("{text}credential_process = /bin/sh -c id\n");
            pod["metadata"]["annotations"][CONFIG] = edited.into();
        }),
        ("mount", |pod| {
            for mount in pod["spec"]["containers"][0]["volumeMounts"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                if mount["name"] == "rolegate-aws-config" {
                    mount["name"] = "home-dir".into();
                }
            }
        }),
        ("variable", |pod| {
            set_variable(pod, "AWS_CONFIG_FILE", "/home/hadoop/config")
        }),
    ];
    for (what, edit) in edits {
        let job = scene::job("mode-profile");
        let mut pod = injected(&job);
        edit(&mut pod);
        let answer = job.submit("pods", &pod);
        // Where rolegate puts it right again, it is right again.
        if answer.status == 201 {
            let now = answer.json();
            let (identity, aws) = scene::run(
                Sdk::Boto3,
                From::DefaultChain,
                (&now, DRIVER),
                scene::trust(&now),
            );
            let expected = format!("{}/{}", scene::assumed(ROLE_2), job.session());
            assert_eq!(identity, Ok(expected), "{what}: {:#?}", aws.shown());
            let text = now["metadata"]["annotations"][CONFIG]
                .as_str()
                .unwrap_or_default();
            assert!(!text.contains("credential_process"), "{what}: {text}");
        } else {
            assert!(answer.refused_by_webhook(), "{what}: {}", answer.body);
            assert!(
                answer.message().contains("chain-profile"),
                "{what}: {}",
                answer.message()
            );
        }
    }
}

/// Afterwards nobody but administrators changes a `rolegate.dev/` annotation.
#[test]
fn annotations_stay_as_they_are() {
    let job = scene::job("mode-profile");
    let name = job.driver()["metadata"]["name"].clone();
    let name = name.as_str().expect("a name");
    let cluster = job.namespace.cluster;
    let merge =
        json!({"metadata": {"annotations": {CONFIG: "[default]\ncredential_process = id"}}});
    let remove =
        json!([{"op": "remove", "path": "/metadata/annotations/rolegate.dev~1aws-config"}]);
    for sub_resource in ["", "/status"] {
        for (kind, patch) in [(MERGE, &merge), (JSON_PATCH, &remove)] {
            let path = job.namespace.core(&format!("pods/{name}{sub_resource}"));
            let request = cluster.request(cluster.alice(), "PATCH", &path);
            let answer = request.body(kind, patch.to_string()).send();
            assert!(
                answer.refused_by_webhook(),
                "{sub_resource} {kind}: {}",
                answer.body
            );
            assert!(
                answer.message().contains("chain-profile"),
                "{}",
                answer.message()
            );
        }
    }
    // Annotations of a binding are merged into the pod.
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": {"name": name, "annotations": {CONFIG: "[default]"}},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    });
    let path = job.namespace.core(&format!("pods/{name}/binding"));
    let answer = cluster
        .request(cluster.alice(), "POST", &path)
        .json(&binding)
        .send();
    assert!(answer.refused_by_webhook(), "{}", answer.body);
    assert!(
        answer.message().contains("chain-profile"),
        "{}",
        answer.message()
    );
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
    let (identity, _) = scene::run(
        Sdk::Boto3,
        From::DefaultChain,
        (&answer.json(), DRIVER),
        scene::trust(&answer.json()),
    );
    let error = identity.expect_err("there is no such profile");
    assert!(error.contains("mine"), "{error}");

    let job = scene::job("mode-profile");
    let mut pod = job.driver_pod();
    set_variable(&mut pod, "AWS_PROFILE", "mine");
    let answer = job.submit("pods", &pod);
    assert!(answer.refused_by_webhook(), "{}", answer.body);
    assert!(
        answer.message().contains("AWS_PROFILE"),
        "{}",
        answer.message()
    );
}
