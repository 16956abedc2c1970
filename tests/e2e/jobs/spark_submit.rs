//! A real Spark client in a namespace that rolegate enforces: with a job's own
//! tokens it does all of its work, with anybody else's it is told why not.

use serde_json::Value;

use super::client::pod_of;
use super::emr::JobRun;
use super::submit::{Submission, executors_of, printed};
use super::{node, traces};
use crate::harness::accounts::Pod;
use crate::harness::cast::{ACCOUNT, OTHER_ROLE, ROLE, becomes};
use crate::harness::scan;
use crate::harness::users::User;
use crate::harness::webhook::{guarded, guarded_at_both_doors};
use crate::harness::{Cluster, Namespace, wait};

#[test]
fn spark_submit_by_a_jobs_own_tokens_passes_from_driver_to_cleanup() {
    let namespace = Namespace::labelled(guarded_at_both_doors().cluster, "enforce");
    let job = Job::new(&namespace);

    let output = job.submission(&job.client).in_cluster_mode();
    assert!(output.status.success(), "{}", printed(&output));
    let driver = job.driver();
    for (resource, beginning, end) in [
        ("services", "pi-", "-driver-svc"),
        ("configmaps", "spark-drv-", "-conf-map"),
        ("configmaps", "pi-", "-driver-podspec-conf-map"),
    ] {
        let found = named(&namespace, resource, beginning, end);
        let [object] = found.as_slice() else {
            panic!("one of {resource} {beginning}*{end}, not {found:?}")
        };
        assert_eq!(object["metadata"]["ownerReferences"][0]["uid"], driver.uid);
    }
    let policy = guarded_at_both_doors().rolegate.policy_file();

    let token = job.start_driver(&driver);
    let output = job.submission(&token).in_client_mode(|| {
        let count = executors_of(&namespace, &driver);
        if count != 2 {
            return Err(format!("{count} executors"));
        }
        // A scan finds no fault with what the real client made.
        scan::expect_honest(&namespace, &policy, &[]);
        Ok(())
    });
    assert!(output.status.success(), "{}", printed(&output));
    wait::until("Spark to have cleaned up", || {
        let left = [
            named(&namespace, "pods", "pi-", ""),
            named(&namespace, "configmaps", "spark-exec-", ""),
            named(&namespace, "persistentvolumeclaims", "pi-", ""),
        ];
        let clean = left.iter().all(Vec::is_empty);
        clean.then_some(()).ok_or_else(|| format!("{left:?}"))
    });

    let (client, driver) = (job.client.name.as_str(), token.name.as_str());
    traces::expect_no_finding(
        &namespace,
        &[
            (client, "create", "pods"),
            (client, "patch", "services"),
            (client, "patch", "configmaps"),
            (driver, "create", "configmaps"),
            (driver, "create", "pods"),
            (driver, "create", "persistentvolumeclaims"),
            (driver, "deletecollection", "pods"),
            (driver, "deletecollection", "configmaps"),
            (driver, "deletecollection", "persistentvolumeclaims"),
        ],
    );
}

