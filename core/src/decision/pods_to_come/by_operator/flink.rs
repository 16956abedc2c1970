//! Job manager and task managers of Flink's operators. Source:
//! apache/flink-kubernetes-operator, `docs/content/docs/custom-resource/pod-template.md`.

use serde_json::{Value, json};

use crate::facts::Addressee;

use super::super::Coming;
use super::{Application, merged, text};

/// The pod of a replica set of the job manager's Deployment.
const MANAGER_SUFFIX: &str = "-6d5f8c9b7d-x7k2p";

pub(super) fn coming(app: &Application<'_, '_>) -> Option<Vec<Coming>> {
    let spec = &app.object["spec"];
    let account = text(spec, "serviceAccount")?;
    let operator = app.operator(account)?;
    let template = |part: &str| {
        let pod = merged(&spec["podTemplate"], &spec[part]["podTemplate"]);
        with_image(
            merged(&pod, &json!({ "spec": { "serviceAccountName": account } })),
            spec,
        )
    };
    let manager = Coming {
        user: operator,
        kind: ("apps/v1", "Deployment", "deployments"),
        object: json!({
            "metadata": { "name": app.name },
            "spec": { "template": template("jobManager") },
        }),
        reader: Addressee::Person,
        template: None,
    };
    let mut workers = template("taskManager");
    if !workers["metadata"].is_object() {
        workers["metadata"] = json!({});
    }
    workers["metadata"]["name"] = json!(format!("{}-taskmanager-1-1", app.name));
    let workers = Coming {
        user: app.pod_of_job(account, &format!("{}{MANAGER_SUFFIX}", app.name)),
        kind: ("v1", "Pod", "pods"),
        object: workers,
        reader: Addressee::Person,
        template: None,
    };
    Some(vec![manager, workers])
}

/// The container of Flink has the image of the object.
fn with_image(mut pod: Value, spec: &Value) -> Value {
    const MAIN: &str = "flink-main-container";
    if !pod["spec"]["containers"].is_array() {
        pod["spec"]["containers"] = json!([]);
    }
    if let Some(containers) = pod["spec"]["containers"].as_array_mut() {
        let main = containers.iter().position(|one| one["name"] == MAIN);
        let Some(main) = main.and_then(|main| containers.get_mut(main)) else {
            containers.push(json!({ "name": MAIN, "image": spec["image"] }));
            return pod;
        };
        if main["image"].is_null() {
            main["image"] = spec["image"].clone();
        }
    }
    pod
}
