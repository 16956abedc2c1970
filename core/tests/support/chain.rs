//! Chained pods: what EKS's webhook wrote, what `/mutate` answers, and the pod
//! that comes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rolegate_core::policy::Policy;
use rolegate_core::request::AdmissionReview;
use rolegate_core::write::Write;
use serde_json::{Value, json};

use super::Review;
use super::scene::{self, account_of, driver_name};

pub use super::scene::JOB;

/// Role 1 as EMR writes it into names of service accounts.
const ROLE_1_ACCOUNTS: &str = "111122223333-cfkwzvtaslsjjjowqmdrhwi0gvifg35";
pub const ROLE_1: &str = "arn:aws:iam::111122223333:role/job-execution-role-1";
pub const ROLE_2: &str = "arn:aws:iam::444455556666:role/client-role-2";
pub const ROLE_3: &str = "arn:aws:iam::444455556666:role/lake/client-role-3";
pub const TOKEN: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
pub const CONFIG_FILE: &str = "/var/run/secrets/rolegate.dev/aws/config";
pub const CONFIG: &str = "rolegate.dev/aws-config";
pub const CHAIN_TO: &str = "rolegate.dev/chain-to";
pub const CHAIN_MODE: &str = "rolegate.dev/chain-mode";

/// The service account of a component of Spark under role 1: `client`, `driver`, ….
pub fn account(component: &str) -> String {
    account_of(&format!("spark-{component}"), ROLE_1_ACCOUNTS)
}

/// A policy with one chain from role 1 to roles 2 and 3; `more` are further keys.
pub fn policy(more: &str) -> Policy {
    super::policy(&format!(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nvirtualClusters:\n  - namespaces: [spark-a]\n    \
         chains: [{{ from: \"{ROLE_1}\", to: [\"{ROLE_2}\", \"{ROLE_3}\"], {more} }}]\n"
    ))
}

pub fn by_default(more: &str) -> Policy {
    policy(&format!("default: \"{ROLE_2}\", {more}"))
}

/// The job runner, which creates the driver.
pub fn runner() -> Value {
    scene::runner_of(JOB, ROLE_1_ACCOUNTS)
}

/// The driver, which creates executors.
pub fn driver() -> Value {
    scene::driver_of(JOB, ROLE_1_ACCOUNTS)
}

/// A driver as the API server shows it to its first webhook.
pub fn bare() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": driver_name(JOB), "namespace": "spark-a", "labels": { "spark-role": "driver" } },
        "spec": {
            "serviceAccountName": account("driver"),
            "serviceAccount": account("driver"),
            "containers": [
                { "name": "spark-kubernetes-driver", "image": "895885662937.dkr.ecr.us-west-2.amazonaws.com/spark/emr-7.12.0:latest", "env": [{ "name": "SPARK_USER", "value": "hadoop" }],
                  "volumeMounts": [{ "name": "home-dir", "mountPath": "/home/hadoop" }] },
                { "name": "emr-container-fluentd", "image": "895885662937.dkr.ecr.us-west-2.amazonaws.com/fluentd/emr-7.12.0:latest", "env": [{ "name": "AWS_REGION", "value": "us-west-2" }] },
            ],
            "volumes": [{ "name": "home-dir", "emptyDir": {} }],
        },
    })
}

