//! Job manager and task managers of Flink's operators. Source:
//! apache/flink-kubernetes-operator, `docs/content/docs/custom-resource/pod-template.md`;
//! Amazon EMR on EKS: `executionRoleArn`.

use serde_json::{Value, json};

use crate::facts::Addressee;
use crate::names::{JobServiceAccount, RoleArn};

use super::super::Coming;
use super::{Application, merged, text};

/// The pod of a replica set of the job manager's Deployment.
const MANAGER_SUFFIX: &str = "-6d5f8c9b7d-x7k2p";

/// `spec` of a `FlinkDeployment`. Where it names a role and no service account, EMR's
/// operator takes the accounts that EMR made for the role.
pub(super) fn coming(app: &Application<'_, '_>, spec: &Value) -> Option<Vec<Coming>> {
    let (of_manager, of_workers) = if let Some(account) = text(spec, "serviceAccount") {
        (account.to_owned(), account.to_owned())
    } else {
        let role = RoleArn::parse(text(spec, "executionRoleArn")?).ok()?;
        let account = |component| JobServiceAccount::flinks(component, role.role());
        (account("jobmanager"), account("taskmanager"))
    };
    let operator = app.operator(&of_manager)?;
    let template = |part: &str, account: &str| {
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
            "spec": { "template": template("jobManager", &of_manager) },
        }),
        reader: Addressee::Person,
        account: None,
        template: None,
    };
    let mut workers = template("taskManager", &of_workers);
    if !workers["metadata"].is_object() {
        workers["metadata"] = json!({});
    }
    workers["metadata"]["name"] = json!(format!("{}-taskmanager-1-1", app.name));
    let workers = Coming {
        user: app.pod_of_job(&of_manager, &format!("{}{MANAGER_SUFFIX}", app.name)),
        kind: ("v1", "Pod", "pods"),
        object: workers,
        reader: Addressee::Person,
        account: None,
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
