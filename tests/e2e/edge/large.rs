//! As large and as deep as an API server lets it get, through a real one.
//!
//! All are dry runs: etcd takes half as much as admission does.

use serde_json::{Value, json};

use crate::harness::accounts::pod;
use crate::harness::audit::annotation;
use crate::harness::cast::{ROLE, job_account};
use crate::harness::definitions::Kind;
use crate::harness::http::Answer;
use crate::harness::webhook::guarded;
use crate::harness::{Cluster, Namespace};

const BLOB: Kind = ("edge.example/v1", "blobs", "Blob");

/// The API server takes bodies of at most 3 MiB.
const NEARLY_3_MIB: usize = 2_900_000;

fn create(namespace: &Namespace<'_>, path: &str, object: &Value) -> Answer {
    let cluster = namespace.cluster;
    let path = format!("{path}?dryRun=All");
    let request = cluster.request(cluster.alice(), "POST", &path).json(object);
    // Not the whole object back.
    let brief = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    request.header("Accept", brief).send()
}

#[track_caller]
fn assert_ours(answer: &Answer, words: &str) {
    let message = answer.message();
    let ours = message.contains("rolegate refused this request: foreign-service-account");
    assert!(
        answer.status == 403 && ours && message.contains(words),
        "{} {message}",
        answer.status
    );
}

/// Admitted, and rolegate was asked: it leaves its policy's hash.
fn assert_judged(namespace: &Namespace<'_>, answer: Answer) {
    let answer = answer.expect_status(201);
    let id = answer.headers.iter().find(|(name, _)| name == "audit-id");
    let id = id.expect("every answer has one").1.clone();
    let events = namespace.wait_for_audit("the request", |event| event["auditID"] == id);
    let policy = annotation(&events[0], "enforce.rolegate.dev/policy");
    assert!(policy.is_some(), "{}", events[0]);
}

/// Every `<` becomes `\u003c` on the way to rolegate: 17.4 MB.
#[test]
fn a_pod_that_grows_sixfold_on_the_way_is_judged() {
    let cluster = guarded().cluster;
    let job = job_account("driver", ROLE);
    let huge = |account: &str| {
        let mut pod = pod("huge", account);
        let value = "<".repeat(NEARLY_3_MIB);
        pod["spec"]["containers"][0]["env"] = json!([{"name": "BIG", "value": value}]);
        pod
    };
    let free = Namespace::unmanaged(cluster);
    let managed = Namespace::labelled(cluster, "enforce");
    for namespace in [&free, &managed] {
        namespace.service_account(&job);
    }
    create(&free, &free.core("pods"), &huge(&job)).expect_status(201);
    assert_judged(
        &managed,
        create(&managed, &managed.core("pods"), &huge("default")),
    );
    assert_ours(&create(&managed, &managed.core("pods"), &huge(&job)), &job);
}

#[test]
fn a_custom_resource_of_3_mib_is_searched_to_its_end() {
    let cluster = served();
    let job = job_account("driver", ROLE);
    let big = |last: &str| {
        let mut steps = vec![
            json!({"image": "registry.example/main:1", "args": ["--conf", "a=b"]});
            NEARLY_3_MIB / 60
        ];
        steps.push(json!({"args": ["--conf", format!("spark.x={last}")]}));
        blob(&json!({"steps": steps}))
    };
    assert!(big(&job).to_string().len() > 2_500_000);
    let free = Namespace::unmanaged(cluster);
    let managed = Namespace::labelled(cluster, "enforce");
    let path = |namespace: &Namespace<'_>| namespace.group(BLOB.0, BLOB.1);
    create(&free, &path(&free), &big(&job)).expect_status(201);
    assert_judged(
        &managed,
        create(&managed, &path(&managed), &big("harmless")),
    );
    assert_ours(&create(&managed, &path(&managed), &big(&job)), &job);
}

#[test]
fn a_custom_resource_nested_200_deep_is_refused_with_a_sentence() {
    let cluster = served();
    let deep = |depth| {
        let inner = (0..depth).fold(json!("end"), |inner, _| json!({"a": inner}));
        blob(&inner)
    };
    let free = Namespace::unmanaged(cluster);
    let managed = Namespace::labelled(cluster, "enforce");
    let path = |namespace: &Namespace<'_>| namespace.group(BLOB.0, BLOB.1);
    create(&free, &path(&free), &deep(200)).expect_status(201);
    assert_judged(&managed, create(&managed, &path(&managed), &deep(90)));
    let refused = create(&managed, &path(&managed), &deep(200));
    assert_ours(&refused, "is nested deeper than 100 levels");
}

fn blob(spec: &Value) -> Value {
    json!({"apiVersion": BLOB.0, "kind": BLOB.2, "metadata": {"name": "blob"}, "spec": spec})
}

/// The shared control plane with a kind of custom resource that takes anything.
fn served() -> &'static Cluster {
    let cluster = guarded().cluster;
    cluster.define(&[BLOB]);
    cluster
}