/// The same after EKS's webhook, IRSA.
pub fn irsa() -> Value {
    let mut pod = bare();
    let volume = json!({ "name": "aws-iam-token", "projected": { "defaultMode": 420, "sources": [
        { "serviceAccountToken": { "audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token" } },
    ] } });
    insert(&mut pod["spec"]["volumes"], volume);
    for container in list(&mut pod["spec"]["containers"]) {
        if container["name"] != "emr-container-fluentd" {
            set(container, "AWS_DEFAULT_REGION", "us-west-2");
            set(container, "AWS_REGION", "us-west-2");
        }
        set(container, "AWS_ROLE_ARN", ROLE_1);
        set(container, "AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN);
        push(
            container,
            "volumeMounts",
            json!({ "name": "aws-iam-token", "readOnly": true, "mountPath": "/var/run/secrets/eks.amazonaws.com/serviceaccount" }),
        );
    }
    pod
}

/// The same under EKS Pod Identity.
pub fn pod_identity() -> Value {
    let mut pod = bare();
    let folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
    insert(
        &mut pod["spec"]["volumes"],
        json!({ "name": "eks-pod-identity-token", "projected": { "sources": [] } }),
    );
    for container in list(&mut pod["spec"]["containers"]) {
        set(container, "AWS_REGION", "us-west-2");
        set(
            container,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://169.254.170.23/v1/credentials",
        );
        set(
            container,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            &format!("{folder}/eks-pod-identity-token"),
        );
        push(
            container,
            "volumeMounts",
            json!({ "name": "eks-pod-identity-token", "readOnly": true, "mountPath": folder }),
        );
    }
    pod
}

pub fn list(value: &mut Value) -> &mut Vec<Value> {
    value.as_array_mut().expect("a list")
}

fn insert(value: &mut Value, item: Value) {
    list(value).insert(0, item);
}

pub fn push(object: &mut Value, key: &str, item: Value) {
    if object[key].is_null() {
        object[key] = json!([]);
    }
    list(&mut object[key]).push(item);
}

/// Adds a variable, beside one of that name that is there.
pub fn set(container: &mut Value, name: &str, value: &str) {
    push(container, "env", json!({ "name": name, "value": value }));
}

pub fn spark(pod: &mut Value) -> &mut Value {
    &mut pod["spec"]["containers"][0]
}

pub fn annotate(pod: &mut Value, key: &str, value: &str) {
    if pod["metadata"]["annotations"].is_null() {
        pod["metadata"]["annotations"] = json!({});
    }
    pod["metadata"]["annotations"][key] = value.into();
}

/// The value a variable has at run time.
pub fn value<'p>(container: &'p Value, name: &str) -> Option<&'p str> {
    let env = container["env"].as_array()?;
    let last = env.iter().rev().find(|variable| variable["name"] == name)?;
    Some(last["value"].as_str().unwrap_or_default())
}

pub fn create(user: Value, pod: &Value) -> Review {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    Review::new(user, "CREATE", "/pods", name).object(pod.clone())
}

impl Review {
    /// What `/mutate` answers: the patch (null where there is none) and the warnings.
    pub fn mutation(&self, policy: &Policy) -> (Value, Vec<String>) {
        let body = self.body();
        let review = AdmissionReview::parse(body.as_bytes()).expect("a review");
        let request = &review.request;
        let subject = Write::new(request, policy).expect("a subject");
        let mutation = subject.mutation().expect("a mutation");
        let answer = mutation.to_json(&review.uid, policy.hash);
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let response = &answer["response"];
        assert_eq!(response["allowed"], true, "mutation refuses nobody");
        assert_eq!(response["patchType"].is_null(), response["patch"].is_null());
        let patch = response["patch"].as_str().map_or(Value::Null, |patch| {
            let patch = STANDARD.decode(patch).expect("base64");
            serde_json::from_slice(&patch).expect("a patch")
        });
        for warning in &mutation.warnings {
            assert!(warning.len() <= 256, "{warning}");
        }
        (patch, mutation.warnings)
    }
}

/// Makes a patch's changes by another implementation than rolegate's own.
pub fn apply(pod: &Value, patch: &Value) -> Value {
    let mut pod = pod.clone();
    if !patch.is_null() {
        let patch: json_patch::Patch = serde_json::from_value(patch.clone()).expect("RFC 6902");
        json_patch::patch(&mut pod, &patch).expect("a patch that applies");
    }
    pod
}

/// The pod after `/mutate`, which a second call leaves as it is.
pub fn chained(user: &Value, pod: &Value, policy: &Policy) -> Value {
    let (patch, _) = create(user.clone(), pod).mutation(policy);
    let pod = apply(pod, &patch);
    let (again, _) = create(user.clone(), &pod).mutation(policy);
    assert_eq!(again, Value::Null, "a second call changes nothing: {pod:#}");
    pod
}

pub fn text(pod: &Value) -> &str {
    pod["metadata"]["annotations"][CONFIG]
        .as_str()
        .unwrap_or_default()
}
