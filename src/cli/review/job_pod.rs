//! A driver or an executor as EMR and Spark make it from a pod template.

use serde_json::{Map, Value, json};

use rolegate_core::names::{JobServiceAccount, Role};
use rolegate_core::request::{SAMPLE_UID, SampleUser};

/// The id of the job. Ids of real ones begin with zeros too.
const JOB: &str = "0000000000000000000";
/// What Spark puts before the names of executors: application and random digits.
const PREFIX: &str = "application-0000000000000000";
/// Where EKS's webhook mounts the token.
const FOLDER: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

/// The part of a job that a pod is.
#[derive(Debug)]
pub(super) struct JobPod<'r> {
    role: &'r Role,
    is_executor: bool,
}

impl<'r> JobPod<'r> {
    /// Spark fills the template's container of one of two names, else the first.
    pub(super) fn of(pod: &Value, role: &'r Role) -> Self {
        let containers = pod["spec"]["containers"].as_array();
        let mut names = containers.into_iter().flatten();
        let executors = names.any(|container| container["name"] == "spark-kubernetes-executor");
        let account = pod["spec"]["serviceAccountName"]
            .as_str()
            .unwrap_or_default();
        Self {
            role,
            is_executor: executors || account == JobServiceAccount::sparks("executor", role),
        }
    }

    pub(super) fn driver_name() -> String {
        format!("spark-{JOB}-driver")
    }

    const fn creators_component(&self) -> &'static str {
        if self.is_executor { "driver" } else { "client" }
    }

    pub(super) const fn creator_is(&self) -> &'static str {
        if self.is_executor {
            "driver"
        } else {
            "job runner"
        }
    }

    /// Who creates the pod: the driver of executors, the job runner of the driver.
    pub(super) fn creator(&self, namespace: &str) -> SampleUser {
        let account = JobServiceAccount::sparks(self.creators_component(), self.role);
        let pod = if self.is_executor {
            Self::driver_name()
        } else {
            format!("{JOB}-abcde")
        };
        SampleUser::in_pod(namespace, &account, &pod)
    }

    /// Fills a template as EMR, Spark and EKS do. Returns what it has become.
    pub(super) fn fill(&self, pod: &mut Value) -> String {
        let (component, name) = if self.is_executor {
            ("executor", format!("{PREFIX}-exec-1"))
        } else {
            ("driver", Self::driver_name())
        };
        if let Some(spec) = members(pod, "spec") {
            let account = JobServiceAccount::sparks(component, self.role);
            spec.insert("serviceAccountName".to_owned(), json!(account));
        }
        if let Some(metadata) = members(pod, "metadata") {
            metadata.insert("name".to_owned(), json!(name));
        }
        label(pod, "spark-role", component);
        label(pod, "emr-containers.amazonaws.com/job.id", JOB);
        if self.is_executor {
            let owner = json!([{
                "apiVersion": "v1", "kind": "Pod", "name": Self::driver_name(),
                "uid": SAMPLE_UID, "controller": true,
            }]);
            if let Some(metadata) = members(pod, "metadata") {
                metadata.insert("ownerReferences".to_owned(), owner);
            }
        }
        give_credentials(pod, self.role);
        format!(
            "the {component} of a job with the role {}, which its {} creates",
            self.role,
            self.creator_is()
        )
    }
}

/// The members of a part of an object, which is added where it is missing. `None` where it
/// is something else: that is left for the rules to refuse.
pub(super) fn members<'v>(object: &'v mut Value, part: &str) -> Option<&'v mut Map<String, Value>> {
    let part = object.as_object_mut()?.entry(part).or_insert(Value::Null);
    if part.is_null() {
        *part = json!({});
    }
    part.as_object_mut()
}

/// Gives a pod a label.
pub(super) fn label(pod: &mut Value, key: &str, value: &str) {
    if members(pod, "metadata").is_some()
        && let Some(metadata) = pod.get_mut("metadata")
        && let Some(labels) = members(metadata, "labels")
    {
        labels.insert(key.to_owned(), json!(value));
    }
}

/// What EKS's pod identity webhook adds, so that its absence is not found.
pub(super) fn give_credentials(pod: &mut Value, role: &Role) {
    let arn = format!(
        "arn:aws:iam::{}:role/{}",
        role.account.as_str(),
        role.name.as_str()
    );
    let variables = [
        ("AWS_ROLE_ARN", arn),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", format!("{FOLDER}/token")),
    ]
    .map(|(name, value)| json!({ "name": name, "value": value }));
    let mount = json!({ "name": "aws-iam-token", "mountPath": FOLDER, "readOnly": true });
    for list in ["containers", "initContainers"] {
        let containers = members(pod, "spec").and_then(|spec| spec.get_mut(list));
        let containers = containers.and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            if container.is_object() {
                append(container, "env", variables.clone());
                append(container, "volumeMounts", [mount.clone()]);
            }
        }
    }
    let token = json!({ "audience": "sts.amazonaws.com", "path": "token" });
    let volume = json!({
        "name": "aws-iam-token",
        "projected": { "sources": [{ "serviceAccountToken": token }] },
    });
    if let Some(spec) = pod.get_mut("spec") {
        append(spec, "volumes", [volume]);
    }
}

fn append<const N: usize>(object: &mut Value, list: &str, items: [Value; N]) {
    let Some(members) = object.as_object_mut() else {
        return;
    };
    let list = members.entry(list).or_insert(Value::Null);
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(list) = list.as_array_mut() {
        list.extend(items);
    }
}
