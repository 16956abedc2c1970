//! What a policy can ask for besides one role: several hops, an external id, a
//! session's length, profiles by name, a token of rolegate's own; and the two
//! orders of the webhooks.

use super::job;
use super::scene::{self, DRIVER, EXTERNAL_ID, ROLE_1, ROLE_2, ROLE_3};
use crate::harness::aws::Call;
use crate::harness::sdk::{From, Sdk};

/// Role 1, role 2, role 3, in every SDK: all sessions carry the job's name, only
/// the last hop the external id.
#[test]
fn three_hops_end_in_the_third_role() {
    let job = scene::job("three-hops");
    let pod = job.driver();
    for sdk in Sdk::ALL {
        let aws = job.assert_becomes(ROLE_3, (sdk, From::DefaultChain), (&pod, DRIVER));
        let calls = aws.calls();
        let [first, second, third, _] = calls.as_slice() else {
            panic!("{}: {:#?}", sdk.name(), aws.shown());
        };
        for (call, role, external_id) in [
            (first, ROLE_1, None),
            (second, ROLE_2, None),
            (third, ROLE_3, Some(EXTERNAL_ID)),
        ] {
            assert_eq!(call.role.as_deref(), Some(role), "{}", sdk.name());
            assert_eq!(
                call.session.as_deref(),
                Some(&*job.session()),
                "{}",
                sdk.name()
            );
            assert_eq!(call.external_id.as_deref(), external_id, "{}", sdk.name());
        }
        // The SDKs' own difference: two of them do not read the key.
        let length = match sdk {
            Sdk::Rust | Sdk::Java => None,
            _ => Some("900"),
        };
        let asked = third.duration.as_deref();
        assert!(
            length.is_none_or(|length| asked == Some(length)),
            "{}: {asked:?}",
            sdk.name()
        );
    }
}

/// A role that wants an external id is closed to the second JavaScript SDK: it
/// does not say it, whatever the profile has.
#[test]
fn the_second_javascript_sdk_says_no_external_id() {
    let job = scene::job("three-hops");
    let pod = job.driver();
    let client = (Sdk::JavaScript2, From::DefaultChain);
    let (identity, aws) = scene::run(client, (&pod, DRIVER), scene::trust(&pod));
    identity.expect_err("role 3 wants its external id");
    let calls = aws.shown();
    let last = calls.last().map(String::as_str);
    assert_eq!(
        last,
        Some("client-role-2 AssumeRole role-3: AccessDenied"),
        "{calls:#?}"
    );
    assert!(aws.calls().iter().all(|call| call.external_id.is_none()));
}

/// A program that names a profile gets that role, straight from role 1; one
/// that names none has the default one.
#[test]
fn further_profiles_are_there_by_name() {
    let job = scene::job("profiles");
    let pod = job.driver();
    for sdk in Sdk::ALL {
        let aws = job.assert_becomes(ROLE_3, (sdk, From::Profile("audit")), (&pod, DRIVER));
        let by: Vec<_> = aws.calls().into_iter().map(|call| call.by).collect();
        let [role_1, role_3] = [ROLE_1, ROLE_3].map(|role| Some(role.to_owned()));
        assert_eq!(by, [None, role_1, role_3], "{}", sdk.name());
    }
    job.assert_becomes(ROLE_2, (Sdk::Boto3, From::DefaultChain), (&pod, DRIVER));
}

/// The annotation, in a namespace where nobody has a chain without asking.
#[test]
fn an_annotation_asks_for_a_chain() {
    let job = scene::job("asked");
    let mut pod = job.driver_pod();
    pod["metadata"]["annotations"]["rolegate.dev/chain-to"] = ROLE_2.into();
    let asked = job.create(&pod);
    let other = scene::job("asked");
    for (pod, role) in [(asked, ROLE_2), (other.driver(), ROLE_1)] {
        scene::assert_is(role, (Sdk::Boto3, From::DefaultChain), (&pod, DRIVER));
    }
}

