//! A real Spark client against the control plane: what it sends, without
//! rolegate in the way.

use serde_json::Value;

use crate::harness::cast::{JOB, ROLE, job_account};
use crate::harness::spark::spark_submit;
use crate::harness::{Cluster, Namespace};

#[test]
fn spark_submit_makes_a_driver_its_service_and_its_config_map() {
    let cluster = Cluster::shared();
    let namespace = Namespace::unmanaged(cluster);
    let account = |component| job_account(component, ROLE);
    let (client, driver, executor) = (account("client"), account("driver"), account("executor"));
    let (runner, driver_pod) = (format!("{JOB}-runner"), format!("spark-{JOB}-driver"));
    let (_, submitter) = namespace.job(&client, &runner);
    namespace.service_account(&driver);
    namespace.service_account(&executor);

    let conf = |key: &str, value: &str| format!("--conf=spark.kubernetes.{key}={value}");
    let output = spark_submit(
        cluster,
        &[
            "--deploy-mode=cluster",
            "--name=pi",
            &conf("namespace", &namespace.name),
            &conf("authenticate.submission.oauthToken", &submitter.token),
            &conf("authenticate.driver.serviceAccountName", &driver),
            &conf("authenticate.executor.serviceAccountName", &executor),
            &conf("container.image", "registry.example/spark:1"),
            &conf("driver.pod.name", &driver_pod),
            &conf("submission.waitAppCompletion", "false"),
            "local:///x.py",
        ],
        &[],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let pod = cluster.get(&namespace.core(&format!("pods/{driver_pod}")));
    assert_eq!(pod["spec"]["serviceAccountName"], driver);
    for (resource, verb) in [
        ("pods", "create"),
        ("services", "patch"),
        ("configmaps", "patch"),
    ] {
        namespace.wait_for_audit(
            &format!("spark-submit's {verb} {resource}"),
            |event: &Value| {
                event["verb"] == verb
                    && event["objectRef"]["resource"] == resource
                    && event["user"]["username"] == namespace.account_user(&client)
                    && event["user"]["extra"]["authentication.kubernetes.io/pod-name"][0] == runner
            },
        );
    }
}
