//! The scene of the tests: namespace `spark-a`, in which two teams run jobs
//! with Amazon EMR, and everybody who acts there.

use rolegate_core::policy::Policy;
use serde_json::{Value, json};

use super::{Review, in_pod, service_account, user};

/// Team A's role `team-a-etl` in account 111122223333, as EMR writes it into the
/// names of the service accounts that run under it: the role's name in base 36.
pub const TEAM_A: &str = "111122223333-2hiamcixdm9axe98";
pub const TEAM_A_ARN: &str = "arn:aws:iam::111122223333:role/team-a-etl";
/// The same for team B's role, `team-b-etl` in the same account.
pub const TEAM_B: &str = "111122223333-2hiamcixdo8c1g8c";

/// The virtual cluster of the namespace.
pub const CLUSTER: &str = "jk518skp01ys9ka8b0npx9nt0";
/// The job run of [`runner`], [`driver`] and [`executor`], which is team A's.
pub const JOB: &str = "0000000337okspsc913";
/// Another job run, of which a test says whose it is.
pub const OTHER_JOB: &str = "0000000337okspsc914";

/// What Spark puts before the names of the job's executors.
pub const PREFIX: &str = "pi-772b9c81ae56a93d";

/// The uids of [`JOB`]'s runner and driver, which bound tokens carry.
pub const RUNNER_UID: &str = "runner-uid";
pub const DRIVER_UID: &str = "driver-uid";

/// The service account that EMR made for a component of team A's jobs:
/// `spark-client`, `spark-driver`, `spark-executor`, `flink-jobmanager`, ….
pub fn account(component: &str) -> String {
    account_of(component, TEAM_A)
}

/// The same for a role of whomever.
pub fn account_of(component: &str, role: &str) -> String {
    format!("emr-containers-sa-{component}-{role}")
}

pub fn runner_name(job: &str) -> String {
    format!("{job}-abcde")
}

pub fn driver_name(job: &str) -> String {
    format!("spark-{job}-driver")
}

/// The Secret with which EMR has a job's logs written.
pub fn log_secret(job: &str) -> String {
    format!("emr-containers-s3-{CLUSTER}-{job}")
}

/// EMR itself, under its service-linked role.
pub fn emr() -> Value {
    const ROLE: &str = "AWSServiceRoleForAmazonEMRContainers";
    let mut emr = user("emr-containers", &["system:authenticated"]);
    emr["extra"] = json!({
        "arn": [format!("arn:aws:sts::111122223333:assumed-role/{ROLE}/s")],
        "canonicalArn": [format!("arn:aws:iam::111122223333:role/aws-service-role/emr-containers.amazonaws.com/{ROLE}")],
    });
    emr
}

/// The job runner, which EMR starts and which creates the driver.
pub fn runner() -> Value {
    runner_of(JOB, TEAM_A)
}

pub fn runner_of(job: &str, role: &str) -> Value {
    let account = account_of("spark-client", role);
    in_pod(
        "spark-a",
        &account,
        &runner_name(job),
        &uid(RUNNER_UID, job),
    )
}

/// The driver, which creates executors.
pub fn driver() -> Value {
    driver_of(JOB, TEAM_A)
}

pub fn driver_of(job: &str, role: &str) -> Value {
    let account = account_of("spark-driver", role);
    in_pod(
        "spark-a",
        &account,
        &driver_name(job),
        &uid(DRIVER_UID, job),
    )
}

/// No two jobs' pods have one uid.
fn uid(uid: &str, job: &str) -> String {
    if job == JOB {
        uid.to_owned()
    } else {
        format!("{uid}-{job}")
    }
}

pub fn executor() -> Value {
    let name = format!("{PREFIX}-exec-1");
    in_pod("spark-a", &account("spark-executor"), &name, "executor-uid")
}

/// The operator that [`OPERATOR`] declares.
pub fn operator() -> Value {
    service_account("spark-operator", "spark-operator")
}

/// A cluster administrator.
pub fn admin() -> Value {
    user("root", &["system:masters"])
}

/// A node's kubelet.
pub fn node() -> Value {
    user("system:node:n1", &["system:nodes"])
}

/// The controller manager under its own name; `support::controller` is one of
/// its controllers under the controller's.
pub fn controller_manager() -> Value {
    user("system:kube-controller-manager", &[])
}

/// EKS itself, installing add-ons.
pub fn eks() -> Value {
    user("eks:addon-manager", &[])
}

/// The labels that EMR gives every pod of [`JOB`].
pub fn labels(component: &str) -> Value {
    json!({
        "emr-containers.amazonaws.com/component": component,
        "emr-containers.amazonaws.com/job.id": JOB,
        "emr-containers.amazonaws.com/job.release.label": "emr-7.9.0-latest",
        "emr-containers.amazonaws.com/resource.type": "job.run",
        "emr-containers.amazonaws.com/virtual-cluster-id": CLUSTER,
    })
}

/// A policy with an operator that starts jobs of team A's roles, under EMR's
/// service accounts and Livy's.
pub const OPERATOR: &str = r#"
apiVersion: rolegate.dev/v1alpha1
kind: Policy
identities:
  addOns: [volcano, yunikorn, kueue, istio, cert-manager, kyverno]
  operators:
    - serviceAccount: spark-operator/spark-operator
      roles: ["arn:aws:iam::111122223333:role/team-a-*"]
      jobServiceAccounts: [{ name: livy-runner, role: "arn:aws:iam::111122223333:role/team-a-etl" }]
"#;

/// The built-in policy for a cluster in which the add-ons of [`OPERATOR`] are installed.
pub fn with_add_ons() -> Policy {
    super::policy(
        "apiVersion: rolegate.dev/v1alpha1\nkind: Policy\nidentities: { addOns: [volcano, yunikorn, kueue, istio, cert-manager, kyverno] }",
    )
}

/// [`OPERATOR`] and further lines, which may go on with `identities`.
pub fn with_operator(more: &str) -> Policy {
    super::policy(&format!("{OPERATOR}{more}"))
}

pub fn create(user: Value, resource: &str, name: &str, object: Value) -> Review {
    Review::new(user, "CREATE", resource, name).object(object)
}

/// An update of the object that `old` names.
pub fn update(user: Value, resource: &str, old: Value, new: Value) -> Review {
    let name = old["metadata"]["name"].as_str().unwrap_or("x").to_owned();
    Review::new(user, "UPDATE", resource, &name)
        .old(old)
        .object(new)
}

/// The write that leads from one object to another: a CREATE where there is no
/// old one, a DELETE where there is no new one.
pub fn write(
    user: Value,
    resource: &str,
    name: &str,
    old: Option<Value>,
    new: Option<Value>,
) -> Review {
    let operation = match (&old, &new) {
        (None, _) => "CREATE",
        (Some(_), Some(_)) => "UPDATE",
        (Some(_), None) => "DELETE",
    };
    Review::new(user, operation, resource, name)
        .old(old.unwrap_or_default())
        .object(new.unwrap_or_default())
}
