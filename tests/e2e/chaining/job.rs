//! One job's pods, sent by who sends them: the runner makes the driver, the
//! driver its executors. The pods are EMR's, as recorded.

use serde_json::Value;

use super::scene;
use crate::harness::accounts::Pod;
use crate::harness::aws::Aws;
use crate::harness::cast::job_account;
use crate::harness::http::Answer;
use crate::harness::sdk::{From, Sdk};
use crate::harness::users::User;
use crate::harness::{Namespace, dirs, every_pod, pod_identity};

/// A job whose runner has started.
pub(super) struct Job {
    pub(super) namespace: Namespace<'static>,
    id: String,
    runner: User,
}

/// The components that have a service account.
pub(super) const COMPONENTS: [&str; 3] = ["client", "driver", "executor"];

/// The service account of one of the job's components.
pub(super) fn account(component: &str) -> String {
    job_account(component, "job-execution-role-1")
}

impl Job {
    pub(super) fn start(namespace: Namespace<'static>) -> Self {
        let id = format!("{:019x}", dirs::random());
        let client = account("client");
        let pod = namespace.pod(&format!("{id}-7qk2d"), &client);
        Self {
            runner: namespace.bound_token(&client, &pod),
            namespace,
            id,
        }
    }

    /// The name of the job's sessions.
    pub(super) fn session(&self) -> String {
        format!("emr-{}", self.id)
    }

    /// EMR's driver.
    pub(super) fn driver_pod(&self) -> Value {
        self.recorded("irsa-driver")
    }

    /// Has the runner create it; gives what the API server stored.
    pub(super) fn driver(&self) -> Value {
        self.create(&self.driver_pod())
    }

    /// Has the runner create a driver, which must be admitted.
    #[track_caller]
    pub(super) fn create(&self, pod: &Value) -> Value {
        assert_settled(pod, |pod| {
            let answer = self.submit("pods?dryRun=All", pod);
            answer.expect_status(201).json()
        });
        self.submit("pods", pod).expect_status(201).json()
    }

    /// Has the runner send a driver.
    pub(super) fn submit(&self, path: &str, pod: &Value) -> Answer {
        self.send(&self.runner, path, pod)
    }

