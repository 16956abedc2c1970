//! Where images come from, once the policy says it: for tenants, and for what a
//! job's submitter asks of EMR.

use serde_json::{Value, json};

use super::pair::{JOB, account};
use super::private::Private;
use super::refusal::{IMAGES, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::accounts::{pod, pod_spec};
use crate::harness::http::{MERGE, STRATEGIC};

const POLICY: &str = "\
rules:
  image-source: {registries: [registry.example, public.ecr.aws/emr-on-eks], minimumRelease: emr-7.5.0}
";

fn scene() -> (Private, Namespace<'static>) {
    let (private, namespace) = Private::start("enforce", |_| POLICY.to_owned());
    namespace.service_account(&account("client"));
    (private, namespace)
}

fn with_image(image: &str) -> Value {
    let mut pod = pod("mine", "default");
    pod["spec"]["containers"][0]["image"] = image.into();
    pod
}

/// The Job that EMR makes of a submission.
fn emrs_job(image: &str) -> Road {
    let mut spec = pod_spec(&account("client"));
    spec["containers"][0]["image"] = image.into();
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": JOB},
        "spec": {"template": {"spec": spec}},
    });
    Road::create("batch/v1", "jobs", &job).dry()
}

#[test]
fn listed_images_pass() {
    let (_private, namespace) = scene();
    let cluster = namespace.cluster;
    for image in [
        "registry.example/main:1",
        "Registry.example/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "public.ecr.aws/emr-on-eks/spark/emr-7.5.0:latest",
    ] {
        let road = Road::create("v1", "pods", &with_image(image)).dry();
        road.by(cluster.alice(), &namespace).expect_status(201);
        emrs_job(image)
            .by(cluster.emr(), &namespace)
            .expect_status(201);
    }
}

#[test]
fn other_registries_and_old_releases_are_refused() {
    let (_private, namespace) = scene();
    let cluster = namespace.cluster;
    for image in [
        "evil.example/main:1",
        "registry.example:5000/main:1",
        "registry.example.evil.example/main:1",
        "main",
        "public.ecr.aws/emr-on-eks-evil/spark/emr-7.5.0:latest",
        "public.ecr.aws/emr-on-eks/spark/emr-6.15.0:latest",
    ] {
        let road = Road::create("v1", "pods", &with_image(image)).dry();
        let answer = road.by(cluster.alice(), &namespace);
        let seen = "alice may not start Pod <ns>/mine with image";
        assert_refused(&answer, &namespace, IMAGES, seen);
        let answer = emrs_job(image).by(cluster.emr(), &namespace);
        let seen = "emr-containers may not start pods of Job <ns>/";
        assert_refused(&answer, &namespace, IMAGES, seen);
    }
}

#[test]
fn a_running_pod_keeps_to_listed_images() {
    let (_private, namespace) = scene();
    let cluster = namespace.cluster;
    namespace.pod("running", "default");
    let change = |image: &str| {
        let change = json!({"spec": {"containers": [{"name": "main", "image": image}]}});
        let road = Road::patch("v1", "pods/running", STRATEGIC, &change).dry();
        road.by(cluster.alice(), &namespace)
    };
    change("registry.example/main:2").expect_status(200);
    let seen = "alice may not start Pod <ns>/running with image";
    assert_refused(&change("evil.example/main:1"), &namespace, IMAGES, seen);
    // What is there stays, whatever it is.
    let mut old = with_image("evil.example/main:1");
    old["metadata"]["name"] = "old".into();
    namespace.pod_from(&old);
    let labelled = json!({"metadata": {"labels": {"a": "b"}}});
    let road = Road::patch("v1", "pods/old", MERGE, &labelled);
    road.by(cluster.alice(), &namespace).expect_status(200);
}
