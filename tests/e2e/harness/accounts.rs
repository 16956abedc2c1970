//! Service accounts, and the ways to act as one.
//!
//! A job's identity is a token bound to its pod: the API server writes pod
//! name and pod uid into `userInfo.extra` then. An unbound token has neither,
//! an impersonated service account has not even a `uid`.

use serde_json::{Value, json};

use super::cast::token_request;
use super::http::MERGE;
use super::namespace::Namespace;
use super::pod_identity::ROLE_ARN;
use super::users::User;

/// A pod of the test, made by admin.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl Namespace<'_> {
    /// Makes a service account that may, by RBAC, do everything here. A job's
    /// has its role's ARN on it, as EMR writes it: where the stand-in for EKS's
    /// webhook is installed, pods under it get their credentials.
    pub(crate) fn service_account(&self, name: &str) {
        let annotations = match role_of(name) {
            Some((account, role)) => {
                json!({ROLE_ARN: format!("arn:aws:iam::{account}:role/{role}")})
            }
            None => json!({}),
        };
        self.annotated_service_account(name, &annotations);
    }

    /// Makes a service account with annotations, such as IRSA's role ARN.
    pub(crate) fn annotated_service_account(&self, name: &str, annotations: &Value) {
        self.cluster.create(
            &self.core("serviceaccounts"),
            &json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": name, "annotations": annotations},
            }),
        );
        self.bind(&json!({"kind": "ServiceAccount", "name": name, "namespace": self.name}));
    }

    /// Makes a pod that runs as `service_account`.
    pub(crate) fn pod(&self, name: &str, service_account: &str) -> Pod {
        self.pod_from(&pod(name, service_account))
    }

    /// Makes a pod of the test's own design.
    pub(crate) fn pod_from(&self, object: &Value) -> Pod {
        let made = self.cluster.create(&self.core("pods"), object);
        let text = |key: &str| {
            made["metadata"][key]
                .as_str()
                .expect("every object has one")
                .to_owned()
        };
        Pod {
            name: text("name"),
            uid: text("uid"),
        }
    }

    /// A pod that says it runs, as kubectl wants to see it before it connects.
    pub(crate) fn running_pod(&self, name: &str, service_account: &str) {
        let mut object = pod(name, service_account);
        object["metadata"]["labels"] = json!({"app": name});
        self.pod_from(&object);
        let running = json!({"status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": "main", "ready": true, "restartCount": 0, "image": "i", "imageID": "i",
                "state": {"running": {}},
            }],
        }});
        let path = self.core(&format!("pods/{name}/status"));
        let request = self.cluster.request(self.cluster.admin(), "PATCH", &path);
        request
            .body(MERGE, running.to_string())
            .send()
            .expect_status(200);
    }

    /// The service account with a token bound to `pod`, as the kubelet gives
    /// it to a pod; the same request as `kubectl create token SA
    /// --bound-object-kind Pod --bound-object-name P --bound-object-uid U`.
    pub(crate) fn bound_token(&self, service_account: &str, pod: &Pod) -> User {
        self.token(
            service_account,
            &json!({"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": pod.name, "uid": pod.uid}}),
        )
    }

    /// The service account with a token bound to nothing: `kubectl create token SA`.
    pub(crate) fn unbound_token(&self, service_account: &str) -> User {
        self.token(service_account, &json!({}))
    }

    /// A service account, a pod that runs as it, and the pod's token.
    pub(crate) fn job(&self, service_account: &str, pod: &str) -> (Pod, User) {
        self.service_account(service_account);
        let pod = self.pod(pod, service_account);
        let user = self.bound_token(service_account, &pod);
        (pod, user)
    }

    fn token(&self, service_account: &str, spec: &Value) -> User {
        let answer = self.cluster.create(
            &self.core(&format!("serviceaccounts/{service_account}/token")),
            &token_request(spec),
        );
        User {
            name: self.account_user(service_account),
            token: answer["status"]["token"]
                .as_str()
                .expect("a token")
                .to_owned(),
        }
    }

    /// The user name of a service account of this namespace, for `--as`.
    pub(crate) fn account_user(&self, service_account: &str) -> String {
        format!("system:serviceaccount:{}:{service_account}", self.name)
    }
}

/// The smallest pod that runs as `service_account`.
pub(crate) fn pod(name: &str, service_account: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": pod_spec(service_account),
    })
}

/// Its spec, also for pod templates.
pub(crate) fn pod_spec(service_account: &str) -> Value {
    json!({
        "serviceAccountName": service_account,
        "restartPolicy": "Never",
        "containers": [{"name": "main", "image": "registry.example/main:1"}],
    })
}

/// The name EMR gives the service account of a role:
/// `emr-containers-sa-<framework>-<component>-<account>-<base36 of the name>`.
pub(crate) fn emr_service_account(
    framework: &str,
    component: &str,
    account: &str,
    role: &str,
) -> String {
    format!(
        "emr-containers-sa-{framework}-{component}-{account}-{}",
        base36(role)
    )
}

/// Account and role of a service account with such a name: the way back.
fn role_of(name: &str) -> Option<(String, String)> {
    let rest = name.strip_prefix("emr-containers-sa-")?;
    let (rest, digits) = rest.rsplit_once('-')?;
    let (_, account) = rest.rsplit_once('-')?;
    let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    let mut bytes: Vec<u32> = vec![]; // lowest first
    for digit in digits.chars() {
        let mut carry = digit.to_digit(36)?;
        for byte in &mut bytes {
            carry += *byte * 36;
            *byte = carry % 256;
            carry /= 256;
        }
        if carry > 0 {
            bytes.push(carry);
        }
    }
    let role: Option<String> = bytes
        .iter()
        .rev()
        .map(|byte| char::from_u32(*byte))
        .collect();
    is_account.then_some((account.to_owned(), role?))
}

/// The bytes as one big-endian number, written in base 36.
fn base36(text: &str) -> String {
    let mut digits: Vec<u32> = vec![0]; // lowest first
    for byte in text.bytes() {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += *digit * 256;
            *digit = carry % 36;
            carry /= 36;
        }
        while carry > 0 {
            digits.push(carry % 36);
            carry /= 36;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from_digit(*digit, 36).expect("below 36"))
        .collect()
}

#[test]
fn emr_service_account_matches_a_real_one() {
    // From AWS's documentation of EMR on EKS, as recorded in `tests/recorded`.
    let (account, role) = ("111122223333", "job-execution-role-1");
    let name = emr_service_account("spark", "driver", account, role);
    assert_eq!(
        name,
        "emr-containers-sa-spark-driver-111122223333-cfkwzvtaslsjjjowqmdrhwi0gvifg35"
    );
    assert_eq!(role_of(&name), Some((account.to_owned(), role.to_owned())));
    assert_eq!(role_of("emr-containers-sa-spark-operator"), None);
}