    /// Has a stored driver create an executor.
    #[track_caller]
    pub(super) fn executor(&self, driver: &Value) -> Value {
        let text = |field: &str| {
            driver["metadata"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let owner = Pod {
            name: text("name"),
            uid: text("uid"),
        };
        let token = self.namespace.bound_token(&account("driver"), &owner);
        let pod = self.recorded("irsa-executor");
        self.send(&token, "pods", &pod).expect_status(201).json()
    }

    /// The mutating webhooks that the API server called for a stored pod, by the
    /// names of their configurations, are these in this order; the watcher's is
    /// not counted.
    pub(super) fn expect_calls_in_order(&self, pod: &Value, expected: &[&str]) {
        let name = &pod["metadata"]["name"];
        let created = |event: &Value| {
            event["verb"] == "create"
                && event["stage"] == "ResponseComplete"
                && event["objectRef"]["resource"] == "pods"
                && event["objectRef"]["name"] == *name
        };
        let events = self
            .namespace
            .wait_for_audit("the driver's CREATE", created);
        let annotations = events[0]["annotations"].as_object().cloned();
        // Sorted by key: round by round, and in a round by index.
        let called: Vec<_> = annotations
            .unwrap_or_default()
            .into_iter()
            .filter(|(key, _)| key.starts_with("mutation.webhook.admission.k8s.io/round_"))
            .map(|(_, value)| {
                let call: Value = serde_json::from_str(value.as_str().unwrap_or_default())
                    .unwrap_or_else(|e| panic!("{value}: {e}"));
                call["configuration"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .filter(|configuration| configuration != every_pod::CONFIGURATION)
            .collect();
        assert_eq!(called, expected);
    }

    /// A pod of examples/, as this job's.
    pub(super) fn example(&self, manifest: &str) -> Value {
        let pods = self.namespace.cluster.read_manifest(manifest);
        let [pod] = pods.as_slice() else {
            panic!("{manifest} holds one pod, not {pods:?}")
        };
        self.own(pod)
    }

    fn send(&self, user: &User, path: &str, pod: &Value) -> Answer {
        let path = self.namespace.core(path);
        let request = self.namespace.cluster.request(user, "POST", &path);
        request.json(pod).send()
    }

    /// A recorded pod, as this job's.
    fn recorded(&self, case: &str) -> Value {
        self.own(&pod_identity::recorded_case(case)["podSubmitted"])
    }

    /// Runs a program in a container of the job, which must become the role in
    /// the job's name.
    #[track_caller]
    pub(super) fn assert_becomes(
        &self,
        role: &str,
        program: (Sdk, From<'_>),
        container: (&Value, &str),
    ) -> Aws {
        let (identity, aws) = scene::run(program, container, scene::trust(container.0));
        let expected = format!("{}/{}", scene::assumed(role), self.session());
        assert_eq!(identity, Ok(expected), "{program:?}: {:#?}", aws.shown());
        aws
    }

    /// Another job's pod, as this job's.
    pub(super) fn own(&self, pod: &Value) -> Value {
        let metadata = &pod["metadata"];
        let id = &metadata["labels"]["emr-containers.amazonaws.com/job.id"];
        let id = id.as_str().expect("EMR's label");
        let mut pod = pod.to_string().replace(id, &self.id);
        if let Some(namespace) = metadata["namespace"].as_str() {
            let named = |name: &str| format!("\"namespace\":\"{name}\"");
            pod = pod.replace(&named(namespace), &named(&self.namespace.name));
        }
        serde_json::from_str(&pod).expect("it was JSON before")
    }
}

/// Sends a pod and sends again what comes of it: the second pass of the webhooks
/// changes nothing. Gives what came of the first.
#[track_caller]
pub(super) fn assert_settled(pod: &Value, send: impl Fn(&Value) -> Value) -> Value {
    let first = send(pod);
    let second = send(&as_sent(&first));
    for part in ["/spec", "/metadata/annotations", "/metadata/labels"] {
        assert_eq!(first.pointer(part), second.pointer(part), "{part}");
    }
    first
}

/// A stored pod, as it can be sent again.
pub(super) fn as_sent(stored: &Value) -> Value {
    const KEPT: [&str; 6] = [
        "name",
        "generateName",
        "namespace",
        "labels",
        "annotations",
        "ownerReferences",
    ];
    let mut pod = stored.clone();
    let metadata = pod["metadata"].as_object_mut().expect("metadata");
    metadata.retain(|key, _| KEPT.contains(&key.as_str()));
    if metadata.contains_key("generateName") {
        metadata.remove("name");
    }
    pod["status"].take();
    pod
}

/// Adds a variable to the container of the job's code.
pub(super) fn set_variable(pod: &mut Value, name: &str, value: &str) {
    let containers = pod["spec"]["containers"].as_array_mut();
    let code = containers
        .into_iter()
        .flatten()
        .find(|container| container["name"] == scene::DRIVER)
        .expect("a driver");
    let env = code["env"].as_array_mut().expect("EMR sets some");
    env.push(serde_json::json!({"name": name, "value": value}));
}

/// Adds all that EKS's webhook adds for IRSA to the container of the job's
/// code: so has a pod that EKS met before its account got an association.
pub(super) fn add_irsa(pod: &mut Value) {
    let recorded = pod_identity::recorded_case("irsa-driver");
    let stored = &recorded["podStored"]["spec"];
    let named = |list: &Value, name: &str| {
        let items = list.as_array().expect("a list");
        let found = items.iter().find(|item| item["name"] == name);
        found.expect("recorded").clone()
    };
    let add = |list: &mut Value, item: Value| list.as_array_mut().expect("a list").push(item);
    let spec = &mut pod["spec"];
    add(
        &mut spec["volumes"],
        named(&stored["volumes"], "aws-iam-token"),
    );
    let (from, to) = (&stored["containers"][0], &mut spec["containers"][0]);
    add(
        &mut to["volumeMounts"],
        named(&from["volumeMounts"], "aws-iam-token"),
    );
    for variable in ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"] {
        add(&mut to["env"], named(&from["env"], variable));
    }
}
