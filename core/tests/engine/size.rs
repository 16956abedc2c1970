//! Large bodies: what they cost grows as they do, in time and in memory. A
//! mutating webhook sees them before anybody has looked for two of one name.

use std::fmt::Write as _;

use rolegate_core::decision::Door;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::write::Write;
use serde_json::Value;

use crate::support::chain::{self, account, runner};
use crate::support::{in_proportion, judge, policy, tenant};

/// The bytes of a body's large part.
const SIZE: usize = 200_000;

/// As many elements as fit into a body of `size`.
fn list(size: usize, element: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 1024);
    let mut count = 0;
    while text.len() < size {
        if count > 0 {
            text.push(',');
        }
        text.push_str(&element(count));
        count += 1;
    }
    text
}

fn review(user: &Value, object: &str, old: &str, operation: &str, resource: &str) -> String {
    let (group, resource) = resource.split_once('/').expect("group/resource");
    let mut text = String::new();
    let _ = write!(
        text,
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","kind":{{"group":"{group}","version":"v1","kind":"Thing"}},"resource":{{"group":"{group}","version":"v1","resource":"{resource}"}},"name":"x","namespace":"spark-a","operation":"{operation}","userInfo":{user},"object":{object},"oldObject":{old},"dryRun":false}}}}"#
    );
    text
}

/// Both stations' work; the bytes of the answers.
fn answers(body: &str, policy: &Policy) -> usize {
    let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
    let request = &review.request;
    let judged = match judge(request, Door::Enforce, policy) {
        Ok(decision) => decision.to_json("u").len(),
        Err(error) => error.to_string().len(),
    };
    let subject = Write::new(request, policy).expect("a name");
    let mutated = subject
        .mutation()
        .map_or(0, |mutation| mutation.to_json("u", policy.hash).len());
    judged + mutated
}

