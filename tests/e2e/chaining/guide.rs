//! The two jobs of AWS's guide, from `examples/role-chaining`: EMR's own image,
//! the guide's variables, and data that only role 2 may touch.

use std::process::{Command, Output};

use serde_json::Value;

use super::job;
use super::scene::{self, CONFIG, DRIVER, ROLE_1, ROLE_2};
use crate::harness::aws::Aws;
use crate::harness::kubelet::{self, Container};
use crate::harness::sdk::{From, Sdk};
use crate::harness::{sdk, spark};

const BUCKET: &str = "datalake-444455556666-us-east-1";
/// Rows with an id and a name.
const PARQUET: &[u8] = include_bytes!("three-rows.parquet");

/// A driver of the guide in its container, the bucket and the queue.
struct Stage {
    container: Container,
    aws: Aws,
    session: String,
    /// The path of the queue's URL.
    queue: String,
}

impl Stage {
    fn set(example: &str) -> Self {
        let job = scene::job("emr");
        let pod = job.example(&format!("examples/role-chaining/{example}.pod.yaml"));
        let stored = job.create(&pod);
        assert_eq!(image(&stored), image(&pod));

        let trust = scene::trust(&stored)
            .service(ROLE_2, "s3")
            .service(ROLE_2, "sqs");
        let aws = Aws::start(trust);
        let object = format!("/{BUCKET}/in/part.parquet");
        aws.beside(ROLE_2, "s3", ("PUT", &format!("/{BUCKET}")), b"");
        aws.beside(ROLE_2, "s3", ("PUT", &object), PARQUET);
        // Of its own: moto is everybody's.
        let queue = format!("MyDeadLetterQueue-{}", job.session());
        let form = format!("Action=CreateQueue&QueueName={queue}&Version=2012-11-05");
        aws.beside(ROLE_2, "sqs", ("POST", "/"), form.as_bytes());
        Self {
            container: kubelet::start(&stored, DRIVER, &aws),
            aws,
            session: job.session(),
            queue: format!("/444455556666/{queue}"),
        }
    }

    fn queue(&self) -> String {
        self.aws.url() + &self.queue
    }

    /// The next message of the queue, taken off it.
    fn message(&self) -> String {
        let question = b"Action=ReceiveMessage&MaxNumberOfMessages=1&Version=2012-11-05";
        let queue = ("POST", self.queue.as_str());
        self.aws.beside(ROLE_2, "sqs", queue, question)
    }

    /// All that touched data was role 2, in the job's name.
    #[track_caller]
    fn assert_role_2_touched(&self, services: &[&str]) {
        let calls = self.aws.shown();
        for service in services {
            let mut of_service = calls
                .iter()
                .filter(|call| call.contains(&format!(" {service} ")))
                .peekable();
            assert!(
                of_service.peek().is_some(),
                "no call of {service}: {calls:#?}"
            );
            for call in of_service {
                assert!(call.starts_with("client-role-2 "), "{calls:#?}");
                assert!(!call.contains("AccessDenied"), "{calls:#?}");
            }
        }
        for call in self.aws.calls() {
            if call.role.as_deref() == Some(ROLE_2) {
                assert_eq!(call.session.as_deref(), Some(&*self.session), "{calls:#?}");
                assert_eq!(call.by.as_deref(), Some(ROLE_1), "{calls:#?}");
            }
        }
    }
}

#[test]
fn pure_boto3_lists_the_bucket_and_tells_the_queue() {
    let stage = Stage::set("only-boto3");
    let args = [BUCKET, "in/", &stage.queue()];
    let output = sdk::python(
        "examples/role-chaining/only-boto3.py",
        &args,
        &stage.container,
        &stage.aws,
    );
    assert!(
        output.status.success(),
        "{}\n{:#?}",
        printed(&output),
        stage.aws.shown()
    );
    stage.assert_role_2_touched(&["s3", "sqs"]);
    let message = stage.message();
    let body = format!("in/part.parquet {}", PARQUET.len());
    assert!(message.contains(&body), "{message}");
}

