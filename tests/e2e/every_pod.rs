//! The watcher of every pod (`harness::every_pod`) is at work: it sees pods by
//! whatever road they come, has them chained, leaves them as they are, and
//! refuses loudly when a patch is wrong. Here on the shared control plane; where
//! rolegate itself chains the pods, in `chaining::watched`.

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use rolegate_core::mutation::{
    CONFIG_ANNOTATION, Content, Mutation, Operation, Patch, Path, Place,
};
use rolegate_core::policy::Policy;
use serde_json::{Value, json};

use crate::harness::accounts::{pod, pod_spec};
use crate::harness::cast::{ROLE, job_account};
use crate::harness::every_pod::{self, Fate, Sighting};
use crate::harness::{Cluster, Namespace, pod_identity, wait};

/// A namespace with the service account of one of a job's components.
fn scene(component: &str) -> (Namespace<'static>, String) {
    let namespace = Namespace::unmanaged(Cluster::shared());
    let account = job_account(component, ROLE);
    namespace.service_account(&account);
    (namespace, account)
}

/// What became of the namespace's pod with this name.
#[track_caller]
fn fate(namespace: &Namespace<'_>, name: &str) -> Fate {
    let seen = every_pod::sightings(namespace);
    let found = seen.iter().find(|sighting| sighting.name == name);
    let found = found.unwrap_or_else(|| panic!("{name} was not seen, but {seen:?}"));
    found.judged.fate.clone()
}

fn is_chained(sighting: &Sighting) -> bool {
    matches!(sighting.judged.fate, Fate::Chained(_))
}

#[test]
fn pods_are_seen_and_chained_by_whatever_road_they_come() {
    let (namespace, account) = scene("driver");
    let cluster = namespace.cluster;
    // A raw request, and a dry run of one: as many as show all modes.
    namespace.pod("raw", &account);
    for number in 0..12 {
        let path = namespace.core("pods?dryRun=All");
        cluster.create(&path, &pod(&format!("dry-{number}"), &account));
    }
    // kubectl, by POST and by server-side apply.
    for (name, apply) in [
        ("created", &["create", "-f", "-"][..]),
        ("applied", &["apply", "--server-side", "-f", "-"]),
    ] {
        let object = pod(name, &account).to_string();
        let kubectl = cluster.kubectl(cluster.alice()).namespace(&namespace);
        kubectl.stdin(object).run(apply).expect_ok();
    }
    // A controller.
    cluster.create(
        &namespace.group("batch/v1", "jobs"),
        &json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "controlled"},
            "spec": {"template": {"spec": pod_spec(&account)}},
        }),
    );
    let seen = wait::until("the Job's pod to be seen", || {
        let seen = every_pod::sightings(&namespace);
        let controlled = |pod: &Sighting| pod.name.starts_with("controlled-");
        if seen.iter().any(controlled) {
            return Ok(seen);
        }
        Err(format!("{seen:?}"))
    });
    assert!(seen.len() >= 16 && seen.iter().all(is_chained), "{seen:#?}");
    let modes: BTreeSet<_> = seen
        .iter()
        .map(|pod| format!("{:?}", pod.judged.fate))
        .collect();
    assert_eq!(modes.len(), 3, "{modes:?}");
}

#[test]
fn a_pod_that_eks_has_met_is_chained_too() {
    pod_identity::install_shared();
    let (namespace, account) = scene("executor");
    let stored = namespace
        .cluster
        .create(&namespace.core("pods"), &pod("met", &account));
    assert_eq!(stored["spec"]["volumes"][0]["name"], "aws-iam-token");
    assert!(matches!(fate(&namespace, "met"), Fate::Chained(_)));
}

#[test]
fn what_a_test_makes_stays_as_it_is() {
    let (namespace, account) = scene("driver");
    let stored = namespace
        .cluster
        .create(&namespace.core("pods"), &pod("plain", &account));
    assert!(matches!(fate(&namespace, "plain"), Fate::Chained(_)));
    assert!(!stored.to_string().contains("rolegate.dev"), "{stored}");
}

