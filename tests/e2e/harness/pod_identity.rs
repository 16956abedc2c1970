//! A stand-in for EKS's pod identity webhook, which turns a service account's
//! role ARN (IRSA) or its EKS Pod Identity association into environment, token
//! volume and mounts.
//!
//! EKS runs the real one outside the cluster; it matters to rolegate because
//! it rewrites whole container arrays, possibly twice. The values it injects
//! are taken from a recorded patch of the real one, and a test sends the
//! recorded pods again and compares (`tests/e2e/pod_identity.rs`).

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::http::Api;
use super::https;
use super::users::User;

const RECORDED: &str = include_str!("../../recorded/eks-pod-identity-webhook.jsonl");
/// The annotation of a service account that names its role.
pub(crate) const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
const SKIP_CONTAINERS: &str = "eks.amazonaws.com/skip-containers";
const POD_IDENTITY: &str = "eks.amazonaws.com/pod-identity";
/// The same in a patch.
const LABEL: &str = "/metadata/labels/eks.amazonaws.com~1pod-identity";

/// Namespace and name of the service accounts with an association.
static ASSOCIATIONS: LazyLock<Mutex<HashSet<(String, String)>>> = LazyLock::new(Mutex::default);

/// Gives a service account an EKS Pod Identity association.
pub(crate) fn associate(namespace: &str, service_account: &str) {
    let mut associations = ASSOCIATIONS.lock().expect("nobody panics with it");
    associations.insert((namespace.to_owned(), service_account.to_owned()));
}

/// All recorded cases.
pub(crate) fn recorded() -> Vec<Value> {
    RECORDED
        .lines()
        .map(|line| serde_json::from_str(line).expect("a recorded case"))
        .collect()
}

/// One recorded case, by name.
pub(crate) fn recorded_case(name: &str) -> Value {
    recorded()
        .into_iter()
        .find(|case| case["case"] == name)
        .unwrap_or_else(|| panic!("no recorded case {name:?} in tests/recorded"))
}

/// Installs the stand-in on the shared control plane, on first use.
pub(crate) fn install_shared() {
    static INSTALLED: LazyLock<()> = LazyLock::new(|| install(Cluster::shared()));
    LazyLock::force(&INSTALLED);
}

/// Installs the stand-in as EKS registers the real one: by URL, Ignore,
/// `v1beta1` only, `IfNeeded`.
pub(crate) fn install(cluster: &Cluster) {
    let (api, admin) = (cluster.api.clone(), cluster.admin().clone());
    let (irsa, pod_identity) = (Injected::irsa(), Injected::pod_identity());
    let port = https::serve(&cluster.authority, move |body| {
        review(body, |namespace, name, pod| {
            let associations = ASSOCIATIONS.lock().expect("nobody panics with it");
            if associations.contains(&(namespace.to_owned(), name.to_owned())) {
                return Some(pod_identity.patch(pod, None));
            }
            drop(associations);
            let role = role_of(&api, &admin, namespace, name)?;
            Some(irsa.patch(pod, Some(&role)))
        })
    });
    cluster.apply_as_admin(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [{
            "name": "iam-for-pods.amazonaws.com",
            "clientConfig": {
                "url": format!("https://127.0.0.1:{port}/mutate"),
                "caBundle": STANDARD.encode(cluster.authority.certificate()),
            },
            "failurePolicy": "Ignore",
            "matchPolicy": "Equivalent",
            "reinvocationPolicy": "IfNeeded",
            "sideEffects": "None",
            "timeoutSeconds": 10,
            "admissionReviewVersions": ["v1beta1"],
            "objectSelector": {"matchExpressions": [
                {"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"},
            ]},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}],
        }],
    }));
    wait_until_called(cluster);
}

/// Dry-runs a pod until it comes back with the token volume.
fn wait_until_called(cluster: &Cluster) {
    let probe = super::Namespace::unmanaged(cluster);
    probe.annotated_service_account(
        "probe",
        &json!({ROLE_ARN: "arn:aws:iam::111122223333:role/probe"}),
    );
    super::wait::until("the pod identity stand-in to be in effect", || {
        let stored = cluster
            .request(cluster.admin(), "POST", &probe.core("pods?dryRun=All"))
            .json(&super::accounts::pod("probe", "probe"))
            .try_send()?;
        (stored.json()["spec"]["volumes"][0]["name"] == "aws-iam-token")
            .then_some(())
            .ok_or(stored.body)
    });
}

/// The role ARN on the pod's service account, asked of the API server at every
/// call: the real one has a cache, whose gaps are no business of these tests.
fn role_of(api: &Api, admin: &User, namespace: &str, name: &str) -> Option<String> {
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}");
    let account = api.request(admin, "GET", &path).try_send().ok()?.json();
    let role = account["metadata"]["annotations"][ROLE_ARN].as_str()?;
    (!role.is_empty()).then(|| role.to_owned())
}

