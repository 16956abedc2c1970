//! A job from `StartJobRun` to its end, in a namespace that rolegate enforces,
//! with `examples/policies/start-job-run.yaml`.

use serde_json::Value;

use super::attack::Attack;
use super::client::Client;
use super::emr::{JobRun, service_account_of};
use super::spark::Driver;
use super::traces;
use super::{examples, node};
use crate::harness::accounts::Pod;
use crate::harness::cast::{OTHER_ROLE, ROLE, becomes, role_arn};
use crate::harness::{Namespace, wait};

#[test]
fn a_whole_job_passes_untouched_completes_and_is_cleaned_up() {
    let namespace = &examples::start_job_run().used;
    let cluster = namespace.cluster;

    let driver = Driver::submit(JobRun::start(namespace, ROLE));
    let [first, second] = driver.allocate();
    for (pod, component, container) in [
        (&driver.run.runner, "client", "job-runner"),
        (&driver.pod, "driver", "spark-kubernetes-driver"),
        (&first, "executor", "spark-kubernetes-executor"),
        (&second, "executor", "spark-kubernetes-executor"),
    ] {
        expect_as_on_eks(&driver.run, pod, component, container);
        // The kubelet gets the token for STS that the volume asks for.
        let account = driver.run.account(component);
        node::token(namespace, &account, pod, Some("sts.amazonaws.com"));
    }

    examples::start_job_run().expect_honest(&[]);

    driver.mark(&first);
    driver.stop();
    for executor in [&first, &second] {
        node::remove(namespace, executor);
    }
    for resource in ["pods", "configmaps"] {
        let selector = format!("{},spark-role=executor", driver.selector());
        expect_empty(namespace, &driver.collection(resource, &selector));
    }
    for resource in ["services", "persistentvolumeclaims"] {
        expect_empty(namespace, &driver.collection(resource, &driver.selector()));
    }

    node::succeed(namespace, &driver.pod);
    node::succeed(namespace, &driver.run.runner);
    expect_complete(&driver.run);
    let emr = Client::new(namespace, cluster.emr());
    clean_up(&emr, &driver);
    expect_reviewed(&driver);

    // The namespace can go, with a job in it that has not ended.
    JobRun::start(namespace, ROLE);
    let path = format!("/api/v1/namespaces/{}", namespace.name);
    let admin = Client::new(namespace, cluster.admin());
    admin.delete(&path, "Background");
    expect_gone(namespace, &path);
    traces::expect_no_finding(namespace, &[]);
}

/// `StartJobRun` fails at once, and nobody waits for a job that cannot start.
#[test]
fn a_role_that_is_not_listed_is_refused_at_the_first_object() {
    let listed = examples::start_job_run();
    let emr = Client::new(&listed.misused, listed.misused.cluster.emr());
    let run = JobRun::unsent(&listed.misused, OTHER_ROLE);
    let refused = |what: &str, path: String, body: Value| {
        let attack = Attack {
            what: what.to_owned(),
            method: "POST",
            path,
            body,
            rule: "execution-role",
            says: format!("{}, which the policy does not list", becomes(OTHER_ROLE)),
        };
        attack.expect_refused(&emr);
    };
    let account = run.account("client");
    let path = listed.misused.core("serviceaccounts");
    refused(
        "EMR's first object",
        path,
        service_account_of(&account, OTHER_ROLE),
    );
    // From the days before the list.
    listed.misused.service_account(&account);
    let path = listed.misused.group("batch/v1", "jobs");
    refused("the first object of the role's next job", path, run.job());

    JobRun::start(&listed.unmanaged, OTHER_ROLE);
}

