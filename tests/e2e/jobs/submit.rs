//! Real `spark-submit`s, as a job's runner and driver call it.

use std::process::Output;
use std::thread;
use std::time::Duration;

use crate::harness::accounts::Pod;
use crate::harness::spark::spark_submit;
use crate::harness::users::User;
use crate::harness::{Namespace, dirs, wait};

/// Two programs start first, Java and Python, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(150);

/// An application that does nothing until the test has seen enough. It ends
/// by itself when the test is gone.
const SCRIPT: &str = "\
import os, sys, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
end = time.time() + 180
while not os.path.exists(sys.argv[1]):
    if time.time() > end:
        sys.exit('nobody wrote ' + sys.argv[1])
    time.sleep(0.1)
spark.stop()
";

const TEMPLATE: &str = "\
apiVersion: v1
kind: Pod
metadata: {labels: {emr-containers.amazonaws.com/component: executor}}
spec: {containers: [{name: spark-kubernetes-executor}]}
";

/// One submission, before it is sent.
pub(super) struct Submission<'n> {
    pub(super) namespace: &'n Namespace<'static>,
    pub(super) user: &'n User,
    /// The pod that is made, or that runs already.
    pub(super) driver_pod: &'n str,
    pub(super) driver_account: &'n str,
    pub(super) executor_account: &'n str,
}

impl Submission<'_> {
    /// In cluster mode: makes the driver, and returns.
    pub(super) fn in_cluster_mode(&self) -> Output {
        let mut args = self.args("authenticate.submission.oauthToken");
        args.push("--deploy-mode=cluster".to_owned());
        args.push(conf("submission.waitAppCompletion", "false"));
        args.push("local:///x.py".to_owned());
        run(self.namespace, &args)
    }

    /// In client mode: the driver itself, on this machine. Runs until `seen`.
    pub(super) fn in_client_mode(&self, mut seen: impl FnMut() -> Result<(), String>) -> Output {
        let script = Self::file("application.py", SCRIPT);
        let go_on = format!("{script}.go-on");
        let claim = |key: &str, value: &str| {
            let key = format!("executor.volumes.persistentVolumeClaim.spark-local-dir-1.{key}");
            conf(&key, value)
        };
        let mut args = self.args("authenticate.oauthToken");
        args.extend([
            "--deploy-mode=client".to_owned(),
            "--conf=spark.driver.host=127.0.0.1".to_owned(),
            "--conf=spark.ui.enabled=false".to_owned(),
            claim("mount.path", "/data"),
            // Without a class and a size Spark makes no claim.
            claim("options.claimName", "OnDemand"),
            claim("options.storageClass", "gp3"),
            claim("options.sizeLimit", "1Gi"),
            script,
            go_on.clone(),
        ]);
        thread::scope(|scope| {
            let driver = scope.spawn(|| run(self.namespace, &args));
            let mut ended = false;
            wait::until_within(PATIENCE, "the driver's requests", || {
                // One more look after its end, and then it will not come.
                assert!(!ended, "the driver ended before it had sent all");
                ended = driver.is_finished();
                seen()
            });
            dirs::write(go_on.as_ref(), "");
            driver.join().expect("a thread that only runs a program")
        })
    }

    fn args(&self, token: &str) -> Vec<String> {
        vec![
            "--name=pi".to_owned(),
            "--conf=spark.executor.instances=2".to_owned(),
            conf("namespace", &self.namespace.name),
            conf(token, &self.user.token),
            conf(
                "authenticate.driver.serviceAccountName",
                self.driver_account,
            ),
            conf(
                "authenticate.executor.serviceAccountName",
                self.executor_account,
            ),
            conf("container.image", "registry.example/spark:1"),
            conf("driver.pod.name", self.driver_pod),
            conf(
                "executor.podTemplateFile",
                &Self::file("executor.yaml", TEMPLATE),
            ),
        ]
    }

    fn file(name: &str, text: &str) -> String {
        let path = dirs::run().join(format!("{}-{}", dirs::random_name("submit"), name));
        dirs::write(&path, text);
        path.display().to_string()
    }
}

/// The executors that belong to this driver.
pub(super) fn executors_of(namespace: &Namespace<'_>, driver: &Pod) -> usize {
    let pods = namespace
        .cluster
        .get(&namespace.core("pods?labelSelector=spark-role%3Dexecutor"));
    let owned =
        |pod: &&serde_json::Value| pod["metadata"]["ownerReferences"][0]["uid"] == driver.uid;
    pods["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(owned)
        .count()
}

/// All that the program printed.
pub(super) fn printed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

fn run(namespace: &Namespace<'_>, args: &[String]) -> Output {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    spark_submit(namespace.cluster, &args, &[])
}

fn conf(key: &str, value: &str) -> String {
    format!("--conf=spark.kubernetes.{key}={value}")
}