/// Answers one `AdmissionReview` of `v1beta1`. The API server drops an answer
/// without `apiVersion` and `kind`.
fn review(body: &[u8], patch: impl Fn(&str, &str, &Value) -> Option<Value>) -> Vec<u8> {
    let review: Value = serde_json::from_slice(body).unwrap_or_default();
    let request = &review["request"];
    let pod = &request["object"];
    let account = pod["spec"]["serviceAccountName"]
        .as_str()
        .unwrap_or("default");
    let mut response = json!({"uid": request["uid"], "allowed": true});
    let namespace = request["namespace"].as_str().unwrap_or_default();
    if let Some(patch) = patch(namespace, account, pod) {
        response["patchType"] = "JSONPatch".into();
        response["patch"] = STANDARD.encode(patch.to_string()).into();
    }
    json!({"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "response": response})
        .to_string()
        .into_bytes()
}

/// What the real one adds in one of its two ways.
struct Injected {
    volume: Value,
    mount: Value,
    env: Vec<Value>,
    /// The two variables of which one keeps both away.
    identity: [&'static str; 2],
    labelled: bool,
}

impl Injected {
    fn irsa() -> Self {
        let identity = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
        Self::recorded("irsa-driver", identity, false)
    }

    fn pod_identity() -> Self {
        let identity = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ];
        Self::recorded("podid-sa-podid", identity, true)
    }

    /// Taken from the patch of a recorded driver.
    fn recorded(case: &str, identity: [&'static str; 2], labelled: bool) -> Self {
        let case = recorded_case(case);
        let value = |path: &str| {
            let operation = |operation: &&Value| operation["path"] == path;
            let found = array(&case["patch"]).iter().find(operation);
            found.expect("a recorded operation")["value"].clone()
        };
        let patched = value("/spec/containers");
        let added = |list: &str| -> Vec<Value> {
            let before = array(&case["podSubmitted"]["spec"]["containers"][0][list]);
            let after = array(&patched[0][list]);
            after
                .iter()
                .filter(|item| !before.iter().any(|old| old["name"] == item["name"]))
                .cloned()
                .collect()
        };
        Self {
            volume: value("/spec/volumes/0"),
            // The API server's own mount came in before the webhook was called.
            mount: added("volumeMounts").pop().expect("the recorded mount"),
            env: added("env"),
            identity,
            labelled,
        }
    }

    /// The shape of the real patch: the label and the volume first, then each
    /// array whole. `role` is what `AWS_ROLE_ARN` gets.
    fn patch(&self, pod: &Value, role: Option<&str>) -> Value {
        let spec = &pod["spec"];
        let mut patch = vec![];
        if self.labelled {
            let (place, value) = match pod["metadata"]["labels"].as_object() {
                Some(_) => (LABEL, json!("enabled")),
                None => ("/metadata/labels", json!({POD_IDENTITY: "enabled"})),
            };
            patch.push(json!({"op": "add", "path": place, "value": value}));
        }
        let volumes = array(&spec["volumes"]);
        if spec["volumes"].is_null() {
            patch.push(json!({"op": "add", "path": "/spec/volumes", "value": [self.volume]}));
        } else if !named(volumes, &self.volume["name"]) {
            patch.push(json!({"op": "add", "path": "/spec/volumes/0", "value": self.volume}));
        }
        let skipped = pod["metadata"]["annotations"][SKIP_CONTAINERS]
            .as_str()
            .unwrap_or_default();
        for list in ["containers", "initContainers"] {
            if array(&spec[list]).is_empty() {
                continue;
            }
            let mut containers = spec[list].clone();
            for container in containers.as_array_mut().into_iter().flatten() {
                if !skipped.split(',').any(|name| container["name"] == name) {
                    self.inject(container, role);
                }
            }
            patch.push(json!({"op": "add", "path": format!("/spec/{list}"), "value": containers}));
        }
        patch.into()
    }

    /// Variables that are there stay, and their presence keeps others out.
    fn inject(&self, container: &mut Value, role: Option<&str>) {
        let has = |name: &str| named(array(&container["env"]), &name.into());
        let region = has("AWS_REGION") || has("AWS_DEFAULT_REGION");
        let identity = self.identity.into_iter().any(has);
        let endpoints = has("AWS_STS_REGIONAL_ENDPOINTS");
        if region && identity && endpoints {
            return; // without a mount, too
        }
        let missing = self
            .env
            .iter()
            .filter(|variable| match variable["name"].as_str() {
                Some("AWS_REGION" | "AWS_DEFAULT_REGION") => !region,
                Some(name) if self.identity.contains(&name) => !identity,
                _ => !endpoints,
            });
        let missing: Vec<Value> = missing
            .map(|variable| match variable["name"].as_str() {
                Some("AWS_ROLE_ARN") => json!({"name": "AWS_ROLE_ARN", "value": role}),
                _ => variable.clone(),
            })
            .collect();
        append(container, "env", missing);
        if !named(array(&container["volumeMounts"]), &self.mount["name"]) {
            append(container, "volumeMounts", vec![self.mount.clone()]);
        }
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn named(items: &[Value], name: &Value) -> bool {
    items.iter().any(|item| &item["name"] == name)
}

fn append(container: &mut Value, list: &str, items: Vec<Value>) {
    let mut all = array(&container[list]).to_vec();
    all.extend(items);
    container[list] = all.into();
}