#[test]
fn without_rolegate_anybody_submits_under_a_jobs_role() {
    let namespace = Namespace::unmanaged(Cluster::shared());
    let job = Job::new(&namespace);
    for (who, _) in job.strangers() {
        let output = job.submission(&who).in_cluster_mode();
        assert!(output.status.success(), "{}", printed(&output));
        let driver = job.driver();
        let admin = namespace.cluster.admin();
        let path = namespace.core(&format!("pods/{}", driver.name));
        namespace
            .cluster
            .request(admin, "DELETE", &path)
            .send()
            .expect_status(200);
    }
    let (driver, token, other) = job.with_another_roles_executors();
    let submission = Submission {
        executor_account: &other,
        ..job.submission(&token)
    };
    let output = submission.in_client_mode(|| {
        let count = executors_of(&namespace, &driver);
        (count == 2)
            .then_some(())
            .ok_or(format!("{count} executors"))
    });
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn spark_tells_a_stranger_why_there_is_no_driver() {
    let namespace = Namespace::labelled(guarded().cluster, "enforce");
    let job = Job::new(&namespace);
    for (who, says) in job.strangers() {
        let output = job.submission(&who).in_cluster_mode();
        let text = printed(&output);
        assert!(!output.status.success(), "{text}");
        let refused = format!(
            "rolegate refused this request: foreign-service-account: {}",
            who.name
        );
        assert!(text.contains(&refused) && text.contains(&says), "{text}");
        assert!(named(&namespace, "pods", "spark-", "").is_empty());
    }
}

#[test]
fn spark_tells_a_driver_why_another_roles_executors_do_not_start() {
    let namespace = Namespace::labelled(guarded().cluster, "enforce");
    let job = Job::new(&namespace);
    let (_, token, other) = job.with_another_roles_executors();
    let submission = Submission {
        executor_account: &other,
        ..job.submission(&token)
    };
    let output = submission.in_client_mode(|| {
        let refused = namespace.cluster.audit_events(&namespace.name, |event| {
            event["user"]["username"] == token.name
                && event["objectRef"]["resource"] == "pods"
                && event["responseStatus"]["code"] == 403
        });
        (!refused.is_empty())
            .then_some(())
            .ok_or("not refused yet".to_owned())
    });
    let text = printed(&output);
    let says = format!(
        "{}, and this job runs as {ACCOUNT}/{ROLE}",
        becomes(OTHER_ROLE)
    );
    assert!(
        text.contains("rolegate refused this request: foreign-service-account")
            && text.contains(&says),
        "{text}"
    );
    assert!(named(&namespace, "pods", "pi-", "").is_empty());
}

/// EMR's job up to the runner, whose pod runs.
struct Job<'n> {
    run: JobRun<'n>,
    client: User,
    driver_account: String,
    executor_account: String,
    driver_name: String,
}

impl<'n> Job<'n> {
    fn new(namespace: &'n Namespace<'static>) -> Self {
        let run = JobRun::start(namespace, ROLE);
        node::run(namespace, &run.runner);
        Self {
            client: node::token(namespace, &run.account("client"), &run.runner, None),
            driver_account: run.account("driver"),
            executor_account: run.account("executor"),
            driver_name: format!("spark-{}-driver", run.id),
            run,
        }
    }

    fn submission<'j>(&'j self, user: &'j User) -> Submission<'j> {
        Submission {
            namespace: self.run.namespace,
            user,
            driver_pod: &self.driver_name,
            driver_account: &self.driver_account,
            executor_account: &self.executor_account,
        }
    }

    fn driver(&self) -> Pod {
        let namespace = self.run.namespace;
        let pod = namespace
            .cluster
            .get(&namespace.core(&format!("pods/{}", self.driver_name)));
        assert_eq!(pod["spec"]["serviceAccountName"], self.driver_account);
        pod_of(&pod)
    }

    fn start_driver(&self, driver: &Pod) -> User {
        node::run(self.run.namespace, driver);
        node::token(self.run.namespace, &self.driver_account, driver, None)
    }

    /// Who may not submit it: a tenant, and somebody with a token of the
    /// job's account that is not the runner's. With words of the answer.
    fn strangers(&self) -> [(User, String); 2] {
        let namespace = self.run.namespace;
        [
            (namespace.cluster.alice().clone(), becomes(ROLE)),
            (
                namespace.unbound_token(&self.run.account("client")),
                "its token is not bound to a pod".to_owned(),
            ),
        ]
    }

    /// A driver that runs, its token, and an executor account of a role that
    /// has jobs in the namespace, too.
    fn with_another_roles_executors(&self) -> (Pod, User, String) {
        let other = JobRun::start(self.run.namespace, OTHER_ROLE);
        let driver = self
            .run
            .namespace
            .pod(&self.driver_name, &self.driver_account);
        let token = self.start_driver(&driver);
        (driver, token, other.account("executor"))
    }
}

/// The objects whose names begin and end so.
fn named(namespace: &Namespace<'_>, resource: &str, beginning: &str, end: &str) -> Vec<Value> {
    let list = namespace.cluster.get(&namespace.core(resource));
    let fits = |object: &&Value| {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        name.starts_with(beginning) && name.ends_with(end)
    };
    let items = list["items"].as_array().expect("a list");
    items.iter().filter(fits).cloned().collect()
}
