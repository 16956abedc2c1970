//! The pods that an operator of the policy makes from a custom resource. Of kinds whose
//! fields become a pod in a way that is known; under a job's service account that the
//! policy declares for an operator, because nobody else can start those.

mod flink;
mod spark;

use serde_json::{Value, json};

use crate::facts::RunsAs;
use crate::json::Tree;
use crate::policy::Operator;
use crate::request::SampleUser;
use crate::write::Write;

use super::{Coming, MOST_BYTES};

/// `None` for other kinds, and where nothing but `metadata` and `status` changes.
pub(super) fn coming(write: &Write<'_>) -> Option<Vec<Coming>> {
    let target = &write.target;
    let make: fn(&Application<'_, '_>) -> Option<Vec<Coming>> =
        match (target.group(), target.resource()) {
            ("sparkoperator.k8s.io", "sparkapplications") => {
                |app| spark::coming(app, &app.object["spec"], "spec")
            }
            ("sparkoperator.k8s.io", "scheduledsparkapplications") => {
                |app| spark::coming(app, &app.object["spec"]["template"], "spec.template")
            }
            ("flink.apache.org", "flinkdeployments") => {
                |app| flink::coming(app, &app.object["spec"])
            }
            ("flink.apache.org", "flinkbluegreendeployments") => {
                |app| flink::coming(app, &app.object["spec"]["template"]["spec"])
            }
            _ => return None,
        };
    let (new, _) = write.act.written()?;
    if write.policy.operators.is_empty()
        || write.keeps_intent()
        || new.raw().get().len() > MOST_BYTES
    {
        return None;
    }
    let Tree(object) = new.read().ok()?;
    make(&Application {
        write,
        object,
        name: write.possible_name(),
    })
}

/// A custom resource by which an operator starts a job.
struct Application<'w, 'a> {
    write: &'w Write<'a>,
    object: Value,
    name: &'w str,
}

impl Application<'_, '_> {
    /// The operator that starts pods under this service account of a job.
    fn operator(&self, account: &str) -> Option<SampleUser> {
        let RunsAs::Job { role, .. } = self.write.runs_as(account) else {
            return None;
        };
        let (namespace, policy) = (self.write.target.namespace(), self.write.policy);
        let may = |operator: &&Operator| {
            policy.declares(operator, namespace, account) || operator.runs(&role)
        };
        let operator = policy.operators.iter().find(may)?;
        Some(SampleUser::service_account(
            &operator.namespace,
            &operator.name,
        ))
    }

    /// A pod of the job itself.
    fn pod_of_job(&self, account: &str, pod: &str) -> SampleUser {
        SampleUser::in_pod(self.write.target.namespace(), account, pod)
    }
}

/// The members of `more` on top of those of `base`; lists one after the other.
fn merged(base: &Value, more: &Value) -> Value {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => {
            let mut all = base.clone();
            for (key, value) in more {
                let before = all.get(key).cloned().unwrap_or_default();
                all.insert(key.clone(), merged(&before, value));
            }
            Value::Object(all)
        }
        (Value::Array(base), Value::Array(more)) => base.iter().chain(more).cloned().collect(),
        (base, Value::Null) => base.clone(),
        (_, more) => more.clone(),
    }
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value[field].as_str().filter(|text| !text.is_empty())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}