/// The driver makes its executors, and they are chained under the same name.
#[test]
fn executors_are_chained_like_their_driver() {
    let job = scene::job("mode-exclusive");
    let pod = job.executor(&job.driver());
    for sdk in [Sdk::Boto3, Sdk::Java, Sdk::Go] {
        let container = (&pod, "spark-kubernetes-executor");
        job.assert_becomes(ROLE_2, (sdk, From::DefaultChain), container);
    }
}

/// The log sidecar writes logs as role 1, in every mode; so does the runner.
#[test]
fn log_sidecars_keep_the_execution_role() {
    for namespace in ["mode-profile", "mode-exclusive", "mode-pod-identity"] {
        let pod = scene::job(namespace).driver();
        // Not boto3: EKS leaves AWS_DEFAULT_REGION out where EMR sets AWS_REGION,
        // and it reads no other.
        let container = (&pod, "emr-container-fluentd");
        scene::assert_is(ROLE_1, (Sdk::Go, From::DefaultChain), container);
    }
}

/// Called before EKS's webhook, rolegate is called again and finishes then.
#[test]
fn the_order_of_the_webhooks_makes_no_difference() {
    for (namespace, sdks) in [
        ("front-profile", &[Sdk::Boto3, Sdk::Rust][..]),
        ("front-exclusive", &Sdk::ALL),
    ] {
        let job = scene::job(namespace);
        let pod = job.driver();
        let round = ["aaa-rolegate", "pod-identity-webhook"];
        job.expect_calls_in_order(&pod, &[round, round].concat());
        for sdk in sdks {
            job.assert_becomes(ROLE_2, (*sdk, From::DefaultChain), (&pod, DRIVER));
        }
    }
}

/// With a token of rolegate's own the chain starts from web identity, though
/// EKS gave Pod Identity, or nothing at all.
#[test]
fn an_own_token_needs_nothing_of_eks() {
    for namespace in ["own-token", "no-eks-own-token"] {
        let job = scene::job(namespace);
        let mut pod = job.driver_pod();
        if namespace == "no-eks-own-token" {
            // It would have the node's role, so `credential-provider` refuses it.
            let containers = pod["spec"]["containers"].as_array_mut();
            let containers = containers.expect("a driver has some");
            containers.retain(|container| container["name"] != "emr-container-fluentd");
        }
        let pod = job.create(&pod);
        for sdk in Sdk::ALL {
            let aws = job.assert_becomes(ROLE_2, (sdk, From::DefaultChain), (&pod, DRIVER));
            let first: Option<Call> = aws.calls().into_iter().next();
            let action = first.map(|call| call.action);
            assert_eq!(action.as_deref(), Some("AssumeRoleWithWebIdentity"));
        }
    }
}

/// With IRSA's and Pod Identity's variables in one container every mode but
/// `pod-identity` starts from IRSA. SDKs that look at IRSA's variables before
/// any profile stay with role 1 unless the mode empties them.
#[test]
fn beside_both_of_eks_families_the_mode_decides() {
    for (namespace, first, stays) in [
        ("both-profile", "AssumeRoleWithWebIdentity", true),
        ("both-exclusive", "AssumeRoleWithWebIdentity", false),
        ("both-pod-identity", "PodIdentity", true),
    ] {
        let job = scene::job(namespace);
        let mut pod = job.driver_pod();
        job::add_irsa(&mut pod);
        let pod = job.create(&pod);
        for sdk in Sdk::ALL {
            let program = (sdk, From::DefaultChain);
            if stays && [Sdk::Java, Sdk::Go].contains(&sdk) {
                scene::assert_is(ROLE_1, program, (&pod, DRIVER));
                continue;
            }
            let aws = job.assert_becomes(ROLE_2, program, (&pod, DRIVER));
            assert_eq!(
                aws.calls()[0].action,
                first,
                "{namespace}: {:#?}",
                aws.shown()
            );
        }
    }
}