#[test]
fn pods_that_get_nothing_are_told_apart() {
    let (namespace, account) = scene("driver");
    let runner = job_account("client", ROLE);
    namespace.service_account(&runner);
    let dry_run = |object: &Value| {
        let path = namespace.core("pods?dryRun=All");
        let request = namespace
            .cluster
            .request(namespace.cluster.admin(), "POST", &path);
        request.json(object).send().status
    };
    assert_eq!(dry_run(&pod("runner", &runner)), 201);
    assert_eq!(fate(&namespace, "runner"), Fate::Runner);
    assert_eq!(dry_run(&pod("ordinary", "default")), 201);
    assert_eq!(fate(&namespace, "ordinary"), Fate::Other);

    let mut own = pod("own", &account);
    own["spec"]["containers"][0]["env"] = json!([{"name": "AWS_PROFILE", "value": "mine"}]);
    assert_eq!(dry_run(&own), 201);
    assert!(matches!(fate(&namespace, "own"), Fate::LeftAlone(_)));

    let mut invalid = pod("invalid", &account);
    invalid["spec"]["terminationGracePeriodSeconds"] = json!(-5);
    invalid["spec"]["containers"][0]["image"] = json!("");
    assert_eq!(dry_run(&invalid), 422);
    assert!(matches!(
        fate(&namespace, "invalid"),
        Fate::RefusedAnyway(_)
    ));

    let mut crowd = pod("crowd", &account);
    let container =
        |number| json!({"name": format!("c{number}"), "image": "registry.example/main:1"});
    crowd["spec"]["containers"] = (0..1001).map(container).collect();
    assert_eq!(dry_run(&crowd), 201);
    assert!(matches!(fate(&namespace, "crowd"), Fate::Unreadable(_)));
}

/// One change of the patch is lost on the way: the pod is refused, and the
/// client that sent it does not go on.
#[test]
fn a_patch_that_does_not_settle_ends_the_test_that_made_the_pod() {
    let (namespace, account) = scene("driver");
    every_pod::expect_denial_of(&namespace, "broken");
    let send = || {
        namespace
            .cluster
            .create(&namespace.core("pods"), &pod("broken", &account))
    };
    let panic = catch_unwind(std::panic::AssertUnwindSafe(send)).expect_err("a panic");
    let text = panic.downcast_ref::<String>().expect("words");
    for part in [
        "every-pod watcher:",
        "/broken, made by",
        "a second call changes the pod again",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

/// A patch that fits the pod, and makes one that Kubernetes does not know.
#[test]
fn a_patch_that_the_api_server_refuses_is_found() {
    let policy = Policy::builtin();
    let pod = pod("any", "default");
    let admitted = |path, value| {
        let patch = Patch(vec![Operation::Add { path, value }]);
        every_pod::apply_in_full(&patch, &pod).expect("it fits");
        let mutation = Mutation {
            patch,
            ..Mutation::default()
        };
        Cluster::shared()
            .watcher()
            .admitted(&pod, mutation, &policy)
    };
    let good = admitted(
        Path::Annotations,
        Content::Member(CONFIG_ANNOTATION, "x".into()),
    );
    let stored = good.expect("no fault").expect("admitted");
    assert_eq!(stored["metadata"]["annotations"][CONFIG_ANNOTATION], "x");
    let fault = admitted(
        Path::Volumes(Place::List),
        Content::Fixed(r#"[{"name":"Not a name"}]"#),
    )
    .expect_err("a fault");
    assert!(fault.contains("with rolegate's patch only: 422"), "{fault}");
}

/// Two control planes do not know of each other's namespaces.
#[test]
fn each_control_plane_has_a_watcher_of_its_own() {
    let (shared, _) = scene("driver");
    let cluster = Cluster::start();
    let own = Namespace::named(&cluster, &shared.name, &json!({}));
    own.pod("here", "default");
    shared.pod("there", "default");
    for (namespace, name) in [(&own, "here"), (&shared, "there")] {
        let seen = every_pod::sightings(namespace);
        let names: Vec<_> = seen.iter().map(|pod| pod.name.as_str()).collect();
        assert_eq!(names, [name]);
    }
}

/// For pods whose maker is no client of ours, on whatever control plane. Tests
/// that still run are not in it: the clients see to those.
#[test]
fn nothing_was_found_wrong_so_far() {
    Cluster::shared();
    assert_eq!(every_pod::violations(), [""; 0]);
}