/// Spark's own reading by S3A: EMRFS, which the guide has, is not public. What
/// that needs of the pod is there: its variable, and IRSA's as EKS wrote them.
#[test]
fn spark_reads_the_bucket_and_boto3_tells_the_queue() {
    let stage = Stage::set("mix-spark-boto3");
    let env = |name: &str| stage.container.env.get(name).map(String::as_str);
    assert_eq!(env("ASSUME_ROLE_CREDENTIALS_ROLE_ARN"), Some(ROLE_2));
    assert_eq!(env("AWS_ROLE_ARN"), Some(ROLE_1));
    assert!(
        env("AWS_WEB_IDENTITY_TOKEN_FILE").is_some_and(|path| std::path::Path::new(path).is_file())
    );

    let provider = "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider";
    let output = spark::application(
        (
            "examples/role-chaining/mix-spark-boto3.py",
            &[&format!("s3a://{BUCKET}/in"), &stage.queue()],
        ),
        &[&format!(
            "spark.hadoop.fs.s3a.aws.credentials.provider={provider}"
        )],
        &stage.container,
        &stage.aws,
    );
    let text = printed(&output);
    assert!(output.status.success(), "{text}\n{:#?}", stage.aws.shown());
    let identity = format!(
        "Caller Identity: {}/{}",
        scene::assumed(ROLE_2),
        stage.session
    );
    assert!(text.contains(&identity), "{text}");
    assert_eq!(text.matches("\nsent ").count(), 3, "{text}");
    stage.assert_role_2_touched(&["s3", "sqs"]);
    let message = stage.message();
    assert!(message.contains("name"), "{message}");
}

/// The guide's pod templates write role 2 into `AWS_ROLE_ARN`. Web identity is refused
/// then, and SDKs that go on to the profile end in role 2; others find no credentials.
#[test]
fn the_guides_pod_template() {
    let job = scene::job("asked");
    let mut pod = job.driver_pod();
    job::set_variable(&mut pod, "ROLE_2_ARN", ROLE_2);
    job::set_variable(&mut pod, "ROLE_1_ARN", ROLE_1);
    job::set_variable(&mut pod, "AWS_ROLE_ARN", ROLE_2);
    let token = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
    job::set_variable(&mut pod, "AWS_WEB_IDENTITY_TOKEN_FILE", token);
    let stored = job.create(&pod);
    for (sdk, chains) in [
        (Sdk::Boto3, true),
        (Sdk::Java, true),
        (Sdk::Go, false),
        (Sdk::Java1, false),
    ] {
        let run = (sdk, From::DefaultChain);
        let (identity, aws) = scene::run(run, (&stored, DRIVER), scene::trust(&stored));
        let role_2 = format!("{}/{}", scene::assumed(ROLE_2), job.session());
        assert_eq!(
            identity.ok(),
            chains.then_some(role_2),
            "{sdk:?}: {:#?}",
            aws.shown()
        );
    }
}

/// What the README has people try first prints what the pod then holds.
#[test]
fn the_example_policy_renders_the_profile_of_the_pod() {
    let job = scene::job("emr");
    let pod = job.create(&job.example("examples/role-chaining/only-boto3.pod.yaml"));
    let output = Command::new(env!("CARGO_BIN_EXE_rolegate"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["chain", "render", "--namespace=emr"])
        .arg("--policy=examples/role-chaining/policy.yaml")
        .arg(format!("--service-account={}", job::account("driver")))
        .arg(format!("--to={ROLE_2}"))
        .output()
        .expect("the binary cargo just built");
    assert!(output.status.success(), "{}", printed(&output));
    let rendered =
        String::from_utf8_lossy(&output.stdout).replace("emr-0000000000000000000", &job.session());
    let text = pod["metadata"]["annotations"][CONFIG].as_str();
    assert_eq!(text.map(str::trim), Some(rendered.trim()));
}

fn image(pod: &Value) -> &Value {
    &pod["spec"]["containers"][0]["image"]
}

fn printed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
