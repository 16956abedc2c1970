//! Driver and executors of Kubeflow's Spark operator. Source: kubeflow/spark-operator,
//! `internal/controller/sparkapplication/submission.go`, `internal/webhook/sparkpod_defaulter.go`.

use serde_json::{Map, Value, json};

use crate::facts::{Addressee, RunsAs};
use crate::names::{Component, JobServiceAccount};

use super::super::{Account, Coming};
use super::{Application, list, merged, named, text};

/// `spec` of a `SparkApplication`, and its path.
pub(super) fn coming(app: &Application<'_, '_>, spec: &Value, path: &str) -> Option<Vec<Coming>> {
    let own = |part: &str| {
        let option = format!("spark.kubernetes.authenticate.{part}.serviceAccountName");
        let fields = &spec[part];
        text(fields, "serviceAccount")
            .or_else(|| text(&fields["template"]["spec"], "serviceAccountName"))
            .or_else(|| text(&spec["sparkConf"], &option))
    };
    let driver = own("driver")?;
    let operator = app.operator(driver)?;
    let name = text(&spec["driver"], "podName")
        .map_or_else(|| format!("{}-driver", app.name), str::to_owned);
    let first = Coming {
        user: operator,
        kind: ("v1", "Pod", "pods"),
        object: pod(spec, "driver", driver, &name),
        reader: Addressee::Person,
        account: None,
        template: None,
    };
    // Spark gives executors the driver's account where they have none of their own.
    let own = own("executor");
    let account = own.unwrap_or(driver);
    let executors = format!("{}-0000000000000000-exec-1", app.name);
    let then = Coming {
        user: app.pod_of_job(driver, &name),
        object: pod(spec, "executor", account, &executors),
        account: wrong_account(app, own, account, path),
        ..first_of(&first)
    };
    Some(vec![first, then])
}

/// The same kind of write for the same reader.
fn first_of(one: &Coming) -> Coming {
    Coming {
        user: one.user.clone(),
        kind: one.kind,
        object: Value::Null,
        reader: one.reader,
        account: None,
        template: None,
    }
}

/// What to say where executors get an account that EMR makes for drivers.
fn wrong_account(
    app: &Application<'_, '_>,
    own: Option<&str>,
    account: &str,
    path: &str,
) -> Option<Account> {
    let RunsAs::Job {
        role,
        component: Some(Component::Driver),
        ..
    } = app.write.runs_as(account)
    else {
        return None;
    };
    let is = match own {
        None => "is not set, so executors get the driver's service account",
        Some(_) => "is a driver's service account",
    };
    let field = format!("{path}.executor.serviceAccount");
    let executors = JobServiceAccount::sparks("executor", &role);
    Some(Account {
        wrong: format!("{field}: it {is}"),
        instead: format!("set {field} to {executors}"),
    })
}

/// The pod that the fields of `spec.driver` or `spec.executor` describe.
fn pod(spec: &Value, part: &str, account: &str, name: &str) -> Value {
    let fields = &spec[part];
    let conf = &spec["sparkConf"];
    let option = |key: &str| text(conf, &format!("spark.kubernetes.{key}"));
    let image = text(fields, "image")
        .or_else(|| text(spec, "image"))
        .or_else(|| option(&format!("{part}.container.image")))
        .or_else(|| option("container.image"))
        .unwrap_or_default();
    let mut env: Vec<Value> = list(&fields["env"]).cloned().collect();
    let references = fields["envSecretKeyRefs"].as_object();
    for (variable, reference) in references.into_iter().flatten() {
        env.push(secret_variable(
            variable,
            &reference["name"],
            &reference["key"],
        ));
    }
    let mut volumes: Vec<Value> = list(&spec["volumes"])
        .filter(|volume| {
            let mut mounts = list(&fields["volumeMounts"]);
            mounts.any(|mount| mount["name"] == volume["name"])
        })
        .cloned()
        .collect();
    for secret in list(&fields["secrets"]) {
        volumes.push(secret_volume(&secret["name"]));
    }
    let options: Map<String, Value> = conf.as_object().cloned().unwrap_or_default();
    for (key, value) in &options {
        let Some(key) = key.strip_prefix(&format!("spark.kubernetes.{part}.")) else {
            continue;
        };
        if let Some(secret) = key.strip_prefix("secrets.") {
            volumes.push(secret_volume(&json!(secret)));
        } else if let Some(variable) = key.strip_prefix("secretKeyRef.") {
            let said = value.as_str().unwrap_or_default();
            let (secret, key) = said.split_once(':').unwrap_or((said, ""));
            env.push(secret_variable(variable, &json!(secret), &json!(key)));
        } else if let Some(volume) = key.strip_prefix("volumes.hostPath.")
            && let Some(volume) = volume.strip_suffix(".options.path")
        {
            volumes.push(json!({ "name": volume, "hostPath": { "path": value } }));
        }
    }
    let pulls = option("container.image.pullSecrets").unwrap_or_default();
    let pulls = list(&spec["imagePullSecrets"])
        .filter_map(Value::as_str)
        .chain(pulls.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let container = json!({
        "name": format!("spark-kubernetes-{part}"),
        "image": image,
        "env": env,
        "envFrom": list(&fields["envFrom"]).cloned().collect::<Vec<_>>(),
        "volumeMounts": list(&fields["volumeMounts"]).cloned().collect::<Vec<_>>(),
        "securityContext": fields["securityContext"],
    });
    let containers: Vec<Value> = std::iter::once(container)
        .chain(list(&fields["sidecars"]).cloned())
        .collect();
    let described = json!({
        "metadata": { "name": name, "labels": fields["labels"], "annotations": fields["annotations"] },
        "spec": {
            "serviceAccountName": account,
            "containers": containers,
            "initContainers": list(&fields["initContainers"]).cloned().collect::<Vec<_>>(),
            "volumes": volumes,
            "hostNetwork": fields["hostNetwork"],
            "shareProcessNamespace": fields["shareProcessNamespace"],
            "securityContext": fields["podSecurityContext"],
            "imagePullSecrets": pulls.map(named).collect::<Vec<_>>(),
        },
    });
    merged(&fields["template"], &described)
}

fn secret_volume(name: &Value) -> Value {
    json!({ "name": "secret", "secret": { "secretName": name } })
}

fn secret_variable(variable: &str, name: &Value, key: &Value) -> Value {
    json!({
        "name": variable,
        "valueFrom": { "secretKeyRef": { "name": name, "key": key } },
    })
}
