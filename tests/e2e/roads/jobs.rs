//! A job's own work, and where it ends: by the tokens that the API server
//! binds to the job's pods.

use serde_json::{Value, json};

use super::config_maps::map;
use super::pair::{ACCOUNT, JOB, ROLE, account, wait_for_rights};
use super::refusal::{ACCOUNTS_OF_A_JOB, CONFIG_MAPS, POD_EXEC, assert_refused};
use super::road::Road;
use crate::harness::Namespace;
use crate::harness::accounts::{Pod, emr_service_account, pod};
use crate::harness::http::{APPLY, MERGE};
use crate::harness::users::User;
use crate::harness::webhook::guarded;

const OTHER_JOB: &str = "0000000337okspsc914";
const CONF: &str = "spark-exec-0123456789abcdef-conf-map";

/// The job's runner and driver, and a namespace with another role's accounts.
struct Job {
    namespace: Namespace<'static>,
    runner: User,
    driver: User,
    driver_pod: Pod,
}

impl Job {
    fn new() -> Self {
        let namespace = Namespace::labelled(guarded().cluster, "enforce");
        let (_, runner) = namespace.job(&account("client"), &format!("{JOB}-abcde"));
        let (driver_pod, driver) =
            namespace.job(&account("driver"), &format!("spark-{JOB}-driver"));
        namespace.service_account(&account("executor"));
        namespace.service_account(&foreign());
        wait_for_rights(&namespace, &runner, "pods");
        wait_for_rights(&namespace, &driver, "pods");
        Self {
            namespace,
            runner,
            driver,
            driver_pod,
        }
    }

    fn owned(&self, name: &str) -> Value {
        let mut map = map(name, "1");
        map["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "v1", "kind": "Pod", "controller": true,
            "name": self.driver_pod.name, "uid": self.driver_pod.uid,
        }]);
        map
    }
}

/// An executor's account of another role.
fn foreign() -> String {
    emr_service_account("spark", "executor", ACCOUNT, "team-c-etl")
}

fn start(name: &str, account: &str) -> Road {
    Road::create("v1", "pods", &pod(name, account))
}

#[test]
fn the_runner_starts_its_driver_and_the_driver_its_executors() {
    let job = Job::new();
    let spark = "spark-drv-0123456789abcdef-conf-map";
    for (user, road, status) in [
        // EMR retries a driver under a name with a suffix.
        (
            &job.runner,
            start(&format!("spark-{JOB}-driver-2"), &account("driver")),
            201,
        ),
        (
            &job.runner,
            Road::patch(
                "v1",
                format!("configmaps/{spark}"),
                APPLY,
                &job.owned(spark),
            )
            .query("fieldManager=spark&force=true"),
            201,
        ),
        (
            &job.driver,
            Road::create("v1", "configmaps", &job.owned(CONF)),
            201,
        ),
        (
            &job.driver,
            start("pi-772b9c81ae56a93d-exec-1", &account("executor")),
            201,
        ),
        (
            &job.driver,
            Road::patch(
                "v1",
                format!("configmaps/{CONF}"),
                MERGE,
                &json!({"data": {"key": "2"}}),
            ),
            200,
        ),
        (
            &job.driver,
            Road::new("DELETE", "v1", "configmaps?labelSelector=app%3Dshape"),
            200,
        ),
    ] {
        let answer = road.by(user, &job.namespace);
        assert_eq!(answer.status, status, "{}: {}", road.shown(), answer.body);
    }
}

/// The driver runs the tenant's code: what it may not is what a tenant may not.
#[test]
fn a_job_starts_nothing_under_another_identity() {
    let job = Job::new();
    let becomes_foreign = format!(
        "that service account becomes the IAM role {ACCOUNT}/team-c-etl, and this job runs as {ACCOUNT}/{ROLE}"
    );
    let another = format!("spark-{OTHER_JOB}-driver");
    for (user, name, account, why) in [
        (
            &job.driver,
            "pi-exec-1",
            foreign(),
            becomes_foreign.as_str(),
        ),
        (
            &job.driver,
            "pi-exec-1",
            "default".to_owned(),
            "a job starts pods under its own role's service accounts only",
        ),
        (
            &job.runner,
            &another,
            account("driver"),
            "would make the pod pass for a part of that job",
        ),
        (
            &job.driver,
            &another,
            account("executor"),
            "would make the pod pass for a part of that job",
        ),
        (
            &job.driver,
            "pi-exec-1",
            account("driver"),
            "a driver that this job starts is named",
        ),
    ] {
        let answer = start(name, &account).by(user, &job.namespace);
        let seen = format!(
            "{} may not start pod <ns>/{name} under service account {account}: ",
            user.name
        );
        assert_refused(&answer, &job.namespace, ACCOUNTS_OF_A_JOB, &seen);
        assert!(answer.message().contains(why), "{why}: {}", answer.body);
    }
}

#[test]
fn a_job_writes_no_config_map_of_emr_or_of_another_job() {
    let job = Job::new();
    let cluster = job.namespace.cluster;
    let emrs = format!("podtemplate-{JOB}");
    let others = "spark-exec-fedcba9876543210-conf-map";
    for name in [emrs.as_str(), others] {
        cluster.create(&job.namespace.core("configmaps"), &map(name, "1"));
    }
    let change = json!({"data": {"key": "2"}});
    for (road, seen) in [
        (
            Road::create("v1", "configmaps", &map("app", "1")),
            "create ConfigMap <ns>/app.",
        ),
        (
            Road::create("v1", "configmaps", &job.owned(&format!("fluentd-x-{JOB}"))),
            "create ConfigMap <ns>/fluentd-x-",
        ),
        (
            Road::patch("v1", format!("configmaps/{emrs}"), MERGE, &change),
            "change ConfigMap <ns>/podtemplate-",
        ),
        (
            Road::new("DELETE", "v1", format!("configmaps/{emrs}")),
            "delete ConfigMap <ns>/podtemplate-",
        ),
        (
            Road::patch("v1", format!("configmaps/{others}"), MERGE, &change),
            "change ConfigMap <ns>/spark-exec-",
        ),
        // To make it one's own in the same breath.
        (
            Road::new("PUT", "v1", format!("configmaps/{others}")).json(&job.owned(others)),
            "change ConfigMap <ns>/spark-exec-",
        ),
        (
            Road::new("DELETE", "v1", format!("configmaps/{others}")),
            "delete ConfigMap <ns>/spark-exec-",
        ),
        // By a deletion of many, which names none.
        (
            Road::new("DELETE", "v1", "configmaps?labelSelector=app%3Dshape"),
            "delete ConfigMap <ns>/",
        ),
    ] {
        let answer = road.by(&job.driver, &job.namespace);
        let seen = format!("{} may not {seen}", job.driver.name);
        assert_refused(&answer, &job.namespace, CONFIG_MAPS, &seen);
    }
}

#[test]
fn a_job_gets_into_no_pod_not_even_its_own() {
    let job = Job::new();
    let rest = format!("pods/{}/exec?command=id", job.driver_pod.name);
    for user in [&job.runner, &job.driver] {
        let answer = Road::new("POST", "v1", &*rest).by(user, &job.namespace);
        let seen = format!(
            "{} may not exec into pod <ns>/{}.",
            user.name, job.driver_pod.name
        );
        assert_refused(&answer, &job.namespace, POD_EXEC, &seen);
    }
}