#[test]
fn no_list_is_looked_through_for_every_element_of_another() {
    let policies = [
        ("builtin", Policy::builtin()),
        (
            "own token",
            chain::by_default("token: own, mode: exclusive, required: true"),
        ),
    ];
    let client = account("driver");
    let c = |inner: &str| {
        format!(
            r#"{{"metadata":{{"name":"x"}},"spec":{{"serviceAccountName":"{client}",{inner}}}}}"#
        )
    };
    let big = |size: usize| -> Vec<(&'static str, String)> {
        let half = size / 2;
        vec![
            (
                "blank containers",
                c(&format!(
                    r#""containers":[{}]"#,
                    list(size, |i| format!(
                        r#"{{"name":"c{i}","image":"a","env":[{{"name":"AWS_ROLE_ARN"}},{{"name":"AWS_WEB_IDENTITY_TOKEN_FILE"}}]}}"#
                    ))
                )),
            ),
            (
                "spark containers",
                c(&format!(
                    r#""containers":[{}]"#,
                    list(size, |_| {
                        r#"{"name":"spark-kubernetes-driver","env":[{"name":"AWS_ROLE_ARN"},{"name":"AWS_WEB_IDENTITY_TOKEN_FILE"}]}"#.into()
                    })
                )),
            ),
            (
                "bare spark containers",
                c(&format!(
                    r#""containers":[{}]"#,
                    list(size, |_| r#"{"name":"spark-kubernetes-driver"}"#.into())
                )),
            ),
            (
                "containers x volumes",
                c(&format!(
                    r#""containers":[{}],"volumes":[{}]"#,
                    list(half, |i| format!(
                        r#"{{"name":"c{i}","env":[{{"name":"AWS_ROLE_ARN","value":"a"}},{{"name":"AWS_WEB_IDENTITY_TOKEN_FILE","value":"/t/t"}}],"volumeMounts":[{{"name":"z","mountPath":"/t"}}]}}"#
                    )),
                    list(half, |i| format!(r#"{{"name":"v{i}","emptyDir":{{}}}}"#)),
                )),
            ),
            (
                "mounts x volumes",
                c(&format!(
                    r#""containers":[{{"name":"c","volumeMounts":[{}]}}],"volumes":[{}]"#,
                    list(half, |i| format!(
                        r#"{{"name":"z{i}","mountPath":"/t{i}"}}"#
                    )),
                    list(half, |i| format!(
                        r#"{{"name":"v{i}","persistentVolumeClaim":{{"claimName":"a{i}"}}}}"#
                    )),
                )),
            ),
            (
                "env",
                c(&format!(
                    r#""containers":[{{"name":"spark-kubernetes-driver","env":[{}]}}]"#,
                    list(size, |i| format!(r#"{{"name":"E{i}","value":"a"}}"#))
                )),
            ),
            (
                "env secrets",
                c(&format!(
                    r#""containers":[{{"name":"spark-kubernetes-driver","env":[{}]}}]"#,
                    list(size, |i| format!(
                        r#"{{"name":"E{i}","valueFrom":{{"secretKeyRef":{{"name":"s{i}","key":"k"}}}}}}"#
                    ))
                )),
            ),
            (
                "env from",
                c(&format!(
                    r#""containers":[{{"name":"spark-kubernetes-driver","envFrom":[{}]}}]"#,
                    list(size, |i| format!(
                        r#"{{"secretRef":{{"name":"emr-containers-s3-{i}"}}}}"#
                    ))
                )),
            ),
            (
                "secret volumes",
                c(&format!(
                    r#""containers":[],"volumes":[{}]"#,
                    list(size, |i| format!(
                        r#"{{"name":"v{i}","secret":{{"secretName":"s{i}"}}}}"#
                    ))
                )),
            ),
            (
                "host paths",
                c(&format!(
                    r#""containers":[],"volumes":[{}]"#,
                    list(size, |i| format!(
                        r#"{{"name":"v{i}","hostPath":{{"path":"/{i}"}}}}"#
                    ))
                )),
            ),
            (
                "csi",
                c(&format!(
                    r#""containers":[],"volumes":[{}]"#,
                    list(size, |i| format!(
                        r#"{{"name":"v{i}","csi":{{"driver":"d{i}"}}}}"#
                    ))
                )),
            ),
            (
                "projections",
                c(&format!(
                    r#""containers":[],"volumes":[{{"name":"p","projected":{{"sources":[{}]}}}}]"#,
                    list(size, |i| format!(
                        r#"{{"serviceAccountToken":{{"audience":"a{i}"}}}}"#
                    ))
                )),
            ),
            (
                "pull secrets",
                c(&format!(
                    r#""imagePullSecrets":[{}]"#,
                    list(size, |i| format!(r#"{{"name":"s{i}"}}"#))
                )),
            ),
            (
                "sysctls",
                c(&format!(
                    r#""securityContext":{{"sysctls":[{}]}}"#,
                    list(size, |i| format!(r#"{{"name":"s{i}"}}"#))
                )),
            ),
            (
                "capabilities",
                c(&format!(
                    r#""containers":[{{"name":"c","securityContext":{{"capabilities":{{"add":[{}]}}}}}}]"#,
                    list(size, |i| format!(r#""C{i}""#))
                )),
            ),
            (
                "claims",
                c(&format!(
                    r#""resourceClaims":[{}]"#,
                    list(size, |i| format!(r#"{{"name":"s{i}"}}"#))
                )),
            ),
            (
                "owners",
                format!(
                    r#"{{"metadata":{{"name":"x","ownerReferences":[{}]}},"spec":{{"serviceAccountName":"{client}"}}}}"#,
                    list(size, |i| format!(
                        r#"{{"kind":"Pod","name":"p{i}","uid":"u{i}"}}"#
                    ))
                ),
            ),
            (
                "labels",
                format!(
                    r#"{{"metadata":{{"name":"x","labels":{{{}}}}},"spec":{{"serviceAccountName":"{client}"}}}}"#,
                    list(size, |i| format!(
                        r#""emr-containers.amazonaws.com/l{i}":"a""#
                    ))
                ),
            ),
            (
                "annotations",
                format!(
                    r#"{{"metadata":{{"name":"x","annotations":{{{}}}}},"spec":{{"serviceAccountName":"{client}"}}}}"#,
                    list(size, |i| format!(r#""rolegate.dev/l{i}":"a""#))
                ),
            ),
            (
                "host ports",
                c(&format!(
                    r#""containers":[{{"name":"c","ports":[{}]}}]"#,
                    list(size, |_| r#"{"hostPort":80}"#.into())
                )),
            ),
            (
                "images",
                c(&format!(
                    r#""containers":[{}]"#,
                    list(size, |i| format!(
                        r#"{{"name":"c{i}","image":"111122223333.dkr.ecr.us-west-2.amazonaws.com/a:{i}"}}"#
                    ))
                )),
            ),
        ]
    };
    for (name, policy) in &policies {
        for (what, new) in big(SIZE) {
            // Another one of the same size, where that is still a pod.
            let old = new
                .replace("\"E", "\"F")
                .replace("/l", "/m")
                .replace("\"s", "\"t");
            let old = Some(old).filter(|old| serde_json::from_str::<Value>(old).is_ok());
            let old = old.unwrap_or_else(|| new.clone());
            let workload =
                |pod: &str| format!(r#"{{"metadata":{{"name":"x"}},"spec":{{"template":{pod}}}}}"#);
            for user in [tenant(), runner()] {
                for body in [
                    review(&user, &new, "null", "CREATE", "/pods"),
                    review(&user, &new, &old, "UPDATE", "/pods"),
                    review(&user, &workload(&new), "null", "CREATE", "apps/deployments"),
                    review(
                        &user,
                        &workload(&new),
                        &workload(&old),
                        "UPDATE",
                        "apps/deployments",
                    ),
                ] {
                    // Thousands where a list is looked through for each element of another.
                    let answer = in_proportion(&body, 400, || answers(&body, policy));
                    assert!(answer < 2 * SIZE, "{name}, {what}: {answer} bytes");
                }
            }
        }
    }
}

#[test]
fn more_containers_or_volumes_than_rules_read_are_denied_in_a_sentence() {
    let judged = |count: usize, part: &str, element: &str, resource: &str, around: [&str; 2]| {
        let elements = vec![element; count].join(",");
        let [before, after] = around;
        let pod = format!(r#"{before}{{"spec":{{"{part}":[{elements}]}}}}{after}"#);
        let body = review(&tenant(), &pod, "null", "CREATE", resource);
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let policy = Policy::builtin();
        let decision = judge(&review.request, Door::Enforce, &policy).expect("a decision");
        (decision.allowed(), decision.message())
    };
    let pod = ("/pods", ["", ""]);
    let template = (
        "batch/jobs",
        [r#"{"metadata":{"name":"x"},"spec":{"template":"#, "}}"],
    );
    for (part, element) in [
        ("containers", r#"{"name":"c"}"#),
        ("initContainers", r#"{"name":"c"}"#),
        ("ephemeralContainers", r#"{"name":"c"}"#),
        ("volumes", r#"{"name":"v","emptyDir":{}}"#),
    ] {
        for (resource, around) in [pod, template] {
            let (allowed, said) = judged(1001, part, element, resource, around);
            assert!(!allowed, "{part}");
            let sentence = "with more than 1000 containers, init containers or volumes";
            assert_eq!(said.matches(sentence).count(), 1, "{part}: {said}");
        }
        if part != "ephemeralContainers" {
            let (resource, around) = pod;
            assert!(judged(1000, part, element, resource, around).0, "{part}");
        }
    }
}

/// An exemption from one rule is none from the others, which have judged nothing.
#[test]
fn an_exemption_from_one_rule_lets_no_pod_of_any_length_pass() {
    let policy = policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nexemptions: [{ rules: [foreign-service-account], users: [alice], \
         namespaces: [\"*\"], until: 2026-12-01T00:00:00Z, reason: x }]",
    );
    let containers = vec![r#"{"name":"c","securityContext":{"privileged":true}}"#; 1001].join(",");
    for (resource, [before, after]) in [
        ("/pods", ["", ""]),
        (
            "batch/jobs",
            [r#"{"metadata":{"name":"x"},"spec":{"template":"#, "}}"],
        ),
    ] {
        let object = format!(r#"{before}{{"spec":{{"containers":[{containers}]}}}}{after}"#);
        let body = review(&tenant(), &object, "null", "CREATE", resource);
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let decision = judge(&review.request, Door::Enforce, &policy).expect("a decision");
        assert!(!decision.allowed(), "{resource}");
        let exempted = decision.judged.iter().any(|one| one.exempted.is_some());
        assert_eq!(exempted, resource == "/pods", "{resource}");
    }
}
