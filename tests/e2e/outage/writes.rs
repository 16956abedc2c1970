//! New writes into a namespace with a running job: by a tenant, by the job
//! itself, by EMR. All of them work where rolegate is not.

use std::fmt;

use serde_json::{Value, json};

use crate::harness::Cluster;
use crate::harness::accounts::pod;
use crate::harness::cast::{OTHER_JOB, config_map, token_request};
use crate::harness::http::{Answer, MERGE, STRATEGIC};
use crate::harness::users::User;

use super::running::{Job, account, emr_job};

pub(super) struct Write<'j> {
    user: &'j User,
    method: &'static str,
    path: String,
    body: Option<(&'static str, Value)>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Admitted {
        audit_id: String,
        warnings: Vec<String>,
    },
    /// Refused because this webhook did not answer.
    NoAnswer(String),
    Other(Answer),
}

/// One of each kind. In an order in which each succeeds where nothing stops it.
pub(super) fn writes(job: &Job) -> Vec<Write<'_>> {
    const JSON: &str = "application/json";
    let cluster = job.namespace.cluster;
    let (alice, emr) = (cluster.alice(), cluster.emr());
    let (driver, runner) = (&job.driver.1, &job.runner.1);
    let core = |rest: &str| job.namespace.core(rest);
    let new = |user, path: String, body| Write {
        user,
        method: "POST",
        path,
        body: Some((JSON, body)),
    };
    let change = |user, path: String, kind, body| Write {
        user,
        method: "PATCH",
        path,
        body: Some((kind, body)),
    };
    let remove = |user, path: String| Write {
        user,
        method: "DELETE",
        path,
        body: None,
    };
    let the_driver = format!("pods/{}", job.driver.0.name);
    let debug = json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "registry.example/debug:1"}]}});
    let token = token_request(&json!({}));
    let drv = "configmaps/spark-drv-0123456789abcdef-conf-map";
    vec![
        new(alice, core("configmaps"), config_map("alices")),
        new(alice, core("pods"), pod("harmless", "default")),
        new(alice, core("pods"), pod("thief", &account("driver"))),
        new(
            alice,
            core(&format!("serviceaccounts/{}/token", account("driver"))),
            token,
        ),
        change(
            alice,
            core(&format!("{the_driver}/ephemeralcontainers")),
            STRATEGIC,
            debug,
        ),
        change(
            alice,
            core(drv),
            MERGE,
            json!({"data": {"spark.properties": "x"}}),
        ),
        Write {
            user: alice,
            method: "GET",
            path: core(&format!("{the_driver}/exec?command=id")),
            body: None,
        },
        new(
            driver,
            core("pods"),
            pod("pi-0123456789abcdef-exec-2", &account("executor")),
        ),
        new(
            driver,
            core("configmaps"),
            config_map("spark-exec-0123456789abcdef-conf-map"),
        ),
        new(
            runner,
            core("configmaps"),
            config_map("spark-drv-fedcba9876543210-conf-map"),
        ),
        new(
            emr,
            job.namespace.group("batch/v1", "jobs"),
            emr_job(OTHER_JOB),
        ),
        change(
            emr,
            core(drv),
            MERGE,
            json!({"metadata": {"labels": {"a": "b"}}}),
        ),
        remove(alice, core(drv)),
        remove(driver, core("pods/pi-0123456789abcdef-exec-1")),
    ]
}

impl Write<'_> {
    /// The one that the cluster door sees where no label is.
    pub(super) fn names_a_reserved_account(&self) -> bool {
        self.path.contains("serviceaccounts/emr-containers-sa-")
    }

    pub(super) fn send(self, cluster: &Cluster) -> Outcome {
        let mut request = cluster.request(self.user, self.method, &self.path);
        if let Some((kind, body)) = &self.body {
            request = request.body(kind, body.to_string());
        }
        let answer = request.send();
        let message = answer.message();
        let connected = self.method == "GET" && message.contains("no preferred addresses");
        if matches!(answer.status, 200..=202) || connected {
            let id = answer.headers.iter().find(|(name, _)| name == "audit-id");
            return Outcome::Admitted {
                audit_id: id.map(|(_, id)| id.clone()).unwrap_or_default(),
                warnings: answer.warnings(),
            };
        }
        let door = message
            .split_once("failed calling webhook \"")
            .and_then(|(_, rest)| rest.split_once('"'));
        match door {
            Some((door, _)) if answer.status == 500 => Outcome::NoAnswer(door.to_owned()),
            _ => Outcome::Other(answer),
        }
    }
}

impl fmt::Display for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} as {}", self.method, self.path, self.user.name)
    }
}