/// What EKS's webhook adds is there, and nothing else was taken or given.
fn expect_as_on_eks(run: &JobRun<'_>, pod: &Pod, component: &str, container: &str) {
    let namespace = run.namespace;
    let stored = namespace
        .cluster
        .get(&namespace.core(&format!("pods/{}", pod.name)));
    let spec = &stored["spec"];
    assert_eq!(
        spec["serviceAccountName"],
        run.account(component),
        "{stored}"
    );
    assert_eq!(spec["volumes"][0]["name"], "aws-iam-token", "{stored}");
    let containers = spec["containers"].as_array().expect("a pod has some");
    let names: Vec<_> = containers
        .iter()
        .map(|container| &container["name"])
        .collect();
    assert_eq!(names, [container, "emr-container-fluentd"]);
    for container in containers {
        let env = |name: &str| {
            let list = container["env"].as_array().into_iter().flatten();
            list.filter(|variable| variable["name"] == name)
                .map(|variable| variable["value"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(env("AWS_ROLE_ARN"), [role_arn(&run.role)], "{stored}");
        assert_eq!(env("AWS_WEB_IDENTITY_TOKEN_FILE").len(), 1, "{stored}");
        let mounts = container["volumeMounts"].as_array().into_iter().flatten();
        assert_eq!(
            mounts
                .filter(|mount| mount["name"] == "aws-iam-token")
                .count(),
            1,
            "{stored}"
        );
    }
    let written = stored.to_string();
    assert!(
        !written.contains("rolegate"),
        "rolegate writes nothing here: {written}"
    );
    assert_eq!(
        stored["metadata"]["labels"]["emr-containers.amazonaws.com/job.id"],
        run.id
    );
}

fn expect_complete(run: &JobRun<'_>) {
    let path = run.namespace.group("batch/v1", &format!("jobs/{}", run.id));
    wait::until("the Job to be Complete", || {
        let job = run.namespace.cluster.get(&path);
        let conditions = job["status"]["conditions"].as_array();
        let complete =
            |condition: &Value| condition["type"] == "Complete" && condition["status"] == "True";
        let done = conditions.is_some_and(|all| all.iter().any(complete));
        done.then_some(()).ok_or_else(|| job["status"].to_string())
    });
}

/// EMR deletes its Job and the driver; the garbage collector does the rest.
fn clean_up(emr: &Client<'_>, driver: &Driver<'_>) {
    let (namespace, run) = (emr.namespace, &driver.run);
    emr.delete(
        &namespace.group("batch/v1", &format!("jobs/{}", run.id)),
        "Background",
    );
    for name in run.own_maps() {
        expect_gone(namespace, &namespace.core(&format!("configmaps/{name}")));
    }
    expect_gone(
        namespace,
        &namespace.core(&format!("secrets/{}", run.secret())),
    );
    expect_gone(
        namespace,
        &namespace.core(&format!("pods/{}", run.runner.name)),
    );
    let pod = namespace.core(&format!("pods/{}", driver.pod.name));
    emr.delete(&pod, "Background");
    expect_gone(namespace, &pod);
    expect_empty(
        namespace,
        &driver.collection("configmaps", &driver.selector()),
    );
}

/// Each of these was put to rolegate; that it said nothing is looked up for
/// every request of the namespace.
fn expect_reviewed(driver: &Driver<'_>) {
    let namespace = driver.run.namespace;
    let emr = namespace.cluster.emr().name.as_str();
    let account = |component| namespace.account_user(&driver.run.account(component));
    let (client, driver) = (account("client"), account("driver"));
    let job_controller = "system:serviceaccount:kube-system:job-controller";
    let seen = [
        (emr, "create", "serviceaccounts"),
        (emr, "create", "roles"),
        (emr, "create", "rolebindings"),
        (emr, "create", "jobs"),
        (emr, "create", "configmaps"),
        (emr, "delete", "jobs"),
        (emr, "delete", "pods"),
        (job_controller, "create", "pods"),
        (&client, "create", "pods"),
        (&client, "patch", "services"),
        (&client, "patch", "configmaps"),
        (&driver, "create", "configmaps"),
        (&driver, "create", "persistentvolumeclaims"),
        (&driver, "create", "pods"),
        (&driver, "patch", "pods"),
        (&driver, "deletecollection", "pods"),
        (&driver, "deletecollection", "configmaps"),
        (&driver, "deletecollection", "persistentvolumeclaims"),
        (&driver, "deletecollection", "services"),
    ];
    traces::expect_no_finding(namespace, &seen);
    // A kubelet's reports and tokens do not even come by.
    for (verb, resource) in [
        ("patch", "pods"),
        ("create", "serviceaccounts"),
        ("delete", "pods"),
    ] {
        namespace.wait_for_audit("the node's work", |event| {
            event["user"]["username"] == "system:node:n1"
                && event["verb"] == verb
                && event["objectRef"]["resource"] == resource
                && event["annotations"]["enforce.rolegate.dev/policy"].is_null()
        });
    }
}

fn expect_gone(namespace: &Namespace<'_>, path: &str) {
    let cluster = namespace.cluster;
    wait::until(&format!("{path} to be gone"), || {
        let answer = cluster.request(cluster.admin(), "GET", path).try_send()?;
        (answer.status == 404).then_some(()).ok_or(answer.body)
    });
}

fn expect_empty(namespace: &Namespace<'_>, path: &str) {
    wait::until(&format!("{path} to be empty"), || {
        let list = namespace.cluster.get(path);
        let empty = list["items"].as_array().is_some_and(Vec::is_empty);
        empty.then_some(()).ok_or_else(|| list.to_string())
    });
}
