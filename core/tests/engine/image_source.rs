//! The rule `image-source`: where images come from and how old EMR's may be.

use crate::support::scene::{admin, driver, emr, node};
use crate::support::{Review, controller, policy, service_account, tenant};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

const RULE: &str = "image-source";
const GOOD: &str = "public.ecr.aws/emr-on-eks/spark/emr-7.2.0:latest";
const EVIL: &str = "public.ecr.aws/emr-on-eks-evil/spark/emr-7.2.0:latest";

fn configured(options: &str) -> Policy {
    policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nrules:\n  image-source: {{ {options} }}\n"
    ))
}

fn listed() -> Policy {
    configured(
        r#"registries: ["111122223333.dkr.ecr.*.amazonaws.com", "Public.ECR.aws/emr-on-eks", docker.io/library]"#,
    )
}

fn pod(image: &str) -> Value {
    json!({ "spec": { "containers": [{ "name": "c", "image": image }] } })
}

fn create(user: Value, resource: &str, object: Value) -> Review {
    Review::new(user, "CREATE", resource, "p").object(object)
}

#[test]
fn off_until_configured() {
    create(tenant(), "/pods", pod("evil.example/x")).passes(&Policy::builtin());
}

#[test]
fn every_place_an_image_stands_in() {
    let policy = listed();
    for (object, path) in [
        (pod(EVIL), "spec.containers[0].image"),
        (
            json!({ "spec": { "containers": [{ "image": GOOD }, { "image": EVIL }] } }),
            "spec.containers[1].image",
        ),
        (
            json!({ "spec": { "initContainers": [{ "image": EVIL }] } }),
            "spec.initContainers[0].image",
        ),
        (
            json!({ "spec": { "ephemeralContainers": [{ "image": EVIL }] } }),
            "spec.ephemeralContainers[0].image",
        ),
        (
            json!({ "spec": { "volumes": [{ "name": "v", "image": { "reference": EVIL } }] } }),
            "spec.volumes[0].image.reference",
        ),
    ] {
        for user in [
            tenant(),
            emr(),
            controller("job-controller"),
            service_account("istio-system", "istiod"),
            driver(),
        ] {
            create(user.clone(), "/pods", object.clone()).refused(&policy, RULE, path);
            create(
                user,
                "apps/deployments",
                json!({ "spec": { "template": object } }),
            )
            .refused(&policy, RULE, &format!("spec.template.{path}"));
        }
        create(admin(), "/pods", object.clone()).passes(&policy);
        create(node(), "/pods", object).passes_rule(&policy, RULE);
    }
    let cron = json!({ "spec": { "jobTemplate": { "spec": { "template": pod(EVIL) } } } });
    create(tenant(), "batch/cronjobs", cron).refused(
        &policy,
        RULE,
        "spec.jobTemplate.spec.template.spec",
    );
    create(tenant(), "/podtemplates", json!({ "template": pod(EVIL) })).refused(
        &policy,
        RULE,
        "template.spec",
    );
}

#[test]
fn registries() {
    let policy = listed();
    for image in [
        GOOD,
        "nginx",
        "nginx:1.27",
        "docker.io/nginx",
        "PUBLIC.ecr.aws/emr-on-eks/spark",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team-a/etl@sha256:0123456789abcdef0123456789abcdef",
        // A template may leave the image to somebody else.
        "",
        " ",
    ] {
        create(tenant(), "/pods", pod(image)).passes(&policy);
    }
    for (image, words) in [
        (
            EVIL,
            "whose registry public.ecr.aws the policy does not list",
        ),
        ("team/app", "docker.io"),
        (
            "evil.example/public.ecr.aws/emr-on-eks/spark",
            "evil.example",
        ),
        (
            "public.ecr.aws.evil.example/emr-on-eks/spark",
            "evil.example",
        ),
        (
            "public.ecr.aws:8443/emr-on-eks/spark",
            "public.ecr.aws:8443",
        ),
        (
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com.evil.example/a",
            "evil.example",
        ),
        (
            "444455556666.dkr.ecr.eu-west-1.amazonaws.com/a",
            "444455556666",
        ),
        ("public.ecr.aws/../evil", "no container runtime can read"),
        (
            "public.ecr.aws/emr-on-eks/Spark",
            "no container runtime can read",
        ),
        (
            "public.ecr.aws/emr-on-eks/spark@latest",
            "no container runtime can read",
        ),
        ("a\nb", "a\\u{a}b, which no container runtime can read"),
    ] {
        create(tenant(), "/pods", pod(image)).refused(&policy, RULE, words);
    }
}

#[test]
fn releases() {
    let policy = configured("minimumRelease: emr-6.15.0");
    for (image, words) in [
        (
            "public.ecr.aws/emr-on-eks/spark/emr-6.9.0:latest",
            "which is emr-6.9.0, older than emr-6.15.0",
        ),
        (
            "755674844232.dkr.ecr.us-east-1.amazonaws.com/spark/emr-5.36.0",
            "emr-5.36.0",
        ),
        (
            "755674844232.dkr.ecr.us-east-1.amazonaws.com/fluentd/emr-6.9.0:latest",
            "emr-6.9.0",
        ),
        (
            "public.ecr.aws/emr-on-eks/spark-operator:6.14.0",
            "emr-6.14.0",
        ),
    ] {
        create(emr(), "/pods", pod(image)).refused(&policy, RULE, words);
    }
    for image in [
        "public.ecr.aws/emr-on-eks/spark/emr-6.15.0:latest",
        GOOD,
        "755674844232.dkr.ecr.us-east-1.amazonaws.com/spark/emr-7.12.0",
        // Nobody can tell: another account's, one's own.
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/spark/emr-6.9.0",
        "nginx",
    ] {
        create(emr(), "/pods", pod(image)).passes(&policy);
    }
}

#[test]
fn on_update_what_changes() {
    let policy = listed();
    let update = |resource: &str, old: Value, new: Value| {
        Review::new(tenant(), "UPDATE", resource, "p")
            .old(old)
            .object(new)
    };
    update("/pods", pod(GOOD), pod(EVIL)).refused(&policy, RULE, "spec.containers[0].image");
    update("/pods", pod(EVIL), pod(EVIL)).passes(&policy);
    let debug = json!({ "spec": { "containers": [{ "image": EVIL }], "ephemeralContainers": [{ "image": "evil.example/x" }] } });
    update("/pods/ephemeralcontainers", pod(EVIL), debug).refused(
        &policy,
        RULE,
        "spec.ephemeralContainers[0].image",
    );
    let workload = |image: &str, replicas: u8| json!({ "spec": { "replicas": replicas, "template": pod(image) } });
    update("apps/deployments", workload(EVIL, 1), workload(EVIL, 2)).passes(&policy);
    update("apps/deployments", workload(GOOD, 1), workload(EVIL, 1)).refused(
        &policy,
        RULE,
        "spec.template",
    );
}
